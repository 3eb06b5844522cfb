"""The page "Check hyperparameters before the launch": its commands and examples give what it shows."""

import doctest
import os
import re
import subprocess
import sys

import pytest
from paths import ROOT

pytestmark = pytest.mark.needs_process

PAGE = ROOT / "docs" / "check.md"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with the modules of the page."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.fspath(ROOT))
    for source in blocks("python"):
        name = re.match(r"# (\w+\.py)\n", source)
        if name:
            (tmp_path / name.group(1)).write_text(source, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("shown", blocks("console"))
def test_a_command_of_the_page_prints_what_the_page_shows(shown):
    line, _, output = shown.partition("\n")
    command = line.replace("$ smargs", f"{sys.executable} -m smargs")
    done = subprocess.run(command.split(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    # Newer Pythons write choices without quotes.
    assert done.stdout.replace("adam, sgd", "'adam', 'sgd'") == output
    assert done.returncode == (2 if "error:" in output else 0)


@pytest.mark.usefixtures("here")
def test_the_examples_in_python_give_what_the_page_shows():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert (failed, tried) == (0, 3)


def test_the_page_lists_every_option(here):
    command = [sys.executable, "-m", "smargs", "check", "--help"]
    help_text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=here).stdout
    options = set(re.findall(r"^  (-\w|--[\w-]+)", help_text, re.MULTILINE)) - {"-h"}
    assert options == set(re.findall(r"^\| `(-\w|--[\w-]+) ?", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
