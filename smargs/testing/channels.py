"""The channels of a job for a test: those that a test chooses, and those that a parser requires."""

from __future__ import annotations

import argparse
import glob
import os
from typing import Dict, Iterable, Mapping, Optional, Sequence, Union

from smargs.launch.channels import add_required_channels
from smargs.local.channels import check_channel_name, read_channels
from smargs.local.job import EMPTY, Channel
from smargs.testing.checks import check_channel, check_list

Channels = Union[Mapping[str, Union[str, "os.PathLike[str]", None]], Iterable[str]]

Paths = Mapping[str, Optional[str]]
"""The path of each channel, or None for an empty channel."""


def channel_paths(channels: Channels, search_path: Sequence[str] = ()) -> Dict[str, Optional[str]]:
    """Return the path of each channel, or None for an empty channel.

    Args:
        channels: The channels.
        search_path: Directories in which a path is looked up.

    Raises:
        BadJobError: If the channels are neither a mapping of names to paths nor a list of names.
    """
    check_list("channels", channels, "a mapping of names to paths, or a list of names")
    paths: Dict[str, Optional[str]] = {}
    for name, path in channels.items() if isinstance(channels, Mapping) else ((name, None) for name in channels):
        check_channel(name, path)
        paths[name] = None if path is None else find_path(os.fspath(path), search_path)
    return paths


def find_path(path: str, directories: Iterable[str]) -> str:
    """Return a path or glob in the first directory that has it; unchanged if none has it.

    Args:
        path: The path or glob. A relative one is looked up in the working directory first.
        directories: The directories.
    """
    for directory in ("", *directories):
        joined, pattern = os.path.join(directory, path), os.path.join(glob.escape(directory), path)
        if os.path.exists(joined):
            return joined
        if glob.glob(pattern, recursive=True):
            return pattern
    return path


def read_paths(paths: Paths) -> Dict[str, Channel]:
    """Read the channels of these paths.

    Raises:
        BadJobError: If the service does not allow a name, or a path does not exist.
    """
    channels: Dict[str, Channel] = {}
    for name, path in paths.items():
        channels.update({check_channel_name(name): EMPTY} if path is None else read_channels([f"{name}={path}"]))
    return channels


def with_required_channels(parser: argparse.ArgumentParser, channels: Channels) -> Dict[str, Optional[str]]:
    """Return the paths of channels, and an empty channel for each argument that must have one and that none of them fills.

    Raises:
        BadJobError: If the channels are neither a mapping of names to paths nor a list of names.
    """
    paths = channel_paths(channels)
    return {**dict.fromkeys(add_required_channels(parser, paths)), **paths}
