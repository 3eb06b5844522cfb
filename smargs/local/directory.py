"""The directory of a job: the tree of a training container for each host."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Mapping, Optional, Tuple, Type

from smargs.local import trees
from smargs.local.job import MARK, SDK, BadJobError, Channel, TrainingJob, contains, is_job
from smargs.local.platforms import source_directory

UNPACKED = "Unpacked"
"""The status of a job whose model was trained, but could not be packed."""

_MADE_ANEW = ("input", "model", "output", "code", "hosts")

# git then leaves out the directory and this file in it, wherever the directory is.
_GITIGNORE = "*\n"


class JobDirectory:
    """A directory in the place of ``/opt/ml`` for each host, in use by this process from ``__enter__`` to ``__exit__``.

    That of the first host is the directory itself, those of the others are ``hosts/<host>`` in it. ``checkpoints`` are those of
    all hosts, as they are in S3, and outlive the job; so do the archives, until a next job replaces them. What was not there
    before is gone again if the job cannot be started.

    Attributes:
        path: Its absolute path.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.abspath(path))
        self._real = Path(os.path.realpath(self.path))
        self._mark: Optional[IO[bytes]] = None
        self._new = [place for place in (self.path, *self.path.parents) if not os.path.lexists(place)]

    def __enter__(self) -> JobDirectory:
        """Take the directory into use.

        Raises:
            BadJobError: If it is in use, cannot be written, or holds what no job of ours has made.
        """
        try:
            self._take()
        except OSError as error:
            self._leave()
            raise BadJobError(f"argument --output: {self.path} cannot be used: {error.strerror}") from None
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if isinstance(error, BadJobError):
            self._leave()
        if self._mark is not None:
            self._mark.close()

    def _take(self) -> None:
        mark = self.path / MARK
        if self.path.is_dir() and any(self.path.iterdir()) and not mark.exists():
            raise BadJobError(f"argument --output: {self.path} holds files that no smargs run has made")
        self.path.mkdir(parents=True, exist_ok=True)
        self._mark = mark.open("ab+", buffering=0)
        try:
            fcntl.flock(self._mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadJobError(f"argument --output: {self.path} is in use by another smargs run") from None
        self._mark.seek(0)
        told = self._mark.read()
        if is_unpacked(told, self.path):
            raise BadJobError(
                f"argument --output: {self.path} holds a model or an output that could not be packed: "
                f"move it away, then remove {mark}"
            )

    @property
    def lock(self) -> int:
        """The descriptor that keeps the directory in use for as long as any process has it open."""
        assert self._mark is not None
        return self._mark.fileno()

    def base(self, job: TrainingJob, host: str) -> Path:
        """The directory in the place of ``/opt/ml`` on a host."""
        return self.path if host == job.hosts[0] else self.path / "hosts" / host

    def lay_out(self, job: TrainingJob, configs: Mapping[str, Mapping[str, Any]], copy: bool) -> None:
        """Make the tree of each host, and leave nothing of a job before but its checkpoints and archives.

        Args:
            job: The job.
            configs: For each host the content of ``input/config``.
            copy: Whether channels are copied, or linked.

        Raises:
            BadJobError: If something cannot be read or written. If the script or a channel would be removed, or copied into
                itself.
        """
        self._check_sources(job, copy)
        try:
            trees.remove(self.path / name for name in _MADE_ANEW)
            self.note("InProgress")
            with contextlib.suppress(FileExistsError), (self.path / ".gitignore").open("x") as ignored:
                ignored.write(_GITIGNORE)
            for host in job.hosts:
                self._lay_out_host(job, host, configs[host], copy)
        except (OSError, shutil.Error) as error:
            # A tree that cannot be copied tells of each file: from where, to where, and why.
            why = error.args[0][0][-1] if isinstance(error, shutil.Error) else error
            raise BadJobError(f"argument --output: {self.path} cannot be made: {why}") from None
        except KeyboardInterrupt:
            self._leave()
            raise

    def _check_sources(self, job: TrainingJob, copy: bool) -> None:
        sources = [("argument script", job.script)]
        sources += [(f"argument --channel: {name}", path) for name, channel in job.channels.items() for path in channel.paths]
        removed = {directory / name for directory in (self.path, self._real) for name in _MADE_ANEW}
        for argument, path in sources:
            real = Path(os.path.realpath(path))
            if removed.intersection((path, *path.parents, real, *real.parents)):
                raise BadJobError(
                    f"{argument}: {str(path)!r} is in what a new job in {self.path} replaces: expected another place"
                )
            if path != job.script and contains(real, self._real) and (copy or real == self._real):
                better = "another --output" if real == self._real else "another --output, or no --copy"
                raise BadJobError(f"{argument}: {str(path)!r} holds {self.path}: expected {better}")

    def _leave(self) -> None:
        """Leave no directory that was not there before."""
        if self._new and self._mark is not None:
            with contextlib.suppress(OSError):
                trees.remove([self.path])
        for place in self._new:
            with contextlib.suppress(OSError):
                place.rmdir()

    def _lay_out_host(self, job: TrainingJob, host: str, config: Mapping[str, Any], copy: bool) -> None:
        base = self.base(job, host)
        for name in ("input/config", "input/data", "model", "output/data", "output/intermediate"):
            (base / name).mkdir(parents=True)
        if base == self.path:
            (base / "checkpoints").mkdir(exist_ok=True)
        else:
            (base / "checkpoints").symlink_to(self.path / "checkpoints", target_is_directory=True)
        for name, content in config.items():
            (base / "input" / "config" / name).write_text(json.dumps(content), encoding="utf-8")
        for name, channel in job.channels.items():
            self._fill_channel(base / "input" / "data" / name, channel, copy)
        for name in dict.fromkeys(("code", source_directory(job))):
            _link(job.script.parent, base / name, self._real)
        if job.platform == SDK:
            (base / "input" / "data" / "sm_drivers").mkdir()

    def _fill_channel(self, place: Path, channel: Channel, copy: bool) -> None:
        if channel.is_directory:
            self._bring(channel.paths[0], place, copy)
            return
        place.mkdir()
        for path in channel.paths:
            self._bring(path, place / path.name, copy)

    def _bring(self, path: Path, place: Path, copy: bool) -> None:
        if not copy:
            _link(path, place, self._real)
        elif path.is_dir():
            shutil.copytree(path, place)
        else:
            shutil.copy2(path, place)

    def note(self, status: str, failure_reason: Optional[str] = None) -> None:
        """Keep how the job stands, and why it failed, as far as the disk takes it."""
        told = {"status": status, **({} if failure_reason is None else {"failure_reason": failure_reason})}
        if self._mark is not None:
            self._mark.truncate(0)
            with contextlib.suppress(OSError):
                self._mark.write(json.dumps(told).encode())


def _link(path: Path, place: Path, job: Path, above: Tuple[Path, ...] = ()) -> None:
    """Link to a file or a directory so that who follows the links of a job never comes back to the job.

    A directory that contains the job becomes a real one with links to its entries, each by the same rule. What every job has
    made is left out, and so is a link that leads back to a directory that is being made.

    Args:
        path: The file or the directory.
        place: Where the link is to be.
        job: The job's directory, without links in its path.
        above: The directories that are being made, likewise.
    """
    real = Path(os.path.realpath(path))
    if not contains(real, job):
        place.symlink_to(path)
        return
    place.mkdir()
    for entry in () if real == job else real.iterdir():
        if Path(os.path.realpath(entry)) not in (*above, real) and not is_job(entry):
            _link(entry, place / entry.name, job, (*above, real))


def is_unpacked(noted: bytes, path: Path) -> bool:
    """Whether a directory holds a model or an output that could not be packed, by what its mark holds."""
    # A disk that was full to the last byte took not even the status.
    return json.dumps({"status": UNPACKED})[1:-1].encode() in noted or (not noted and (path / "model").exists())


def remove_job(path: Path) -> None:
    """Remove the directory of a job, and nothing that its links lead to.

    The mark goes last, so that what an interrupt leaves is still a job.

    Raises:
        OSError: If something cannot be removed.
    """
    trees.remove(entry for entry in path.iterdir() if entry.name != MARK)
    (path / MARK).unlink()
    path.rmdir()
