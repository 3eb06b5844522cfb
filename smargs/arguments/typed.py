"""Find the arguments that may be typed, before argparse has parsed the tokens."""

from __future__ import annotations

import argparse
from typing import Iterator, Sequence, Set

from smargs import _argparse
from smargs.arguments.conversion import has_custom_type
from smargs.arguments.names import declared_spelling


def arguments_to_postpone(parser: argparse.ArgumentParser, typed: Sequence[str]) -> Set[argparse.Action]:
    """Return the arguments with a converter of the script to which some typed tokens may belong.

    SageMaker's value of such an argument is converted only if the argument was not typed, because the script's own converter
    may open a file. Arguments that add to the existing value are not returned, nor are options with the script's own action,
    because argparse calls these for each value on a command line.

    Args:
        parser: The parser.
        typed: The tokens that a person typed.
    """
    if not typed:
        return set()
    named = _named_options(parser, typed)
    for group in _argparse.exclusive_groups(parser):
        members = _argparse.members(group)
        if not named.isdisjoint(members):
            named.update(members)
    dests = {action.dest for action in named}
    return {action for action in _argparse.actions(parser) if has_custom_type(action) and _may_be_typed(action, dests)}


def _may_be_typed(action: argparse.Action, dests: Set[str]) -> bool:
    if isinstance(action, _argparse.ACCUMULATING):
        return False
    return not action.option_strings or (action.dest in dests and _argparse.is_standard(action))


def _named_options(parser: argparse.ArgumentParser, typed: Sequence[str]) -> Set[argparse.Action]:
    """Return the options that the tokens may name: all options if a file contains more tokens, or if help or version exits."""
    marks = parser.fromfile_prefix_chars or ""
    named = {action for token in typed for action in _named_by(parser, token)}
    names_file = any(token[:1] in marks for token in filter(None, typed))
    if names_file or any(isinstance(action, _argparse.EXITING) for action in named):
        return set(_argparse.options(parser).values())
    return named


def _named_by(parser: argparse.ArgumentParser, token: str) -> Iterator[argparse.Action]:
    """Yield the arguments that a token may name as an option. In ``-xyz`` each letter may name one."""
    if token[:1] not in parser.prefix_chars or token in ("", "--"):
        return
    yield from _argparse.options_for(parser, declared_spelling(token, _argparse.options(parser)))
    if token[1:2] not in parser.prefix_chars:
        for option, action in _argparse.options(parser).items():
            if len(option) == 2 and option[1] in token[1:]:
                yield action
