"""The output of a command: written whole, or the reason why it cannot be written."""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from typing import Any, Callable, Optional, TextIO

_BROKEN_PIPE = 128 + 13
"""The exit status as shells report it: 128 plus the number of SIGPIPE."""


class _OutputError(Exception):
    """The output cannot be written; its text is the reason."""


def print_all(command: Callable[[], Optional[int]]) -> int:
    """Call a function that prints, and write all that it has printed.

    If the output cannot be written, a line on standard error says why, unless the reader of a pipe has ended.

    Args:
        command: The function. It returns an exit status, or None for 0.

    Returns:
        The exit status of the function; 141 if the reader of a pipe has ended, and 1 if the output cannot be written.
    """
    _buffer_streams()
    try:
        try:
            return command() or 0
        finally:
            _flush()
    except BrokenPipeError:
        status = _BROKEN_PIPE
    except _OutputError as error:
        status = 1
        with contextlib.suppress(OSError):
            print(f"smargs: the output cannot be written: {error}", file=sys.stderr, flush=True)
    # Python flushes the streams again at exit, which would print an error.
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(null, stream.fileno())
    return status


class _WaitingWriter(io.RawIOBase):
    """The unbuffered output of a stream. It waits if a pipe or a terminal that does not block is full.

    Otherwise Python would raise BlockingIOError, and the rest of the output would be lost.
    Source: https://docs.python.org/3/library/io.html#io.RawIOBase.write
    """

    def __init__(self, stream: TextIO, raw: io.RawIOBase) -> None:
        # The stream closes its file as soon as nothing refers to it.
        self._stream = stream
        self._raw = raw

    def write(self, data: Any) -> int:
        while True:
            count = self._raw.write(data)
            if count is not None:
                return count
            select.select([], [self._raw], [])

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()


def _buffer_streams() -> None:
    """Buffer standard output and error even under PYTHONUNBUFFERED, because a signal can interrupt an unbuffered write.

    An unbuffered text stream calls ``write`` once, which may write only a part of its bytes. The remaining text would be lost.
    Source: https://docs.python.org/3/library/io.html#io.RawIOBase.write

    Characters that the encoding of the stream lacks are escaped.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        raw = getattr(stream.buffer, "raw", stream.buffer)
        buffered = io.BufferedWriter(_WaitingWriter(stream, raw))
        by_line = stream.line_buffering or stream.write_through
        setattr(sys, name, io.TextIOWrapper(buffered, stream.encoding, "backslashreplace", line_buffering=by_line))


def _flush() -> None:
    """Write what is in the buffers. After a write that has failed, they still have what could not be written."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _OutputError(error.strerror) from None
