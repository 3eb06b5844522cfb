"""A training job as it was requested: its records, its script and its names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import MappingProxyType
from typing import List, Mapping, NamedTuple, Optional, Tuple

TOOLKIT = "toolkit"
TOOLKIT_UNQUOTED = "toolkit-unquoted"
SDK = "sdk"
FILES = "files"
TOOLKITS = (TOOLKIT, TOOLKIT_UNQUOTED)
PLATFORMS = (TOOLKIT, TOOLKIT_UNQUOTED, SDK, FILES)
"""The platforms of training jobs."""

LAUNCHERS = ("torchrun", "mpirun")
"""The programs that start several processes of a script on each host."""

PROCESSING = "processing"
"""The platform of processing jobs."""


class BadJobError(ValueError):
    """A job that cannot be started. Its arguments are the problems, one line each for people."""

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class Hyperparameter(NamedTuple):
    """A hyperparameter as it was requested.

    Attributes:
        value: The value, decoded if it is JSON, otherwise the text.
        text: The text that boto3 would send.
    """

    value: object
    text: str


class Channel(NamedTuple):
    """The content of a channel: the path of each member by its name in the channel, with ``/`` between the parts of a name.

    Paths are texts, since a channel may have many of them.

    Attributes:
        files: Absolute paths of files that are no links.
        others: Absolute paths of links and directories. A member without a name is the directory that is the channel.
        is_sharded: Whether each host gets only its part.
    """

    files: Mapping[str, str]
    others: Mapping[str, str]
    is_sharded: bool = False

    @property
    def directory(self) -> Optional[str]:
        """The directory that is the channel; None for a channel of files and directories."""
        return self.others.get("")

    def split(self, hosts: int) -> List[Channel]:
        """Return the part of each host.

        Source: "each instance gets approximately 1/n of the number of S3 objects", S3DataDistributionType of
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
        """
        if not self.is_sharded:
            return [self] * hosts
        names = sorted((*self.files, *self.others))
        return [self._part(names[host::hosts]) for host in range(hosts)]

    def _part(self, names: List[str]) -> Channel:
        files = {name: self.files[name] for name in names if name in self.files}
        others = {name: self.others[name] for name in names if name in self.others}
        return Channel(files, others, self.is_sharded)


EMPTY = Channel({}, {})
"""A channel without files."""


class TrainingJob(NamedTuple):
    """A training job, or a processing job, as it was requested.

    Attributes:
        name: The name of the training job.
        script: The entry point, an absolute path.
        hyperparameters: Names and values, without those that the platform adds.
        channels: Names of the channels, and the content of each.
        hosts: Names of the hosts.
        platform: The one of :data:`PLATFORMS` that starts the script, or :data:`PROCESSING`.
        plain: Whether hyperparameters are sent as text (boto3, Step Functions) or as JSON (the SDK's estimators).
        typed: Arguments of the script that follow those of SageMaker.
        launcher: The launcher of the script on each host: ``torchrun``, ``mpirun`` or None.
        processes_per_host: How many processes the launcher starts on each host; None for one per GPU, or one without a GPU.
        patch: Whether the script's ``argparse.ArgumentParser`` is replaced.
        clean_env: Whether the script gets only those variables of the caller that each program needs.
        source: The directory of the source code, which contains the entry point; None for the directory that the entry point
            is in.
        variables: Environment variables of the containers.
        outputs: The names of the outputs of a processing job.
        groups: The hosts of each instance group of a heterogeneous cluster; empty for a homogeneous cluster.
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
    source: Optional[Path] = None
    variables: Mapping[str, str] = MappingProxyType({})
    groups: Mapping[str, Tuple[str, ...]] = MappingProxyType({})
    outputs: Tuple[str, ...] = ()

    @property
    def is_processing(self) -> bool:
        """Whether it is a processing job. Its inputs are the channels."""
        return self.platform == PROCESSING

    @property
    def channel_option(self) -> str:
        """The option that adds a channel or an input."""
        return "--input" if self.is_processing else "--channel"

    @property
    def config_directory(self) -> str:
        """The directory of the files that describe the job, below the base directory."""
        return "config" if self.is_processing else "input/config"

    @property
    def data_directory(self) -> str:
        """The directory of the channels below the base directory."""
        return "processing/input" if self.is_processing else "input/data"

    @property
    def source_code(self) -> Path:
        """The directory of the source code on this machine."""
        return self.source or self.script.parent

    @property
    def entry_point(self) -> str:
        """The path of the entry point in the source code, with ``/`` between its parts."""
        return self.script.relative_to(self.source_code).as_posix()

    @property
    def source_directory(self) -> str:
        """The directory of the source code below the base directory, with ``/`` between its parts."""
        return f"{self.data_directory}/code" if self.platform in (SDK, PROCESSING) else "code"


def find_source(path: str) -> Path:
    """Return the absolute path of a directory of source code.

    Raises:
        BadJobError: If there is no such directory.
    """
    if not os.path.isdir(path):
        problem = "is a file" if os.path.exists(path) else "does not exist"
        raise BadJobError(f"argument --source-dir: {path!r} {problem}: expected a directory")
    return Path(path).resolve()


def find_script(path: str, source: Optional[Path] = None) -> Path:
    """Return the absolute path of an entry point.

    Args:
        path: Its path, from the working directory or, as for the SDK's estimators, from the source directory.
        source: The absolute path of the directory of the source code; None for the directory that the entry point is in.

    Raises:
        BadJobError: If there is no such file, it is not an entry point, or it is not in the source directory.
    """
    if source is None:
        return _check_script(path, Path(path)).resolve()
    # The entry point itself may be a link, as the platform uploads what a link leads to.
    candidates = [Path(os.path.realpath(parent), Path(path).name) for parent in (Path(path).parent, source / Path(path).parent)]
    inside = [script for script in candidates if source in script.parents]
    script = next((script for script in inside if script.is_file()), candidates[-1])
    if script not in inside:
        raise BadJobError(f"argument script: {path!r} is not in {str(source)!r}: expected a path inside --source-dir")
    return _check_script(path, script)


def _check_script(path: str, script: Path) -> Path:
    """Check that a file can be an entry point, and return its path."""
    if not os.path.isfile(script):
        problem = "is a directory" if os.path.isdir(script) else "does not exist"
        raise BadJobError(f"argument script: {path!r} {problem}: expected a .py or .sh file")
    if script.suffix not in (".py", ".sh"):
        raise BadJobError(f"argument script: {path!r} is not an entry point: expected a .py or .sh file")
    if script.suffix == ".sh" and not os.access(script, os.X_OK):
        raise BadJobError(f"argument script: {path!r} is not executable: run `chmod +x {path}`")
    return script


def name_job(directory: Path) -> str:
    """Name a job after its directory, in the characters that the service allows."""
    return re.sub(r"[^A-Za-z0-9]+", "-", directory.name).strip("-")[:63].rstrip("-") or "job"


def name_hosts(count: int) -> Tuple[str, ...]:
    """Name a number of hosts as the service does."""
    return tuple(f"algo-{number}" for number in range(1, count + 1))
