"""This process as a script's, and a job in processes of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from smargs.local.job import MARK, BadJobError

_REFUSED = "smargs run: error: "


class Finished(NamedTuple):
    """How a job ended that ran in processes of its own.

    Attributes:
        status: ``Completed``, ``Failed``, ``Stopped``, ``Interrupted``, or ``Unpacked`` if the archives could not be made.
        exit_status: 0, or the exit status of the first host that failed.
        failure_reason: Why it failed, as the console shows it; None if it did not.
        output: What all hosts wrote, each line with its host's name before it, and what ``smargs run`` said.
    """

    status: str
    exit_status: int
    failure_reason: Optional[str]
    output: str


@contextlib.contextmanager
def process_of(environ: Mapping[str, str], argv: List[str]) -> Iterator[None]:
    """Give this process other variables and another command line, and put everything back, its working directory as well."""
    environ_before, argv_before, directory_before = dict(os.environ), sys.argv, os.getcwd()
    _set_environ(environ)
    sys.argv = argv
    try:
        yield
    finally:
        _set_environ(environ_before)
        sys.argv = argv_before
        os.chdir(directory_before)


def _set_environ(environ: Mapping[str, str]) -> None:
    for name in set(os.environ).difference(environ):
        del os.environ[name]
    os.environ.update(environ)


def run_job(asked: Sequence[str], directory: Path, origin: str, timeout: Optional[float]) -> Finished:
    """Run a job as ``smargs run`` does.

    Args:
        asked: The script and the options of ``smargs run``.
        directory: The job's directory.
        origin: The directory that relative paths start from.
        timeout: Seconds until the job is stopped, if it may not take longer.

    Raises:
        BadJobError: If the job cannot be started.
        subprocess.TimeoutExpired: If it took too long; every process of it has ended then.
    """
    exit_status, output = _run([sys.executable, "-m", "smargs", "run", "--output", str(directory), *asked], origin, timeout)
    said = output.splitlines()[-1:]
    if said and said[0].startswith(_REFUSED):
        raise BadJobError(said[0][len(_REFUSED) :])
    kept = json.loads((directory / MARK).read_text(encoding="utf-8"))
    return Finished(kept["status"], exit_status, kept.get("failure_reason"), output)


def _run(command: List[str], origin: str, timeout: Optional[float]) -> Tuple[int, str]:
    """The exit status and the output of a command that ends what it has started when it is told to end."""
    with subprocess.Popen(
        command,
        cwd=origin,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
        finally:
            # The first signal lets the hosts end, the second ends them.
            while process.poll() is None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(1)
    return process.returncode, output
