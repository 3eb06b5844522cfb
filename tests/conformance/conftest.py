"""Fixtures of the conformance tests: containers, and the platforms' own processes."""

import sys
from pathlib import Path

import pytest
from container import Container
from launches import Sdk
from losses import SDK, SHELL_ENTRY_POINT, UNQUOTING


@pytest.fixture(scope="session")
def container(tmp_path_factory):
    return Container(tmp_path_factory.mktemp("opt") / "ml")


@pytest.fixture(scope="session")
def toolkit(container):
    with container.toolkit() as process:
        yield process
        process.stdin.close()


@pytest.fixture(scope="session")
def unquoting_toolkit(container):
    with container.toolkit(Path(sys.prefix) / "toolkit-5.0.0") as process:
        yield process
        process.stdin.close()


@pytest.fixture
def start(container, toolkit, unquoting_toolkit):
    """Start a job on a platform, by the platform's name."""

    def start(platform, job):
        container.prepare(job, sagemaker_program="silent.sh" if platform == SHELL_ENTRY_POINT else "train.py")
        if platform == SDK:
            return container.start_with_sdk()
        return container.start_with(unquoting_toolkit if platform == UNQUOTING else toolkit)

    return start


@pytest.fixture(scope="session")
def sdks():
    started = {version: Sdk(version) for version in ("v2", "v3")}
    yield started
    for sdk in started.values():
        sdk.end()
