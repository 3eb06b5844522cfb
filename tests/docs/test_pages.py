"""The statements of the pages about the package are true."""

import argparse
import contextlib
import enum
import io
import json
import os
import re
import sys

import pytest
from declarations import with_types
from pages import blocks
from paths import ROOT

from smargs import SageMakerArgumentParser
from smargs.secrets.names import DESCRIBING, ENDINGS, VARIABLE
from smargs.testing import SageMakerJob

README = ROOT / "README.md"
SECRETS_PAGE = ROOT / "docs" / "secrets.md"
HYPERPARAMETERS = {"epochs": 20, "fp16": False, "train_batch_size": 8, "layers": [256, 128]}
SCRIPTS = [block.text for block in blocks(README) if block.language == "python"]


def shown(page, words):
    """The block `text` of a page that has these words."""
    (text,) = (block.text for block in blocks(page) if block.language == "text" and words in block.text)
    return text


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


def test_the_readmes_before_and_after_differ_as_it_says(run_in_job):
    before, after = (script for script in SCRIPTS if "--train-batch-size" in script)

    _, values = run_in_job(before)
    assert values["fp16"] is True
    assert values["layers"] == list("[256, 128]")
    assert values["train_batch_size"] == 32
    assert values["training"] is None
    job, values = run_in_job(after)
    assert values == {
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
    first, before, after = SCRIPTS

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
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("train.py: error: ")]

    assert shown(README, "error:").splitlines() == errors


def test_every_test_that_holds_a_guarantee_is_there():
    pages = "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("guarantees*.md")))
    lines = re.findall(r"^\| (?!---|guaranteed)(.+) \| (.+) \|$", pages, re.MULTILINE)
    assert len(lines) > 60
    for guarantee, tests in lines:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tests)
        assert named, guarantee
        for file, test in named:
            assert f"\ndef {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"


class Color(enum.Enum):
    """The Enum of the page of differences."""

    RED = "red"
    BLUE = 2


NAMES = {"Color": Color, "json": json, "BooleanOptionalAction": getattr(argparse, "BooleanOptionalAction", None)}


def mended():
    """Each row of the table of what is mended: the declaration, the value, how it is sent, and the expected result."""
    page = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    section = page.partition("## What is mended")[2].partition("\n## ")[0]
    for declared, value, sent, plain, mended in re.findall(
        r"^\| `(.+)` \| `(.+)`(, sent as text)? \| (.+) \| `(.+)` \|$", section, re.MULTILINE
    ):
        yield pytest.param(declared, value, bool(sent), plain.strip("`"), mended, id=f"{declared}: {value}")


def value_in_job(parser_class, declared, job):
    """The value of the only argument in a job; ``error`` if the parser refuses it."""
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


def texts_of_platforms():
    """Each cell of the table of texts: the value, the platform and the text."""
    page = (ROOT / "docs" / "values.md").read_text(encoding="utf-8")
    section = page.partition("# What a value becomes")[2].partition("\n## ")[0]
    for value, toolkit, sdk in re.findall(r"^\| `(.+?)`.* \| `(.+)` \| `(.+)` \|$", section, re.MULTILINE):
        for platform, text in (("toolkit", toolkit), ("files", toolkit), ("sdk", sdk)):
            yield pytest.param(json.loads(value), platform, text, id=f"{value} of {platform}")


@pytest.mark.parametrize(("value", "platform", "text"), [*texts_of_platforms()])
def test_an_argument_receives_the_text_of_the_table_as_with_argparse(value, platform, text):
    job = SageMakerJob({"opt": value}, platform=platform)

    assert value_in_job(SageMakerArgumentParser, "type=lambda text: text", job) == text
    if platform != "files":  # There is no command line.
        assert value_in_job(argparse.ArgumentParser, "type=lambda text: text", job) == text


def test_the_table_of_what_is_mended_has_a_row_for_each_type_and_action():
    declared = [row.values[0] for row in mended()]
    for kind in ("bool", "list", "tuple", "set", "dict", "store_true", "count", "append", "extend", "nargs", "default"):
        assert any(kind in each for each in declared), kind


def test_the_page_of_secrets_lists_what_else_a_name_shows():
    page = " ".join(SECRETS_PAGE.read_text(encoding="utf-8").split())
    *first, last = (f"`{word}`" for word in DESCRIBING.split())

    assert f"{', '.join(first)} or {last}" in page
    assert all(f"`{ending}`" in page for ending in ENDINGS)
    assert f"`{VARIABLE}`" in page
