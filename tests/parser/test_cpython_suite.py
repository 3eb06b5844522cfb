"""The tests of argparse of the CPython that runs this file, with our class instead of argparse's.

A test with another result is listed by name in ``support/suite_differences.py``.
"""

import functools
import importlib.util
import warnings

import pytest
from suite_differences import HELP, HINTS, INFERRED, MENDED, NAME, PLAIN
from suites import assert_differs_as_listed, run_suite

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not importlib.util.find_spec("test") or not importlib.util.find_spec("test.test_argparse"),
        reason="CPython's own tests are not installed with this interpreter: it has no test.test_argparse",
    ),
]

JOB = {"SM_CURRENT_HOST": "algo-1", "SM_NETWORK_INTERFACE_NAME": "eth0"}  # No argument of the suite has these names.


def run(settings, variables):
    return run_suite("argparse", ["ArgumentParser"], ["test.test_argparse"], settings, variables)


@functools.lru_cache(maxsize=None)
def failing_anyway():
    """The tests that fail with argparse's own class, too: the reason is the machine."""
    names, failures = run(None, {})
    assert len(names) > 1500
    failing = {name for name, _ in failures}
    if failing:
        warnings.warn(f"these tests fail here with argparse's own class, too: {', '.join(sorted(failing))}", stacklevel=2)
    return failing


@pytest.mark.parametrize(
    ("settings", "variables", "differing"),
    [
        pytest.param(PLAIN, {}, {**NAME, **MENDED}, id="without inference, without variables in help"),
        pytest.param({}, {}, {**NAME, **MENDED, **HELP, **INFERRED}, id="with the defaults", marks=pytest.mark.every_python),
        pytest.param(PLAIN, JOB, {**NAME, **MENDED, **HINTS}, id="inside a job that fills nothing"),
    ],
)
def test_every_test_of_cpython_passes_except_the_listed_differences(settings, variables, differing):
    assert_differs_as_listed(*run(settings, variables), differing, failing_anyway())
