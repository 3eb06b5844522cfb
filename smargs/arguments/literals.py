"""Read booleans, lists, objects and integers from texts: JSON, Python, or as people and platforms write them."""

from __future__ import annotations

import ast
import enum
import re
from typing import Callable, Dict, List, Optional, Sequence, Tuple, Type

from smargs.texts import INFINITY, decode, is_deep

_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}

BOOLEAN_TEXTS = "true, yes, on, 1, false, no, off or 0"
"""The texts of a boolean, for errors."""

# These patterns are texts: re compiles them on first use, and not when the package is imported.

# A decimal number: its sign, its integral part, its fraction and its exponent.
_NUMBER = r"(?a)([+-]?)(\d+(?:_\d+)*)(?:\.(\d+(?:_\d+)*)?)?(?:[eE]([+-]?\d+))?"

# Parts of a Python literal: a backslash with the character that it escapes, a string, and a word outside of strings.
_BACKSLASH = r"(?s)\\([4-7][0-7]{2}|.)"
_ESCAPED = frozenset("\n\\'\"abfnrtvxuUN01234567")
# A string without a closing quote runs to the end.
_STRING = r"""(?s)'[^'\\]*(?:\\.[^'\\]*)*'?|"[^"\\]*(?:\\.[^"\\]*)*"?"""
_LITERAL_WORD = r"(?a)True|False|None|set|\d[\d_]*(?:[eE]\d*)?[jJ]?|0[xX][0-9a-fA-F]+"


def as_boolean(text: str) -> Optional[bool]:
    """Return the boolean that a text names: true, yes, on, 1 or false, no, off, 0, in any case. None if it names none."""
    return _BOOLEANS.get(text.strip().lower())


def read_boolean(text: str) -> bool:
    """Read a boolean.

    Raises:
        ValueError: If the text names no boolean.
    """
    value = as_boolean(text)
    if value is None:
        raise ValueError(f"not a boolean: {text!r}")
    return value


def read_list(text: str) -> List[object]:
    """Read a JSON list, a Python list, or texts separated by commas.

    Raises:
        ValueError: If the text is empty or an object.
    """
    value = read_literal(text)
    if isinstance(value, (list, tuple, set)):
        return list(value)
    if isinstance(value, dict) or not text.strip():
        raise ValueError(f"not a list: {text!r}")
    if value is not text:
        return [value]
    inner = text.strip()
    return [read_literal(part) for part in _split(inner[1:-1] if inner[0] + inner[-1] == "[]" else inner)]


def read_dict(text: str) -> Dict[object, object]:
    """Read a JSON object, a Python dict, or ``name=value`` separated by commas, as the toolkit writes an object.

    Raises:
        ValueError: If the text is none of these.
    """
    value = read_literal(text)
    if isinstance(value, dict):
        return value
    pairs = [part.partition("=") for part in _split(text)] if value is text else []
    if not pairs or not all(separator for _, separator, _ in pairs):
        raise ValueError(f"not an object: {text!r}")
    return {name.strip(): read_literal(inner) for name, _, inner in pairs}


def _read_tuple(text: str) -> Tuple[object, ...]:
    return tuple(read_list(text))


def _read_set(text: str) -> set[object]:
    return set(read_list(text))


TEXT_PARSERS: Dict[type, Callable[[str], object]] = {
    bool: read_boolean,
    list: read_list,
    tuple: _read_tuple,
    set: _read_set,
    dict: read_dict,
}
"""The functions that replace a type which cannot read a text: ``bool("False")`` is true, ``list("abc")`` a list of letters."""


def text_parser(type_: type) -> Callable[[str], object]:
    """Return the function that reads a text as a type. The function raises ValueError or TypeError for a bad text."""
    if issubclass(type_, enum.Enum):
        return lambda text: enum_member(type_, decode(text), text)
    return TEXT_PARSERS.get(type_, type_)


def enum_member(enum_class: Type[enum.Enum], value: object, text: str) -> object:
    """Return the member of an Enum with a value, else the member with the text as its name.

    Args:
        enum_class: The Enum.
        value: The decoded value.
        text: The text of the value.

    Raises:
        ValueError: If there is no such member.
    """
    members = list(enum_class.__members__.values())
    same = [member for member in members if member.value == value] or [
        member for member in members if str(member.value) == text
    ]
    if same:
        return same[0]
    if text in enum_class.__members__:
        return enum_class.__members__[text]
    raise ValueError(f"not a {enum_class.__name__}: {text!r}")


def integral(text: str) -> str:
    """Return the text of a whole number, such as ``16.0`` or ``1e3``, as that of an integer; any other text unchanged."""
    match = None if text.isdigit() else re.fullmatch(_NUMBER, text.strip())
    if not match or abs(float(text)) == INFINITY:
        return text
    sign, whole, fraction, exponent = (group.replace("_", "") for group in match.groups(default=""))
    digits = whole + fraction
    decimals = len(fraction) - int(exponent or 0)
    if not digits.strip("0"):
        return "0"
    if decimals <= 0:
        return f"{sign}{digits}{'0' * -decimals}"
    return text if digits[-decimals:].strip("0") else f"{sign}{digits[:-decimals]}"


def read_literal(text: str) -> object:
    """Return the value of a text as JSON, else as a Python literal, else the text itself."""
    value = decode(text)
    if value is not text or is_deep(text):
        return value
    source = re.sub(_BACKSLASH, _escape, text.strip())
    # Python warns of some source code, such as 1or 2. Silencing the warning would change the filters of all threads.
    if not all(re.fullmatch(_LITERAL_WORD, word) for word in re.findall(r"\w+", re.sub(_STRING, "", source))):
        return text
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return text


def _escape(backslash: re.Match[str]) -> str:
    """Double a backslash that escapes nothing: Python reads both in the same way, but warns of a single one."""
    return backslash.group() if backslash.group(1) in _ESCAPED else f"\\{backslash.group()}"


def _split(text: str) -> Sequence[str]:
    """Split a text at commas that are not inside brackets."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character in "[{(") - (character in "]})")
        if character == "," and depth <= 0:
            parts.append(text[start:index])
            start = index + 1
    return [part.strip() for part in (*parts, text[start:])]
