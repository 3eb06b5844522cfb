"""The values that a launcher requests, from a namespace or a mapping, each with the argument that takes it."""

from __future__ import annotations

import argparse
import json
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from smargs import _argparse
from smargs.arguments.conversion import Converter, collects, inferred_type
from smargs.arguments.matching import find, match
from smargs.arguments.names import hyperparameter_name, names
from smargs.container.job import Job
from smargs.container.variables import fold
from smargs.launch.channels import add_required_channels, is_hyperparameter
from smargs.launch.equality import is_same, stands_for
from smargs.launch.forms import formless, forms, is_nested_deeply
from smargs.launch.spelling import plain_values
from smargs.texts import to_text

ABSENT = object()
"""The value of an argument that a namespace does not have."""


class RequestedValue(NamedTuple):
    """A value to send as a hyperparameter.

    Attributes:
        name: The name of the hyperparameter.
        value: The value as the caller has it.
        action: The argument that takes it; None if there is none, or if it takes only a part of the value.
        is_stored: Whether the value is what the argument should store, as in a namespace, and not what it should read.
        is_exact: Whether the argument should store it with the same type. Objects of other classes than
            ``argparse.Namespace`` may have converted their values.
    """

    name: str
    value: Any
    action: Optional[argparse.Action]
    is_stored: bool
    is_exact: bool = False

    def equals(self, stored: object) -> bool:
        """Return whether the argument stores the value, or one that stands for it."""
        if self.is_exact or is_nested_deeply(self.value) or is_same(self.value, stored):
            return is_same(self.value, stored)
        return any(stands_for(form, stored) for form in forms(self.value, self._levels))

    def formless(self) -> Optional[object]:
        """Return the value, or the first one inside it, that has no form in JSON. The argument's own type must read it back."""
        return formless(self.value, self._levels)

    @property
    def _levels(self) -> int:
        """At how many levels the argument reads texts."""
        if self.action is None or not collects(self.action):
            return 1
        return 3 if self.action.nargs is not None and isinstance(self.action, _argparse.AppendAction) else 2


class Arguments:
    """The arguments of a parser and of the subcommands that the caller has chosen.

    Attributes:
        command: The names of the chosen subcommands.
        parsers: The parser, and the parsers of these subcommands.
    """

    def __init__(self, parser: argparse.ArgumentParser, values: object) -> None:
        """Follow the subcommands.

        Args:
            parser: The parser.
            values: A namespace or a mapping, in which the dest of the subparsers has the name of the subcommand.
        """
        self.command: List[str] = []
        self.parsers = [parser]
        self._choices: List[str] = []
        for each in self.parsers:  # _follow() adds the parsers of the chosen subcommands.
            self._follow(each, values)

    def _follow(self, parser: argparse.ArgumentParser, values: object) -> None:
        for action in _argparse.actions(parser):
            if isinstance(action, _argparse.SubParsersAction):
                self._choices.append(action.dest)
                name: Any = value_of(values, action.dest)
                if isinstance(name, str):
                    self.command.append(name)
                    self.parsers += [action.choices[name]] if name in action.choices else []

    def required_channels(self) -> List[str]:
        """Return names of channels that fill each argument that must have a channel."""
        channels: List[str] = []
        for parser in self.parsers:
            channels = add_required_channels(parser, channels)
        return channels

    def chooses(self, name: object) -> bool:
        """Return whether a name is the dest of subparsers."""
        return name in self._choices

    def config_file_arguments(self) -> Iterator[Tuple[argparse.ArgumentParser, argparse.Action]]:
        """Yield the arguments that name config files."""
        for parser in self.parsers:
            for action in _argparse.actions(parser):
                if getattr(action, "is_config_file_arg", False):
                    yield parser, action

    def requested_by_namespace(
        self, values: object, defaults: object, channels: Mapping[str, object]
    ) -> Iterator[RequestedValue]:
        """Yield each value of a namespace that differs from the parsed default, unless SageMaker or a config file sets it.

        Args:
            values: The namespace.
            defaults: The namespace of a parse without hyperparameters.
            channels: The names of the job's channels, as far as they are known.
        """
        sent: Dict[str, None] = {}
        for parser in self.parsers:
            for action in _argparse.actions(parser):
                name = hyperparameter_name(action, parser.prefix_chars)
                value = value_of(values, action.dest) if _is_sent(action, parser.prefix_chars, channels) else ABSENT
                is_exact = isinstance(values, argparse.Namespace) and not isinstance(action.type, argparse.FileType)
                requested = RequestedValue(name, value, action, is_stored=True, is_exact=is_exact)
                if value is not ABSENT and name not in sent and not requested.equals(value_of(defaults, action.dest)):
                    sent[name] = None
                    yield requested

    def requested_by_mapping(self, values: Mapping[Any, object], directory: str) -> Iterator[RequestedValue]:
        """Yield each value of a mapping, under the name of the argument that takes it.

        Args:
            values: The mapping.
            directory: The directory in the place of ``/opt/ml``.
        """
        takers = self._takers({name: value for name, value in values.items() if isinstance(name, str)}, directory)
        for name, value in values.items():
            if not self.chooses(name):
                actions = [requested.action for requested in takers.values() if requested.action is not None]
                yield takers.get(name) or RequestedValue(name, value, self.taken(name, actions), is_stored=False)

    def taken(self, name: object, actions: Iterable[argparse.Action]) -> Optional[argparse.Action]:
        """Return the argument that would take a name, among those that a hyperparameter of another name has taken."""
        prefix_chars = self.parsers[0].prefix_chars
        return next((action for action in actions if _has_name(action, prefix_chars, str(name))), None)

    def takers(self, hyperparameters: Sequence[str], directory: str) -> Dict[str, argparse.Action]:
        """Return the argument that takes each hyperparameter."""
        takers = self._takers(dict.fromkeys(hyperparameters, ""), directory)
        return {name: requested.action for name, requested in takers.items() if requested.action is not None}

    def _takers(self, values: Mapping[str, object], directory: str) -> Dict[Any, RequestedValue]:
        """Return the values that an argument takes, by the names that the caller has for them."""
        plain = {name: plain_values(value)[0] for name, value in values.items()}
        job = Job({"SM_HPS": json.dumps(plain), "SAGEMAKER_BASE_DIR": directory})
        takers: Dict[Any, RequestedValue] = {}
        for parser in self.parsers:
            matched = _matched(parser, job)
            for name, action, option in matched:
                requested = _requested(parser, action, values[name], option)
                if requested.name != name and (_shares_dest(action, matched) or _is_used(requested.name, values, takers)):
                    requested = RequestedValue(name, values[name], action, is_stored=False)
                takers.setdefault(name, requested)
        for parser, action in self.config_file_arguments():
            for name in filter(None, [find(spelled, values) for spelled, _ in names(action, parser.prefix_chars)]):
                takers.setdefault(name, RequestedValue(name, values[name], action, is_stored=False))
        return takers


