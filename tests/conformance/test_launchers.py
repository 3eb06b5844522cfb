"""How the platforms start a script, and which jobs they do not start."""

import subprocess
import sys

import pytest
from jobs import one_host
from losses import SDK, TOOLKIT, UNQUOTING

PACKAGE = 'from setuptools import setup\n\nsetup(name="conformance-trainer", version="1", py_modules=["trainer"])\n'


@pytest.fixture
def _uninstalled():
    """The toolkit installs a package into the Python that it runs on, which is this one."""
    yield
    uninstall = [sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", "conformance-trainer"]
    subprocess.run(uninstall, check=True, timeout=60)


@pytest.mark.usefixtures("_uninstalled")
def test_the_toolkit_installs_a_package_and_runs_it_as_a_module(container, toolkit):
    job = one_host(("batch-size", "int", 256), ("note", "text", "it's two words"), channels=["eval-set"])
    container.prepare(job, sagemaker_program="trainer")
    (container.code / "setup.py").write_text(PACKAGE, encoding="utf-8")
    (container.code / "train.py").rename(container.code / "trainer.py")

    started = container.start_with(toolkit)

    assert started.by_platform, started.log
    assert started.result["module"] == "trainer"
    assert job.arrives_in(started.result["everything"])


NOT_STARTED = {
    "a channel with a hyphen": (SDK, [], ["eval-set"], "not a valid identifier"),
    "a name with a dot": (SDK, [("model.lr", "float", 0.5)], [], "not a valid identifier"),
    "an apostrophe": (SDK, [("note", "text", "it's")], [], "unexpected EOF"),
    "NUL": (TOOLKIT, [("note", "text", "q\0z")], [], "embedded null byte"),
    "an equals sign in a name": (TOOLKIT, [("a=b", "int", 1)], [], "illegal environment variable name"),
    "an apostrophe without quotes": (UNQUOTING, [("note", "text", "it's")], [], "Unterminated quoted string"),
}


@pytest.mark.parametrize(("platform", "declared", "channels", "why"), NOT_STARTED.values(), ids=NOT_STARTED)
def test_a_job_that_the_platform_does_not_start_arrives_if_started_anyway(start, platform, declared, channels, why):
    job = one_host(*declared, ("epochs", "int", 3), channels=channels)

    started = start(platform, job)

    assert not started.by_platform
    assert why in started.log
    assert job.arrives_in(started.result["everything"])
