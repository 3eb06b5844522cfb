"""The standard streams of a host's process: the terminal of this process, or pipes."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import subprocess
import sys
import threading
from importlib import import_module
from io import FileIO, RawIOBase
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, TextIO, Tuple

from smargs.local.metrics import Metric
from smargs.local.output import HostOutput, make_label
from smargs.local.system import HAS_PIPE_SIZES, HAS_SELECTABLE_PIPES, HAS_TERMINALS, is_same_file
from smargs.local.terminals import open_terminal

_F_SETPIPE_SZ = 1031  # Source: F_SETPIPE_SZ of fcntl(2) of Linux. Python has the name since 3.10.
_PIPE_SIZE = 1 << 17
_PIPE_SIZE_ALONE = 1 << 20
_RELAY_SIZE = 1 << 16  # How many bytes are copied at once.


class Streams(NamedTuple):
    """The standard streams of a host's process.

    Attributes:
        stdin: The standard input, as a subprocess takes it.
        stdout: The file descriptor of the standard output.
        stderr: The file descriptor of the standard error.
        outputs: The copies of its output; the last of them has the standard error.
    """

    stdin: Optional[int]
    stdout: int
    stderr: int
    outputs: List[HostOutput]


class StreamOpener:
    """Opens the streams of each host.

    A single host has the standard input of this process, and its output is copied unchanged. If an output of this process is a
    terminal, the host writes to a terminal, too, except on Windows; otherwise to a pipe. Several hosts write to pipes, and each
    line gets a label.
    """

    def __init__(self, hosts: Sequence[str], metrics: Sequence[Metric]) -> None:
        """Prepare to open.

        Args:
            hosts: The names of the hosts that have a process.
            metrics: The metrics that are searched in the output.
        """
        self._hosts = hosts
        self._metrics = metrics

    @contextlib.contextmanager
    def open(self, host: str) -> Iterator[Streams]:
        """Open the streams of a host. The descriptors are closed again in this process; the copies of the output stay open."""
        is_alone = len(self._hosts) == 1
        with contextlib.ExitStack() as stack:
            outputs: List[HostOutput] = []
            writers: List[int] = []
            # If both outputs of this process are one file or one terminal, the host has one stream for both. What it writes to
            # them keeps its order.
            has_one_output = is_alone and _outputs_are_one_file()
            size = _PIPE_SIZE_ALONE if is_alone else _PIPE_SIZE
            for target in (sys.stderr,) if has_one_output else (sys.stdout, sys.stderr):
                read, write = open_terminal(target) if HAS_TERMINALS and is_alone and target.isatty() else _open_pipe(size)
                stack.callback(os.close, write)
                label = None if is_alone else self._label(host, target)
                outputs.append(HostOutput(_open_source(read), target, label, self._metrics))
                writers.append(write)
            yield Streams(None if is_alone else subprocess.DEVNULL, writers[0], writers[-1], outputs)

    def _label(self, host: str, target: TextIO) -> str:
        return make_label(host, max(map(len, self._hosts)), self._hosts.index(host), target)


def _outputs_are_one_file() -> bool:
    """Return whether the two outputs of this process are known to be one file or one terminal."""
    # A stream of a notebook or of pytest may have no descriptor.
    with contextlib.suppress(io.UnsupportedOperation):
        return is_same_file(sys.stdout.fileno(), sys.stderr.fileno())
    return False


def _open_pipe(size: int) -> Tuple[int, int]:
    """Open a pipe, and return the descriptors of its two ends.

    On Linux the pipe holds more than by default, so it is read less often. A pipe whose lines get labels holds at most 128 kB:
    for a larger read, Python would fetch blocks of memory from the system and return them each time.

    Args:
        size: How many bytes it holds, if the system grants it.
    """
    read, write = os.pipe()
    if HAS_PIPE_SIZES:
        fcntl: Any = import_module("fcntl")
        # Other systems refuse it, and Linux refuses it beyond the limit for all pipes of a user.
        with contextlib.suppress(OSError):
            fcntl.fcntl(read, _F_SETPIPE_SZ, size)
    return read, write


def _open_source(read: int) -> RawIOBase:
    """Open the reading end of a pipe or of a terminal, as a stream that a selector can wait for."""
    if HAS_SELECTABLE_PIPES:
        return FileIO(read)
    ours, theirs = socket.socketpair()
    threading.Thread(target=_relay, args=(read, theirs), daemon=True).start()
    with ours:
        return ours.makefile("rb", buffering=0)


def _relay(read: int, target: socket.socket) -> None:
    """Copy a pipe to a socket until either is closed."""
    with target, os.fdopen(read, "rb", buffering=0) as source, contextlib.suppress(OSError):
        for part in iter(lambda: source.read(_RELAY_SIZE), b""):
            target.sendall(part)
