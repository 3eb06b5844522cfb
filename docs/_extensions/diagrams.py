"""Diagrams, drawn from the text of a page as HTML: a column of boxes, with an arrow from each row to the next.

A row is a line of a block ``{diagram}``. ``|`` separates its boxes. A box is a name, or ``name = text``; in parentheses it is
what acts on the row above. The browser needs no script and no font, and the words remain words: they wrap, and can be searched.
"""

from __future__ import annotations

import re
from html import escape
from typing import NamedTuple

BLOCK = re.compile(r"^```\{diagram\} (?P<caption>.+)\n(?P<rows>(?:.+\n)+)```\n", re.MULTILINE)


class Box(NamedTuple):
    """A box of a diagram: a name, perhaps with a text, and whether it acts."""

    name: str
    text: str
    acts: bool


def rows(text: str) -> list[list[Box]]:
    """Return the rows of a diagram, from top to bottom."""
    return [[_box(part.strip()) for part in line.split(" | ")] for line in text.splitlines()]


def _box(text: str) -> Box:
    if text.startswith("(") and text.endswith(")"):
        return Box(text[1:-1], "", True)
    name, _, value = text.partition(" = ")
    return Box(name, value, False)


def draw(block: re.Match[str]) -> str:
    """Return a diagram as HTML. A row of it is an item of a list, so that a screen reader says the order."""
    caption = escape(block["caption"])
    items = "\n".join(f"<li>{''.join(map(_drawn, row))}</li>" for row in rows(block["rows"]))
    return f'<figure class="diagram">\n<figcaption>{caption}</figcaption>\n<ol>\n{items}\n</ol>\n</figure>\n'


def _drawn(box: Box) -> str:
    name, text = escape(box.name), escape(box.text)
    if box.acts:
        return f'<p class="acts"><em>{name}</em></p>'
    return f"<p><strong>{name}</strong>{f' <span>{text}</span>' if text else ''}</p>"
