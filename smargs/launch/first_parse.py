"""The first parse of a script's command line: it ends the process in which the script runs.

The methods of argparse are wrapped in this process, which ends after that parse. If the script parses in steps, the process
ends after the last step, whose parser then has the arguments of all steps.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import os
import sys
from types import FrameType, TracebackType
from typing import Any, Callable, Iterator, List, NoReturn, Tuple

from smargs import _argparse, mixin
from smargs.launch.steps import PARSE_METHODS, parses_again
from smargs.parsing import as_tokens, is_command_line

PARSER: Any = argparse.ArgumentParser
"""argparse's own class, before a script or ``patch.install`` replaces it."""

Handler = Callable[[Any, Callable[[], Any]], NoReturn]
"""A function that is called instead of the first parse: with the parser, and with a function that parses.

It does not return: it ends the process with :func:`end`, or raises an exception that ends the script. The function that parses
takes the command line as it is then in ``sys.argv``.
"""


def _do_nothing(parser: Any) -> None:
    """Do nothing."""


def end_at_first_parse(handle: Handler, prepare: Callable[[Any], None] = _do_nothing) -> None:
    """Wrap the methods that parse, so that the first parse of the command line calls a function and ends the script.

    Every class of parsers is wrapped, also one that the script defines later.

    Args:
        handle: The function.
        prepare: A function that is called with the parser of each earlier step before it parses, if the script parses in steps.
    """
    first_parse = _FirstParse(handle, prepare)
    for cls in (mixin.SageMakerParserMixin, *with_subclasses(PARSER)):
        first_parse.hook(cls)

    @classmethod  # type: ignore[misc]
    def hook_subclass(cls: Any, **settings: Any) -> None:
        super(PARSER, cls).__init_subclass__(**settings)
        first_parse.hook(cls)

    PARSER.__init_subclass__ = hook_subclass


def is_of_script(trace: TracebackType) -> bool:
    """Return whether an entry of a traceback is a line of the script itself, and not of a module."""
    return trace.tb_frame.f_globals.get("__name__") == "__main__"


class _FirstParse:
    def __init__(self, handle: Handler, prepare: Callable[[Any], None]) -> None:
        self._handle = handle
        self._prepare = prepare
        self._is_parsing = False
        self._process = os.getpid()
        self._steps: List[Tuple[FrameType, Any]] = []

    def hook(self, cls: type) -> None:
        """Wrap the methods that parse, of one class."""
        methods = [vars(cls)[name] for name in PARSE_METHODS if name in vars(cls)]
        # By identity, because ConfigArgParse has aliases for some.
        for name in [name for name, member in vars(cls).items() if any(member is method for method in methods)]:
            wrap(cls, name, self._end_after)

    def _end_after(self, parse: Callable[..., Any], parser: Any, *args: Any, **settings: Any) -> Any:
        tokens = args[0] if args else settings.get("args")
        frame = sys._getframe(2)  # The frame of the script that calls the method. wrapped() is between.
        steps = self._earlier_steps(frame)
        if self._is_parsing or not (steps or is_command_line(tokens)):
            return parse(parser, *args, **settings)
        if os.getpid() != self._process:
            end(lambda: 0)  # A fork of the script's process: that one parses, too.
        if parse.__name__.startswith("parse_known") and parses_again(frame):
            self._steps.append((frame, parser))
            # A step that ends the process, with its help or an error, is the last one. What it prints is printed below.
            with contextlib.suppress(SystemExit), self._step(parser), _without_output():
                return parse(parser, *args, **settings)
        for earlier in steps:
            _argparse.declare_missing(parser, earlier)
        # The parse may store a part of the command line, which then is of Python's own type.
        sys.argv = as_tokens(sys.argv)
        self._is_parsing = True
        try:
            return self._handle(parser, lambda: _parse_now(parse, parser, *args, **settings))
        finally:
            self._is_parsing = False  # After an exception of the handler, the process may run another script.

    def _earlier_steps(self, frame: FrameType) -> List[Any]:
        return [parser for started_by, parser in self._steps if _is_running(started_by, frame)]

    @contextlib.contextmanager
    def _step(self, parser: Any) -> Iterator[None]:
        self._is_parsing = True
        try:
            self._prepare(parser)
            yield
        finally:
            self._is_parsing = False


def _parse_now(parse: Callable[..., Any], parser: Any, *args: Any, **settings: Any) -> Any:
    """Parse the command line as it is now in ``sys.argv``, passed in the way in which the script passes it."""
    if args[:1] in ((), (None,)) and settings.get("args") is None:
        return parse(parser, *args, **settings)
    renewed = {"args": sys.argv[1:]} if "args" in settings else {}
    return parse(parser, *[sys.argv[1:], *args[1:]][: len(args)], **{**settings, **renewed})


@contextlib.contextmanager
def _without_output() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _is_running(frame: FrameType, inner: FrameType) -> bool:
    """Return whether a frame is among those that led to an inner one."""
    outer: Any = inner
    while outer not in (None, frame):
        outer = outer.f_back
    return outer is frame


def end(status: Callable[[], int]) -> NoReturn:
    """Call a function, and end this process with the exit status that it returns, or with 1 if it raises anything."""
    code = 1
    try:
        code = status()
        flush_streams()
    finally:
        # os._exit, because a script that catches an exception would continue and train.
        os._exit(code)


def flush_streams() -> None:
    """Write what the script has printed, unless that is impossible: it may have closed or replaced its streams."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def exit_status(stop: SystemExit) -> int:
    """Return the status that Python would exit with, and print a code that is not a number, as Python does."""
    if stop.code is None or isinstance(stop.code, int):
        return int(stop.code or 0)
    print(stop.code, file=sys.stderr)
    return 1


def wrap(cls: Any, name: str, wrapper: Callable[..., Any]) -> None:
    """Replace a method of a class by a function that receives the method and its arguments."""
    method = vars(cls)[name]

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **settings: Any) -> Any:
        return wrapper(method, self, *args, **settings)

    setattr(cls, name, wrapped)


def with_subclasses(cls: type) -> Iterator[type]:
    """Yield a class and all classes that inherit from it."""
    yield cls
    subclasses: List[type] = cls.__subclasses__()
    for subclass in subclasses:
        yield from with_subclasses(subclass)
