"""A trial parse: the parser of a script parses hyperparameters on this machine as each platform would pass them.

The parser, ``os.environ`` and ``sys.argv`` stay as they are: a copy of the parser parses a job that is described in a temporary
directory.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from smargs import _argparse
from smargs.arguments.names import (
    environment_variable,
    expected_variable,
    hyperparameter_name,
)
from smargs.container.rendering import (
    RenderedHyperparameters,
    json_unless_text,
    render_for_sdk,
    render_for_toolkit,
    toolkit_variable,
)
from smargs.container.sources import SourcedValue
from smargs.container.variables import (
    CHANNEL_PREFIX,
    CHANNELS_FILE,
    HYPERPARAMETER_PREFIX,
    HYPERPARAMETERS_FILE,
    PREFIX,
    RESOURCE_FILE,
)
from smargs.context import ParseContext, parse_under_way
from smargs.secrets.names import VARIABLE
from smargs.texts import decode, printable

Key = Tuple[str, ...]
"""The dest and the option strings of an argument. A copy of a parser has other objects."""


def key_of(action: argparse.Action) -> Key:
    """Return what identifies an argument in every copy of its parser."""
    return (action.dest, *action.option_strings)


class Route(NamedTuple):
    """A way by which hyperparameters reach a script.

    Attributes:
        name: Who starts the script, for an error.
        render: Makes the variables and the command line of decoded hyperparameters; None if there are only files.
        to_text: Writes a value into a variable.
        marker: A variable by which a script recognises the platform.
    """

    name: str
    render: Optional[Callable[[Mapping[str, object]], RenderedHyperparameters]]
    to_text: Callable[[object], str]
    marker: str


OWN_CONTAINER = Route("an own container", None, str, "")

_TOOLKIT = Route("the training toolkit", render_for_toolkit, toolkit_variable, "SM_USER_ARGS")
_SDK = Route("SDK v3", render_for_sdk, json_unless_text, "SM_SOURCE_DIR")


def routes(*, encoded: bool) -> Tuple[Route, ...]:
    """Return the routes of a job.

    Args:
        encoded: Whether the launcher sends texts. Otherwise SDK v2 encodes the values, and SDK v3 does not start the script.
    """
    return (_TOOLKIT, _SDK, OWN_CONTAINER) if encoded else (_TOOLKIT, OWN_CONTAINER)


class Problem(NamedTuple):
    """An error of a trial parse.

    Attributes:
        key: The argument; None if the error is not about an argument, as for a name that none declares.
        text: The error in one line, with secrets masked.
    """

    key: Optional[Key]
    text: str


class Outcome(NamedTuple):
    """The result of a trial parse.

    Attributes:
        route: The route of the hyperparameters.
        namespace: What the parser returned; None if argparse stopped.
        problems: Every problem.
    """

    route: Route
    namespace: Any
    problems: List[Problem]

    def problem_of(self, key: Key) -> Optional[Problem]:
        """Return the first problem of an argument, or None."""
        return next((problem for problem in self.problems if problem.key == key), None)


class Trial:
    """Trial parses of one parser.

    Attributes:
        deferred: The arguments whose value is unknown before the launch.
    """

    def __init__(
        self,
        parser: Any,
        directory: str,
        channels: Iterable[str],
        command: Sequence[str],
    ) -> None:
        """Describe a job without hyperparameters.

        Args:
            parser: A parser of the mixin.
            directory: An empty directory, which takes the place of ``/opt/ml``.
            channels: The names of the job's channels.
            command: The names of the chosen subcommands.
        """
        self.deferred: Set[Key] = set()
        self._parser = parser
        self._directory = directory
        self._command = list(command)
        self._config = Path(directory, "input", "config")
        self._config.mkdir(parents=True)
        self._write(RESOURCE_FILE, {"current_host": "algo-1", "hosts": ["algo-1"]})
        self._write(CHANNELS_FILE, {name: {} for name in channels})

    def defer(self, action: argparse.Action) -> None:
        """Treat an argument as filled, although its value is unknown."""
        self.deferred.add(key_of(action))

    def parse(self, route: Route, hyperparameters: Mapping[str, str]) -> Outcome:
        """Parse hyperparameters as a script does that gets them by a route."""
        self._write(HYPERPARAMETERS_FILE, hyperparameters)
        rendered = route.render({name: decode(text) for name, text in hyperparameters.items()}) if route.render else None
        parser = _argparse.detached_copy(self._parser)
        context = _TrialContext(self._environ(route, rendered), parser, self)
        namespace = None
        with parse_under_way(context):
            try:
                namespace, _ = parser.parse_known_args([*(rendered.argv if rendered else ()), *self._command])
            except argparse.ArgumentError as error:
                context.report(error, None)
        return Outcome(route, namespace, context.masked_problems())

    def _environ(self, route: Route, rendered: Optional[RenderedHyperparameters]) -> Dict[str, str]:
        environ = {"SAGEMAKER_BASE_DIR": self._directory, VARIABLE: os.environ.get(VARIABLE, "")}
        if rendered:
            environ[route.marker] = self._directory
            environ.update((f"SM_{name.upper()}", route.to_text(value)) for name, value in rendered.variables.items())
        return environ

    def _write(self, file: str, content: Mapping[str, object]) -> None:
        Path(self._config, file).write_text(json.dumps(content), encoding="utf-8")


class _TrialContext(ParseContext):
    """A parse that collects its errors instead of ending at the first one."""

    def __init__(self, environ: Mapping[str, str], parser: argparse.ArgumentParser, trial: Trial) -> None:
        super().__init__(environ, True, parser)
        self._trial = trial
        self._errors: List[Problem] = []

    def masked_problems(self) -> List[Problem]:
        """Return the problems without secrets."""
        secrets = self.secrets() if self._errors else None
        return [Problem(key, secrets.mask_text(text)) for key, text in self._errors] if secrets else []

    def report(self, error: argparse.ArgumentError, action: Optional[argparse.Action]) -> None:
        """Collect an error."""
        self._errors.append(Problem(key_of(action) if action else None, printable(" ".join(str(error).splitlines()))))

    def report_missing(self, missing: Mapping[argparse.Action, Optional[str]], prefix_chars: str) -> None:
        """Collect an error for each argument that only a hyperparameter, or a channel of this job, can fill."""
        for action in missing:
            if not self._may_be_filled(action, prefix_chars):
                message = f"required, but missing: expected {_expected(action, prefix_chars)}"
                self.report(argparse.ArgumentError(action, message), action)

    def report_missing_group(self, group: Sequence[argparse.Action], prefix_chars: str) -> None:
        """Collect the error for a group none of whose arguments this job can fill."""
        if not any(self._may_be_filled(action, prefix_chars) for action in group):
            try:
                super().report_missing_group(group, prefix_chars)
            except argparse.ArgumentError as error:
                self.report(error, None)

    def report_unrecognized(self, hyperparameters: Sequence[str], parser: argparse.ArgumentParser) -> None:
        """Collect an error for each hyperparameter that no argument declares."""
        for name in hyperparameters:
            try:
                super().report_unrecognized([name], parser)
            except argparse.ArgumentError as error:
                self.report(error, None)

    def process_tokens(self) -> List[str]:
        """Return no tokens: the command line of this process is that of another program."""
        return []

    def name_source(self, value: SourcedValue) -> str:
        """Name no source in errors: the caller itself has chosen the hyperparameters."""
        return ""

    def warn_of_problems(self) -> None:
        """Warn of nothing: there is no data yet."""

    def _may_be_filled(self, action: argparse.Action, prefix_chars: str) -> bool:
        """Return whether a value that is unknown before the launch may fill an argument."""
        variable = environment_variable(action)
        if key_of(action) in self._trial.deferred or (variable and not variable.startswith(PREFIX)):
            return True
        return not expected_variable(action, prefix_chars).startswith((HYPERPARAMETER_PREFIX, CHANNEL_PREFIX))


def _expected(action: argparse.Action, prefix_chars: str) -> str:
    """Return what would fill a required argument."""
    if isinstance(action, _argparse.SubParsersAction):
        return f"one of {', '.join(action.choices)}, which no hyperparameter chooses"
    variable = expected_variable(action, prefix_chars)
    if variable.startswith(CHANNEL_PREFIX):
        return f"a channel {variable[len(CHANNEL_PREFIX) :].lower()}"
    return f"a hyperparameter {hyperparameter_name(action, prefix_chars)}"
