"""The steps of a parse in a job, and of its help."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, Dict, Iterable, List

from smargs import _argparse
from smargs.arguments.filling import FilledArguments
from smargs.arguments.help import ShownArguments
from smargs.arguments.requirements import Requirements
from smargs.container.argv import ProcessTokens
from smargs.container.commandline import CommandLine, Rendering, UnparsedTokens, rendering_of, split_generated, tokens_of
from smargs.context import ParseContext, current_context


def as_tokens(args: Iterable[str]) -> List[str]:
    """Return the tokens that a parser is called with: a list as it is, a text split at white space as ConfigArgParse does."""
    if isinstance(args, ProcessTokens):
        return args.plain()
    if isinstance(args, list):
        return args
    return args.split() if isinstance(args, str) else list(args)


def is_command_line(args: object) -> bool:
    """Return whether a parser is called with the command line of this process: no tokens, its list, or its text.

    An empty list or text is that of a command line without tokens only if it may be a copy of ``sys.argv``.
    """
    tokens = as_tokens(sys.argv)[1:]
    if not tokens and isinstance(sys.argv, ProcessTokens) and not sys.argv.is_copied:
        return args is None or (isinstance(args, ProcessTokens) and not args)
    if isinstance(args, str):
        return as_tokens(args) == as_tokens(" ".join(tokens))
    return args is None or (isinstance(args, (list, tuple)) and as_tokens(args) == tokens)


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
        if self._context.undeclared():
            # Hyperparameters consumed by an earlier parser are not unrecognized.
            started_with = split_generated(self._context.process_tokens(), self._context.job)
            self._context.claimed |= set(started_with.generated.names).difference(self._line.generated.names)
        return self._context.undeclared()

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
