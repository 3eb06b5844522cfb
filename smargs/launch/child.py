"""Runs in the process of a script and asks its parser a question. ``process`` starts that process, and reads the answer."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import sys
import types
from importlib.machinery import PathFinder
from typing import Any, Callable, Container, Dict, List, NamedTuple, NoReturn, Tuple

from smargs import patch
from smargs.container.argv import ProcessTokens
from smargs.launch.first_parse import PARSER, end, end_at_first_parse, exit_status, is_of_script
from smargs.launch.watcher import end_with

BUILDER = "build_parser"
"""The function that makes the parser, in a module that does not parse."""


_KEPT = ("smargs", "argparse", "configargparse")
"""The packages whose classes this process watches, even if the script has copies of them beside it."""


class Request(NamedTuple):
    """A question for the parser of a script.

    Attributes:
        script: The path of the script, as its command line names it.
        arguments: Its command line.
        is_patched: Whether the script's ``argparse.ArgumentParser`` is replaced.
        question: The name of a module. Its function ``answer`` receives the parser, a function that parses, and the details,
            and returns what JSON can represent. If the module has a function ``prepare`` and the script parses in steps, that
            function receives the parser of each earlier step, and the details.
        details: The details of the question.
        pipes: The reading end of a pipe, which ends if the process that asks is killed; none if the system has no sessions.
    """

    script: str
    arguments: Tuple[str, ...]
    is_patched: bool
    question: str
    details: Any
    pipes: Tuple[int, ...]


def main(path: List[str], started_with: Container[str]) -> NoReturn:
    """Read a request from standard input, run the script up to its first parse, and write the answer to standard output.

    Args:
        path: The script's ``sys.path``. This function sets it after its own imports.
        started_with: The names of the modules that Python itself has imported.
    """
    request: Request = pickle.load(sys.stdin.buffer)
    # What the script reads and prints must be neither the request nor the answer.
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for pipe in request.pipes:
        end_with(pipe)
    sys.argv = ProcessTokens([request.script, *request.arguments])

    process = os.getpid()

    def send(reply: Dict[str, Any]) -> int:
        if os.getpid() == process:  # The script may have forked.
            stream.write(json.dumps(reply))
            stream.flush()
        return 0

    question: Any = importlib.import_module(request.question)
    prepare = getattr(question, "prepare", lambda parser, details: None)
    sys.path = path
    _forget_shadowed(started_with)
    if request.is_patched:
        patch.install()
    end_at_first_parse(
        lambda parser, parse: end(lambda: send(_reply(lambda: question.answer(parser, parse, request.details)))),
        lambda parser: prepare(parser, request.details),
    )
    status = _run(request.script, send)
    end(lambda: status)


def _forget_shadowed(started_with: Container[str]) -> None:
    """Forget the modules that the script has not imported, and that it would import from its own directory."""
    for name in [name for name in sys.modules if name not in started_with]:
        top = name.partition(".")[0]
        spec = None if top in _KEPT else PathFinder.find_spec(top, [os.getcwd()])
        if spec is not None and spec.loader is not None:
            del sys.modules[name]


def _run(script: str, send: Callable[[Dict[str, Any]], int]) -> int:
    """Run a script that may end without parsing, and return the exit status."""
    try:
        names = patch.load_main(script)()
        if callable(names.get(BUILDER)):
            _register(script, names)
            return _parse(names[BUILDER](), send)
    except SystemExit as stop:
        if stop.code:
            return exit_status(stop)
    except Exception as error:
        return send({"problem": _failure(error)})
    return send({"problem": f"ends without parsing its arguments, and has no function {BUILDER}()"})


def _register(script: str, names: Dict[str, Any]) -> None:
    """Make a module that was run importable, so that a value of one of its classes is of the class that the parser knows."""
    name = os.path.splitext(os.path.basename(script))[0]
    module = types.ModuleType(name)
    vars(module).update(names)
    sys.modules.setdefault(name, module)


def _parse(parser: Any, send: Callable[[Dict[str, Any]], int]) -> int:
    """Parse with what ``build_parser()`` returned; the first parse ends the process."""
    if not isinstance(parser, PARSER):
        returned = type(parser).__name__
        return send({"problem": f"has a function {BUILDER}() that returns {returned!r}: expected a parser of argparse"})
    return int(parser.parse_args())


def _reply(answer: Callable[[], Any]) -> Dict[str, Any]:
    try:
        return {"answer": answer()}
    except BaseException as error:  # Even SystemExit of a type function is no answer.
        return {"problem": f"fails while its parser is read: {_describe(error)}"}


def _failure(error: Exception) -> str:
    """Return why a script failed before its parse: the last of its own lines, the exception, and what to do about it."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace:
        line = trace.tb_lineno if is_of_script(trace) else line
        trace = trace.tb_next
    place = "" if line is None else f"line {line}: "
    return f"fails before it parses its arguments: {place}{_describe(error)}{_remedy(error)}"


def _remedy(error: Exception) -> str:
    """Return what to do about an exception of a script."""
    if isinstance(error, ImportError):
        return (
            " (name the job's source_dir with --source-dir, or put the parser into a module with a function "
            f"{BUILDER}(), and check that module)"
        )
    if isinstance(error, EOFError):
        return " (a job has no standard input)"
    if isinstance(error, KeyError) and str(error).startswith("'SM_CHANNEL_"):
        return " (name the channel, and its variable is set)"
    return ""


def _describe(error: BaseException) -> str:
    return ": ".join(filter(None, (type(error).__name__, str(error))))
