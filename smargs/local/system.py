"""The features of the operating system, and substitutes for those that it lacks. Only this module looks for them.

Linux has every feature, macOS all but pipe sizes and mount namespaces, and Windows none but the colours of some terminals.
Source: the notes on availability in https://docs.python.org/3/library/os.html, and in the pages of signal, select and fcntl.
"""

from __future__ import annotations

import codecs
import contextlib
import locale
import os
import select
import shutil
import signal
import subprocess
from importlib.util import find_spec
from typing import Any, Dict, Sequence, Tuple, Union

HAS_SESSIONS = all(hasattr(os, name) for name in ("fork", "killpg", "setsid"))
"""Whether a process can start a session of its own, and signal all processes of a group."""

HAS_FILE_LOCKS = find_spec("fcntl") is not None
"""Whether processes can share the lock of a file."""

HAS_PIPE_SIZES = HAS_FILE_LOCKS
"""Whether a process can ask for a pipe of another size. Only Linux grants it."""

HAS_TERMINALS = hasattr(os, "openpty")
"""Whether a process can open a terminal for another one."""

HAS_COLOURS = HAS_TERMINALS or "WT_SESSION" in os.environ
"""Whether terminals show colours. Windows Terminal does, and sets this variable. Older consoles of Windows may not."""

HAS_SELECTABLE_PIPES = hasattr(select, "poll")
"""Whether a process can wait for several pipes. On Windows it can wait for sockets only."""


def _signals(*names: str) -> Tuple[signal.Signals, ...]:
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


ENDING_SIGNALS = _signals("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""The signals by which a person or the system ends a command. Ctrl-Break on Windows sends SIGBREAK."""

CHILD_SIGNALS = _signals("SIGCHLD")
"""The signal that reports the end of a child process; empty if the system has none."""

RESIZE_SIGNALS = _signals("SIGWINCH")
"""The signal that reports that a terminal has another size; empty if the system has none."""

BROKEN_PIPE = 13
"""The number of SIGPIPE, which Windows does not have. Source: signal(7) of Linux and signal(3) of macOS."""

STOPPABLE: Dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
"""The settings of a subprocess that :func:`stop` can stop."""

_WINDOWS_VARIABLES = ("SYSTEMROOT", "USERPROFILE", "PATHEXT", "COMSPEC")

ESSENTIAL_VARIABLES = frozenset(("PATH", "HOME", "LANG", *_WINDOWS_VARIABLES))
"""The environment variables that each program needs."""

_READS_UTF8 = codecs.lookup(locale.getpreferredencoding(False)).name == "utf-8"

PYTHON_VARIABLES = {"PYTHONUNBUFFERED": "1", **({} if _READS_UTF8 else {"PYTHONUTF8": "1"})}
"""The variables with which a script writes without delay, and reads and writes UTF-8 as in a container.

Source: https://docs.python.org/3/using/cmdline.html#environment-variables
"""


def stop(process: subprocess.Popen[Any]) -> None:
    """Ask a process to end: with SIGTERM, or on Windows, where SIGTERM cannot be handled, with Ctrl-Break."""
    process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))


def exit_status(code: int) -> int:
    """Return the exit status of a process as shells report it, from its return code: 128 and the number of a signal."""
    return code if code >= 0 else 128 - code


def kill_session(process: subprocess.Popen[Any]) -> None:
    """Kill a process that leads a session, and its process group. Windows has no sessions: kill the process alone."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    else:
        process.kill()


def write_pieces(descriptor: int, pieces: Sequence[Union[bytes, memoryview]]) -> int:
    """Write pieces of memory with one system call, without a copy of them.

    Returns:
        How many bytes are written: fewer if a signal ends the call, and 0 if the system has no such call, or if the output does
        not block and is full.
    """
    with contextlib.suppress(BlockingIOError):
        return os.writev(descriptor, pieces) if hasattr(os, "writev") else 0
    return 0


def is_same_file(first: int, second: int) -> bool:
    """Whether two descriptors are known to be of the same file, pipe or terminal.

    On Windows, only files have a number that identifies them. Source: ``st_ino`` of os.stat_result, and _Py_fstat of CPython.
    """
    status = os.fstat(first)
    return status.st_ino != 0 and os.path.samestat(status, os.fstat(second))


def has_program(path: str) -> bool:
    """Whether there is a program with this path."""
    return shutil.which(path) is not None


def has_mount_namespaces() -> bool:
    """Whether a process can have mounts of its own. Source: namespaces(7) of Linux."""
    return os.path.exists("/proc/self/ns/mnt")
