"""One parse: what its parsers share, and the copies that argparse works on."""

from __future__ import annotations

import argparse
import contextlib
from functools import cached_property
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Set, Tuple, TypeVar

from smargs.arguments.matching import Matches
from smargs.container.environment import SageMakerEnvironment
from smargs.container.sources import JobSources
from smargs.container.variables import TOOLKIT

Held = TypeVar("Held")
Parser = TypeVar("Parser", bound=argparse.ArgumentParser)


class ParseContext:
    """What all parsers of one parse, the outermost and its subparsers, share.

    Attributes:
        environ: The environment variables of this parse.
        reading: What the platform says in them; it is false off SageMaker.
        strict: Whether an undeclared hyperparameter is an error (``parse_args``) or handed back (``parse_known_args``).
        undeclared: The hyperparameters that no argument has claimed so far.
        given: Texts of arguments, of which some may be secrets.
        matches: What the environment has for the arguments of its parsers.
        parsers: The parsers of this parse that have begun, and their working copies.
        lines: The command lines of its parsers, and the characters that their options start with.
        settings: What the outermost parser was given beside the command line, for ConfigArgParse.
        started: Whether a parser has begun to parse.
        warned: What could not be read, and was said.
    """

    def __init__(self, environ: Mapping[str, str], strict: bool) -> None:
        self.environ = environ
        self.reading = JobSources(environ)
        self.strict = strict
        self.undeclared: Set[str] = set(self.reading.hyperparameters)
        self.given: List[Tuple[argparse.Action, str]] = []
        self.matches: List[Matches] = []
        self.lines: List[Tuple[Sequence[str], str]] = []
        self.parsers: List[argparse.ArgumentParser] = []
        self._at_work: List[argparse.ArgumentParser] = []
        self.settings: Dict[str, object] = {}
        self.started = False
        self.warned: Set[str] = set()

    def is_joined_by(self, parser: argparse.ArgumentParser) -> bool:
        """Whether a parse that a parser begins belongs to this one: not if the same parser is at work already, as when a signal
        handler or a type function parses again.
        """
        return self.includes(parser) and not any(parser is working for working in self._at_work)

    @contextlib.contextmanager
    def parsing_with(self, parser: argparse.ArgumentParser) -> Iterator[None]:
        """Have a parser at work."""
        self._at_work.append(parser)
        try:
            yield
        finally:
            self._at_work.pop()

    def includes(self, parser: argparse.ArgumentParser) -> bool:
        """Whether a parser has begun in this parse, or is a subparser of one that has."""
        return any(parser is known for known in self.parsers) or any(
            parser is subparser
            for known in self.parsers
            for action in known._actions
            if isinstance(action, argparse._SubParsersAction)
            for subparser in action.choices.values()
        )

    @cached_property
    def platform(self) -> str:
        """Who spells the hyperparameters, as the variables tell; a command line may tell more."""
        return self.reading.platform or TOOLKIT

    @cached_property
    def environment(self) -> SageMakerEnvironment:
        """The snapshot of what was read."""
        return SageMakerEnvironment(self.reading)


def tokens_of(args: Iterable[str]) -> List[str]:
    """The tokens that a parser is given: a text is split at white space, as ConfigArgParse does, and a list stays that list."""
    if isinstance(args, list):
        return args
    return args.split() if isinstance(args, str) else list(args)


def bare_copy(held: Held) -> Held:
    """A parser, an argument or a group that shares whatever another holds, and takes no assignment to it along."""
    # copy.copy goes by what a class has for pickling, which need not be all that a parser is.
    copied = type(held).__new__(type(held))
    vars(copied).update(vars(held))
    return copied


def working_copy(parser: Parser, all_actions: bool) -> Parser:
    """A parser with the same arguments, whose ``required`` may change without a trace.

    Args:
        parser: The parser; it stays as it is.
        all_actions: Whether every argument is copied, or only those that are required.

    Returns:
        The copy. It shares all but what it must not share.
    """
    copied = bare_copy(parser)
    twins = {action: bare_copy(action) for action in parser._actions if all_actions or action.required}

    def with_twins(group: Any) -> Any:
        group = bare_copy(group)
        group._group_actions = [twins.get(action, action) for action in group._group_actions]
        return group

    copied._mutually_exclusive_groups = [with_twins(group) for group in parser._mutually_exclusive_groups]
    if not twins:
        return copied
    copied._actions = [twins.get(action, action) for action in parser._actions]
    copied._option_string_actions = {name: twins.get(action, action) for name, action in parser._option_string_actions.items()}
    if all_actions:
        copied._action_groups = [with_twins(group) for group in parser._action_groups]
    return copied
