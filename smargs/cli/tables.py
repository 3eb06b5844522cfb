"""Tables for people: by rich where it is installed, else lines with tabs."""

from __future__ import annotations

import shutil
import sys
from typing import Optional, Sequence, TextIO

from smargs.container.spelling import printable

# Wider than any content: nothing wraps where no terminal sets a width.
_UNLIMITED = 1 << 30


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], stream: Optional[TextIO] = None) -> None:
    """Print a table: on a terminal no wider than that, elsewhere as wide as its content, without colours.

    Args:
        columns: The names of the columns.
        rows: The cells of each row, shown as they are: no markup. What is not printable is shown escaped.
        stream: Where to print; None for standard output.
    """
    stream = sys.stdout if stream is None else stream
    encoding = stream.encoding or "utf-8"
    lines = [[_printable(cell, encoding) for cell in line] for line in (columns, *rows)]
    try:
        from rich import box, console, table, text
    except ImportError:
        stream.writelines("\t".join(line) + "\n" for line in lines)
        return
    terminal = stream.isatty()
    shown = table.Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in lines[0]:
        shown.add_column(text.Text(name), overflow="fold")
    for line in lines[1:]:
        shown.add_row(*map(text.Text, line))
    # rich would take COLUMNS and FORCE_COLOR for a pipe's, too.
    console.Console(
        file=stream,
        force_terminal=terminal,
        force_jupyter=False,
        color_system="auto" if terminal else None,
        width=shutil.get_terminal_size().columns if terminal else _UNLIMITED,
    ).print(shown)


def _printable(cell: str, encoding: str) -> str:
    """A cell on one line, of what the stream takes: no control characters, which a terminal would obey."""
    return printable(cell).encode(encoding, "backslashreplace").decode(encoding)
