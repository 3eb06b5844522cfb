"""What people see: help that says where each default comes from, names instead of secrets."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, List, Optional, Set, Tuple

from smargs.arguments import matching
from smargs.arguments.filling import FilledArguments, own_setting
from smargs.container import spelling
from smargs.container.environment import masked, secret_texts
from smargs.container.sources import SourcedValue
from smargs.container.variables import MASK, PREFIX, fold, is_secret

if TYPE_CHECKING:
    from smargs.parsing import ParseContext

# A shorter secret would be found inside ordinary words; it is looked for only in quotes.
_SHORTEST_TO_REPLACE = 4


def show_fill(
    view: argparse.ArgumentParser, report: FilledArguments, job: ParseContext, values: Dict[str, object], with_variables: bool
) -> None:
    """Make the arguments of a view, a copy of a parser that is only looked at, say where their values come from.

    Args:
        view: The copy, its arguments copied too.
        report: What SageMaker fills.
        job: The parse.
        values: What it stored, by dest.
        with_variables: Whether the variable is named behind each help text.
    """
    secrets = secrets_of(job)
    for action in view._actions:
        if not matching.can_be_filled(action):
            continue
        setting = report.settings.get(action)
        own = own_setting(view, action, job.environ)
        if own:
            setting = own
            _show_value(action, own, {})
        elif setting:
            _show_value(action, setting, {} if action in report.verbatim else values)
        if action.default not in (None, argparse.SUPPRESS):
            action.default = _shown(action.default, matching.is_secret_argument(action), secrets)
        if with_variables and action.help != argparse.SUPPRESS:
            source = f"from {setting.source}" if setting else f"or {matching.expected_variable(action, view.prefix_chars)}"
            _name_source(action, source)
        if own or (matching.environment_variable(action) or "").startswith(PREFIX):
            # ConfigArgParse would name the variable a second time.
            vars(action)["env_var"] = None


def secrets_of(job: ParseContext) -> Set[str]:
    """The texts of a parse that must not be shown."""
    hyperparameters = job.environment.hyperparameter_settings
    return {
        *(text for name, setting in hyperparameters.items() for text in secret_texts(name, setting.value)),
        *(setting.text for name, setting in hyperparameters.items() if is_secret(name)),
        *(text for action, text in _texts(job) if matching.is_secret_argument(action)),
        *(text for tokens, prefix_chars in job.lines for text in matching.secret_tokens(tokens, prefix_chars)),
    }


def _texts(job: ParseContext) -> Iterator[Tuple[argparse.Action, str]]:
    yield from job.given
    for found in job.matches:
        yield from ((action, setting.text) for action, setting in found.meant.items())
        yield from ((action, setting.text) for action, guesses in found.guesses.items() for setting, _ in guesses)


def _shown(default: object, secret: bool, secrets: Iterable[str]) -> object:
    """A default as it may be shown; what carries no secret stays as it is, for formatters that look at its type."""
    if secret:
        return MASK
    if isinstance(default, (dict, list, tuple, str)):
        text = mask(str(masked("", default)), secrets)
        return default if text == str(default) else text
    return default


def _show_value(action: argparse.Action, setting: SourcedValue, values: Dict[str, object]) -> None:
    """Show what fills an argument as its default, and the argument as optional."""
    value = values.get(action.dest, setting.text)
    action.default = value if str(value).isprintable() else spelling.printable(str(value))
    action.required = False
    if not action.option_strings and action.nargs in (None, argparse.ONE_OR_MORE):
        action.nargs = argparse.OPTIONAL if action.nargs is None else argparse.ZERO_OR_MORE


def _name_source(action: argparse.Action, source: str) -> None:
    if not isinstance(action.help, (str, type(None))):
        # Hydra passes an object, which argparse never formats.
        return
    source = source.replace("%", "%%")
    text = action.help or ""
    if "%(default)" in text or action.default is argparse.SUPPRESS or action.required:
        added = f"({source})"
    else:
        added = f"(default: %(default)s, {source})"
    action.help = f"{text} {added}" if text else added


def mask(message: str, secrets: Iterable[str]) -> str:
    """A message without the secrets in it."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        message = message.replace(repr(secret), repr(MASK))
        if len(secret) >= _SHORTEST_TO_REPLACE:
            message = message.replace(secret, MASK)
    return message


def encodable(text: str) -> str:
    """A text that standard output takes: Python reads bytes of the environment that are not UTF-8 as lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def mask_tokens(tokens: Iterable[str], prefix_chars: str) -> List[str]:
    """A command line without the values of options that have a secret's name."""
    tokens = list(tokens)
    secrets = matching.secret_tokens(tokens, prefix_chars)
    shown = []
    for token in tokens:
        name, equals, value = token.partition("=")
        shown.append(MASK if token in secrets else f"{name}={MASK}" if equals and value in secrets else token)
    return shown


def unrecognized(names: Iterable[str], declared: Iterable[str]) -> str:
    """The error for hyperparameters that no argument declares, with the nearest declared name."""
    declared = list(declared)
    parts = []
    for name in names:
        nearest = _nearest(name, declared)
        shown = name if name.isprintable() and name else repr(name)
        if nearest and fold(nearest.lstrip("-+/")) == fold(name):
            parts.append(f"{shown} ({nearest} does not take it, or has its value from another)")
        else:
            parts.append(f"{shown} (did you mean {nearest}?)" if nearest else shown)
    return f"unrecognized hyperparameter{'s' * (len(parts) > 1)}: {', '.join(parts)}"


def _nearest(name: str, declared: List[str]) -> Optional[str]:
    import difflib  # A fifteenth of the time of all imports, and only an error needs it.

    bare = {fold(option.lstrip("-+/")): option for option in reversed(declared)}
    found = difflib.get_close_matches(fold(name), bare, n=1)
    return bare[found[0]] if found else None
