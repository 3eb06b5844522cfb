"""The variables and the command line that a platform makes of hyperparameters."""

from __future__ import annotations

import json
from typing import Dict, List, Mapping, NamedTuple

from smargs.container.commandline import tokens_of
from smargs.container.variables import SDK, TOOLKIT, is_internal


class RenderedHyperparameters(NamedTuple):
    """Hyperparameters as a platform passes them to a script.

    Attributes:
        values: The decoded hyperparameters that the platform passes on.
        variables: The values of the variables, by their names without ``SM_``.
        argv: The command line.
    """

    values: Dict[str, object]
    variables: Dict[str, object]
    argv: List[str]


def render_for_toolkit(decoded: Mapping[str, object]) -> RenderedHyperparameters:
    """Render decoded hyperparameters as the toolkit does, which leaves out the platform's own.

    Source: ``Environment`` of the toolkit 5.1.4, its ``to_env_vars`` and ``to_cmd_args``.
    """
    values = {name: value for name, value in decoded.items() if not is_internal(name)}
    argv = [token for name in sorted(values) for token in tokens_of(TOOLKIT, name, values[name])]
    variables = {"hps": values, "user_args": argv, **{f"hp_{name}": value for name, value in values.items()}}
    return RenderedHyperparameters(values, variables, argv)


def render_for_sdk(decoded: Mapping[str, object]) -> RenderedHyperparameters:
    """Render decoded hyperparameters as SDK v3's drivers do.

    Source: ``set_env`` and ``hyperparameters_to_cli_args`` of the container drivers, sagemaker-train 1.27.0.
    """
    values = dict(decoded)
    argv = [token for name, value in values.items() for token in tokens_of(SDK, name, value)]
    variables = {**{f"hp_{name.replace('-', '_')}": value for name, value in values.items()}, "hps": values}
    return RenderedHyperparameters(values, variables, argv)


def toolkit_variable(value: object) -> str:
    """Write a value as the toolkit does into a variable. Source: its ``mapping.to_env_vars``."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def json_unless_text(value: object) -> str:
    """Encode a value as JSON, but leave a text unchanged, as SDK v3 does in variables and in ``hyperparameters.json``."""
    return value if isinstance(value, str) else json.dumps(value)
