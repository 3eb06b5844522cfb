"""The check of a job's hyperparameters, in the process of the script. ``script`` starts that process."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import pickle
import sys
import tempfile
import warnings
from types import MappingProxyType
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from smargs import _argparse
from smargs.launch.container import container_variables
from smargs.launch.entry_point import EntryPoint
from smargs.launch.errors import OTHER_PARSER, HyperparameterError
from smargs.launch.hyperparameters import to_hyperparameters
from smargs.launch.pipelines import has_inner_variable, is_pipeline_variable
from smargs.launch.preview import Row, Watch
from smargs.launch.ranges import Range
from smargs.launch.request import Arguments
from smargs.local.job import BadJobError
from smargs.mixin import SageMakerParserMixin
from smargs.secrets.masking import Secrets
from smargs.secrets.names import Names


class Question(NamedTuple):
    """The hyperparameters to check, and the job that has them.

    Attributes:
        entry_point: The script.
        values: Names and values, each pair pickled, because the script may define their classes.
        is_namespace: Whether the values are those of a namespace instead of a mapping.
        channels: The names of the job's channels.
        ranges: The ranges of a tuning job, by their numbers, because two may have the same name.
        subcommands: Tokens that choose subcommands.
        shows_arguments: Whether the reply has the lines of a table of all arguments.
    """

    entry_point: EntryPoint
    values: List[bytes]
    is_namespace: bool
    channels: Sequence[str]
    ranges: Mapping[str, Range]
    subcommands: Sequence[str]
    shows_arguments: bool


class Reply(NamedTuple):
    """The result of a check.

    Attributes:
        hyperparameters: The texts that are sent, by name; None for a pipeline variable.
        shown: The same with secrets masked.
        pipeline_variables: For each hyperparameter that is a pipeline variable, the name that the caller has for it.
        problems: What a job would refuse, one line each, with secrets masked.
        warnings: The texts of warnings, one line each.
        arguments: A line of the table for each argument.
    """

    hyperparameters: Mapping[str, Optional[str]] = MappingProxyType({})
    shown: Mapping[str, object] = MappingProxyType({})
    pipeline_variables: Mapping[str, str] = MappingProxyType({})
    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    arguments: Sequence[Row] = ()


class PipelineVariable:
    """Replaces a pipeline variable in the process of the script, which may not have the SDK."""

    # By these attributes, is_pipeline_variable() recognises it.
    expr = to_string = None

    def __init__(self, default_value: object) -> None:
        """Make a variable with the default of a pipeline parameter, or None."""
        self.default_value = default_value


def without_variables(value: Any) -> Any:
    """Return a value with pipeline variables of this module instead of an SDK's, at any depth."""
    if is_pipeline_variable(value):
        return PipelineVariable(getattr(value, "default_value", None))
    if not has_inner_variable(value):
        return value
    if isinstance(value, Mapping):
        return {key: without_variables(inner) for key, inner in value.items()}
    return [without_variables(inner) for inner in value]


