"""Ends the process of a script if the process that asked its parser a question was killed. Windows has no such processes."""

from __future__ import annotations

import os
import signal


def end_with(pipe: int) -> None:
    """Let a process kill this one and its group if a pipe ends without a byte.

    Args:
        pipe: The descriptor of the reading end. It is closed here.
    """
    leader = os.getpid()
    # A child of a child, because the script may wait for all of its children.
    child = os.fork()
    if not child:
        if not os.fork():
            os.setpgid(0, 0)
            if not os.read(pipe, 1):
                os.killpg(leader, signal.SIGKILL)
        os._exit(0)
    os.waitpid(child, 0)
    os.close(pipe)
