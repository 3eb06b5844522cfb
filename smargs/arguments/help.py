"""What ``--help`` shows for an argument: the value that fills it, and the variable of that value."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Mapping, Optional

from smargs import _argparse
from smargs.arguments.filling import FilledArguments
from smargs.arguments.names import can_be_filled, configargparse_value, environment_variable, expected_variable
from smargs.container.sources import SourcedValue
from smargs.container.variables import PREFIX
from smargs.texts import printable

if TYPE_CHECKING:
    from smargs.secrets.masking import Secrets


class ShownArguments:
    """The arguments of a copy of a parser that only formats help and usage."""

    def __init__(self, view: argparse.ArgumentParser, filled: FilledArguments, environ: Mapping[str, str]) -> None:
        """Collect the arguments that can be filled.

        Args:
            view: The copy. Its arguments are copies, too.
            filled: The arguments that SageMaker fills.
            environ: All environment variables.
        """
        self._view = view
        self._prefix_chars = view.prefix_chars
        self._unconverted = filled.unconverted
        self._arguments = list(filter(can_be_filled, _argparse.actions(view)))
        self._configargparse_values = {action: configargparse_value(view, action, environ) for action in self._arguments}
        self._values = {action: self._configargparse_values[action] or filled.values.get(action) for action in self._arguments}

    def show_values(self, namespace: Mapping[str, object]) -> None:
        """Show the value that fills an argument as its default, and the argument as optional.

        Args:
            namespace: The values by dest.
        """
        for action, value in self._values.items():
            if value:
                is_text = self._configargparse_values[action] is not None or action in self._unconverted
                _show_value(action, value.text if is_text else namespace.get(action.dest, value.text))

    def mask_secrets(self, secrets: Secrets) -> None:
        """Mask what help can show of values: defaults, constants, and secrets in the texts that the script shows."""
        for name in ("usage", "description", "epilog"):
            text = getattr(self._view, name)
            setattr(self._view, name, secrets.mask_help(text) if isinstance(text, str) else text)
        for action in self._arguments:
            if action.default is not argparse.SUPPRESS:
                action.default = secrets.mask_argument(action, action.default)
            action.const = secrets.mask_argument(action, action.const)
            if isinstance(action.help, str):
                action.help = secrets.mask_help(action.help)

    def name_variables(self) -> None:
        """Add to each help text the variable that fills the argument, or that could fill it."""
        for action, value in self._values.items():
            # Hydra passes an object for help=, which argparse never formats.
            if isinstance(action.help, (str, type(None))) and action.help != argparse.SUPPRESS:
                suffix = _suffix(action, value, self._prefix_chars)
                action.help = f"{action.help} {suffix}" if action.help else suffix

    def hide_from_configargparse(self) -> None:
        """Clear ``env_var`` if the variable is SageMaker's or its value is shown, so that ConfigArgParse does not show it."""
        for action in self._arguments:
            if self._configargparse_values[action] or (environment_variable(action) or "").startswith(PREFIX):
                vars(action)["env_var"] = None


def _show_value(action: argparse.Action, value: object) -> None:
    action.default = value if str(value).isprintable() else printable(str(value))
    action.required = False
    if not action.option_strings and action.nargs in (None, argparse.ONE_OR_MORE):
        action.nargs = argparse.OPTIONAL if action.nargs is None else argparse.ZERO_OR_MORE


def _suffix(action: argparse.Action, value: Optional[SourcedValue], prefix_chars: str) -> str:
    """Return ``(default: 0.2, from SM_HP_LR)`` if a value fills the argument, else ``(default: 0.1, env var: SM_HP_LR)``."""
    shows_default = _argparse.has_default(action) and not action.required and "%(default)" not in (action.help or "")
    if value:
        source = f"from {value.source}".replace("%", "%%")
        return f"(default: %(default)s, {source})" if shows_default else f"({source})"
    variable = expected_variable(action, prefix_chars).replace("%", "%%")
    return f"(default: %(default)s, env var: {variable})" if shows_default else f"(env var: {variable})"
