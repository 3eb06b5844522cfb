"""The ways to spell a Python value as a hyperparameter. The type of the argument decides which of them it reads back."""

from __future__ import annotations

import datetime
import enum
import json
from typing import Any, Iterator, List, Tuple

from smargs.launch.forms import Elements, combinations, distinct, elements_of, forms, inner_values, is_nested_deeply

Spelling = Tuple[object, str]
"""A value that JSON can represent, and the text in which it is sent."""


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
    """Return the forms of a value, then other values of JSON that its own type may read back."""
    if is_nested_deeply(value):
        return [_text(value)]
    return distinct((*forms(value), *_guesses(value)))


def _guesses(value: Any) -> Iterator[object]:
    elements = elements_of(value)
    if elements is not None:
        yield from _guesses_of_elements(elements)
    elif isinstance(value, enum.Enum):
        yield value.name
        yield from plain_values(value.value)
    elif isinstance(value, datetime.datetime):
        yield value.date().isoformat()
    else:
        yield from _names(value)
    if not isinstance(value, str):
        yield _text(value)


def _guesses_of_elements(elements: Elements) -> Iterator[object]:
    choices = [plain_values(element) for element in inner_values(elements)]
    yield from combinations(elements, choices)
    if isinstance(elements, list):
        for separator in (",", " "):
            yield separator.join(str(choice[0]) for choice in choices)


def _names(value: object) -> Iterator[str]:
    """Yield the name of a function, of a class, or of another object that has one."""
    for attribute in ("__name__", "name"):
        name = getattr(value, attribute, None)
        if isinstance(name, str):
            yield name


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # An object may have no text, such as a pipeline variable.
        return object.__repr__(value)
