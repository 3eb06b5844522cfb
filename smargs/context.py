"""The context of one parse: the data that its parsers share, its secrets and its warnings."""

from __future__ import annotations

import argparse
import contextlib
import sys
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from smargs import _argparse
from smargs.arguments.filling import Origin
from smargs.arguments.matching import Matches
from smargs.arguments.messages import no_channel_taken, piped_channel, unpacked_model, unrecognized_hyperparameters
from smargs.arguments.names import takes_channel
from smargs.container.variables import MODEL_DIR, PLATFORM_CHANNELS

if TYPE_CHECKING:
    from smargs.secrets.masking import Secrets

_current: ContextVar[Optional[ParseContext]] = ContextVar("smargs", default=None)


class ParseContext(Origin):
    """The data that the parsers of one parse share: the outermost parser and the parsers of its subcommands.

    Attributes:
        is_strict: Whether an undeclared hyperparameter is an error (``parse_args``) or is returned (``parse_known_args``).
        settings: The keyword arguments of the outermost parse, for ConfigArgParse.
        has_started: Whether a parser has begun to parse.
    """

    def __init__(self, environ: Mapping[str, str], is_strict: bool, parser: argparse.ArgumentParser) -> None:
        super().__init__(environ)
        self.is_strict = is_strict
        self.settings: Dict[str, object] = {}
        self.has_started = False
        self._parsers = [parser]
        self._working: List[argparse.ArgumentParser] = []
        self._texts: List[Tuple[argparse.Action, str]] = []
        self._settings: List[Tuple[str, object]] = []
        self._command_lines: List[Sequence[str]] = []
        self._matches: List[Matches] = []
        self._parts: Dict[str, Dict[str, None]] = {}
        self._problems: Set[str] = set()

    def is_outermost(self, parser: argparse.ArgumentParser) -> bool:
        """Return whether a parser began this parse."""
        return parser is self._parsers[0]

    def add_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add a parser of this parse, or the working copy of one."""
        self._parsers.append(parser)

    def includes(self, parser: argparse.ArgumentParser) -> bool:
        """Return whether a parser is a parser of this parse, or of a subcommand of one."""
        return any(parser is known for known in self._parsers) or any(
            parser is subparser for known in self._parsers for subparser in _argparse.subparsers(known)
        )

    def is_joined_by(self, parser: argparse.ArgumentParser) -> bool:
        """Return whether a parse that a parser begins is a part of this one.

        It is a separate parse if the same parser is parsing already: a signal handler or a type function has called it.
        """
        return self.includes(parser) and not any(parser is working for working in self._working)

    @contextlib.contextmanager
    def working(self, parser: argparse.ArgumentParser) -> Iterator[None]:
        """Mark a parser as parsing."""
        self._working.append(parser)
        try:
            yield
        finally:
            self._working.pop()

    def add_text(self, action: argparse.Action, text: str) -> None:
        """Record a text of an argument, because it may be a secret."""
        self._texts.append((action, text))

    def add_setting(self, name: str, value: object) -> None:
        """Record a value of a config file or of a variable that is not SageMaker's, because it may be a secret."""
        self._settings.append((name, value))

    def add_command_line(self, tokens: Sequence[str]) -> None:
        """Record the command line of a parser, or the tokens that no argument declares, because they may contain secrets."""
        self._command_lines.append(tokens)

    def add_matches(self, matches: Matches) -> None:
        """Record the values that match a parser's arguments. They claim hyperparameters, and may be secrets."""
        self.claimed |= matches.claimed
        for name, parts in matches.parts.items():
            self._parts.setdefault(name, {}).update(dict.fromkeys(parts))
        self._matches.append(matches)

    def undeclared(self) -> Dict[str, List[str]]:
        """Return the hyperparameters that no argument has claimed, in the order of the job, each with its unclaimed parts."""
        if self.job.hyperparameters.keys() <= self.claimed:
            return {}
        unclaimed = {
            name: [part for part in self._parts.get(name, (name,)) if part not in self.claimed]
            for name in self.job.hyperparameters
            if name not in self.claimed and not self.job.may_be_undeclared(name)
        }
        return {name: parts for name, parts in unclaimed.items() if parts}

    def takers(self) -> Dict[str, str]:
        """Return the hyperparameter that fills the argument of each option string."""
        names = {id(value): name for name, value in self.job.hyperparameters.items()}
        filled = [pair for matches in self._matches for pair in matches.explicit.items() if id(pair[1]) in names]
        return {option: names[id(value)] for action, value in filled for option in action.option_strings}

    def report_unrecognized(self, hyperparameters: Sequence[str], parser: argparse.ArgumentParser) -> None:
        """Raise the error for hyperparameters that no argument declares."""
        message = unrecognized_hyperparameters(hyperparameters, _argparse.options(parser), self.takers())
        raise argparse.ArgumentError(None, message)

    def process_tokens(self) -> List[str]:
        """Return the command line with which the job started this process, then what is left of it in ``sys.argv``."""
        # Before Python 3.10, the tokens that a script has removed from sys.argv are not known.
        return [*getattr(sys, "orig_argv", ()), *sys.argv]

    def secrets(self) -> Secrets:
        """Return the secrets of this parse so far. They are collected only here, so a parse without an error costs nothing."""
        # Importing the room takes 2 ms, and only what shows a value needs it.
        from smargs.secrets.masking import Secrets
        from smargs.secrets.names import Names

        secrets = Secrets(Names(self.environ, self._parsers), self._parsers)
        self.add_secrets(secrets)
        return secrets

    def add_secrets(self, secrets: Secrets) -> None:
        """Collect the secrets of this parse so far."""
        for action, value in self._values_of_arguments():
            secrets.add_argument(action, value)
        for name, setting in self._settings:
            secrets.add(name, setting)
            if isinstance(setting, list):
                # ConfigArgParse splits a list at its commas, so its elements may have quotes around them.
                secrets.add(name, ", ".join(map(str, setting)))
        for name, sent in self.job.hyperparameters.items():
            secrets.add(name, sent.value, sent.text)
        for tokens in self._command_lines:
            secrets.add_tokens(tokens)

    def _values_of_arguments(self) -> Iterator[Tuple[argparse.Action, object]]:
        """Yield each argument with what it may be seen with: its default, its constant, and the texts of this parse."""
        for action in _argparse.all_actions(self._parsers):
            yield from ((action, action.default), (action, action.const))
        for matches in self._matches:
            yield from ((action, value.text) for action, value in matches.explicit.items())
            yield from ((action, value.text) for action, several in matches.inferred.items() for value, _ in several)
        yield from self._texts

    def warn_of_problems(self) -> None:
        """Warn, once in a parse, of each needed source that cannot be read, and of a model that the job does not pack."""
        problems = [*self.job.problems]
        model = self.job.hyperparameters.get(MODEL_DIR)
        if model is not None and MODEL_DIR in self.claimed and model.text.startswith("s3://"):
            problems.append(unpacked_model(model.text))
        problems += [*self._piped_channels(), *self._channels_not_taken()]
        for problem in problems:
            if problem not in self._problems:
                self._problems.add(problem)
                warnings.warn(self.secrets().mask_text(problem), stacklevel=level_of_the_script())

    def _piped_channels(self) -> Iterator[str]:
        """Yield the warning for each channel in Pipe mode whose directory fills an argument."""
        may_take_channel = any(matches.inferred or matches.named for matches in self._matches)
        for name in self.job.piped_channels if may_take_channel else ():
            if self._fills([name]):
                yield piped_channel(name, self.job.channels[name].text)

    def _channels_not_taken(self) -> Iterator[str]:
        """Yield a warning if no channel of the job fills an argument, but there are arguments that would take a channel."""
        takers = [action for matches in self._matches for action in matches.unfilled if self._takes_channel(action)]
        channels = [name for name in self.job.channels if name not in PLATFORM_CHANNELS] if takers else []
        if channels and not self._fills(channels):
            yield no_channel_taken(channels, map(_argparse.argument_name, takers))

    def _takes_channel(self, action: argparse.Action) -> bool:
        """Return whether an argument would take a channel. If it is required, its absence is an error instead."""
        is_optional = action.default is None and not action.required
        return is_optional and takes_channel(action, self._parsers[0].prefix_chars)

    def _fills(self, channels: Iterable[str]) -> bool:
        """Return whether the directory of one of these channels fills an argument."""
        paths = {self.job.channels[name].text for name in channels}
        return any(value.text in paths for matches in self._matches for value in matches.values())


def current_context() -> Optional[ParseContext]:
    """Return the current parse of this thread, or None."""
    return _current.get()


@contextlib.contextmanager
def parse_under_way(context: ParseContext) -> Iterator[ParseContext]:
    """Make a parse the current parse of this thread."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def level_of_the_script() -> int:  # pragma: no mutate block
    """Return the ``stacklevel`` at which a warning of the calling function points at the script's own line."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in ("smargs", "argparse", "configargparse"):
        frame, level = frame.f_back, level + 1
    return level
