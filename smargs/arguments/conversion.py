"""Convert a value of the platform to what the declared argument stores, as argparse would from the command line."""

from __future__ import annotations

import argparse
import contextlib
import enum
import functools
import os
import re
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from smargs import _argparse
from smargs.arguments.bounds import check_bounds
from smargs.arguments.literals import BOOLEAN_TEXTS, TEXT_PARSERS, as_boolean, enum_member, integral, read_literal, text_parser
from smargs.arguments.names import documented_variable
from smargs.container.commandline import as_written
from smargs.container.variables import BOOLEAN, INTEGER, LIST, OBJECT, SDK, TOOLKIT
from smargs.texts import is_number, to_text

_UNCHANGED_NUMBERS = frozenset((None, str, int, float))
"""The types that receive the text of a number as the source has it, with all its digits. None stands for no type."""

_KIND_TYPES: Dict[str, type] = {INTEGER: int, BOOLEAN: bool, LIST: list, OBJECT: dict}

_INFERRED_TYPES = (bool, int, float, list, tuple, set, dict, os.PathLike, enum.Enum)


def collects(action: argparse.Action) -> bool:
    """Return whether an argument stores a list of values."""
    return (action.nargs is not None and _takes_many(action)) or isinstance(action, _argparse.AppendAction)


def is_flag(action: argparse.Action) -> bool:
    """Return whether an argument is a flag: without a value, or with an optional one such as ``--resume [FILE]``."""
    return action.nargs == 0 or (action.nargs == argparse.OPTIONAL and isinstance(action.default, bool))


def has_custom_type(action: argparse.Action) -> bool:
    """Return whether an argument's type is the script's own converter: not str, int, float, bool or a builtin collection."""
    return action.type is not None and action.type not in _UNCHANGED_NUMBERS and action.type not in TEXT_PARSERS


def inferred_type(parser: Any, action: argparse.Action) -> Optional[type]:
    """Infer the type of an argument that declares none: from its default, else from the documented variable with its name.

    Args:
        parser: A parser of the mixin.
        action: The argument.

    Returns:
        The type of one value. None if the parser infers no types, if the argument declares a type, if neither the default nor a
        variable shows a type, if a choice has another type, or if the action is not argparse's own.
    """
    if action.type is not None or not parser._infer_types:
        return None
    if action.choices is not None or action.default is not None:
        return _type_of_default(action)
    if type(action) is not _argparse.StoreAction or _takes_many(action):
        return None
    variable = documented_variable(action, parser.prefix_chars)
    return None if variable is None else _KIND_TYPES.get(variable.kind)


def _type_of_default(action: argparse.Action) -> Optional[type]:
    own = (_argparse.StoreAction, _argparse.AppendAction, _argparse.ExtendAction)
    if type(action) not in own:
        return None
    default = action.default
    is_collection = collects(action) and isinstance(default, (list, tuple, set))
    type_ = _common_type(default if is_collection else [default])
    fits_choices = type_ is not None and all(isinstance(choice, type_) for choice in action.choices or ())
    return type_ if fits_choices else None


def _common_type(values: Iterable[object]) -> Optional[type]:
    """Return the type of all values if it may be inferred, else None. Integers among floats count as floats."""
    types = {type(value) for value in values}
    if types == {int, float}:
        return float
    return types.pop() if len(types) == 1 and all(issubclass(known, _INFERRED_TYPES) for known in types) else None


def read_inferred(action: argparse.Action, type_: type, text: str) -> object:
    """Convert a text by the inferred type of an argument.

    Raises:
        argparse.ArgumentError: If the text does not fit.
    """
    try:
        return text_parser(type_)(text)
    except (TypeError, ValueError):
        if is_flag(action):
            return text
        reason = "its name" if action.default is None else f"the default {action.default!r}"
        is_float = type(action.default) is int and is_number(text)
        way_out = "a default such as 1.0 infers a float" if is_float else "infer_types=False turns this off"
        message = f"invalid {type_.__name__} value: {text!r} (inferred from {reason}; {way_out})"
        raise argparse.ArgumentError(action, message) from None


