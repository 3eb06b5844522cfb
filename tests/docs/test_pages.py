"""The docs: every code block runs, and the page of variables is the catalogue."""

import argparse
import contextlib
import doctest
import enum
import io
import json
import os
import re
import sys

import pytest
from declarations import with_types
from paths import ROOT

from smargs import SageMakerArgumentParser
from smargs import parser as parser_module
from smargs.container.variables import VARIABLES, fold
from smargs.secrets.names import DESCRIBING, ENDINGS, RULES, VARIABLE
from smargs.secrets.shapes import SHAPES
from smargs.testing import SageMakerJob

PAGES = [
    ROOT / name
    for name in (
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "docs/rules.md",
        "docs/config-files.md",
        "docs/secrets.md",
        "docs/guarantees.md",
        "docs/hyperparameters.md",
    )
]
PACKAGES_PAGE = ROOT / "docs" / "packages.md"  # Its code needs the packages, so tests/ecosystem/ runs it.
UNMODIFIED_PAGE = ROOT / "docs" / "unmodified.md"  # Its code runs another script, so test_patch.py runs it.
LAUNCH_PAGE = ROOT / "docs" / "launch.md"  # Its blocks are a project, so test_launch_page.py makes it and runs its commands.
LOCAL_PAGE = ROOT / "docs" / "local.md"
TESTING_PAGE = ROOT / "docs" / "testing.md"  # Its code is a project of its own, so test_testing_page.py runs it.
CHECK_PAGE = ROOT / "docs" / "check.md"  # Its commands run a script of its own, so test_check_page.py runs them.
VARIABLES_PAGE = ROOT / "docs" / "variables.md"
SECRETS_PAGE = ROOT / "docs" / "secrets.md"
HYPERPARAMETERS = {"epochs": 20, "fp16": False, "train_batch_size": 8, "layers": [256, 128]}
PLATFORMS = {"toolkit": "toolkit", "sdk": "SDK v3"}


def blocks(language):
    """Each code block of a language, with the page and the line that it is on."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in re.finditer(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield pytest.param(found.group(1), id=f"{page.name}:{text.count(chr(10), 0, found.start()) + 1}")


@pytest.fixture
def run_in_job(sagemaker_job):
    """Run a script in a job with those of the hyperparameters that it declares; give the job and the script's arguments."""

    def run(source):
        sent = {name: value for name, value in HYPERPARAMETERS.items() if name in source.replace("-", "_")}
        names = {}
        with sagemaker_job(sent, ["train"], hosts=2) as job:
            exec(compile(source, "train.py", "exec"), names)
        return job, vars(names["args"])

    return run


# What is a test of a script, test_testing_page.py runs.
SCRIPTS = [block for block in blocks("python") if ">>>" not in block.values[0] and "def test_" not in block.values[0]]


@pytest.mark.parametrize("source", SCRIPTS)
def test_a_script_in_the_docs_runs_in_a_job(run_in_job, source):
    assert run_in_job(source)[1]["layers"]


def test_the_readmes_before_and_after_differ_as_it_says(run_in_job):
    before, after = (block.values[0] for block in SCRIPTS if "--train-batch-size" in block.values[0])

    _, found = run_in_job(before)
    assert found["fp16"] is True
    assert found["layers"] == list("[256, 128]")
    assert found["train_batch_size"] == 32
    assert found["training"] is None
    job, found = run_in_job(after)
    assert found == {
        "train_batch_size": 8,
        "fp16": False,
        "layers": [256, 128],
        "hosts": ["algo-1", "algo-2"],
        "num_gpus": int(job.environ["SM_NUM_GPUS"]),
        "model_dir": str(job.model_dir),
        "training": str(job.path / "input" / "data" / "train"),
    }


