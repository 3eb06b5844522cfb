"""Fill the declared arguments of one parse: matched, converted and stored, before argparse reads the command line.

Everything here happens on a working copy of a parser and on the namespace of one parse, so nothing has to be put back.
"""

from __future__ import annotations

import argparse
import ast
import json
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set

from smargs.arguments import conversion, matching
from smargs.container.sources import Hyperparameter, SourcedValue
from smargs.container.variables import BOOLEAN, INTEGER, LIST, OBJECT, PLATFORM_CHANNELS, PREFIX

if TYPE_CHECKING:
    from smargs.parsing import ParseContext

_ADDING = (argparse._AppendAction, argparse._AppendConstAction, argparse._CountAction)
_READERS = (ast.literal_eval, json.loads)
_KIND_TYPES: Dict[str, type] = {INTEGER: int, BOOLEAN: bool, LIST: list, OBJECT: dict}


def own_variable(parser: argparse.ArgumentParser, action: argparse.Action) -> Optional[str]:
    """The variable that is not SageMaker's and that ConfigArgParse reads for an argument, by ``env_var=`` or automatically."""
    automatic_prefix: Optional[str] = getattr(parser, "_auto_env_var_prefix", None)
    variable = matching.environment_variable(action)
    if automatic_prefix is None:
        return None if variable and variable.startswith(PREFIX) else variable
    doubled = {2 * char for char in parser.prefix_chars}
    long_options = [option for option in action.option_strings if option[:2] in doubled]
    if not variable and long_options and matching.can_be_filled(action):
        variable = (automatic_prefix + long_options[0][2:].strip(parser.prefix_chars)).replace("-", "_").upper()
    return None if variable and variable.startswith(PREFIX) else variable


def own_setting(parser: argparse.ArgumentParser, action: argparse.Action, environ: Mapping[str, str]) -> Optional[SourcedValue]:
    """What that variable holds, where it is set."""
    variable = own_variable(parser, action)
    text = environ.get(variable) if variable else None
    return None if variable is None or text is None else SourcedValue(text, text, variable)


def inferred_type(action: argparse.Action, prefix_chars: str) -> Optional[type]:
    """The type of an argument that declares none: its default's, else that of the documented variable of its name."""
    if action.default is not None or action.type is not None or action.choices is not None:
        return conversion.infer(action)
    variable = matching.documented_variable(action, prefix_chars)
    if variable is None or conversion.collects(action) or type(action) is not argparse._StoreAction:
        return None
    return _KIND_TYPES.get(variable.kind)


class _Unconverted(str):
    """A value that is not converted yet; each is an object of its own."""


