"""The processes of the hosts on Linux and macOS: each host has a session, so that all its processes can be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from types import TracebackType
from typing import Any, Collection, Dict, List, Optional, Sequence, Set, Type

from smargs.local.guardian import Guardian, prctl, processes, signal_group
from smargs.local.launchers import Command
from smargs.local.processes import HostProcesses
from smargs.local.streams import Streams
from smargs.local.system import RESIZE_SIGNALS

_PR_SET_CHILD_SUBREAPER = 36  # Source: prctl(2) of Linux.


class Sessions(HostProcesses):
    """The processes of the hosts on Linux and macOS: each host has a session of its own, with all that it starts.

    A process that leaves the session of its host is found on Linux, where this process becomes its parent. A guardian kills the
    sessions if this process is killed.
    """

    def __enter__(self) -> Sessions:
        self._leaders: Set[int] = set()
        # A process cannot join a session that exists, so no process of a job is in the session of one of these.
        children = [each for each in processes() if each.parent == os.getpid()]
        self._guardian = Guardian()
        self._others = {self._guardian.pid, *(each.pid for each in children)}
        self._other_sessions = {os.getsid(0), *(each.session for each in children)}
        prctl(_PR_SET_CHILD_SUBREAPER, 1)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        prctl(_PR_SET_CHILD_SUBREAPER, 0)
        self._guardian.end()

    def start(self, command: Command, streams: Streams, shared: Sequence[int]) -> subprocess.Popen[bytes]:
        """Start the process of a host, the leader of its session.

        Raises:
            OSError: If it cannot be started.
        """
        process = super().start(command, streams, shared)
        self._leaders.add(process.pid)
        return process

    def _settings(self, shared: Sequence[int]) -> Dict[str, Any]:
        return {"start_new_session": True, "preexec_fn": self._guardian.announce, "pass_fds": shared}

    def signal(self, process: subprocess.Popen[bytes], number: int) -> None:
        """Pass a signal on to a host: SIGINT and SIGWINCH to all its processes, another signal to its first process."""
        # A terminal sends these to all its processes, and a shell that runs a script relies on that. A container runtime sends
        # SIGTERM to the first process only.
        if number in (signal.SIGINT, *RESIZE_SIGNALS):
            self._signal_group(process, number)
        else:
            process.send_signal(number)

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """Forget a host that has ended, because another process may get its ID."""
        if process.pid in self._leaders:
            self._leaders.remove(process.pid)
            self._guardian.forget(process.pid)

    def _signal_group(self, process: subprocess.Popen[bytes], number: int) -> bool:
        """Send a signal to the remaining processes of a host that is not forgotten; false if there are none.

        While any of them remains, no other process gets the ID of their group.
        """
        return process.pid in self._leaders and signal_group(process.pid, number)

    def has_survivors(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether processes of a host remain after its own process has ended."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-process.pid, os.WNOHANG)[0]:
                pass
        return self._signal_group(process, 0)

    def terminate_survivors(self, process: subprocess.Popen[bytes]) -> None:
        """Ask the remaining processes of a host to end."""
        self._signal_group(process, signal.SIGTERM)

    def kill_survivors(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the remaining processes of a host."""
        self._signal_group(process, signal.SIGKILL)

    def kill(self, hosts: Collection[subprocess.Popen[bytes]]) -> None:
        """Kill all remaining processes, including those in sessions of their own."""
        for process in hosts:
            self._signal_group(process, signal.SIGKILL)
        for process in hosts:
            process.wait()
            self.forget(process)
        while True:
            orphans = self._find_orphans()
            if not orphans:
                return
            for pid in orphans:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)

    def _find_orphans(self) -> List[int]:
        """Return the processes that ended hosts have left to this process."""
        children = [each for each in processes() if each.parent == os.getpid() and each.pid not in self._others]
        return [each.pid for each in children if each.session not in self._other_sessions]
