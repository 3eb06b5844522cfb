"""A parse in a training job: SageMaker's tokens off the command line, its values into the namespace, the rest to argparse.

Off SageMaker nobody imports this, nor what only it needs.
"""

from __future__ import annotations

import argparse
import sys
import warnings

from smargs import commandline, filling
from smargs.parse import working_copy
from smargs.variables import is_internal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from smargs.parse import Job


def parse(
    parser: Any, how: str, tokens: List[str], namespace: Any, settings: Dict[str, Any], job: Job, outermost: bool
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

    Returns:
        The namespace and the unknown tokens.

    Raises:
        argparse.ArgumentError: If something is wrong.
    """
    if outermost:
        if job.environment.lost:
            raise argparse.ArgumentError(None, job.environment.lost)
        line = commandline.take_apart(tokens, job.environment)
        job.undeclared.difference_update(getattr(tokens, "claimed", ()))
    else:
        line = commandline.CommandLine(list(tokens), {})
    job.lines.append((tokens, parser.prefix_chars))
    namespace = argparse.Namespace() if namespace is None else namespace
    working = filled_copy(parser, job, namespace, all_actions=getattr(parser, "_auto_env_var_prefix", None) is not None)
    _warn_of(job)
    filling.lift_requirements(working, working._fill)
    namespace, extras = parser._run(working, how, line.typed, namespace, settings)
    values = job.environment.hyperparameter_settings
    undeclared = [name for name in values if name in job.undeclared and not is_internal(name)] if job.undeclared else []
    if outermost and undeclared and tokens != sys.argv[1:]:
        # What another parser took off the process's command line before this one was given the rest is no stranger.
        started_with = commandline.take_apart(sys.argv[1:], job.environment)
        job.undeclared.difference_update(started_with.generated.keys() - line.generated.keys())
        undeclared = [name for name in undeclared if name in job.undeclared]
    if outermost and job.strict and undeclared:
        from smargs.display import unrecognized  # Only what is shown needs it.

        raise argparse.ArgumentError(None, unrecognized(undeclared, parser._option_string_actions))
    if outermost and not job.strict:
        left = {name: line.generated.get(name) or commandline.render(name, values[name].value) for name in undeclared}
        extras = commandline.Remainder(extras, left, values.keys() - job.undeclared)
    return namespace, extras


def filled_copy(parser: Any, job: Job, namespace: Any, *, all_actions: bool, call_custom_actions: bool = True) -> Any:
    """A working copy of a parser, when SageMaker's values for it are in a namespace.

    Args:
        parser: A parser of the mixin; it stays as it is.
        job: The parse.
        namespace: Where the values go.
        all_actions: Whether every argument is copied, or only those that are required.
        call_custom_actions: Whether actions that are not argparse's own are called, or left alone.

    Returns:
        The copy; its ``_fill`` says what was filled.
    """
    working: Any = working_copy(parser, all_actions)
    working._fill = filling.Fill(parser, job)
    filling.fill(working, job, namespace, working._fill, parser._infer_types, call_custom_actions)
    return working


def _warn_of(job: Job) -> None:
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
