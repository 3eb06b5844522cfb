"""SIGTERM as a container runtime sends it: to the first process of a container, which is the platform's own code."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from container import JOB_NAME, SECONDS

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

# What a framework container does: https://github.com/aws/sagemaker-pytorch-training-toolkit, training.py.
TOOLKIT = """
from sagemaker_training import entry_point, environment
job = environment.Environment()
entry_point.run(job.module_dir, job.user_entry_point, job.to_cmd_args(), job.to_env_vars(), capture_error=True)
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
    internal = {
        "program": "train.py",
        "submit_directory": os.fspath(container.code),
        "job_name": JOB_NAME,
        "region": "eu-west-1",
    }
    hyperparameters = {f"sagemaker_{name}": json.dumps(value) for name, value in internal.items()}
    resources = {
        "current_host": "algo-1",
        "hosts": ["algo-1"],
        "current_instance_type": "local",
        "network_interface_name": "lo",
    }
    files = {"resourceconfig.json": resources, "inputdataconfig.json": {}}
    if platform == "toolkit":
        files["hyperparameters.json"] = hyperparameters
    container.write(files, arguments=[], channels=[], typed=[])
    directory = container.code if platform == "toolkit" else container.sources
    (directory / "train.py").write_text(SCRIPT)
    os.mkfifo(directory / "gate")
    command = [sys.executable, "-c", TOOLKIT] if platform == "toolkit" else container.sdk_command()
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
