"""The jobs that remain on this machine: find them, remove them."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import IO, Iterator, List, NamedTuple, Optional, Sequence

from smargs.local.directory import default_place, remove_job
from smargs.local.job import BadJobError
from smargs.local.locks import try_lock
from smargs.local.mark import IN_PROGRESS, MARK, UNPACKED, status_of_ended_job


class StoredJob(NamedTuple):
    """A job whose directory exists.

    Attributes:
        path: The absolute path of the directory.
        age: Seconds since the job ended, or since it started if it did not end.
        status: How it ended; ``InProgress`` while it runs, ``Killed`` if it ended without recording a status.
    """

    path: Path
    age: float
    status: str

    @property
    def is_running(self) -> bool:
        """Whether the job still runs."""
        return self.status == IN_PROGRESS

    @property
    def is_unpacked(self) -> bool:
        """Whether the job's model could not be packed, so that the directory has the only copy."""
        return self.status == UNPACKED

    def size(self) -> int:
        """Return the size of all files in the directory, in bytes. Links are not followed."""
        return sum(_file_sizes(self.path))


def list_jobs() -> List[StoredJob]:
    """Return the jobs in the default place, the oldest first.

    Raises:
        BadJobError: If there is no home directory.
    """
    place = default_place()
    entries = list(place.iterdir()) if place.is_dir() else []
    return sorted((job for job in map(_read, entries) if job is not None), key=lambda job: -job.age)


def find_job(name: str) -> Path:
    """Return the directory of a job.

    Args:
        name: The path of the directory, or its name in the default place.

    Raises:
        BadJobError: If it is not a job.
    """
    path = Path(os.path.abspath(name))
    if _read(path) is None:
        path = default_place() / name
    if _read(path) is None:
        raise BadJobError(f"argument JOB: {name!r} is not a job: expected a job's directory, or its name in {default_place()}")
    return path


def remove_jobs(paths: Sequence[Path]) -> Iterator[Path]:
    """Lock all of these jobs, so that no other run uses them, then remove them one by one.

    Yields:
        The path of each job after its removal.

    Raises:
        BadJobError: If a job runs; no job is removed then. If a job cannot be removed.
    """
    try:
        with contextlib.ExitStack() as stack:
            marks = [(path, stack.enter_context(_open_mark(path / MARK))) for path in paths]
            for path, mark in marks:
                if not try_lock(mark):
                    raise BadJobError(f"argument JOB: {path} is in use by a smargs run")
            for path, mark in marks:
                remove_job(path, mark)
                yield path
    except OSError as error:
        raise BadJobError(f"argument JOB: {path} cannot be removed: {error}") from None


def _read(path: Path) -> Optional[StoredJob]:
    """Read the job in a directory; None if the path is a link, or no directory of a job."""
    mark = path / MARK
    try:
        if path.is_symlink() or mark.is_symlink() or not mark.is_file():
            return None
        with _open_mark(mark) as file:
            is_running = _may_run(file)
            content = file.read()
            age = max(0.0, time.time() - os.fstat(file.fileno()).st_mtime)
    except OSError:
        return None
    return StoredJob(path, age, IN_PROGRESS if is_running else status_of_ended_job(content, path))


def _open_mark(mark: Path) -> IO[bytes]:
    """Open the mark of a job, for writing if that is possible: a network file system locks no other file.

    Source: "NFS details" of flock(2) of Linux.
    """
    try:
        return mark.open("r+b")
    except OSError:
        return mark.open("rb")


def _may_run(mark: IO[bytes]) -> bool:
    """Whether a job runs. A job whose mark cannot be locked for another reason may run."""
    try:
        return not try_lock(mark)
    except OSError:
        return True


def _file_sizes(directory: Path) -> Iterator[int]:
    for parent, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):
                yield os.lstat(os.path.join(parent, name)).st_size
