"""One hyperparameter before it is sent: the parser decides in which of its spellings."""

from __future__ import annotations

import argparse
from typing import Any, List, Optional, Sequence

from smargs import _argparse
from smargs.arguments.conversion import has_custom_type
from smargs.launch.equality import is_same
from smargs.launch.limits import limit_problems
from smargs.launch.request import RequestedValue, value_of
from smargs.launch.spelling import Spelling, spellings
from smargs.launch.trial import Outcome, key_of


class Draft:
    """A hyperparameter with its spellings, of which one is chosen.

    Attributes:
        requested: The value, and the argument that takes it.
        name: The name of the hyperparameter.
        round_trips: Whether the argument has the requested value on every platform, or might have it.
    """

    def __init__(self, requested: RequestedValue, candidates: Sequence[Spelling]) -> None:
        """Begin with the first spelling that the service accepts.

        Args:
            requested: The value, and the argument that takes it.
            candidates: The spellings of the value.
        """
        self.requested = requested
        self.name = requested.name
        self.round_trips = True
        fitting = [spelling for spelling in candidates if not any(limit_problems({self.name: spelling[1]}))]
        self._spellings: Sequence[Spelling] = fitting or candidates
        self._index = 0

    @property
    def value(self) -> object:
        """The value that JSON can represent."""
        return self._spellings[self._index][0]

    @property
    def text(self) -> str:
        """The text in which the value is sent."""
        return self._spellings[self._index][1]

    def choose_next(self) -> bool:
        """Choose the next spelling. If there is no other, choose the first one again, and return False."""
        self.round_trips = self._index + 1 < len(self._spellings)
        self._index = self._index + 1 if self.round_trips else 0
        return self.round_trips

    def is_read_back(self, outcomes: Sequence[Outcome]) -> bool:
        """Return whether the argument has the requested value after each of these parses.

        True also if argparse stopped before that was known.
        """
        action = self.requested.action
        if action is None or any(outcome.namespace is None for outcome in outcomes):
            return True
        return self.is_same_everywhere(outcomes) and self.requested.equals(value_of(outcomes[0].namespace, action.dest))

    def is_same_everywhere(self, outcomes: Sequence[Outcome]) -> bool:
        """Return whether the argument has the same value after each of these parses, without a problem."""
        action = self.requested.action
        if action is None or any(outcome.problem_of(key_of(action)) for outcome in outcomes):
            return action is None
        stored = [value_of(outcome.namespace, action.dest) for outcome in outcomes]
        return all(is_same(value, stored[0]) for value in stored)

    def stored(self, outcomes: Sequence[Outcome]) -> str:
        """Return the value that the argument has, on each platform if the values differ."""
        action = self.requested.action
        assert action is not None
        by_platform = {outcome.route.name: repr(value_of(outcome.namespace, action.dest)) for outcome in outcomes}
        if len(set(by_platform.values())) == 1:
            return next(iter(by_platform.values()))
        return ", ".join(f"{text} with {platform}" for platform, text in by_platform.items())


def spell(requested: RequestedValue, *, encoded: bool) -> List[Spelling]:
    """Return the spellings of a requested value."""
    values = _values(requested.action, requested.value) if requested.is_stored else [requested.value]
    return [spelling for value in values for spelling in spellings(value, encoded=encoded)]


def _values(action: Optional[argparse.Action], value: Any) -> List[object]:
    """Return the values of a hyperparameter with which an argument may store a value."""
    if action is None or action.default is None:
        return _values_without_default(action, value)
    if isinstance(action, _argparse.CountAction) and isinstance(value, int):
        return [value - action.default]
    if isinstance(action, _argparse.AppendAction) and isinstance(value, list) and isinstance(action.default, list):
        # The platform's values are added to the default.
        count = len(action.default)
        return [value[count:] if value[:count] == action.default else value]
    return _values_without_default(action, value)


def _values_without_default(action: Optional[argparse.Action], value: object) -> List[object]:
    is_flag = action is not None and action.nargs == 0 and not isinstance(action, _argparse.CountAction)
    if action is not None and is_flag:
        return [value, True, False, action.const]
    # A type such as ast.literal_eval reads the source of a text.
    if isinstance(value, str) and action is not None and has_custom_type(action):
        return [value, repr(str.__str__(value))]
    return [value]
