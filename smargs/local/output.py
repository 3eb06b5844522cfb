"""The output of a host: unchanged if the host is alone, else its lines with the name of the host before each."""

from __future__ import annotations

import codecs
import os
import sys
from io import RawIOBase
from typing import NamedTuple, Optional, Sequence, TextIO, Union

from smargs.local.metrics import Metric
from smargs.local.system import HAS_COLOURS, write_pieces
from smargs.local.terminals import copy_size

RED, GREEN = 31, 32

_COLOURS = (36, 33, GREEN, 35, 34, RED)
_LONGEST_LINE = 1 << 21
_LONGEST_CHARACTER = 4
_LONGEST_TAIL = 8192
_LONGEST_READ = 1 << 20
_DECODER = codecs.getincrementaldecoder("utf-8")


class Lines(NamedTuple):
    """Lines of a stream, without the newline of the last one. Two parts, so that a long line need not be copied.

    Attributes:
        start: What was read before, which has no newline.
        rest: What was read last.
    """

    start: Union[bytes, memoryview]
    rest: bytes


class _LineBuffer:
    """The bytes of a stream from the start of its unfinished line.

    It uses one block of memory for all reads. To fetch memory from the system for each read would take most of the time.
    """

    def __init__(self) -> None:
        self._bytes = bytearray(_LONGEST_LINE + _LONGEST_READ)
        self._view = memoryview(self._bytes)
        # Where the last read started and stopped, and where the lines that were taken end.
        self._start = self._stop = self._end = 0

    def read(self, source: RawIOBase) -> memoryview:
        """Remove the lines that were taken, read what is ready, and return it; empty at the end of the stream."""
        rest = self._view[self._end : self._stop]
        self._start, self._end = len(rest), 0
        self._view[: self._start] = rest
        self._stop = self._start + self._read_into(source, self._view[self._start :])
        return self._view[self._start : self._stop]

    @staticmethod
    def _read_into(source: RawIOBase, view: memoryview) -> int:
        try:
            return source.readinto(view) or 0
        except OSError:
            # Linux reports in this way that no process has the terminal open any more. Source: EIO of read(2).
            return 0

    def take_lines(self) -> Optional[Lines]:
        """Return the lines that have ended; None if there are none."""
        self._end = self._find_end()
        end = self._end - self._bytes.endswith(b"\n", 0, self._end)
        start = min(self._start, end)
        return Lines(self._view[:start], bytes(self._view[start:end])) if self._end else None

    def take_all(self) -> None:
        """Take what was read, whether its lines have ended or not."""
        self._end = self._stop

    def contains(self, byte: bytes) -> bool:
        """Whether a byte is in the lines that were taken."""
        return self._bytes.find(byte, 0, self._end) >= 0

    def _find_end(self) -> int:
        """Return where the last line ends; 0 if none has ended. A line also ends with the stream, or if it is too long."""
        end = self._bytes.rfind(b"\n", self._start, self._stop) + 1
        if end or self._start == self._stop:
            return end or self._stop
        if self._stop < _LONGEST_LINE:
            return 0
        decoder = _DECODER("replace")
        decoder.decode(self._view[self._stop - _LONGEST_CHARACTER : self._stop])
        # The first bytes of an incomplete character belong to the next line.
        return self._stop - len(decoder.getstate()[0])