def test_the_readmes_scripts_run_off_sagemaker_as_it_says(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train.py"])
    for name in [name for name in os.environ if name.startswith("SM_")]:
        monkeypatch.delenv(name)
    first, before, after = (block.values[0] for block in SCRIPTS if block.id.startswith("README.md"))

    with pytest.raises(KeyError):
        exec(compile(before, "train.py", "exec"), {})
    for source, expected in (
        (first, {"learning_rate": 0.1, "train": "data/train", "model_dir": "model", "hosts": ["localhost"]}),
        (after, {"num_gpus": 0, "training": "data/train", "model_dir": "model", "hosts": ["localhost"]}),
    ):
        names = {}
        exec(compile(source, "train.py", "exec"), names)
        values = vars(names["args"])
        assert {name: values[name] for name in expected} == expected
        assert None not in values.values()


def test_the_readmes_errors_are_what_a_script_says(capsys):
    job = SageMakerJob(channels=["train", "images"]).environ
    for environ in ({**job, "SM_HP_EPOCHS": "many"}, {**job, "SM_HP_EPOCH": "3"}, job):
        parser = SageMakerArgumentParser(prog="train.py")
        parser.add_argument("--epochs", type=int)
        parser.add_argument("--labels", required=environ is job)
        with pytest.raises(SystemExit):
            parser.parse_args([], env_vars=environ)
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("train.py: error: ")]

    assert [block.values[0].splitlines() for block in blocks("text") if "error:" in block.values[0]] == [said]


def test_the_readmes_help_is_what_a_script_shows(monkeypatch):
    (shown,) = (block.values[0] for block in blocks("text") if "--help" in block.values[0])
    monkeypatch.setenv("COLUMNS", "100")
    for name, text in SageMakerJob({"epochs": 20}, ["train"]).environ.items():
        monkeypatch.setenv(name, text)
    names = {}
    exec(compile(SCRIPTS[0].values[0].partition("args =")[0], "train.py", "exec"), names)

    lines = names["parser"].format_help().splitlines()
    assert set(shown.splitlines()[1:-1]) <= set(lines)


@pytest.fixture
def job(monkeypatch):
    """The job that the README's examples run in."""
    for name, text in SageMakerJob(HYPERPARAMETERS, ["train"], hosts=2).environ.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("SM_NUM_GPUS", "0")
    monkeypatch.setattr(sys, "argv", ["train.py"])


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize(
    "page", [page for page in PAGES if ">>>" in page.read_text(encoding="utf-8")], ids=lambda page: page.name
)
def test_the_examples_on_a_page_give_what_they_show(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(page), module_relative=False)

    assert tried > 0
    assert failed == 0


def test_the_example_in_the_docstring_gives_what_it_shows():
    assert doctest.testmod(parser_module).failed == 0
    assert doctest.testmod(parser_module).attempted > 0


def test_every_link_to_a_file_leads_somewhere():
    for page in (*PAGES, PACKAGES_PAGE, UNMODIFIED_PAGE, LOCAL_PAGE, TESTING_PAGE, CHECK_PAGE, LAUNCH_PAGE, VARIABLES_PAGE):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_test_that_holds_a_guarantee_is_there():
    page = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (?!---|guaranteed)(.+) \| (.+) \|$", page, re.MULTILINE)
    assert len(lines) > 20
    for guarantee, tests in lines:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tests)
        assert named, guarantee
        for file, test in named:
            assert f"\ndef {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"


class Color(enum.Enum):
    """The Enum of the page of rules."""

    RED = "red"
    BLUE = 2


NAMES = {"Color": Color, "json": json, "BooleanOptionalAction": getattr(argparse, "BooleanOptionalAction", None)}


def mended():
    """Each row of the table of what is mended: the declaration, the value, how it is sent, and what is to come of it."""
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    section = page.partition("### What is mended")[2].partition("\n### ")[0]
    for declared, value, sent, plain, mended in re.findall(
        r"^\| `(.+)` \| `(.+)`(, sent as text)? \| (.+) \| `(.+)` \|$", section, re.MULTILINE
    ):
        yield pytest.param(declared, value, bool(sent), plain.strip("`"), mended, id=f"{declared}: {value}")


def value_in_job(parser_class, declared, job):
    """What a parser makes of the one argument in a job; ``error`` where it refuses it."""
    parser = parser_class()
    eval(f'parser.add_argument("--opt", {declared})', {**NAMES, "parser": parser})
    with job, contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        return parser.parse_args().opt
    return "error"


@pytest.mark.parametrize(
    ("declared", "value", "is_sent_as_text", "by_argparse", "by_smargs"),
    [row for row in mended() if sys.version_info >= (3, 9) or "BooleanOptionalAction" not in row.values[0]],
)
def test_what_is_mended_is_what_the_table_says(declared, value, is_sent_as_text, by_argparse, by_smargs):
    job = SageMakerJob({"opt": value if is_sent_as_text else eval(value)}, plain=is_sent_as_text)
    expected = by_argparse if by_argparse == "error" else eval(by_argparse)

    assert with_types(value_in_job(argparse.ArgumentParser, declared, job)) == with_types(expected)
    assert with_types(value_in_job(SageMakerArgumentParser, declared, job)) == with_types(eval(by_smargs, NAMES))


