"""The layout of a job's directory: the tree of a training container for each host."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any, Callable, List, Mapping, Optional, Tuple

from smargs.container.variables import CHECKPOINT_FILE
from smargs.local import trees
from smargs.local.job import SDK, BadJobError, Channel, TrainingJob
from smargs.local.mark import is_job

# What a new job in the same directory replaces. The checkpoints and the archives stay.
_REPLACED = ("input", "model", "output", "code", "hosts", "config", "processing")

_TRAINING_DIRECTORIES = ("input/config", "input/data", "model", "output/data", "output/intermediate")

# Source: "How Amazon SageMaker Processing Configures Input and Output For Your Processing Container",
# https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-input-and-output.html
_PROCESSING_DIRECTORIES = ("config", "processing/input", "processing/output", "output")

# With this content git ignores the directory, including this file.
_GITIGNORE = "*\n"


def host_directory(directory: Path, job: TrainingJob, host: str) -> Path:
    """Return the directory in the place of ``/opt/ml`` on a host."""
    return directory if host == job.hosts[0] else directory / "hosts" / host


class Layout:
    """Makes the trees of all hosts of a job in its directory."""

    def __init__(self, directory: Path, job: TrainingJob, copy: bool) -> None:
        """Prepare a layout; nothing is made yet.

        Args:
            directory: The job's directory.
            job: The job.
            copy: Whether channels are copied instead of linked.
        """
        self._directory = directory
        self._real = Path(os.path.realpath(directory))
        self._replaced = {place / name for place in (directory, self._real) for name in _REPLACED}
        self._job = job
        self._copy = copy

    def check_sources(self) -> None:
        """Check that no source of the job is removed by the job, or would be copied into itself.

        Raises:
            BadJobError: If one is.
        """
        self._check_not_replaced("argument script", self._job.script)
        for name, channel in self._job.channels.items():
            self._check_channel(f"argument {self._job.channel_option}: {name}", channel)

    def _check_channel(self, argument: str, channel: Channel) -> None:
        for path in map(Path, channel.others.values()):
            self._check_not_replaced(argument, path)
            self._check_contains_no_job(argument, path)
        # One check of their directory is enough for many files.
        for directory in sorted({path[: path.rindex(os.sep) + 1] for path in channel.files.values()}):
            self._check_not_replaced(argument, Path(directory))

    def _check_not_replaced(self, argument: str, path: Path) -> None:
        real = Path(os.path.realpath(path))
        if not self._replaced.isdisjoint((path, *path.parents, real, *real.parents)):
            raise BadJobError(
                f"{argument}: {str(path)!r} is in a directory that a new job in {self._directory} replaces: "
                "expected a path outside it"
            )

    def _check_contains_no_job(self, argument: str, path: Path) -> None:
        """Check that a channel is not the job's directory, and does not contain it if the channel is copied into it."""
        is_directory_of_job = Path(os.path.realpath(path)) == self._real
        if is_directory_of_job or (self._copy and trees.contains(path, self._real)):
            remedy = "another --output" if is_directory_of_job else "another --output, or no --copy"
            raise BadJobError(f"{argument}: {str(path)!r} contains {self._directory}: expected {remedy}")

    def remove_previous(self) -> None:
        """Remove what a previous job made, except its checkpoints and archives.

        Raises:
            OSError: If something cannot be removed.
        """
        trees.remove(self._directory / name for name in _REPLACED)

    def make(self, configs: Mapping[str, Mapping[str, Any]]) -> None:
        """Make the trees.

        Args:
            configs: For each host the content of ``input/config``.

        Raises:
            OSError: If something cannot be read or written.
            shutil.Error: If a channel cannot be copied.
        """
        self._has_links = trees.allows_links(self._directory)
        with contextlib.suppress(FileExistsError), (self._directory / ".gitignore").open("x") as gitignore:
            gitignore.write(_GITIGNORE)
        parts = {name: channel.split(len(self._job.hosts)) for name, channel in self._job.channels.items()}
        for number, host in enumerate(self._job.hosts):
            self._make_host(host, configs[host], {name: channels[number] for name, channels in parts.items()})

    def _make_host(self, host: str, config: Mapping[str, Any], channels: Mapping[str, Channel]) -> None:
        job, base = self._job, host_directory(self._directory, self._job, host)
        outputs = [f"processing/output/{name}" for name in job.outputs]
        for name in (*_PROCESSING_DIRECTORIES, *outputs) if job.is_processing else _TRAINING_DIRECTORIES:
            (base / name).mkdir(parents=True)
        for name, content in config.items():
            (base / job.config_directory / name).write_text(json.dumps(content), encoding="utf-8")
        for name, channel in channels.items():
            try:
                self._make_channel(base / job.data_directory / name, channel)
            except FileExistsError as error:
                raise BadJobError(
                    f"argument {job.channel_option}: {name}: {error.filename2 or error.filename} exists already: "
                    "this file system does not distinguish upper and lower case"
                ) from None
        self._link(job.source_code, base / job.source_directory)
        if not job.is_processing:
            self._make_checkpoints_and_code(base)

    def _make_checkpoints_and_code(self, base: Path) -> None:
        """Make the directories of the checkpoints and of SDK v3's code, which a processing container does not have."""
        if base == self._directory:
            (base / "checkpoints").mkdir(exist_ok=True)
        elif self._has_links:
            # On the platform, the checkpoints of all hosts are in the same place in S3.
            os.symlink(self._directory / "checkpoints", base / "checkpoints", target_is_directory=True)
        else:
            place = {"LocalPath": os.fspath(self._directory / "checkpoints")}
            (base / self._job.config_directory / CHECKPOINT_FILE).write_text(json.dumps(place), encoding="utf-8")
        if self._job.platform == SDK:
            self._link(self._job.source_code, base / "code")
            (base / "input" / "data" / "sm_drivers").mkdir()

    def _make_channel(self, target: Path, channel: Channel) -> None:
        if channel.directory is not None:
            self._link_or_copy(Path(channel.directory), target)
            return
        members = {**channel.files, **channel.others}
        whole = None if self._copy else trees.whole_directory(members)
        if whole is not None:
            self._link(Path(whole), target)
            return
        target.mkdir()
        for directory in set(map(os.path.dirname, members)):
            (target / directory).mkdir(parents=True, exist_ok=True)
        make_file = os.symlink if self._has_links and not self._copy else shutil.copy2
        for name, path in channel.files.items():
            make_file(path, os.path.join(target, name))
        for name, path in channel.others.items():
            self._link_or_copy(Path(path), target / name)

    def _link_or_copy(self, path: Path, target: Path) -> None:
        if self._copy:
            _copy(path, target)
        else:
            self._link(path, target)

    def _link(self, path: Path, target: Path, parents: Tuple[Path, ...] = ()) -> None:
        """Link to a file or a directory so that no chain of links in the job leads back into the job.

        A directory that contains the job becomes a real directory with links to its entries, by the same rule. Entries that are
        jobs are left out, and so are links back to a directory that is being made. Without links, copies are made, without
        virtual environments and the history of git.

        Args:
            path: The file or the directory.
            target: The path of the link.
            parents: The directories that are being made, with all links in their paths resolved.
        """
        if not path.is_dir() or not trees.contains(path, self._real):
            if self._has_links:
                os.symlink(path, target)
            else:
                _copy(path, target, _names_left_out)
            return
        real = Path(os.path.realpath(path))
        target.mkdir()
        for entry in () if real == self._real else real.iterdir():
            is_left_out = is_job(entry) if self._has_links else _is_left_out_of_copy(os.fspath(entry))
            if Path(os.path.realpath(entry)) not in (*parents, real) and not is_left_out:
                self._link(entry, target / entry.name, (*parents, real))


def _copy(path: Path, target: Path, ignore: Optional[Callable[[Any, List[str]], List[str]]] = None) -> None:
    if path.is_dir():
        shutil.copytree(path, target, ignore=ignore)
    else:
        shutil.copy2(path, target)


def _names_left_out(directory: Any, names: List[str]) -> List[str]:
    """Return the names in a directory that :func:`shutil.copytree` leaves out."""
    return [name for name in names if _is_left_out_of_copy(os.path.join(directory, name))]


def _is_left_out_of_copy(path: str) -> bool:
    """Whether a copy of source code leaves out a path, which may be large: a job, a virtual environment, the history of git.

    Source of ``pyvenv.cfg``: https://docs.python.org/3/library/venv.html
    """
    return is_job(path) or os.path.basename(path) == ".git" or os.path.exists(os.path.join(path, "pyvenv.cfg"))
