"""The pytest plugin: the fixture ``sagemaker_job``, and the marker that runs a test on every platform."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest

if TYPE_CHECKING:
    from smargs.testing.job import SageMakerJob

# pytest loads this module at every start, even for tests without jobs. The import of jobs takes 23 ms, so a test that needs one
# imports it.

_MARKER = "sagemaker_platforms"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", f"{_MARKER}(*names): run the test on each of these SageMaker platforms, or on all")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a marked test once for each platform. In a marked class or module, only tests with jobs are repeated."""
    marker = metafunc.definition.get_closest_marker(_MARKER)
    if marker is not None and "sagemaker_platform" in metafunc.fixturenames:
        from smargs.local.job import PLATFORMS

        metafunc.parametrize("sagemaker_platform", marker.args or PLATFORMS)


@pytest.fixture
def sagemaker_platform() -> str:
    """The default platform of the test's jobs: one of ``toolkit``, ``toolkit-unquoted``, ``sdk``, ``files``."""
    return "toolkit"


@pytest.fixture
def sagemaker_job(tmp_path: Path, sagemaker_platform: str) -> Callable[..., SageMakerJob]:
    """Make a job from the arguments of :class:`smargs.testing.SageMakerJob`, in a directory below the test's ``tmp_path``."""
    from smargs.testing.job import SageMakerJob

    numbers = count(1)

    def make(*args: Any, **settings: Any) -> SageMakerJob:
        directory = tmp_path / f"sagemaker-job-{next(numbers)}"
        return SageMakerJob(*args, **{"platform": sagemaker_platform, "directory": directory, **settings})

    return make
