"""Comparison of a value that a parser returned with the one that was sent."""

from __future__ import annotations

import enum
import math
from typing import Any, Collection, List


def is_same(value: Any, other: Any) -> bool:
    """Return whether two values have the same type and are equal, at any depth. NaN equals NaN.

    Instances of a class that defines no equality are the same if their attributes are.
    """
    if value is other or type(value) is not type(other):
        return value is other
    if isinstance(value, (list, tuple)):
        return len(value) == len(other) and all(map(is_same, value, other))
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(map(is_same, value.values(), map(other.get, value)))
    if _has_only_identity(value):
        return is_same(vars(value), vars(other))
    return _is_equal(value, other) or (_is_nan(value) and _is_nan(other))


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _has_only_identity(value: Any) -> bool:
    """Return whether an object has attributes to compare, and its class defines no equality. A function is no such object."""
    equality: object = type(value).__eq__
    return equality is object.__eq__ and hasattr(value, "__dict__") and not callable(value)


def stands_for(sent: Any, stored: Any) -> bool:
    """Return whether an argument stores a value that was sent, apart from its type: ``3`` for ``"3"``, ``{1}`` for ``[1]``."""
    if isinstance(stored, enum.Enum):
        return bool(sent == stored.name) or _is_equal(sent, stored.value)
    if isinstance(stored, (list, tuple, set, frozenset)):
        return _collection_stands_for(sent if isinstance(sent, list) else [sent], stored)
    if isinstance(stored, dict) and isinstance(sent, dict):
        return sent.keys() == stored.keys() and all(map(stands_for, sent.values(), map(stored.get, sent)))
    # The text of a collection is no collection.
    return _is_equal(sent, stored) or (not isinstance(sent, (list, dict)) and str(sent) == str(stored))


def _collection_stands_for(sent: List[Any], stored: Collection[Any]) -> bool:
    if isinstance(stored, (list, tuple)):
        return len(sent) == len(stored) and all(map(stands_for, sent, stored))
    return set(map(str, sent)) == set(map(str, stored))


def _is_equal(value: Any, other: Any) -> bool:
    try:
        return bool(value == other)
    except Exception:  # The script's own class may raise anything, and an array has no single truth value.
        return False
