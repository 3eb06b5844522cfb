"""The channels of a job: the files and directories that each of them contains."""

from __future__ import annotations

import os
import re
from typing import Dict, Iterable, Iterator, Mapping, Optional, Sequence

from smargs.container.variables import PLATFORM_CHANNELS
from smargs.local.globs import Matches, find_matches
from smargs.local.job import EMPTY, BadJobError, Channel
from smargs.local.manifests import read_manifest
from smargs.local.mark import is_job
from smargs.local.trees import list_directory
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
        BadJobError: If a text does not name a channel, or its path does not exist or cannot be read.
    """
    channels = _read_paths(argument, typed, may_be_elsewhere)
    for name, file in split_pairs("--manifest", manifests).items():
        channels[name] = EMPTY if may_be_elsewhere else read_manifest(name, file, _directory(argument, name, channels))
    for name in sharded:
        if name not in channels:
            raise BadJobError(
                f"argument --shard: {name!r} is not a channel: expected the name of a {argument[2:]} or of a manifest"
            )
        channels[name] = _shard(name, channels[name])
    return channels


def empty_shards(channels: Mapping[str, Channel], hosts: Sequence[str]) -> Iterator[str]:
    """Yield a line for each sharded channel that has fewer files than there are hosts."""
    for name, channel in channels.items():
        count = len(channel.files) + len(channel.others)
        idle = hosts[count:] if channel.is_sharded else ()
        if idle:
            yield f"channel {name} has too few files for {len(hosts)} hosts ({count}): none for {', '.join(idle)}"


def _directory(argument: str, name: str, channels: Mapping[str, Channel]) -> Optional[str]:
    """Return the directory of the channel that replaces the prefix of a manifest; None if there is no such channel.

    Raises:
        BadJobError: If the channel is not a directory.
    """
    if name not in channels:
        return None
    if channels[name].directory is None:
        raise BadJobError(f"argument --manifest: {name}: expected a directory as its {argument}")
    return channels[name].directory


def _read_paths(argument: str, typed: Iterable[str], may_be_elsewhere: bool) -> Dict[str, Channel]:
    channels: Dict[str, Channel] = {}
    for name, pattern in split_pairs(argument, typed).items():
        matches = find_matches(pattern)
        missing = [path for path in matches.others if not os.path.exists(path)]
        if missing and not may_be_elsewhere:
            problem = "is not on this machine: expected a local" if "://" in pattern else "does not exist: expected a"
            shown = Secrets().describe(name, missing[0])
            raise BadJobError(f"argument {argument}: {name}: {shown} {problem} file, directory or glob")
        channels[name] = EMPTY if missing else _read_channel(argument, name, pattern, matches)
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
    """Split each ``NAME=PATH``. The paths need not exist on this machine.

    Raises:
        BadJobError: If a text does not name a channel, or names it again.
    """
    paths: Dict[str, str] = {}
    for pair in pairs:
        name, _, path = pair.partition("=")
        if not path:
            raise BadJobError(f"argument {argument}: {pair!r} is not a channel: expected NAME=PATH")
        if name in paths:
            raise BadJobError(f"argument {argument}: {name!r} is repeated: expected each name once")
        paths[check_channel_name(name, argument)] = path
    return paths


def _read_channel(argument: str, name: str, pattern: str, matches: Matches) -> Channel:
    if os.path.isdir(pattern):
        return Channel({}, {"": os.path.abspath(pattern)})
    files = {each: f"{directory}{each}" for directory, names in matches.files.items() for each in names}
    others: Dict[str, str] = {}
    for path in map(os.path.abspath, matches.others):
        is_file = not (os.path.islink(path) or os.path.isdir(path))
        (files if is_file else others)[os.path.basename(path)] = path
    if len({*files, *others}) < matches.number:
        duplicate = _first_duplicate(list(map(os.path.basename, sorted(matches.paths()))))
        raise BadJobError(f"argument {argument}: {name}: {pattern!r} matches two files named {duplicate!r}")
    return Channel(files, others)


def _first_duplicate(names: Sequence[str]) -> str:
    """Return the name that is repeated first. There must be one."""
    first: Dict[str, int] = {}
    for number, name in enumerate(names):
        first.setdefault(name, number)
    return names[min(number for number, name in enumerate(names) if first[name] < number)]


def _shard(channel_name: str, channel: Channel) -> Channel:
    """Return a sharded channel of all files below the members of a channel, without jobs. A link counts as a file.

    Raises:
        BadJobError: If a directory cannot be read.
    """
    files, others = dict(channel.files), dict(channel.others)
    directories = [name for name, path in others.items() if os.path.isdir(path)]
    while directories:
        name = directories.pop()
        path = others.pop(name)
        try:
            below = _list_directory(name, path)
        except OSError as error:
            raise BadJobError(f"argument --shard: {channel_name}: {path!r} cannot be read: {error.strerror}") from None
        files.update(below.files)
        others.update(below.others)
        directories += (name for name, path in below.others.items() if os.path.isdir(path) and not os.path.islink(path))
    return Channel(files, others, is_sharded=True)


def _list_directory(name: str, path: str) -> Channel:
    """Return the content of a directory of a channel without jobs, by names in the channel."""
    parent, base = name and f"{name}/", os.path.join(path, "")
    listing = list_directory(path)
    return Channel(
        {f"{parent}{each}": f"{base}{each}" for each in listing.files},
        {f"{parent}{each}": f"{base}{each}" for each in listing.others if not is_job(f"{base}{each}")},
    )
