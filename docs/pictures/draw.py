"""Draw the pictures of a terminal from real runs: `python docs/pictures/draw.py`; with `--check`, compare them with the files.

The script is the first one of the README, in a job of the training toolkit: as it is, and with argparse in place of smargs.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from smargs.testing import SageMakerJob

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

COLUMNS = 88
HYPERPARAMETERS = {"epochs": 20, "learning-rate": 0.03, "layers": [256, 128], "augment": False}
JOB = SageMakerJob(HYPERPARAMETERS, ["train"], hosts=2)

# The paper, the ink, and two colours for marks: red and blue, which are numbers 1 and 4 of a terminal's colours.
SCHEMES = {
    "light": ((250, 250, 250), (36, 36, 36), (176, 30, 30), (0, 82, 163)),
    "dark": ((26, 28, 31), (222, 222, 222), (255, 138, 128), (130, 190, 255)),
}
THEMES = {
    name: TerminalTheme(paper, ink, [ink, red, ink, ink, blue, ink, ink, ink])
    for name, (paper, ink, red, blue) in SCHEMES.items()
}
# The source of a value, and an error.
MARKS = {r"from SM_[\w-]+": "blue", r"error: .*": "red"}


def script(parser: str) -> str:
    """Return the first script of the README with the class of a parser."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    source = re.search(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert source
    return source.group(1).replace("from smargs import SageMakerArgumentParser as ArgumentParser", parser)


def run(parser: str, *arguments: str) -> Text:
    """Run the script in the job, and return what a terminal shows."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "train.py").write_text(script(parser), encoding="utf-8")
        finished = subprocess.run(
            [sys.executable, "train.py", *arguments],
            cwd=directory,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": str(COLUMNS), **JOB.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
    shown = Text(f"$ python train.py {shlex.join(arguments)}\n", style="bold")
    shown.append(Text(finished.stdout.rstrip("\n"), style="not bold"))
    for pattern, colour in MARKS.items():
        shown.highlight_regex(pattern, colour)
    return shown


def draw(name: str, title: str, shown: Text) -> Iterator[tuple[Path, str]]:
    """Draw a picture for each scheme."""
    for scheme, theme in THEMES.items():
        console = Console(record=True, width=COLUMNS + 2, file=io.StringIO(), force_terminal=True, color_system="truecolor")
        console.print(shown, highlight=False, soft_wrap=True)
        drawn = console.export_svg(title=title, theme=theme, unique_id=f"{name}-{scheme}")
        # rich asks another site for its font. Every reader has a font of a fixed width.
        yield HERE / f"{name}-{scheme}.svg", re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


def pictures() -> Iterator[tuple[Path, str]]:
    """Draw all pictures."""
    smargs = run("from smargs import SageMakerArgumentParser as ArgumentParser", "--help")
    yield from draw("help", "In a training job, with smargs", smargs)
    yield from draw(
        "argparse", "In the same training job, with argparse", run("from argparse import ArgumentParser", *JOB.argv)
    )


def main() -> None:
    """Write the pictures, or say which of them are out of date."""
    outdated = [path for path, drawn in pictures() if not path.exists() or path.read_text(encoding="utf-8") != drawn]
    if sys.argv[1:] == ["--check"]:
        if outdated:
            sys.exit(f"out of date: {', '.join(path.name for path in outdated)}; run python docs/pictures/draw.py")
        return
    for path, drawn in pictures():
        path.write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
