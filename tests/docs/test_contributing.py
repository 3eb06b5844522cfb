"""The statements of the pages for contributors are true, and the files that the explanations name exist."""

import importlib.util
import re
import shutil
import subprocess
import sys

import parse_modules
import pytest
from from_code import PARTS
from pages import DOCS, blocks
from paths import ROOT, TESTS

import smargs

PAGES = sorted([*(DOCS / "contributing").glob("*.md"), *(DOCS / "explanation").glob("*.md")])
INSIDE = DOCS / "contributing" / "inside.md"
ROWS = [[box.partition(" = ")[0] for box in line.split(" | ")] for line in PARTS["parse"]().splitlines()[1:-1]]
LEVELS = {name: level for level, row in enumerate(ROWS) for name in row}


def house():
    """The module with the rooms."""
    spec = importlib.util.spec_from_file_location("house", TESTS / "test_house.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.needs_process
def test_the_diagram_has_the_modules_that_a_parse_in_a_job_imports():
    script = (
        "import sys\n"
        "from smargs import SageMakerArgumentParser\n"
        "parser = SageMakerArgumentParser()\n"
        "parser.add_argument('--epochs', type=int)\n"
        "assert parser.parse_args([], env_vars={'SM_HP_EPOCHS': '3'}).epochs == 3\n"
        "print(*(name for name in sys.modules if name.startswith('smargs.')))\n"
    )
    printed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    modules = {name.partition(".")[2] for name in printed.split()} - {"arguments", "container"}

    assert modules == LEVELS.keys()


def test_each_module_of_the_diagram_imports_only_modules_below_it():
    """The imports are those that the test of the rooms finds, which is written apart from the diagram."""
    rooms = house()
    trees = dict(rooms.modules())
    for name, level in LEVELS.items():
        for room in {room for room in rooms.imports(trees[name]) if room in LEVELS} - {name}:
            assert LEVELS[room] > level, f"{name} imports {room}"


def test_each_row_of_the_diagram_imports_a_module_of_the_next_row():
    for row, below in zip(ROWS, ROWS[1:]):
        assert all(parse_modules.imports(name) & set(below) for name in row), row


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in PAGES])
def test_the_files_that_a_page_names_exist_and_have_what_it_says(page):
    text = " ".join(page.read_text(encoding="utf-8").split())
    for file in re.findall(r"`((?:smargs|tests)/[\w./-]+)`", text):
        assert (ROOT / file).exists(), file
    for names, file in re.findall(r"((?:`\w+`(?:, | and )?)+) in `((?:smargs|tests)/[\w./-]+\.py)`", text):
        source = (ROOT / file).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"^ *(?:def |class )?{name}\b", source, re.MULTILINE), f"{name} in {file}"


def test_the_map_of_the_modules_names_each_module_and_folder_of_the_package():
    rows = (DOCS / "contributing" / "modules.md").read_text(encoding="utf-8").partition("| --- |")[2]
    named = re.findall(r"`([\w/]+(?:\.py|/))`", rows)
    rooms = {name.partition(".")[0] for row in house().ROOMS for name in row if not name.startswith("__")}

    assert [name for name in named if not (ROOT / "smargs" / name).exists()] == []
    assert sorted(rooms - {re.match(r"\w+", name)[0] for name in named}) == []


@pytest.mark.needs_process
def test_a_new_row_of_the_catalogue_is_a_variable_that_fills_arguments(tmp_path):
    (row,) = (block.text for block in blocks(INSIDE) if block.language == "python")
    shutil.copytree(ROOT / "smargs", tmp_path / "smargs", ignore=shutil.ignore_patterns("__pycache__"))
    catalogue = tmp_path / "smargs" / "container" / "variables.py"
    source = catalogue.read_text(encoding="utf-8")
    begin = "VARIABLES: Tuple[Variable, ...] = (\n"
    assert begin in source
    catalogue.write_text(source.replace(begin, f"{begin}    {row.strip()},\n"), encoding="utf-8")
    script = (
        "from smargs import SageMakerArgumentParser, SageMakerEnvironment\n"
        "job = {'SM_QUEUE_URL': 'https://queue'}\n"
        "parser = SageMakerArgumentParser()\n"
        "parser.add_argument('--queue-url')\n"
        "print(parser.parse_args([], env_vars=job).queue_url, SageMakerEnvironment.load(job).queue_url)\n"
    )

    printed = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True).stdout

    assert printed == "https://queue https://queue\n"


def test_the_changelog_begins_with_the_version_of_the_package():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(r"^## (.+)$", changelog, re.MULTILINE)[1]

    assert re.fullmatch(rf"{re.escape(smargs.__version__)}, (unreleased|\d{{4}}-\d\d-\d\d)", heading)
