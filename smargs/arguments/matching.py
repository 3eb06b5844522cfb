"""Which value of SageMaker fills which declared argument.

1. ``env_var="SM_..."`` on the argument: that variable, and no other.
2. A hyperparameter of the argument's name; the platform's own hyperparameters only so.
3. A documented variable of that name, where the catalogue lets it match by name.
4. A channel of that name; of the name without ``_dir``, ``_path``, ``_data``, ``_data_dir``, ``_data_path``; of its twin. For
   ``--data-dir`` the only channel, where there is exactly one.

Names compare without leading prefix characters, in any case, with ``-`` equal to ``_``; exact spelling wins, ``--name`` first.
Rules 1 and 2 were meant. Rules 3 and 4 are guesses: the caller drops one that does not convert.
"""

from __future__ import annotations

import argparse
import os
from typing import Callable, Container, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from smargs.arguments.conversion import is_constant_of, path_types
from smargs.container.environment import SageMakerEnvironment
from smargs.container.sources import SourcedValue
from smargs.container.variables import (
    ARGUMENT_NAMES,
    BY_NAME,
    CHANNEL_PREFIX,
    HYPERPARAMETER_PREFIX,
    LIST,
    PATH,
    PLATFORM_CHANNELS,
    PREFIX,
    TEXT,
    Variable,
    fold,
    is_secret,
)

# The names of an argument, each with its option string.
Names = List[Tuple[str, Optional[str]]]

SAYS_SOMETHING = (argparse._HelpAction, argparse._VersionAction)
_SPELLED_SM = ("sm", "SM", "Sm", "sM")
_SUFFIXES = ("_data_dir", "_data_path", "_dir", "_path", "_data")
_TWINS = {
    name: twin
    for pair in (("train", "training"), ("test", "testing"), ("val", "validation"))
    for name, twin in (pair, pair[::-1])
}


class Matches:
    """The values of an environment for the arguments of a parser.

    Attributes:
        meant: By rules 1 and 2 the one value of an argument.
        options: The option string that was matched then; none where the argument was found by its dest.
        guesses: By rules 3 and 4 values that may be an argument's, the best first, each with whether it is the default already.
        claimed: The hyperparameters that are declared.
        named: The arguments that name a variable with ``env_var=``.
    """

    __slots__ = ("claimed", "guesses", "meant", "named", "options")

    def __init__(self, named: List[argparse.Action]) -> None:
        self.named = named
        self.meant: Dict[argparse.Action, SourcedValue] = {}
        self.options: Dict[argparse.Action, str] = {}
        self.guesses: Dict[argparse.Action, List[Tuple[SourcedValue, bool]]] = {}
        self.claimed: Set[str] = set()

    def mean(self, action: argparse.Action, setting: SourcedValue, option: Optional[str]) -> None:
        """Have a value meant for an argument."""
        self.meant[action] = setting
        if option is not None:
            self.options[action] = option


def can_be_filled(action: argparse.Action) -> bool:
    """Whether any value may fill an argument: not help, version, subparsers, nor a path of a configuration file."""
    return (
        action.dest != argparse.SUPPRESS
        and action.nargs != argparse.PARSER
        # Nearly all only store a value, which is seen in a fifth of the time.
        and (type(action) is argparse._StoreAction or not isinstance(action, SAYS_SOMETHING))
        and not getattr(action, "is_config_file_arg", False)
        and not getattr(action, "is_write_out_config_file_arg", False)
    )


def environment_variable(action: argparse.Action) -> Optional[str]:
    """The variable that the argument names outright with ``env_var=``."""
    return getattr(action, "env_var", None)


def with_variable(parser: argparse.ArgumentParser) -> List[argparse.Action]:
    """The arguments that name a variable with ``env_var=``."""
    return [action for action in parser._actions if getattr(action, "env_var", None)]


def is_secret_argument(action: argparse.Action) -> bool:
    """Whether the values of an argument must never be shown: by any of its names, or its variable's."""
    return is_secret(action.dest, *action.option_strings, environment_variable(action) or "")


def secret_tokens(tokens: Sequence[str], prefix_chars: str) -> Set[str]:
    """The tokens of a command line that follow, or are part of, an option with a secret's name."""
    secrets: Set[str] = set()
    secret = False
    for token in tokens if is_secret(*tokens) else ():
        if token and token[0] in prefix_chars:
            name, _, value = token.partition("=")
            secret = is_secret(name)
            secrets.update((value,) if secret and value else ())
        elif secret:
            secrets.add(token)
    return secrets


