"""The globs of channels: each directory is read once, without a system call for each regular file in it."""

from __future__ import annotations

import fnmatch
import functools
import glob
import os
import re
from typing import Callable, Dict, Iterator, List, NamedTuple

from smargs.local.mark import is_job
from smargs.local.trees import list_readable

_MAGIC = re.compile(r"[*?[]")


class Matches(NamedTuple):
    """What a path or a glob matches.

    Attributes:
        files: For each directory, an absolute path with a separator at its end, the names of regular files in it.
        others: All other paths, as the pattern begins: absolute, or from the working directory. They are directories and links,
            even broken ones, and also regular files if the last part of the pattern is ``**`` or has no wildcard.
    """

    files: Dict[str, List[str]]
    others: List[str]

    @property
    def number(self) -> int:
        """How many paths there are."""
        return sum(map(len, self.files.values())) + len(self.others)

    def paths(self) -> Iterator[str]:
        """Yield each absolute path."""
        yield from (f"{directory}{name}" for directory, names in self.files.items() for name in names)
        yield from map(os.path.abspath, self.others)


def find_matches(pattern: str) -> Matches:
    """Return what a path or a glob matches. A path that exists matches itself. So does a pattern that matches nothing.

    A glob matches no directory of a job and nothing in one, unless the pattern starts with it.
    """
    matches = Matches({}, [pattern]) if os.path.exists(pattern) else _expand(pattern)
    return matches if matches.number else Matches({}, [pattern])


def _expand(pattern: str) -> Matches:
    is_in_job = _jobs_below(os.path.join(os.path.dirname(_MAGIC.split(pattern)[0]), ""))
    parent, last = os.path.split(pattern)
    if last == "**" or not _MAGIC.search(last):
        return Matches({}, [path for path in sorted(glob.glob(pattern, recursive=True)) if not is_in_job(path)])
    files: Dict[str, List[str]] = {}
    others: List[str] = []
    for directory in _find_directories(parent):
        if not is_in_job(directory):
            listing = list_readable(directory)
            files[os.path.join(os.path.abspath(directory), "")] = _filter(listing.files, last)
            others += (f"{directory}{name}" for name in _filter(listing.others, last) if not is_in_job(f"{directory}{name}"))
    return Matches(files, sorted(others))


def _jobs_below(start: str) -> Callable[[str], bool]:
    """Return a function that tells whether a path is a job below the directory ``start``, or is inside such a job."""

    @functools.lru_cache(maxsize=None)
    def is_in_job(path: str) -> bool:
        is_below = path.startswith(start) and path != start
        return is_below and (is_job(path) or is_in_job(os.path.dirname(path)))

    return is_in_job


def _find_directories(pattern: str) -> Iterator[str]:
    """Yield the directories that a glob matches, with a separator at the end of each."""
    # "**" matches the working directory as well, but glob does not return a path without a name.
    if not pattern or set(pattern.replace(os.sep, "/").split("/")) == {"**"}:
        yield ""
    yield from sorted(set(glob.glob(os.path.join(pattern, ""), recursive=True)))


def _filter(names: List[str], pattern: str) -> List[str]:
    """Return the names that a pattern matches, as :mod:`glob` does: a hidden name only if the pattern begins with a dot."""
    matched = fnmatch.filter(names, pattern)
    return matched if pattern.startswith(".") else [name for name in matched if not name.startswith(".")]
