"""A parse in a training job: SageMaker's tokens off the command line, its values into the namespace, the rest to argparse."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import Any, Dict, List, Sequence, Tuple

from smargs.arguments import filling
from smargs.arguments import help as display
from smargs.container import commandline
from smargs.container.variables import is_internal
from smargs.parsing import ParseContext, working_copy


def parse(
    parser: Any,
    how: str,
    tokens: List[str],
    namespace: Any,
    settings: Dict[str, Any],
    job: ParseContext,
    outermost: bool,
    is_own: bool,
) -> Tuple[Any, List[str]]:
    """Parse a command line of a job.

    Args:
        parser: A parser of the mixin; it stays as it is.
        how: The method of argparse that parses what a person typed.
        tokens: The command line.
        namespace: Where the values go; None for a new one.
        settings: Further keywords of that method.
        job: The parse.
        outermost: Whether the parser is no subparser.
        is_own: Whether the tokens are those of the process, and no list that the script has made.

    Returns:
        The namespace and the unknown tokens.

    Raises:
        argparse.ArgumentError: If something is wrong.
    """
    if outermost:
        if job.environment.lost:
            raise argparse.ArgumentError(None, job.environment.lost)
        line = commandline.split_generated(tokens, job.environment)
        job.undeclared.difference_update(getattr(tokens, "claimed", ()))
    else:
        line = commandline.CommandLine(list(tokens), {}, job.platform)
    # Where no variable tells the platforms apart, the command line does. An own container counts as the toolkit's.
    job.platform = job.reading.platform or line.platform
    job.lines.append((tokens, parser.prefix_chars))
    namespace = argparse.Namespace() if namespace is None else namespace
    beats_namespace = is_own or bool(line.generated)
    has_prefix = getattr(parser, "_auto_env_var_prefix", None) is not None
    working = filled_copy(parser, job, namespace, line.typed, beats_namespace, all_actions=has_prefix)
    _warn_of(job)
    working._fill.lift_requirements()
    namespace, extras = parser._run(working, how, line.typed, namespace, settings, job)
    values = job.environment.hyperparameter_settings
    undeclared = [name for name in values if name in job.undeclared and not is_internal(name)] if job.undeclared else []
    if outermost and undeclared and tokens != sys.argv[1:]:
        # What another parser took off the process's command line before this one was given the rest is no stranger.
        started_with = commandline.split_generated(sys.argv[1:], job.environment)
        job.undeclared.difference_update(started_with.generated.keys() - line.generated.keys())
        undeclared = [name for name in undeclared if name in job.undeclared]
    if outermost and job.strict and undeclared:
        raise argparse.ArgumentError(None, display.unrecognized(undeclared, parser._option_string_actions))
    if outermost and not job.strict:
        left = {
            name: line.generated.get(name) or commandline.render(job.platform, name, values[name].value) for name in undeclared
        }
        rest = commandline.CommandLine(extras, left, job.platform)
        extras = commandline.UnparsedTokens(rest, values.keys() - job.undeclared)
    return namespace, extras


def filled_copy(
    parser: Any,
    job: ParseContext,
    namespace: Any,
    typed: Sequence[str],
    beats_namespace: bool,
    *,
    all_actions: bool,
    calls_own: bool = True,
) -> Any:
    """A working copy of a parser, when SageMaker's values for it are in a namespace.

    Args:
        parser: A parser of the mixin; it stays as it is.
        job: The parse.
        namespace: Where the values go.
        typed: The tokens that a person typed.
        beats_namespace: Whether hyperparameters replace what the namespace has.
        all_actions: Whether every argument is copied, or only those that are required.
        calls_own: Whether converters and actions of the script's own are called.

    Returns:
        The copy; its ``_fill`` says what was filled.
    """
    working: Any = working_copy(parser, all_actions)
    job.parsers.append(working)  # An action may have it parse more tokens.
    fill = working._fill = filling.FilledArguments(parser, working, job, calls_own)
    job.undeclared.difference_update(fill.matches.claimed)
    job.matches.append(fill.matches)
    fill.apply(namespace, typed, beats_namespace)
    return working


def _warn_of(job: ParseContext) -> None:
    """Say what the arguments asked for and could not be read, once in a parse."""
    for problem in job.environment.problems:
        if problem not in job.warned:
            job.warned.add(problem)
            warnings.warn(problem, stacklevel=_callers_level())


def _callers_level() -> int:
    """The ``stacklevel`` that makes a warning of the calling function point at the script's own line."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in ("smargs", "argparse", "configargparse"):
        frame, level = frame.f_back, level + 1
    return level
