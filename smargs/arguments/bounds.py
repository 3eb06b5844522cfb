"""The least and the greatest value of an argument: ``add_argument(..., bounds=(0, 1))``."""

from __future__ import annotations

import argparse
from typing import Any, NamedTuple, Optional

from smargs.texts import INFINITY


class Bounds(NamedTuple):
    """The bounds of an argument. It also accepts the bounds themselves.

    Attributes:
        low: The least value; None if there is none.
        high: The greatest value; None if there is none.
    """

    low: Any
    high: Any

    def __str__(self) -> str:
        if self.low is None:
            return f"{self.high} or less"
        return f"{self.low} or more" if self.high is None else f"{self.low} to {self.high}"


def make_bounds(declared: Any) -> Bounds:
    """Read ``bounds=``.

    Raises:
        ValueError: If it is not a pair of numbers in order, of which one may be None.
    """
    try:
        low, high = bounds = Bounds(*declared)
        are_finite = all(-INFINITY < bound < INFINITY for bound in bounds if bound is not None)
        if are_finite and ((low is None) != (high is None) or low <= high):
            return bounds
    except TypeError:
        pass
    raise ValueError(f"bounds={declared!r}: expected the least and the greatest number, such as (0, 1), (0, None) or (None, 1)")


def declared_bounds(action: argparse.Action) -> Optional[Bounds]:
    """Return the bounds of an argument, or None."""
    return getattr(action, "bounds", None)


def check_bounds(action: argparse.Action, value: Any) -> None:
    """Check one value of an argument: a number, or each element of a collection.

    Raises:
        argparse.ArgumentError: If the value is not in the bounds.
    """
    bounds = declared_bounds(action)
    is_collection = isinstance(value, (list, tuple, set))
    # Before Python 3.9 argparse also checks the default of a positional with nargs="*", which is a list.
    if bounds is None or (is_collection and value is action.default):
        return
    for number in value if is_collection else [value]:
        is_inside = _is_inside(bounds, number)
        if not is_inside:
            needs_type = is_inside is None and not is_collection
            expected = "bounds= needs a type of numbers, such as int" if needs_type else f"expected {bounds}"
            raise argparse.ArgumentError(action, f"invalid value: {number!r} ({expected})")


def _is_inside(bounds: Bounds, value: Any) -> Optional[bool]:
    """Return whether a value is in the bounds; None if it is not a number."""
    try:
        return bool((bounds.low is None or bounds.low <= value) and (bounds.high is None or value <= bounds.high))
    except TypeError:
        return None
