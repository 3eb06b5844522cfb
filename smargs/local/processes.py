"""The processes of the hosts, controlled by what every system has."""

from __future__ import annotations

import signal
import subprocess
from types import TracebackType
from typing import Any, Collection, Dict, Optional, Sequence, Type

from smargs.local.launchers import Command
from smargs.local.streams import Streams


class HostProcesses:
    """The processes of the hosts on any system.

    Only the process that was started for a host is known, not the processes that it starts itself. Windows allows no more.
    There, a console sends Ctrl-C and Ctrl-Break to all its processes, and SIGTERM ends a process at once. If this process is
    killed, the hosts continue to run.
    """

    def __enter__(self) -> HostProcesses:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        pass

    def start(self, command: Command, streams: Streams, shared: Sequence[int]) -> subprocess.Popen[bytes]:
        """Start the process of a host.

        Args:
            command: Its command.
            streams: Its standard streams.
            shared: File descriptors that it inherits if the system lets processes share a lock.

        Raises:
            OSError: If it cannot be started.
        """
        return subprocess.Popen(
            command.tokens,
            env=command.environ,
            cwd=command.directory,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            **self._settings(shared),
        )

    def _settings(self, shared: Sequence[int]) -> Dict[str, Any]:
        """Return the settings of a subprocess that only some systems have."""
        return {}

    def signal(self, process: subprocess.Popen[bytes], number: int) -> None:
        """Pass a signal on to a host; 0 stands for none."""
        if number == signal.SIGTERM:
            process.terminate()

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """Forget a host that has ended, because another process may get its ID."""

    def has_survivors(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether processes of a host remain after its own process has ended."""
        return False

    def terminate_survivors(self, process: subprocess.Popen[bytes]) -> None:
        """Ask the remaining processes of a host to end."""

    def kill_survivors(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the remaining processes of a host."""

    def kill(self, hosts: Collection[subprocess.Popen[bytes]]) -> None:
        """Kill all remaining processes of all hosts."""
        for process in hosts:
            process.kill()
        for process in hosts:
            process.wait()
