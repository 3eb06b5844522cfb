"""Terminals for the processes of the hosts, on Linux and macOS."""

from __future__ import annotations

import os
import struct
from typing import TextIO, Tuple

_OUTPUT_FLAGS = 1  # The place of the flags in what termios.tcgetattr returns.


def open_terminal(target: TextIO) -> Tuple[int, int]:
    """Open a terminal of the size of another one, and return the descriptors of its two ends.

    It passes bytes unchanged: the other terminal translates the ends of lines. Source: OPOST of termios(3).
    """
    # Imported here, because Windows has no such module.
    import termios

    ours, theirs = os.openpty()
    attributes = termios.tcgetattr(theirs)
    attributes[_OUTPUT_FLAGS] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    copy_size(target, ours)
    return ours, theirs


def copy_size(source: TextIO, target: int) -> None:
    """Give a terminal the size of another one.

    Args:
        source: A stream to the terminal that has the size.
        target: The descriptor of an end of the terminal that gets it.
    """
    # Imported here, because Windows has no such modules.
    import fcntl
    import termios

    columns, lines = os.get_terminal_size(source.fileno())
    fcntl.ioctl(target, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
