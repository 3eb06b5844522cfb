"""The lock of a job's directory. Python has file locks on Linux and macOS only."""

from __future__ import annotations

import fcntl
from typing import IO


def try_lock(mark: IO[bytes]) -> bool:
    """Lock the directory of a mark until the mark is closed; false if the directory is in use."""
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