_Element = Tuple[object, str, Optional[str]]
"""An element of a value, its text, and the platform whose spelling the type receives; None for the unchanged text."""


Calls = Tuple[List[Any], Optional[str]]
"""How argparse would call an argument's action: the value of each call, none if a flag keeps its default; the option string."""


class Converter:
    """Converts values for one declared argument."""

    def __init__(self, parser: argparse.ArgumentParser, action: argparse.Action, platform: Optional[str]) -> None:
        """Make a converter.

        Args:
            parser: The parser of the mixin that declares the argument.
            action: The argument.
            platform: The platform whose spelling of a value the type receives; None for the unchanged text, as of a variable.
        """
        self.parser = parser
        self.action = action
        self.inferred = inferred_type(parser, action)
        self.type: Any = action.type or self.inferred
        self._platform = None if self.type in TEXT_PARSERS else platform

    def calls(self, value: object, text: str, option: Optional[str]) -> Calls:
        """Return how argparse would call the argument's action with a value.

        Args:
            value: The decoded value.
            text: The text of the value.
            option: The option string that matched the value's name; None if the dest did.

        Raises:
            argparse.ArgumentError: If the value does not fit the argument.
            Exception: Any exception that the script's own type raises.
        """
        action = self.action
        if action.nargs == 0:
            return _flag_calls(action, value, text, option)
        option_string = option or _first_option(action)
        null: List[Any] = [] if isinstance(action, _argparse.AppendAction) else [None]
        try:
            return null if value is None else self._values(value, text), option_string
        except Exception:
            if text == "":  # The toolkit writes null as an empty variable, which few types accept.
                return null, option_string
            raise

    def _values(self, value: object, text: str) -> List[Any]:
        """Return the value of each call."""
        if not collects(self.action):
            return [self._convert(value, text, self._platform)]
        elements = self._elements(value, text)
        if not _takes_many(self.action):
            return [self._convert(*element) for element in elements]
        return [self._convert_many(batch) for batch in self._batches(elements)]

    def _batches(self, elements: List[_Element]) -> List[List[_Element]]:
        """Return the elements of each call: all of them, or for ``append`` with a list of lists those of each inner list."""
        is_append = type(self.action) is _argparse.AppendAction
        if is_append and elements and all(isinstance(value, list) for value, *_ in elements):
            return [self._elements(value, text) for value, text, _ in elements]
        return [elements]

    def _convert_many(self, elements: List[_Element]) -> List[object]:
        _check_count(self.action, len(elements))
        return [self._convert(*element) for element in elements]

    def _elements(self, value: object, text: str) -> List[_Element]:
        """Return the elements of a list, written in JSON or in Python; any other value is one element."""
        elements = read_literal(text) if text.lstrip().startswith("[") else value
        if not isinstance(elements, list):
            return [(value, text, self._platform)]
        # SDK v3 decodes a text that is JSON once more, but not inside a list.
        return [(inner, to_text(inner), None if isinstance(inner, str) else self._platform) for inner in elements]

    def _convert(self, value: object, text: str, platform: Optional[str]) -> object:
        """Convert one value by the argument's type, and check it against the choices.

        The type receives the text on the platform's command line. If it rejects that, it receives the other platform's text.

        Args:
            value: The decoded value.
            text: The text of the value.
            platform: The platform whose spelling the type receives; None for the unchanged text.
        """
        if value is None:
            return None
        if platform is not None and self.type in _UNCHANGED_NUMBERS and is_number(value):
            platform = None
        if platform is not None:
            text = as_written(platform, value)
        try:
            return self._accept(text)
        except Exception:
            # The script's own type may raise anything. If every other way fails, raise this exception, as argparse would.
            for try_again in self._other_ways(value, text, platform):
                with contextlib.suppress(Exception):
                    return try_again()
            raise

    def _other_ways(self, value: object, text: str, platform: Optional[str]) -> Iterator[Callable[[], object]]:
        """Yield other ways to convert a value whose text the type rejected.

        A value that is itself a text is not spelled in another way, because it may be a typo.
        """
        if platform is not None and not isinstance(value, str):
            other = as_written(SDK if platform == TOOLKIT else TOOLKIT, value)
            if other != text:
                yield functools.partial(self._accept, other)
        if isinstance(self.type, type) and issubclass(self.type, enum.Enum):
            yield lambda: self._checked(enum_member(self.type, value, to_text(value)))

    def read(self, text: str) -> object:
        """Convert one text as argparse does before it checks the choices."""
        if self.inferred is None:
            return _argparse.convert_text(self.parser, self.action, text)
        return read_inferred(self.action, self.inferred, text)

    def _accept(self, text: str) -> object:
        return self._checked(self.read(integral(text) if self.type is int else text))

    def _checked(self, value: object) -> object:
        if self.action.choices is not None:
            _argparse.check_choice(self.parser, self.action, value)
        check_bounds(self.action, value)
        return value


