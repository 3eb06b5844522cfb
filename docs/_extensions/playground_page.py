"""The playground of the site: the files that its page loads, and the examples of other pages that open in it.

A comment ``<!-- playground -->`` before a block of examples adds a link below the block. The link has the example in its
fragment, which a browser keeps to itself.
"""

from __future__ import annotations

import ast
import doctest
import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import quote, urlencode

import configargparse
from page_text import DOCS, ROOT

from smargs import SageMakerEnvironment

PAGE = "playground"
FILES = DOCS / "playground"
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")
"""The files of Pyodide's npm package that a browser loads."""
SIZES = "sizes.json"
"""The file of the sizes in bytes, for the progress bar."""

_MARKED = re.compile(r"^<!-- playground -->\n\n?(```python\n(.*?)^```\n)", re.MULTILINE | re.DOTALL)


def with_links(text: str, page: str) -> str:
    """Return a text of a page with a link below each example that is marked.

    Args:
        text: The text.
        page: The name of the page, with ``/`` between its parts.
    """
    home = "../" * page.count("/")

    def linked(block: re.Match[str]) -> str:
        fragment = urlencode(to_request(block[2]), quote_via=quote)
        return f'{block[1]}\n<p class="playground-link"><a href="{home}{PAGE}.html#{fragment}">Open in the playground</a></p>\n'

    return _MARKED.sub(linked, text)


def examples(text: str) -> Iterator[str]:
    """Yield the marked blocks of examples in a text."""
    for block in _MARKED.finditer(text):
        yield block[2]


def to_request(block: str) -> dict[str, str]:
    """Return the request of a block of examples: the statements before the first parse, and the job of that parse.

    The tokens of the parse and its ``env_vars`` are literals, or names of literals.
    """
    names: dict[str, Any] = {}
    statements = []
    for example in doctest.DocTestParser().get_examples(block):
        (statement,) = ast.parse(example.source).body
        parse = _parse_call(statement)
        if parse:
            tokens = ast.literal_eval(parse.args[0])
            environ = _value(next(keyword.value for keyword in parse.keywords if keyword.arg == "env_vars"), names)
            break
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            names[example.source.partition(" = ")[0]] = ast.literal_eval(statement.value)
        else:
            statements.append(re.sub(r"^( *)_ = ", r"\1", example.source, flags=re.MULTILINE))
    job = SageMakerEnvironment.load(environ)
    return {
        "arguments": "".join(statements),
        "hyperparameters": json.dumps(job.hyperparameters, default=dict),
        "channels": " ".join(job.channels),
        "platform": "toolkit",
        "typed": " ".join(tokens),
    }


def _parse_call(statement: ast.stmt) -> ast.Call | None:
    call = getattr(statement, "value", None)
    is_parse = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "parse_args"
    return call if is_parse else None


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    return names[node.id] if isinstance(node, ast.Name) else ast.literal_eval(node)


def add_links(app: Any, page: str, source: list[str]) -> None:
    """Add the links to the text of a page."""
    source[0] = with_links(source[0], page)


def add_code(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Let the page of the playground, and no other page, load its code."""
    if page == PAGE:
        app.add_js_file("playground/page.js", type="module")
        app.add_css_file("playground/playground.css")


def write_files(app: Any) -> None:
    """Write what the page loads: its code, Pyodide, if npm has installed it, and the packages that Python imports."""
    directory = Path(app.outdir) / "_static" / "playground"
    for file in (*FILES.glob("*.js"), *FILES.glob("*.css")):
        _copy(file, directory)
    pyodide = ROOT / app.config.pyodide
    if pyodide.is_dir():
        for name in PYODIDE:
            _copy(pyodide / name, directory / "pyodide")
        write_packages(directory / "packages.zip")
        fetched = [file for file in directory.rglob("*") if file.suffix in (".wasm", ".zip", ".json") and file.name != SIZES]
        (directory / SIZES).write_text(json.dumps({file.name: file.stat().st_size for file in fetched}), encoding="utf-8")


def write_packages(path: Path) -> None:
    """Write the archive of smargs, of ConfigArgParse and of the Python of the playground."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((ROOT / "smargs").rglob("*.py")):
            archive.write(file, file.relative_to(ROOT))
        for file in (Path(configargparse.__file__), FILES / "playground.py"):
            archive.write(file, file.name)


def _copy(file: Path, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, directory / file.name)


def setup(app: Any) -> dict[str, bool]:
    """Connect the playground with Sphinx. Links are added after the extension that reads the text of a page."""
    app.add_config_value("pyodide", ".venv/wasm/node_modules/pyodide", "html", str)
    app.connect("source-read", add_links, priority=600)
    app.connect("html-page-context", add_code)
    app.connect("builder-inited", write_files)
    return {"parallel_read_safe": True}
