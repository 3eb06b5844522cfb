"""Directory trees of any depth: walk them, remove them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Iterable, Iterator, List, NamedTuple


class Entry(NamedTuple):
    """A path of a tree.

    Attributes:
        path: The path.
        is_directory: Whether it is a directory, and not a link to one.
    """

    path: Path
    is_directory: bool


def walk(root: Path) -> Iterator[Entry]:
    """Yield a path and every path below it, each directory before its content.

    Path.rglob silently skips unreadable directories; os.walk and shutil.rmtree recurse in Python 3.8 to 3.11.

    Raises:
        OSError: If a directory cannot be read.
    """
    pending = [root]
    while pending:
        path = pending.pop()
        is_directory = path.is_dir() and not path.is_symlink()
        yield Entry(path, is_directory)
        if is_directory:
            pending += sorted(path.iterdir(), reverse=True)


def remove(roots: Iterable[Path]) -> None:
    """Remove files, links and directories, including directories that a script made read-only.

    Raises:
        OSError: If a path cannot be removed; the error names it. Nothing is removed if a directory cannot be made writable.
    """
    entries: List[Entry] = []
    for root in filter(os.path.lexists, roots):
        _make_writable(root.parent)
        for entry in walk(root):
            if entry.is_directory:
                _make_writable(entry.path)
            entries.append(entry)
    for path, is_directory in reversed(entries):
        if is_directory:
            path.rmdir()
        else:
            path.unlink()


def contains(directory: Path, path: Path) -> bool:
    """Whether a path is a directory or below it, after all links are resolved."""
    real = Path(os.path.realpath(path))
    return Path(os.path.realpath(directory)) in (real, *real.parents)


def _make_writable(directory: Path) -> None:
    """Allow this user to read and change a directory."""
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        directory.chmod(stat.S_IMODE(directory.stat().st_mode) | stat.S_IRWXU)
