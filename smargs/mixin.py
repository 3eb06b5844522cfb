"""SageMaker's behaviour over argparse's own methods. It has no rules of its own: it calls the other modules in order."""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import re
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, NoReturn, Optional, Sequence, Tuple

from smargs import injob
from smargs.arguments import conversion, filling, matching
from smargs.arguments import help as display
from smargs.container import spelling
from smargs.container.environment import SageMakerEnvironment, failure_file
from smargs.container.variables import BY_NAME, MASK, PREFIX
from smargs.parsing import ParseContext, bare_copy, tokens_of

if TYPE_CHECKING:
    Filled = Optional[filling.FilledArguments]
    _Mixed = argparse.ArgumentParser
else:
    # A mixin has its methods from the class that it is mixed into.
    _Mixed = object

_current: ContextVar[Optional[ParseContext]] = ContextVar("smargs", default=None)
"""The parse that is under way in this thread, of which there is none most of the time."""


class SageMakerParserMixin(_Mixed):
    """All SageMaker behaviour, over argparse's own methods, for any subclass of :class:`argparse.ArgumentParser`.

    A parse reads the environment, takes SageMaker's tokens off the command line, makes a working copy of the parser, stores
    the values that match and convert into the namespace, and leaves the rest to argparse.
    """

    # No annotations: there are parser classes that take those of a class and its bases for declared arguments.
    _fill = None  # type: Filled
    _last_fill = None  # type: Filled
    _infer_types = True
    _reads_variables = False  # Whether the parser class takes ``env_vars=`` itself.

    def __init__(self, *args: Any, infer_types: bool = True, **settings: Any) -> None:
        """Make a parser.

        Args:
            *args: As of the parser class.
            infer_types: Whether an argument without a type has that of its default.
            **settings: As of the parser class.
        """
        self._infer_types = infer_types
        super().__init__(*args, **settings)
        for wanted, read in conversion.TEXT_PARSERS.items():
            self.register("type", wanted, _named_like(wanted, read))

    def add_argument(self, *args: Any, **settings: Any) -> argparse.Action:
        """Declare an argument as argparse does; ``env_var="SM_..."`` names its variable outright, of a positional too."""
        return _declare(super().add_argument, *args, **settings)

    def add_argument_group(self, *args: Any, **settings: Any) -> Any:
        """Add a group as argparse does; its arguments are declared as the parser's are."""
        return _declaring_alike(super().add_argument_group(*args, **settings))

    def add_mutually_exclusive_group(self, **settings: Any) -> Any:
        """Add a group as argparse does; its arguments are declared as the parser's are."""
        return _declaring_alike(super().add_mutually_exclusive_group(**settings))

    def add_subparsers(self, **settings: Any) -> Any:
        """Add subparsers as argparse does; they take over ``infer_types`` and ``add_env_var_help``."""
        settings.setdefault("parser_class", functools.partial(_subparser, self))
        return super().add_subparsers(**settings)

    def add_sagemaker_arguments(self, *channels: str) -> argparse._ArgumentGroup:
        """Declare the standard arguments: directories, hosts, GPUs, and one for each channel.

        Args:
            *channels: Names of channels; each becomes an option that holds the channel's directory.

        Returns:
            The group that they are in.
        """
        group: argparse._ArgumentGroup = self.add_argument_group("SageMaker arguments")
        for name in ("SM_MODEL_DIR", "SM_OUTPUT_DATA_DIR", "SM_HOSTS", "SM_CURRENT_HOST", "SM_NUM_GPUS"):
            variable = BY_NAME[name]
            wanted = {"list": list, "integer": int}.get(variable.kind, str)
            group.add_argument(self._long_option(variable.attribute), type=wanted, help=variable.doc)
        for channel in channels:
            group.add_argument(self._long_option(channel), help=f"directory of the channel {channel}".replace("%", "%%"))
        return group

    def parse_args(self, args: Any = None, namespace: Any = None, *, env_vars: Any = None, **settings: Any) -> Any:
        """Parse as the parser class does; a hyperparameter that nothing declares is an error.

        Raises:
            TypeError: If the parser class goes another way than by ``parse_known_args``, where nothing could be filled.
        """
        # By name: what a parser class takes behind the tokens need not be a namespace.
        settings.update({} if namespace is None else {"namespace": namespace})
        with self._job({"env_vars": env_vars}, strict=True) as job:
            namespace = super().parse_args(args, **settings)
        if not job.started:
            raise TypeError(f"{type(self).__name__} parses without parse_known_args, so SageMaker cannot fill it")
        return namespace

    def parse_intermixed_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as argparse does; a hyperparameter that nothing declares is an error."""
        with self._job({}, strict=True):
            return super().parse_intermixed_args(args, namespace)

    def parse_known_args(self, args: Any = None, namespace: Any = None, **settings: Any) -> Tuple[Any, List[str]]:
        """Parse as argparse does; the tokens of undeclared hyperparameters are handed back with the unknown ones."""
        return self._parse("parse_known_args", args, namespace, settings)

    def parse_known_intermixed_args(self, args: Any = None, namespace: Any = None) -> Tuple[Any, List[str]]:
        """Parse as argparse does; the tokens of undeclared hyperparameters are handed back with the unknown ones."""
        return self._parse("parse_known_intermixed_args", args, namespace, {})

    def format_help(self) -> str:
        """The help text, with each argument's value or variable of SageMaker."""
        return display.encodable(str(super(SageMakerParserMixin, self._view()).format_help()))

    def format_usage(self) -> str:
        """The usage line; what SageMaker fills is optional in it."""
        return str(super(SageMakerParserMixin, self._view()).format_usage())

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with status 2; in a training container say it in the job's failure file too."""
        job = _current.get()
        environment = job.environment if job else SageMakerEnvironment.load(os.environ)
        message = _masked(message, job)
        # A shell that asks a script for completions (COMP_LINE, in bash's manual) has it parse half a command line.
        if environment and "COMP_LINE" not in os.environ:
            message = spelling.printable(" ".join(message.splitlines()))
            _write_failure(failure_file(environment), f"{self.prog}: error: {message}")
        super().error(message)

    @contextlib.contextmanager
    def _job(self, settings: Mapping[str, Any], strict: bool) -> Iterator[ParseContext]:
        """The parse that is under way, if this parser or one that it is a subparser of began it, or a new one."""
        outer = _current.get()
        environ = settings.get("env_vars")
        if outer is not None and outer.is_joined_by(self) and environ in (None, outer.environ):
            yield outer
            return
        job = ParseContext(os.environ if environ is None else environ, strict)
        job.parsers.append(self)
        job.settings = {name: value for name, value in settings.items() if name != "env_vars"}
        token = _current.set(job)
        try:
            yield job
        except argparse.ArgumentError as error:
            error.message = _masked(error.message, job)
            raise
        finally:
            _current.reset(token)

    def _parse(self, how: str, args: Any, namespace: Any, settings: Dict[str, Any]) -> Tuple[Any, List[str]]:
        if self._fill is not None:
            # A working copy already: argparse comes back here from parse_known_intermixed_args.
            known: Tuple[Any, List[str]] = getattr(super(), how)(args, namespace, **settings)
            return known
        with self._job(settings, strict=False) as job:
            outermost, job.started = self is job.parsers[0], True
            job.parsers.append(self)
            settings = {**(job.settings if outermost else {}), **settings}
            settings.pop("env_vars", None)
            if self._reads_variables and how == "parse_known_args":
                settings["env_vars"] = job.environ
            tokens = tokens_of(sys.argv[1:] if args is None else args)
            if not job.reading and getattr(self, "_auto_env_var_prefix", None) is None:
                job.lines.append((tokens, self.prefix_chars))
                return self._run(bare_copy(self), how, list(tokens), namespace, settings, job)
            try:
                with job.parsing_with(self):
                    return injob.parse(self, how, tokens, namespace, settings, job, outermost, is_own=args is None)
            except argparse.ArgumentError as error:
                if not getattr(self, "exit_on_error", True):
                    raise
                self.error(str(error))

    def _run(
        self, working: Any, how: str, tokens: List[str], namespace: Any, settings: Dict[str, Any], job: ParseContext
    ) -> Tuple[Any, List[str]]:
        """Have a copy parse, so that threads can share the parser, and keep what the parser class keeps of its last parse."""
        parse: Callable[..., Tuple[Any, List[str]]] = getattr(super(SageMakerParserMixin, working), how)
        job.parsers.append(working)
        before = dict(vars(working))
        try:
            return parse(tokens, namespace, **settings)
        finally:
            kept = {name: value for name, value in vars(working).items() if name not in before or before[name] is not value}
            self.__dict__.update(kept, _last_fill=working._fill)

    def _view(self) -> Any:
        """A copy that is only looked at."""
        parser: Any = self._fill.parser if self._fill else self
        job = _current.get()
        if job is None or not job.includes(self):
            job = ParseContext(os.environ, strict=False)
        namespace = argparse.Namespace()
        view = injob.filled_copy(parser, job, namespace, [], False, all_actions=True, calls_own=False)
        display.show_fill(view, view._fill, job, vars(namespace), getattr(self, "_add_env_var_help", True))
        return view

    def _long_option(self, name: str) -> str:
        return f"{2 * self.prefix_chars[0]}{name.replace('_', '-')}"

    # argparse has no public way into the five places below; a test watches that it keeps them.

    def _parse_optional(self, arg_string: str) -> Any:
        """``--batch_size`` finds ``--batch-size`` and the other way round, unless both are declared."""
        if arg_string[:1] in self.prefix_chars and arg_string not in self._option_string_actions:
            arg_string = self._declared_spelling(arg_string)
        return super()._parse_optional(arg_string)

    def _declared_spelling(self, token: str) -> str:
        declared: Mapping[str, argparse.Action] = self._option_string_actions
        name, equals, value = token.partition("=")
        if name in declared:
            return token
        if "-" not in name[2:] and "_" not in name[2:]:
            return token
        bare = name.replace("_", "-")
        same = [option for option in declared if option[0] == name[0] and option.replace("_", "-") == bare]
        return f"{same[0]}{equals}{value}" if len(same) == 1 else token

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """The error for a text that ConfigArgParse took from a variable names the variable."""
        job = _current.get()
        if job:
            job.given.append((action, arg_string))
        try:
            return self._read_text(action, arg_string) if action.type is None else super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            variable = getattr(action, "env_var", None)
            if job and variable and job.environ.get(variable) == arg_string:
                error.message = f"{error.message} (from {variable})"
            raise

    def _read_text(self, action: argparse.Action, arg_string: str) -> Any:
        """An argument without a type has that of its default; the registry of types does not see the argument."""
        inferred = None
        if self._infer_types and action.type is None:
            inferred = filling.inferred_type(action, self.prefix_chars)
        if inferred is None:
            return super()._get_value(action, arg_string)
        try:
            return conversion.reader(inferred)(arg_string)
        except (TypeError, ValueError):
            because = "its name" if action.default is None else f"the default {action.default!r}"
            why = f"inferred from {MASK if matching.is_secret_argument(action) else because}; infer_types=False turns this off"
            message = f"invalid {inferred.__name__} value: {arg_string!r} ({why})"
            raise argparse.ArgumentError(action, message) from None

    def _get_values(self, action: argparse.Action, arg_strings: List[str]) -> Any:
        """A positional without tokens is asked for its default; what SageMaker stored stays as it is."""
        if self._fill is not None:
            # parse_intermixed_args takes the positionals out of its first pass.
            self._fill.visited.update((action,) if action.nargs != argparse.SUPPRESS else ())
            if action.option_strings or arg_strings:
                self._fill.seen.add(action)
            elif action in self._fill.settings:
                return argparse.SUPPRESS
        return super()._get_values(action, arg_strings)

    def _match_arguments_partial(self, actions: Sequence[argparse.Action], arg_strings_pattern: str) -> List[int]:
        """Positionals take tokens as in argparse; if the last tokens are too few, those that SageMaker fills take none."""
        counts: List[int] = super()._match_arguments_partial(actions, arg_strings_pattern)
        tokens_follow_options = "A" in arg_strings_pattern.partition("O")[2]
        if self._fill is None or len(counts) == len(actions) or tokens_follow_options:
            return counts
        patterns = [super(SageMakerParserMixin, self)._get_nargs_pattern(action) for action in actions]
        spared = [f"{p[:-1]}|)" if action in self._fill.settings else p for action, p in zip(actions, patterns)]
        for count in range(len(actions), 0, -1):
            found = re.match("".join(spared[:count]), arg_strings_pattern)
            if found:
                return [len(tokens) for tokens in found.groups()]
        return counts

    def _parse_known_args(self, arg_strings: List[str], namespace: Any, *rest: Any, **settings: Any) -> Any:
        """What argparse cannot know is checked before anything acts on the namespace."""
        result: Any = super()._parse_known_args(arg_strings, namespace, *rest, **settings)
        if self._fill is not None:
            self._fill.check(namespace)
        return result


