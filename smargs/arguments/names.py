"""The names of declared arguments, and the variables that belong to them."""

from __future__ import annotations

import argparse
import os
from typing import Iterable, List, Mapping, Optional, Tuple

from smargs import _argparse
from smargs.container.sources import SourcedValue
from smargs.container.variables import (
    ARGUMENT_NAMES,
    BY_NAME,
    CHANNEL_PREFIX,
    HYPERPARAMETER_PREFIX,
    PREFIX,
    Variable,
    fold,
)

_SUFFIXES = ("_data_dir", "_data_path", "_dir", "_path", "_data")

TWINS = {
    name: twin
    for pair in (("train", "training"), ("test", "testing"), ("val", "validation"))
    for name, twin in (pair, pair[::-1])
}
"""The other usual name of a channel."""


Name = Tuple[str, Optional[str]]
"""One name of an argument without leading prefix characters, and its option string; None for the dest."""


def names(action: argparse.Action, prefix_chars: str) -> List[Name]:
    """Return every name of an argument: its option strings, then its dest."""
    return [*((option.lstrip(prefix_chars), option) for option in action.option_strings), (action.dest, None)]


def can_be_filled(action: argparse.Action) -> bool:
    """Return whether SageMaker may fill an argument: any but help, version, subparsers and the paths of config files."""
    return (
        action.dest != argparse.SUPPRESS
        and action.nargs != argparse.PARSER
        and not isinstance(action, _argparse.EXITING)
        and not getattr(action, "is_config_file_arg", False)
        and not getattr(action, "is_write_out_config_file_arg", False)
    )


def environment_variable(action: argparse.Action) -> Optional[str]:
    """Return the variable in ``env_var=``, or None."""
    variable: Optional[str] = getattr(action, "env_var", None)
    return variable


def with_variables(actions: Iterable[argparse.Action]) -> List[argparse.Action]:
    """Return the arguments that have ``env_var=``."""
    return [action for action in actions if getattr(action, "env_var", None)]


def named_variable(action: argparse.Action, prefix_chars: str) -> Optional[str]:
    """Return the variable of SageMaker that an argument names: by ``env_var=``, or by a name such as ``--sm-channel-train``."""
    variable = environment_variable(action)
    if variable:
        return variable if variable.startswith(PREFIX) else None
    for name in (*action.option_strings, action.dest):
        name = name.lstrip(prefix_chars)
        if name[:2] in ("sm", "SM", "Sm", "sM"):
            variable = fold(name).upper()
            if variable.startswith((HYPERPARAMETER_PREFIX, CHANNEL_PREFIX)):
                return variable
    return None


def hyperparameter_name(action: argparse.Action, prefix_chars: str) -> str:
    """Return the name under which an argument's hyperparameter is sent.

    It is the longest ``--option``, never a ``--no-option``; the dest for a flag of argparse and for a positional; x for
    ``env_var="SM_HP_X"``.
    """
    variable = named_variable(action, prefix_chars) or ""
    if variable.startswith(HYPERPARAMETER_PREFIX):
        return variable[len(HYPERPARAMETER_PREFIX) :].lower()
    is_flag = action.nargs == 0 and _argparse.is_standard(action)
    positive = [option for option in action.option_strings if not is_flag and option[:5] != "--no-"]
    long = [option for option in positive if option[1:2] in prefix_chars]
    longest: str = max(long or positive, key=len, default=action.dest)
    return longest.lstrip(prefix_chars)


def documented_variable(action: argparse.Action, prefix_chars: str) -> Optional[Variable]:
    """Return the documented variable of an argument: the one in ``env_var=``, or the one with the argument's name."""
    named = environment_variable(action)
    if named and named.startswith(PREFIX):
        return BY_NAME.get(named)
    if action.nargs == 0 or not can_be_filled(action):
        return None
    folded = (fold(name) for name, _ in names(action, prefix_chars))
    return next((ARGUMENT_NAMES[name] for name in folded if name in ARGUMENT_NAMES), None)


