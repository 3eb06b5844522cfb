"""What a value of the platform becomes: what the declared argument would have stored, had it seen the value itself."""

from __future__ import annotations

import _thread
import argparse
import ast
import enum
import json
import re
import sys
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Type

_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}

_DEEPEST = 64

# What JSON has that begins with a letter.
_WORDS = frozenset(("true", "false", "null", "NaN", "Infinity"))

_FILTERING = _thread.allocate_lock()

# BooleanOptionalAction came with Python 3.9.
_PAIRED_FLAG = argparse.BooleanOptionalAction if sys.version_info >= (3, 9) else ()


class Call:
    """One call of an argument's action, as argparse makes it.

    Attributes:
        values: What the action is given.
        option: The option string that it is told; None for a positional.
    """

    __slots__ = ("option", "values")

    def __init__(self, values: Any, option: Optional[str]) -> None:
        self.values = values
        self.option = option


def load_json(text: str) -> object:
    """Read JSON that is nested no deeper than a job's values are.

    Raises:
        ValueError: If the text is not JSON, or nested so deeply that Python's own readers could exhaust the stack: for that,
            Python 3.8 may abort the process.
    """
    if _is_deep(text):
        raise ValueError("it is nested too deeply")
    return json.loads(text)


def decode(text: str) -> object:
    """A text as the value that it stands for: JSON where it is JSON, else the text itself.

    Source: ``read_hyperparameters`` of the toolkit and ``safe_deserialize`` of SDK v3 decode so, exactly once.
    """
    # Most texts are words, and to find by an exception that each is no JSON takes longer than all else.
    if text[:1].isalpha() and text.rstrip() not in _WORDS:
        return text
    try:
        return load_json(text)
    except ValueError:
        return text


