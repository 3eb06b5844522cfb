"""Run one process for each host: its output with the host's name before it, its end, and no orphan whatever happens."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from typing import IO, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, TextIO, Tuple

from smargs.local.guardian import Guardian, prctl, processes, signal_group
from smargs.local.job import BadJobError
from smargs.local.launchers import Command

_COLOURS = (36, 33, 32, 35, 34, 31)
_LISTENED_TO = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
_REMEMBERED = 8192
_LONGEST_LINE = 1 << 20
_DECODER = codecs.getincrementaldecoder("utf-8")
_TICK = 0.1
_PR_SET_CHILD_SUBREAPER = 36  # Source: prctl(2) of Linux.


class Outcome(NamedTuple):
    """How a run ended.

    Attributes:
        status: 0; else that of the first host that failed, 128 and the signal's number for one that a signal ended.
        failed: The host that failed first.
        said: The end of what that host wrote to standard error.
        stopped_by: The signal that stopped the run: a person's, or SIGTERM for an interruption.
        interrupted: Whether it was the interruption that was asked for.
        seconds: How long it took.
    """

    status: int
    failed: Optional[str]
    said: str
    stopped_by: Optional[int]
    interrupted: bool
    seconds: float


class _Stream:
    """One output of one host, line by line, under the host's name."""

    def __init__(self, source: IO[bytes], target: TextIO, label: str) -> None:
        self.source = source
        self.target = target
        self.said = b""
        self._label = label
        self._decoder = _DECODER("replace")
        self._line = io.StringIO()

    def read(self) -> bool:
        """Pass on what is there; false at the end."""
        read = os.read(self.source.fileno(), 65536)
        self.said = (self.said + read)[-_REMEMBERED:]
        # A progress bar ends its lines with a carriage return.
        first, *others = self._decoder.decode(read, final=not read).replace("\r", "\n").split("\n")
        self._line.write(first)
        if others or not read or self._line.tell() >= _LONGEST_LINE:
            lines = [self._line.getvalue(), *others]
            self._line = io.StringIO()
            self._line.write(lines.pop() if others else "")
            self._write([line for line in lines if line])
        return bool(read)

    def _write(self, lines: List[str]) -> None:
        encoding = self.target.encoding or "utf-8"
        for line in lines:
            text = line.encode(encoding, "backslashreplace").decode(encoding)
            self.target.write(f"{self._label}{text}\n")
        self.target.flush()


