"""The private names of argparse and ConfigArgParse that the package uses, and copies of parsers.

argparse has no public way to list a parser's arguments, to find out what an argument does with its value, or to convert one
text. The functions of this module do that. The overridden private methods of argparse are in :mod:`smargs.mixin`.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, Callable, Dict, Iterable, Iterator, List, NoReturn, Optional, TypeVar

Copied = TypeVar("Copied")
Parser = TypeVar("Parser", bound=argparse.ArgumentParser)

# Only the class of an action shows what the action does with a value.
StoreAction = argparse._StoreAction
AppendAction = argparse._AppendAction
AppendConstAction = argparse._AppendConstAction
CountAction = argparse._CountAction
ExtendAction = argparse._ExtendAction
SubParsersAction = argparse._SubParsersAction
ArgumentGroup = argparse._ArgumentGroup

ACCUMULATING = (AppendAction, AppendConstAction, CountAction)
"""Actions that add to the existing value."""

EXITING = (argparse._HelpAction, argparse._VersionAction)
"""Actions that print something and exit."""

# BooleanOptionalAction is new in Python 3.9. In older versions no action is an instance of ().
PAIRED_FLAG = argparse.BooleanOptionalAction if sys.version_info >= (3, 9) else ()

# Source: gh-63143 of CPython, which is in 3.12.7 and 3.13.1.
DEFAULT_EXCLUDES_OTHERS = sys.version_info >= (3, 12, 7) and sys.version_info[:3] != (3, 13, 0)
"""Whether a value on the command line that is the argument's default excludes the other arguments of its group."""


def actions(parser: argparse.ArgumentParser) -> List[argparse.Action]:
    """Return the declared arguments in the order of their declaration."""
    return parser._actions


def options(parser: argparse.ArgumentParser) -> Dict[str, argparse.Action]:
    """Return the declared arguments by their option strings."""
    return parser._option_string_actions


def exclusive_groups(parser: argparse.ArgumentParser) -> List[Any]:
    """Return the mutually exclusive groups. A caller may change ``required`` of a group."""
    return parser._mutually_exclusive_groups


def members(group: Any) -> List[argparse.Action]:
    """Return the arguments of a group."""
    arguments: List[argparse.Action] = group._group_actions
    return arguments


def set_members(group: Any, arguments: List[argparse.Action]) -> None:
    """Replace the arguments of a group."""
    group._group_actions = arguments


def has_default(action: argparse.Action) -> bool:
    """Return whether an argument has a default. ``==`` would not do, because an array has no single truth value."""
    return action.default is not None and action.default is not argparse.SUPPRESS


def is_standard(action: argparse.Action) -> bool:
    """Return whether the class of an action is argparse's own."""
    return type(action).__module__ == argparse.__name__


def subparsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parsers of a parser's subcommands."""
    for action in parser._actions:
        if isinstance(action, SubParsersAction):
            yield from action.choices.values()


def all_parsers(parsers: Iterable[argparse.ArgumentParser]) -> Iterator[argparse.ArgumentParser]:
    """Yield parsers and the parsers of their subcommands."""
    for parser in parsers:
        yield parser
        yield from all_parsers(subparsers(parser))


def all_actions(parsers: Iterable[argparse.ArgumentParser]) -> List[argparse.Action]:
    """Return the arguments of parsers and of their subcommands."""
    return list(dict.fromkeys(action for parser in all_parsers(parsers) for action in actions(parser)))


def declare_missing(parser: argparse.ArgumentParser, other: argparse.ArgumentParser) -> None:
    """Declare the options of another parser that a parser lacks, with their mutually exclusive groups."""
    missing = [action for action in other._actions if action.option_strings and not _has_option_of(parser, action)]
    for action in missing:
        parser._add_action(action)
    parser._mutually_exclusive_groups += [
        group for group in other._mutually_exclusive_groups if all(action in missing for action in group._group_actions)
    ]


def _has_option_of(parser: argparse.ArgumentParser, action: argparse.Action) -> bool:
    return any(option in parser._option_string_actions for option in action.option_strings)


def converter_of(parser: argparse.ArgumentParser, type_: object) -> object:
    """Return the function that converts a text for ``type=``: the type itself, unless ``parser.register`` names another one."""
    converter: object = parser._registry_get("type", type_, type_)
    return converter


convert_text: Callable[[argparse.ArgumentParser, argparse.Action, str], object] = argparse.ArgumentParser._get_value
"""Convert one text as argparse does for an argument on the command line. Raises argparse.ArgumentError for a bad text."""

