"""The signals that end a command, and the exit status that follows from them."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Optional

from smargs.local.system import ENDING_SIGNALS


def exit_status(interrupt: KeyboardInterrupt) -> int:
    """Return the exit status of a command that a signal has ended."""
    return 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)


def interrupt(number: int, frame: Optional[FrameType]) -> None:
    """Raise KeyboardInterrupt, as Ctrl-C does. Further signals are ignored, so that they do not interrupt the cleanup."""
    for each in ENDING_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


def ignore(number: int, frame: Optional[FrameType]) -> None:
    """Ignore a signal: the job has ended, and only its last line remains to be printed."""