class HostOutput:
    """Copies one output stream of a host to a stream of this process.

    Attributes:
        source: The pipe or the terminal that the host writes to.
        target: The stream of this process.
        tail: The last bytes that the host wrote.
    """

    def __init__(self, source: RawIOBase, target: TextIO, label: Optional[str], metrics: Sequence[Metric] = ()) -> None:
        """Prepare to copy.

        Args:
            source: The pipe or the terminal that the host writes to.
            target: The stream of this process.
            label: The text before each line; None to copy the bytes as they are.
            metrics: The metrics that are searched in each line.
        """
        self.source = source
        self.target = target
        self.tail = b""
        self._encoding = codecs.lookup(target.encoding or "utf-8").name
        self._label = None if label is None else label.encode(self._encoding, "backslashreplace")
        self._metrics = metrics
        self._buffer = _LineBuffer()
        self._is_binary = False

    def copy(self) -> bool:
        """Copy what is ready; false at the end of the output.

        Raises:
            OSError: If it cannot be written.
        """
        read = self._buffer.read(self.source)
        self.tail = (self.tail + read[-_LONGEST_TAIL:])[-_LONGEST_TAIL:]
        lines = self._take_lines()
        if self._label is None:
            self._pass(read)
        elif lines:
            self._write(lines, self._label)
        self.target.flush()
        if self._metrics and lines:
            self._search(b"".join(lines))
        return bool(read)

    def resize(self) -> None:
        """Give the host's terminal the size that the terminal of this process has now, if both are terminals."""
        if self.source.isatty() and self.target.isatty():
            copy_size(self.target, self.source.fileno())

    def _take_lines(self) -> Optional[Lines]:
        if self._label or self._metrics:
            return self._buffer.take_lines()
        self._buffer.take_all()
        return None

    def _pass(self, read: memoryview) -> None:
        self.target.buffer.write(read)
        if not read and self._precedes_last_line() and self.tail and not self.tail.endswith(b"\n"):
            self.target.buffer.write(b"\n")

    def _precedes_last_line(self) -> bool:
        """Whether ``smargs`` prints its last line to the same stream. Any other stream gets only what the host has written."""
        return self.target is sys.stderr or self.target.isatty()

    def _write(self, lines: Lines, label: bytes) -> None:
        """Write lines with the label before each."""
        start, rest = self._encode(lines)
        pieces = (label, start, rest.replace(b"\n", b"\n" + label), b"\n")
        self.target.flush()
        written = write_pieces(self.target.fileno(), pieces)
        if written < sum(map(len, pieces)):
            self.target.buffer.write(b"".join(pieces)[written:])

    def _encode(self, lines: Lines) -> Lines:
        """Return lines of UTF-8 in the encoding of the target. Binary data stays unchanged if that encoding is UTF-8."""
        # Data with a null byte is not text, so a carriage return in it is not the end of a progress bar's refresh.
        self._is_binary = self._is_binary or self._buffer.contains(b"\0")
        if self._buffer.contains(b"\r") and not self._is_binary:
            lines = Lines(b"", _last_refreshes(b"".join(lines)))
        if self._encoding == "utf-8":
            return lines
        return Lines(b"", b"".join(lines).decode("utf-8", "replace").encode(self._encoding, "backslashreplace"))

    def _search(self, lines: bytes) -> None:
        for line in _last_refreshes(lines).decode("utf-8", "replace").split("\n"):
            for metric in self._metrics:
                metric.search(line)


def _last_refreshes(lines: bytes) -> bytes:
    """Return lines without all but the last refresh of a progress bar. Refreshes end with carriage returns."""
    if b"\r" not in lines:
        return lines
    return b"\n".join([line.rstrip(b"\r").rpartition(b"\r")[2] for line in lines.split(b"\n")])


def make_label(host: str, width: int, number: int, target: TextIO) -> str:
    """Return the text before each line of a host, in a colour of its own on a terminal.

    Args:
        host: The name of the host.
        width: The width of the longest name.
        number: The number of the host, which selects its colour.
        target: The stream that the lines are written to.
    """
    return colour(f"{host:{width}} |", _COLOURS[number % len(_COLOURS)], target) + " "


def colour(text: str, number: int, target: TextIO) -> str:
    """Return a text in a colour if it is for a terminal, unless NO_COLOR is set.

    Source: https://no-color.org

    Args:
        text: The text.
        number: The number of the colour. Source: ECMA-48, "SGR - Select Graphic Rendition".
        target: The stream that the text is written to.
    """
    if not (HAS_COLOURS and target.isatty()) or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{number}m{text}\x1b[0m"