class _Run:
    """The processes of a run."""

    def __init__(self, commands: List[Command], grace: float, interrupt_after: Optional[float], shared: Sequence[int]) -> None:
        self._commands = commands
        self._shared = shared
        self._grace = grace
        self._started = time.monotonic()
        self._interrupt_at = None if interrupt_after is None else self._started + interrupt_after
        self._kill_at: Optional[float] = None
        self._selector = selectors.DefaultSelector()
        self._processes: Dict[str, subprocess.Popen[bytes]] = {}
        self._errors: Dict[str, _Stream] = {}
        self._ended: List[Tuple[str, int]] = []
        self._remainders: Set[str] = set()
        self._stopped_by: Optional[int] = None
        self._interrupted = False
        self._failed: Optional[Tuple[str, int]] = None

    def run(self) -> Outcome:
        with Guardian() as self._guardian, _listening() as signals:
            self._selector.register(signals, selectors.EVENT_READ)
            try:
                self._start()
                while len(self._ended) < len(self._processes):
                    self._step(signals)
            finally:
                self._kill()
            self._drain()
        host, status = self._failed or (None, 0)
        if self._stopped_by is not None and not self._interrupted:
            status = 128 + self._stopped_by
        said = self._errors[host].said.decode("utf-8", "replace") if host else ""
        seconds = time.monotonic() - self._started
        return Outcome(status, host, said, self._stopped_by, self._interrupted, seconds)

    def _start(self) -> None:
        width = max(len(command.host) for command in self._commands)
        for number, command in enumerate(self._commands):
            try:
                process = subprocess.Popen(
                    command.tokens,
                    env=command.environ,
                    cwd=command.directory,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                    preexec_fn=self._guardian.announce,
                    pass_fds=self._shared,
                )
            except OSError as error:
                raise BadJobError(f"a host cannot be started: {error}") from None
            self._processes[command.host] = process
            for source, target in ((process.stdout, sys.stdout), (process.stderr, sys.stderr)):
                assert source is not None
                stream = _Stream(source, target, _label(command.host, width, number, target))
                self._selector.register(source, selectors.EVENT_READ, stream)
            self._errors[command.host] = stream

    def _step(self, signals: socket.socket) -> None:
        """Wait for output, a signal, the end of a process or of a time, and act on it."""
        times = [moment for moment in (self._interrupt_at, self._kill_at) if moment is not None]
        timeout = max(0.0, min(times) - time.monotonic()) if times else None
        if self._remainders:
            # Only Linux tells when a process ends that somebody else has started.
            timeout = min(_TICK, timeout or 0.0)
        for key, _ in self._selector.select(timeout):
            if key.fileobj is not signals:
                self._pass_on(key.data)
                continue
            for number in signals.recv(64):
                if number != signal.SIGCHLD:
                    self._stop(number)
        self._collect()
        now = time.monotonic()
        if self._interrupt_at is not None and now >= self._interrupt_at:
            self._interrupt_at = None
            self._interrupted = self._stopped_by is None
            self._stop(signal.SIGTERM)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill()

    def _pass_on(self, stream: _Stream) -> None:
        try:
            if not stream.read():
                self._selector.unregister(stream.source)
        except OSError:
            # Nobody reads what the hosts say, as in `smargs run ... | head`, or the disk of their log is full.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.target.fileno())
            self._stop(signal.SIGTERM, because=signal.SIGPIPE)

    def _stop(self, number: int, because: Optional[int] = None) -> None:
        """Send a signal to each host, and give them the grace period; for the second time, end it at once."""
        if self._stopped_by is not None:
            self._kill()
            return
        self._stopped_by = because or number
        self._end_others(number)

    def _end_others(self, number: int) -> None:
        self._kill_at = self._kill_at or time.monotonic() + self._grace
        for process in self._processes.values():
            # Ctrl-C reaches all processes of a terminal, and a shell that waits for a script counts on that; a container
            # runtime sends SIGTERM to the first process alone.
            if number == signal.SIGINT:
                signal_group(process.pid, number)
            else:
                process.send_signal(number)

    def _collect(self) -> None:
        """See which hosts have ended; what outlives a host's own process is told to end as well."""
        for host, process in self._processes.items():
            if any(host == ended for ended, _ in self._ended) or process.poll() is None:
                continue
            if self._outlived(host, process):
                continue
            status = process.returncode if process.returncode >= 0 else 128 - process.returncode
            self._ended.append((host, status))
            self._guardian.forget(process.pid)
            if status and self._failed is None:
                self._failed = (host, status)
                if self._kill_at is None:
                    self._end_others(signal.SIGTERM)

    def _outlived(self, host: str, process: subprocess.Popen[bytes]) -> bool:
        """Whether a host that is being stopped has processes beside its own that may still end by themselves."""
        if self._kill_at is None or time.monotonic() >= self._kill_at:
            signal_group(process.pid, signal.SIGKILL)
            return False
        if host not in self._remainders:
            self._remainders.add(host)
            signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-process.pid, os.WNOHANG)[0]:
                pass
        return signal_group(process.pid, 0)

    def _kill(self) -> None:
        """End every process that is left, those that made sessions of their own among them."""
        self._kill_at = time.monotonic()
        for process in self._processes.values():
            signal_group(process.pid, signal.SIGKILL)
        for process in self._processes.values():
            process.wait()
        known = {self._guardian.pid, *(process.pid for process in self._processes.values())}
        while True:
            orphans = [each.pid for each in processes() if each.parent == os.getpid() and each.pid not in known]
            if not orphans:
                return
            for pid in orphans:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)

    def _drain(self) -> None:
        """Pass on what is still in the pipes; nobody writes to them any more."""
        for key in list(self._selector.get_map().values()):
            stream = key.data
            while stream is not None and stream.source.fileno() in self._selector.get_map():
                self._pass_on(stream)
        self._selector.close()
        for process in self._processes.values():
            for source in (process.stdout, process.stderr):
                assert source is not None
                source.close()


def run(commands: List[Command], grace: float, interrupt_after: Optional[float] = None, shared: Sequence[int] = ()) -> Outcome:
    """Run the commands of all hosts side by side until all have ended, or one has failed and the others were stopped.

    Ctrl-C, SIGTERM and SIGHUP are passed on to each host's process. After the grace period, or the second signal, every
    process that is left is killed; also if this process itself is killed.

    Args:
        commands: One for each host.
        grace: Seconds between a signal and SIGKILL. Source of the platform's 120:
            https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
        interrupt_after: Seconds until SIGTERM, as a spot reclaim sends it; None for never.
        shared: Descriptors that each host's process has open as well.

    Returns:
        How it ended.

    Raises:
        BadJobError: If a host cannot be started; those before it are killed.
    """
    return _Run(commands, grace, interrupt_after, shared).run()


def _label(host: str, width: int, number: int, target: TextIO) -> str:
    """What stands before each line of a host: in colour on a terminal, unless NO_COLOR (https://no-color.org) is set."""
    label = f"{host:{width}} |"
    if target.isatty() and not os.environ.get("NO_COLOR"):
        label = f"\x1b[{_COLOURS[number % len(_COLOURS)]}m{label}\x1b[0m"
    return f"{label} "


@contextlib.contextmanager
def _listening() -> Iterator[socket.socket]:
    """A socket that tells each signal by its number; processes whose parents die become this one's."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    before = {number: signal.signal(number, _do_nothing) for number in _LISTENED_TO}
    wakeup = signal.set_wakeup_fd(theirs.fileno())
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield ours
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0)
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        ours.close()
        theirs.close()


def _do_nothing(number: int, frame: Optional[FrameType]) -> None:
    """Python tells the socket of a signal only where it has a handler."""
