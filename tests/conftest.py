"""What all tests share: a child process for scripts, and a machine without a job."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from paths import ROOT

TESTS = Path(__file__).parent

# Folders of tests that start many processes, whose lines of the package other tests run in their own process.
UNMEASURED = ("benchmarks", "docs", "parser")

# No test is timed. In CI the same code draws the same examples: Hypothesis's last version for Python 3.8 has no profile of CI.
SETTINGS = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],
    **({"derandomize": True, "database": None} if "CI" in os.environ else {}),
}
settings.register_profile("all", **SETTINGS)
settings.load_profile("all")
settings.register_profile("quick", max_examples=30, **SETTINGS)  # Chosen by --hypothesis-profile=quick.

# nohup, and a shell that starts the tests in the background, ignore these signals, and the processes of the tests inherit that.
for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL), ("SIGQUIT", signal.SIG_DFL)):
    if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_IGN:
        signal.signal(getattr(signal, name), handler)


def pytest_configure(config):
    """Let xdist start the files in the order of the tests."""
    config.option.loadscopereorder = False  # It would start those of few tests last, such as CPython's whole suite.


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests that run a script before any are deselected by their marks, and begin with the longest files.

    Of several processes, one would otherwise run a long file alone at the end.
    """
    for item in items:
        if "run_script" in item.fixturenames:
            item.add_marker("needs_process")
            item.add_marker("no_mutants")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, -sizes[item.path]))


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A home directory for the jobs that are given no directory."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def no_job(monkeypatch, home):
    """Off SageMaker, unless the test says otherwise, at a home of its own, and with help as wide as CPython's tests have it."""
    monkeypatch.setenv("HOME", os.fspath(home))
    for name in list(os.environ):
        if name.startswith(("SM_", "SAGEMAKER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(autouse=True)
def unmeasured(request, monkeypatch):
    """Do not measure coverage in the processes that some tests start: with it, each starts 0.1 s later."""
    if request.path.relative_to(TESTS).parts[0] in UNMEASURED:
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture
def run_script(tmp_path):
    """Run the text of a script as a real child process, with the given environment and command line."""

    def run(source, job, through=None):
        script = tmp_path / "train.py"
        script.write_text(source, encoding="utf-8")
        environ = {name: text for name, text in os.environ.items() if not name.startswith(("SM_", "SAGEMAKER_"))}
        environ.update(PYTHONPATH=os.fspath(ROOT), **job.environ)
        command = [sys.executable, os.fspath(script), *job.argv] if through is None else through(script, job)
        return subprocess.run(
            command,
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
