"""Parse the arguments of a script in a job, and describe what becomes of them: the Python of the playground.

``python playground.py DIRECTORY`` makes the job in a directory, reads a request from standard input and prints the answer,
both as JSON. The playground's page does the same in the browser.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import json
import shlex
import sys
import traceback
import warnings
from typing import Any, Callable, Dict, List, Mapping, NoReturn

from smargs import SageMakerArgumentParser, SageMakerParserMixin, patch
from smargs.launch.first_parse import end_at_first_parse, exit_status
from smargs.launch.preview import COLUMNS, Row, Watch
from smargs.testing import BadJobError, SageMakerJob

SCRIPT = "train.py"
"""The name of the script, in errors and in the help."""


class RequestError(ValueError):
    """A request that cannot be answered; its text is one line for people."""


class Parsed(BaseException):
    """Ends the reader's code after its parse. No ``except Exception`` of the code catches it."""


class Playground(Watch):
    """Watches the first parse of the reader's code, and ends the code instead of the process.

    Attributes:
        table: The lines of the table, if the parse returned.
        help: The help of the parser that parsed.
        status: The exit status with which the parse ended.
    """

    def start(self) -> None:
        """Forget the previous parse."""
        super().__init__()
        self.table: List[Row] = []
        self.help = ""
        self.status = 0

    def keep(self, parser: Any, parse: Callable[[], Any]) -> NoReturn:
        """Parse, keep what becomes of the arguments, and end the reader's code."""
        try:
            self.table = self.rows(parse)
        except SystemExit as stop:
            self.status = exit_status(stop)
        self.help = parser.format_help()
        raise Parsed


@functools.lru_cache(maxsize=None)
def playground() -> Playground:
    """Return the playground of this process. A script that imports argparse gets the parser of smargs."""
    patch.install()
    watch = Playground()
    watch.hook()
    end_at_first_parse(watch.keep)
    return watch


def answer(request: Mapping[str, str], directory: str) -> Dict[str, Any]:
    """Run the reader's code in a job up to its first parse.

    Args:
        request: ``arguments``, the code; ``hyperparameters``, a JSON object; ``channels``, names; ``platform``; ``typed``, what
            a person types after the platform's command line. Only the code is required.
        directory: The directory of the job, in place of ``/opt/ml``.

    Returns:
        ``columns`` and ``rows`` of the table, ``help``, ``warnings``, and ``error``: one line, empty if there is none.
    """
    watch = playground()
    watch.start()
    output = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(output):
        warnings.simplefilter("always")
        try:
            sent = read_hyperparameters(request.get("hyperparameters", ""))
            with make_job(request, sent, directory), contextlib.redirect_stdout(io.StringIO()):
                run(watch, request["arguments"], sent)
            error = last_line(output.getvalue()) if watch.status else ""
        except (RequestError, BadJobError) as problem:
            error = str(problem)
    return {
        "columns": COLUMNS,
        "rows": watch.table,
        "help": watch.help,
        "warnings": [str(warning.message) for warning in caught],
        "error": error,
    }


def read_hyperparameters(text: str) -> Dict[str, object]:
    """Read the hyperparameters; no text is no hyperparameter.

    Raises:
        RequestError: If they are not a JSON object.
    """
    try:
        sent = json.loads(text) if text.strip() else {}
    except ValueError as error:
        place = f"line {error.lineno}, column {error.colno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else error
        raise RequestError(f"hyperparameters: {place}: expected a JSON object") from None
    if not isinstance(sent, dict):
        raise RequestError('hyperparameters: expected a JSON object, such as {"epochs": 20}')
    return sent


def make_job(request: Mapping[str, str], sent: Mapping[str, object], directory: str) -> SageMakerJob:
    """Make the job of a request.

    Raises:
        RequestError: If what a person types has an open quote.
        BadJobError: If the platform would not start such a job.
    """
    try:
        typed = shlex.split(request.get("typed", ""))
    except ValueError as error:
        raise RequestError(f"typed arguments: {error}") from None
    channels = request.get("channels", "").replace(",", " ").split()
    return SageMakerJob(sent, channels, platform=request.get("platform", "toolkit"), typed=typed, directory=directory)


def run(watch: Playground, code: str, sent: Mapping[str, object]) -> None:
    """Run the reader's code up to its first parse. Code that only declares arguments of ``parser`` is parsed then.

    Raises:
        RequestError: If the code fails, or declares no argument.
    """
    parser = SageMakerArgumentParser()
    undeclared = len(parser._actions)
    names = {
        "__name__": "__main__",
        "argparse": sys.modules["argparse"],
        "json": json,
        "parser": parser,
        **{each.__name__: each for each in (SageMakerArgumentParser, SageMakerParserMixin)},
    }
    try:
        exec(compile(code, SCRIPT, "exec"), names)
        parser = names["parser"]
        if not isinstance(parser, argparse.ArgumentParser) or len(parser._actions) == undeclared:
            raise RequestError("the code parses nothing: expected lines such as parser.add_argument('--epochs', type=int)")
        parser.parse_args()
    except Parsed:
        pass
    except RequestError:
        raise
    except SystemExit:
        raise RequestError("the code ended before it parsed its arguments") from None
    except Exception as error:
        raise RequestError(describe(watch, error, sent)) from None


def describe(watch: Playground, error: Exception, sent: Mapping[str, object]) -> str:
    """Return an error of the reader's code in one line, with the job's secrets masked."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == SCRIPT]
    text = str(error)
    if isinstance(error, SyntaxError) and error.filename == SCRIPT:
        lines, text = [error.lineno], error.msg
    place = f"line {lines[-1]}: " if lines else ""
    secrets = watch.secrets()
    for name, value in sent.items():
        secrets.add(name, value)
    message = secrets.mask_text(next(iter(text.splitlines()), ""))
    return f"{place}{type(error).__name__}{': ' if message else ''}{message}"


def last_line(text: str) -> str:
    """Return the last line of a text."""
    return next(reversed(text.splitlines()), "")


if __name__ == "__main__":
    print(json.dumps(answer(json.load(sys.stdin), sys.argv[1])))