def names(action: argparse.Action, prefix_chars: str) -> Names:
    """An argument's names, each with its option string: every option string, then its dest."""
    found: Names = []
    for option in action.option_strings:
        found.append((option.lstrip(prefix_chars), option))
    found.append((action.dest, None))
    return found


def match(parser: argparse.ArgumentParser, environment: SageMakerEnvironment) -> Matches:
    """Find the values of an environment for the arguments of a parser."""
    hyperparameters = environment.hyperparameter_settings
    found = Matches(with_variable(parser))
    outright = _outright_variables(parser, found.named)
    _by_typed_option(parser, hyperparameters, outright, found)
    for action, variable in outright.items():
        name, setting = lookup(variable, environment)
        if setting:
            found.mean(action, setting, next(iter(action.option_strings), None))
        if name is not None:
            found.claimed.add(name)
    meant, claimed = found.meant, found.claimed
    free = [action for action in parser._actions if action not in meant and action not in outright and can_be_filled(action)]
    left = {name: setting for name, setting in hyperparameters.items() if name not in claimed} if free else {}
    found_by_name = _by_hyperparameter(free, left, parser.prefix_chars) if left else {}
    for name, (action, option) in found_by_name.items():
        claimed.add(name)
        found.mean(action, hyperparameters[name], option)
    if outright or left:
        # Of arguments that share a dest the last one has it: they stand in this order on the platform's command line.
        places = {setting: place for place, setting in enumerate(hyperparameters.values())}
        found.meant = meant = dict(sorted(meant.items(), key=lambda pair: places.get(pair[1], -1)))
    dests = {action.dest for action in meant}
    unfilled = [action for action in free if action.dest not in dests and action.nargs != 0]
    found.guesses = _guesses(unfilled, environment, parser.prefix_chars)
    return found


def _outright_variables(parser: argparse.ArgumentParser, named: List[argparse.Action]) -> Dict[argparse.Action, str]:
    """The arguments that name a variable of SageMaker outright (rule 1)."""
    every_name = fold("\n".join((*parser._option_string_actions, *[action.dest for action in parser._actions]))).upper()
    is_named = HYPERPARAMETER_PREFIX in every_name or CHANNEL_PREFIX in every_name
    candidates = parser._actions if is_named else named
    variables = {action: _outright_variable(action, parser.prefix_chars) for action in candidates if can_be_filled(action)}
    return {action: variable for action, variable in variables.items() if variable}


def _outright_variable(action: argparse.Action, prefix_chars: str) -> Optional[str]:
    """The variable of SageMaker that an argument names: by ``env_var=``, or as ``--sm-channel-train`` and ``--sm-hp-x`` do."""
    variable = environment_variable(action)
    if variable:
        return variable if variable.startswith(PREFIX) else None
    for name, _ in names(action, prefix_chars):
        if name[:2] in _SPELLED_SM and fold(name).upper().startswith((HYPERPARAMETER_PREFIX, CHANNEL_PREFIX)):
            return fold(name).upper()
    return None


def _by_typed_option(
    parser: argparse.ArgumentParser,
    hyperparameters: Mapping[str, SourcedValue],
    outright: Container[argparse.Action],
    found: Matches,
) -> None:
    """Rule 2 where a hyperparameter is named just as an option is: most are, and this takes a look at each and no more."""
    declared, meant, options, claimed = parser._option_string_actions, found.meant, found.options, found.claimed
    for name, setting in hyperparameters.items():
        option = f"--{name}"
        action = declared.get(option)
        # Of flags, which may be several with one dest, the value decides.
        if action and action.nargs != 0 and action not in meant and action not in outright and can_be_filled(action):
            meant[action] = setting
            options[action] = option
            claimed.add(name)


def _may_be_a_default(variable: Variable) -> bool:
    """Whether scripts give the variable's value to an argument of another name as its default."""
    return variable.kind == PATH or (variable.kind in (TEXT, LIST) and variable.by_name)


def _is_default(default: object, setting: SourcedValue) -> bool:
    if isinstance(default, (list, tuple)):
        return bool(default) and list(default) == setting.value
    return isinstance(default, (str, *path_types())) and str(default) == setting.text


