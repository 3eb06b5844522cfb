"""How a value is written as text, by JSON and by each platform, and read back."""

from __future__ import annotations

import json
import re
from typing import Tuple

from smargs.container.variables import SDK

_DEEPEST = 64

# What JSON has that begins with a letter.
_WORDS = frozenset(("true", "false", "null", "NaN", "Infinity"))


def load_json(text: str) -> object:
    """Read JSON that is nested no deeper than a job's values are.

    Raises:
        ValueError: If the text is not JSON, or nested so deeply that Python's own readers could exhaust the stack: for that,
            Python 3.8 may abort the process.
    """
    if is_deep(text):
        raise ValueError("it is nested too deeply")
    return json.loads(text)


def is_deep(text: str) -> bool:
    """Whether the brackets of a text are nested deeper than any hyperparameter's."""
    if sum(map(text.count, "[{(")) <= _DEEPEST:
        return False
    depth = deepest = 0
    # Without its closing quote a string goes on to the end; to look for one again from each quote in it takes forever.
    for bracket in re.findall(r"[\[{(\]})]", re.sub(r'"[^"\\]*(?:\\.[^"\\]*)*"?', "", text)):
        depth += 1 if bracket in "[{(" else -1
        deepest = max(deepest, depth)
    return deepest > _DEEPEST


def decode(text: str) -> object:
    """Return the JSON value of a text, or the text itself if it is not JSON.

    Source: ``read_hyperparameters`` of the toolkit and ``safe_deserialize`` of SDK v3 decode so, exactly once.
    """
    # Most texts are words, and to find by an exception that each is no JSON takes longer than all else.
    if text[:1].isalpha() and text.rstrip() not in _WORDS:
        return text
    try:
        return load_json(text)
    except ValueError:
        return text


def to_text(value: object) -> str:
    """Return the text of a decoded value: a text as it is, anything else as JSON."""
    if type(value) is int or (type(value) is float and value - value == 0):
        # As json spells a finite number; it makes an encoder for each value, and most values are numbers.
        return repr(value)
    if type(value) is bool:
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def is_number(value: object) -> bool:
    """Whether a value is a number, or the text of one."""
    kind = type(decode(value) if isinstance(value, str) else value)
    return kind is int or kind is float


def as_toolkit(value: object) -> str:
    """Return a value as the toolkit writes it on a command line. Source: its ``mapping.to_cmd_args``."""
    if isinstance(value, dict):
        return ",".join(f"{key}={inner}" for key, inner in sorted(value.items()))
    return "" if value is None else str(value)


def as_sdk(value: object) -> str:
    """Return a value as SDK v3 writes it on a command line: it decodes a text that is JSON once more.

    Source: ``hyperparameters_to_cli_args`` of its container drivers.
    """
    decoded = decode(value) if isinstance(value, str) else value
    return decoded if isinstance(decoded, str) else json.dumps(decoded)


def printable(text: str) -> str:
    """Return a text that cannot steer a terminal: characters that control it, or turn the text around, are escaped."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def on_command_line(platform: str, value: object) -> Tuple[str, ...]:
    """Return how a platform writes a value on a command line, then how the other one does.

    Args:
        platform: ``toolkit`` or ``sdk``.
        value: The decoded value.

    Returns:
        One text where both write the same, and for a value that is a text.
    """
    own, other = (as_sdk, as_toolkit) if platform == SDK else (as_toolkit, as_sdk)
    text = own(value)
    return (text,) if isinstance(value, str) or other(value) == text else (text, other(value))
