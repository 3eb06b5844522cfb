"""The pages of the docs and their code blocks.

A page is a directory of files and the commands that a reader types in it:

- A code block below a line that has only a file name, such as ``train.py`` and a colon, is that file. A block ``diff`` there
  changes the file as it stands; ``@@`` is between two changes.
- A block ``console`` has commands after ``$``, each with its output. ``...`` stands for any text in a line, and for any lines
  where it is alone. Without output, a command may print anything. A command fails exactly if its output shows an error. What
  follows ``(Pdb)`` is typed, as a debugger asks for it.
- A block ``python`` is a script, or has examples after ``>>>``.
- A comment ``<!-- setup`` has commands that the page does not show.
- A comment ``<!-- runs in FILE -->`` names the test that runs the next block, or the whole page if it is the page's first line.
- A comment ``<!-- playground -->`` adds a link to the next block of examples in the site, which opens it in the playground.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Iterator, NamedTuple, Optional, Tuple

from paths import ROOT, TESTS

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "tests").glob("*/README.md")])
FOLDERS = {DOCS / "how-to": "tests/docs/test_how_to.py"}
"""The test that runs all pages of a folder."""
STAND_INS = TESTS / "docs" / "stand_ins"
"""A folder for each package that a page uses and that may be missing here, with a module in its place."""
SERVICES = ["boto3"]
"""Stand-ins that are used even where the package is installed, because the package needs a service."""

_RUNS_IN = r"<!-- runs in (?P<elsewhere>[\w./-]+) -->\n"
_STEP = re.compile(
    rf"^(?P<indent> *)(?:{_RUNS_IN}\n?(?P=indent))?(?:`(?P<name>[\w./-]+)`:\n\n(?P=indent))?"
    r"```(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$"
    r"|^<!-- setup\n(?P<setup>.*?)^-->$",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*\n)((?:(?!\$ ).*\n)*)", re.MULTILINE)
_ANSWER = re.compile(r"^\(Pdb\) (.*)\n?", re.MULTILINE)
_ERROR = re.compile(r"[Ee]rror: |Failed|Interrupted|MaxRuntime|Stopped")


class Block(NamedTuple):
    """A code block, or the commands of a comment ``setup``."""

    page: Path
    line: int
    language: str
    text: str
    name: Optional[str]
    elsewhere: Optional[str]

    @property
    def is_file(self) -> bool:
        """Whether the block is a file that the page's commands use."""
        return self.name is not None and self.elsewhere is None

    @property
    def is_script(self) -> bool:
        """Whether the block is a script that no command runs."""
        return self.language == "python" and not self.name and not self.elsewhere and ">>>" not in self.text

    @property
    def is_session(self) -> bool:
        """Whether the block has commands."""
        return self.language in ("console", "setup") and not self.name and not self.elsewhere


def runs_in(page: Path) -> Optional[str]:
    """The test that runs a whole page; None for a page that is run as every page."""
    first = re.match(_RUNS_IN, page.read_text(encoding="utf-8"))
    return first["elsewhere"] if first else FOLDERS.get(page.parent)


def blocks(page: Path) -> Iterator[Block]:
    """The code blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    for step in _STEP.finditer(text):
        line = text.count("\n", 0, step.end() if step["setup"] is None else step.start())
        language = "setup" if step["setup"] is not None else step["language"].partition(" ")[0]
        content = re.sub(rf"^{step['indent'] or ''}", "", step["setup"] or step["text"] or "", flags=re.MULTILINE)
        yield Block(page, line, language, content, step["name"], step["elsewhere"])


def name_of(page: Path) -> str:
    """The name of a page in the repository."""
    return page.relative_to(ROOT).as_posix()


def commands(page: Path) -> Iterator[Tuple[str, str]]:
    """The commands of a page that it shows, each with its output."""
    for block in blocks(page):
        if block.is_session and block.language == "console":
            yield from _COMMAND.findall(block.text)


def follow(page: Path, directory: Path, platform: Optional[str] = None) -> None:
    """Do in a directory what a page says, and compare what the commands print.

    Args:
        page: The page.
        directory: A directory, for the files of the page and for the reader's home.
        platform: The platform of the jobs of commands that name none, if it is not the usual one.
    """
    code = directory / "code"
    code.mkdir()
    for block in blocks(page):
        if block.is_file:
            path = code / str(block.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(changed(path, block.text) if block.language == "diff" else block.text, encoding="utf-8")
        elif block.language == "setup" and block.is_session:
            run(block.text, code)
        elif block.is_session:
            for typed, shown in _COMMAND.findall(block.text):
                command = _on_platform(typed, platform)
                answers = "".join(f"{answer}\n" for answer in _ANSWER.findall(shown))
                compare(command, _ANSWER.sub("(Pdb) ", shown), run(command, code, answers))


def changed(path: Path, changes: str) -> str:
    """The text of a file after the changes of a block ``diff``. The lines that a change replaces must be there once."""
    text = path.read_text(encoding="utf-8")
    for change in re.split(r"^@@\n", changes, flags=re.MULTILINE):
        lines = change.splitlines(keepends=True)
        old, new = ("".join(line[1:] or line for line in lines if line[0] != sign) for sign in "+-")
        assert text.count(old) == 1, f"{path.name} has these lines {text.count(old)} times:\n{old}"
        text = text.replace(old, new)
    return text


def _on_platform(command: str, platform: Optional[str]) -> str:
    if platform is None or "--platform" in command:
        return command
    return command.replace("smargs run ", f"smargs run --platform {platform} ")


def run(command: str, directory: Path, answers: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in bash, with this Python, the package and a home directory beside this directory."""
    home = directory.parent
    tools = home / ".tools"
    if not tools.exists():
        tools.mkdir()
        for name, arguments in (("python", ""), ("smargs", "-m smargs "), ("pytest", "-m pytest -p no:cacheprovider ")):
            (tools / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments}"$@"\n', encoding="utf-8")
            (tools / name).chmod(0o755)
    packages = [ROOT, *(path for path in sorted(STAND_INS.iterdir()) if path.name in SERVICES or find_spec(path.name) is None)]
    variables = {
        **os.environ,
        "PATH": os.pathsep.join((os.fspath(tools), os.fspath(Path(sys.executable).parent), os.environ["PATH"])),
        "PYTHONPATH": os.pathsep.join(map(os.fspath, packages)),
        "HOME": os.fspath(home),
        "COLUMNS": "100",
    }
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=directory,
        env=variables,
        input=answers,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )


def compare(typed: str, shown: str, finished: subprocess.CompletedProcess[str]) -> None:
    """Fail if a command printed something else than the page shows, or if its exit status contradicts it."""
    printed = finished.stdout
    expected = "".join(map(_expression, shown.splitlines())) if shown.strip() else r"(?:.*\n)*"
    assert re.fullmatch(expected, "".join(f"{_folded(line)}\n" for line in printed.splitlines())), (
        f"$ {typed}{printed}\n--- the page shows:\n{shown}"
    )
    fails = _ERROR.search(shown) is not None
    assert (finished.returncode != 0) == fails, f"exit status {finished.returncode}: $ {typed}{finished.stdout}"


def _folded(line: str) -> str:
    """A line without the width of its columns."""
    return re.sub("-{3,}", "---", " ".join(line.split()))


def _expression(line: str) -> str:
    """The regular expression of a line that a page shows."""
    if line == "...":
        return r"(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in _folded(line).split("...")) + r"\n"
