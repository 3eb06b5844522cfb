"""Run a script up to the end of its first parse, and print where the value of each argument comes from.

``python -m smargs.cli.preview [--patch] SCRIPT [ARGS...]`` is started in place of the script. It wraps methods of argparse in
its own process, which ends after the parse.
"""

from __future__ import annotations

import argparse
import functools
import os
import runpy
import shlex
import sys
from typing import Any, Callable, Dict, Iterator, List, NoReturn, Set, Tuple

import configargparse  # type: ignore[import-untyped]

from smargs import _argparse, mixin, patch
from smargs.cli.origins import FilledArgument, Origins, ParserRun
from smargs.parsing import ParseContext, as_tokens, current_context
from smargs.secrets.masking import Secrets
from smargs.secrets.names import Names
from smargs.tables import print_table

# argparse's own class, before the script or --patch replaces it.
_Parser: Any = argparse.ArgumentParser

_COLUMNS = ("argument", "value", "type", "source", "overrode")
_PARSE_METHODS = ("parse_args", "parse_known_args", "parse_intermixed_args", "parse_known_intermixed_args")


class Watch:
    """Watches the parsers of this process, and ends the process after the first parse of its command line.

    Attributes:
        is_parsing: Whether that parse has begun.
        runs: The parsers of that parse, by their IDs, in the order in which they parsed.
        seen: The arguments that had tokens, typed or inserted by ConfigArgParse.
        config: The content of config files, by key.
        texts: The texts of each argument, because they may be secrets.
    """

    def __init__(self) -> None:
        self.is_parsing = False
        self.runs: Dict[int, ParserRun] = {}
        self.seen: Set[argparse.Action] = set()
        self.config: Dict[str, object] = {}
        self.texts: List[Tuple[argparse.Action, List[str]]] = []

    def hook(self) -> None:
        """Wrap the methods that parse, of every class of parsers that exists or will be defined."""
        # argparse has no public way to see the tokens of each argument.
        _wrap(_Parser, "_parse_known_args", self._note_parser)
        _wrap(_Parser, "_get_values", self._note_values)
        for reader in [cls for cls in _with_subclasses(configargparse.ConfigFileParser) if "parse" in vars(cls)]:
            _wrap(reader, "parse", self._note_config_file)
        for cls in (mixin.SageMakerParserMixin, *_with_subclasses(_Parser)):
            self._hook_class(cls)

        @classmethod  # type: ignore[misc]
        def hook_subclass(cls: Any, **settings: Any) -> None:
            super(_Parser, cls).__init_subclass__(**settings)
            self._hook_class(cls)

        _Parser.__init_subclass__ = hook_subclass

    def _hook_class(self, cls: type) -> None:
        methods = [vars(cls)[name] for name in _PARSE_METHODS if name in vars(cls)]
        # By identity, because ConfigArgParse has aliases for some.
        for name in [name for name, member in vars(cls).items() if any(member is method for method in methods)]:
            _wrap(cls, name, self._end_after)

    def _end_after(self, parse: Callable[..., Any], parser: Any, *args: Any, **settings: Any) -> Any:
        if self.is_parsing or not _is_command_line(args[0] if args else settings.get("args")):
            return parse(parser, *args, **settings)
        self.is_parsing = True
        try:
            result = parse(parser, *args, **settings)
            self._print(result)
        except SystemExit as stop:
            self._end(_exit_status(stop))
        finally:
            self.is_parsing = False
        return self._end(0)

    def _end(self, status: int) -> NoReturn:
        # Without an exception: a script that catches SystemExit or Exception would continue and train.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    def _note_parser(self, parse: Callable[..., Any], parser: Any, tokens: Any, namespace: Any, *rest: Any, **more: Any) -> Any:
        context = current_context() or ParseContext(os.environ, False, parser)
        self.runs[id(parser)] = ParserRun(parser, namespace, context)
        return parse(parser, tokens, namespace, *rest, **more)

    def _note_values(self, read: Callable[..., Any], parser: Any, action: argparse.Action, texts: List[str]) -> Any:
        if action.option_strings or texts:
            self.seen.add(action)
        self.texts.append((action, texts))
        return read(parser, action, texts)

    def _note_config_file(self, read: Callable[..., Any], reader: Any, *args: Any) -> Any:
        items = read(reader, *args)
        # ConfigArgParse reads the files in the order of precedence.
        self.config.update({key: value for key, value in items.items() if key not in self.config})
        return items

    def _print(self, result: Any) -> None:
        """Print the table of a parse that has returned."""
        namespace, unknown = result if isinstance(result, tuple) else (result, [])
        secrets = self._secrets()
        filled = Origins(self.seen, self.config).filled(self.runs.values(), namespace)
        rows = [self._row(argument, getattr(namespace, dest), secrets) for dest, argument in filled.items()]
        if unknown:
            rows.append(("(not declared)", " ".join(map(shlex.quote, secrets.mask_tokens(unknown))), "", "", ""))
        print_table(_COLUMNS, rows)

    def _secrets(self) -> Secrets:
        """Return the secrets of the parse that has returned."""
        parsers = [run.parser for run in self.runs.values()]
        secrets = Secrets(Names(os.environ, parsers), parsers)
        secrets.add_tokens(sys.argv[1:])
        for action, texts in self.texts:
            secrets.add_argument(action, texts)
        for run in self.runs.values():
            run.context.add_secrets(secrets)
        return secrets

    def _row(self, argument: FilledArgument, value: object, secrets: Secrets) -> Tuple[str, str, str, str, str]:
        action, (winner, *others) = argument
        source, overrode = winner.source, ""
        if others and action in self.seen and isinstance(action, _argparse.ACCUMULATING):
            source = f"{source}, added to {others[-1].source}"
        elif others:
            second = others[0]
            text = second.value if isinstance(second.value, str) else ""
            shown = secrets.mask_argument(action, text) if text else secrets.describe(action, second.value)
            overrode = f"{shown} ({second.source})"
        name = max(action.option_strings, key=len, default=action.dest)
        return name, secrets.describe(action, value), type(value).__name__, source, overrode


