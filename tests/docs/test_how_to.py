"""The how-to pages do what they say, on the platform of AWS's framework containers and on that of SDK v3."""

import json
import sys
from importlib.util import find_spec

import pytest
from pages import DOCS, blocks, commands, follow, run, runs_in
from paths import ROOT

PAGES = {page.stem: page for page in sorted((DOCS / "how-to").glob("*.md"))}
THIS = "tests/docs/test_how_to.py"
NEEDS = {"scikit-learn": "sklearn", "tensorflow": "numpy", "xgboost": "numpy"}
"""What has no stand-in, and is installed on one Python alone: scikit-learn, which brings numpy."""


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_its_script_off_sagemaker_and_in_a_job(page):
    typed = [command for command, _ in commands(PAGES[page])]
    assert any(command.startswith("python ") for command in typed)
    assert any(command.startswith("smargs run ") for command in typed)


@pytest.mark.parametrize("page", PAGES)
def test_each_block_of_a_page_is_a_file_or_has_commands_with_their_output(page):
    for block in blocks(PAGES[page]):
        assert block.is_file or block.is_session, block
    assert all(shown.strip() for typed, shown in commands(PAGES[page]) if typed.startswith("smargs "))


@pytest.mark.slow
@pytest.mark.needs_process
@pytest.mark.parametrize("page", [name for name, page in PAGES.items() if runs_in(page) == THIS])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_a_page_shows_what_its_commands_print(page, platform, tmp_path):
    if page in NEEDS and find_spec(NEEDS[page]) is None:
        pytest.skip(f"{NEEDS[page]} is not installed")
    follow(PAGES[page], tmp_path, platform)


@pytest.mark.parametrize("page", [name for name, page in PAGES.items() if runs_in(page) != THIS])
def test_a_page_that_needs_more_packages_runs_in_the_suite_that_has_them(page):
    assert f'"{page}"' in (ROOT / runs_in(PAGES[page])).read_text(encoding="utf-8")


@pytest.mark.needs_process
def test_an_ide_starts_the_script_in_a_job(tmp_path):
    files = {block.name: block.text for block in blocks(PAGES["debugging"]) if block.is_file}
    (configuration,) = json.loads(files[".vscode/launch.json"])["configurations"]
    directory = tmp_path / "code"
    directory.mkdir()
    (directory / "train.py").write_text(files["train.py"], encoding="utf-8")
    arguments = " ".join(argument.replace("${file}", "train.py") for argument in configuration["args"])

    finished = run(f"{sys.executable} -m {configuration['module']} {arguments}", directory)

    assert (finished.returncode, "3 epochs, loss 0.125" in finished.stdout) == (0, True), finished.stdout
