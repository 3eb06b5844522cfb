"""Run one process for each host until the job ends, and leave no process behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from typing import Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from smargs.local.job import BadJobError
from smargs.local.launchers import Command
from smargs.local.metrics import Metric
from smargs.local.output import HostOutput
from smargs.local.processes import HostProcesses
from smargs.local.sessions import Sessions
from smargs.local.signals import SignalSocket, receive_signals
from smargs.local.streams import StreamOpener, Streams
from smargs.local.system import BROKEN_PIPE, CHILD_SIGNALS, HAS_SESSIONS, RESIZE_SIGNALS, exit_status

_POLL_INTERVAL = 0.1
_LONGEST_WAIT = 3600.0  # epoll(7) counts milliseconds in an int, so it refuses a time of more than 24 days.

# After the end of all processes, all reads together wait for a second. Each takes what a pipe holds; a terminal needs about 20.
_LAST_READS = 100
_LAST_WAIT = 0.01


class PlannedEnd(NamedTuple):
    """An end of a run that is planned before it starts.

    Attributes:
        after: Seconds until the signal; SIGKILL follows after the grace period.
        status: The status of the job that ends in this way.
        signal: The signal that the script gets: SIGTERM, or 0 for none.
        note: A line to print then; empty for none.
    """

    after: float
    status: str
    signal: int = signal.SIGTERM
    note: str = ""


class Outcome(NamedTuple):
    """How a run ended.

    Attributes:
        status: 0, or the exit status of the first host that failed. If a signal stopped the run, 128 and its number; 141 if the
            reader of the output has ended, and 1 if the output cannot be written.
        failed_host: The host that failed first.
        errors: The end of that host's standard error.
        is_stopped: Whether a signal, the planned end or an output that cannot be written has stopped the run.
        planned_status: The status of the planned end if it stopped the run; None if not.
        seconds: How long it took.
    """

    status: int
    failed_host: Optional[str]
    errors: str
    is_stopped: bool
    planned_status: Optional[str]
    seconds: float


class _Run:
    """The processes of a run."""

    def __init__(self, commands: List[Command], grace: float, planned: Optional[PlannedEnd], shared: Sequence[int]) -> None:
        self._commands = commands
        self._shared = shared
        self._grace = grace
        self._started = time.monotonic()
        self._planned = planned
        self._kill_at: Optional[float] = None
        self._selector = selectors.DefaultSelector()
        self._processes: Dict[str, subprocess.Popen[bytes]] = {}
        # The last output of a host has its standard error.
        self._outputs: Dict[str, List[HostOutput]] = {}
        self._ended: Set[str] = set()
        # Hosts whose own process has ended, but that have other processes.
        self._surviving: Set[str] = set()
        self._is_stopped = False
        # The exit status of a run that was stopped; None if it is that of the hosts.
        self._stop_status: Optional[int] = None
        self._planned_status: Optional[str] = None
        self._failed: Optional[Tuple[str, int]] = None

    def run(self, metrics: Sequence[Metric]) -> Outcome:
        with (Sessions if HAS_SESSIONS else HostProcesses)() as self._host_processes, receive_signals() as signals:
            self._selector.register(signals, selectors.EVENT_READ)
            try:
                self._start(metrics)
                while len(self._ended) < len(self._processes):
                    self._step(signals)
            finally:
                self._kill()
            if self._failed:
                # A console sends a signal to the hosts as well, so their end may be seen first.
                self._handle_signals(signals)
            self._selector.unregister(signals)
            self._drain()
        host, status = self._failed or (None, 0)
        if self._stop_status is not None:
            status = self._stop_status
        errors = self._outputs[host][-1].tail.decode("utf-8", "replace") if host else ""
        seconds = time.monotonic() - self._started
        return Outcome(status, host, errors, self._is_stopped, self._planned_status, seconds)

    def _start(self, metrics: Sequence[Metric]) -> None:
        opener = StreamOpener([command.host for command in self._commands], metrics)
        for command in self._commands:
            with opener.open(command.host) as streams:
                self._processes[command.host] = self._start_process(command, streams)
            self._outputs[command.host] = streams.outputs
            for output in streams.outputs:
                self._selector.register(output.source, selectors.EVENT_READ, output)

    def _start_process(self, command: Command, streams: Streams) -> subprocess.Popen[bytes]:
        try:
            return self._host_processes.start(command, streams, self._shared)
        except OSError as error:
            raise BadJobError(f"a host cannot be started: {error}") from None

    def _step(self, signals: SignalSocket) -> None:
        """Wait for output, a signal, the end of a process or a deadline, and handle it."""
        ready = [key for key, _ in self._selector.select(self._timeout())]
        outputs = [key.data for key in ready if key.data is not None]
        for output in outputs:
            self._copy(output)
        if len(outputs) < len(ready):
            self._handle_signals(signals)
        # Not after each read of output: SIGCHLD reports the end of a process.
        if len(outputs) < len(ready) or not ready or self._surviving:
            self._collect()
        self._check_deadlines()

    def _timeout(self) -> float:
        """Return how many seconds to wait at most."""
        planned_at = self._started + self._planned.after if self._planned else None
        now = time.monotonic()
        remaining = [deadline - now for deadline in (planned_at, self._kill_at) if deadline is not None]
        # Surviving processes are polled: only Linux reports the end of a process that this one did not start.
        is_reported = CHILD_SIGNALS and not self._surviving
        return max(0.0, min([_LONGEST_WAIT if is_reported else _POLL_INTERVAL, *remaining]))

    def _handle_signals(self, signals: SignalSocket) -> None:
        for number in signals.read():
            if number in RESIZE_SIGNALS:
                self._resize(number)
            else:
                self._stop(number, 128 + number)

    def _resize(self, number: int) -> None:
        """Give the hosts' terminals the size of that of this process, and report it to the hosts with a signal."""
        for host, process in self._processes.items():
            for output in self._outputs[host]:
                output.resize()
            self._host_processes.signal(process, number)

    def _check_deadlines(self) -> None:
        now = time.monotonic()
        if self._planned is not None and now >= self._started + self._planned.after:
            self._end_as_planned(self._planned)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill()

    def _end_as_planned(self, planned: PlannedEnd) -> None:
        self._planned_status = planned.status
        if planned.note:
            print(f"smargs: {planned.note}", file=sys.stderr, flush=True)
        self._stop(planned.signal, None)

    def _copy(self, output: HostOutput) -> None:
        try:
            if not output.copy():
                self._selector.unregister(output.source)
        except OSError as error:
            # The reader has ended, as in `smargs run ... | head`, or the disk of a log is full.
            os.dup2(os.open(os.devnull, os.O_WRONLY), output.target.fileno())
            is_unread = isinstance(error, BrokenPipeError)
            if not is_unread:
                print(f"smargs: the output cannot be written: {error.strerror}", file=sys.stderr, flush=True)
            self._stop(signal.SIGTERM, 128 + BROKEN_PIPE if is_unread else 1)

    def _stop(self, number: int, status: Optional[int]) -> None:
        """Send a signal to each host and start the grace period. A second call kills all hosts at once.

        Args:
            number: The signal.
            status: The exit status of the run; None for that of the hosts.
        """
        if self._is_stopped:
            self._kill()
            return
        self._planned = None
        self._is_stopped = True
        self._stop_status = status
        self._signal_hosts(number)

    def _signal_hosts(self, number: int) -> None:
        self._kill_at = self._kill_at or time.monotonic() + self._grace
        for process in self._processes.values():
            self._host_processes.signal(process, number)

    def _collect(self) -> None:
        """Record the hosts that have ended, and stop the others if one has failed."""
        for host, process in self._processes.items():
            if host in self._ended or process.poll() is None or self._survives(host, process):
                continue
            status = exit_status(process.returncode)
            self._ended.add(host)
            self._host_processes.forget(process)
            if status and self._failed is None:
                self._failed = (host, status)
                self._planned = None
                if self._kill_at is None:
                    self._signal_hosts(signal.SIGTERM)

    def _survives(self, host: str, process: subprocess.Popen[bytes]) -> bool:
        """Whether a host whose own process has ended has other processes, which may still end within the grace period.

        SIGTERM goes to the script's process, as a container runtime sends it. Child processes that survive get it next.
        """
        if self._kill_at is None or time.monotonic() >= self._kill_at:
            self._host_processes.kill_survivors(process)
            return False
        if host not in self._surviving:
            self._surviving.add(host)
            self._host_processes.terminate_survivors(process)
        return self._host_processes.has_survivors(process)

    def _kill(self) -> None:
        """Kill all remaining processes, including those in sessions of their own."""
        self._kill_at = time.monotonic()
        self._host_processes.kill(self._processes.values())

    def _drain(self) -> None:
        """Copy the rest of the output, in a limited number of reads: a remaining process may keep a pipe open and write on."""
        for _ in range(_LAST_READS):
            if not self._selector.get_map():
                break
            for key, _ in self._selector.select(_LAST_WAIT):
                self._copy(key.data)
        self._selector.close()
        for outputs in self._outputs.values():
            for output in outputs:
                output.source.close()


def run(
    commands: List[Command],
    grace: float,
    planned: Optional[PlannedEnd] = None,
    shared: Sequence[int] = (),
    metrics: Sequence[Metric] = (),
) -> Outcome:
    """Run the commands of all hosts side by side until all have ended, or one has failed and the others were stopped.

    Ctrl-C, SIGTERM and SIGHUP are passed on to each host's process. All remaining processes are killed after the grace period,
    at a second signal, or if this process itself is killed.

    Args:
        commands: One for each host.
        grace: Seconds between a signal and SIGKILL. Source of the platform's 120:
            https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
        planned: The planned end; None if there is none.
        shared: File descriptors that each host's process inherits.
        metrics: The metrics that are searched in the output.

    Raises:
        BadJobError: If a host cannot be started; the hosts before it are killed.
    """
    return _Run(commands, grace, planned, shared).run(metrics)