def _is_of(action: argparse.Action, guess: SourcedValue) -> bool:
    """Whether the default of an argument is the value of its guess, or a path in the directory that is its guess."""
    default = action.default
    if isinstance(default, (str, *path_types())):
        # argparse never takes the default of a positional that must have a token.
        is_used = action.option_strings or action.nargs is not None
        return bool(is_used) and os.path.isabs(guess.text) and f"{default}/".startswith(f"{guess.text.rstrip('/')}/")
    return isinstance(default, (int, float, list, dict)) and default == guess.value


def lookup(variable: str, environment: SageMakerEnvironment) -> Tuple[Optional[str], Optional[SourcedValue]]:
    """What a variable holds (rule 1), whichever way it came: the hyperparameter that it stands for, if any, and the value."""
    if variable.startswith(HYPERPARAMETER_PREFIX):
        name = _find(variable[len(HYPERPARAMETER_PREFIX) :], environment.hyperparameter_settings)
        return name, environment.hyperparameter_settings[name] if name is not None else None
    if variable.startswith(CHANNEL_PREFIX):
        channel = _find(variable[len(CHANNEL_PREFIX) :], environment.channel_settings)
        return None, environment.channel_settings[channel] if channel is not None else None
    return None, environment.setting(variable)


def documented_variable(action: argparse.Action, prefix_chars: str) -> Optional[Variable]:
    """The documented variable that an argument stands for, by ``env_var=`` or by name (rule 3)."""
    outright = environment_variable(action)
    if outright and outright.startswith(PREFIX):
        return BY_NAME.get(outright)
    if action.nargs == 0 or not can_be_filled(action):
        return None
    return next((ARGUMENT_NAMES[fold(name)] for name, _ in names(action, prefix_chars) if fold(name) in ARGUMENT_NAMES), None)


def expected_variables(action: argparse.Action, prefix_chars: str, *, among_channels: bool) -> List[str]:
    """Return the variables that would fill an argument, for errors, where none does.

    Args:
        action: The argument.
        prefix_chars: The characters that option strings start with.
        among_channels: Whether any argument that may be a path may be a channel; else only one with a channel's usual name.
    """
    variable = expected_variable(action, prefix_chars)
    is_guess = among_channels and action.nargs != 0 and may_be_path(action) and _outright_variable(action, prefix_chars) is None
    if not is_guess or not variable.startswith(HYPERPARAMETER_PREFIX):
        return [variable]
    return [variable, f"{CHANNEL_PREFIX}{variable[len(HYPERPARAMETER_PREFIX) :]}"]


def expected_variable(action: argparse.Action, prefix_chars: str) -> str:
    """Return the variable that would fill an argument, for help, where none does: a channel's only for its usual names."""
    outright = _outright_variable(action, prefix_chars)
    if outright:
        return outright
    variable = documented_variable(action, prefix_chars)
    if variable:
        return variable.name
    name = fold(max((name for name, option in names(action, prefix_chars) if option is None or option[:5] != "--no-"), key=len))
    usual = [base for base in _bases(name) if base in _TWINS or base == "data"]
    if usual and action.nargs != 0 and may_be_path(action):
        return f"{CHANNEL_PREFIX}{usual[0].upper()}"
    return f"{HYPERPARAMETER_PREFIX}{name.upper()}"


def is_channel_variable(variable: str) -> bool:
    """Whether a variable holds the directory of a channel."""
    return variable.startswith(CHANNEL_PREFIX)


def may_be_path(action: argparse.Action) -> bool:
    """Whether an argument may hold a path: it says no type, or that of a text or a path, and has no other default."""
    declared = action.type
    return (
        (declared in (None, str) or (isinstance(declared, type) and issubclass(declared, path_types())))
        and (action.default is None or isinstance(action.default, (str, *path_types())))
        and action.choices is None
    )


def _by_hyperparameter(
    arguments: Sequence[argparse.Action], settings: Mapping[str, SourcedValue], prefix_chars: str
) -> Dict[str, Tuple[argparse.Action, Optional[str]]]:
    """Rule 2: the argument of each hyperparameter that has one, and the option string that was matched.

    An option string comes before a dest, an exact spelling before a folded one. An argument takes one hyperparameter, a
    hyperparameter fills one argument: of several with its dest, the flag that stores just its value, else the first.
    """
    left = dict(settings)
    taken: Dict[str, Tuple[argparse.Action, Optional[str]]] = {}
    used: Set[argparse.Action] = set()
    named = {action: names(action, prefix_chars) for action in arguments}
    for by_option in (True, False):
        for spelling in (str, fold):
            declared = _declared(named, by_option, spelling, used)
            for name in [name for name in left if spelling(name) in declared]:
                pair = next((pair for pair in declared[spelling(name)] if pair[0] not in used), None)
                if pair:
                    taken[name] = pair
                    used.add(pair[0])
                    del left[name]
    flags: Dict[str, List[argparse.Action]] = {}
    for action in arguments if taken else ():
        if action.nargs == 0:
            flags.setdefault(action.dest, []).append(action)
    return {name: _or_sibling(name, pair, flags, settings[name]) for name, pair in taken.items()}


