"""A training job as it was requested: its records, its script and its names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Mapping, NamedTuple, Optional, Tuple

TOOLKIT = "toolkit"
TOOLKIT_UNQUOTED = "toolkit-unquoted"
SDK = "sdk"
FILES = "files"
PLATFORMS = (TOOLKIT, TOOLKIT_UNQUOTED, SDK, FILES)


class BadJobError(ValueError):
    """A job that cannot be started; its text is one line for people."""


class Hyperparameter(NamedTuple):
    """A hyperparameter as it was requested.

    Attributes:
        value: The value, decoded if it is JSON, otherwise the text.
        text: The text that boto3 would send.
    """

    value: object
    text: str


class Channel(NamedTuple):
    """The content of a channel.

    Attributes:
        paths: Absolute paths: the one directory that is the channel, or the files and directories in it.
        is_directory: Whether the one path is the channel itself.
    """

    paths: Tuple[Path, ...]
    is_directory: bool


class TrainingJob(NamedTuple):
    """A training job as it was requested.

    Attributes:
        name: The name of the training job.
        script: The entry point, an absolute path; its directory is the source directory.
        hyperparameters: Names and values, without those that the platform adds.
        channels: Names of the channels, and the content of each.
        hosts: Names of the hosts.
        platform: The one of :data:`PLATFORMS` that starts the script.
        plain: Whether hyperparameters are sent as text (boto3, Step Functions) or as JSON (the SDK's estimators).
        typed: Arguments of the script that follow those of SageMaker.
        launcher: The launcher of the script on each host: ``torchrun``, ``mpirun`` or None.
        processes_per_host: How many processes the launcher starts on each host; None for one per GPU, or one without a GPU.
        patch: Whether the script's ``argparse.ArgumentParser`` is replaced.
        clean_env: Whether the script gets nothing of the caller's environment but what each program needs.
    """

    name: str
    script: Path
    hyperparameters: Mapping[str, Hyperparameter]
    channels: Mapping[str, Channel]
    hosts: Tuple[str, ...] = ("algo-1",)
    platform: str = TOOLKIT
    plain: bool = False
    typed: Tuple[str, ...] = ()
    launcher: Optional[str] = None
    processes_per_host: Optional[int] = None
    patch: bool = False
    clean_env: bool = False

    @property
    def source_directory(self) -> str:
        """The directory of the script below the base directory, with ``/`` between its parts."""
        return "input/data/code" if self.platform == SDK else "code"


def find_script(path: str) -> Path:
    """Return the absolute path of an entry point.

    Raises:
        BadJobError: If there is no such file, or it is not an entry point.
    """
    script = Path(path)
    if not os.path.isfile(path):
        problem = "is a directory" if os.path.isdir(path) else "does not exist"
        raise BadJobError(f"argument script: {path!r} {problem}: expected a .py or .sh file")
    if script.suffix not in (".py", ".sh"):
        raise BadJobError(f"argument script: {path!r} is not an entry point: expected a .py or .sh file")
    if script.suffix == ".sh" and not os.access(script, os.X_OK):
        raise BadJobError(f"argument script: {path!r} is not executable: run `chmod +x {path}`")
    return script.resolve()


def name_job(directory: Path) -> str:
    """Name a job after its directory, in the characters that the service allows."""
    return re.sub(r"[^A-Za-z0-9]+", "-", directory.name).strip("-")[:63] or "job"


def name_hosts(count: int) -> Tuple[str, ...]:
    """Name a number of hosts as the service does."""
    return tuple(f"algo-{number}" for number in range(1, count + 1))
