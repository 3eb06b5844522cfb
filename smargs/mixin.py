"""The methods of argparse that are overridden to fill arguments from SageMaker. The rules are in other modules."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, NoReturn, Optional, Sequence, Tuple

from smargs import _argparse
from smargs.arguments.bounds import check_bounds
from smargs.arguments.conversion import inferred_type, read_inferred
from smargs.arguments.filling import FilledArguments
from smargs.arguments.literals import TEXT_PARSERS
from smargs.arguments.names import declared_spelling
from smargs.arguments.requirements import Requirements
from smargs.container.job import Job
from smargs.context import ParseContext, current_context, parse_under_way
from smargs.declaring import DeclaringMixin, with_name_of
from smargs.errors import masked, with_short_usage, write_failure
from smargs.parsing import JobParse, as_tokens, view
from smargs.texts import encodable, printable

if TYPE_CHECKING:
    from smargs.secrets.masking import Secrets

    Filled = Optional[FilledArguments]
    Required = Optional[Requirements]


class SageMakerParserMixin(DeclaringMixin):
    """A mixin for any subclass of :class:`argparse.ArgumentParser`: SageMaker fills the arguments of the parser.

    A parse reads the environment, splits the command line into SageMaker's tokens and typed ones, makes a working copy of the
    parser, and stores the values that match and convert into the namespace. argparse then parses the typed tokens.
    """

    # Unannotated on purpose: some parser classes (Tap) turn annotations into arguments.
    _filled = None  # type: Filled
    _requirements = None  # type: Required
    _last_parse = None  # type: Optional[Tuple[Filled, ParseContext]]
    _infer_types = True
    _takes_env_vars = False  # Whether the parser class's own parse_known_args accepts env_vars=.

    def __init__(self, *args: Any, infer_types: bool = True, **settings: Any) -> None:
        """Make a parser.

        Args:
            *args: The parser class's own arguments.
            infer_types: Whether an argument without a type takes the type of its default.
            **settings: The parser class's own keyword arguments.
        """
        self._infer_types = infer_types
        super().__init__(*args, **settings)
        for type_, parse_text in TEXT_PARSERS.items():
            self.register("type", type_, with_name_of(type_, parse_text))

    def __init_subclass__(cls, **settings: Any) -> None:
        """Mask the secrets in the messages that a subclass's own ``error`` receives."""
        super().__init_subclass__(**settings)
        if not hasattr(cls.error, "masks_secrets"):
            cls.error = masked(cls.error)  # type: ignore[method-assign]

    def parse_args(self, args: Any = None, namespace: Any = None, *, env_vars: Any = None, **settings: Any) -> Any:
        """Parse as the parser class does. A hyperparameter that no argument declares is an error.

        Raises:
            argparse.ArgumentError: For bad input if ``exit_on_error=False``; otherwise the process exits with status 2.
            TypeError: If the parser class parses without ``parse_known_args``, so that no argument can be filled.
        """
        # Passed by keyword, because the second positional parameter of a parser class may be another one.
        settings.update({} if namespace is None else {"namespace": namespace})
        with self._context({"env_vars": env_vars}, is_strict=True) as context:
            namespace = super().parse_args(args, **settings)
        if not context.has_started:
            raise TypeError(f"{type(self).__name__} parses without parse_known_args, so SageMaker cannot fill it")
        return namespace

    def parse_intermixed_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as argparse does. A hyperparameter that no argument declares is an error."""
        with self._context({}, is_strict=True):
            return super().parse_intermixed_args(args, namespace)

    def parse_known_args(self, args: Any = None, namespace: Any = None, **settings: Any) -> Tuple[Any, List[str]]:
        """Parse as argparse does. The tokens of undeclared hyperparameters are returned with the unknown tokens."""
        return self._parse("parse_known_args", args, namespace, settings)

    def parse_known_intermixed_args(self, args: Any = None, namespace: Any = None) -> Tuple[Any, List[str]]:
        """Parse as argparse does. The tokens of undeclared hyperparameters are returned with the unknown tokens."""
        return self._parse("parse_known_intermixed_args", args, namespace, {})

    def to_hyperparameters(
        self, values: Any, *, ranges: Optional[Mapping[str, Any]] = None, encoded: bool = True
    ) -> Dict[str, Any]:
        """Return the hyperparameters of a job in which this parser has these values, for a launcher.

        The parser parses a copy of its own result as each platform would pass it, and every value must come back.

        Args:
            values: A namespace, of which only what differs from the parsed defaults is sent, or a mapping of names to values.
            ranges: The ranges of a tuning job: SDK v2's or v3's ``ContinuousParameter``, ``IntegerParameter`` and
                ``CategoricalParameter`` by name, or the service's ``ParameterRanges``. They are checked, not returned.
            encoded: Whether to return the texts that the service stores, for boto3, SDK v3 and v2's ``Estimator`` without
                ``source_dir``. False returns values, for v2's other estimators, which encode them as JSON.

        Returns:
            The hyperparameters by name. A pipeline variable is returned as it is.

        Raises:
            smargs.HyperparameterError: If the service, a platform or this parser would refuse them, with every problem.
            TypeError: If ``values`` is neither a namespace nor a mapping.
        """
        # Imported here, because a job needs none of it.
        from smargs.launch.hyperparameters import to_hyperparameters

        return to_hyperparameters(self, values, ranges=ranges, encoded=encoded)

    def format_help(self) -> str:
        """Return the help text, with SageMaker's value or variable for each argument."""
        return encodable(str(super(SageMakerParserMixin, self._view()).format_help()))

    def format_usage(self) -> str:
        """Return the usage text. An argument that SageMaker fills is shown as optional."""
        return str(super(SageMakerParserMixin, self._view()).format_usage())

    @masked
    def error(self, message: str) -> NoReturn:
        """Print an error and exit with status 2. In a training container, also write the error into the job's failure file."""
        context = current_context()
        job = context.job if context else Job(os.environ)
        # A shell that wants completions sets COMP_LINE (see bash's manual). Its incomplete command line is not a failed job.
        if job and "COMP_LINE" not in os.environ:
            message = printable(" ".join(message.splitlines()))
            write_failure(job.failure_file, f"{self.prog}: error: {message}")
        shown: Any = with_short_usage(self) if job else self
        super(SageMakerParserMixin, shown).error(message)

    @contextlib.contextmanager
    def _context(self, settings: Mapping[str, Any], is_strict: bool) -> Iterator[ParseContext]:
        """Join the current parse if this parser is one of its parsers; otherwise begin a parse."""
        outer = current_context()
        environ = settings.get("env_vars")
        if outer is not None and outer.is_joined_by(self) and environ in (None, outer.environ):
            yield outer
            return
        context = ParseContext(os.environ if environ is None else environ, is_strict, self)
        context.settings = {name: value for name, value in settings.items() if name != "env_vars"}
        with parse_under_way(context):
            try:
                yield context
            except argparse.ArgumentError as error:
                context.secrets().mask_exception(error)
                raise

    def _parse(self, method: str, args: Any, namespace: Any, settings: Dict[str, Any]) -> Tuple[Any, List[str]]:
        if self._filled is not None:
            # This is a working copy: argparse's parse_known_intermixed_args calls parse_known_args of the same object.
            result: Tuple[Any, List[str]] = getattr(super(), method)(args, namespace, **settings)
            return result
        with self._context(settings, is_strict=False) as context:
            context.has_started = True
            context.add_parser(self)
            settings = self._settings(context, method, settings)
            tokens = as_tokens(sys.argv[1:] if args is None else args)
            if not context.job and _argparse.automatic_prefix(self) is None:
                context.add_command_line(tokens)
                return self._call(_argparse.bare_copy(self), method, list(tokens), namespace, settings, context)
            try:
                with context.working(self):
                    job_parse = JobParse(context, self, tokens, namespace, is_process_command_line=args is None)
                    working, typed = job_parse.working, job_parse.typed
                    namespace, unknown = self._call(working, method, typed, job_parse.namespace, settings, context)
                    return namespace, job_parse.finish(unknown)
            except argparse.ArgumentError as error:
                if not getattr(self, "exit_on_error", True):
                    raise
                self.error(str(error))

    def _settings(self, context: ParseContext, method: str, settings: Mapping[str, Any]) -> Dict[str, Any]:
        """Return the keyword arguments of the parser class's method."""
        settings = {**(context.settings if context.is_outermost(self) else {}), **settings}
        settings.pop("env_vars", None)
        if self._takes_env_vars and method == "parse_known_args":
            settings["env_vars"] = context.environ
        return settings

    def _call(
        self, working: Any, method: str, tokens: List[str], namespace: Any, settings: Dict[str, Any], context: ParseContext
    ) -> Tuple[Any, List[str]]:
        """Parse with a copy, so that threads can share the parser. Copy back the attributes that the parse sets."""
        parse: Callable[..., Tuple[Any, List[str]]] = getattr(super(SageMakerParserMixin, working), method)
        context.add_parser(working)
        vars(working).pop("_last_parse", None)  # Otherwise each parse would keep the one before it in memory.
        before = dict(vars(working))
        try:
            result = parse(tokens, namespace, **settings)
            context.add_command_line(result[1])
            return result
        finally:
            stored = {name: value for name, value in vars(working).items() if name not in before or before[name] is not value}
            self.__dict__.update(stored, _last_parse=(working._filled, context))

    def _source_of(self, action: argparse.Action) -> Optional[str]:
        """Return the variable or the config file from which the parser class read the texts of an argument; None if typed."""
        return None

    def _secrets_to_mask(self) -> Secrets:
        """Return the secrets of the current parse, else of the last one, else of the job."""
        last = self._last_parse[1] if self._last_parse else ParseContext(os.environ, False, self)
        return (current_context() or last).secrets()

    def _view(self) -> Any:
        return view(self._filled.parser if self._filled else self)

    # argparse has no public methods for what the six methods below change. A test fails if CPython changes one of them.

    def _parse_optional(self, arg_string: str) -> Any:
        """Accept ``--batch_size`` for ``--batch-size`` and the other way round, unless both are declared."""
        if arg_string[:1] in self.prefix_chars:
            arg_string = declared_spelling(arg_string, _argparse.options(self))
        return super()._parse_optional(arg_string)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """Convert a text by the inferred type."""
        context = current_context()
        if context:
            context.add_text(action, arg_string)
        type_ = inferred_type(self, action) if action.type is None else None
        if type_ is not None:
            return read_inferred(action, type_, arg_string)
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError:
            # argparse reads "" as False or as an empty list. A default of the script is no bad input.
            if action.type in TEXT_PARSERS and (not arg_string or arg_string is action.default):
                with contextlib.suppress(ValueError):
                    return action.type(arg_string)
            raise

    def _get_values(self, action: argparse.Action, arg_strings: List[str]) -> Any:
        """Keep SageMaker's value of a positional with no tokens; argparse would store the default.

        If ConfigArgParse read the texts from a variable or a config file, an error names it.
        """
        if self._filled is not None:
            if action.nargs in (argparse.OPTIONAL, argparse.ZERO_OR_MORE, argparse.REMAINDER):
                self._filled.visited.add(action)
            if action.option_strings or arg_strings:
                self._filled.seen.add(action)
            elif action in self._filled.values:
                return argparse.SUPPRESS
        try:
            return super()._get_values(action, arg_strings)
        except argparse.ArgumentError as error:
            source = self._source_of(action)
            error.message = f"{error.message} (from {source})" if source else error.message
            raise

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Check a value against the choices as argparse does, then against the bounds."""
        super()._check_value(action, value)
        check_bounds(action, value)

    def _match_arguments_partial(self, actions: Sequence[argparse.Action], arg_strings_pattern: str) -> List[int]:
        """Match positionals to tokens. If the last tokens are too few, the positionals that SageMaker fills match none."""
        counts: List[int] = super()._match_arguments_partial(actions, arg_strings_pattern)
        tokens_follow_options = "A" in arg_strings_pattern.partition("O")[2]
        if self._filled is None or tokens_follow_options:
            return counts
        patterns = [super(SageMakerParserMixin, self)._get_nargs_pattern(action) for action in actions]
        # Fewer counts than positionals may match, too: before an option, argparse of Python 3.14 omits zeros at the end.
        if re.match("".join(patterns), arg_strings_pattern):
            return counts
        optional = [f"{p[:-1]}|)" if action in self._filled.values else p for action, p in zip(actions, patterns)]
        for count in range(len(actions), 0, -1):
            match = re.match("".join(optional[:count]), arg_strings_pattern)
            if match:
                return [len(tokens) for tokens in match.groups()]
        return counts

    def _parse_known_args(self, arg_strings: List[str], namespace: Any, *rest: Any, **settings: Any) -> Any:
        """Parse as argparse does, then check what argparse cannot check, before any caller uses the namespace."""
        result: Any = super()._parse_known_args(arg_strings, namespace, *rest, **settings)
        if self._requirements is not None:
            self._requirements.check(namespace)
        return result
