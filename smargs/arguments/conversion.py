"""What a value of the platform becomes: what the declared argument would have stored, had it seen the value itself."""

from __future__ import annotations

import argparse
import ast
import contextlib
import enum
import math
import re
import sys
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Type

from smargs.container.spelling import decode, is_deep, is_number, on_command_line, to_text

_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}

# A decimal number: its sign, its integral part, its fraction and its exponent.
_NUMBER = re.compile(r"([+-]?)(\d+(?:_\d+)*)(?:\.(\d+(?:_\d+)*)?)?(?:[eE]([+-]?\d+))?", re.ASCII)

# In a Python literal: backslashes with what they escape, strings, and the words outside of strings.
_BACKSLASH = re.compile(r"\\([4-7][0-7]{2}|.)", re.DOTALL)
_ESCAPED = frozenset("\n\\'\"abfnrtvxuUN01234567")
# Without its closing quote a string goes on to the end.
_STRING = re.compile(r"""'[^'\\]*(?:\\.[^'\\]*)*'?|"[^"\\]*(?:\\.[^"\\]*)*"?""", re.DOTALL)
_LITERAL_WORD = re.compile(r"True|False|None|set|\d[\d_]*(?:[eE]\d*)?[jJ]?|0[xX][0-9a-fA-F]+", re.ASCII)

# BooleanOptionalAction came with Python 3.9.
_PAIRED_FLAG = argparse.BooleanOptionalAction if sys.version_info >= (3, 9) else ()


def boolean(text: str) -> bool:
    """Read true/false/yes/no/on/off/1/0, in any case.

    Raises:
        ValueError: If the text is none of these.
    """
    try:
        return _BOOLEANS[text.strip().lower()]
    except KeyError:
        raise ValueError(f"not a boolean: {text!r}") from None


def read_list(text: str) -> List[object]:
    """Read a JSON list, a Python list, or texts with commas between them.

    Raises:
        ValueError: If the text is empty or an object.
    """
    value = _literal(text)
    if isinstance(value, (list, tuple, set)):
        return list(value)
    if isinstance(value, dict) or not text.strip():
        raise ValueError(f"not a list: {text!r}")
    if value is not text:
        return [value]
    inner = text.strip()
    return [_literal(part) for part in _split(inner[1:-1] if inner[0] + inner[-1] == "[]" else inner)]


def read_dict(text: str) -> Dict[object, object]:
    """Read a JSON object, a Python dict, or ``name=value`` with commas between them, as the toolkit writes objects.

    Raises:
        ValueError: If the text is none of these.
    """
    value = _literal(text)
    if isinstance(value, dict):
        return value
    pairs = [part.partition("=") for part in _split(text)] if value is text else []
    if not pairs or not all(separator for _, separator, _ in pairs):
        raise ValueError(f"not an object: {text!r}")
    return {name.strip(): _literal(inner) for name, _, inner in pairs}


def _read_tuple(text: str) -> Tuple[object, ...]:
    return tuple(read_list(text))


def _read_set(text: str) -> set[object]:
    return set(read_list(text))


TEXT_PARSERS: Dict[type, Callable[[str], object]] = {
    bool: boolean,
    list: read_list,
    tuple: _read_tuple,
    set: _read_set,
    dict: read_dict,
}
"""Types that argparse applies to text in a way that nobody means, and what reads them instead."""

_READ_AS_WRITTEN = frozenset((None, str, int, float))


def reader(wanted: type) -> Callable[[str], object]:
    """What reads a text as an inferred type.

    Returns:
        A function of one text; it raises ValueError or TypeError for a text that is none of the type.
    """
    if issubclass(wanted, enum.Enum):
        return lambda text: _member(wanted, decode(text), text)
    return TEXT_PARSERS.get(wanted, wanted)


def infer(action: argparse.Action) -> Optional[type]:
    """The type that an argument's default shows, for an argument that declares none.

    Returns:
        The type of one value: for an argument that collects values, that of the default's elements. None where the default
        tells nothing, where the choices are of another type, or for an action that is not argparse's own.
    """
    own = (argparse._StoreAction, argparse._AppendAction, argparse._ExtendAction)
    if action.type is not None or type(action) not in own:
        return None
    default = action.default
    found = (
        {type(element) for element in default}
        if collects(action) and isinstance(default, (list, tuple, set))
        else {type(default)}
    )
    if found == {int, float}:
        found = {float}
    wanted = found.pop() if len(found) == 1 else str
    if not issubclass(wanted, (bool, int, float, list, tuple, set, dict, *path_types(), enum.Enum)):
        return None
    return wanted if all(isinstance(choice, wanted) for choice in action.choices or ()) else None


