"""The origins of the values of a parse: for each argument, every source that has a value for it, the winner first."""

from __future__ import annotations

import argparse
from typing import AbstractSet, Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional

from smargs import _argparse
from smargs.arguments.config_files import ConfigFiles
from smargs.arguments.filling import FilledArguments
from smargs.arguments.matching import match
from smargs.arguments.names import configargparse_value, environment_variable
from smargs.container.sources import SourcedValue
from smargs.context import ParseContext

_DEFAULT = "default"

CONFIG_FILE = "config file"
"""The source of a value of a config file that has no path."""


class Origin(NamedTuple):
    """A source that has a value for an argument.

    Attributes:
        value: The value in that source.
        source: The name of the source.
    """

    value: object
    source: str


class FilledArgument(NamedTuple):
    """An argument that has filled its dest.

    Attributes:
        action: The argument.
        origins: Every source that has a value for it, the winner first.
    """

    action: argparse.Action
    origins: List[Origin]


class ParserRun(NamedTuple):
    """One parser in a parse; subparsers have a run of their own.

    Attributes:
        parser: The parser.
        namespace: The namespace that it filled.
        context: The job of the parse.
    """

    parser: Any
    namespace: object
    context: ParseContext


class Origins:
    """Finds the sources of the values of a parse."""

    def __init__(self, seen: AbstractSet[argparse.Action], config: Mapping[str, Origin]) -> None:
        """Use what was observed during the parse.

        Args:
            seen: The arguments that had tokens, typed or inserted by ConfigArgParse.
            config: The values of config files, by key.
        """
        self._seen = seen
        self._config = config

    def filled(self, runs: Iterable[ParserRun], namespace: object) -> Dict[str, FilledArgument]:
        """Return the argument that filled each dest of a namespace.

        Args:
            runs: The parsers, in the order in which they parsed.
            namespace: The result of the parse.
        """
        filled: Dict[str, FilledArgument] = {}
        for run in runs:
            # argparse lets the values of a subparser replace those of its parser.
            filled.update(self._filled_by(run, namespace))
        return filled

    def _filled_by(self, run: ParserRun, namespace: object) -> Dict[str, FilledArgument]:
        filled: Dict[str, FilledArgument] = {}
        for action in _argparse.actions(run.parser):
            if hasattr(run.namespace, action.dest) and hasattr(namespace, action.dest):
                argument = FilledArgument(action, list(self._all(run, action)))
                # A default counts only if no other argument with the same dest has a value from another source.
                previous = filled.get(action.dest)
                if previous is None or previous.origins[0].source == _DEFAULT != argument.origins[0].source:
                    filled[action.dest] = argument
        return filled

    def _all(self, run: ParserRun, action: argparse.Action) -> Iterator[Origin]:
        configured = _read_by_configargparse(run.parser, action)
        sourced = _find_in_job(run, action)
        is_typed = self._is_typed(run, action) and not configured
        if is_typed:
            yield Origin(None, "command line")
        if is_typed or "environment" in configured:
            yield from _find_own_variable(run, action, sourced)
        if sourced:
            yield Origin(sourced.text, sourced.source)
        yield from self._find_in_config(run, action, configured)
        if _argparse.has_default(action) or not (is_typed or configured or sourced):
            yield Origin(action.default, _DEFAULT)

    def _is_typed(self, run: ParserRun, action: argparse.Action) -> bool:
        """Return whether an argument had tokens that are not those of a config file which the job names."""
        return action in self._seen and _find_config_file(run, action) is None

    def _find_in_config(self, run: ParserRun, action: argparse.Action, configured: Mapping[str, Origin]) -> Iterator[Origin]:
        """Find the value in config files, even if ConfigArgParse ignored it because a token or a variable overrides it."""
        keys = run.parser.get_possible_config_keys(action) if hasattr(run.parser, "get_possible_config_keys") else ()
        origins = [self._config[key] for key in keys if key in self._config]
        if "config" in configured:
            origins.append(configured["config"])
        yield from origins[:1]


def _read_by_configargparse(parser: Any, action: argparse.Action) -> Dict[str, Origin]:
    """Return what ConfigArgParse read for an argument in its last parse, from ``environment``, ``config`` or both."""
    values_by_source: Any = getattr(parser, "_source_to_settings", None) or {}
    return {
        source.partition("_")[0]: Origin(value, source.partition("|")[2] or CONFIG_FILE)
        for source, values in values_by_source.items()
        if source.startswith(("environment", "config_file"))
        for owner, value in values.values()
        if owner is action
    }


def _find_own_variable(run: ParserRun, action: argparse.Action, sourced: Optional[SourcedValue]) -> Iterator[Origin]:
    """Find the value of the ``env_var=`` of an argument, unless SageMaker's value is from that variable."""
    variable = environment_variable(action) or ""
    if variable in run.context.environ and (sourced is None or sourced.source != variable):
        yield Origin(run.context.environ[variable], variable)


def _find_config_file(run: ParserRun, action: argparse.Action) -> Optional[SourcedValue]:
    """Find the path of a config file that the job names. smargs makes it a token, as if it were typed."""
    if not getattr(action, "is_config_file_arg", False):
        return None
    path = ConfigFiles(run.parser, run.context.job).values.get(action)
    return path if path is not None and path.text == getattr(run.namespace, action.dest) else None


def _find_in_job(run: ParserRun, action: argparse.Action) -> Optional[SourcedValue]:
    """Find SageMaker's value for an argument, even if a variable of the user's own overrides it."""
    config_file = _find_config_file(run, action)
    if config_file is not None:
        return config_file
    filled: Optional[FilledArguments] = getattr(run.parser, "_filled", None)
    if filled is None:
        return None
    if configargparse_value(run.parser, action, run.context.environ):
        return match(run.parser, run.context.job).best(action)
    return filled.values.get(action)
