"""Which value of SageMaker fills which declared argument.

1. ``env_var="SM_..."`` on the argument: that variable, and no other.
2. A hyperparameter with the argument's name. The platform's own hyperparameters are among these. If the name has dots, such as
   ``--model.lr``, also a part of a hyperparameter that is an object.
3. A documented variable with that name, if the catalogue lets it match by name.
4. A channel with that name, or with the name without ``_dir``, ``_path``, ``_data``, ``_data_dir`` or ``_data_path``, or with
   the other usual name: train or training, test or testing, val or validation. ``--data-dir`` takes the channel if the job has
   only one. A processing job has inputs instead of channels, and outputs, which match after the inputs.

Names are compared without leading prefix characters, in any case, with ``-`` equal to ``_``. An exact spelling wins. Rules 1
and 2 match explicitly: a value that does not convert is an error. Rules 3 and 4 infer a value: if it does not convert, there is
no match.
"""

from __future__ import annotations

import argparse
import os
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from smargs import _argparse
from smargs.arguments.conversion import is_constant_of, is_flag
from smargs.arguments.names import (
    TWINS,
    Name,
    bases,
    can_be_filled,
    documented_variable,
    named_variable,
    names,
    with_variables,
)
from smargs.arguments.parts import Parts
from smargs.container.hyperparameters import Hyperparameter
from smargs.container.job import Job
from smargs.container.sources import SourcedValue
from smargs.container.variables import (
    BY_NAME,
    CHANNEL_PREFIX,
    HYPERPARAMETER_PREFIX,
    LIST,
    PATH,
    PLATFORM_CHANNELS,
    TEXT,
    Variable,
    fold,
)

Taker = Tuple[argparse.Action, Optional[str]]
"""An argument that takes a value, and the option string that matched; None if the dest did."""


InferredValue = Tuple[SourcedValue, bool]
"""A value that matches by rule 3 or 4, and whether the argument's default equals it already."""


class Matches:
    """The values of a job for the arguments of a parser.

    Attributes:
        explicit: For each argument, its value by rules 1 and 2, in the order of the platform's command line.
        options: For each argument of ``explicit``, the option string that matched; None if the dest did.
        inferred: For each other argument, the values by rules 3 and 4, the best first.
        unfilled: The arguments that may take an inferred value, but have none.
        claimed: The hyperparameters that an argument declares, and the parts of objects.
        named: The arguments that name a variable of SageMaker, each with that variable.
        parts: For each hyperparameter whose parts may fill arguments, the names of these parts.
    """

    def __init__(self) -> None:
        self.explicit: Dict[argparse.Action, SourcedValue] = {}
        self.options: Dict[argparse.Action, Optional[str]] = {}
        self.inferred: Dict[argparse.Action, List[InferredValue]] = {}
        self.unfilled: List[argparse.Action] = []
        self.claimed: Set[str] = set()
        self.named: Dict[argparse.Action, str] = {}
        self.parts: Dict[str, List[str]] = {}

    def values(self) -> Iterator[SourcedValue]:
        """Yield every value."""
        yield from self.explicit.values()
        yield from (value for several in self.inferred.values() for value, _ in several)

    def best(self, action: argparse.Action) -> Optional[SourcedValue]:
        """Return the value that comes first for an argument."""
        inferred = self.inferred.get(action)
        return self.explicit.get(action) or (inferred[0][0] if inferred else None)


def match(parser: argparse.ArgumentParser, job: Job) -> Matches:
    """Match the values of a job to the arguments of a parser."""
    matches = Matches()
    arguments = list(filter(can_be_filled, _argparse.actions(parser)))
    named = matches.named
    named.update(_named_variables(parser, arguments))
    by_variable = _take_by_variable(named, job, matches)
    free = [action for action in arguments if action not in named] if named else arguments
    hyperparameters = _with_parts(parser, arguments, job, matches)
    by_name = _by_hyperparameter(parser, free, hyperparameters)
    # In the order of the platform's command line: if arguments share a dest, the last hyperparameter sets it, as in argparse.
    for name, value in hyperparameters.items():
        for action, option in by_variable.get(name, ()):
            matches.explicit[action], matches.options[action] = value, option
        if name in by_name:
            action, option = by_name[name]
            matches.explicit[action], matches.options[action] = value, option
    matches.claimed.update(by_variable, by_name)
    unfilled = _unfilled(free, matches)
    matches.inferred.update(_infer(unfilled, job, parser.prefix_chars))
    matches.unfilled.extend(action for action in unfilled if action not in matches.inferred)
    return matches


