"""A process of root that obeys the modes of files."""

import ctypes
import os
import sys

_VERSION_3 = 0x20080522  # Source: capset(2) of Linux.


def give_up():
    """Give up the rights by which root ignores the mode of a file.

    On Linux the process keeps its user, so it can still read root's own files, such as a clone of this project and a Python
    in a directory that other users cannot open.
    """
    if sys.platform == "linux":
        header, none = (ctypes.c_uint32 * 2)(_VERSION_3, 0), (ctypes.c_uint32 * 6)()
        assert ctypes.CDLL(None).capset(header, none) == 0
    elif os.geteuid() == 0:
        os.setuid(65534)
