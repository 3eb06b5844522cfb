"""The ways to spell a Python value as a hyperparameter. The type of the argument decides which of them it reads back."""

from __future__ import annotations

import datetime
import enum
import io
import json
import os
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Tuple

Spelling = Tuple[object, str]
"""A value that JSON can represent, and the text in which it is sent."""

_COLLECTIONS = (list, tuple, set, frozenset)


def spellings(value: object, *, encoded: bool) -> List[Spelling]:
    """Return the spellings of a value, the usual one first.

    Args:
        value: Any Python value.
        encoded: Whether the texts are sent as they are, so that a text may be sent without JSON's quotes. Otherwise the SDK
            encodes the values as JSON.
    """
    texts: List[Spelling] = []
    for plain in plain_values(value):
        if encoded and isinstance(plain, str):
            texts.append((plain, plain))
        texts.append((plain, json.dumps(plain)))
    return texts


def plain_values(value: object) -> List[object]:
    """Return the values that JSON can represent and that may stand for a value, the usual one first."""
    by_text: Dict[str, object] = {}
    for plain in _plain(value):
        by_text.setdefault(json.dumps(plain), plain)
    return list(by_text.values())


def _plain(value: Any) -> Iterator[object]:
    if value is None or type(value) in (bool, int, float, str):
        yield value
    elif isinstance(value, str) and not isinstance(value, enum.Enum):
        yield str.__str__(value)
    elif isinstance(value, enum.Enum):
        yield value.name
        yield from plain_values(value.value)
    elif isinstance(value, _COLLECTIONS):
        yield from _plain_collections(value)
    elif isinstance(value, Mapping):
        yield from _plain_mappings(value)
    else:
        yield from _plain_objects(value)
    if not isinstance(value, str):
        yield from _texts(value)


def _texts(value: object) -> Iterator[str]:
    """Yield the texts of a value: its str, and JSON's text of a boolean."""
    try:
        yield str(value)
    except Exception:  # An object may have no text, such as a pipeline variable.
        yield object.__repr__(value)
    if isinstance(value, bool):
        yield json.dumps(value)


def _plain_collections(value: Iterable[object]) -> Iterator[object]:
    elements = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
    choices = [plain_values(element) for element in elements]
    for number in range(max(map(len, choices), default=1)):
        yield [choice[min(number, len(choice) - 1)] for choice in choices]
    for separator in (",", " "):
        yield separator.join(str(choice[0]) for choice in choices)


def _plain_mappings(value: Mapping[object, object]) -> Iterator[object]:
    choices = {key: plain_values(inner) for key, inner in value.items()}
    if all(isinstance(key, str) for key in choices):
        for number in range(max(map(len, choices.values()), default=1)):
            yield {str.__str__(key): choice[min(number, len(choice) - 1)] for key, choice in choices.items()}


def _plain_objects(value: Any) -> Iterator[object]:
    """Yield the spellings of a path, a date, a file, a number of another library, a function or a class."""
    if isinstance(value, os.PathLike):
        yield os.fsdecode(value)
    if isinstance(value, datetime.datetime):
        yield from (value.isoformat(), value.date().isoformat())
    elif isinstance(value, (datetime.date, datetime.time)):
        yield value.isoformat()
    elif isinstance(value, io.IOBase):
        yield str(getattr(value, "name", value))
    if isinstance(value, (int, float)):
        yield float(value) if isinstance(value, float) else int(value)
    for attribute in ("__name__", "name"):
        name = getattr(value, attribute, None)
        if isinstance(name, str):
            yield name
