"""The values that JSON can represent and that stand for a Python value: its forms."""

from __future__ import annotations

import collections
import contextlib
import datetime
import enum
import io
import itertools
import json
import numbers
import os
from collections.abc import Sequence as AnySequence
from collections.abc import Set as AnySet
from collections.abc import ValuesView
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Union

from smargs.texts import DEEPEST

Elements = Union[List[Any], Dict[Any, Any]]
"""The elements of a collection."""


def forms(value: object, levels: int = 1) -> List[object]:
    """Return the forms of a value, the usual one first. A value of a class that JSON does not know may have none.

    Args:
        value: Any Python value.
        levels: At how many levels the argument reads texts: one, or two if it reads each element of a list. A number that JSON
            does not know is sent as a text, so it has a form only there.
    """
    return distinct(_forms(value, levels))


def formless(value: object, levels: int = 1) -> Optional[object]:
    """Return the first value without a form: the value itself, or one inside it at any depth. None if every value has one."""
    elements = elements_of(value)
    if elements is None:
        return None if forms(value, levels) else value
    keys = (key for key in elements if isinstance(elements, dict) and not isinstance(key, str))
    inner = (formless(element, levels - 1) for element in inner_values(elements))
    return next((each for each in itertools.chain(keys, inner) if each is not None), None)


def distinct(values: Iterable[object]) -> List[object]:
    """Return values without those that are the same in JSON."""
    by_text: Dict[str, object] = {}
    for value in values:
        by_text.setdefault(json.dumps(value), value)
    return list(by_text.values())


def elements_of(value: Any) -> Optional[Elements]:
    """Return the elements of a collection, also of an array of NumPy, PyTorch or pandas; None for any other value."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (str, bytes, bytearray, memoryview, collections.UserString)):
        return None
    if isinstance(value, (AnySequence, AnySet, ValuesView)):
        return sorted(value, key=repr) if isinstance(value, (set, frozenset)) else list(value)
    listed = _listed(value)
    return listed if isinstance(listed, list) else None


def is_nested_deeply(value: object, depth: int = 0) -> bool:
    """Return whether a value is nested more than 64 levels deep, such as a list that contains itself."""
    elements = elements_of(value)
    if elements is None:
        return False
    return depth >= DEEPEST or any(is_nested_deeply(element, depth + 1) for element in inner_values(elements))


def combinations(elements: Elements, choices: Sequence[List[object]]) -> Iterator[object]:
    """Yield collections of what may stand for the elements: of the first choice for each, of the second one, and so on."""
    if not all(choices) or not all(isinstance(key, str) for key in elements if isinstance(elements, dict)):
        return
    for number in range(max(map(len, choices), default=1)):
        values = [choice[min(number, len(choice) - 1)] for choice in choices]
        yield dict(zip(map(builtin, elements), values)) if isinstance(elements, dict) else values


def inner_values(elements: Elements) -> List[Any]:
    """Return the values of a dict, or the elements of a list."""
    return list(elements.values()) if isinstance(elements, dict) else elements


def builtin(value: Any) -> Union[str, int, float]:
    """Return the text or the number of the builtin class that a value of a subclass has."""
    if isinstance(value, str):
        return str.__str__(value)
    return float(value) if isinstance(value, float) else int(value)


def _forms(value: Any, levels: int) -> Iterator[object]:
    elements = elements_of(value)
    if value is None or isinstance(value, bool):
        yield from (value,) if value is None else (value, str(value), json.dumps(value))
    elif isinstance(value, (str, int, float)):
        yield builtin(value)
    elif isinstance(value, enum.Enum):
        yield from (value.name, *forms(value.value, levels))
    elif elements is not None:
        yield from combinations(elements, [forms(element, levels - 1) for element in inner_values(elements)])
    else:
        yield from _forms_of_object(value, levels)


def _forms_of_object(value: Any, levels: int) -> Iterator[object]:
    """Yield the forms of a path, a date, a file, a number of another library, or an object with a text of its own."""
    if isinstance(value, os.PathLike):
        yield os.fsdecode(value)
    elif isinstance(value, (datetime.date, datetime.time)):
        yield value.isoformat()
    elif isinstance(value, io.IOBase):
        yield from (name for name in [getattr(value, "name", None)] if isinstance(name, str))
    elif _listed(value) is not None:
        yield from forms(_listed(value), levels)
    elif levels > 0 or not isinstance(value, numbers.Number):
        yield from _own_texts(value)


def _listed(value: Any) -> object:
    """Return the builtin list or number that an array or a number of NumPy, PyTorch or pandas has; None for any other value."""
    if not hasattr(type(value), "tolist"):
        return None
    # A date of NumPy would become a number.
    listed = None if getattr(getattr(value, "dtype", None), "kind", None) in ("m", "M") else value.tolist()
    return listed if isinstance(listed, (list, str, bool, int, float)) else None


def _own_texts(value: object) -> Iterator[str]:
    """Yield the text of an object whose class defines one. The text of a collection, such as bytes, is no collection."""
    if type(value).__str__ is not object.__str__ and not hasattr(type(value), "__iter__"):
        with contextlib.suppress(Exception):  # An object may have no text, such as a pipeline variable.
            yield str(value)