check_choice: Callable[[argparse.ArgumentParser, argparse.Action, object], None] = argparse.ArgumentParser._check_value
"""Raise argparse.ArgumentError if a value is not one of an argument's choices. Python 3.14 can suggest the nearest choice."""


def options_for(parser: argparse.ArgumentParser, token: str) -> Iterator[argparse.Action]:
    """Yield the arguments that a token names as an option or as the abbreviation of an option."""
    parsed: Any = argparse.ArgumentParser._parse_optional(parser, token)
    # Since Python 3.12 argparse returns a list of candidates. Older versions return one candidate.
    for candidate in parsed if isinstance(parsed, list) else [parsed] if parsed else ():
        if candidate[0] is not None:
            yield candidate[0]


def argument_name(action: argparse.Action) -> str:
    """Return the name of an argument as argparse's errors show it."""
    return str(argparse.ArgumentError(action, "").argument_name)


def deprecated(arguments: Iterable[argparse.Action]) -> List[argparse.Action]:
    """Return the arguments that are declared with ``deprecated=True``, which is new in Python 3.13."""
    return [action for action in arguments if getattr(action, "deprecated", False)]


def print_warning(parser: argparse.ArgumentParser, message: str) -> None:
    """Print a warning to standard error in the form in which argparse warns of a deprecated argument."""
    parser._print_message(f"{parser.prog}: warning: {message}\n", sys.stderr)


def automatic_prefix(parser: argparse.ArgumentParser) -> Optional[str]:
    """Return ConfigArgParse's ``auto_env_var_prefix=``."""
    prefix: Optional[str] = getattr(parser, "_auto_env_var_prefix", None)
    return prefix


def shows_variables(parser: argparse.ArgumentParser) -> bool:
    """Return ConfigArgParse's ``add_env_var_help=``; True for a parser of another class."""
    return bool(getattr(parser, "_add_env_var_help", True))


def set_shows_variables(parser: argparse.ArgumentParser, shows: bool) -> None:
    """Set ConfigArgParse's ``add_env_var_help=``."""
    vars(parser)["_add_env_var_help"] = shows


def bare_copy(original: Copied) -> Copied:
    """Return a shallow copy of a parser, an argument or a group. Setting its attributes does not change the original."""
    # copy.copy uses the pickling methods of the class, which a parser class may not support.
    copied = type(original).__new__(type(original))
    vars(copied).update(vars(original))
    return copied


def working_copy(parser: Parser, all_actions: bool) -> Parser:
    """Return a copy of a parser, so that ``required`` of its arguments can be cleared without changing the original.

    Args:
        parser: The parser to copy.
        all_actions: Whether to copy every argument, or only the required ones.
    """
    copied = bare_copy(parser)
    copies = {action: bare_copy(action) for action in parser._actions if all_actions or action.required}
    copied._mutually_exclusive_groups = [_with_copies(group, copies) for group in parser._mutually_exclusive_groups]
    if copies:
        copied._actions = [copies.get(action, action) for action in parser._actions]
        copied._option_string_actions = {
            option: copies.get(action, action) for option, action in parser._option_string_actions.items()
        }
    if all_actions:
        copied._action_groups = [_with_copies(group, copies) for group in parser._action_groups]
    return copied


def detached_copy(parser: Parser) -> Parser:
    """Return a copy of a parser and of its subparsers for a parse that prints nothing, ends no process and opens no file.

    An error is raised as argparse.ArgumentError. The copy reads no default config files, and has ``str`` in place of each
    ``FileType``.
    """
    copied = working_copy(parser, all_actions=True)
    vars(copied).update(exit_on_error=False, error=_raise_error, _print_message=_print_nothing, _default_config_files=[])
    for action in copied._actions:
        if isinstance(action, SubParsersAction):
            # A subcommand and its aliases share one parser. A parser class may not be hashable.
            copies = {id(known): detached_copy(known) for known in {id(p): p for p in action.choices.values()}.values()}
            action.choices = action._name_parser_map = {name: copies[id(p)] for name, p in action.choices.items()}
        elif isinstance(action.type, argparse.FileType):
            action.type = str
    return copied


def _raise_error(message: str) -> NoReturn:
    raise argparse.ArgumentError(None, message)


def _print_nothing(message: str, file: object = None) -> None:
    """Print nothing."""


def _with_copies(group: Any, copies: Dict[argparse.Action, argparse.Action]) -> Any:
    copied = bare_copy(group)
    copied._group_actions = [copies.get(action, action) for action in group._group_actions]
    return copied
