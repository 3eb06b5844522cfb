"""How arguments, groups, subparsers and types are declared, beyond what argparse accepts."""

from __future__ import annotations

import argparse
import functools
from typing import Any, Callable, Dict

from smargs import _argparse
from smargs.arguments.bounds import make_bounds
from smargs.arguments.literals import BOOLEAN_TEXTS
from smargs.container.variables import PREFIX


def declare(add_argument: Callable[..., argparse.Action], *args: Any, **settings: Any) -> argparse.Action:
    """Declare an argument whose ``env_var=`` may be a variable of SageMaker, and that may have ``secret=`` and ``bounds=``.

    Raises:
        ValueError: If ``bounds=`` is not a pair of numbers in order, or the argument is a flag.
    """
    own: Dict[str, Any] = {"secret": settings.pop("secret")} if "secret" in settings else {}
    bounds = settings.pop("bounds", None)
    if bounds is not None:
        own["bounds"] = make_bounds(bounds)
        if settings.get("help"):
            # Python 3.14 checks the help before the action has the bounds.
            settings["help"] = settings["help"].replace("%(bounds)s", str(own["bounds"]))
    if (settings.get("env_var") or "").startswith(PREFIX):
        # ConfigArgParse rejects env_var= for a positional, because it cannot fill one, and argparse does not know env_var=.
        own["env_var"] = settings.pop("env_var")
    action = add_argument(*args, **settings)
    if own:  # Some parser classes (Tap) return None. Their arguments cannot have these settings.
        vars(action).update(own)
    if bounds is not None and action.nargs == 0:
        raise ValueError(f"bounds={bounds!r}: expected an argument with a value, not a flag")
    return action


def extend(group: Any) -> Any:
    """Make the methods of a group, and of the groups in it, accept what those of the parser accept."""
    methods = vars(group)
    methods["add_argument"] = functools.partial(declare, group.add_argument)
    for name in ("add_argument_group", "add_mutually_exclusive_group"):
        methods[name] = functools.partial(_extended, getattr(group, name))
    return group


def _extended(add_group: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    return extend(add_group(*args, **settings))


def subparser(parent: Any, **settings: Any) -> Any:
    """Make a parser of a subcommand. It inherits ``infer_types`` and ``add_env_var_help``."""
    parser = type(parent)(**settings)
    parser._infer_types = parent._infer_types and parser._infer_types
    _argparse.set_shows_variables(parser, _argparse.shows_variables(parent) and _argparse.shows_variables(parser))
    return parser


def with_name_of(wanted: type, parse_text: Callable[[str], object]) -> Callable[[str], object]:
    """Return a text parser with the name of its type, which errors show. The error for a boolean lists the accepted texts."""

    def named(text: str) -> object:
        try:
            return parse_text(text)
        except ValueError:
            if wanted is not bool:
                raise
            raise argparse.ArgumentTypeError(f"invalid bool value: {text!r} (expected {BOOLEAN_TEXTS})") from None

    named.__name__ = wanted.__name__
    return named