def path_types() -> Tuple[type, ...]:
    """The types of paths, where something has imported them; else nothing can be a path, and to import them takes long."""
    return (sys.modules["pathlib"].PurePath,) if "pathlib" in sys.modules else ()


def collects(action: argparse.Action) -> bool:
    """Whether an argument gathers several values into a list."""
    return _takes_many(action) or isinstance(action, argparse._AppendAction)


def is_own(wanted: object) -> bool:
    """Whether a declared type is a converter of the script's own: any but the builtin types."""
    return wanted not in _READ_AS_WRITTEN and wanted not in TEXT_PARSERS


class Converter:
    """Converts values of the platform to what one declared argument stores.

    Attributes:
        action: The declared argument.
        wanted: The type that the argument declares, or that was inferred.
        read: What argparse does to one text of an argument; it raises whatever the type does.
        platform: Whose spelling the type sees, of a hyperparameter; None for a variable, whose text it sees as it is.
    """

    __slots__ = ("action", "platform", "read", "wanted")

    def __init__(
        self, action: argparse.Action, wanted: Any, read: Callable[[argparse.Action, str], object], platform: Optional[str]
    ) -> None:
        self.action = action
        self.wanted = wanted
        self.read = read
        self.platform = platform

    def calls(self, value: object, text: str, option: Optional[str]) -> Tuple[List[Any], Optional[str]]:
        """Return how argparse would call the argument's action with a value.

        Args:
            value: The decoded value.
            text: The value as it was written.
            option: The option string that the value was found by; None if it was found by the dest.

        Returns:
            What the action is called with, in order, none where a flag keeps its default; and the option string.

        Raises:
            argparse.ArgumentError: If the value does not fit the argument.
            Exception: Whatever else a type of the script's own raises.
        """
        action = self.action
        shown = option or (action.option_strings[0] if action.option_strings else None)
        if action.nargs == 0:
            return _flag_calls(action, value, text, option, shown)
        if value is None:
            return [] if isinstance(action, argparse._AppendAction) else [None], shown
        if not collects(action):
            return [self._one(value, self._texts(value, text))], shown
        items = self._items(value, text)
        if not _takes_many(action):
            return [self._one(*item) for item in items], shown
        batches = [items]
        if type(action) is argparse._AppendAction and items and all(isinstance(inner, list) for inner, _ in items):
            batches = [self._items(inner, to_text(inner)) for inner, _ in items]
        for batch in batches:
            _check_count(action, len(batch))
        return [[self._one(*item) for item in batch] for batch in batches], shown

    def _items(self, value: object, text: str) -> List[Tuple[object, Sequence[str]]]:
        """Return the elements of a list, however it is written, each with its texts; any other value is a list of one."""
        elements = _literal(text) if text.lstrip().startswith("[") else value
        if not isinstance(elements, list):
            return [(value, self._texts(value, text))]
        # SDK v3 decodes a text that is JSON once more, but not inside a list.
        return [(inner, (inner,) if isinstance(inner, str) else self._texts(inner, to_text(inner))) for inner in elements]

    def _texts(self, value: object, text: str) -> Sequence[str]:
        """Return what the type is asked for in turn: the text that argparse would be given, then the other platform's."""
        if self.platform is None or self.wanted in TEXT_PARSERS or (self.wanted in _READ_AS_WRITTEN and is_number(value)):
            return (text,)
        return on_command_line(self.platform, value)

    def _one(self, value: object, texts: Sequence[str]) -> object:
        """Convert one value by the argument's type and choices."""
        if value is None:
            return None
        try:
            return self._read(texts[0])
        except Exception:
            # A type of the script's own may raise anything. What argparse would have said is said.
            for text in texts[1:]:
                with contextlib.suppress(Exception):
                    return self._read(text)
            if isinstance(self.wanted, type) and issubclass(self.wanted, enum.Enum):
                with contextlib.suppress(ValueError, argparse.ArgumentError):
                    return self._accepted(_member(self.wanted, value, to_text(value)))
            if texts[0] == "":
                # The toolkit writes null as an empty variable: what no type can read was null.
                return None
            raise

    def _read(self, text: str) -> object:
        result = self.read(self.action, _integral(text) if self.wanted is int else text)
        return result if self.action.choices is None else self._accepted(result)

    def _accepted(self, result: object) -> object:
        choices = self.action.choices
        if choices is not None and result not in choices:
            listed = ", ".join(map(repr, choices))
            raise argparse.ArgumentError(self.action, f"invalid choice: {result!r} (choose from {listed})")
        return result


