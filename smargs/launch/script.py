"""The check of a job's hyperparameters by a script that runs in a process of its own, up to its first parse."""

from __future__ import annotations

import pickle
import warnings
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from smargs.launch.check import Question, Reply, pickling_problem, without_variables
from smargs.launch.entry_point import AnyPath, find_entry_point
from smargs.launch.errors import HyperparameterError
from smargs.launch.process import ScriptError, ask
from smargs.launch.ranges import read_ranges
from smargs.local.channels import check_channel_name
from smargs.local.job import BadJobError
from smargs.secrets.masking import Secrets


def check_hyperparameters(
    script: AnyPath,
    values: object,
    channels: Iterable[str] = (),
    ranges: Optional[Mapping[str, Any]] = None,
    *,
    patch: bool = False,
    source_dir: Optional[AnyPath] = None,
) -> Dict[str, Any]:
    """Return the hyperparameters that a job sends, as ``to_hyperparameters`` of the script's own parser returns them.

    The script runs in a process of its own, up to its first parse of the command line. It needs its imports up to there, but no
    data. If it cannot be run here, put the parser into a module with a function ``build_parser()``, and check that module.

    Args:
        script: The path of the script, or of a module that defines ``build_parser()`` and does not parse.
        values: A mapping of names to values, or a namespace, of which only what differs from the default is sent.
        channels: The names of the job's channels. The values of a mapping are ignored.
        ranges: The ranges of a tuning job: the SDKs' objects by name, or the service's ``ParameterRanges``.
        patch: Whether the job runs the script with ``smargs.patch``, because its parser is that of argparse.
        source_dir: The job's ``source_dir``, which contains the script; None for the directory that the script is in.

    Returns:
        The texts that the service stores, by name. A pipeline variable is returned unchanged.

    Raises:
        HyperparameterError: If the service, a platform or the script would refuse the hyperparameters, or the script cannot be
            run up to its first parse; with every problem.
        TypeError: If the values are neither a mapping nor a namespace, or the ranges are no mapping.
    """
    reply = check(script, values, channels, ranges, is_patched=patch, source_dir=source_dir)
    for warning in reply.warnings:
        warnings.warn(warning, stacklevel=2)
    if reply.problems:
        raise HyperparameterError(reply.problems)
    sent = dict(_pairs(values))
    return {
        name: sent[reply.pipeline_variables[name]] if text is None else text for name, text in reply.hyperparameters.items()
    }


def check(
    script: AnyPath,
    values: object,
    channels: Iterable[str] = (),
    ranges: Optional[Mapping[str, Any]] = None,
    *,
    is_patched: bool = False,
    source_dir: Optional[AnyPath] = None,
    subcommands: Sequence[str] = (),
    shows_arguments: bool = False,
) -> Reply:
    """Check hyperparameters as :func:`check_hyperparameters` does, and return every problem instead of raising it.

    Args:
        script: The path of the script or of the module.
        values: A mapping or a namespace.
        channels: The names of the job's channels.
        ranges: The ranges of a tuning job.
        is_patched: Whether the script's ``argparse.ArgumentParser`` is replaced.
        source_dir: The path of the directory of the source code.
        subcommands: Tokens that choose subcommands.
        shows_arguments: Whether the reply has the lines of a table of all arguments.
    """
    try:
        entry_point = find_entry_point(script, source_dir)
        names = _check_channels(channels)
        each_range = read_ranges({} if ranges is None else ranges, encoded=True)
        numbered = {str(number): each for number, each in enumerate(each_range)}
        pickled = [_pickle(name, value) for name, value in _pairs(values)]
        is_namespace = not isinstance(values, Mapping)
        question = Question(entry_point, pickled, is_namespace, names, numbered, subcommands, shows_arguments)
        reply = ask(entry_point, "smargs.launch.check", question, names, arguments=subcommands, is_patched=is_patched)
    except (BadJobError, HyperparameterError, ScriptError) as error:
        problems = error.problems if isinstance(error, HyperparameterError) else (str(error),)
        return Reply(problems=list(map(_secrets(values).mask_text, problems)))
    return Reply(**reply)


def _check_channels(channels: Iterable[str]) -> List[str]:
    """Return the names of channels.

    Raises:
        BadJobError: If the service does not allow a name.
    """
    if isinstance(channels, str):
        raise BadJobError(f"argument channels: {channels!r} is a str: expected a list of names, or a mapping")
    return [check_channel_name(name, "channels") for name in channels]


def _pairs(values: object) -> List[Tuple[Any, Any]]:
    if isinstance(values, Mapping):
        return list(values.items())
    if not hasattr(values, "__dict__"):
        raise TypeError(f"values: expected a namespace or a mapping, not {type(values).__name__}")
    return list(vars(values).items())


def _pickle(name: object, value: object) -> bytes:
    """Pickle a name with its value, which is pickled on its own.

    Raises:
        HyperparameterError: If that is not possible.
    """
    try:
        return pickle.dumps((name, pickle.dumps(without_variables(value))))
    except Exception as error:
        raise HyperparameterError([pickling_problem(name, error)]) from None


def _secrets(values: object) -> Secrets:
    secrets = Secrets()
    for name, value in _pairs(values):
        secrets.add(str(name), value, str(value))
    return secrets
