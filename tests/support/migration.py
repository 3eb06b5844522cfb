"""The page "Migration": pairs of scripts, each before a change and after it."""

import os
import re
import subprocess
import sys

from pages import DOCS

from smargs.testing import SageMakerJob

PAGE = DOCS / "migration.md"
SENT = {"epochs": 3, "fp16": True, "layers": [256, 128], "optimizer": {"lr": 0.5, "name": "sgd"}, "precision": "bf16"}
"""The hyperparameters of the job, as far as a script names them."""

_SCRIPT = r"\n\n```python\n(.*?)^```\n"
_PAIR = re.compile(rf"^Before:{_SCRIPT}\nAfter:{_SCRIPT}", re.MULTILINE | re.DOTALL)


def pairs():
    """The text of the script before the change and of the one after it, by the heading of their section."""
    for section in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        for before, after in _PAIR.findall(section):
            yield section.partition("\n")[0], (before, after)


PAIRS = dict(pairs())


def printed_in_job(text, platform, directory):
    """What a script prints on the first of two hosts."""
    directory.mkdir()
    (directory / "data").mkdir()
    (directory / "train.py").write_text(text, encoding="utf-8")
    sent = {name: value for name, value in SENT.items() if re.search(rf"\b{name}\b", text)}
    channels = {"train": os.fspath(directory / "data")}
    job = SageMakerJob(sent, channels, platform=platform, hosts=2, directory=directory / "job")
    finished = job.run(directory / "train.py", timeout=120)
    assert finished.status == "Completed", finished.output
    return re.findall(r"^algo-1 \| (\d.*)$", finished.output, re.MULTILINE)


def run_off_sagemaker(text, directory):
    """The finished process of a script, with nothing set."""
    directory.mkdir()
    (directory / "train.py").write_text(text, encoding="utf-8")
    return subprocess.run([sys.executable, "train.py"], cwd=directory, capture_output=True, text=True, timeout=120, check=False)


def check(section, directory, platform="toolkit"):
    """Fail unless both scripts of a section print the same in a job, and the one after the change everywhere else, too."""
    before, after = PAIRS[section]
    (line,) = printed_in_job(before, platform, directory / "before")
    assert line.startswith("3 "), line
    for each in ("toolkit", "toolkit-unquoted", "sdk", "files"):
        assert printed_in_job(after, each, directory / each) == [line], each
    finished = run_off_sagemaker(after, directory / "laptop")
    assert (finished.returncode, finished.stdout[:3]) == (0, "10 "), finished.stderr
