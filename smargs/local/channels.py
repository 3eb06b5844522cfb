"""The channels of a job: the files and directories that each of them contains."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Set, Tuple

from smargs.container.variables import PLATFORM_CHANNELS
from smargs.local.job import BadJobError, Channel
from smargs.local.mark import is_job
from smargs.secrets.masking import Secrets

EMPTY = Channel((), is_directory=False)
"""A channel without files."""

# Source: ChannelName, https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html
_CHANNEL_NAME = re.compile(r"[A-Za-z0-9.\-_]{1,64}")


def read_channels(typed: Iterable[str], may_be_elsewhere: bool = False) -> Dict[str, Channel]:
    """Read the channels of a job.

    Args:
        typed: Texts such as ``train=data/train``, each with the path of a file, of a directory or a glob.
        may_be_elsewhere: Whether a channel that is not on this machine, such as one in S3, is read as an empty channel.

    Raises:
        BadJobError: If a text does not name a channel, or its path does not exist.
    """
    channels: Dict[str, Channel] = {}
    for pair in typed:
        name, pattern = _split(pair)
        if name in channels:
            raise BadJobError(f"argument --channel: {name!r} is given twice")
        paths, missing = _find(pattern)
        if missing and not may_be_elsewhere:
            problem = "is not on this machine: expected a local" if "://" in pattern else "does not exist: expected a"
            shown = Secrets().describe(name, missing[0])
            raise BadJobError(f"argument --channel: {name}: {shown} {problem} file, directory or glob")
        channels[name] = EMPTY if missing else _read_channel(name, pattern, paths)
    return channels


def check_channel_name(name: str) -> str:
    """Return the name of a channel unchanged.

    Raises:
        BadJobError: If the service does not allow the name, or reserves it.
    """
    if not _CHANNEL_NAME.fullmatch(name) or set(name) == {"."}:
        raise BadJobError(f"argument --channel: {name!r} is not a channel name: expected up to 64 of A-Z a-z 0-9 . - _")
    if name in PLATFORM_CHANNELS:
        raise BadJobError(f"argument --channel: SageMaker reserves the name {name!r}")
    return name


def _split(pair: str) -> Tuple[str, str]:
    """Split ``NAME=PATH``."""
    name, _, pattern = pair.partition("=")
    if not pattern:
        raise BadJobError(f"argument --channel: {pair!r} is not a channel: expected NAME=PATH")
    return check_channel_name(name), pattern


def _find(pattern: str) -> Tuple[List[str], List[str]]:
    """Return the paths of a channel, and those of them that do not exist."""
    paths = [pattern] if os.path.exists(pattern) else _expand(pattern) or [pattern]
    # A glob matches broken links as well.
    return paths, [path for path in paths if not os.path.exists(path)]


def _read_channel(name: str, pattern: str, paths: Iterable[str]) -> Channel:
    channel = Channel(tuple(Path(os.path.abspath(path)) for path in paths), os.path.isdir(pattern))
    duplicate = _first_duplicate(path.name for path in channel.paths)
    if duplicate:
        raise BadJobError(f"argument --channel: {name}: {pattern!r} matches two files named {duplicate!r}")
    return channel


def _expand(pattern: str) -> List[str]:
    """Return the paths that a glob matches, but no directory of a job and nothing in one, unless the pattern starts with it."""
    start = Path(os.path.dirname(re.split(r"[*?[]", pattern)[0]))
    return [
        path
        for path in sorted(glob.glob(pattern, recursive=True))
        if not any(is_job(part) for part in (Path(path), *Path(path).parents) if start in part.parents)
    ]


def _first_duplicate(names: Iterable[str]) -> Optional[str]:
    seen: Set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