def test_the_table_of_what_is_mended_has_a_row_for_each_type_and_action():
    declared = [row.values[0] for row in mended()]
    for kind in ("bool", "list", "tuple", "set", "dict", "store_true", "count", "append", "extend", "nargs", "default"):
        assert any(kind in each for each in declared), kind


def variables_page():
    """The page of variables, made from the catalogue."""
    lines = [
        "# The variables",
        "",
        "These are the environment variables of a training container that smargs knows. An argument with one of the names in",
        "the last column takes the variable's value (`-` equals `_`). `SageMakerEnvironment` has an attribute for each",
        "variable: the first name, without `sm_` or `training_`. The terms *toolkit*, *SDK v3*, *host* and *channel* are",
        "explained in [What SageMaker passes to a script](words.md).",
        "",
        "Besides these, `SM_HP_<NAME>` has the value of a hyperparameter, and `SM_CHANNEL_<NAME>` the directory of a channel.",
        "",
        "| variable | what it is | kind | set by | without it | names of arguments |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for variable in VARIABLES:
        place = ""
        if variable.file:
            place = " of ".join(f"`{part}`" for part in reversed(variable.file) if part)
        elif variable.from_hosts:
            place = "from `SM_HOSTS`"
        if variable.directory:
            directory = f"`/opt/ml/{variable.directory}`{' if it exists' if variable.if_exists else ''}"
            place = f"{place}, else {directory}" if place else directory
        names = [fold(variable.name), *([variable.attribute] if variable.by_name else []), *variable.aliases]
        lines.append(
            f"| `{variable.name}` | {variable.doc} | {variable.kind} | "
            f"{', '.join(PLATFORMS[platform] for platform in variable.platforms) or 'no platform'} | {place} | "
            f"{', '.join(f'`{name}`' for name in names)} |"
        )
    return "\n".join([*lines, ""])


def test_the_page_of_variables_is_the_catalogue():
    assert VARIABLES_PAGE.read_text(encoding="utf-8") == variables_page()


def words_of(text):
    return ", ".join(f"`{word}`" for word in text.split())


def table_of_names():
    """The words of secrets' names, made from the table in the code."""
    lines = ["| words | are secret | but not beside |", "| --- | --- | --- |"]
    for rule in RULES:
        beside = "beside any word" if rule.beside is None else f"beside {words_of(rule.beside)}"
        condition = f"alone, and {beside}" if rule.alone else beside
        lines.append(f"| {words_of(rule.words)} | {condition} | {words_of(rule.unless)} |")
    return "\n".join(lines)


def table_of_shapes():
    """The shapes of secrets, made from the table in the code."""
    lines = ["| what | begins with or contains |", "| --- | --- |"]
    lines += [f"| {shape.what} | {', '.join(f'`{text}`' for text in shape.begins.split(', '))} |" for shape in SHAPES]
    return "\n".join(lines)


TABLES_OF_SECRETS = {"names": table_of_names, "shapes": table_of_shapes}


def with_table(page, name, table):
    """A page with a table below a comment that names it."""
    return re.sub(rf"(<!-- {name} -->\n)(?:\n\|(?:.|\n\|)*\n)?", lambda match: f"{match.group(1)}\n{table}\n", page)


@pytest.mark.parametrize("name", TABLES_OF_SECRETS)
def test_the_tables_on_the_page_of_secrets_are_those_of_the_code(name):
    page = SECRETS_PAGE.read_text(encoding="utf-8")

    assert f"<!-- {name} -->\n\n{TABLES_OF_SECRETS[name]()}\n\n" in page


def test_the_page_of_secrets_lists_what_else_a_name_shows():
    page = " ".join(SECRETS_PAGE.read_text(encoding="utf-8").split())
    *first, last = (f"`{word}`" for word in DESCRIBING.split())

    assert f"{', '.join(first)} or {last}" in page
    assert all(f"`{ending}`" in page for ending in ENDINGS)
    assert f"`{VARIABLE}`" in page


if __name__ == "__main__":
    VARIABLES_PAGE.write_text(variables_page(), encoding="utf-8")
    secrets_page = SECRETS_PAGE.read_text(encoding="utf-8")
    for each, make_table in TABLES_OF_SECRETS.items():
        secrets_page = with_table(secrets_page, each, make_table())
    SECRETS_PAGE.write_text(secrets_page, encoding="utf-8")
