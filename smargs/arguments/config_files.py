"""Which config file a job names for an argument with ``is_config_file=True``."""

from __future__ import annotations

import argparse
import os
from typing import Dict, Iterator, Optional, Set, Tuple

from smargs import _argparse
from smargs.arguments.matching import find, find_channel, lookup
from smargs.arguments.names import named_variable, names
from smargs.container.job import Job
from smargs.container.sources import SourcedValue

_Match = Tuple[Optional[str], Optional[SourcedValue]]
"""The hyperparameter that names a config file, and the value with its path; None for each that is absent."""


class ConfigFiles:
    """The config files that a job names for the arguments of a parser.

    The path is the value by rules 1 and 2 of :mod:`smargs.arguments.matching`, else the only file of the channel by rule 4. The
    only file of a channel is also the path where rule 1 names the channel's variable.

    Attributes:
        values: The path for each of these arguments, with its source.
        tokens: The options of these arguments with the paths, as a person would type them.
        claimed: The hyperparameters that name config files.
    """

    def __init__(self, parser: argparse.ArgumentParser, job: Job) -> None:
        self.values: Dict[argparse.Action, SourcedValue] = {}
        self.claimed: Set[str] = set()
        for action in _config_file_arguments(parser):
            hyperparameter, value = _match(action, job, parser.prefix_chars)
            self.claimed.update(() if hyperparameter is None else (hyperparameter,))
            if value is not None and value.value is not None and value.text:
                self.values[action] = value
        self.tokens = [token for action, value in self.values.items() for token in (action.option_strings[-1], value.text)]


def _config_file_arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in _argparse.actions(parser):
        if getattr(action, "is_config_file_arg", False) and action.option_strings:
            yield action


def _match(action: argparse.Action, job: Job, prefix_chars: str) -> _Match:
    variable = named_variable(action, prefix_chars)
    if variable:
        hyperparameter, value = lookup(variable, job)
        # If the channel has no file or several, ConfigArgParse's error names the channel's directory.
        file = _only_file(value) if value is not None and value in job.channels.values() else None
        return hyperparameter, file or value
    every_name = [name for name, _ in names(action, prefix_chars)]
    for name in every_name:
        hyperparameter = find(name, job.hyperparameters)
        if hyperparameter is not None:
            return hyperparameter, job.hyperparameters[hyperparameter]
    channel = next(filter(None, (find_channel(name, job.channels) for name in every_name)), None)
    return None, _only_file(job.channels[channel]) if channel is not None else None


def _only_file(channel: SourcedValue) -> Optional[SourcedValue]:
    """Return the path of the only file in the directory of a channel; None if there is not exactly one."""
    try:
        paths = [entry.path for entry in os.scandir(channel.text) if entry.is_file()]
    except OSError:
        return None
    return SourcedValue(paths[0], paths[0], channel.source) if len(paths) == 1 else None
