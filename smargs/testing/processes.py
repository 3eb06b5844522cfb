"""The processes of a test: this one as that of a script, and a job in processes of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from smargs.local.job import BadJobError
from smargs.local.mark import read_ending
from smargs.local.system import STOPPABLE, stop

_ERROR_PREFIX = "smargs run: error: "

# The second one keeps what a script removes from the first. It is new in Python 3.10.
_COMMAND_LINES = ("argv", "orig_argv") if sys.version_info >= (3, 10) else ("argv",)


class Finished(NamedTuple):
    """How a job ended that ran in processes of its own.

    Attributes:
        status: ``Completed``, ``Failed``, ``Stopped``, ``Interrupted``, or ``Unpacked`` if the archives could not be made.
        exit_status: 0, or the exit status of the first host that failed.
        failure_reason: Why it failed, as the console shows it; None if it did not.
        output: The output of all hosts and of ``smargs run``. With several hosts, each line begins with the name of its host.
    """

    status: str
    exit_status: int
    failure_reason: Optional[str]
    output: str


@contextlib.contextmanager
def temporary_process(environ: Mapping[str, str], argv: List[str]) -> Iterator[None]:
    """Set the variables and the command line of this process, and restore them and the working directory afterwards."""
    previous_environ, previous_directory = dict(os.environ), os.getcwd()
    previous_lines = {name: getattr(sys, name) for name in _COMMAND_LINES}
    _set_environ(environ)
    vars(sys).update(zip(_COMMAND_LINES, (argv, [sys.executable, *argv])))
    try:
        yield
    finally:
        _set_environ(previous_environ)
        vars(sys).update(previous_lines)
        os.chdir(previous_directory)


def _set_environ(environ: Mapping[str, str]) -> None:
    for name in set(os.environ).difference(environ):
        del os.environ[name]
    os.environ.update(environ)


def run_job(arguments: Sequence[str], directory: Path, origin: str, timeout: Optional[float]) -> Finished:
    """Run a job with ``smargs run``.

    Args:
        arguments: The script and the options of ``smargs run``.
        directory: The job's directory.
        origin: The directory that relative paths start from.
        timeout: Seconds until the job is stopped; None for no limit.

    Raises:
        BadJobError: If the job cannot be started.
        ValueError: If the job has recorded no end, because the disk is full.
        subprocess.TimeoutExpired: If the job took too long; all its processes have ended then.
    """
    command = [sys.executable, "-m", "smargs", "run", "--output", str(directory), *arguments]
    exit_status, output = _run(command, origin, timeout)
    last_line = "".join(output.splitlines()[-1:])
    if last_line.startswith(_ERROR_PREFIX):
        raise BadJobError(last_line[len(_ERROR_PREFIX) :])
    ending = read_ending(directory)
    return Finished(ending.status, exit_status, ending.failure_reason, output)


def _run(command: List[str], origin: str, timeout: Optional[float]) -> Tuple[int, str]:
    """Return the exit status and the output of a ``smargs run``; after a timeout, wait until it has ended its hosts."""
    with subprocess.Popen(
        command,
        cwd=origin,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        **STOPPABLE,
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
        finally:
            # The first signal lets the hosts end, the second kills them.
            while process.poll() is None:
                stop(process)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(1)
    return process.returncode, output
