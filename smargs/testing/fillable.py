"""The arguments of a parser that hyperparameters may fill, and the names of these hyperparameters."""

from __future__ import annotations

import argparse
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Set

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from smargs import _argparse
from smargs.arguments.names import can_be_filled, environment_variable, expected_variable, names
from smargs.container.variables import HYPERPARAMETER_PREFIX, fold
from smargs.launch.channels import is_filled_by_channel
from smargs.mixin import SageMakerParserMixin
from smargs.testing.channels import Paths
from smargs.testing.values import Declaration, describe

Overrides = Mapping[str, st.SearchStrategy[Any]]
"""For each dest, a strategy of its hyperparameter."""


class FillableArgument(NamedTuple):
    """An argument that a hyperparameter may fill.

    Attributes:
        names: The names of its hyperparameter.
        accepted: The values that it accepts.
        refused: The values that it refuses; empty if it accepts all values.
    """

    names: List[str]
    accepted: st.SearchStrategy[Any]
    refused: List[st.SearchStrategy[Any]]


class FillableGroup(NamedTuple):
    """Arguments of which a job may fill one: those of one dest, or those that exclude each other.

    Attributes:
        arguments: The arguments.
        required: Whether a job must fill one of them.
    """

    arguments: List[FillableArgument]
    required: bool


def fillable_groups(parser: SageMakerParserMixin, overrides: Overrides, channels: Paths) -> List[FillableGroup]:
    """Return the arguments that hyperparameters may fill in a job with these channels.

    Raises:
        hypothesis.errors.InvalidArgument: If an argument needs an override, or is required and accepts no value, or an override
            names no argument.
    """
    check_parser(parser)
    unknown = sorted(overrides.keys() - {action.dest for action in _argparse.actions(parser)})
    if unknown:
        raise InvalidArgument(f"overrides: {unknown[0]!r} is not the dest of an argument")
    groups = [
        _make_group(parser, overrides, actions, is_required=getattr(key, "required", False))
        for key, actions in _exclusive_actions(parser, overrides, channels).items()
    ]
    return [group for group in groups if group.arguments]


def check_parser(parser: object) -> None:
    """Check that a parser is one that SageMaker fills.

    Raises:
        hypothesis.errors.InvalidArgument: If it is not.
    """
    if not isinstance(parser, SageMakerParserMixin):
        raise InvalidArgument(f"expected a parser of smargs, not {type(parser).__name__}")


def declared_names(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield every name that a hyperparameter may have for a parser or one of its subparsers."""
    for action in _argparse.actions(parser):
        yield expected_variable(action, parser.prefix_chars)[len(HYPERPARAMETER_PREFIX) :]
        for name, _ in names(action, parser.prefix_chars):
            yield name
        if isinstance(action, _argparse.SubParsersAction):
            for subparser in action.choices.values():
                yield from declared_names(subparser)


def _exclusive_actions(
    parser: SageMakerParserMixin, overrides: Overrides, channels: Paths
) -> Dict[object, List[argparse.Action]]:
    """Return the fillable arguments by their mutually exclusive group, or else by their dest."""
    groups = {action: group for group in _argparse.exclusive_groups(parser) for action in _argparse.members(group)}
    exclusive: Dict[object, List[argparse.Action]] = {}
    for action in _argparse.actions(parser):
        if _is_fillable(action, parser.prefix_chars, action.dest in overrides, channels):
            exclusive.setdefault(groups.get(action, action.dest), []).append(action)
    return exclusive


def _make_group(
    parser: SageMakerParserMixin, overrides: Overrides, actions: List[argparse.Action], is_required: bool
) -> FillableGroup:
    """Make a group of arguments, without those that accept no value.

    Raises:
        hypothesis.errors.InvalidArgument: If the group is required, but empty.
    """
    arguments = []
    for action in actions:
        declaration, override = Declaration(parser, action), overrides.get(action.dest)
        if override is not None or declaration.has_acceptable_values():
            accepted = declaration.accepted_values(is_required) if override is None else override
            arguments.append(FillableArgument(_hyperparameter_names(parser, action), accepted, declaration.refused_values()))
    group = FillableGroup(arguments, is_required or any(action.required for action in actions))
    if group.required and not arguments:
        raise InvalidArgument(
            f"argument {describe(actions[0])}: it is required, but accepts none of its choices: "
            "argparse compares the choices with converted values: expected a type that converts a text to a choice"
        )
    return group


def _is_fillable(action: argparse.Action, prefix_chars: str, has_override: bool, channels: Paths) -> bool:
    """Whether a hyperparameter fills an argument, and not a documented variable or a channel with its name."""
    if not can_be_filled(action) or action.nargs == argparse.SUPPRESS:
        return False
    if has_override and _declared_variable(action, prefix_chars) is None:
        return True
    variable = expected_variable(action, prefix_chars)
    return variable.startswith(HYPERPARAMETER_PREFIX) and not is_filled_by_channel(action, prefix_chars, channels)


def _declared_variable(action: argparse.Action, prefix_chars: str) -> Optional[str]:
    """Return the variable of SageMaker that an argument names, which is the only one that fills it; None if it names none."""
    variable = expected_variable(action, prefix_chars)
    variables = [environment_variable(action), *(fold(name).upper() for name, _ in names(action, prefix_chars))]
    return variable if variable in variables else None


def _hyperparameter_names(parser: argparse.ArgumentParser, action: argparse.Action) -> List[str]:
    """Return the names of the hyperparameters that fill this argument and no other argument."""
    variable = _declared_variable(action, parser.prefix_chars)
    if variable is not None:
        return [variable[len(HYPERPARAMETER_PREFIX) :].lower()]
    # A --no-flag is filled under the name of its flag.
    positive = [name for name, option in names(action, parser.prefix_chars) if option and option[:5] != "--no-"]
    own_names = positive or [action.dest]
    other_names = _names_of_others(parser, action)
    spellings = dict.fromkeys(own_names)
    for name in own_names:
        if fold(name) not in other_names:
            spellings.update(dict.fromkeys((name.replace("-", "_"), name.replace("_", "-"))))
    return [name for name in spellings if not name.startswith("-")]


def _names_of_others(parser: argparse.ArgumentParser, action: argparse.Action) -> Set[str]:
    """Return the folded names of all other arguments."""
    others = [other for other in _argparse.actions(parser) if other is not action]
    return {fold(name) for other in others for name, _ in names(other, parser.prefix_chars)}
