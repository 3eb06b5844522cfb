"""Scripts that nobody changes: run one with our parser in the place of ``argparse.ArgumentParser``.

``python -m smargs.patch SCRIPT [ARGS...]`` is ``python SCRIPT [ARGS...]`` but for that.
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
from typing import Any, Callable, Iterator, Sequence, TypeVar, cast

from smargs.container.commandline import UnparsedTokens
from smargs.mixin import _current
from smargs.parser import SageMakerArgumentParser
from smargs.parsing import ParseContext

# A base directory in which nothing can be: without one, a job's files would be looked for in /opt/ml.
_NO_JOB = {"SAGEMAKER_BASE_DIR": os.devnull}

_Parse = TypeVar("_Parse", bound=Callable[..., Any])


def _unless_a_list_of_its_own(parse: _Parse) -> _Parse:
    """A method that parses a job's command line as ever, and any other list as if there were no job."""

    @functools.wraps(parse)
    def parsing(self: Any, args: Any = None, *rest: Any, **settings: Any) -> Any:
        with contextlib.nullcontext() if _is_command_line(self, args) else _without_job(self):
            return parse(self, args, *rest, **settings)

    return cast(_Parse, parsing)


class ArgumentParser(SageMakerArgumentParser):
    """What a script finds as ``argparse.ArgumentParser``.

    Libraries find it too: one that parses a list of its own is not filled, and is not told of the job's hyperparameters.
    """

    parse_args = _unless_a_list_of_its_own(SageMakerArgumentParser.parse_args)
    parse_known_args = _unless_a_list_of_its_own(SageMakerArgumentParser.parse_known_args)
    parse_intermixed_args = _unless_a_list_of_its_own(SageMakerArgumentParser.parse_intermixed_args)
    parse_known_intermixed_args = _unless_a_list_of_its_own(SageMakerArgumentParser.parse_known_intermixed_args)


def install() -> None:
    """Have every module that imports argparse from now on find our parser there.

    The real module stays as it is, for its own methods and for the modules that have it already: they would call our parser
    where they mean the one below it.
    """
    stand_in = types.ModuleType(argparse.__name__)
    vars(stand_in).update(vars(argparse), ArgumentParser=ArgumentParser)
    sys.modules[argparse.__name__] = stand_in


def run_script(script: str, args: Sequence[str]) -> None:
    """Run a script in this process as its main module, with our parser in the place of argparse's.

    Args:
        script: The path of a Python source file.
        args: Its command line, without its name.

    Raises:
        OSError: If the file cannot be read.
        Exception: Whatever the script raises, ``SystemExit`` and a ``SyntaxError`` of its own among it.
    """
    # Since Python 3.9 the interpreter tells a script its absolute path.
    file = os.path.abspath(script) if sys.version_info >= (3, 9) else script
    loader = SourceFileLoader("__main__", file)
    source = loader.get_data(file)
    sys.argv[:] = [script, *args]
    # Under -P or -I no script's directory stands there.
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        sys.path[0] = os.path.dirname(os.path.realpath(script))
    main = types.ModuleType("__main__")
    vars(main).update(__builtins__=builtins, __cached__=None, __file__=file, __loader__=loader)
    # It stays there, for what outlives the script: threads, functions for the end of the process, pickles of its classes.
    sys.modules["__main__"] = main
    install()
    exec(loader.source_to_code(source, file), vars(main))


def main() -> None:
    """Run the script that the command line of this process names, with the rest of it."""
    parser = argparse.ArgumentParser(
        prog="python -m smargs.patch",
        usage="%(prog)s SCRIPT [ARGS ...]",
        description="Run a script with smargs in the place of argparse, and change nothing else.",
    )
    parser.add_argument("script", metavar="SCRIPT", help="path of a Python script; what follows is its command line")
    script = parser.parse_args(sys.argv[1:2]).script
    try:
        with open(script, "rb"):
            pass
    except OSError as error:
        parser.error(f"cannot read {script!r}: {error.strerror}")
    run_script(script, sys.argv[2:])


@contextlib.contextmanager
def _without_job(parser: argparse.ArgumentParser) -> Iterator[None]:
    job = ParseContext(_NO_JOB, strict=False)
    job.parsers.append(parser)
    token = _current.set(job)
    try:
        yield
    finally:
        _current.reset(token)


def _is_command_line(parser: argparse.ArgumentParser, args: Any) -> bool:
    """Whether a parse is of this process's command line, of what another parser left of it, or of a subcommand's part."""
    outer = _current.get()
    if args is None or isinstance(args, UnparsedTokens) or (outer is not None and outer.includes(parser)):
        return True
    return isinstance(args, (list, tuple)) and list(args) == sys.argv[1:]


if __name__ == "__main__":
    # Not this copy of the module, whose classes would be gone from __main__.
    from smargs import patch

    patch.main()
