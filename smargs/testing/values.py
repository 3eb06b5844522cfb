"""Strategies for the values of one argument: those that it accepts, and those that it refuses."""

from __future__ import annotations

import argparse
import enum
import math
from pathlib import PurePath
from typing import Any, Dict, List, Optional, Tuple

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from smargs import _argparse
from smargs.arguments.bounds import Bounds, declared_bounds
from smargs.arguments.conversion import Converter, collects
from smargs.local.job import TOOLKIT
from smargs.mixin import SageMakerParserMixin
from smargs.texts import to_text

_MOST_ELEMENTS = 5

# Without NUL and surrogates, which an environment variable cannot hold.
_ANY_TEXT = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=20)
_TEXTS = st.one_of(
    st.text("abcxyz019", max_size=8),
    st.sampled_from(("two words", "s3://bucket/key", "-1", "--lr", "1e-3", "00123", "true", "null", "[1, 2]", "a=b,c=d", "é")),
    _ANY_TEXT,
)
_LARGEST = 2**53
_INTEGERS = st.integers(-_LARGEST, _LARGEST)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.one_of(st.booleans(), _INTEGERS, _FLOATS, _TEXTS)
_LISTS = st.lists(SCALARS, max_size=_MOST_ELEMENTS)
_VALUES_OF_TYPE: Dict[Optional[type], st.SearchStrategy[Any]] = {
    None: _TEXTS,
    str: _TEXTS,
    bool: st.booleans(),
    int: _INTEGERS,
    float: st.one_of(_FLOATS, _INTEGERS),
    list: _LISTS,
    tuple: _LISTS,
    set: _LISTS,
    dict: st.dictionaries(_TEXTS, st.one_of(SCALARS, _LISTS), max_size=3),
}

# Texts that are not a number, a boolean, a list or an object.
WORDS = st.text("qxyz", min_size=1, max_size=8)

# Values that most arguments refuse; an argument that accepts every text may refuse the lists.
_UNUSUAL_VALUES: Tuple[Any, ...] = ("q", [], {"q": 1}, ["q"] * 20)


def describe(action: argparse.Action) -> str:
    """Return the name of an argument for errors."""
    return "/".join(action.option_strings) or action.dest


class Declaration:
    """An argument as it is declared on a parser: the values that it accepts and refuses."""

    def __init__(self, parser: SageMakerParserMixin, action: argparse.Action) -> None:
        self._action = action
        # Declared, or inferred from the default.
        self._converter = Converter(parser, action, TOOLKIT)
        self._type = self._converter.type

    def has_acceptable_values(self) -> bool:
        """Whether the argument accepts one of its choices, or has none."""
        return self._action.choices is None or any(map(self._accepts_choice, self._action.choices))

    def accepted_values(self, must_be_set: bool) -> st.SearchStrategy[Any]:
        """Draw values that the argument accepts.

        Args:
            must_be_set: Whether values that leave the argument at its default are not drawn.

        Raises:
            hypothesis.errors.InvalidArgument: If the values of its type are unknown.
        """
        action = self._action
        if action.nargs == 0:
            if isinstance(action, _argparse.CountAction):
                return st.integers(int(must_be_set), 9)
            return st.just(True) if must_be_set else st.booleans()
        one_value = self._one_value()
        if not collects(action):
            return one_value
        if isinstance(action.nargs, int):
            return st.lists(one_value, min_size=action.nargs, max_size=action.nargs)
        may_be_empty = action.nargs in (argparse.ZERO_OR_MORE, argparse.REMAINDER) and not must_be_set
        return st.lists(one_value, min_size=0 if may_be_empty else 1, max_size=_MOST_ELEMENTS)

    def refused_values(self) -> List[st.SearchStrategy[Any]]:
        """Return strategies of values that the argument refuses; none if it accepts all values."""
        # A FileType would open or create a file of any name.
        if isinstance(self._action.type, argparse.FileType):
            return []
        refused = [value for value in _UNUSUAL_VALUES if self._refuses(value)]
        strategies = [st.sampled_from(refused)] if refused else []
        if "q" in refused:
            strategies.append(st.one_of(WORDS, _INTEGERS, _FLOATS, st.lists(WORDS, max_size=3)).filter(self._refuses))
        return strategies

    def _one_value(self) -> st.SearchStrategy[Any]:
        """Draw one value, or one element if the argument takes several."""
        if self._action.choices is not None:
            choices: Any = self._action.choices
            ordered = choices if isinstance(choices, (list, tuple, range)) else sorted(choices, key=repr)
            return st.sampled_from(ordered).filter(self._accepts_choice).map(_as_sent)
        strategy = self._values_of_type()
        if strategy is None:
            name = getattr(self._type, "__name__", repr(self._type))
            raise InvalidArgument(
                f"argument {describe(self._action)}: the texts that its type {name} accepts are unknown: "
                f"add a strategy of its hyperparameter to this call: overrides={{{self._action.dest!r}: ...}}"
            )
        return strategy

    def _values_of_type(self) -> Optional[st.SearchStrategy[Any]]:
        if isinstance(self._type, type) and issubclass(self._type, enum.Enum):
            return st.sampled_from(list(self._type.__members__))
        if isinstance(self._type, type) and issubclass(self._type, PurePath):
            return _TEXTS
        bounds = declared_bounds(self._action)
        if bounds is not None and self._type in (int, float):
            return _within(bounds, self._type)
        # By identity, because a type of the script's own may not be hashable.
        return next((strategy for type_, strategy in _VALUES_OF_TYPE.items() if type_ is self._type), None)

    def _refuses(self, value: object) -> bool:
        option = next(iter(self._action.option_strings), None)
        try:
            self._converter.calls(value, to_text(value), option)
        except Exception:  # A type of the script's own may raise anything.
            return True
        return False

    def _accepts_choice(self, choice: object) -> bool:
        count = self._action.nargs if isinstance(self._action.nargs, int) else 1
        return not self._refuses([_as_sent(choice)] * count if collects(self._action) else _as_sent(choice))


def _within(bounds: Bounds, number: type) -> st.SearchStrategy[Any]:
    """Draw numbers within bounds, and often the bounds themselves."""
    low, high = bounds
    if number is int:
        least = math.floor(high) - _LARGEST if low is None else math.ceil(low)
        return st.integers(least, least + _LARGEST if high is None else math.floor(high))
    inside = st.floats(low, high, allow_nan=False, allow_infinity=False, width=64)
    return st.one_of(inside, st.sampled_from([bound for bound in bounds if bound is not None]))


def _as_sent(choice: object) -> object:
    """Return the value of the hyperparameter that selects a choice."""
    if isinstance(choice, enum.Enum):
        return choice.name
    return choice if choice is None or isinstance(choice, (str, int, float)) else str(choice)