def _declared(
    arguments: Mapping[argparse.Action, Names], by_option: bool, spelling: Callable[[str], str], used: Set[argparse.Action]
) -> Dict[str, List[Tuple[argparse.Action, Optional[str]]]]:
    """The arguments by their option strings, or by their dests, as they are spelled."""
    declared: Dict[str, List[Tuple[argparse.Action, Optional[str]]]] = {}
    for action, named in arguments.items():
        if action not in used:
            for name, option in named:
                if (option is not None) == by_option:
                    declared.setdefault(spelling(name), []).append((action, option))
    return declared


def _or_sibling(
    name: str, pair: Tuple[argparse.Action, Optional[str]], flags: Mapping[str, List[argparse.Action]], setting: SourcedValue
) -> Tuple[argparse.Action, Optional[str]]:
    """For ``--x`` beside ``--no-x`` with one dest ``x``: whichever of the two stores the value of the hyperparameter ``x``."""
    flag = pair[0]
    if flag.nargs != 0 or fold(name) != fold(flag.dest) or _stores(flag, setting):
        return pair
    return next(((sibling, None) for sibling in flags[flag.dest] if _stores(sibling, setting)), pair)


def _stores(action: argparse.Action, setting: SourcedValue) -> bool:
    """Whether a flag stores just this value."""
    return action.nargs == 0 and is_constant_of(action, setting.value, setting.text)


def _guesses(
    unfilled: Sequence[argparse.Action], environment: SageMakerEnvironment, prefix_chars: str
) -> Dict[argparse.Action, List[Tuple[SourcedValue, bool]]]:
    """Rules 3 and 4, for the arguments that no value was meant for."""
    if not unfilled:
        return {}
    told = [setting for name, setting in environment.settings.items() if _may_be_a_default(BY_NAME[name])]
    told += environment.channel_settings.values()
    found = {}
    for action in unfilled:
        by_name = list(_by_name(action, environment, prefix_chars))
        stays = next((setting for setting in told if _is_default(action.default, setting)), None)
        stays = stays or next((setting for setting in by_name if _is_of(action, setting)), None)
        guesses = [(stays, True)] if stays else [(setting, False) for setting in by_name]
        # A default that is a value of SageMaker already stays. It is recorded only for a positional that is required.
        if guesses and not (stays and (action.option_strings or not action.required)):
            found[action] = guesses
    return found


def _by_name(action: argparse.Action, environment: SageMakerEnvironment, prefix_chars: str) -> Iterator[SourcedValue]:
    variable = documented_variable(action, prefix_chars)
    found = environment.setting(variable.name) if variable else None
    if found:
        yield found
    for name, _ in names(action, prefix_chars):
        channel = _channel(name, environment.channel_settings)
        if channel is not None:
            yield environment.channel_settings[channel]


def _channel(name: str, channels: Mapping[str, SourcedValue]) -> Optional[str]:
    bases = _bases(name)
    for base in (*bases, *(_TWINS[fold(base)] for base in bases if fold(base) in _TWINS)):
        found = _find(base, channels)
        if found is not None:
            return found
    own = [channel for channel in channels if channel not in PLATFORM_CHANNELS]
    return own[0] if fold(name) == "data_dir" and len(own) == 1 else None


def _bases(name: str) -> List[str]:
    """A name and what is left of it without the endings that directories have."""
    return [name, *(name[: -len(suffix)] for suffix in _SUFFIXES if fold(name).endswith(suffix))]


def _find(name: str, mapping: Mapping[str, SourcedValue]) -> Optional[str]:
    """The one key that is a name, exactly or else folded."""
    if name in mapping:
        return name
    folded = [key for key in mapping if fold(key) == fold(name)]
    return folded[0] if len(folded) == 1 else None
