"""Fill the declared arguments of one parse: matched, converted and stored, before argparse reads the command line.

Everything here happens on a working copy of a parser and on the namespace of one parse, so nothing has to be put back.
"""

from __future__ import annotations

import argparse

from smargs import conversion, matching
from smargs.reading import Setting
from smargs.variables import BOOLEAN, INTEGER, LIST, OBJECT, PLATFORM_CHANNELS, PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Mapping, Optional, Set, Tuple

    from smargs.environment import SageMakerEnvironment
    from smargs.parse import Job

_KIND_TYPES: Dict[str, type] = {INTEGER: int, BOOLEAN: bool, LIST: list, OBJECT: dict}


class Fill:
    """What SageMaker filled in one parse of one parser.

    Attributes:
        parser: The parser that the working copy was made of.
        job: The parse.
        settings: The value that fills each argument.
        failed: Why a value does not fit its argument; it matters only if nobody typed the argument.
        verbatim: Arguments whose value is known only as it was written.
        refused: Why a guess does not fit its argument.
        left: Arguments that their value leaves as they are: flags that are false.
        guessed: Arguments whose value nobody meant for them (rules 3 and 4 of matching).
        required: The arguments that must come from somewhere.
        groups: The arguments that exclude each other.
        seen: The arguments that were on the command line, or came from a config file.
        visited: These, and the positionals that argparse is content to see without tokens.
    """

    def __init__(self, parser: argparse.ArgumentParser, job: Job) -> None:
        self.parser = parser
        self.job = job
        self.settings: Dict[argparse.Action, Setting] = {}
        self.failed: Dict[argparse.Action, argparse.ArgumentError] = {}
        self.guessed: Set[argparse.Action] = set()
        self.verbatim: Set[argparse.Action] = set()
        self.refused: Dict[argparse.Action, str] = {}
        self.left: Set[argparse.Action] = set()
        self.required: List[argparse.Action] = []
        self.groups: List[List[argparse.Action]] = []
        self.seen: Set[argparse.Action] = set()
        self.visited: Set[argparse.Action] = set()


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


def own_setting(parser: argparse.ArgumentParser, action: argparse.Action, environ: Mapping[str, str]) -> Optional[Setting]:
    """What that variable holds, where it is set."""
    variable = own_variable(parser, action)
    text = environ.get(variable) if variable else None
    return None if variable is None or text is None else Setting(text, text, variable)


def inferred_type(action: argparse.Action, prefix_chars: str) -> Optional[type]:
    """The type of an argument that declares none: its default's, else that of the documented variable of its name."""
    if action.default is not None or action.type is not None or action.choices is not None:
        return conversion.infer(action)
    variable = matching.documented_variable(action, prefix_chars)
    if variable is None or conversion.collects(action) or type(action) is not argparse._StoreAction:
        return None
    return _KIND_TYPES.get(variable.kind)


def fill(
    working: argparse.ArgumentParser,
    job: Job,
    namespace: object,
    report: Fill,
    infer_types: bool,
    call_custom_actions: bool,
) -> None:
    """Store what SageMaker says for each argument into a namespace.

    Args:
        working: A working copy of a parser.
        job: The parse.
        namespace: Where the values go; what it already has stays.
        report: Is told what was filled.
        infer_types: Whether arguments without a type have that of their default.
        call_custom_actions: Whether actions that are not argparse's own are called, or left alone.
    """
    found = matching.match(working, job.environment)
    job.undeclared.difference_update(found.claimed)
    job.matches.append(found)
    settled = _settled(working, job, namespace, found)
    if not call_custom_actions:
        report.verbatim.update(action for action in working._actions if type(action).__module__ != "argparse")
    meant, settings, nothing = found.meant, report.settings, argparse.SUPPRESS
    as_they_are = {wanted for wanted in (int, float, str) if working._registry_get("type", wanted, wanted) is wanted}
    waiting = []
    # Each argument has its value or its default, in the order in which argparse sets the defaults, before any action is called.
    for action in working._actions:
        setting = meant.get(action) if action not in settled else None
        if setting is not None:
            settings[action] = setting
            if type(setting.value) is action.type and action.type in as_they_are and _keeps_one(action):
                setattr(namespace, action.dest, setting.value)
                continue
        if action.dest is not nothing and action.default is not nothing and not hasattr(namespace, action.dest):
            setattr(namespace, action.dest, action.default)
        waiting.append(action)
    for action in waiting:
        if action in settings and action not in report.verbatim:
            _fill_meant(working, action, settings[action], found.options.get(action), namespace, report, infer_types)
        elif action in found.guesses and action not in settled:
            _fill_guess(working, action, found.guesses[action], namespace, report, infer_types)
    if report.guessed:
        # Guesses came last; what is told of a parse is in the order of the arguments.
        report.settings = {action: settings[action] for action in working._actions if action in settings}


def _settled(working: argparse.ArgumentParser, job: Job, namespace: object, found: matching.Matches) -> Set[argparse.Action]:
    """The arguments that the namespace has a value of already, or that a variable of the user's own is for."""
    automatic = getattr(working, "_auto_env_var_prefix", None) is not None
    candidates = working._actions if automatic else found.named
    settled = {action for action in candidates if own_setting(working, action, job.environ)}
    # An empty namespace has nothing; any other may have it in a way of its own.
    if type(namespace) is not argparse.Namespace or vars(namespace):
        settled.update(action for action in (*found.meant, *found.guesses) if hasattr(namespace, action.dest))
    return settled


def _keeps_one(action: argparse.Action) -> bool:
    """Whether an argument takes one value, whichever, and keeps it as it is."""
    return type(action) is argparse._StoreAction and action.nargs is None and action.choices is None


