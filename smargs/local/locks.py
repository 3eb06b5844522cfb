"""The lock of an open file, which lasts until the file is closed, or its process ends."""

from __future__ import annotations

import os
from importlib import import_module
from typing import IO, Any

from smargs.local.system import HAS_FILE_LOCKS

# Windows does not let another process read a byte that is locked, so the byte is far behind the end of the file.
_LOCKED_BYTE = 1 << 30


def try_lock(file: IO[bytes]) -> bool:
    """Lock a file of which nothing was read or written yet; false if it is locked already.

    Processes that inherit the file share the lock, except on Windows.

    Raises:
        OSError: If the file cannot be locked for another reason, such as a file system without locks.
    """
    try:
        if HAS_FILE_LOCKS:
            _lock_file(file)
        else:
            _lock_byte(file.fileno())
    except (BlockingIOError, PermissionError):
        # Linux and macOS report a locked file by the first, and Windows by the second.
        return False
    return True


def _lock_file(file: IO[bytes]) -> None:
    """Lock a file. Source: https://docs.python.org/3/library/fcntl.html#fcntl.flock."""
    fcntl: Any = import_module("fcntl")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock_byte(descriptor: int) -> None:
    """Lock one byte. Source: https://docs.python.org/3/library/msvcrt.html#msvcrt.locking."""
    msvcrt: Any = import_module("msvcrt")
    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
