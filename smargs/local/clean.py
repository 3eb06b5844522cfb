"""The jobs that are left on this machine: list them, remove them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import time
from pathlib import Path
from typing import IO, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from smargs.cli.tables import print_table
from smargs.local.directory import UNPACKED, is_unpacked, remove_job
from smargs.local.job import MARK, BadJobError, default_place

_RUNNING = "InProgress"
_KILLED = "Killed"
_AGES = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SIZES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"), (1, "B"))


class LeftJob(NamedTuple):
    """A job that is left in its directory.

    Attributes:
        path: The absolute path of the directory.
        age: Seconds since the job ended, or since it started if it did not end.
        status: How it ended; ``InProgress`` as long as it runs, ``Killed`` if it did not end by itself.
    """

    path: Path
    age: float
    status: str


def show() -> None:
    """Print a table of the jobs in the default place to standard output."""
    rows = [
        (str(job.path), _in_units(job.age, _AGES), _in_units(sum(_sizes(job.path)), _SIZES), job.status) for job in _all_jobs()
    ]
    if not rows:
        print(f"smargs: there is no job in {default_place()}", file=sys.stderr)
        return
    print_table(("job", "age", "size", "status"), rows)


def remove_old(older_than: float) -> None:
    """Remove the jobs in the default place, but for those that run and those whose model could not be packed.

    Args:
        older_than: The least age of what is removed, in seconds.

    Raises:
        BadJobError: If a job cannot be removed.
    """
    for job in _all_jobs():
        if job.age >= older_than and job.status == UNPACKED:
            print(f"smargs: {job.path} is kept: its model could not be packed; name it to remove it", file=sys.stderr)
        elif job.age >= older_than and job.status != _RUNNING:
            _remove([job.path])


def remove(names: Sequence[str]) -> None:
    """Remove jobs by their paths, or by their names in the default place.

    Raises:
        BadJobError: If one is no job, or runs: none is removed then. If a job cannot be removed.
    """
    _remove(list(dict.fromkeys(map(_find, names))))


def _all_jobs() -> List[LeftJob]:
    """The jobs in the default place, the oldest first."""
    place = default_place()
    entries = list(place.iterdir()) if place.is_dir() else []
    return sorted((job for job in map(_read, entries) if job is not None), key=lambda job: -job.age)


def _find(name: str) -> Path:
    path = Path(os.path.abspath(name))
    if _read(path) is None:
        path = default_place() / name
    if _read(path) is None:
        raise BadJobError(
            f"argument JOB: {name!r} is no job: expected the directory of a job, or its name in {default_place()}"
        )
    return path


def _read(path: Path) -> Optional[LeftJob]:
    """The job in a directory; None if the path is a link, or not a directory that a job of ours has made."""
    mark = path / MARK
    try:
        if path.is_symlink() or mark.is_symlink() or not mark.is_file():
            return None
        with mark.open("rb") as file:
            running = not _lock(file)
            noted = file.read()
            age = max(0.0, time.time() - os.fstat(file.fileno()).st_mtime)
    except OSError:
        return None
    return LeftJob(path, age, _RUNNING if running else _status(noted, path))


def _lock(mark: IO[bytes]) -> bool:
    """Take the lock of a job until its mark is closed; false if the job runs."""
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _status(noted: bytes, path: Path) -> str:
    """How a job ended that does not run."""
    if is_unpacked(noted, path):
        return UNPACKED
    status = _RUNNING
    with contextlib.suppress(ValueError, TypeError, KeyError):
        status = str(json.loads(noted)["status"])
    return _KILLED if status == _RUNNING else status


def _remove(paths: Sequence[Path]) -> None:
    """Take all of these jobs into use, so that no other run does, then remove them and say so."""
    try:
        with contextlib.ExitStack() as stack:
            for path in paths:
                if not _lock(stack.enter_context((path / MARK).open("rb"))):
                    raise BadJobError(f"argument JOB: {path} is in use by a smargs run")
            for path in paths:
                remove_job(path)
                print(f"removed {path}", flush=True)
    except OSError as error:
        raise BadJobError(f"argument JOB: {path} cannot be removed: {error}") from None


def _in_units(amount: float, units: Sequence[Tuple[int, str]]) -> str:
    """An amount in the largest unit that is not larger."""
    size, name = next((unit for unit in units if amount >= unit[0]), units[-1])
    return f"{round(amount / size, 1):g} {name}"


def _sizes(path: Path) -> Iterator[int]:
    """The sizes of all files below a directory; links are not followed."""
    for directory, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                yield os.lstat(os.path.join(directory, name)).st_size