def _fill_meant(
    working: argparse.ArgumentParser,
    action: argparse.Action,
    setting: Setting,
    option: Optional[str],
    namespace: object,
    report: Fill,
    infer_types: bool,
) -> None:
    """Store the value that was meant for an argument; one that does not fit is the argument's error."""
    try:
        _store(working, action, setting, option, namespace, report, infer_types)
    except argparse.ArgumentError as error:
        error.message = f"{error.message} (from {setting.source})"
        report.failed[action] = error
        report.verbatim.add(action)


def _fill_guess(
    working: argparse.ArgumentParser,
    action: argparse.Action,
    guesses: Iterable[Tuple[Setting, bool]],
    namespace: object,
    report: Fill,
    infer_types: bool,
) -> None:
    """Store the first guess that fits an argument."""
    for setting, stored in guesses:
        try:
            if action not in report.verbatim and (not stored or isinstance(action.default, str)):
                _store(working, action, setting, None, namespace, report, infer_types)
        except argparse.ArgumentError as error:
            report.refused[action] = f"{setting.source} does not fit: {error.message}"
            continue
        report.settings[action] = setting
        report.guessed.add(action)
        break


def _store(
    working: Any,
    action: argparse.Action,
    setting: Setting,
    option: Optional[str],
    namespace: Any,
    report: Fill,
    infer_types: bool,
) -> None:
    wanted = action.type or (inferred_type(action, working.prefix_chars) if infer_types else None)

    def read(text: str) -> object:
        return working._read_text(action, text)

    try:
        calls = conversion.calls(action, setting.value, setting.text, option, wanted, read)
        for call in calls:
            action(working, namespace, call.values, call.option)
    except argparse.ArgumentError:
        raise
    except Exception as error:
        # A type or an action of the script's own may raise anything, and the promise is one line.
        name = getattr(wanted, "__name__", repr(wanted))
        raise argparse.ArgumentError(action, f"invalid {name} value: {setting.text!r}: {error}") from error
    if not calls:
        report.left.add(action)


def lift_requirements(working: argparse.ArgumentParser, report: Fill) -> None:
    """Let argparse ask for nothing: what is required is checked by :func:`check`, which knows the variables."""
    # Where no argument is a copy, none is required.
    has_copies = working._actions is not report.parser._actions
    report.required = [action for action in working._actions if action.required] if has_copies else []
    for action in report.required:
        action.required = False
    report.groups = [list(group._group_actions) for group in working._mutually_exclusive_groups]
    for group in working._mutually_exclusive_groups:
        group.required = group.required and not any(
            action in report.settings and action not in report.left for action in group._group_actions
        )
        # A positional that SageMaker filled and nobody typed is no conflict, though argparse visits it.
        group._group_actions = [
            action for action in group._group_actions if action.option_strings or action not in report.settings
        ]


def check(working: argparse.ArgumentParser, report: Fill, namespace: object, environment: SageMakerEnvironment) -> None:
    """Check what argparse could not: conflicts with what was typed, values that do not fit, arguments that are missing.

    Raises:
        argparse.ArgumentError: If something is wrong.
    """
    for group in report.groups:
        _settle_group(working, group, report, namespace)
    typed = {action.dest for action in report.seen}
    for action, error in report.failed.items():
        if action.dest not in typed and action in report.settings:
            raise error
    missing = [
        action
        for action in report.required
        if action not in report.visited and action not in report.settings and action.nargs != argparse.SUPPRESS
    ]
    if missing:
        hints = ", ".join(_missing(action, report, environment, working.prefix_chars) for action in missing)
        raise argparse.ArgumentError(None, f"the following arguments are required: {hints}")


def _settle_group(working: argparse.ArgumentParser, group: Iterable[argparse.Action], report: Fill, namespace: object) -> None:
    """Of arguments that exclude each other, what was typed stands alone; two that SageMaker fills are an error."""
    typed = [action for action in group if action in report.seen]
    filled = [action for action in group if action in report.settings and action not in report.seen | report.left]
    meant = [action for action in filled if action not in report.guessed]
    if len(typed) > 1 and any(action in report.settings for action in typed if not action.option_strings):
        raise argparse.ArgumentError(typed[1], f"not allowed with argument {_name(typed[0])}")
    if len(meant) > 1 and not typed:
        source = report.settings[meant[1]].source
        raise argparse.ArgumentError(meant[1], f"not allowed with argument {_name(meant[0])} (from {source})")
    beaten = filled if typed else [action for action in filled if meant and action not in meant]
    for action in beaten:
        del report.settings[action]
        if any(action.dest == other.dest for other in typed):
            continue
        if action.default is argparse.SUPPRESS:
            delattr(namespace, action.dest)
        else:
            text = isinstance(action.default, str)
            setattr(namespace, action.dest, working._get_value(action, action.default) if text else action.default)


def _name(action: argparse.Action) -> str:
    """An argument as argparse's own errors name it."""
    return str(argparse.ArgumentError(action, "").argument_name)


def _missing(action: argparse.Action, report: Fill, environment: SageMakerEnvironment, prefix_chars: str) -> str:
    """The name of a required argument that is missing, with the variable that would have filled it."""
    name = _name(action)
    if not matching.can_be_filled(action):
        return name
    if action in report.refused:
        return f"{name} ({report.refused[action]})"
    channels = sorted(environment.channels.keys() - PLATFORM_CHANNELS)
    variable = matching.environment_variable(action) or matching.expected_variable(
        action, prefix_chars, among_channels=bool(channels)
    )
    listed = f"; channels here: {', '.join(channels)}" if channels and matching.is_channel_variable(variable) else ""
    return f"{name} ({variable} is not set{listed})"
