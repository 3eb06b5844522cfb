"""The signatures that ``help()`` and ``inspect.signature()`` show for methods that pass their arguments on."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, TypeVar

if TYPE_CHECKING:
    import inspect

_Method = TypeVar("_Method", bound=Callable[..., Any])

ARGUMENT: Dict[str, object] = {
    "action": "store",
    **dict.fromkeys(("nargs", "const", "default", "type", "choices")),
    "required": False,
    **dict.fromkeys(("help", "metavar", "dest")),
    **({"deprecated": False} if sys.version_info >= (3, 13) else {}),
    # ConfigArgParse's.
    "env_var": None,
    **dict.fromkeys(("is_config_file", "is_config_file_arg", "is_write_out_config_file_arg"), False),
    # Of smargs.
    "secret": None,
    "bounds": None,
}
"""The keyword arguments of ``add_argument``.

Source: https://docs.python.org/3/library/argparse.html#the-add-argument-method and the docstring of ConfigArgParse's.
"""

SUBPARSERS: Dict[str, object] = {
    **dict.fromkeys(("title", "description", "prog", "parser_class", "action", "dest")),
    "required": False,
    **dict.fromkeys(("help", "metavar")),
}
"""The keyword arguments of ``add_subparsers``. Source: https://docs.python.org/3/library/argparse.html#sub-commands"""


class _ShownSignature:
    """An object whose signature a method shows. It makes the signature on request, because ``inspect`` is slow to import."""

    def __init__(self, method: Any, template: Callable[..., Any], keywords: Mapping[str, object]) -> None:
        self._template = template
        self._keywords = keywords
        # inspect.getsource() follows this attribute to the code. The method itself would lead back to this object.
        self.__wrapped__ = types.FunctionType(
            method.__code__, method.__globals__, method.__name__, method.__defaults__, method.__closure__
        )

    @property
    def __signature__(self) -> inspect.Signature:
        from inspect import Parameter, signature

        shown = signature(self._template)
        parameters = [*shown.parameters.values()]
        parameters += [Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in self._keywords.items()]
        return shown.replace(parameters=sorted(parameters, key=lambda parameter: parameter.kind))


def showing(template: Callable[..., Any], keywords: Optional[Mapping[str, object]] = None) -> Callable[[_Method], _Method]:
    """Return a decorator that makes a method show another signature than its own. Calls do not change.

    Args:
        template: A function with the signature to show.
        keywords: More keyword arguments to show, with their defaults.
    """

    def decorate(method: _Method) -> _Method:
        vars(method)["__wrapped__"] = _ShownSignature(method, template, keywords or {})
        return method

    return decorate
