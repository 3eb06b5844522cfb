"""Each code block of each page runs, also on a new page."""

import doctest
import re
import sys
from pathlib import Path

import pytest
from pages import PAGES, blocks, changed, follow, name_of, runs_in
from paths import ROOT

from smargs import parser as parser_module
from smargs.testing import SageMakerJob

HYPERPARAMETERS = {"epochs": 20, "fp16": False, "train_batch_size": 8, "layers": [256, 128]}
HERE = [page for page in PAGES if not runs_in(page)]
BLOCKS = [block for page in HERE for block in blocks(page)]
DIRECTIVES = {"{include}", "{toctree}", "{eval-rst}", "{from-code}", "{diagram}", "{raw}"}
SHOWN = {"text", "diff", "json", "toml", "yaml", "ini", *DIRECTIVES}
"""The languages of blocks that are not code of their own."""


def of_pages(pages):
    return pytest.mark.parametrize("page", [pytest.param(page, id=name_of(page)) for page in pages])


@pytest.mark.parametrize("block", [pytest.param(block, id=f"{name_of(block.page)}:{block.line}") for block in BLOCKS])
def test_a_block_runs_or_is_no_code(block):
    if block.elsewhere:
        assert (ROOT / block.elsewhere).is_file(), f"{block.elsewhere} is missing"
    elif block.language == "console" and not block.name:
        assert re.match(r"\$ ", block.text), "a session begins with a command after $"
    elif not block.name:
        assert block.language in {*SHOWN, "python", "setup"}, "write commands as console, with $ before each"
        assert not re.search(r"^\$ ", block.text, re.MULTILINE), "write a session as console"


def test_each_script_of_a_page_is_used_by_a_command_or_by_another_file():
    for file in (block for block in BLOCKS if block.is_file and block.language == "python"):
        users = [block for block in blocks(file.page) if block != file and (block.is_session or block.is_file)]
        assert any(re.search(rf"\b{Path(file.name).stem}\b", user.text) for user in users), f"{file.name} is not used"


@of_pages(page for page in PAGES if runs_in(page))
def test_a_page_that_runs_in_another_test_names_it(page):
    assert (ROOT / runs_in(page)).is_file(), f"{runs_in(page)} is missing"


def test_a_block_of_changes_replaces_lines_that_the_file_has_once(tmp_path):
    file = tmp_path / "train.py"
    file.write_text("import os\n\nprint(1)\nprint(2)\nprint(2)\n")

    assert changed(file, " import os\n+import sys\n@@\n-print(1)\n") == "import os\nimport sys\n\nprint(2)\nprint(2)\n"
    for absent in ("-import re\n+import sys\n", "-print(2)\n"):
        with pytest.raises(AssertionError, match=r"train\.py has these lines [02] times"):
            changed(file, absent)


@pytest.mark.slow
@pytest.mark.needs_process
@of_pages(page for page in HERE if any(block.is_session for block in blocks(page)))
def test_the_commands_of_a_page_print_what_it_shows(page, tmp_path):
    follow(page, tmp_path)


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=f"{name_of(block.page)}:{block.line}") for block in BLOCKS if block.is_script]
)
def test_a_script_on_a_page_runs_in_a_job(block, sagemaker_job):
    sent = {name: value for name, value in HYPERPARAMETERS.items() if name in block.text.replace("-", "_")}
    with sagemaker_job(sent, ["train"], hosts=2):
        exec(compile(block.text, "train.py", "exec"), {"__name__": "__main__"})


@pytest.fixture
def job(monkeypatch):
    """The job that the examples run in."""
    for name, text in SageMakerJob(HYPERPARAMETERS, ["train"], hosts=2).environ.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("SM_NUM_GPUS", "0")
    monkeypatch.setattr(sys, "argv", ["train.py"])


def has_examples(page):
    return any(block.language == "python" and not block.name and ">>>" in block.text for block in blocks(page))


@pytest.mark.usefixtures("job")
@of_pages(page for page in HERE if has_examples(page))
def test_the_examples_on_a_page_give_what_they_show(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(page), module_relative=False)

    assert tried > 0
    assert failed == 0


def test_the_example_in_the_docstring_gives_what_it_shows():
    assert doctest.testmod(parser_module).failed == 0
    assert doctest.testmod(parser_module).attempted > 0