def _with_parts(
    parser: argparse.ArgumentParser, arguments: Iterable[argparse.Action], job: Job, matches: Matches
) -> Mapping[str, Hyperparameter]:
    """Return the hyperparameters, with an object replaced by its parts if arguments have dotted names."""
    if "." not in "".join(_argparse.options(parser)):
        return job.hyperparameters
    parts = Parts(job.hyperparameters, (name for action in arguments for name, _ in names(action, parser.prefix_chars)))
    matches.parts = parts.names
    return parts.values


def _unfilled(arguments: Iterable[argparse.Action], matches: Matches) -> List[argparse.Action]:
    """Return the arguments that may take an inferred value: not a flag, and no argument with the dest of an explicit value."""
    candidates = [action for action in arguments if action not in matches.explicit and not is_flag(action)]
    dests = {action.dest for action in matches.explicit} if candidates else ()
    return [action for action in candidates if action.dest not in dests]


def _take_by_variable(named: Mapping[argparse.Action, str], job: Job, matches: Matches) -> Dict[str, List[Taker]]:
    """Match arguments to the variables that they name (rule 1), and return the takers of hyperparameters among them."""
    takers: Dict[str, List[Taker]] = {}
    for action, variable in named.items():
        option = next(iter(action.option_strings), None)
        hyperparameter, value = lookup(variable, job)
        if hyperparameter is not None:
            takers.setdefault(hyperparameter, []).append((action, option))
        elif value:
            matches.explicit[action], matches.options[action] = value, option
    return takers


def lookup(variable: str, job: Job) -> Tuple[Optional[str], Optional[SourcedValue]]:
    """Return the value of a variable (rule 1), from any source that has it.

    Returns:
        The name of the variable's hyperparameter, and the value; None for each that is absent.
    """
    if variable.startswith(HYPERPARAMETER_PREFIX):
        name = find(variable[len(HYPERPARAMETER_PREFIX) :], job.hyperparameters)
        return name, job.hyperparameters[name] if name is not None else None
    if variable.startswith(CHANNEL_PREFIX):
        channel = find(variable[len(CHANNEL_PREFIX) :], job.channels)
        return None, job.channels[channel] if channel is not None else None
    return None, job.variable(variable)


def _named_variables(parser: argparse.ArgumentParser, arguments: Iterable[argparse.Action]) -> Dict[argparse.Action, str]:
    """Return the arguments that name a variable of SageMaker, each with that variable."""
    # Few scripts have such a name, so all names are searched at once. That saves 0.05 ms for 100 arguments.
    every_name = fold("\n".join((*_argparse.options(parser), *[action.dest for action in arguments])))
    may_name_one = any(fold(prefix) in every_name for prefix in (HYPERPARAMETER_PREFIX, CHANNEL_PREFIX))
    candidates = arguments if may_name_one else with_variables(arguments)
    variables = ((action, named_variable(action, parser.prefix_chars)) for action in candidates)
    return {action: variable for action, variable in variables if variable}


def _by_hyperparameter(
    parser: argparse.ArgumentParser, arguments: Sequence[argparse.Action], values: Mapping[str, Hyperparameter]
) -> Dict[str, Taker]:
    """Return the argument that takes each hyperparameter (rule 2).

    The option that the platform writes comes first, then any option string before a dest, and an exact spelling before a folded
    one. One argument takes one hyperparameter. If several flags have the same dest, the flag that stores the value takes it,
    else the first one.
    """
    takers: Dict[str, Taker] = {}
    unused = set(arguments)
    options = _argparse.options(parser)
    for name in values:
        option = f"--{name}"
        action = options.get(option)
        if action in unused:
            takers[name] = action, option
            unused.remove(action)
    if len(takers) < len(values):
        remaining = [name for name in values if name not in takers]
        _take_by_spelling(takers, remaining, {action: names(action, parser.prefix_chars) for action in arguments}, unused)
    flags = [name for name, (action, _) in takers.items() if action.nargs == 0]
    takers.update((name, _flag_that_stores(name, takers[name], arguments, values[name])) for name in flags)
    return takers


def _take_by_spelling(
    takers: Dict[str, Taker],
    hyperparameters: Iterable[str],
    arguments: Mapping[argparse.Action, Iterable[Name]],
    unused: Set[argparse.Action],
) -> None:
    """Add the takers of the hyperparameters whose option, as the platform writes it, is not declared."""
    for by_option in (True, False):
        for spelling in (str, fold):
            declared = _declared(arguments, by_option, spelling)
            for name in [name for name in hyperparameters if name not in takers]:
                taker = next((taker for taker in declared.get(spelling(name), ()) if taker[0] in unused), None)
                if taker:
                    takers[name] = taker
                    unused.remove(taker[0])