class FilledArguments:
    """What SageMaker fills in one parse of one parser.

    Attributes:
        parser: The parser that the working copy was made of.
        working: The working copy.
        job: The parse.
        platform: Whose spelling of hyperparameters the arguments see.
        calls_own: Whether converters and actions of the script's own are called; where not, values stay as they were written.
        matches: The values that match.
        settings: The value that fills each argument.
        failed: Why a value does not fit its argument; it matters only if nobody typed the argument.
        verbatim: Arguments whose value is known only as it was written.
        refused: Why a guess does not fit its argument.
        left: Flags whose value is false, so they keep their default.
        guessed: Arguments whose value is a guess (rules 3 and 4 of matching).
        waiting: For each argument that a person may have typed what stands in its place in the namespace.
        reset: Arguments that have their default again.
        required: The arguments that must come from somewhere.
        groups: The arguments that exclude each other.
        seen: The arguments that were on the command line, or came from a config file.
        visited: ``seen``, and the positionals that argparse visited without tokens.
    """

    def __init__(self, parser: argparse.ArgumentParser, working: Any, job: ParseContext, calls_own: bool) -> None:
        self.parser = parser
        self.working = working
        self.job = job
        self.platform = job.platform
        self.calls_own = calls_own
        self.matches = matching.match(working, job.environment)
        self.settings: Dict[argparse.Action, SourcedValue] = {}
        self.failed: Dict[argparse.Action, argparse.ArgumentError] = {}
        self.guessed: Set[argparse.Action] = set()
        self.verbatim: Set[argparse.Action] = set()
        self.refused: Dict[argparse.Action, str] = {}
        self.left: Set[argparse.Action] = set()
        self.waiting: Dict[argparse.Action, object] = {}
        self.reset: List[argparse.Action] = []
        self.required: List[argparse.Action] = []
        self.groups: List[List[argparse.Action]] = []
        self.seen: Set[argparse.Action] = set()
        self.visited: Set[argparse.Action] = set()

    def apply(self, namespace: object, typed: Sequence[str], beats_namespace: bool) -> None:
        """Store the value of each argument into a namespace, or its default, in the order in which argparse sets defaults.

        For what a person may have typed, a converter of the script's own is not called before :meth:`check`, and only if
        nothing was typed. Until then the text is in the namespace, for actions that look at it.

        Args:
            namespace: Where the values go.
            typed: The tokens that a person typed.
            beats_namespace: Whether hyperparameters replace what the namespace has, as their tokens on the command line do.
        """
        found, working = self.matches, self.working
        settled = self._settled(namespace, beats_namespace)
        may_be_typed = _may_be_typed(working, typed) if typed else set()
        unfilled = argparse.SUPPRESS
        for action in working._actions:
            if action.dest is not unfilled and action.default is not unfilled and not hasattr(namespace, action.dest):
                setattr(namespace, action.dest, action.default)
        # To argparse variables and channels are defaults, which tokens of hyperparameters replace.
        for action in (*found.guesses, *found.meant):
            if action in may_be_typed and action not in settled:
                self.settings[action] = found.meant.get(action) or found.guesses[action][0][0]
                self.waiting[action] = _Unconverted(self.settings[action].text)
                setattr(namespace, action.dest, self.waiting[action])
            elif action not in settled:
                self._fill(action, namespace)

    def _settled(self, namespace: object, beats_namespace: bool) -> Set[argparse.Action]:
        """The arguments that the namespace has a value of already, or that a variable of the user's own is for."""
        found, working = self.matches, self.working
        automatic = getattr(working, "_auto_env_var_prefix", None) is not None
        candidates = working._actions if automatic else found.named
        settled = {action for action in candidates if own_setting(working, action, self.job.environ)}
        # An empty namespace has nothing; any other may have it in a way of its own.
        if type(namespace) is not argparse.Namespace or vars(namespace):
            settled.update(
                action
                for action in (*found.meant, *found.guesses)
                if hasattr(namespace, action.dest)
                and not (beats_namespace and isinstance(found.meant.get(action), Hyperparameter))
            )
        return settled

    def _fill(self, action: argparse.Action, namespace: object) -> None:
        """Store the value of an argument: the one that was meant for it, or the first guess that fits."""
        meant = self.matches.meant.get(action)
        if meant is not None:
            self.settings[action] = meant
            try:
                self._store(action, meant, namespace)
            except argparse.ArgumentError as error:
                error.message = f"{error.message} (from {meant.source})"
                self.failed[action] = error
                self.verbatim.add(action)
            return
        self.settings.pop(action, None)
        for setting, stored in self.matches.guesses[action]:
            try:
                if not stored or isinstance(action.default, str):
                    self._store(action, setting, namespace)
            except argparse.ArgumentError as error:
                self.refused[action] = f"{setting.source} does not fit: {error.message}"
                continue
            self.settings[action] = setting
            self.guessed.add(action)
            break

    def _store(self, action: argparse.Action, setting: SourcedValue, namespace: Any) -> None:
        """Convert a value and call the argument's action with it.

        Raises:
            argparse.ArgumentError: If the value does not fit.
        """
        working = self.working
        wanted = action.type or (inferred_type(action, working.prefix_chars) if working._infer_types else None)
        if not self.calls_own and (_has_own_type(action) or type(action).__module__ != "argparse"):
            self.verbatim.add(action)
            return
        if action not in self.matches.meant and _has_own_type(action) and not _is_written_for(action, setting.value):
            raise argparse.ArgumentError(action, f"its type was not written for {setting.text!r}")
        platform = self.platform if isinstance(setting, Hyperparameter) else None
        converter = conversion.Converter(action, wanted, working._read_text, platform)
        try:
            values, option = converter.calls(setting.value, setting.text, self.matches.options.get(action))
            for value in values:
                action(working, namespace, value, option)
        except argparse.ArgumentError:
            raise
        except Exception as error:
            # A type or an action of the script's own may raise anything, and the promise is one line.
            name = "" if wanted is None else f"{getattr(wanted, '__name__', repr(wanted))} "
            raise argparse.ArgumentError(action, f"invalid {name}value: {setting.text!r}: {error}") from error
        if not values:
            self.left.add(action)

    def lift_requirements(self) -> None:
        """Let argparse ask for nothing: what is required is checked by :meth:`check`, which knows the variables."""
        working = self.working
        # Where no argument is a copy, none is required.
        has_copies = working._actions is not self.parser._actions
        self.required = [action for action in working._actions if action.required] if has_copies else []
        for action in self.required:
            action.required = False
        self.groups = [list(group._group_actions) for group in working._mutually_exclusive_groups]
        for group in working._mutually_exclusive_groups:
            group.required = group.required and not any(
                action in self.settings and action not in self.left for action in group._group_actions
            )
            # A positional that SageMaker filled and nobody typed is no conflict, though argparse visits it.
            group._group_actions = [
                action for action in group._group_actions if action.option_strings or action not in self.settings
            ]

    def check(self, namespace: object) -> None:
        """Convert what waited and nobody typed, and check what argparse could not: conflicts, values that do not fit, and
        arguments that are missing.

        Raises:
            argparse.ArgumentError: If something is wrong.
        """
        for group in self.groups:
            self._settle_group(group, namespace)
        for action, placeholder in self.waiting.items():
            # parse_known_intermixed_args takes the positionals out of its first pass.
            if getattr(namespace, action.dest, None) is placeholder and action.nargs != argparse.SUPPRESS:
                self._reset(action, namespace)
                self._fill(action, namespace)
        for action in self.reset:
            # argparse converts a default that is a text where it is the value still; it has done so already.
            if isinstance(action.default, str) and getattr(namespace, action.dest, None) is action.default:
                setattr(namespace, action.dest, self.working._get_value(action, action.default))
        typed = {action.dest for action in self.seen}
        for action, error in self.failed.items():
            if action.dest not in typed and action in self.settings:
                raise error
        missing = [
            action
            for action in self.required
            if action not in self.visited and action not in self.settings and action.nargs != argparse.SUPPRESS
        ]
        if missing:
            hints = ", ".join(map(self._missing, missing))
            raise argparse.ArgumentError(None, f"the following arguments are required: {hints}")

    def _settle_group(self, group: Iterable[argparse.Action], namespace: object) -> None:
        """Of arguments that exclude each other, what was typed stands alone; two that SageMaker fills are an error."""
        typed = [action for action in group if action in self.seen]
        filled = [action for action in group if action in self.settings and action not in self.seen | self.left]
        # As to argparse, a value that is the default is no conflict.
        meant = [
            action
            for action in filled
            if action in self.matches.meant and getattr(namespace, action.dest, None) is not action.default
        ]
        if len(typed) > 1 and any(action in self.settings for action in typed if not action.option_strings):
            raise argparse.ArgumentError(typed[1], f"not allowed with argument {_name(typed[0])}")
        if len(meant) > 1 and not typed:
            source = self.settings[meant[1]].source
            raise argparse.ArgumentError(meant[1], f"not allowed with argument {_name(meant[0])} (from {source})")
        for action in filled if typed else [action for action in filled if meant and action in self.guessed]:
            del self.settings[action]
            if not any(action.dest == other.dest for other in typed):
                self._reset(action, namespace)

    def _reset(self, action: argparse.Action, namespace: Any) -> None:
        """Give an argument its default, which :meth:`check` converts as argparse does."""
        self.reset.append(action)
        if action.default is not argparse.SUPPRESS:
            setattr(namespace, action.dest, action.default)
        elif hasattr(namespace, action.dest):
            delattr(namespace, action.dest)

    def _missing(self, action: argparse.Action) -> str:
        """The name of a required argument that is missing, with the variables that would have filled it."""
        name = _name(action)
        if not matching.can_be_filled(action):
            return name
        if action in self.refused:
            return f"{name} ({self.refused[action]})"
        channels = sorted(self.job.environment.channels.keys() - PLATFORM_CHANNELS)
        named = matching.environment_variable(action)
        variables = (
            [named] if named else matching.expected_variables(action, self.working.prefix_chars, among_channels=bool(channels))
        )
        absent = f"{variables[0]} is not set" if len(variables) == 1 else f"neither {' nor '.join(variables)} is set"
        listed = f"; channels here: {', '.join(channels)}" if channels and matching.is_channel_variable(variables[-1]) else ""
        return f"{name} ({absent}{listed})"


