"""The parser: ConfigArgParse's, with SageMaker as one more source of values."""

from __future__ import annotations

import argparse
import os
import sys
from collections import OrderedDict
from typing import Any, Dict, List, Mapping, Optional, Tuple

# ConfigArgParse has no type information; to type checkers the parser is an argparse.ArgumentParser, through the mixin.
import configargparse  # type: ignore[import-untyped]

from smargs.arguments import conversion, filling, matching
from smargs.arguments import help as display
from smargs.container.spelling import printable, to_text
from smargs.container.variables import MASK, PREFIX, is_secret
from smargs.mixin import SageMakerParserMixin
from smargs.parsing import bare_copy, working_copy


class _ConfigArgumentParser(configargparse.ArgumentParser):  # type: ignore[misc]
    """ConfigArgParse's parser, which goes its long way only where a config file or a variable may have a value.

    There it looks for every argument among all tokens, of which without files and variables only the table of settings and
    their sources comes. It is made when somebody asks for it.
    """

    def parse_known_args(self, args: List[str], namespace: Any = None, **settings: Any) -> Tuple[Any, List[str]]:
        if self._has_sources(**settings):
            return super().parse_known_args(args, namespace, **settings)  # type: ignore[no-any-return]
        self.__dict__["_source_to_settings"] = list(args)
        return argparse.ArgumentParser.parse_known_args(self, args, namespace)

    def _has_sources(
        self,
        env_vars: Mapping[str, str] = os.environ,
        config_file_contents: Optional[str] = None,
        ignore_help_args: bool = False,
    ) -> bool:
        """Whether there is anything for ConfigArgParse to do before argparse parses."""
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

    @property
    def _source_to_settings(self) -> OrderedDict[str, Any]:
        """ConfigArgParse's table of the last parse, which keeps it under this name."""
        if "_source_to_settings" not in self.__dict__:
            raise AttributeError("nothing was parsed yet")
        told = self.__dict__["_source_to_settings"]
        if isinstance(told, list):
            asked = bare_copy(self)
            asked.__dict__["_parse_known_args"] = lambda tokens, namespace, *rest, **settings: (namespace, [])
            configargparse.ArgumentParser.parse_known_args(asked, told, env_vars={})
            self.__dict__["_source_to_settings"] = asked.__dict__["_source_to_settings"]
        settings: OrderedDict[str, Any] = self.__dict__["_source_to_settings"]
        return settings

    @_source_to_settings.setter
    def _source_to_settings(self, told: OrderedDict[str, Any]) -> None:
        self.__dict__["_source_to_settings"] = told