def answer(parser: Any, parse: Callable[[], Any], question: Question) -> Dict[str, Any]:
    """Check hyperparameters with the script's parser, and return the fields of a :class:`Reply`."""
    if not isinstance(parser, SageMakerParserMixin):
        return _fields(Reply(problems=[OTHER_PARSER]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            reply = _check(parser, parse, question)
        except HyperparameterError as error:
            reply = Reply(problems=error.problems)
    lines = [" ".join(str(warning.message).splitlines()) for warning in caught]
    return _fields(reply._replace(warnings=list(dict.fromkeys(lines))))


def prepare(parser: Any, question: Question) -> None:
    """Set the variables of the hyperparameters that a parser takes. What the script declares next may depend on them."""
    if not isinstance(parser, SageMakerParserMixin):
        return
    # The check after the last step reports every error.
    with contextlib.suppress(HyperparameterError, BadJobError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = dict(_load(question.values))
        with tempfile.TemporaryDirectory(prefix="smargs-launch-") as directory:
            taken = Arguments(parser, values).takers(list(values), directory)
        hyperparameters = to_hyperparameters(parser, {name: values[name] for name in taken}, channels=question.channels)
        texts = {name: text for name, text in hyperparameters.items() if isinstance(text, str)}
        os.environ.update(container_variables(question.entry_point, texts, question.channels))


def _fields(reply: Reply) -> Dict[str, Any]:
    """Return the fields of a reply as JSON can represent them."""
    return {name: dict(field) if isinstance(field, Mapping) else field for name, field in reply._asdict().items()}


def _check(parser: Any, parse: Callable[[], Any], question: Question) -> Reply:
    values = dict(_load(question.values))
    values.update(_choose(parser, question.subcommands))
    requested = argparse.Namespace(**values) if question.is_namespace else values
    hyperparameters = to_hyperparameters(parser, requested, ranges=question.ranges, channels=question.channels)
    names = {id(value): name for name, value in values.items()}
    variables = {name: names[id(value)] for name, value in hyperparameters.items() if is_pipeline_variable(value)}
    sent = {name: None if name in variables else value for name, value in hyperparameters.items()}
    arguments = Arguments(parser, requested)
    secrets = Secrets(Names(os.environ, arguments.parsers))
    shown = {name: secrets.mask_value(name, text) for name, text in sent.items()}
    rows = _rows(parse, hyperparameters, question, arguments.command) if question.shows_arguments else []
    return Reply(sent, shown, variables, arguments=rows)


def _load(pairs: Sequence[bytes]) -> Iterator[Tuple[str, Any]]:
    """Yield names and values.

    Raises:
        HyperparameterError: If the class of a value cannot be imported in this process.
    """
    for pair in pairs:
        name, pickled = pickle.loads(pair)
        try:
            yield name, pickle.loads(pickled)
        except Exception as error:
            raise HyperparameterError([pickling_problem(name, error)]) from None


def pickling_problem(name: object, error: Exception) -> str:
    """Return the problem of a value that cannot be passed to the process of the script."""
    # The text of the error is that of the value's class, and may show the value.
    reason = "" if Names().is_secret(str(name)) else f": {error}"
    return f"hyperparameter {name}: its value cannot be passed to the script: {type(error).__name__}{reason}"


def _choose(parser: Any, tokens: Sequence[str]) -> Dict[str, str]:
    """Return the subcommands that tokens choose, by the dest of their subparsers.

    Raises:
        HyperparameterError: If a token is no subcommand.
    """
    chosen: Dict[str, str] = {}
    for token in tokens:
        subparsers: Any = next(filter(_is_subparsers, _argparse.actions(parser)), None)
        subcommands = list(subparsers.choices) if subparsers else []
        if token not in subcommands:
            choices = ", ".join(map(repr, subcommands))
            expected = f"choose from {choices}" if subcommands else "a job sends a script hyperparameters: write -p"
            raise HyperparameterError([f"argument {token!r} is not a subcommand of the script ({expected})"])
        chosen[subparsers.dest] = token
        parser = subparsers.choices[token]
    return chosen


def _is_subparsers(action: argparse.Action) -> bool:
    return isinstance(action, _argparse.SubParsersAction)


def _rows(parse: Callable[[], Any], texts: Mapping[str, str], question: Question, subcommands: Sequence[str]) -> List[Row]:
    """Parse as in a job, and return the lines of the table.

    Raises:
        HyperparameterError: If the parser ends the process.
    """
    os.environ.update(container_variables(question.entry_point, texts, question.channels))
    sys.argv[1:] = subcommands
    watch = Watch()
    watch.hook()
    with contextlib.redirect_stderr(io.StringIO()) as printed:
        try:
            return watch.rows(parse)
        except SystemExit as stop:
            lines = [stop.code] if isinstance(stop.code, str) else printed.getvalue().splitlines()
            raise HyperparameterError(lines[-1:] or [f"the parser ends with exit status {stop.code}"]) from None
