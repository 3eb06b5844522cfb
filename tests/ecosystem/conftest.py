"""What these tests share: the tools that are installed beside this Python, run where a script lies, inside of a job."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run_tool(tmp_path):
    """Run a command beside a script ``train.py``, as a real child process, with the environment of a job."""

    def run(source, job, *command, **options):
        script = tmp_path / "train.py"
        script.write_text(source, encoding="utf-8")
        script.chmod(0o755)
        path = os.pathsep.join((os.fspath(Path(sys.executable).parent), os.environ["PATH"]))
        return subprocess.run(
            command,
            env={**os.environ, "PATH": path, **job.environ},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )

    return run
