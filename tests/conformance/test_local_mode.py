"""What docs/explanation/comparison.md says of the local mode of the SDK."""

import os
import subprocess
import sys
from pathlib import Path

START = "from sagemaker.local.image import _SageMakerContainer as Container; print(Container._get_compose_cmd_prefix())"
"""The first step of local mode: it looks for the command that starts its containers."""


def test_local_mode_needs_docker(tmp_path):
    python = Path(sys.prefix) / "sdk-v2" / "bin" / "python"
    environ = {**os.environ, "PATH": os.fspath(tmp_path)}  # A directory without docker.

    finished = subprocess.run([python, "-c", START], env=environ, capture_output=True, text=True, timeout=120, check=False)

    assert finished.returncode == 1
    # SDK v2 prints a traceback to standard output, in lines of the terminal's width.
    assert "FileNotFoundError: [Errno 2] No such file or directory: 'docker'" in " ".join(finished.stdout.split())