class SageMakerArgumentParser(SageMakerParserMixin, _ConfigArgumentParser):
    """A drop-in :class:`argparse.ArgumentParser` that takes its defaults from Amazon SageMaker.

    Every declared argument has its value from, in this order: the command line that a person typed, an ``env_var=`` that is
    not SageMaker's, SageMaker, a config file, the default in the code. Off SageMaker it is argparse.

    Example:
        >>> parser = SageMakerArgumentParser()
        >>> _ = parser.add_argument("--batch-size", type=int, default=32)
        >>> parser.parse_args([], env_vars={"SM_HPS": '{"batch-size": 256}'})
        Namespace(batch_size=256)
    """

    _reads_variables = True

    # The two signatures name ConfigArgParse's settings, which the mixin takes as any keywords.

    def parse_args(  # type: ignore[override]
        self,
        args: Any = None,
        namespace: Any = None,
        config_file_contents: Optional[str] = None,
        env_vars: Optional[Mapping[str, str]] = None,
    ) -> Any:
        """Parse the command line.

        Args:
            args: The tokens, a text that is split at white space, or None for ``sys.argv[1:]``.
            namespace: An object to store into; attributes that it has stay, but for what is typed.
            config_file_contents: A config file's text, in the place of config files.
            env_vars: A mapping in the place of ``os.environ``.

        Returns:
            The namespace.

        Raises:
            argparse.ArgumentError: For bad input under ``exit_on_error=False``; else the process exits with status 2.
        """
        with self._job(_given(config_file_contents=config_file_contents, env_vars=env_vars), strict=True):
            # ConfigArgParse's own would hand these settings to parse_known_args, which a subclass may have replaced.
            return argparse.ArgumentParser.parse_args(self, args, namespace)

    def parse_known_args(  # type: ignore[override]
        self,
        args: Any = None,
        namespace: Any = None,
        config_file_contents: Optional[str] = None,
        env_vars: Optional[Mapping[str, str]] = None,
        ignore_help_args: bool = False,
    ) -> Tuple[Any, List[str]]:
        """Parse the command line, and hand back the tokens that nothing declares.

        Args:
            args: As of :meth:`parse_args`.
            namespace: As of :meth:`parse_args`.
            config_file_contents: As of :meth:`parse_args`.
            env_vars: As of :meth:`parse_args`.
            ignore_help_args: Whether ``-h`` and ``--help`` are passed over.

        Returns:
            The namespace and the unknown tokens, those of undeclared hyperparameters among them.
        """
        settings = _given(config_file_contents=config_file_contents, env_vars=env_vars)
        if ignore_help_args:
            settings["ignore_help_args"] = True
        return super().parse_known_args(args, namespace, **settings)

    parse = parse_args
    parse_known = parse_known_args

    def convert_item_to_command_line_arg(self, action: Optional[argparse.Action], key: str, value: Any) -> List[str]:
        """The tokens of an item of a config file or of a variable; none for an argument that SageMaker fills."""
        if action is not None and self._fill is not None and action in self._fill.settings:
            return []
        if action is not None and isinstance(value, list) and not conversion.collects(action):
            wanted = action.type or (filling.inferred_type(action, self.prefix_chars) if self._infer_types else None)
            if wanted in conversion.TEXT_PARSERS:
                value = to_text(value)
        return list(super().convert_item_to_command_line_arg(action, key, value))

    def get_source_to_settings_dict(self) -> OrderedDict[str, Any]:
        """Where each value of the last parse came from, SageMaker's with their variables among the environment variables."""
        return self._with_sagemaker(self._source_to_settings, self._last_fill)

    def format_values(self) -> str:
        """Where each value of the last parse came from, for people: secrets are masked."""
        shown: Any = working_copy(self, all_actions=False)
        shown._source_to_settings = OrderedDict(
            (
                source,
                OrderedDict(
                    (key, (action, _masked_setting(key, action, value, self.prefix_chars)))
                    for key, (action, value) in settings.items()
                ),
            )
            for source, settings in self.get_source_to_settings_dict().items()
        )
        secrets = display.secrets_of(self._last_fill.job) if self._last_fill else ()
        return display.encodable(display.mask(str(super(SageMakerArgumentParser, shown).format_values()), secrets))

    def print_values(self, file: Any = None) -> None:
        """Print :meth:`format_values`, to standard output or to another file."""
        super().print_values(sys.stdout if file is None else file)

    def get_items_for_config_file_output(self, source_to_settings: Any, parsed_namespace: Any) -> Any:
        """The items of a config file that is written out, SageMaker's values among them."""
        told = self._with_sagemaker(source_to_settings, self._fill)
        return super().get_items_for_config_file_output(told, parsed_namespace)

    def _with_sagemaker(self, told: Mapping[str, Any], fill: Optional[filling.FilledArguments]) -> OrderedDict[str, Any]:
        # In the order of their declaration.
        actions = [action for action in fill.working._actions if action not in fill.seen] if fill else []
        filled = {action: fill.settings[action] for action in actions if fill and action in fill.settings}
        variables = {_settings_key(action, setting.source): (action, setting.text) for action, setting in filled.items()}
        merged: OrderedDict[str, Any] = OrderedDict()
        for source in ("command_line", "environment_variables", *told):
            settings = {key: pair for key, pair in told.get(source, {}).items() if pair[0] is None or pair[0] not in filled}
            if source == "environment_variables":
                settings.update(variables)
            if settings:
                merged[source] = settings
        return merged


def _settings_key(action: argparse.Action, source: str) -> str:
    """A key for ConfigArgParse's table of settings: the variable, and for one that holds several values the argument."""
    several = source in ("SM_HPS", "SM_TRAINING_ENV", "SM_CHANNELS") or not source.startswith(PREFIX)
    return f"{source}[{action.dest}]" if several else source


def _masked_setting(key: str, action: Optional[argparse.Action], value: Any, prefix_chars: str) -> Any:
    if isinstance(value, list) and action is None:
        return display.mask_tokens(value, prefix_chars)
    if is_secret(key) or (action is not None and matching.is_secret_argument(action)):
        return MASK
    return printable(value) if isinstance(value, str) else value


def _given(**settings: Any) -> Dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}
