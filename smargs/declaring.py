"""How arguments, groups, subparsers and types are declared, beyond what argparse accepts."""

from __future__ import annotations

import argparse
import functools
from typing import TYPE_CHECKING, Any, Callable, Dict

from smargs import _argparse
from smargs.arguments.bounds import make_bounds
from smargs.arguments.literals import BOOLEAN_TEXTS
from smargs.container.variables import BY_NAME, PREFIX
from smargs.signatures import ARGUMENT, SUBPARSERS, showing

if TYPE_CHECKING:
    _Mixed = argparse.ArgumentParser
else:
    # At run time the methods come from the class with which the mixin is combined.
    _Mixed = object


class DeclaringMixin(_Mixed):
    """The methods of argparse that declare arguments, overridden to accept more. It is a base class of the public mixin."""

    @showing(lambda self, *name_or_flags, **settings: ..., ARGUMENT)
    def add_argument(self, *args: Any, **settings: Any) -> argparse.Action:
        """Declare an argument as argparse and ConfigArgParse do, with two more keyword arguments.

        Args:
            *args: The option strings, or the name of a positional.
            env_var: The variable from which the argument takes its value. A positional may have one of SageMaker, such as
                ``"SM_MODEL_DIR"``.
            secret: Whether the value is masked in everything that the parser shows; None if the argument's names decide.
            bounds: The least and the greatest number that the argument accepts on any machine; one may be None.
            **settings: The other keyword arguments of argparse, of ConfigArgParse and of the argument's action.

        Returns:
            The argument's action.

        Raises:
            ValueError: If ``bounds=`` is not a pair of numbers in order, or the argument is a flag. argparse raises others.
        """
        return _declare(super().add_argument, *args, **settings)

    @showing(lambda self, title=None, description=None, **settings: ...)
    def add_argument_group(self, *args: Any, **settings: Any) -> Any:
        """Add a group as argparse does. Its ``add_argument`` accepts what the parser's accepts."""
        return _extend(super().add_argument_group(*args, **settings))

    @showing(lambda self, *, required=False: ...)
    def add_mutually_exclusive_group(self, **settings: Any) -> Any:
        """Add a group as argparse does. Its ``add_argument`` accepts what the parser's accepts."""
        return _extend(super().add_mutually_exclusive_group(**settings))

    @showing(lambda self, **settings: ..., SUBPARSERS)
    def add_subparsers(self, **settings: Any) -> Any:
        """Add subparsers as argparse does. They inherit ``infer_types`` and ``add_env_var_help``."""
        settings.setdefault("parser_class", functools.partial(_subparser, self))
        return super().add_subparsers(**settings)

    def add_sagemaker_arguments(self, *channels: str) -> _argparse.ArgumentGroup:
        """Declare the standard arguments: directories, hosts, GPUs, and one for each channel.

        Args:
            *channels: Names of channels. Each becomes an option with the channel's directory.

        Returns:
            The group of these arguments.
        """
        group: _argparse.ArgumentGroup = self.add_argument_group("SageMaker arguments")
        for name in ("SM_MODEL_DIR", "SM_OUTPUT_DATA_DIR", "SM_HOSTS", "SM_CURRENT_HOST", "SM_NUM_GPUS"):
            variable = BY_NAME[name]
            type_ = {"list": list, "integer": int}.get(variable.kind, str)
            group.add_argument(self._long_option(variable.attribute), type=type_, help=variable.doc)
        for channel in channels:
            group.add_argument(self._long_option(channel), help=f"directory of the channel {channel}".replace("%", "%%"))
        return group

    def _long_option(self, name: str) -> str:
        return f"{2 * self.prefix_chars[0]}{name.replace('_', '-')}"


def _declare(add_argument: Callable[..., argparse.Action], *args: Any, **settings: Any) -> argparse.Action:
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


def _extend(group: Any) -> Any:
    """Make the methods of a group, and of the groups in it, accept what those of the parser accept."""
    methods = vars(group)
    methods["add_argument"] = functools.partial(_declare, group.add_argument)
    for name in ("add_argument_group", "add_mutually_exclusive_group"):
        methods[name] = functools.partial(_extended, getattr(group, name))
    return group


def _extended(add_group: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    return _extend(add_group(*args, **settings))


def _subparser(parent: Any, **settings: Any) -> Any:
    """Make a parser of a subcommand. It inherits ``infer_types`` and ``add_env_var_help``."""
    parser = type(parent)(**settings)
    parser._infer_types = parent._infer_types and parser._infer_types
    _argparse.set_shows_variables(parser, _argparse.shows_variables(parent) and _argparse.shows_variables(parser))
    return parser


def with_name_of(type_: type, parse_text: Callable[[str], object]) -> Callable[[str], object]:
    """Return a text parser with the name of its type, which errors show. The error for a boolean lists the accepted texts."""

    def named(text: str) -> object:
        try:
            return parse_text(text)
        except ValueError:
            if type_ is not bool:
                raise
            raise argparse.ArgumentTypeError(f"invalid bool value: {text!r} (expected {BOOLEAN_TEXTS})") from None

    named.__name__ = type_.__name__
    return named
