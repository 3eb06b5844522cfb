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
    # Imported here, because Windows has no such modules.
    import fcntl
    import termios

    ours, theirs = os.openpty()
    attributes = termios.tcgetattr(theirs)
    attributes[_OUTPUT_FLAGS] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    columns, lines = os.get_terminal_size(target.fileno())
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    return ours, theirs
