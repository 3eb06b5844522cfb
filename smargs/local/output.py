"""The output of a host: as it is on a terminal, or its lines with the name of the host before each."""

from __future__ import annotations

import codecs
import os
import re
from typing import IO, List, Optional, Sequence, TextIO

from smargs.local.metrics import Metric

RED, GREEN = 31, 32

_COLOURS = (36, 33, GREEN, 35, 34, RED)
_LONGEST_LINE = 1 << 21
_LONGEST_CHARACTER = 4
_LONGEST_TAIL = 8192
_READ = 1 << 16
_EMPTY_LINES = re.compile(rb"^\n", re.MULTILINE)
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
        self._encoding = codecs.lookup(target.encoding or "utf-8").name
        self._unfinished: List[bytes] = []
        self._length = 0

    def copy(self) -> bool:
        """Copy what is ready; false at the end of the output.

        Raises:
            OSError: If it cannot be written.
        """
        read = self._read()
        self.tail = (self.tail + read[-_LONGEST_TAIL:])[-_LONGEST_TAIL:]
        lines = self._take_lines(read)
        if self._label is None:
            self._pass(read)
        elif lines:
            self._write(lines, self._label)
        self.target.flush()
        if self._metrics:
            self._search(lines)
        return bool(read)

    def _read(self) -> bytes:
        try:
            return os.read(self.source.fileno(), _READ)
        except OSError:
            # Linux reports in this way that no process has the terminal open any more. Source: EIO of read(2).
            return b""

    def _take_lines(self, read: bytes) -> bytes:
        """Return the lines that have ended, each with its newline. The end of the output ends the last line."""
        end = read.rfind(b"\n") + 1
        self._unfinished.append(read[end:])
        self._length += len(read) - end
        if end:
            *before, rest = self._unfinished
            self._unfinished, self._length = [rest], len(rest)
            return b"".join([*before, read[:end]])
        if read and self._length < _LONGEST_LINE:
            return b""
        line = b"".join(self._unfinished)
        decoder = _DECODER("replace")
        decoder.decode(line[-_LONGEST_CHARACTER:])
        # The first bytes of a character that is not complete.
        rest = decoder.getstate()[0] if read else b""
        self._unfinished, self._length = [rest], len(rest)
        return line[: len(line) - len(rest)] + b"\n"

    def _pass(self, read: bytes) -> None:
        self.target.buffer.write(read)
        if not read and not self.tail.endswith(b"\n") and self.tail:
            self.target.buffer.write(b"\n")

    def _write(self, lines: bytes, label: str) -> None:
        """Write lines with the label before each, but no empty line."""
        text = self._encode(_last_refreshes(lines))
        if text:
            start = label.encode(self._encoding, "backslashreplace")
            self.target.buffer.write(start)
            self.target.buffer.write(memoryview(text.replace(b"\n", b"\n" + start))[: -len(start)])

    def _encode(self, lines: bytes) -> bytes:
        """Return UTF-8 in the encoding of the target. Bytes that are no text stay as they are if that is UTF-8."""
        if self._encoding == "utf-8" or lines.isascii():
            return lines
        return lines.decode("utf-8", "replace").encode(self._encoding, "backslashreplace")

    def _search(self, lines: bytes) -> None:
        for line in _last_refreshes(lines).decode("utf-8", "replace").split("\n"):
            for metric in self._metrics:
                metric.search(line)


def _last_refreshes(lines: bytes) -> bytes:
    """Return lines that are not empty. Of a progress bar, whose refreshes end with carriage returns, keep the last one."""
    if b"\r" in lines:
        lines = b"\n".join([line.rstrip(b"\r").rpartition(b"\r")[2] for line in lines.split(b"\n")])
    # In one long line, a search for two newlines would take longer than all else.
    is_one = 0 < lines.find(b"\n") == len(lines) - 1
    return lines if is_one or b"\n\n" not in b"\n" + lines else _EMPTY_LINES.sub(b"", lines)


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