def _declared(
    arguments: Mapping[argparse.Action, Iterable[Name]], by_option: bool, spelling: Callable[[str], str]
) -> Dict[str, List[Taker]]:
    """Return the arguments by the spelling of their option strings, or of their dests."""
    declared: Dict[str, List[Taker]] = {}
    for action, action_names in arguments.items():
        for name, option in action_names:
            if (option is not None) == by_option:
                declared.setdefault(spelling(name), []).append((action, option))
    return declared


def _flag_that_stores(name: str, taker: Taker, arguments: Iterable[argparse.Action], value: SourcedValue) -> Taker:
    """Return the flag that stores the value of a hyperparameter, if flags such as ``--x`` and ``--no-x`` share its dest."""
    flag, _ = taker
    if fold(name) != fold(flag.dest):
        return taker
    flags = [flag, *(action for action in arguments if action.nargs == 0 and action.dest == flag.dest)]
    storing = next((action for action in flags if is_constant_of(action, value.value, value.text)), flag)
    return taker if storing is flag else (storing, None)


def _infer(unfilled: Sequence[argparse.Action], job: Job, prefix_chars: str) -> Dict[argparse.Action, List[InferredValue]]:
    """Return the values by rules 3 and 4 for the arguments that have no explicit value."""
    if not unfilled:
        return {}  # Without an argument to fill, no source has to be read.
    defaults = [value for name, value in job.variables.items() if _may_be_default(BY_NAME[name])]
    defaults += [*job.channels.values(), *job.outputs.values()]
    inferred = {}
    for action in unfilled:
        by_name = list(_by_name(action, job, prefix_chars))
        current = _current_value(action, defaults, by_name)
        if current is None:
            values = [(value, False) for value in by_name]
        else:
            # Keep a default that already equals a SageMaker value. Record it only for positionals, which are required.
            is_required = action.required and not action.option_strings
            values = [(current, True)] if is_required else []
        if values:
            inferred[action] = values
    return inferred


def _may_be_default(variable: Variable) -> bool:
    """Return whether scripts use the variable's value as the default of an argument with another name."""
    return variable.kind == PATH or (variable.kind in (TEXT, LIST) and variable.by_name)


def _current_value(
    action: argparse.Action, defaults: Iterable[SourcedValue], by_name: Iterable[SourcedValue]
) -> Optional[SourcedValue]:
    """Return the SageMaker value that equals an argument's default, or the directory that contains it; None if absent."""
    equal = (value for value in defaults if _equals_default(action.default, value))
    within = (value for value in by_name if _contains_default(action, value))
    return next(equal, None) or next(within, None)


def _equals_default(default: object, value: SourcedValue) -> bool:
    if isinstance(default, (list, tuple)):
        return bool(default) and list(default) == value.value
    return isinstance(default, (str, os.PathLike)) and str(default) == value.text


def _contains_default(action: argparse.Action, value: SourcedValue) -> bool:
    """Return whether a value equals the default of an argument, or is a directory that contains it."""
    default = action.default
    if isinstance(default, (str, os.PathLike)):
        # argparse never uses the default of a positional that must have a token.
        is_used = action.option_strings or action.nargs is not None
        is_within = os.path.join(str(default), "").startswith(os.path.join(value.text, ""))
        return bool(is_used) and os.path.isabs(value.text) and is_within
    return isinstance(default, (int, float, list, dict)) and default == value.value


def _by_name(action: argparse.Action, job: Job, prefix_chars: str) -> Iterator[SourcedValue]:
    variable = documented_variable(action, prefix_chars)
    value = job.variable(variable.name) if variable else None
    if value:
        yield value
    for name, _ in names(action, prefix_chars):
        channel = find_channel(name, job.channels)
        if channel is not None:
            yield job.channels[channel]
        for output in filter(None, (find(base, job.outputs) for base in bases(name))):
            yield job.outputs[output]


def find_channel(name: str, channels: Mapping[str, object]) -> Optional[str]:
    """Return the channel with a name (rule 4); None if there is no such channel."""
    candidates = bases(name)
    for candidate in (*candidates, *(TWINS[fold(base)] for base in candidates if fold(base) in TWINS)):
        channel = find(candidate, channels)
        if channel is not None:
            return channel
    own = [channel for channel in channels if channel not in PLATFORM_CHANNELS]
    return own[0] if fold(name) == "data_dir" and len(own) == 1 else None


def find(name: str, mapping: Mapping[str, object]) -> Optional[str]:
    """Return the key that is equal to a name, or the only key that is equal after both are folded."""
    if name in mapping:
        return name
    folded = [key for key in mapping if fold(key) == fold(name)]
    return folded[0] if len(folded) == 1 else None
