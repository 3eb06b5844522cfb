"""Directory trees of any depth: walk them, remove them."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Collection, Iterable, Iterator, List, Mapping, NamedTuple, Optional


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

    It replaces Path.rglob, which silently skips unreadable directories, and os.walk, which recurses in Python 3.8 to 3.11.

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


class Listing(NamedTuple):
    """The names in a directory.

    Attributes:
        files: The names of regular files.
        others: All other names, such as those of links and directories.
    """

    files: List[str]
    others: List[str]


def list_directory(directory: str) -> Listing:
    """List a directory, without a system call for each file.

    Args:
        directory: Its path; empty for the working directory.

    Raises:
        OSError: If it cannot be read.
    """
    listing = Listing([], [])
    with os.scandir(directory or os.curdir) as entries:
        for entry in entries:
            (listing.files if entry.is_file(follow_symlinks=False) else listing.others).append(entry.name)
    return listing


def list_readable(directory: str) -> Listing:
    """List a directory. A directory that cannot be read has no names, as for :mod:`glob`.

    Args:
        directory: Its path; empty for the working directory.
    """
    with contextlib.suppress(OSError):
        return list_directory(directory)
    return Listing([], [])


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
            os.rmdir(path)
        else:
            _unlink(path)


def contains(directory: Path, path: Path) -> bool:
    """Whether a path is a directory or below it, after all links are resolved."""
    real = Path(os.path.realpath(path))
    return Path(os.path.realpath(directory)) in (real, *real.parents)


def whole_directory(members: Mapping[str, str]) -> Optional[str]:
    """Return the directory that contains exactly these files and directories; None if there is no such directory.

    One link to it is then enough for a channel of many files.

    Args:
        members: For each name in the directory the absolute path. Each of them exists.
    """
    name, path = next(iter(members.items()), ("", ""))
    directory = path[: -len(name)]
    is_one = directory.endswith(os.sep) and all(f"{directory}{name}" == path for name, path in members.items())
    return directory if is_one and _count(directory, members) == len(members) else None


def _count(directory: str, members: Collection[str]) -> Optional[int]:
    """Count the regular files and the members below a directory; None if there is a link or a special file.

    A member that is a directory counts as one, without its content.
    """
    count, pending = 0, [""]
    while pending:
        parent = pending.pop()
        listing = list_readable(f"{directory}{parent}")
        count += len(listing.files)
        for name in (f"{parent}{each}" for each in listing.others):
            path = f"{directory}{name}"
            if os.path.islink(path) or not os.path.isdir(path):
                return None
            if name in members:
                count += 1
            else:
                pending.append(f"{name}/")
    return count


def allows_links(directory: Path) -> bool:
    """Whether this user may make links in a directory. Windows and some file systems do not allow it.

    Source: https://docs.python.org/3/library/os.html#os.symlink
    """
    link = directory / ".link"
    try:
        os.symlink(directory, link, target_is_directory=True)
    except OSError:
        return False
    _unlink(link)
    return True


def _unlink(path: Path) -> None:
    """Remove a file or a link."""
    try:
        os.unlink(path)
    except PermissionError:
        # Windows does not remove a file that is read-only.
        if path.is_symlink():
            raise
        path.chmod(stat.S_IREAD | stat.S_IWRITE)
        os.unlink(path)


def _make_writable(directory: Path) -> None:
    """Allow this user to read and change a directory."""
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        directory.chmod(stat.S_IMODE(directory.stat().st_mode) | stat.S_IRWXU)
