"""Which arguments the channels of a job fill, before the job has any data."""

from __future__ import annotations

import argparse
from typing import Mapping

from smargs.arguments.matching import find, find_channel
from smargs.arguments.names import may_be_path, named_variable, names
from smargs.container.variables import CHANNEL_PREFIX


def is_filled_by_channel(action: argparse.Action, prefix_chars: str, channels: Mapping[str, object]) -> bool:
    """Return whether one of these channels fills an argument."""
    variable = named_variable(action, prefix_chars)
    if variable:
        return variable.startswith(CHANNEL_PREFIX) and find(variable[len(CHANNEL_PREFIX) :], channels) is not None
    if action.nargs == 0 or not may_be_path(action):
        return False
    return any(find_channel(name, channels) is not None for name, _ in names(action, prefix_chars))
