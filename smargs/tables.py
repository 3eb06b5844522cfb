"""Tables for people: formatted by rich if it is installed, otherwise cells separated by tabs."""

from __future__ import annotations

import shutil
import sys
from typing import List, Optional, Sequence, TextIO

from smargs.texts import printable

# Wider than any content, so that nothing wraps if no terminal sets a width.
_UNLIMITED = 1 << 30


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], stream: Optional[TextIO] = None) -> None:
    """Print a table. A terminal limits its width and shows colours; any other stream has neither.

    Args:
        columns: The names of the columns.
        rows: The cells of each row. They are printed as they are, not as markup; unprintable characters are escaped.
        stream: Where to print; None for standard output.
    """
    stream = sys.stdout if stream is None else stream
    encoding = stream.encoding or "utf-8"
    lines = [[_printable(cell, encoding) for cell in line] for line in (columns, *rows)]
    try:
        _print_with_rich(lines, stream)
    except ImportError:
        stream.writelines("\t".join(line) + "\n" for line in lines)


def _print_with_rich(lines: Sequence[List[str]], stream: TextIO) -> None:
    """Print lines of cells, the first of them the header.

    Raises:
        ImportError: If rich is not installed.
    """
    # Imported here, because rich is optional.
    from rich import box, console, table, text

    formatted = table.Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in lines[0]:
        formatted.add_column(text.Text(name), overflow="fold")
    for line in lines[1:]:
        formatted.add_row(*map(text.Text, line))
    is_terminal = stream.isatty()
    # Explicit, because rich would apply COLUMNS and FORCE_COLOR to a pipe as well.
    console.Console(
        file=stream,
        force_terminal=is_terminal,
        force_jupyter=False,
        color_system="auto" if is_terminal else None,
        width=shutil.get_terminal_size().columns if is_terminal else _UNLIMITED,
    ).print(formatted)


def _printable(cell: str, encoding: str) -> str:
    """Return a cell on one line, in characters of the encoding, and without control characters for the terminal."""
    return printable(cell).encode(encoding, "backslashreplace").decode(encoding)