def _flag_calls(action: argparse.Action, value: object, text: str, option: Optional[str]) -> Calls:
    """Return the calls of an action without arguments: one or none for a boolean, several for a count."""
    option_string = option or _first_option(action)
    if value is None or not text.strip():
        return [], option_string
    if isinstance(action, _argparse.CountAction):
        return [[]] * _count(action, text), option_string
    boolean = as_boolean(text)
    if isinstance(action, _argparse.PAIRED_FLAG) and boolean is not None:
        return _paired_flag_calls(action, boolean, option)
    return [[]] if _sets_flag(action, value, text, option) else [], option_string


def _sets_flag(action: argparse.Action, value: object, text: str, option: Optional[str]) -> bool:
    """Return whether a value sets a flag.

    If an option string matched, a boolean decides whether to set the flag. Any other value sets the flag that stores it.

    Raises:
        argparse.ArgumentError: If the value is neither a boolean nor the value that the flag stores.
    """
    boolean = as_boolean(text)
    is_constant = is_constant_of(action, value, text)
    if boolean is None and not is_constant:
        raise argparse.ArgumentError(action, f"invalid bool value: {text!r} (expected {BOOLEAN_TEXTS})")
    matched_by_dest = option is None and bool(action.option_strings)
    return is_constant if matched_by_dest or boolean is None else boolean


def _count(action: argparse.Action, text: str) -> int:
    """Return how often to call a count action, at most 9,999 times so that the calls fit into memory.

    Raises:
        argparse.ArgumentError: If the text is neither such a number nor a boolean.
    """
    if re.fullmatch(r"\d{1,4}", text.strip()):
        return int(text)
    boolean = as_boolean(text)
    if boolean is None:
        raise argparse.ArgumentError(action, f"invalid count value: {text!r}")
    return int(boolean)


def _paired_flag_calls(action: argparse.Action, boolean: bool, option: Optional[str]) -> Calls:
    """Return the call of a flag with a ``--no-`` counterpart, by the option string that stores the boolean."""
    is_negative = boolean == (option is not None and option.startswith("--no-"))
    paired = next((name for name in action.option_strings if name.startswith("--no-") == is_negative), None)
    # A flag with one hyphen has no ``--no-`` counterpart, so false keeps the default.
    return [] if paired is None else [[]], paired


def is_constant_of(action: argparse.Action, value: object, text: str) -> bool:
    """Return whether a flag stores exactly this value. A boolean may have any spelling that is read as a boolean."""
    constant = action.const
    if isinstance(constant, bool):
        return as_boolean(text) is constant
    return constant is not None and (constant == value or str(constant) == text)


def _first_option(action: argparse.Action) -> Optional[str]:
    return next(iter(action.option_strings), None)


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