def _flag_calls(
    action: argparse.Action, value: object, text: str, option: Optional[str], shown: Optional[str]
) -> Tuple[List[Any], Optional[str]]:
    """Calls of an action without arguments: a boolean sets it or leaves it, a count is so many calls."""
    if value is None or not text.strip():
        return [], shown
    if isinstance(action, argparse._CountAction) and re.fullmatch(r"\d{1,4}", text.strip()):
        # More than that nobody means, and the calls would not fit into memory.
        return [[]] * int(text), shown
    given = _BOOLEANS.get(text.strip().lower())
    is_constant = is_constant_of(action, value, text)
    if given is None and not is_constant:
        kind = "count" if isinstance(action, argparse._CountAction) else "bool"
        raise argparse.ArgumentError(action, f"invalid {kind} value: {text!r}")
    if isinstance(action, _PAIRED_FLAG):
        on = given != (option is not None and option.startswith("--no-"))
        # A paired flag with one hyphen has no counterpart; false leaves it.
        paired = next((name for name in action.option_strings if name.startswith("--no-") != on), None)
        return [] if paired is None else [[]], paired
    found_by_dest = option is None and bool(action.option_strings)
    wants = is_constant if found_by_dest or given is None else given
    return [[]] if wants else [], shown


def is_constant_of(action: argparse.Action, value: object, text: str) -> bool:
    """Whether a value is the constant that a flag stores; a boolean may be written in any way that is read as one."""
    constant = action.const
    if isinstance(constant, bool):
        return _BOOLEANS.get(text.strip().lower()) is constant
    return constant is not None and (constant == value or str(constant) == text)


def _integral(text: str) -> str:
    """Write a number without a fractional part as an integer; return any other text as it is."""
    found = None if text.isdigit() else _NUMBER.fullmatch(text.strip())
    if not found or math.isinf(float(text)):
        return text
    sign, whole, fraction, exponent = (group.replace("_", "") for group in found.groups(default=""))
    digits = whole + fraction
    places = len(fraction) - int(exponent or 0)
    if not digits.strip("0"):
        return "0"
    if places <= 0:
        return f"{sign}{digits}{'0' * -places}"
    return text if digits[-places:].strip("0") else f"{sign}{digits[:-places]}"


def _member(wanted: Type[enum.Enum], value: object, text: str) -> object:
    """Return the member of an Enum that has a value, or else a name.

    Raises:
        ValueError: If there is none.
    """
    members = wanted.__members__.values()
    for of_member in (lambda member: member.value == value, lambda member: str(member.value) == text):
        for member in filter(of_member, members):
            return member
    if text in wanted.__members__:
        return wanted.__members__[text]
    raise ValueError(f"not a {wanted.__name__}: {text!r}")


def _takes_many(action: argparse.Action) -> bool:
    nargs = action.nargs
    return nargs is not None and (
        isinstance(nargs, int) or nargs in (argparse.ONE_OR_MORE, argparse.ZERO_OR_MORE, argparse.REMAINDER)
    )


def _check_count(action: argparse.Action, count: int) -> None:
    if isinstance(action.nargs, int) and count != action.nargs:
        raise argparse.ArgumentError(action, f"expected {action.nargs} argument{'s' * (action.nargs != 1)}, got {count}")
    if action.nargs == argparse.ONE_OR_MORE and not count:
        raise argparse.ArgumentError(action, "expected at least one argument")


def _literal(text: str) -> object:
    """Return a text as JSON, else as a Python literal, else itself."""
    value = decode(text)
    if value is not text or is_deep(text):
        return value
    source = _BACKSLASH.sub(_escaped, text.strip())
    # Python warns of some source code, such as 1or 2, and to silence it is to change the filters of all threads.
    if not all(map(_LITERAL_WORD.fullmatch, re.findall(r"\w+", _STRING.sub("", source)))):
        return text
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return text


def _escaped(backslash: re.Match[str]) -> str:
    """Write a backslash that escapes nothing as Python reads it: as itself."""
    return backslash.group() if backslash.group(1) in _ESCAPED else f"\\{backslash.group()}"


def _split(text: str) -> Sequence[str]:
    """The parts of a text between its commas, but for commas inside brackets."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "[{(") - (character in "]})")
        if character == "," and depth <= 0:
            parts.append(text[start:place])
            start = place + 1
    return [part.strip() for part in (*parts, text[start:])]
