"""Run a script unchanged, with the parser of smargs in place of ``argparse.ArgumentParser``.

``python -m smargs.patch SCRIPT [ARGS...]`` does that, and otherwise behaves as ``python SCRIPT [ARGS...]``.
"""

from __future__ import annotations

import argparse
import builtins
import contextlib
import functools
import os
import sys
import types
from importlib.machinery import SourceFileLoader
from typing import Any, Callable, Dict, Iterator, Sequence, TypeVar, cast

from smargs.container.argv import ProcessTokens
from smargs.container.commandline import UnparsedTokens
from smargs.context import ParseContext, current_context, parse_under_way
from smargs.parser import SageMakerArgumentParser
from smargs.parsing import is_command_line

# A base directory that cannot contain files. The default, /opt/ml, may contain the files of a job.
_NO_JOB = {"SAGEMAKER_BASE_DIR": os.devnull}

_Parse = TypeVar("_Parse", bound=Callable[..., Any])


def _parse_other_lists_without_job(parse: _Parse) -> _Parse:
    """Wrap a parse method so that it parses any list but the process's command line as if there were no job."""

    @functools.wraps(parse)
    def wrapped(self: Any, args: Any = None, *rest: Any, **settings: Any) -> Any:
        with contextlib.nullcontext() if _is_of_process(self, args) else _without_job(self):
            return parse(self, args, *rest, **settings)

    return cast(_Parse, wrapped)


class ArgumentParser(SageMakerArgumentParser):
    """The class that a script imports as ``argparse.ArgumentParser``.

    Libraries import it as well. If one of them parses a list of its own, the job does not apply to that parse.
    """

    parse_args = _parse_other_lists_without_job(SageMakerArgumentParser.parse_args)
    parse_known_args = _parse_other_lists_without_job(SageMakerArgumentParser.parse_known_args)
    parse_intermixed_args = _parse_other_lists_without_job(SageMakerArgumentParser.parse_intermixed_args)
    parse_known_intermixed_args = _parse_other_lists_without_job(SageMakerArgumentParser.parse_known_intermixed_args)


def install() -> None:
    """Replace the module argparse for every later import by a copy with the parser of smargs.

    The real module is unchanged, because its own methods, and modules that have imported it, use its parser as a base class.
    """
    replacement = types.ModuleType(argparse.__name__)
    vars(replacement).update(vars(argparse), ArgumentParser=ArgumentParser)
    sys.modules[argparse.__name__] = replacement


def run_script(script: str, args: Sequence[str]) -> None:
    """Run a script as the main module of this process, with the parser of smargs in place of argparse's.

    Args:
        script: The path of a Python source file.
        args: Its command line, without its name.

    Raises:
        OSError: If the file cannot be read.
        Exception: Any exception of the script, including ``SystemExit`` and ``SyntaxError``.
    """
    run = load_main(script)
    sys.argv = ProcessTokens([script, *args])
    install()
    run()


def load_main(script: str) -> Callable[[], Dict[str, Any]]:
    """Read a script, and return a function that runs it as the main module of this process, as Python does.

    The function returns the global names of a script that ends. It raises any exception of the script.

    Args:
        script: The path of a Python source file.

    Raises:
        OSError: If the file cannot be read.
    """
    # Since Python 3.9, __file__ of the main module is absolute.
    file = os.path.abspath(script) if sys.version_info >= (3, 9) else script
    loader = SourceFileLoader("__main__", file)
    source = loader.get_data(file)

    def run() -> Dict[str, Any]:
        # Under -P or -I the first entry of sys.path is not the script's directory.
        if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
            sys.path[0] = os.path.dirname(os.path.realpath(file))
        main = types.ModuleType("__main__")
        vars(main).update(__builtins__=builtins, __cached__=None, __file__=file, __loader__=loader)
        # The module is not removed afterwards: threads, atexit functions and pickles of the script's classes still need it.
        sys.modules["__main__"] = main
        exec(loader.source_to_code(source, file), vars(main))
        return vars(main)

    return run


def main() -> None:
    """Run the script that is named first on the command line of this process, with the remaining arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m smargs.patch",
        usage="%(prog)s SCRIPT [ARGS ...]",
        description="Run an unchanged script with the parser of smargs in place of argparse's.",
    )
    parser.add_argument("script", metavar="SCRIPT", help="the path of a Python script; it receives the arguments that follow")
    script = parser.parse_args(sys.argv[1:2]).script
    try:
        with open(script, "rb"):
            pass
    except OSError as error:
        parser.error(f"cannot read {script!r}: {error.strerror}")
    run_script(script, sys.argv[2:])


@contextlib.contextmanager
def _without_job(parser: argparse.ArgumentParser) -> Iterator[None]:
    with parse_under_way(ParseContext(_NO_JOB, False, parser)):
        yield


def _is_of_process(parser: argparse.ArgumentParser, args: Any) -> bool:
    """Return whether tokens are this process's command line, or a part: for a subcommand, or unparsed by another parser."""
    outer = current_context()
    return isinstance(args, UnparsedTokens) or (outer is not None and outer.includes(parser)) or is_command_line(args)


if __name__ == "__main__":
    # Imported under its own name, because run_script replaces __main__, which is this copy of the module.
    from smargs import patch

    patch.main()