def spell(value: object) -> str:
    """The text of a decoded value: a text as it is, anything else as JSON."""
    if type(value) is int or (type(value) is float and value - value == 0):
        # As json spells a finite number; it makes an encoder for each value, and most values are numbers.
        return repr(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


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


MENDED: Dict[type, Callable[[str], object]] = {
    bool: boolean,
    list: read_list,
    tuple: _read_tuple,
    set: _read_set,
    dict: read_dict,
}
"""Types that argparse applies to text in a way that nobody means, and what reads them instead."""


def reader(wanted: type) -> Callable[[str], object]:
    """What reads a text as an inferred type.

    Returns:
        A function of one text; it raises ValueError or TypeError for a text that is none of the type.
    """
    if issubclass(wanted, enum.Enum):
        return lambda text: _member(wanted, decode(text), text)
    return MENDED.get(wanted, wanted)


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


def calls(
    action: argparse.Action,
    value: object,
    text: str,
    option: Optional[str],
    wanted: object,
    read: Callable[[str], object],
) -> List[Call]:
    """The calls of an argument's action that a value amounts to.

    Args:
        action: The declared argument.
        value: The decoded value.
        text: The value as it was written.
        option: The option string that the value was found by; None if it was found by the dest.
        wanted: The type that the argument declares, or that was inferred.
        read: What argparse does to one text of this argument; it raises ``ArgumentError``.

    Returns:
        The calls in order; none where a flag is left as it is.

    Raises:
        argparse.ArgumentError: If the value does not fit the argument.
    """
    told = option or next(iter(action.option_strings), None)
    if action.nargs == 0:
        return _flag_calls(action, value, text, option, told)
    if value is None:
        return [] if isinstance(action, argparse._AppendAction) else [Call(None, told)]

    if action.nargs is None and not isinstance(action, argparse._AppendAction):
        return [Call(_one(action, value, text, wanted, read), told)]

    def one(inner: object, spelled: str) -> object:
        return _one(action, inner, spelled, wanted, read)

    items = _items(value, text) if collects(action) else [(value, text)]
    if not _takes_many(action):
        return [Call(one(*item), told) for item in items]
    batches = [items]
    if type(action) is argparse._AppendAction and items and all(isinstance(inner, list) for inner, _ in items):
        batches = [_items(*item) for item in items]
    for batch in batches:
        _check_count(action, len(batch))
    return [Call([one(*item) for item in batch], told) for batch in batches]


def _flag_calls(action: argparse.Action, value: object, text: str, option: Optional[str], told: Optional[str]) -> List[Call]:
    """Calls of an action without arguments: a boolean sets it or leaves it, a count is so many calls."""
    if value is None or not text.strip():
        return []
    if isinstance(action, argparse._CountAction) and re.fullmatch(r"\d{1,4}", text.strip()):
        # More than that nobody means, and the calls would not fit into memory.
        return [Call([], told)] * int(text)
    given = _BOOLEANS.get(text.strip().lower())
    is_constant = action.const is not None and (action.const == value or str(action.const) == text)
    if given is None and not is_constant:
        kind = "count" if isinstance(action, argparse._CountAction) else "bool"
        raise argparse.ArgumentError(action, f"invalid {kind} value: {text!r}")
    if isinstance(action, _PAIRED_FLAG):
        on = given != (option is not None and option.startswith("--no-"))
        # A paired flag with one hyphen has no counterpart; false leaves it.
        return [Call([], name) for name in action.option_strings if name.startswith("--no-") != on][:1]
    found_by_dest = option is None and bool(action.option_strings)
    wants = is_constant if found_by_dest or given is None else given
    return [Call([], told)] if wants else []


def _one(action: argparse.Action, value: object, text: str, wanted: object, read: Callable[[str], object]) -> object:
    """One value through the argument's type and choices."""
    if value is None:
        return None
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        try:
            result: object = _member(wanted, value, text)
        except ValueError:
            raise argparse.ArgumentError(action, f"invalid {wanted.__name__} value: {text!r}") from None
    else:
        try:
            result = read(_integral(text) if wanted is int else text)
        except argparse.ArgumentError:
            if text:
                raise
            # The toolkit writes null as an empty variable: what no type can read was null.
            return None
    if action.choices is not None and result not in action.choices:
        choices = ", ".join(map(repr, action.choices))
        raise argparse.ArgumentError(action, f"invalid choice: {result!r} (choose from {choices})")
    return result


def _integral(text: str) -> str:
    """A number without a fractional part as an integer is written; any other text as it is."""
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if not text.strip().lstrip("+-").isdigit() and number.is_integer() else text


def _member(wanted: Type[enum.Enum], value: object, text: str) -> object:
    """The member of an Enum that has a value or a name."""
    for member in wanted.__members__.values():
        if member.value == value or str(member.value) == text or member.name == text:
            return member
    raise ValueError(f"not a {wanted.__name__}: {text!r}")


def _items(value: object, text: str) -> List[Tuple[object, str]]:
    """The elements of a list, however it is written; any other value is a list of one."""
    elements = _literal(text) if text.lstrip().startswith("[") else value
    return [(element, spell(element)) for element in elements] if isinstance(elements, list) else [(value, text)]


def _takes_many(action: argparse.Action) -> bool:
    return isinstance(action.nargs, int) or action.nargs in (argparse.ONE_OR_MORE, argparse.ZERO_OR_MORE, argparse.REMAINDER)


def _check_count(action: argparse.Action, count: int) -> None:
    if isinstance(action.nargs, int) and count != action.nargs:
        raise argparse.ArgumentError(action, f"expected {action.nargs} argument{'s' * (action.nargs != 1)}, got {count}")
    if action.nargs == argparse.ONE_OR_MORE and not count:
        raise argparse.ArgumentError(action, "expected at least one argument")


def _literal(text: str) -> object:
    """A text as JSON, else as a Python literal, else itself."""
    value = decode(text)
    if value is text and not _is_deep(text):
        # Python warns of what it takes for source code, such as the \d of a pattern; its filters are all threads'.
        with _FILTERING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return ast.literal_eval(text.strip())
            except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
                return text
    return value


def _is_deep(text: str) -> bool:
    """Whether the brackets of a text are nested deeper than any hyperparameter's."""
    if sum(map(text.count, "[{(")) <= _DEEPEST:
        return False
    depth = deepest = 0
    # Without its closing quote a string goes on to the end; to look for one again from each quote in it takes forever.
    for bracket in re.findall(r"[\[{(\]})]", re.sub(r'"[^"\\]*(?:\\.[^"\\]*)*"?', "", text)):
        depth += 1 if bracket in "[{(" else -1
        deepest = max(deepest, depth)
    return deepest > _DEEPEST


def _split(text: str) -> Sequence[str]:
    """The parts of a text between its commas, but for commas inside brackets."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "[{(") - (character in "]})")
        if character == "," and depth <= 0:
            parts.append(text[start:place])
            start = place + 1
    return [part.strip() for part in (*parts, text[start:])]
