"""The parser: ConfigArgParse's, with SageMaker as one more source of values."""

from __future__ import annotations

import argparse
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NoReturn, Optional, Tuple

from smargs import _argparse
from smargs._configargparse import PARSER, ConfigArgumentParser
from smargs.arguments.config_files import ConfigFiles
from smargs.arguments.conversion import collects, inferred_type
from smargs.arguments.filling import FilledArguments
from smargs.arguments.literals import TEXT_PARSERS
from smargs.arguments.messages import unrecognized_keys
from smargs.arguments.names import configargparse_value
from smargs.container.sources import SourcedValue
from smargs.container.variables import PREFIX
from smargs.context import current_context
from smargs.mixin import SageMakerParserMixin
from smargs.signatures import showing
from smargs.texts import encodable, printable, to_text

if TYPE_CHECKING:
    from smargs.secrets.masking import Secrets

# The start of a source in ConfigArgParse's table of sources. The path of the config file follows.
_CONFIG_FILE = "config_file|"


class SageMakerArgumentParser(SageMakerParserMixin, ConfigArgumentParser):
    """A drop-in :class:`argparse.ArgumentParser` that takes its defaults from Amazon SageMaker.

    The value of an argument comes from the first source that has one: the typed command line, an ``env_var=`` that is not
    SageMaker's, SageMaker, a config file, the default in the code. Outside SageMaker the parser parses as argparse does.

    Example:
        >>> parser = SageMakerArgumentParser()
        >>> _ = parser.add_argument("--batch-size", type=int, default=32)
        >>> parser.parse_args([], env_vars={"SM_HPS": '{"batch-size": 256}'})
        Namespace(batch_size=256)
    """

    _takes_env_vars = True
    _write_secrets = False

    @showing(argparse.ArgumentParser.__init__, {**PARSER, "infer_types": True, "write_secrets": False})
    def __init__(self, *args: Any, infer_types: bool = True, write_secrets: bool = False, **settings: Any) -> None:
        """Make a parser.

        Args:
            *args: argparse's arguments, from ``prog`` on.
            infer_types: Whether an argument without a type takes the type of its default.
            write_secrets: Whether a config file that the parser writes contains secrets.
            **settings: The keyword arguments of argparse and of ConfigArgParse.
        """
        super().__init__(*args, infer_types=infer_types, **settings)
        self._write_secrets = write_secrets

    # The mixin's parse methods accept any keyword argument. These two methods name those of ConfigArgParse.

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
            namespace: An object to store into. Typed tokens replace its attributes. Hyperparameters replace them as well,
                unless ``args`` is a list without them.
            config_file_contents: The text of a config file, used instead of config files.
            env_vars: A mapping, used instead of ``os.environ``.

        Returns:
            The namespace.

        Raises:
            argparse.ArgumentError: For bad input if ``exit_on_error=False``; otherwise the process exits with status 2.
        """
        with self._context(_without_none(config_file_contents=config_file_contents, env_vars=env_vars), is_strict=True):
            # ConfigArgParse's parse_args passes these keywords to parse_known_args, which a subclass may have replaced.
            return argparse.ArgumentParser.parse_args(self, args, namespace)

    def parse_known_args(  # type: ignore[override]
        self,
        args: Any = None,
        namespace: Any = None,
        config_file_contents: Optional[str] = None,
        env_vars: Optional[Mapping[str, str]] = None,
        ignore_help_args: bool = False,
    ) -> Tuple[Any, List[str]]:
        """Parse the command line, and return the tokens that no argument declares.

        Args:
            args: As for :meth:`parse_args`.
            namespace: As for :meth:`parse_args`.
            config_file_contents: As for :meth:`parse_args`.
            env_vars: As for :meth:`parse_args`.
            ignore_help_args: Whether to ignore ``-h`` and ``--help``.

        Returns:
            The namespace, and the unknown tokens with the tokens of undeclared hyperparameters.

        Raises:
            argparse.ArgumentError: As for :meth:`parse_args`.
        """
        settings = _without_none(config_file_contents=config_file_contents, env_vars=env_vars)
        if ignore_help_args:
            settings["ignore_help_args"] = True
        namespace, unknown = super().parse_known_args(args, namespace, **settings)
        self._check_config_keys(unknown)
        return namespace, unknown

    def parse_known_intermixed_args(self, args: Any = None, namespace: Any = None) -> Tuple[Any, List[str]]:
        """Parse as :meth:`parse_known_args` does. Options and positionals may be mixed, as argparse allows it."""
        namespace, unknown = super().parse_known_intermixed_args(args, namespace)
        self._check_config_keys(unknown)
        return namespace, unknown

    parse = parse_args
    parse_known = parse_known_args

    def config_file_tokens(self) -> List[str]:
        """Return the tokens of the config files that the job names."""
        context = current_context()
        if self._filled is None or context is None:
            return super().config_file_tokens()
        files = ConfigFiles(self, context.job)
        context.claimed |= files.claimed
        return files.tokens

    def _source_of(self, action: argparse.Action) -> Optional[str]:
        """Return the variable, or the config file and its key, from which ConfigArgParse read the texts of an argument."""
        for source, settings in self._source_to_settings.items():
            keys = [key for key, (owner, _) in settings.items() if owner is action]
            if keys and source != "defaults":
                return f"{keys[0]} in {source[len(_CONFIG_FILE) :]}" if source.startswith(_CONFIG_FILE) else keys[0]
        return None

    def _check_config_keys(self, unknown: List[str]) -> None:
        """Refuse a key of a config file that no argument declares, if no token may be unknown."""
        context = current_context()
        if not unknown or context is None or not context.is_strict:
            return
        for source, settings in self._source_to_settings.items():
            keys = [key for key, (action, _) in settings.items() if action is None]
            if keys and source.startswith(_CONFIG_FILE):
                self._refuse(unrecognized_keys(keys, source[len(_CONFIG_FILE) :], _argparse.options(self)))

    def _refuse(self, message: str) -> NoReturn:
        """Exit with an error, or raise it if ``exit_on_error=False``."""
        if getattr(self, "exit_on_error", True):
            self.error(message)
        raise argparse.ArgumentError(None, message)

    def convert_item_to_command_line_arg(self, action: Optional[argparse.Action], key: str, value: Any) -> List[str]:
        """Return the tokens for a value of a config file or a variable; no tokens if a value of SageMaker replaces it."""
        context = current_context()
        if context is not None:
            context.add_setting(key, value)
        if action is not None and context is not None and self._is_replaced(action, context.environ):
            return []
        if action is not None and isinstance(value, list) and self._reads_text(action):
            value = to_text(value)
        try:
            return list(super().convert_item_to_command_line_arg(action, key, value))
        except (AssertionError, MemoryError, OverflowError, ValueError):
            # ConfigArgParse expects a text for a flag, and a number for a count. The traceback would show the value.
            self._refuse(f"{key}: invalid value: {value!r}: expected a boolean or, to count, a number")

    def get_possible_config_keys(self, action: argparse.Action) -> List[str]:
        """Return the keys of an argument in a config file, also with ``_`` for ``-`` and the other way round."""
        keys, options = list(super().get_possible_config_keys(action)), _argparse.options(self)
        for option in filter(keys.__contains__, action.option_strings):
            prefix, name = option[:2], option[2:]
            for spelling in (name.replace("-", "_"), name.replace("_", "-")):
                if spelling not in keys and prefix + spelling not in options:
                    keys += [spelling, prefix + spelling]
        return keys

    def _is_replaced(self, action: argparse.Action, environ: Mapping[str, str]) -> bool:
        """Return whether a value of SageMaker replaces that of a config file: for the argument, or for its exclusive group."""
        if self._filled is None or self._requirements is None:
            return False
        # A variable that is not SageMaker's comes before SageMaker.
        if self._requirements.excludes(action) and configargparse_value(self, action, environ) is None:
            self._filled.excluded.add(action)
        return action in self._filled.values or action in self._filled.excluded

    def _reads_text(self, action: argparse.Action) -> bool:
        """Return whether an argument reads a list from one text."""
        return not collects(action) and (action.type or inferred_type(self, action)) in TEXT_PARSERS

    def get_source_to_settings_dict(self) -> OrderedDict[str, Any]:
        """Return the values of the last parse by source. SageMaker's values are among the environment variables."""
        return _with_sagemaker(self._source_to_settings, self._last_parse[0] if self._last_parse else None)

    def format_values(self) -> str:
        """Return a text that lists the values of the last parse by source. Secrets are masked."""
        shown: Any = _argparse.bare_copy(self)
        secrets = self._secrets_to_mask()
        shown._source_to_settings = OrderedDict(
            (source, OrderedDict((key, _masked_setting(key, setting, secrets)) for key, setting in settings.items()))
            for source, settings in self.get_source_to_settings_dict().items()
        )
        return encodable(str(super(SageMakerArgumentParser, shown).format_values()))

    def print_values(self, file: Any = None) -> None:
        """Print :meth:`format_values` to standard output, or to another file."""
        super().print_values(sys.stdout if file is None else file)

    def get_items_for_config_file_output(self, source_to_settings: Any, parsed_namespace: Any) -> Any:
        """Return the items to write into a config file, including SageMaker's values; secrets only with ``write_secrets``."""
        table = _with_sagemaker(source_to_settings, self._filled)
        items = super().get_items_for_config_file_output(table, parsed_namespace)
        if self._write_secrets:
            return items
        secrets = self._secrets_to_mask()
        safe = OrderedDict((key, value) for key, value in items.items() if secrets.mask_value(key, value) == value)
        if len(safe) < len(items):
            names = ", ".join(key for key in items if key not in safe)
            print(f"{self.prog}: not written, because secret: {names} (write_secrets=True writes them)", file=sys.stderr)
        return safe


