"""Parse a plain command line: options that are spelled out, each followed by just what it takes, or nothing at all.

There argparse has nothing to search for: no abbreviations, no joined options, no positionals. Up to Python 3.12 its search
takes the square of the number of tokens.
"""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence, Tuple

    # An option's action, its texts and its option string, as argparse hands them to the action.
    Option = Tuple[argparse.Action, List[str], str]

# How argparse tells what a token is and how many an option takes, and the modules whose ways are known.
_WAYS = ("_parse_known_args", "_parse_optional", "_match_argument", "_get_nargs_pattern")
_KNOWN = ("argparse", "smargs.mixin")
_ACTIONS = (argparse._StoreAction, argparse._StoreConstAction, argparse._StoreTrueAction, argparse._StoreFalseAction)


def parse(parser: argparse.ArgumentParser, tokens: Sequence[str], namespace: argparse.Namespace) -> bool:
    """Do what argparse's ``_parse_known_args`` does, where the command line is plain.

    Args:
        parser: The parser.
        tokens: The command line.
        namespace: Where the values go; it has the defaults already.

    Returns:
        Whether it was done. If not, nothing was touched, and argparse must do it.

    Raises:
        argparse.ArgumentError: For a value that does not fit its argument, as argparse.
    """
    options = _options(parser, tokens) if _goes_argparses_way(parser) else None
    if options is None:
        return False
    seen = {action for action, _, _ in options}
    defaults = []
    for action in parser._actions:
        if action not in seen:
            if action.required or not action.option_strings:
                return False
            if isinstance(action.default, str):
                defaults.append((action, action.default))
    for action, texts, option in options:
        value = parser._get_values(action, texts)
        if value is not argparse.SUPPRESS:
            action(parser, namespace, value, option)
    # A default that is a text is converted, where it is the value still.
    for action, text in defaults:
        if getattr(namespace, action.dest, None) is text:
            setattr(namespace, action.dest, parser._get_value(action, text))
    return True


def _goes_argparses_way(parser: argparse.ArgumentParser) -> bool:
    """Whether nobody but argparse has a say in how this parser takes a command line apart: no other class, and no patch."""
    if parser.fromfile_prefix_chars is not None or parser._mutually_exclusive_groups:
        return False
    members = [vars(owner) for owner in type(parser).__mro__]
    ways = [member[way] for member in members for way in _WAYS if way in member]
    return all(getattr(way, "__globals__", {}).get("__name__") in _KNOWN for way in ways)


def _options(parser: argparse.ArgumentParser, tokens: Sequence[str]) -> Optional[List[Option]]:
    """The options of a command line that is plain; None if it is not."""
    declared: Dict[str, argparse.Action] = parser._option_string_actions
    prefix_chars = parser.prefix_chars
    options: List[Option] = []
    rest = iter(tokens)
    for option in rest:
        action = declared.get(option)
        if action is None or type(action) not in _ACTIONS or getattr(action, "deprecated", False):
            return None
        texts = []
        if action.nargs is None:
            text = next(rest, None)
            if text is None or (text and text[0] in prefix_chars):
                return None
            texts.append(text)
        elif action.nargs != 0:
            return None
        options.append((action, texts, option))
    return options
