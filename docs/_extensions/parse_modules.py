"""The modules that one parse uses, as the text of a diagram: made from the imports and the docstrings of the package."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import Iterator

PACKAGE = Path(__file__).resolve().parents[2] / "smargs"


def rows() -> list[list[str]]:
    """Return the modules of a parse, each in a row above all that it imports."""
    levels: dict[int, list[str]] = {}
    for module in sorted(_reachable("parser")):
        levels.setdefault(_level(module), []).append(module)
    return [levels[level] for level in sorted(levels, reverse=True)]


def diagram() -> str:
    """Return the block of the diagram."""
    lines = (" | ".join(f"{module} = {_idea(module)}" for module in row) for row in rows())
    return "\n".join(["```{diagram} The modules of a parse: each imports only modules of the rows below it", *lines, "```"])


@functools.lru_cache(maxsize=None)
def imports(module: str) -> frozenset[str]:
    """Return the modules of the package that a module imports at its top, where everything is that a parse needs."""
    return frozenset(_imported(_tree(module)))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "smargs":
            inside = (node.module or "").partition(".")[2]
            for alias in node.names:
                name = f"{inside}.{alias.name}".strip(".")
                yield name if _file(name).is_file() else inside


def _reachable(module: str) -> set[str]:
    reached, waiting = set(), [module]
    while waiting:
        reached.add(waiting[-1])
        waiting.extend(imports(waiting.pop()) - reached)
    return reached


@functools.lru_cache(maxsize=None)
def _level(module: str) -> int:
    """Return how many rows are below a module."""
    return max((_level(imported) + 1 for imported in imports(module)), default=0)


def _idea(module: str) -> str:
    """Return the first line of the docstring of a module, without its marks of code."""
    return (ast.get_docstring(_tree(module)) or "").partition("\n")[0].replace("``", "")


def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text(encoding="utf-8"))


def _file(module: str) -> Path:
    return PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
