"""The handlers of signals: a function, or a socket that a process can wait for together with other streams."""

from __future__ import annotations

import contextlib
import signal
import socket
from types import FrameType
from typing import Callable, Iterator, List, Optional

from smargs.local.system import CHILD_SIGNALS, ENDING_SIGNALS, RESIZE_SIGNALS


@contextlib.contextmanager
def handle_signals(handler: Callable[[int, Optional[FrameType]], None]) -> Iterator[None]:
    """Handle the signals that end a command, except those that this process was started to ignore, as by nohup."""
    previous = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    for number, handled_before in previous.items():
        signal.signal(number, handled_before if handled_before == signal.SIG_IGN else handler)
    try:
        yield
    finally:
        for number, handled_before in previous.items():
            signal.signal(number, handled_before)


class SignalSocket:
    """A socket on which signals arrive. The end of a child process makes it readable, too."""

    def __init__(self, receiver: socket.socket) -> None:
        self._receiver = receiver

    def fileno(self) -> int:
        """Return the file descriptor to wait for."""
        return self._receiver.fileno()

    def read(self) -> List[int]:
        """Return the numbers of the signals that have arrived: those that end a command, or report the size of a terminal."""
        with contextlib.suppress(BlockingIOError):
            return [number for number in self._receiver.recv(64) if number not in CHILD_SIGNALS]
        return []


@contextlib.contextmanager
def receive_signals() -> Iterator[SignalSocket]:
    """Receive the signals that :func:`handle_signals` handles, and those of child processes and terminals, on a socket."""
    receiver, sender = socket.socketpair()
    for each in (receiver, sender):
        each.setblocking(False)
    reports = {number: signal.signal(number, _do_nothing) for number in (*CHILD_SIGNALS, *RESIZE_SIGNALS)}
    wakeup = signal.set_wakeup_fd(sender.fileno())
    try:
        with handle_signals(_do_nothing):
            yield SignalSocket(receiver)
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in reports.items():
            signal.signal(number, handler)
        receiver.close()
        sender.close()


def _do_nothing(number: int, frame: Optional[FrameType]) -> None:
    """Handle a signal. Python writes it to the socket only if it has a handler."""
