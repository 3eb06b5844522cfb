"""One parse: the data that its parsers share, and the steps of a parse in a job."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from smargs import _argparse
from smargs.arguments.filling import FilledArguments, Origin
from smargs.arguments.help import ShownArguments
from smargs.arguments.matching import Matches
from smargs.arguments.messages import no_channel_taken, piped_channel, unpacked_model, unrecognized_hyperparameters
from smargs.arguments.names import takes_channel
from smargs.arguments.requirements import Requirements
from smargs.container.commandline import CommandLine, Rendering, UnparsedTokens, rendering_of, split_generated, tokens_of
from smargs.container.variables import MODEL_DIR, PLATFORM_CHANNELS

if TYPE_CHECKING:
    from smargs.secrets.masking import Secrets

_current: ContextVar[Optional[ParseContext]] = ContextVar("smargs", default=None)


class ParseContext(Origin):
    """The data that the parsers of one parse share: the outermost parser and the parsers of its subcommands.

    Attributes:
        is_strict: Whether an undeclared hyperparameter is an error (``parse_args``) or is returned (``parse_known_args``).
        claimed: The hyperparameters, and the parts of objects, that some argument has claimed so far.
        settings: The keyword arguments of the outermost parse, for ConfigArgParse.
        has_started: Whether a parser has begun to parse.
    """

    def __init__(self, environ: Mapping[str, str], is_strict: bool, parser: argparse.ArgumentParser) -> None:
        super().__init__(environ)
        self.is_strict = is_strict
        self.claimed: Set[str] = set()
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
        """Return the command line with which the job started this process."""
        return sys.argv[1:]

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


def as_tokens(args: Iterable[str]) -> List[str]:
    """Return the tokens that a parser is called with: a list as it is, a text split at white space as ConfigArgParse does."""
    if isinstance(args, list):
        return args
    return args.split() if isinstance(args, str) else list(args)


class JobParse:
    """One parser's part of a parse in a job.

    Attributes:
        working: The working copy of the parser, with which argparse parses. The parser is not changed.
        typed: The tokens that argparse parses: those that a person typed.
        namespace: The namespace, with SageMaker's values.
    """

    def __init__(
        self, context: ParseContext, parser: Any, tokens: List[str], namespace: Any, is_process_command_line: bool
    ) -> None:
        """Split the command line, and store SageMaker's values into the namespace.

        Args:
            context: The parse.
            parser: A parser of the mixin.
            tokens: The command line.
            namespace: The namespace to store into; None for a new one.
            is_process_command_line: Whether the tokens are ``sys.argv[1:]``, because the caller passed none.

        Raises:
            argparse.ArgumentError: If the hyperparameters cannot be read.
        """
        self._context, self._parser, self._tokens = context, parser, tokens
        self._line = self._split_tokens()
        context.add_command_line(tokens)
        self.typed = self._line.typed
        self.namespace = argparse.Namespace() if namespace is None else namespace
        self.working = _working_copy(context, parser, all_actions=_argparse.automatic_prefix(parser) is not None)
        filled = self.working._filled = _match_arguments(context, parser, self.working, calls_custom_code=True)
        filled.apply(self.namespace, self.typed, replaces_values=is_process_command_line or bool(self._line.generated.names))
        context.warn_of_problems()
        self.working._requirements = Requirements(filled, context)

    def finish(self, unknown: List[str]) -> List[str]:
        """Warn of deprecated arguments, check for undeclared hyperparameters, and return the tokens that no argument declares.

        Args:
            unknown: The typed tokens that no argument declares.

        Raises:
            argparse.ArgumentError: If the parse is strict and there is an undeclared hyperparameter.
        """
        self.working._filled.warn_of_deprecated()
        if not self._context.is_outermost(self._parser):
            return unknown
        undeclared = self._undeclared()
        if not self._context.is_strict:
            return self._unparsed(unknown, undeclared)
        if undeclared:
            self._context.report_unrecognized([name for parts in undeclared.values() for name in parts], self._parser)
        return unknown

    def _split_tokens(self) -> CommandLine:
        """Split the command line of the outermost parser. That of a subcommand contains typed tokens only."""
        context, tokens = self._context, self._tokens
        if not context.is_outermost(self._parser):
            return CommandLine(list(tokens), Rendering(context.platform, [], []))
        if context.job.missing_reason:
            raise argparse.ArgumentError(None, context.job.missing_reason)
        starts_with_command = tokens[:1] == ["train"] and context.job.is_own_container
        if starts_with_command and all(action.option_strings for action in _argparse.actions(self._parser)):
            tokens = tokens[1:]  # It is the service's command, unless a positional takes it.
        line = split_generated(tokens, context.job)
        context.claimed.update(tokens.claimed if isinstance(tokens, UnparsedTokens) else ())
        # If no variable shows the platform, the command line does. If neither does, the toolkit's spelling applies.
        context.platform = context.job.platform or line.generated.platform
        return line

    def _undeclared(self) -> Dict[str, List[str]]:
        """Return the hyperparameters that no parser of this process declares, each with its undeclared parts."""
        undeclared = self._context.undeclared()
        process_tokens = self._context.process_tokens()
        if undeclared and self._tokens != process_tokens:
            # Hyperparameters consumed by an earlier parser are not unrecognized.
            started_with = split_generated(process_tokens, self._context.job)
            self._context.claimed |= set(started_with.generated.names).difference(self._line.generated.names)
            return self._context.undeclared()
        return undeclared

    def _unparsed(self, unknown: List[str], undeclared: Iterable[str]) -> UnparsedTokens:
        """Return the unknown tokens with those of undeclared hyperparameters."""
        context, values, written = self._context, self._context.job.hyperparameters, self._line.platform_tokens
        pairs = {name: written.get(name) or tokens_of(context.platform, name, values[name].value) for name in undeclared}
        line = CommandLine(unknown, rendering_of(context.platform, pairs))
        return UnparsedTokens(line, context.claimed)


def view(parser: Any) -> Any:
    """Return a copy of a parser for its help and usage: the arguments show SageMaker's values and variables.

    Args:
        parser: A parser of the mixin.
    """
    context = current_context()
    if context is None or not context.includes(parser):
        context = ParseContext(os.environ, False, parser)
    namespace = argparse.Namespace()
    shown = _working_copy(context, parser, all_actions=True)
    shown._filled = _match_arguments(context, parser, shown, calls_custom_code=False)
    shown._filled.apply(namespace, [], replaces_values=False)
    arguments = ShownArguments(shown, shown._filled, context.environ)
    arguments.show_values(vars(namespace))
    arguments.mask_secrets(context.secrets())
    if _argparse.shows_variables(parser):
        arguments.name_variables()
    arguments.hide_from_configargparse()
    return shown


def _working_copy(context: ParseContext, parser: Any, all_actions: bool) -> Any:
    working = _argparse.working_copy(parser, all_actions)
    context.add_parser(working)  # An action may parse more tokens with the working copy.
    return working


def _match_arguments(context: ParseContext, parser: Any, working: Any, *, calls_custom_code: bool) -> FilledArguments:
    filled = FilledArguments(parser, working, context, calls_custom_code)
    context.add_matches(filled.matches)
    return filled


def level_of_the_script() -> int:  # pragma: no mutate block
    """Return the ``stacklevel`` at which a warning of the calling function points at the script's own line."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in ("smargs", "argparse", "configargparse"):
        frame, level = frame.f_back, level + 1
    return level
