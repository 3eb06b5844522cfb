"""A process that watches over a job: if ``smargs`` is killed, it kills what the job has started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from types import TracebackType
from typing import List, NamedTuple, NoReturn, Optional, Set, Type

_NAME = b"job-guardian"  # So that `killall smargs` does not find it.
_PR_SET_NAME = 15  # Source: prctl(2) of Linux.
_ASK_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Process(NamedTuple):
    """A process of this machine.

    Attributes:
        pid: Its number.
        parent: The number of its parent.
        group: The number of its process group.
        session: The number of its session.
    """

    pid: int
    parent: int
    group: int
    session: int


class Guardian:
    """A process that kills the hosts' processes as soon as this process is gone, however it ended.

    It reads from a pipe that this process alone has open for writing: the pipe ends when this process does. A host's process
    writes its own number into it before it becomes the host's program, so no host runs unknown. As a fork the guardian has the
    lock of the job's directory, and so the directory stays in use until the last of them is killed.

    Attributes:
        pid: The number of the process.
    """

    def __init__(self) -> None:
        read, self._write = os.pipe()
        # In the guardian they stay blocked: what ends smargs in good order does so without it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ASK_TO_END)
        self.pid = os.fork()
        if not self.pid:
            _guard(read, self._write)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(read)

    def __enter__(self) -> Guardian:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._write)

    def announce(self) -> None:
        """Tell of the session that this process leads: for ``preexec_fn`` of a host's process."""
        os.write(self._write, b"%d\n" % os.getpid())

    def forget(self, leader: int) -> None:
        """Tell that a host has ended: its number may become another's."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._write, b"-%d\n" % leader)


def _guard(read: int, write: int) -> NoReturn:
    """Be the guardian."""
    try:
        os.close(write)
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        prctl(_PR_SET_NAME, _NAME)
        leaders: Set[int] = set()
        with open(read, "rb") as announced:
            for number in map(int, announced):
                leaders.symmetric_difference_update({abs(number)})
        _kill(leaders)
    finally:
        os._exit(0)


def _kill(leaders: Set[int]) -> None:
    """Kill the processes of sessions, and all that these have started, in whatever sessions."""
    stopped: Set[int] = set()
    while True:
        known = leaders | stopped
        found = {process.pid for process in processes() if not known.isdisjoint(process)} - stopped
        if not found:
            break
        # One that is stopped starts no other, so a round that finds nothing has missed nothing.
        _signal_all(found, signal.SIGSTOP)
        stopped |= found
    _signal_all(stopped, signal.SIGKILL)
    for leader in leaders:
        signal_group(leader, signal.SIGKILL)


def _signal_all(pids: Set[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


def signal_group(leader: int, number: int) -> bool:
    """Send a signal to what is left of a group of processes; false where nothing is."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def processes() -> List[Process]:
    """The processes of this machine, on Linux; elsewhere none. Source: proc(5)."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc/self") else ()):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
            # The name of the program, in brackets, may hold anything.
            found.append(Process(int(name), *map(int, stat.read().rpartition(b")")[2].split()[1:4])))
    return found


def prctl(option: int, value: object) -> None:
    """Change an attribute of this process, on Linux alone.

    Source: prctl(2).
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
