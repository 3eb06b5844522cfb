"""The messages that the package can show, collected from its code.

A message is what is raised, warned of, passed to a parser's ``error``, recorded as a problem of a source, or printed on
standard error. ``...`` stands for each part of a message that is known only when it is shown.
"""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Set

import smargs

HOUSE = Path(smargs.__file__).parent
NOT_FOR_USERS = {"AttributeError", "KeyboardInterrupt", "OSError"}
"""Exceptions for Python or for the package itself."""

WITHOUT_CHANGE = {"encodable", "mask_text", "one_line", "printable", "str"}
"""Functions that return the message that they receive."""

MAKERS = {"no_channel_taken", "piped_channel", "pipeline_variable", "unpacked_model", "find_differences", "empty_shards"}
"""Functions whose messages other functions show."""


class Message(NamedTuple):
    """A message, or the code of a message that is made elsewhere, and where it is."""

    module: str
    text: Optional[str]
    code: str


def collect() -> Iterator[Message]:
    """The messages of all modules."""
    package = Package()
    for module, function in package.definitions:
        for node in own_nodes(function):
            shown = shown_by(node, function)
            if shown is not None:
                for text in package.texts(shown, function):
                    is_known = not text.startswith("?")
                    yield Message(module, fold(text) if is_known else None, ast.dump(shown) if is_known else text[1:])


def fold(text: str) -> str:
    """A message with one ``...`` for parts that follow each other, on one line."""
    return re.sub(r"(\.\.\.){2,}", "...", " ".join(text.split()))


class Package:
    """The functions of the package."""

    def __init__(self) -> None:
        self.definitions = [
            (path.relative_to(HOUSE).as_posix(), node)
            for path in sorted(HOUSE.rglob("*.py"))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef)
        ]
        self.named: Dict[str, List[ast.FunctionDef]] = {}
        for _, function in self.definitions:
            self.named.setdefault(function.name, []).append(function)

    def texts(self, node: ast.expr, function: ast.FunctionDef, depth: int = 0) -> Set[str]:
        """The texts that an expression in a function can have; a text that begins with ``?`` is made elsewhere."""
        if isinstance(node, ast.Constant):
            return {str(node.value)} - {"None"}
        if isinstance(node, ast.JoinedStr):
            parts = [{part.value} if isinstance(part, ast.Constant) else self._part(part, function) for part in node.values]
            return {"".join(each) for each in itertools.product(*parts)}
        if isinstance(node, ast.IfExp):
            return self.texts(node.body, function, depth) | self.texts(node.orelse, function, depth)
        if depth < 4 and isinstance(node, (ast.Call, ast.Name)):
            texts = self._called(node, function, depth) if isinstance(node, ast.Call) else self._assigned(node, function, depth)
            if texts:
                return texts
        return {f"?{getattr(node, 'id', getattr(node, 'attr', type(node).__name__))}"}

    def _part(self, part: ast.FormattedValue, function: ast.FunctionDef) -> Set[str]:
        """The texts of a part of a text: those of a variable that has only constants, else ``...``."""
        texts = self._assigned(part.value, function, 4) if isinstance(part.value, ast.Name) else set()
        return texts if texts and not any(text.startswith("?") for text in texts) else {"..."}

    def _called(self, node: ast.Call, function: ast.FunctionDef, depth: int) -> Set[str]:
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in WITHOUT_CHANGE and node.args:
            return self.texts(node.args[0], function, depth + 1)
        returned = [
            (called, each.value)
            for called in self.named.get(name, [])
            for each in own_nodes(called)
            if isinstance(each, ast.Return) and each.value is not None
        ]
        return {text for called, value in returned for text in self.texts(value, called, depth + 1)}

    def _assigned(self, node: ast.Name, function: ast.FunctionDef, depth: int) -> Set[str]:
        assigned = [each.value for each in own_nodes(function) if isinstance(each, ast.Assign) and is_target(each, node.id)]
        return {text for value in assigned for text in self.texts(value, function, depth + 1)}


def is_target(assignment: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in assignment.targets)


def own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function, without those of the functions in it."""
    nodes = list(ast.iter_child_nodes(function))
    while nodes:
        node = nodes.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            nodes.extend(ast.iter_child_nodes(node))


def shown_by(node: ast.AST, function: ast.FunctionDef) -> Optional[ast.expr]:
    """The message that a statement or a call shows."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        return node.value if getattr(node.targets[0].value, "attr", "") == "problems" else None
    if isinstance(node, (ast.Return, ast.Yield)) and (function.name in MAKERS or function.name.endswith("_problems")):
        return node.value
    if isinstance(node, ast.Call) and node.args:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name[:1].isupper() and name.endswith(("Error", "InvalidArgument")):
            return node.args[-1] if name not in NOT_FOR_USERS else None
        to_stderr = any(keyword.arg == "file" and getattr(keyword.value, "attr", "") == "stderr" for keyword in node.keywords)
        is_recorded = name == "append" and getattr(getattr(node.func, "value", None), "attr", "").endswith("problems")
        return node.args[0] if name in ("error", "warn", "_refuse") or is_recorded or (name == "print" and to_stderr) else None
    return None
