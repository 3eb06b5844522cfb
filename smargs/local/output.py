"""The output of a host: as it is on a terminal, or its lines with the name of the host before each."""

from __future__ import annotations

import codecs
import io
import os
from typing import IO, List, Optional, Sequence, TextIO

from smargs.local.metrics import Metric

RED, GREEN = 31, 32

_COLOURS = (36, 33, GREEN, 35, 34, RED)
_LONGEST_LINE = 1 << 20
_LONGEST_TAIL = 8192
_DECODER = codecs.getincrementaldecoder("utf-8")


class HostOutput:
    """Copies one output stream of a host to a stream of this process.

    Attributes:
        source: The pipe or the terminal that the host writes to.
        target: The stream of this process.
        tail: The last bytes that the host wrote.
    """

    def __init__(self, source: IO[bytes], target: TextIO, label: Optional[str], metrics: Sequence[Metric] = ()) -> None:
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
        self._label = label
        self._metrics = metrics
        self._decoder = _DECODER("replace")
        self._line = io.StringIO()

    def copy(self) -> bool:
        """Copy what is ready; false at the end of the output.

        Raises:
            OSError: If it cannot be written.
        """
        read = self._read()
        self.tail = (self.tail + read)[-_LONGEST_TAIL:]
        lines = self._split(read)
        if self._label is None:
            self._pass(read)
        else:
            self._write(lines, self._label)
        self.target.flush()
        for metric in self._metrics:
            for line in lines:
                metric.search(line)
        return bool(read)

    def _read(self) -> bytes:
        try:
            return os.read(self.source.fileno(), 65536)
        except OSError:
            # Linux reports in this way that no process has the terminal open any more. Source: EIO of read(2).
            return b""

    def _split(self, read: bytes) -> List[str]:
        """Return the lines that have ended. Of a progress bar, whose refreshes end with carriage returns, keep the last one."""
        first, *others = self._decoder.decode(read, final=not read).split("\n")
        self._line.write(first)
        if not (others or not read or self._line.tell() >= _LONGEST_LINE):
            return []
        lines = [self._line.getvalue(), *others]
        self._line = io.StringIO()
        self._line.write(lines.pop() if others else "")
        return [line for line in (each.rstrip("\r").rpartition("\r")[2] for each in lines) if line]

    def _pass(self, read: bytes) -> None:
        self.target.buffer.write(read)
        if not read and not self.tail.endswith(b"\n") and self.tail:
            self.target.buffer.write(b"\n")

    def _write(self, lines: List[str], label: str) -> None:
        encoding = self.target.encoding or "utf-8"
        for line in lines:
            text = line.encode(encoding, "backslashreplace").decode(encoding)
            self.target.write(f"{label}{text}\n")


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
    if not target.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{number}m{text}\x1b[0m"
