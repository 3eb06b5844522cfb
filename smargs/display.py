"""What people see: help that says where each default comes from, names instead of secrets."""

from __future__ import annotations

import argparse
import difflib
from typing import Dict, Iterable, List, Optional, Set

from smargs import matching
from smargs.environment import Setting
from smargs.filling import Fill
from smargs.variables import MASK, PREFIX, is_secret

# A shorter secret would be found inside ordinary words; it is looked for only in quotes.
_SHORTEST_TO_REPLACE = 4


def show_fill(view: argparse.ArgumentParser, report: Fill, values: Dict[str, object], with_variables: bool) -> None:
    """Make the arguments of a view, a copy of a parser that is only looked at, say where their values come from.

    Args:
        view: The copy, its arguments copied too.
        report: What SageMaker fills.
        values: What it stored, by dest.
        with_variables: Whether the variable is named behind each help text.
    """
    for action in view._actions:
        if not matching.can_be_filled(action):
            continue
        setting = report.settings.get(action)
        if setting:
            _show_value(action, setting, values, action in report.verbatim)
        if is_secret(action.dest) and action.default not in (None, argparse.SUPPRESS):
            action.default = MASK
        if with_variables and action.help != argparse.SUPPRESS:
            source = f"from {setting.source}" if setting else f"or {matching.expected_variable(action, view.prefix_chars)}"
            _name_source(action, source)
        if (matching.environment_variable(action) or "").startswith(PREFIX):
            # ConfigArgParse would name the variable a second time.
            action.env_var = None  # type: ignore[attr-defined]


def _show_value(action: argparse.Action, setting: Setting, values: Dict[str, object], verbatim: bool) -> None:
    """Show what fills an argument as its default, and the argument as optional."""
    action.default = setting.text if verbatim else values.get(action.dest, setting.text)
    action.required = False
    if not action.option_strings and action.nargs in (None, argparse.ONE_OR_MORE):
        action.nargs = argparse.OPTIONAL if action.nargs is None else argparse.ZERO_OR_MORE


def _name_source(action: argparse.Action, source: str) -> None:
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


def secret_tokens(tokens: Iterable[str], prefix_chars: str) -> Set[str]:
    """The tokens of a command line that follow, or are part of, an option with a secret's name."""
    secrets: Set[str] = set()
    secret = False
    for token in tokens:
        if token[:1] and token[0] in prefix_chars:
            name, _, value = token.partition("=")
            secret = is_secret(name)
            secrets.update((value,) if secret and value else ())
        elif secret:
            secrets.add(token)
    return secrets


def mask_tokens(tokens: Iterable[str], prefix_chars: str) -> List[str]:
    """A command line without the values of options that have a secret's name."""
    tokens = list(tokens)
    secrets = secret_tokens(tokens, prefix_chars)
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
        parts.append(f"{shown} (did you mean {nearest}?)" if nearest else shown)
    return f"unrecognized hyperparameter{'s' * (len(parts) > 1)}: {', '.join(parts)}"


def _nearest(name: str, declared: List[str]) -> Optional[str]:
    bare = {option.lstrip("-+/").replace("-", "_").lower(): option for option in reversed(declared)}
    found = difflib.get_close_matches(name.replace("-", "_").lower(), bare, n=1)
    return bare[found[0]] if found else None
