"""The mark: the file in a job's directory that identifies it and records how the job ended."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import IO, NamedTuple, Optional, Union

MARK = ".smargs-job.json"

IN_PROGRESS = "InProgress"

INTERRUPTED = "Interrupted"
STOPPED = "Stopped"
MAX_RUNTIME_EXCEEDED = "MaxRuntimeExceeded"
"""The status of a job that ran for longer than its limit.

Source: SecondaryStatus, https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrainingJob.html
"""

KILLED = "Killed"
"""The status of a job that ended without recording its own status."""

UNPACKED = "Unpacked"
"""The status of a job whose model was trained but could not be packed."""


class Ending(NamedTuple):
    """How a job ended.

    Attributes:
        status: ``Completed``, ``Failed``, ``Stopped``, ``MaxRuntimeExceeded``, ``Interrupted`` or ``Unpacked``.
        failure_reason: Why the job failed; None if it did not.
    """

    status: str
    failure_reason: Optional[str]


def is_job(path: Union[str, Path]) -> bool:
    """Whether a path is the directory of a job."""
    return os.path.lexists(os.path.join(path, MARK))


def write_status(mark: IO[bytes], status: str, failure_reason: Optional[str]) -> None:
    """Record the status of a job, and why it failed. If the disk is full, the mark is empty afterwards."""
    record = {"status": status}
    if failure_reason is not None:
        record["failure_reason"] = failure_reason
    mark.truncate(0)
    with contextlib.suppress(OSError):
        mark.write(json.dumps(record).encode())


def read_ending(directory: Path) -> Ending:
    """Read how the job in a directory ended.

    Raises:
        OSError: If there is no mark.
        ValueError: If nothing was recorded.
    """
    record = json.loads((directory / MARK).read_bytes())
    return Ending(record["status"], record.get("failure_reason"))


def status_of_ended_job(content: bytes, directory: Path) -> str:
    """Return the status of a job that does not run, from the content of its mark."""
    if is_unpacked(content, directory):
        return UNPACKED
    status = IN_PROGRESS
    with contextlib.suppress(ValueError, TypeError, KeyError):
        status = str(json.loads(content)["status"])
    return KILLED if status == IN_PROGRESS else status


def is_unpacked(content: bytes, directory: Path) -> bool:
    """Whether a directory contains a model or an output that could not be packed, from the content of its mark."""
    # An empty mark does not tell whether the model was packed: see write_status.
    return json.dumps({"status": UNPACKED})[1:-1].encode() in content or (not content and (directory / "model").exists())
