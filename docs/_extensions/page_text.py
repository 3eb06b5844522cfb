"""The pages of the repository in the built docs: files outside `docs/` that a page includes, and links to them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent
ROOT = DOCS.parent

_INCLUDE = re.compile(r"^```\{include\} (\S+)\n(?::end-before: (.+)\n)?```\n", re.MULTILINE)
_LINK = re.compile(r"(\]\()(?![a-z]+:|#)([^)\s#]+)")


def pages_of_files() -> dict[Path, Path]:
    """Return the page of each file outside `docs/` that a page includes."""
    pages = {}
    for page in sorted(DOCS.rglob("*.md")):
        for include in _INCLUDE.finditer(page.read_text(encoding="utf-8")):
            pages[(page.parent / include.group(1)).resolve()] = page
    return pages


def read_page(page: Path) -> str:
    """Return the text of a page with the files that it includes, and with each link to a file as a link to that file's page."""
    text = with_links(page.read_text(encoding="utf-8"), page, page)
    return _INCLUDE.sub(lambda include: _included(page, include), text)


def _included(page: Path, include: re.Match[str]) -> str:
    file = (page.parent / include.group(1)).resolve()
    text = file.read_text(encoding="utf-8")
    if include.group(2):
        text = text.partition(include.group(2))[0]
    return with_links(text, file, page)


def with_links(text: str, file: Path, page: Path) -> str:
    """Return a text of a file with its relative links as a page needs them."""
    pages = pages_of_files()

    def linked(link: re.Match[str]) -> str:
        target = (file.parent / link.group(2)).resolve()
        return link.group(1) + Path(os.path.relpath(pages.get(target, target), page.parent)).as_posix()

    return _LINK.sub(linked, text)


def setup(app: Any) -> dict[str, bool]:
    """Read each page with its included files."""
    app.connect("source-read", lambda app, name, source: source.__setitem__(0, read_page(Path(app.env.doc2path(name)))))
    return {"parallel_read_safe": True}
