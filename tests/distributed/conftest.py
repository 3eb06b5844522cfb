"""What these tests share: jobs of two hosts with two processes each, as ``smargs run`` starts them on this machine."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

SECONDS = 600
"""How long a job may take; the slowest takes half a minute."""


class Finished(NamedTuple):
    """How a job ended: its exit status, and all that it said."""

    status: int
    output: str

    def lines(self, pattern):
        """The lines that match, each with the host that it came from."""
        return sorted(re.findall(rf"^(algo-\d) +\| ({pattern})$", self.output, re.MULTILINE))


class Jobs:
    """Starts ``smargs run`` as a person does, as a real child process beside the tools that are installed with this Python."""

    def __init__(self, directory):
        self.directory = directory
        self.output = directory / "job"
        self.hung = []
        self.timers = []

    def start(self, launcher, script, *options):
        outside = {name: text for name, text in os.environ.items() if not name.startswith(("SM_", "SAGEMAKER_"))}
        path = os.pathsep.join((os.fspath(Path(sys.executable).parent), os.environ["PATH"]))
        hosts = ("--launcher", launcher, "--hosts", "2", "--processes-per-host", "2")
        process = subprocess.Popen(
            [sys.executable, "-m", "smargs", "run", "--output", self.output, *hosts, *options, script],
            env={**outside, "PATH": path},
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.timers.append(threading.Timer(SECONDS, self._end, [process]))
        self.timers[-1].start()
        return process

    def _end(self, process):
        """End a job that hangs, and all of its processes: the second signal kills what is left."""
        self.hung.append(process.args)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()

    def run(self, launcher, script, *options):
        """Run a job to its end."""
        with self.start(launcher, script, *options) as process:
            output, _ = process.communicate()
        return Finished(process.returncode, output)

    def write(self, source):
        script = self.directory / "train.py"
        script.write_text(source, encoding="utf-8")
        return script


@pytest.fixture
def jobs(tmp_path):
    jobs = Jobs(tmp_path)
    yield jobs
    for timer in jobs.timers:
        timer.cancel()
    assert not jobs.hung
