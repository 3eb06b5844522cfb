"""ConfigArgParse's parser, and the private names of ConfigArgParse that the package uses.

This module is separate from :mod:`smargs._argparse`, because importing ConfigArgParse changes argparse, and the mixin works
without ConfigArgParse.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections import OrderedDict
from typing import TYPE_CHECKING, AbstractSet, Any, Callable, Dict, List, Mapping, Optional, Tuple

import configargparse  # type: ignore[import-untyped]

PARSER: Dict[str, object] = {
    "add_config_file_help": True,
    "add_env_var_help": True,
    "auto_env_var_prefix": None,
    "default_config_files": [],
    "ignore_unknown_config_file_keys": False,
    "config_file_parser_class": configargparse.DefaultConfigFileParser,
    "args_for_setting_config_path": [],
    "config_arg_is_required": False,
    "config_arg_help_message": "config file path",
    "args_for_writing_out_config_file": [],
    "write_out_config_file_arg_help_message": "takes the current command line args and writes them out to a config file at the "
    "given path, then exits",
    "config_file_open_func": open,
}
"""The keyword arguments of the parser class beside argparse's. Its own signature is ``*args, **kwargs``."""

if TYPE_CHECKING:

    class _Base(argparse.ArgumentParser):
        """The types of what smargs uses of ConfigArgParse's parser. ConfigArgParse has no type information."""

        _default_config_files: List[str]
        _auto_env_var_prefix: Optional[str]
        _config_file_parser: Any

        def convert_item_to_command_line_arg(self, action: Optional[argparse.Action], key: str, value: Any) -> List[str]: ...
        def get_possible_config_keys(self, action: argparse.Action) -> List[str]: ...
        def format_values(self) -> str: ...
        def print_values(self, file: Any = ...) -> None: ...
        def get_items_for_config_file_output(self, source_to_settings: Any, parsed_namespace: Any) -> Any: ...

else:
    _Base = configargparse.ArgumentParser


class _ConfigFileParser:
    """The parser of config files that a script has chosen. If it cannot parse a file, the error names the file."""

    def __init__(self, chosen: Any) -> None:
        self._chosen = chosen
        self.get_syntax_description = chosen.get_syntax_description
        self.serialize = chosen.serialize
        # The parser of a script may raise the others because of a mistake in its own code.
        is_configargparses = type(chosen).__module__ == configargparse.__name__
        self._errors = (OSError, RecursionError, ValueError) if is_configargparses else (UnicodeDecodeError,)

    def parse(self, stream: Any) -> Any:
        """Parse a config file. Its keys become texts: YAML reads ``on`` as a boolean and ``1`` as a number.

        Raises:
            configargparse.ConfigFileParserException: If the file cannot be parsed.
        """
        try:
            return OrderedDict((str(key), value) for key, value in self._chosen.parse(stream).items())
        except configargparse.ConfigFileParserException as error:
            raise _naming(stream, str(error)) from error
        except self._errors as error:
            raise _naming(stream, f"Couldn't parse config file: {error}") from error


def _naming(stream: Any, message: str) -> Exception:
    """Return ConfigArgParse's error for a config file, with the path of the file in the message."""
    path = str(getattr(stream, "name", ""))
    error: Exception = configargparse.ConfigFileParserException(message if path in message else f"{message} (in {path})")
    return error