def _declare(add_argument: Callable[..., argparse.Action], *args: Any, **settings: Any) -> argparse.Action:
    """Declare an argument whose variable may be SageMaker's."""
    variable = settings.get("env_var") or ""
    if not variable.startswith(PREFIX):
        return add_argument(*args, **settings)
    # ConfigArgParse refuses a variable for a positional, since it could not fill one.
    action = add_argument(*args, **{**settings, "env_var": None})
    vars(action)["env_var"] = variable
    return action


def _declaring_alike(group: argparse._ArgumentGroup) -> argparse._ArgumentGroup:
    vars(group)["add_argument"] = functools.partial(_declare, group.add_argument)
    return group


def _subparser(parent: Any, **settings: Any) -> Any:
    parser = type(parent)(**settings)
    parser._infer_types = parent._infer_types and parser._infer_types
    parser._add_env_var_help = getattr(parent, "_add_env_var_help", True) and getattr(parser, "_add_env_var_help", True)
    return parser


def _named_like(wanted: type, read: Any) -> Any:
    """A reader that goes by the name of its type in argparse's messages."""

    def named(text: str) -> Any:
        return read(text)

    named.__name__ = wanted.__name__
    return named


def _masked(message: str, job: Optional[ParseContext]) -> str:
    return display.mask(message, display.secrets_of(job) if job else ())


def _write_failure(path: Optional[str], message: str) -> None:
    if path:
        with contextlib.suppress(OSError, ValueError), open(path, "x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{message}\n")