def _may_be_typed(working: Any, typed: Sequence[str]) -> Set[argparse.Action]:
    """The arguments with a converter of the script's own that some tokens may be for: only what wins is converted.

    Those that add to what they have need it first. An action of the script's own is called for each value, as by argparse.
    """
    marks = working.fromfile_prefix_chars or ""
    options = {action for action in working._actions if action.option_strings}
    if any(token and token[0] in marks for token in typed):
        named = options
    else:
        named = {action for token in typed for action in _named_by(working, token)}
    if any(isinstance(action, matching.SAYS_SOMETHING) for action in named):
        # Help and version end the process: no value is used.
        named = options
    exclusive = [group._group_actions for group in working._mutually_exclusive_groups]
    named = named.union(*(group for group in exclusive if not named.isdisjoint(group)))
    dests = {action.dest for action in named}
    return {
        action
        for action in working._actions
        if _has_own_type(action)
        and (not action.option_strings or (action.dest in dests and type(action).__module__ == "argparse"))
        and not isinstance(action, _ADDING)
    }


def _named_by(working: Any, token: str) -> Iterator[argparse.Action]:
    """The arguments that a token names as an option; in ``-xyz`` each letter may be one."""
    if token[:1] not in working.prefix_chars or token in ("", "--"):
        return
    found = working._parse_optional(token)
    # Since Python 3.12 argparse returns every option that an abbreviation may be for.
    for option in found if isinstance(found, list) else [found] if found else ():
        if option[0] is not None:
            yield option[0]
    if token[1:2] not in working.prefix_chars:
        yield from (
            action for option, action in working._option_string_actions.items() if len(option) == 2 and option[1] in token[1:]
        )


def _has_own_type(action: argparse.Action) -> bool:
    """Whether an argument declares a converter of the script's own."""
    return action.type is not None and conversion.is_own(action.type)


def _is_written_for(action: argparse.Action, guess: object) -> bool:
    """Whether a converter of the script's own is written for a guess: for a text, or for what Python or JSON writes."""
    elements = guess if isinstance(guess, list) and conversion.collects(action) else [guess]
    return all(isinstance(element, str) for element in elements) or action.type in _READERS


def _name(action: argparse.Action) -> str:
    """An argument as argparse's own errors name it."""
    return str(argparse.ArgumentError(action, "").argument_name)
