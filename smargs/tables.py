"""Tables for people: aligned columns, no wider than the terminal."""

from __future__ import annotations

import itertools
import shutil
import sys
import unicodedata
from typing import Iterator, List, Optional, Sequence, TextIO

from smargs.texts import printable

_GAP = "  "


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], stream: Optional[TextIO] = None) -> None:
    """Print a table. It is as wide as its content, but no wider than a terminal: there, long cells take several lines.

    Args:
        columns: The names of the columns.
        rows: The cells of each row. Unprintable characters are escaped.
        stream: Where to print; None for standard output.
    """
    stream = sys.stdout if stream is None else stream
    encoding = stream.encoding or "utf-8"
    lines = [[_printable(cell, encoding) for cell in line] for line in (columns, *rows)]
    widths = [max(map(_width, column)) for column in zip(*lines)]
    if stream.isatty():
        widths = _narrow(widths, shutil.get_terminal_size().columns - len(_GAP) * (len(widths) - 1))
    lines.insert(1, ["-" * width for width in widths])
    stream.writelines(f"{text}\n" for line in lines for text in _format(line, widths))


def _narrow(widths: List[int], room: int) -> List[int]:
    """Cut the widest columns to one width, so that all of them fit."""
    widest = max((cap for cap in range(1, room + 1) if sum(min(width, cap) for width in widths) <= room), default=1)
    return [min(width, widest) for width in widths]


def _format(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a row."""
    wrapped = [_wrap(cell, width) for cell, width in zip(cells, widths)]
    for pieces in itertools.zip_longest(*wrapped, fillvalue=""):
        yield _GAP.join(piece + " " * (width - _width(piece)) for piece, width in zip(pieces, widths)).rstrip()


def _wrap(cell: str, width: int) -> List[str]:
    """Cut a cell into pieces of at most this width, after a space if there is one."""
    pieces = []
    while cell:
        piece = cell[:width]
        while _width(piece) > width and len(piece) > 1:
            piece = piece[:-1]
        if len(piece) < len(cell):
            piece = piece[: piece.rfind(" ") + 1] or piece
        pieces.append(piece)
        cell = cell[len(piece) :]
    return pieces


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes. Source: Unicode Standard Annex #11, "East Asian Width"."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF") for each in text)


def _printable(cell: str, encoding: str) -> str:
    """Return a cell on one line, in characters of the encoding, and without control characters for the terminal."""
    return printable(cell).encode(encoding, "backslashreplace").decode(encoding)
