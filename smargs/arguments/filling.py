"""Fill the declared arguments of one parser in one parse: store the values in the namespace, and convert them once.

Only a working copy of the parser and the namespace of the parse are changed, so nothing has to be restored.
"""

from __future__ import annotations

import argparse
import ast
import json
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Set

from smargs import _argparse
from smargs.arguments.bounds import declared_bounds
from smargs.arguments.conversion import Converter, collects, has_custom_type
from smargs.arguments.matching import match
from smargs.arguments.messages import MissingArguments, pipeline_variable
from smargs.arguments.names import configargparse_value, with_variables
from smargs.arguments.typed import arguments_to_postpone
from smargs.container.hyperparameters import Hyperparameter
from smargs.container.job import Job
from smargs.container.sources import SourcedValue
from smargs.container.variables import SDK, TOOLKIT

_READERS = (ast.literal_eval, json.loads)

# The types whose values the platform's command line does not change. SDK v3 decodes a text that is JSON once more.
_PLAIN_TYPES = {TOOLKIT: (int, float, str), SDK: (int, float)}


class Origin:
    """Where the values of a parse come from.

    Attributes:
        environ: All environment variables.
        job: The job that the variables and the container's files describe. It is false outside a job.
        platform: The platform whose spelling of a hyperparameter the script's own converters receive.
        claimed: The hyperparameters, and the parts of objects, that some argument has claimed so far.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.job = Job(environ)
        self.claimed: Set[str] = set()
        self.platform = self.job.platform or TOOLKIT

    # A parse in a job ends at its first error. A check before the launch overrides these methods, and collects every error.

    def report(self, error: argparse.ArgumentError, action: Optional[argparse.Action]) -> None:
        """Raise an error. The argument is None if the error is not about one."""
        raise error

    def report_missing(self, missing: Mapping[argparse.Action, Optional[str]], prefix_chars: str) -> None:
        """Raise the error for required arguments, each with the reason why the value with its name does not fit."""
        error = self._missing_arguments(prefix_chars)
        for action, refused in missing.items():
            error.add(action, refused)
        raise argparse.ArgumentError(None, error.text())

    def report_missing_group(self, group: Sequence[argparse.Action], prefix_chars: str) -> None:
        """Raise the error for a required mutually exclusive group none of whose arguments has a value."""
        raise argparse.ArgumentError(None, self._missing_arguments(prefix_chars).text_of_group(group))

    def _missing_arguments(self, prefix_chars: str) -> MissingArguments:
        undeclared = self.job.hyperparameters.keys() - self.claimed - self.job.internal
        return MissingArguments(self.job, prefix_chars, sorted(undeclared))

    def name_source(self, value: SourcedValue) -> str:
        """Return how an error names the source of a value."""
        return f" (from {value.source})"


class _Unconverted(str):
    """The text of a value that is not yet converted. ``is`` shows whether it is still in the namespace."""


class FilledArguments:
    """The arguments of one parser that SageMaker fills in one parse.

    Attributes:
        parser: The parser from which the working copy was made.
        working: The working copy.
        matches: The values that match.
        values: The value that fills each argument.
        unconverted: The arguments whose value was not converted, so that only its text is known.
        unchanged: The arguments that keep their default, because their value calls no action: a false flag, a count of 0.
        seen: The arguments that were on the command line or came from a config file.
        visited: The positionals that argparse visited, and that may match no tokens.
        excluded: The arguments whose value of a config file is not used, because their exclusive group has an explicit value.
        refused: For each argument whose inferred value does not fit, the reason.
    """

    def __init__(self, parser: argparse.ArgumentParser, working: Any, origin: Origin, calls_custom_code: bool) -> None:
        """Match the values of a job to the arguments of a parser.

        Args:
            parser: The parser.
            working: The working copy of the parser.
            origin: Where the values come from.
            calls_custom_code: Whether to call the script's own converters and actions. If not, their values stay texts.
        """
        self.parser = parser
        self.working = working
        self._origin = origin
        self._calls_custom_code = calls_custom_code
        self.matches = match(working, origin.job)
        self.values: Dict[argparse.Action, SourcedValue] = {}
        self.unconverted: Set[argparse.Action] = set()
        self.unchanged: Set[argparse.Action] = set()
        self.seen: Set[argparse.Action] = set()
        self.visited: Set[argparse.Action] = set()
        self.excluded: Set[argparse.Action] = set()
        self.refused: Dict[argparse.Action, str] = {}
        self._plain_types = [
            type_ for type_ in _PLAIN_TYPES[origin.platform] if _argparse.converter_of(working, type_) is type_
        ]
        self._errors: Dict[argparse.Action, argparse.ArgumentError] = {}
        self._postponed: Dict[argparse.Action, _Unconverted] = {}
        self._reset_to_default: List[argparse.Action] = []

    def apply(self, namespace: object, typed: Sequence[str], replaces_values: bool) -> None:
        """Store the value of each argument, or its default, into a namespace, in the order in which argparse sets defaults.

        The script's own converter may have side effects. If its argument may have been typed, :meth:`finish` converts the
        value, and only if the argument was not typed. Until then the namespace has the text, for actions that read it.

        Args:
            namespace: The namespace of the parse.
            typed: The tokens that a person typed.
            replaces_values: Whether hyperparameters replace values of the namespace, as tokens on a command line do.
        """
        already_set = self._already_set(namespace, replaces_values)
        to_postpone = arguments_to_postpone(self.working, typed)
        suppressed = argparse.SUPPRESS
        for action in _argparse.actions(self.working):
            dest, default = action.dest, action.default
            if dest is not suppressed and default is not suppressed and not hasattr(namespace, dest):
                setattr(namespace, dest, default)
        # As in argparse, defaults (variables and channels) are stored before tokens (hyperparameters).
        explicit, plain = self.matches.explicit, self._plain_arguments()
        for action in (*self.matches.inferred, *explicit):
            if action in already_set:
                continue
            if action in plain:
                value = self.values[action] = explicit[action]
                setattr(namespace, action.dest, value.value)
            elif action in to_postpone:
                self._postpone(action, namespace)
            else:
                self._fill(action, namespace)

    def remove(self, actions: Iterable[argparse.Action], typed: Sequence[argparse.Action], namespace: object) -> None:
        """Remove the values of arguments; the value of a typed argument with the same dest stays."""
        for action in actions:
            del self.values[action]
            if not any(action.dest == other.dest for other in typed):
                self._reset(action, namespace)

    def finish(self, namespace: object) -> None:
        """Convert the postponed values and defaults of arguments that were not typed, and report values that do not fit.

        Raises:
            argparse.ArgumentError: If a value does not fit.
        """
        self._convert_postponed(namespace)
        self._convert_defaults(namespace)
        typed = {action.dest for action in self.seen}
        for action, error in self._errors.items():
            if action.dest not in typed and action in self.values:
                self._origin.report(error, action)

    def warn_of_deprecated(self) -> None:
        """Warn of each deprecated argument that the job sets by name. argparse warns of those that were typed."""
        typed = {action.dest for action in self.seen}
        for action in _argparse.deprecated(self.matches.explicit):
            if action in self.values and action not in self.unchanged and action.dest not in typed:
                name, source = _argparse.argument_name(action), self.values[action].source
                _argparse.print_warning(self.working, f"argument {name} is deprecated (from {source})")

    def _already_set(self, namespace: object, replaces_values: bool) -> Set[argparse.Action]:
        """Return the arguments that have a value already, from a variable that is not SageMaker's or in the namespace."""
        candidates = _argparse.actions(self.working)
        if _argparse.automatic_prefix(self.working) is None:
            candidates = with_variables(candidates)
        already_set = {action for action in candidates if configargparse_value(self.working, action, self._origin.environ)}
        # An empty namespace of argparse's class has no values. Another class may keep values elsewhere than in vars().
        if type(namespace) is argparse.Namespace and not vars(namespace):
            return already_set
        return already_set | self._in_namespace(namespace, replaces_values)

    def _plain_arguments(self) -> Set[argparse.Action]:
        """Return the arguments that store their value as it is. Converting 100 numbers and texts takes 0.2 ms more."""
        types, standard = self._plain_types, _argparse.StoreAction
        return {
            action
            for action, value in self.matches.explicit.items()
            if type(value.value) is action.type
            and action.type in types
            and type(value) is Hyperparameter
            and type(action) is standard
            and action.nargs is None
            and action.choices is None
            and declared_bounds(action) is None
        }

    def _in_namespace(self, namespace: object, replaces_values: bool) -> Set[argparse.Action]:
        explicit = self.matches.explicit
        in_namespace = {action for action in (*explicit, *self.matches.inferred) if hasattr(namespace, action.dest)}
        if replaces_values:
            in_namespace -= {action for action, value in explicit.items() if isinstance(value, Hyperparameter)}
        return in_namespace

    def _convert_postponed(self, namespace: object) -> None:
        """Convert the postponed values of arguments that were not typed."""
        for action, placeholder in self._postponed.items():
            # The first pass of parse_known_intermixed_args suppresses positionals.
            if getattr(namespace, action.dest, None) is placeholder and action.nargs != argparse.SUPPRESS:
                self._reset(action, namespace)
                self._fill(action, namespace)

    def _convert_defaults(self, namespace: object) -> None:
        """Convert each restored default that is a text, because argparse converts defaults before they are restored."""
        for action in self._reset_to_default:
            default = action.default
            if getattr(namespace, action.dest, None) is default and isinstance(default, str):
                setattr(namespace, action.dest, Converter(self.working, action, None).read(default))

    def _postpone(self, action: argparse.Action, namespace: object) -> None:
        value = self.matches.explicit.get(action) or self.matches.inferred[action][0][0]
        self.values[action] = value
        self._postponed[action] = _Unconverted(value.text)
        setattr(namespace, action.dest, self._postponed[action])

    def _fill(self, action: argparse.Action, namespace: object) -> None:
        """Store the explicit value of an argument, or the first inferred value that fits."""
        value = self.matches.explicit.get(action)
        if value is None:
            self._fill_inferred(action, namespace)
            return
        self.values[action] = value
        try:
            self._store(action, value, namespace)
        except argparse.ArgumentError as error:
            error.message += self._origin.name_source(value) + pipeline_variable(value.text)
            self._errors[action] = error
            self.unconverted.add(action)

    def _fill_inferred(self, action: argparse.Action, namespace: object) -> None:
        self.values.pop(action, None)
        for value, is_default in self.matches.inferred[action]:
            try:
                if not is_default or isinstance(action.default, str):
                    self._store(action, value, namespace)
            except argparse.ArgumentError as error:
                self.refused[action] = f"{value.source} does not fit: {error.message}"
                continue
            self.values[action] = value
            break

    def _store(self, action: argparse.Action, value: SourcedValue, namespace: Any) -> None:
        """Convert a value and call the argument's action with it.

        Raises:
            argparse.ArgumentError: If the value does not fit.
        """
        if not self._calls_custom_code and _has_custom_code(action):
            self.unconverted.add(action)
            return
        if action not in self.matches.explicit and not _may_read(action, value.value):
            message = f"its type is called with {value.text!r} only if the argument has env_var={value.source!r}"
            raise argparse.ArgumentError(action, message)
        converter = Converter(self.working, action, self._origin.platform if isinstance(value, Hyperparameter) else None)
        try:
            arguments, option = converter.calls(value.value, value.text, self.matches.options.get(action))
            for argument in arguments:
                action(self.working, namespace, argument, option)
        except argparse.ArgumentError:
            raise
        except Exception as error:
            raise _in_one_line(action, converter.type, value.text, error) from error
        if not arguments:
            self.unchanged.add(action)

    def _reset(self, action: argparse.Action, namespace: Any) -> None:
        """Restore the default of an argument, which :meth:`finish` converts as argparse does."""
        self._reset_to_default.append(action)
        if action in self.visited and action.nargs == argparse.ZERO_OR_MORE and action.default is None:
            setattr(namespace, action.dest, [])  # argparse's value of no tokens.
        elif action.default is not argparse.SUPPRESS:
            setattr(namespace, action.dest, action.default)
        elif hasattr(namespace, action.dest):
            delattr(namespace, action.dest)


def _has_custom_code(action: argparse.Action) -> bool:
    """Return whether the type or the action of an argument is the script's own code."""
    return has_custom_type(action) or not _argparse.is_standard(action)


def _may_read(action: argparse.Action, value: object) -> bool:
    """Return whether the type of an argument may read an inferred value.

    The script's own converter may read any text. Another value, such as a list, is passed only to the functions in _READERS.
    """
    if not has_custom_type(action):
        return True
    elements = value if isinstance(value, list) and collects(action) else [value]
    return action.type in _READERS or all(isinstance(element, str) for element in elements)


def _in_one_line(action: argparse.Action, type_: Any, text: str, error: Exception) -> argparse.ArgumentError:
    """Return the error for any exception that the script's own type or action raised."""
    name = "" if type_ is None else f"{getattr(type_, '__name__', repr(type_))} "
    return argparse.ArgumentError(action, f"invalid {name}value: {text!r}: {error}")