def _with_sagemaker(table: Mapping[str, Any], filled: Optional[FilledArguments]) -> OrderedDict[str, Any]:
    """Return ConfigArgParse's table with SageMaker's values among the environment variables, in the order of declaration."""
    values = _untyped_values(filled) if filled else {}
    replaced = {*values, *(filled.excluded if filled else ())}
    variables = {_key(action, value.source): (action, value.text) for action, value in values.items()}
    merged: OrderedDict[str, Any] = OrderedDict()
    for source in ("command_line", "environment_variables", *table):
        settings = {key: setting for key, setting in table.get(source, {}).items() if setting[0] not in replaced}
        if source == "environment_variables":
            settings.update(variables)
        if settings:
            merged[source] = settings
    return merged


def _untyped_values(filled: FilledArguments) -> Dict[argparse.Action, SourcedValue]:
    actions = filled.values.keys() - filled.seen
    return {action: filled.values[action] for action in _argparse.actions(filled.working) if action in actions}


def _key(action: argparse.Action, source: str) -> str:
    """Return the key of a value: its variable, with the argument's dest if the variable has several values."""
    has_several = source in ("SM_HPS", "SM_TRAINING_ENV", "SM_CHANNELS") or not source.startswith(PREFIX)
    return f"{source}[{action.dest}]" if has_several else source


def _masked_setting(key: str, setting: Tuple[Optional[argparse.Action], Any], secrets: Secrets) -> Tuple[Any, Any]:
    action, value = setting
    if not key:
        return action, secrets.mask_tokens(value)
    masked = secrets.mask_value(key, value) if action is None else secrets.mask_argument(action, value)
    return action, printable(masked) if isinstance(masked, str) else masked


def _without_none(**settings: Any) -> Dict[str, Any]:
    """Return the keyword arguments that are not None."""
    return {name: value for name, value in settings.items() if value is not None}
