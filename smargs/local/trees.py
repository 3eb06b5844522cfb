"""Directories and what is below them, however deep they are."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Iterable, Iterator, List, Tuple


def walk(place: Path) -> Iterator[Tuple[Path, bool]]:
    """A path and every path below it, each with whether it is a directory, and before what is in it.

    Path.rglob passes in silence over what may not be read; os.walk and shutil.rmtree recurse, as of Python 3.8 to 3.11.

    Raises:
        OSError: If a directory may not be read.
    """
    ahead = [place]
    while ahead:
        path = ahead.pop()
        is_directory = path.is_dir() and not path.is_symlink()
        yield path, is_directory
        if is_directory:
            ahead += sorted(path.iterdir(), reverse=True)


def remove(places: Iterable[Path]) -> None:
    """Remove files, links and directories, also directories that a script left read-only.

    Raises:
        OSError: If one cannot be removed; it names the path. Nothing is removed if a directory may not be changed.
    """
    found: List[Tuple[Path, bool]] = []
    for place in filter(os.path.lexists, places):
        _allow(place.parent)
        for path, is_directory in walk(place):
            if is_directory:
                _allow(path)
            found.append((path, is_directory))
    for path, is_directory in reversed(found):
        if is_directory:
            path.rmdir()
        else:
            path.unlink()


def _allow(directory: Path) -> None:
    """Let this user read and change a directory."""
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        directory.chmod(stat.S_IMODE(directory.stat().st_mode) | stat.S_IRWXU)
