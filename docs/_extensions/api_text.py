"""The text between a parameter and what it is: without smart quotes, Sphinx shows its two hyphens."""

from __future__ import annotations

from typing import Any

from docutils import nodes

_SPHINX = " -- "


def replace_hyphens(app: Any, tree: nodes.document) -> None:
    """Replace the two hyphens by a colon."""
    for text in [text for text in tree.findall(nodes.Text) if text == _SPHINX]:
        text.parent.replace(text, nodes.Text(": "))


def setup(app: Any) -> dict[str, bool]:
    """Change each page after Sphinx has read it."""
    app.connect("doctree-read", replace_hyphens)
    return {"parallel_read_safe": True}
