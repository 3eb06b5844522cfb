"""The channels of a job: the files and directories that each of them contains."""

from __future__ import annotations

import functools
import glob
import os
import re
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from smargs.container.variables import PLATFORM_CHANNELS
from smargs.local.job import EMPTY, BadJobError, Channel
from smargs.local.manifests import read_manifest
from smargs.local.mark import is_job
from smargs.secrets.masking import Secrets

# Source: ChannelName, https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html
_CHANNEL_NAME = re.compile(r"[A-Za-z0-9.\-_]{1,64}")


def read_channels(
    typed: Iterable[str],
    sharded: Iterable[str] = (),
    manifests: Iterable[str] = (),
    may_be_elsewhere: bool = False,
    argument: str = "--channel",
) -> Dict[str, Channel]:
    """Read the channels of a training job, or the inputs of a processing job.

    Args:
        typed: Texts such as ``train=data/train``, each with the path of a file, of a directory or a glob.
        sharded: The names of those channels of which each host gets a part.
        manifests: Texts such as ``train=train.manifest``, each with the path of a manifest.
        may_be_elsewhere: Whether a channel that is not on this machine, such as one in S3, is read as an empty channel.
        argument: The option that has the texts.

    Raises:
        BadJobError: If a text does not name a channel, or its path does not exist.
    """
    channels = _read_paths(argument, typed, may_be_elsewhere)
    for name, file in split_pairs("--manifest", manifests).items():
        channels[name] = EMPTY if may_be_elsewhere else read_manifest(name, file, _directory(argument, name, channels))
    for name in sharded:
        if name not in channels:
            raise BadJobError(
                f"argument --shard: {name!r} is not a channel: expected the name of a {argument[2:]} or of a manifest"
            )
        channels[name] = _shard(channels[name])
    return channels


def empty_shards(channels: Mapping[str, Channel], hosts: Sequence[str]) -> Iterator[str]:
    """Yield a line for each sharded channel that has fewer files than there are hosts."""
    for name, channel in channels.items():
        without = hosts[len(channel.paths) :] if channel.is_sharded else ()
        if without:
            yield f"channel {name} has {len(channel.paths)} files for {len(hosts)} hosts: {', '.join(without)} without a file"


def _directory(argument: str, name: str, channels: Mapping[str, Channel]) -> Optional[Path]:
    """Return the directory of the channel that stands for the prefix of a manifest; None if there is no such channel."""
    if name not in channels:
        return None
    if not channels[name].is_directory:
        raise BadJobError(f"argument --manifest: {name}: expected a directory as its {argument}")
    return channels[name].paths[0]


def _read_paths(argument: str, typed: Iterable[str], may_be_elsewhere: bool) -> Dict[str, Channel]:
    channels: Dict[str, Channel] = {}
    for name, pattern in split_pairs(argument, typed).items():
        paths, missing = _find(pattern)
        if missing and not may_be_elsewhere:
            problem = "is not on this machine: expected a local" if "://" in pattern else "does not exist: expected a"
            shown = Secrets().describe(name, missing[0])
            raise BadJobError(f"argument {argument}: {name}: {shown} {problem} file, directory or glob")
        channels[name] = EMPTY if missing else _read_channel(argument, name, pattern, paths)
    return channels


def check_channel_name(name: str, argument: str = "--channel") -> str:
    """Return the name of a channel unchanged.

    Raises:
        BadJobError: If the service does not allow the name, or reserves it.
    """
    if not _CHANNEL_NAME.fullmatch(name) or set(name) == {"."}:
        raise BadJobError(f"argument {argument}: {name!r} is not a channel name: expected up to 64 of A-Z a-z 0-9 . - _")
    if name in PLATFORM_CHANNELS:
        raise BadJobError(f"argument {argument}: SageMaker reserves the name {name!r}")
    return name


def split_pairs(argument: str, pairs: Iterable[str]) -> Dict[str, str]:
    """Split each ``NAME=PATH``. Nothing is looked for on this machine.

    Raises:
        BadJobError: If a text does not name a channel, or names it again.
    """
    paths: Dict[str, str] = {}
    for pair in pairs:
        name, _, path = pair.partition("=")
        if not path:
            raise BadJobError(f"argument {argument}: {pair!r} is not a channel: expected NAME=PATH")
        if name in paths:
            raise BadJobError(f"argument {argument}: {name!r} is given twice")
        paths[check_channel_name(name, argument)] = path
    return paths


def _find(pattern: str) -> Tuple[List[str], List[str]]:
    """Return the paths of a channel, and those of them that do not exist."""
    paths = [pattern] if os.path.exists(pattern) else _expand(pattern) or [pattern]
    # A glob matches broken links as well.
    return paths, [path for path in paths if not os.path.exists(path)]


def _read_channel(argument: str, name: str, pattern: str, paths: Iterable[str]) -> Channel:
    absolute = tuple(Path(os.path.abspath(path)) for path in paths)
    names = tuple(map(os.path.basename, absolute))
    duplicate = _first_duplicate(names)
    if duplicate:
        raise BadJobError(f"argument {argument}: {name}: {pattern!r} matches two files named {duplicate!r}")
    return Channel(absolute, os.path.isdir(pattern), names)


def _shard(channel: Channel) -> Channel:
    """Return a channel that is sharded: it consists of all files, sorted by their names in the channel."""
    names = [""] if channel.is_directory else channel.names
    files = sorted(file for name, path in zip(names, channel.paths) for file in _find_files(path, name))
    return Channel(tuple(path for _, path in files), False, tuple(name for name, _ in files), is_sharded=True)


def _find_files(root: Path, name: str) -> Iterator[Tuple[str, Path]]:
    """Yield each file below a directory, with its name in the channel; or a file itself. A link counts as a file. No jobs."""
    if not root.is_dir():
        yield name, root
        return
    for parent, directories, files in os.walk(root):
        directories[:] = [each for each in directories if not is_job(os.path.join(parent, each))]
        links = [each for each in directories if os.path.islink(os.path.join(parent, each))]
        directory = os.path.join(name, os.path.relpath(parent, root))
        for each in (*files, *links):
            yield os.path.normpath(os.path.join(directory, each)), Path(parent, each)


def _expand(pattern: str) -> List[str]:
    """Return the paths that a glob matches, but no directory of a job and nothing in one, unless the pattern starts with it."""
    start = os.path.join(os.path.dirname(re.split(r"[*?[]", pattern)[0]), "")

    @functools.lru_cache(maxsize=None)
    def is_in_job(path: str) -> bool:
        is_below = path.startswith(start) and path != start
        return is_below and (is_job(path) or is_in_job(os.path.dirname(path)))

    return [path for path in sorted(glob.glob(pattern, recursive=True)) if not is_in_job(path)]


def _first_duplicate(names: Iterable[str]) -> Optional[str]:
    seen: Set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
