"""The text of a page as the site has it: with the files that it includes, what is made from the code, and diagrams."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import diagrams
from from_code import PARTS

DOCS = Path(__file__).resolve().parent.parent
ROOT = DOCS.parent

_INCLUDE = re.compile(r"^```\{include\} (\S+)\n```\n", re.MULTILINE)
_FROM_CODE = re.compile(r"^```\{from-code\} (\S+)\n```\n", re.MULTILINE)
_PICTURE = re.compile(r'<picture>\n<source [^\n]* srcset="(\S+)">\n<img alt="([^"]*)" src="(\S+)">\n</picture>\n')
_LAST_LINE = re.compile(r"\n\n+( *```\n)")
"""The empty line that ends the last example of a block for doctest."""
_LINK = re.compile(r"(\]\()(?![a-z]+:|#)([^)\s#]+)")


def pages_of_files() -> dict[Path, Path]:
    """Return the page of each file outside `docs/` that a page includes."""
    pages = {}
    for page in sorted(DOCS.rglob("*.md")):
        for file in _INCLUDE.findall(page.read_text(encoding="utf-8")):
            pages[(page.parent / file).resolve()] = page
    return pages


def read_page(page: Path) -> str:
    """Return the text of a page. A link to a file outside `docs/` becomes a link to the page that includes the file."""
    text = with_links(page.read_text(encoding="utf-8"), page, page)
    text = _INCLUDE.sub(lambda include: _included(page, (page.parent / include.group(1)).resolve()), text)
    text = _LAST_LINE.sub(r"\n\1", text)
    text = _FROM_CODE.sub(lambda part: f"{PARTS[part.group(1)]()}\n", text)
    return diagrams.BLOCK.sub(diagrams.draw, text)


def _included(page: Path, file: Path) -> str:
    return with_links(file.read_text(encoding="utf-8"), file, page)


def with_links(text: str, file: Path, page: Path) -> str:
    """Return a text of a file with its relative links as a page needs them."""
    pages = pages_of_files()

    def linked(link: re.Match[str]) -> str:
        target = (file.parent / link.group(2)).resolve()
        return link.group(1) + Path(os.path.relpath(pages.get(target, target), page.parent)).as_posix()

    # GitHub shows the picture of the reader's system, and the theme of the site the picture of its own scheme.
    images = _PICTURE.sub(r"![\2](\3){.only-light}\n![\2](\1){.only-dark}\n", text)
    return _LINK.sub(linked, images)


def setup(app: Any) -> dict[str, bool]:
    """Give Sphinx the text of each page."""
    app.connect("source-read", lambda app, name, source: source.__setitem__(0, read_page(Path(app.env.doc2path(name)))))
    return {"parallel_read_safe": True}
