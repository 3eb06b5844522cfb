"""SIGTERM as a container runtime sends it: to the first process of a container, which is the platform's own code."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from container import SECONDS

# As root of a namespace of its own, so that a kernel that allows it needs no rights for it.
FIRST_PROCESS = ["unshare", "--map-root-user", "--pid", "--fork", "--kill-child"]

SCRIPT = """
import os, signal
from pathlib import Path

here, heard = Path(__file__).parent, []
signal.signal(signal.SIGTERM, lambda *_: heard.append("SIGTERM"))
(here / "ready").write_text("yes")
(here / "gate").read_text()
(here / "heard").write_text(str(heard))
"""


def is_allowed():
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*FIRST_PROCESS, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def child_of(parent):
    """The number of the one process that a process has started."""
    for place in Path("/proc").glob("[0-9]*"):
        if int((place / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
            return int(place.name)
    raise AssertionError(f"{parent} has no child")


@pytest.mark.skipif(not is_allowed(), reason="needs unshare and a kernel that lets users have PID namespaces")
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_sigterm_to_the_platforms_process_does_not_reach_the_script(container, platform):
    container.write(container.files_of(platform), arguments=[], channels=[], typed=[])
    directory = container.code if platform == "toolkit" else container.sources
    (directory / "train.py").write_text(SCRIPT)
    os.mkfifo(directory / "gate")
    command = container.command_of(platform)
    environ = {**container.environ, "SAGEMAKER_BASE_DIR": os.fspath(container.base), "SM_STUDIO_LOCAL_MODE": "true"}
    output = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

    with subprocess.Popen([*FIRST_PROCESS, *command], env=environ, cwd=container.base, **output) as process:
        while not (directory / "ready").exists():
            assert process.poll() is None
            time.sleep(0.05)
        os.kill(child_of(process.pid), signal.SIGTERM)
        (directory / "gate").write_text("")
        assert process.wait(SECONDS) == 0

    assert (directory / "heard").read_text() == "[]"
