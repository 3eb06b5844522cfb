"""The guardian: a process that kills everything a job has started if ``smargs`` itself is killed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from typing import List, NamedTuple, NoReturn, Set

from smargs.local.system import ENDING_SIGNALS

_NAME = b"job-guardian"  # Without "smargs", so that `killall smargs` does not match it.
_PR_SET_NAME = 15  # Source: prctl(2) of Linux.


class Process(NamedTuple):
    """A process of this machine.

    Attributes:
        pid: The ID of the process.
        parent: The ID of its parent.
        group: The ID of its process group.
        session: The ID of its session.
    """

    pid: int
    parent: int
    group: int
    session: int


class Guardian:
    """A process that kills the hosts' processes as soon as this process has ended for any reason.

    The guardian reads from a pipe of which only this process has the writing end, so the pipe ends when this process ends. A
    host's process writes its ID to the pipe before it executes the host's program, so the guardian knows every host. The
    guardian is a fork and shares the lock of the job's directory, so the directory is in use until all processes are killed.

    Attributes:
        pid: The ID of the guardian.
    """

    def __init__(self) -> None:
        read, self._write = os.pipe()
        # The signals stay blocked in the guardian: smargs handles them, and ends the guardian itself.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
        self.pid = os.fork()
        if not self.pid:
            _guard(read, self._write)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(read)

    def end(self) -> None:
        """End the guardian."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._write)

    def announce(self) -> None:
        """Announce this process, the leader of its session. Call it as ``preexec_fn`` of a host's process."""
        os.write(self._write, b"%d\n" % os.getpid())

    def forget(self, leader: int) -> None:
        """Forget a host that has ended, because another process may get its ID."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._write, b"-%d\n" % leader)


def _guard(read: int, write: int) -> NoReturn:
    """Run the guardian until the pipe ends, then kill the hosts."""
    try:
        os.close(write)
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        prctl(_PR_SET_NAME, _NAME)
        leaders: Set[int] = set()
        with open(read, "rb") as announcements:
            for number in map(int, announcements):
                leaders.symmetric_difference_update({abs(number)})
        _kill(leaders)
    finally:
        os._exit(0)


def _kill(leaders: Set[int]) -> None:
    """Kill the processes of sessions and all their descendants, in any session."""
    stopped: Set[int] = set()
    while True:
        known = leaders | stopped
        descendants = {process.pid for process in processes() if not known.isdisjoint(process)} - stopped
        if not descendants:
            break
        # A stopped process starts no other process. So once a round finds no new process, all are known.
        _signal_all(descendants, signal.SIGSTOP)
        stopped |= descendants
    _signal_all(stopped, signal.SIGKILL)
    for leader in leaders:
        signal_group(leader, signal.SIGKILL)


def _signal_all(pids: Set[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


def signal_group(leader: int, number: int) -> bool:
    """Send a signal to the remaining processes of a group; false if there are none."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def processes() -> List[Process]:
    """Return the processes of this machine; none on other systems than Linux. Source: proc(5)."""
    running = []
    for name in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc/self") else ()):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
            # The program's name is in brackets, and may contain anything, even a bracket.
            running.append(Process(int(name), *map(int, stat.read().rpartition(b")")[2].split()[1:4])))
    return running


def prctl(option: int, value: object) -> None:
    """Change an attribute of this process on Linux; do nothing on other systems.

    Source: prctl(2).
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