class ConfigArgumentParser(_Base):
    """ConfigArgParse's parser, which searches for values only if a config file or a variable can have one.

    ConfigArgParse scans all tokens for each argument, which takes 1.8 ms for 100 arguments and is quadratic. Skip that unless a
    config file or a variable applies.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._config_file_parser = _ConfigFileParser(self._config_file_parser)

    def parse_known_args(  # type: ignore[override]
        self, args: List[str], namespace: Any = None, **settings: Any
    ) -> Tuple[Any, List[str]]:
        """Parse as ConfigArgParse does."""
        if self._may_change_tokens(**settings):
            return super().parse_known_args([*self.config_file_tokens(), *args], namespace, **settings)
        self._make_table: Callable[[], OrderedDict[str, Any]] = functools.partial(
            _command_line_and_defaults, args, self.prefix_chars, self._actions, [action.default for action in self._actions]
        )
        return argparse.ArgumentParser.parse_known_args(self, args, namespace)

    def parse_known_intermixed_args(self, args: List[str], namespace: Any = None) -> Tuple[Any, List[str]]:  # type: ignore[override]
        """Parse as argparse does, with the tokens that ConfigArgParse adds once.

        argparse of Python 3.12.8 and newer does not call ``parse_known_args`` for it, where ConfigArgParse adds its tokens, and
        older versions call it twice.
        """
        attributes = vars(self)  # Of a copy: see SageMakerParserMixin._call.

        def parse_with_added(tokens: List[str], *_: Any) -> Tuple[Any, List[str]]:
            del attributes["_parse_known_args"]
            attributes["parse_known_args"] = functools.partial(argparse.ArgumentParser.parse_known_args, self)
            return argparse.ArgumentParser.parse_known_intermixed_args(self, tokens, namespace)

        attributes["_parse_known_args"] = parse_with_added
        try:
            return ConfigArgumentParser.parse_known_args(self, args)
        finally:
            for name in ("_parse_known_args", "parse_known_args"):
                attributes.pop(name, None)

    def config_file_tokens(self) -> List[str]:
        """Return tokens that name more config files. They precede the command line, whose options therefore replace them."""
        return []

    @property
    def _source_to_settings(self) -> OrderedDict[str, Any]:
        """ConfigArgParse's table of sources. Few scripts show it, and making it takes 0.05 ms for 100 arguments."""
        return self._make_table()

    @_source_to_settings.setter
    def _source_to_settings(self, table: OrderedDict[str, Any]) -> None:
        self._make_table = lambda: table

    def _may_change_tokens(
        self,
        env_vars: Mapping[str, str] = os.environ,
        config_file_contents: Optional[str] = None,
        ignore_help_args: bool = False,
    ) -> bool:
        """Return whether ConfigArgParse may change the tokens before argparse parses them."""
        return (
            config_file_contents is not None
            or ignore_help_args
            or bool(self._default_config_files)
            or self._auto_env_var_prefix is not None
            or any(
                getattr(action, "is_config_file_arg", False)
                or getattr(action, "is_write_out_config_file_arg", False)
                or ((variable := getattr(action, "env_var", None)) and variable in env_vars)
                for action in self._actions
            )
        )


def _command_line_and_defaults(
    args: List[str], prefix_chars: str, actions: List[argparse.Action], defaults: List[object]
) -> OrderedDict[str, Any]:
    """Return ConfigArgParse's table of a parse with two sources: the command line, and the defaults of absent arguments."""
    table: OrderedDict[str, Any] = OrderedDict()
    if args:
        table["command_line"] = {"": (None, list(args))}
    before_end_of_options = args[: args.index("--")] if "--" in args else args
    typed = {token.partition("=")[0] if token[:1] in prefix_chars else token for token in before_end_of_options}
    shown = OrderedDict()
    for action, default in zip(actions, defaults):
        if _is_absent(action, typed) and _shows_default(action, default):
            shown[action.option_strings[-1] if action.option_strings else action.dest] = (action, str(default))
    if shown:
        table["defaults"] = shown
    return table


def _is_absent(action: argparse.Action, typed: AbstractSet[str]) -> bool:
    """Return whether the options of an argument are not among the tokens, or a positional may be absent."""
    options = action.option_strings
    return typed.isdisjoint(options) if options else action.nargs in (argparse.OPTIONAL, argparse.ZERO_OR_MORE)


def _shows_default(action: argparse.Action, default: object) -> bool:
    """Return whether ConfigArgParse shows the default of an argument. It shows none for a flag."""
    if default is None or default is argparse.SUPPRESS:
        return False
    return action.nargs != 0 or not isinstance(action, configargparse.ACTION_TYPES_THAT_DONT_NEED_A_VALUE)