def expected_variables(action: argparse.Action, prefix_chars: str, *, among_channels: bool) -> List[str]:
    """Return the variables that could fill an argument, for an error.

    Args:
        action: The argument.
        prefix_chars: The characters that option strings start with.
        among_channels: Whether the job has channels. Any argument that may be a path may then be a channel; otherwise only an
            argument with a usual name of a channel may be one.
    """
    variable = expected_variable(action, prefix_chars)
    may_be_channel = among_channels and action.nargs != 0 and may_be_path(action)
    if not may_be_channel or named_variable(action, prefix_chars):
        return [variable]
    if not variable.startswith(HYPERPARAMETER_PREFIX):
        return [variable]
    return [variable, f"{CHANNEL_PREFIX}{variable[len(HYPERPARAMETER_PREFIX) :]}"]


def expected_variable(action: argparse.Action, prefix_chars: str) -> str:
    """Return the variable that could fill an argument, for help. It is a channel's only if the name is usual for a channel."""
    named = named_variable(action, prefix_chars)
    if named:
        return named
    documented = documented_variable(action, prefix_chars)
    if documented:
        return documented.name
    positive = [name for name, option in names(action, prefix_chars) if option is None or option[:5] != "--no-"]
    longest = fold(max(positive, key=len))
    channel = _usual_channel(longest) if action.nargs != 0 and may_be_path(action) else None
    return f"{CHANNEL_PREFIX}{channel.upper()}" if channel else f"{HYPERPARAMETER_PREFIX}{longest.upper()}"


def takes_channel(action: argparse.Action, prefix_chars: str) -> bool:
    """Return whether an argument has a usual name of a channel, such as ``--train`` or ``--data-dir``."""
    return expected_variable(action, prefix_chars).startswith(CHANNEL_PREFIX)


def _usual_channel(name: str) -> Optional[str]:
    return next((base for base in bases(name) if base in TWINS or base == "data"), None)


def bases(name: str) -> List[str]:
    """Return a name, then the name without each suffix that it ends with, such as ``_dir`` or ``_data_dir``."""
    return [name, *(name[: -len(suffix)] for suffix in _SUFFIXES if fold(name).endswith(suffix))]


def may_be_path(action: argparse.Action) -> bool:
    """Return whether an argument may hold a path: its type and its default allow a text or a path, and it has no choices."""
    is_path_type = isinstance(action.type, type) and issubclass(action.type, os.PathLike)
    return (
        (action.type in (None, str) or is_path_type)
        and (action.default is None or isinstance(action.default, (str, os.PathLike)))
        and action.choices is None
    )


def declared_spelling(token: str, options: Mapping[str, argparse.Action]) -> str:
    """Return a token with the declared spelling of its option, if exactly one option differs from it by ``-`` and ``_``."""
    name, equals, value = token.partition("=")
    if name in options or ("-" not in name[2:] and "_" not in name[2:]):
        return token
    hyphenated = name.replace("_", "-")
    same = [option for option in options if option[0] == name[0] and option.replace("_", "-") == hyphenated]
    return f"{same[0]}{equals}{value}" if len(same) == 1 else token


def configargparse_variable(parser: argparse.ArgumentParser, action: argparse.Action) -> Optional[str]:
    """Return the variable that ConfigArgParse reads for an argument: the one in ``env_var=``, or an automatic one.

    A variable of SageMaker is never one of these: it fills arguments by the rules of :mod:`smargs.arguments.matching`.
    """
    variable = environment_variable(action)
    automatic_prefix = _argparse.automatic_prefix(parser)
    if not variable and automatic_prefix is not None and can_be_filled(action):
        doubled = {2 * character for character in parser.prefix_chars}
        long_option = next((option for option in action.option_strings if option[:2] in doubled), None)
        if long_option:
            variable = (automatic_prefix + long_option[2:].strip(parser.prefix_chars)).replace("-", "_").upper()
    return None if variable and variable.startswith(PREFIX) else variable


def configargparse_value(
    parser: argparse.ArgumentParser, action: argparse.Action, environ: Mapping[str, str]
) -> Optional[SourcedValue]:
    """Return the value of the variable that ConfigArgParse reads for an argument, or None if there is none."""
    variable = configargparse_variable(parser, action)
    text = environ.get(variable) if variable else None
    return None if variable is None or text is None else SourcedValue(text, text, variable)
