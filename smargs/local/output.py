"""The output of a host: its lines, each with the name of the host before it."""

from __future__ import annotations

import codecs
import io
import os
from typing import IO, List, TextIO

RED, GREEN = 31, 32

_COLOURS = (36, 33, GREEN, 35, 34, RED)
_LONGEST_LINE = 1 << 20
_LONGEST_TAIL = 8192
_DECODER = codecs.getincrementaldecoder("utf-8")


class HostOutput:
    """Copies the lines of one output stream of a host to a stream of this process.

    Attributes:
        source: The pipe from the host.
        target: The stream of this process.
        tail: The last bytes that the host wrote.
    """

    def __init__(self, source: IO[bytes], target: TextIO, label: str) -> None:
        self.source = source
        self.target = target
        self.tail = b""
        self._label = label
        self._decoder = _DECODER("replace")
        self._line = io.StringIO()

    def copy(self) -> bool:
        """Copy the lines that are ready; false at the end of the output.

        Raises:
            OSError: If they cannot be written.
        """
        read = os.read(self.source.fileno(), 65536)
        self.tail = (self.tail + read)[-_LONGEST_TAIL:]
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
