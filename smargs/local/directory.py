"""The directory of a job, and its use by one process at a time."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Iterator, Mapping, Optional, Type

from smargs.local import trees
from smargs.local.job import BadJobError, TrainingJob
from smargs.local.layout import Layout, host_directory
from smargs.local.locks import try_lock
from smargs.local.mark import IN_PROGRESS, MARK, is_unpacked, write_status


def default_place() -> Path:
    """Return the directory of the jobs for which no directory is chosen. It is in the home directory, outside of source code.

    Raises:
        BadJobError: If there is no home directory.
    """
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        raise BadJobError("there is no home directory for the jobs: use --output DIR")
    return Path(home, ".smargs", "jobs")


class JobDirectory:
    """A directory in the place of ``/opt/ml`` for each host, in use by this process from ``__enter__`` to ``__exit__``.

    The first host uses the directory itself, the others ``hosts/<host>`` in it. All hosts share ``checkpoints``, as in S3; a
    later job in the directory keeps them, and replaces the archives when it ends. If the job cannot be started, every directory
    that was created for it is removed.

    Attributes:
        path: Its absolute path.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.abspath(path))
        self._mark: Optional[IO[bytes]] = None
        self._created = [place for place in (self.path, *self.path.parents) if not os.path.lexists(place)]

    def __enter__(self) -> JobDirectory:
        """Create the directory if it does not exist, and lock it.

        Raises:
            BadJobError: If it is in use, cannot be written, or contains anything that was not made by a job.
        """
        try:
            self._acquire()
        except OSError as error:
            self._remove_created()
            raise BadJobError(f"argument --output: {self.path} cannot be used: {error.strerror}") from None
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if isinstance(error, BadJobError):
            self._remove_created()
        if self._mark is not None:
            self._mark.close()

    def _acquire(self) -> None:
        mark = self.path / MARK
        if self.path.is_dir() and any(self.path.iterdir()) and not mark.exists():
            raise BadJobError(f"argument --output: {self.path} contains files that were not made by smargs run")
        self.path.mkdir(parents=True, exist_ok=True)
        self._mark = mark.open("ab+", buffering=0)
        if not try_lock(self._mark):
            raise BadJobError(f"argument --output: {self.path} is in use by another smargs run")
        self._mark.seek(0)
        if is_unpacked(self._mark.read(), self.path):
            raise BadJobError(
                f"argument --output: {self.path} contains a model or an output that could not be packed: "
                f"move it away, then run `smargs clean {shlex.quote(str(self.path))}`"
            )

    @property
    def lock(self) -> int:
        """The file descriptor of the lock: the directory is in use as long as any process has it open."""
        assert self._mark is not None
        return self._mark.fileno()

    def base(self, job: TrainingJob, host: str) -> Path:
        """Return the directory in the place of ``/opt/ml`` on a host."""
        return host_directory(self.path, job, host)

    def lay_out(self, job: TrainingJob, configs: Mapping[str, Mapping[str, Any]], copy: bool) -> None:
        """Make the tree of each host. Only the checkpoints and the archives of a previous job stay.

        Args:
            job: The job.
            configs: For each host the content of ``input/config``.
            copy: Whether channels are copied instead of linked.

        Raises:
            BadJobError: If something cannot be read or written. If the script or a channel would be removed, or copied into
                itself.
        """
        layout = Layout(self.path, job, copy)
        layout.check_sources()
        try:
            layout.remove_previous()
            self.record_status(IN_PROGRESS)
            layout.make(configs)
        except (OSError, shutil.Error) as error:
            # shutil.Error lists each file as (source, target, reason).
            reason = error.args[0][0][-1] if isinstance(error, shutil.Error) else error
            raise BadJobError(f"argument --output: {self.path} cannot be created: {reason}") from None
        except KeyboardInterrupt:
            self._remove_created()
            raise

    def _remove_created(self) -> None:
        """Remove the directories that did not exist before."""
        if self._created and self._mark is not None:
            with contextlib.suppress(OSError):
                trees.remove(_all_but_mark(self.path))
                _remove_mark(self.path, self._mark)
        for place in self._created:
            with contextlib.suppress(OSError):
                os.rmdir(place)

    def record_status(self, status: str, failure_reason: Optional[str] = None) -> None:
        """Record the status of the job, and why it failed. If the disk is full, nothing is recorded."""
        if self._mark is not None:
            write_status(self._mark, status, failure_reason)


def remove_job(path: Path, mark: IO[bytes]) -> None:
    """Remove the directory of a job, but nothing that its links point to.

    The mark is removed last, so that the directory is still a job if this is interrupted.

    Args:
        path: The directory.
        mark: Its mark, which is locked.

    Raises:
        OSError: If something cannot be removed.
    """
    trees.remove(_all_but_mark(path))
    _remove_mark(path, mark)
    os.rmdir(path)


def _all_but_mark(directory: Path) -> Iterator[Path]:
    return (entry for entry in directory.iterdir() if entry.name != MARK)


def _remove_mark(directory: Path, mark: IO[bytes]) -> None:
    """Remove the mark of a directory."""
    try:
        os.unlink(directory / MARK)
    except PermissionError:
        # Windows does not remove an open file.
        mark.close()
        os.unlink(directory / MARK)
