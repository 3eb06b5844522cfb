"""The arguments that the channels of a job fill, before the job has any data. Hyperparameters fill the others."""

from __future__ import annotations

import argparse
from typing import Dict, Iterable, Iterator, List, Mapping, Optional

from smargs import _argparse
from smargs.arguments.matching import find, find_channel
from smargs.arguments.names import can_be_filled, expected_variable, may_be_path, named_variable, names, takes_channel
from smargs.container.variables import CHANNEL_PREFIX, HYPERPARAMETER_PREFIX


def is_filled_by_channel(action: argparse.Action, prefix_chars: str, channels: Mapping[str, object]) -> bool:
    """Return whether one of these channels fills an argument."""
    variable = named_variable(action, prefix_chars)
    if variable:
        return variable.startswith(CHANNEL_PREFIX) and find(variable[len(CHANNEL_PREFIX) :], channels) is not None
    if action.nargs == 0 or not may_be_path(action):
        return False
    return any(find_channel(name, channels) is not None for name, _ in names(action, prefix_chars))


def is_hyperparameter(action: argparse.Action, prefix_chars: str, channels: Mapping[str, object]) -> bool:
    """Return whether a hyperparameter fills an argument, and no other variable and none of these channels."""
    return (
        can_be_filled(action)
        and expected_variable(action, prefix_chars).startswith(HYPERPARAMETER_PREFIX)
        and not is_filled_by_channel(action, prefix_chars, channels)
    )


def add_required_channels(parser: argparse.ArgumentParser, channels: Iterable[str]) -> List[str]:
    """Return these names of channels, and one for each argument that must have a channel and that none of these fills."""
    channel_names: Dict[str, None] = dict.fromkeys(channels)
    missing = _first_missing(parser, channel_names)
    while missing is not None:
        channel_names[missing] = None
        # With a second channel, --data-dir has no only channel any more.
        missing = _first_missing(parser, channel_names)
    return list(channel_names)


def _first_missing(parser: argparse.ArgumentParser, channels: Mapping[str, object]) -> Optional[str]:
    """Return the name of a channel that the parser requires, and that a job with these channels does not have."""
    for alternatives in _requirements(parser):
        if not any(is_filled_by_channel(action, parser.prefix_chars, channels) for action in alternatives):
            name = expected_variable(alternatives[0], parser.prefix_chars)[len(CHANNEL_PREFIX) :].lower()
            # Of two channels with one variable, neither fills its argument.
            if name not in channels:
                return name
    return None


def _requirements(parser: argparse.ArgumentParser) -> Iterator[List[argparse.Action]]:
    """Yield lists of arguments. A channel must fill one argument of each."""
    alternatives = [[action] for action in _argparse.actions(parser) if action.required]
    alternatives += [_argparse.members(group) for group in _argparse.exclusive_groups(parser) if group.required]
    for actions in filter(None, alternatives):
        if all(takes_channel(action, parser.prefix_chars) for action in actions):
            yield actions
