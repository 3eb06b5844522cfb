"""Run a script up to the end of its first parse, and print where the value of each argument comes from.

``python -m smargs.launch.preview [--patch] SCRIPT [ARGS...]`` is started in place of the script.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from typing import Any, Callable, Dict, List, Set, TextIO, Tuple

import configargparse  # type: ignore[import-untyped]

from smargs import _argparse, patch
from smargs.container.argv import ProcessTokens
from smargs.context import ParseContext, current_context
from smargs.launch.first_parse import (
    PARSER,
    end,
    end_at_first_parse,
    exit_status,
    flush_streams,
    is_of_script,
    with_subclasses,
    wrap,
)
from smargs.launch.origins import CONFIG_FILE, FilledArgument, Origin, Origins, ParserRun
from smargs.output import print_all
from smargs.secrets.masking import Secrets
from smargs.secrets.names import Names
from smargs.tables import print_table

COLUMNS = ("argument", "value", "type", "source", "overrode")
"""The columns of the table."""

Row = Tuple[str, str, str, str, str]
"""A line of the table: an argument, with secrets masked."""


class Watch:
    """Watches the parsers of this process during a parse.

    Attributes:
        runs: The parsers of the parse, by their IDs, in the order in which they parsed.
        seen: The arguments that had tokens, typed or inserted by ConfigArgParse.
        config: The values of config files, by key.
        texts: The texts of each argument, because they may be secrets.
    """

    def __init__(self) -> None:
        self.runs: Dict[int, ParserRun] = {}
        self.seen: Set[argparse.Action] = set()
        self.config: Dict[str, Origin] = {}
        self.texts: List[Tuple[argparse.Action, List[str]]] = []

    def hook(self) -> None:
        """Wrap the methods of argparse and ConfigArgParse that see the tokens and config files."""
        # argparse has no public way to see the tokens of each argument.
        wrap(PARSER, "_parse_known_args", self._note_parser)
        wrap(PARSER, "_get_values", self._note_values)
        for reader in [cls for cls in with_subclasses(configargparse.ConfigFileParser) if "parse" in vars(cls)]:
            wrap(reader, "parse", self._note_config_file)

    def rows(self, parse: Callable[[], Any]) -> List[Row]:
        """Parse, and return the lines of the table.

        Args:
            parse: A function that parses; it returns what a parser's method returns.
        """
        for notes in (self.runs, self.seen, self.config, self.texts):
            notes.clear()  # The script may have parsed other lists before.
        return self._rows(parse())

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
        name = getattr(args[0], "name", None) if args else None
        source = name if isinstance(name, str) else CONFIG_FILE
        # ConfigArgParse reads the files in the order of precedence.
        self.config.update({key: Origin(value, source) for key, value in items.items() if key not in self.config})
        return items

    def _rows(self, result: Any) -> List[Row]:
        namespace, unknown = result if isinstance(result, tuple) else (result, [])
        secrets = self.secrets()
        filled = Origins(self.seen, self.config).filled(self.runs.values(), namespace)
        rows = [self._row(argument, getattr(namespace, dest), secrets) for dest, argument in filled.items()]
        if unknown:
            rows.append(("(not declared)", " ".join(map(shlex.quote, secrets.mask_tokens(unknown))), "", "", ""))
        return rows

    def secrets(self) -> Secrets:
        """Return the secrets of the parse that has returned."""
        parsers = [run.parser for run in self.runs.values()]
        secrets = Secrets(Names(os.environ, parsers), parsers)
        secrets.add_tokens(sys.argv[1:])
        for action, texts in self.texts:
            secrets.add_argument(action, texts)
        for run in self.runs.values():
            run.context.add_secrets(secrets)
        return secrets

    def _row(self, argument: FilledArgument, value: object, secrets: Secrets) -> Row:
        action, (winner, *others) = argument
        source, overrode = winner.source, ""
        if others and action in self.seen and isinstance(action, _argparse.ACCUMULATING):
            source = f"{source}, added to {others[-1].source}"
        elif others:
            second = others[0]
            text = second.value if isinstance(second.value, str) else ""
            shown = secrets.mask_argument(action, text) if text else secrets.describe(action, second.value)
            overrode = f"{shown} ({second.source})"
        # Of --amp and --no-amp, the table names the first.
        options = [option for option in action.option_strings if option[:5] != "--no-"] or action.option_strings
        name = max(options, key=len, default=action.dest)
        return name, secrets.describe(action, value), type(value).__name__, source, overrode


def main() -> int:
    """Run a script up to the end of its first parse, print the table, and end the process.

    Returns:
        The exit status if the script does not parse: 2 if it does not exist or ends first, that of Python if it fails first.
    """
    tokens = sys.argv[1:]
    is_patched = tokens[:1] == ["--patch"]
    script = next(iter(tokens[is_patched:]), "")
    sys.argv = ProcessTokens(tokens[is_patched:])
    if not os.path.exists(script):
        print(f"script {script!r} does not exist", file=sys.stderr)
        return 2
    if is_patched:
        patch.install()
    watch = Watch()
    watch.hook()
    # The script may replace or close its own.
    streams = [_duplicate(stream) for stream in (sys.stdout, sys.stderr)]
    end_at_first_parse(lambda _, parse: end(lambda: _show(watch, parse, streams)))
    try:
        patch.load_main(script)()
    except SystemExit as stop:
        if stop.code:
            raise
    except (Exception, KeyboardInterrupt) as error:
        return _print_traceback(error)
    print(f"{os.path.basename(script)} ended without parsing its arguments", file=sys.stderr)
    return 2


def _duplicate(stream: TextIO) -> TextIO:
    return open(os.dup(stream.fileno()), "w", encoding=stream.encoding, errors=stream.errors)


def _show(watch: Watch, parse: Callable[[], Any], streams: List[TextIO]) -> int:
    """Print the table of a parse.

    Args:
        watch: The parsers of this process.
        parse: A function that parses.
        streams: Standard output and error, which those of the script replace.

    Returns:
        The exit status.
    """
    try:
        rows = watch.rows(parse)
    except SystemExit as stop:
        return exit_status(stop)
    except (Exception, KeyboardInterrupt) as error:
        return _print_traceback(error)
    flush_streams()
    # The script's own are kept: Python 3.13 prints an error if it deletes one that cannot be written.
    (sys.stdout, sys.stderr), streams[:] = streams, (sys.stdout, sys.stderr)
    return print_all(lambda: print_table(COLUMNS, rows))


def _print_traceback(error: BaseException) -> int:
    """Print a traceback that starts in the script, as if Python had run the script itself, and return the exit status."""
    trace = error.__traceback__
    while trace and not is_of_script(trace):
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)
    return 1 if isinstance(error, Exception) else 128 + signal.SIGINT


if __name__ == "__main__":
    # By its name, not as __main__: the warnings of a parse skip modules named smargs, so that they point at the script's line.
    from smargs.launch.preview import main as run

    sys.exit(run())