_Matched = Tuple[str, argparse.Action, Optional[str]]
"""A hyperparameter, the argument that takes it, and the option string that matched."""


def _matched(parser: argparse.ArgumentParser, job: Job) -> List[_Matched]:
    """Return the hyperparameters that arguments of a parser take."""
    names_of = {id(value): name for name, value in job.hyperparameters.items()}
    matches = match(parser, job)
    taken = [(names_of.get(id(value)), action) for action, value in matches.explicit.items()]
    return [(name, action, matches.options[action]) for name, action in taken if name is not None]


def _shares_dest(action: argparse.Action, matched: Sequence[_Matched]) -> bool:
    """Return whether another argument has the same dest. Such flags keep their names, because they may add to each other."""
    return any(other is not action and other.dest == action.dest for _, other, _ in matched)


def value_of(values: object, dest: str) -> object:
    """Return a value of a mapping, of a namespace, or of the first one of several objects that has it."""
    if isinstance(values, Mapping):
        return values.get(dest, ABSENT)
    if isinstance(values, (list, tuple)) and not hasattr(values, "_fields"):
        return next((value for value in (value_of(inner, dest) for inner in values) if value is not ABSENT), ABSENT)
    return getattr(values, dest, ABSENT)


def _has_name(action: argparse.Action, prefix_chars: str, name: str) -> bool:
    return fold(name) in [fold(own) for own, _ in names(action, prefix_chars)]


def _is_used(name: str, values: Mapping[str, object], takers: Mapping[Any, RequestedValue]) -> bool:
    return name in values or any(name == requested.name for requested in takers.values())


def _is_sent(action: argparse.Action, prefix_chars: str, channels: Mapping[str, object]) -> bool:
    """Return whether a namespace's value of an argument is sent: no variable or channel is expected to set it.

    A config file's values are in the namespace, so its path is sent only if the argument is required.
    """
    if getattr(action, "is_config_file_arg", False):
        return action.required
    return is_hyperparameter(action, prefix_chars, channels)


def _requested(
    parser: argparse.ArgumentParser, action: argparse.Action, value: object, option: Optional[str]
) -> RequestedValue:
    """Return the request for a value of a mapping. A flag that has a valid value is requested by what it stores.

    An argument for texts should store a text unchanged. Other arguments may convert it.
    """
    name = hyperparameter_name(action, parser.prefix_chars)
    if action.nargs != 0 or not _argparse.is_standard(action):
        return RequestedValue(name, value, action, is_stored=isinstance(value, str) and _stores_text(parser, action))
    namespace = argparse.Namespace(**{action.dest: None if action.default is argparse.SUPPRESS else action.default})
    plain = plain_values(value)[0]
    try:
        arguments, shown = Converter(parser, action, None).calls(plain, to_text(plain), option)
    except argparse.ArgumentError:
        return RequestedValue(name, value, action, is_stored=False)
    for argument in arguments:
        action(parser, namespace, argument, shown)
    return RequestedValue(name, getattr(namespace, action.dest), action, is_stored=True, is_exact=True)


def _stores_text(parser: argparse.ArgumentParser, action: argparse.Action) -> bool:
    """Return whether an argument stores the text that it reads, unchanged."""
    is_one = type(action) is _argparse.StoreAction and action.nargs is None
    return is_one and (action.type is str or (action.type is None and inferred_type(parser, action) in (None, str)))
