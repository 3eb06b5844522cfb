"""A process without the rights of root: what its owner may not read, it may not."""

import ctypes
import os
import sys

_VERSION_3 = 0x20080522  # Source: capset(2) of Linux.


def give_up():
    """Give up what root may do whatever the mode of a file says.

    On Linux the process keeps its user, so that it still reads all that is root's, such as a clone of this project and a
    Python in a directory that is closed to others.
    """
    if sys.platform == "linux":
        header, none = (ctypes.c_uint32 * 2)(_VERSION_3, 0), (ctypes.c_uint32 * 6)()
        assert ctypes.CDLL(None).capset(header, none) == 0
    elif os.geteuid() == 0:
        os.setuid(65534)
