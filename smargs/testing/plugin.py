"""The pytest plugin: the fixture ``sagemaker_job``, and the marker that runs a test on every platform."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, List

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
def sagemaker_job(request: pytest.FixtureRequest, tmp_path: Path, sagemaker_platform: str) -> Callable[..., SageMakerJob]:
    """Make a job from the arguments of :class:`smargs.testing.SageMakerJob`, in a directory below the test's ``tmp_path``.

    A relative path that the working directory does not have is looked up beside the test's file, then in the directories above
    it, up to pytest's root directory.
    """
    from smargs.testing.job import SageMakerJob

    numbers = count(1)
    search_path = _directories_of(request.path, request.config.rootpath)

    def make(*args: Any, **settings: Any) -> SageMakerJob:
        directory = tmp_path / f"sagemaker-job-{next(numbers)}"
        defaults = {"platform": sagemaker_platform, "directory": directory, "search_path": search_path}
        return SageMakerJob(*args, **{**defaults, **settings})

    return make


def _directories_of(test: Path, root: Path) -> List[Path]:
    """Return the directory of a test's file and those above it up to a root, or that directory alone if it is elsewhere."""
    directories = list(test.parents)
    return directories[: directories.index(root) + 1] if root in directories else directories[:1]
