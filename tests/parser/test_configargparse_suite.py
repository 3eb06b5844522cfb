"""The tests of the installed version of ConfigArgParse, with our class instead of its class.

Only its source distribution has them; the Makefile fetches it. They include CPython's tests. The differences are those of
CPython's tests, the help of ConfigArgParse's, and one test without a parser.
"""

import functools
import sys
import warnings
from pathlib import Path

import pytest
from suite_differences import HELP, INFERRED, MENDED, NAME, PLAIN
from suites import assert_differs_as_listed, run_suite

pytestmark = pytest.mark.slow

SDIST = Path(sys.prefix) / "suites" / "configargparse"

# Whole screens of help, which name SageMaker's variables, ...
SCREENS = dict.fromkeys(
    (
        "TestBasicUseCases.testBasicCase2",
        "TestBasicUseCases.testBasicCase2_WithGroups",
        "TestBasicUseCases.testMutuallyExclusiveArgs",
        "TestMisc.testConstructor_ConfigFileArgs",
        "TestMisc.test_FormatHelp",
    ),
    r"AssertionError: Regex didn't match: .* not found in .*SM_",
)
# ... or do not name ConfigArgParse's, because of add_env_var_help=False.
SILENT = dict.fromkeys(
    (
        "TestBasicUseCases.testBasicCase2",
        "TestBasicUseCases.testBasicCase2_WithGroups",
        "TestBasicUseCases.testMutuallyExclusiveArgs",
    ),
    r"AssertionError: Regex didn't match: .*\[env var: ",
)
# It mocks argparse's __init__ away, so there is no parser that could be used.
MOCKED = {"TestMisc.testKwrgsArePassedToArgParse": r"AttributeError: .* has no attribute '_registries'"}


def run(settings):
    suites = ["tests.test_configargparse", "tests.test_end_of_options"]
    assert SDIST.exists(), "`make slow` fetches ConfigArgParse's tests"
    return run_suite("configargparse", ["ArgumentParser", "ArgParser"], suites, settings, path=[SDIST])


@functools.lru_cache(maxsize=None)
def failing_anyway():
    """The tests that fail with ConfigArgParse's own class too."""
    names, failures = run(None)
    assert len({name for name in names if name.startswith(("TestBasicUseCases.", "TestMisc.", "TestConfigFileParsers."))}) > 100
    failing = {name for name, _ in failures}
    if failing:
        warnings.warn(f"these tests fail here with ConfigArgParse's own class, too: {', '.join(sorted(failing))}", stacklevel=2)
    return failing


@pytest.mark.parametrize(
    ("settings", "differing"),
    [
        pytest.param(PLAIN, {**NAME, **MENDED, **SILENT, **MOCKED}, id="without inference, without variables in help"),
        pytest.param({}, {**NAME, **MENDED, **HELP, **INFERRED, **SCREENS, **MOCKED}, id="with the defaults"),
    ],
)
def test_every_test_of_configargparse_passes_except_the_listed_differences(settings, differing):
    assert_differs_as_listed(*run(settings), differing, failing_anyway())