def _is_command_line(args: Any) -> bool:
    """Whether the tokens that a parser receives are those of the process."""
    return args is None or (isinstance(args, (str, list, tuple)) and as_tokens(args) == sys.argv[1:])


def _wrap(cls: Any, name: str, wrapper: Callable[..., Any]) -> None:
    """Replace a method of a class by a function that receives the method and its arguments."""
    method = vars(cls)[name]

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **settings: Any) -> Any:
        return wrapper(method, self, *args, **settings)

    setattr(cls, name, wrapped)


def _with_subclasses(cls: type) -> Iterator[type]:
    yield cls
    subclasses: List[type] = cls.__subclasses__()
    for subclass in subclasses:
        yield from _with_subclasses(subclass)


def _exit_status(stop: SystemExit) -> int:
    """Return the status that Python would exit with, and print a code that is not a number, as Python does."""
    if stop.code is None or isinstance(stop.code, int):
        return int(stop.code or 0)
    print(stop.code, file=sys.stderr)
    return 1


def main() -> int:
    """Run a script up to the end of its first parse, print the table, and end the process.

    Returns:
        The exit status if the script does not parse: 2 if it does not exist or ends first, 1 if it fails first.
    """
    tokens = sys.argv[1:]
    is_patched = tokens[:1] == ["--patch"]
    sys.argv = tokens[is_patched:]
    script = next(iter(sys.argv), "")
    if not os.path.exists(script):
        print(f"script {script!r} does not exist", file=sys.stderr)
        return 2
    if is_patched:
        patch.install()
    Watch().hook()
    sys.path[0] = os.path.dirname(os.path.realpath(script))
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as stop:
        if stop.code:
            raise
    except Exception as error:
        _print_traceback(error, script)
        return 1
    print(f"{os.path.basename(script)} ended without parsing its arguments", file=sys.stderr)
    return 2


def _print_traceback(error: Exception, script: str) -> None:
    """Print a traceback that starts in the script, as if Python had run the script itself."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != script:
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


if __name__ == "__main__":
    # By its name, not as __main__: the warnings of a parse skip modules named smargs, so that they point at the script's line.
    from smargs.cli.preview import main as run

    sys.exit(run())
