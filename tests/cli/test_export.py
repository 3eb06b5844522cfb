"""The command ``smargs export``: the script describes itself in a process of its own."""

import json
import os

import pytest
from paths import ROOT

from smargs.cli import main as cli

pytestmark = pytest.mark.needs_process

SCRIPT = """
import pathlib
from smargs import SageMakerArgumentParser
print("not a part of the result")
parser = SageMakerArgumentParser(description="Train.")
parser.add_argument("--epochs", type=int, default=10, bounds=(1, 100))
parser.add_argument("--layers", nargs="+", type=int)
parser.add_argument("--train", required=True)
parser.add_argument("--images")
parser.add_argument("--pin", secret=True)
args = parser.parse_args()
pathlib.Path("trained").touch()
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.fspath(ROOT))
    (tmp_path / "train.py").write_text(SCRIPT)
    yield tmp_path
    assert not (tmp_path / "trained").exists()


def exported(capsys, *tokens):
    """The JSON that the command prints. It prints nothing else."""
    assert cli.main(["export", *tokens]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return json.loads(output.out)


def refused(capsys, *tokens):
    """The lines that the command prints instead of a result."""
    assert cli.main(["export", *tokens]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    lines = output.err.splitlines()
    assert all(line.startswith("smargs export: error: ") for line in lines)
    return [line[len("smargs export: error: ") :] for line in lines]


def test_a_script_is_described_as_an_algorithm(capsys):
    epochs, layers, images, pin = exported(capsys, "train.py", "--format", "algorithm")

    assert epochs == {
        "Name": "epochs",
        "Type": "Integer",
        "IsTunable": True,
        "IsRequired": False,
        "Range": {"IntegerParameterRangeSpecification": {"MinValue": "1", "MaxValue": "100"}},
        "DefaultValue": "10",
    }
    assert [each["Name"] for each in (layers, images, pin)] == ["layers", "images", "pin"]


def test_a_channel_that_is_named_fills_its_argument(capsys):
    description = exported(capsys, "train.py", "--format", "algorithm", "--channel", "images=s3://bucket/images")

    assert [each["Name"] for each in description] == ["epochs", "layers", "pin"]


def test_a_script_is_described_by_a_json_schema(capsys):
    schema = exported(capsys, "train.py", "--format", "json-schema")

    assert (schema["title"], schema["description"]) == ("train.py", "Train.")
    assert schema["properties"]["epochs"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}


def test_the_hyperparameters_of_a_job_are_the_texts_that_boto3_sends(capsys, here):
    (here / "more.json").write_text('{"epochs": 3, "layers": [1]}')
    job = ("train.py", "--format", "boto3", "--channel", "train=s3://b/k", "--hyperparameters", "more.json")

    assert exported(capsys, *job, "-p", "layers=[256,128]", "-p", "sagemaker_program=train.py") == {
        "epochs": "3",
        "layers": "[256, 128]",
        "sagemaker_program": "train.py",
    }
    assert exported(capsys, *job[:5]) == {}


def test_each_problem_of_a_job_is_a_line(capsys):
    lines = refused(capsys, "train.py", "--format", "boto3", "-p", "epochs=0", "-p", "layer=1")

    assert len(lines) == 3
    assert "argument --epochs: invalid value: 0 (expected 1 to 100)" in lines
    assert "unrecognized hyperparameter: layer (did you mean --layers?)" in lines
    assert any(line.startswith("argument --train: required, but missing") for line in lines)


def test_a_secret_is_not_exported(capsys):
    (line,) = refused(capsys, "train.py", "--format", "boto3", "--channel", "train", "-p", "pin=471147")

    assert line.startswith("hyperparameter pin looks like a secret")
    assert "471147" not in line


def test_a_warning_of_the_script_goes_to_standard_error(capsys, here):
    (here / "train.py").write_text(
        "import warnings\nfrom smargs import SageMakerArgumentParser as P\np = P()\n"
        "p.add_argument('--epochs', type=lambda text: warnings.warn('old') or int(text))\np.parse_args()\n"
    )

    assert cli.main(["export", "train.py", "--format", "boto3", "-p", "epochs=3"]) == 0
    assert capsys.readouterr() == ('{\n  "epochs": "3"\n}\n', "smargs export: warning: old\n")


def test_hyperparameters_belong_to_the_format_of_boto3(capsys):
    for tokens, name in (
        (("-p", "epochs=3"), "-p"),
        (("--hyperparameters", "x.json"), "--hyperparameters"),
        (("--", "tune"), "--"),
    ):
        (line,) = refused(capsys, "train.py", "--format", "algorithm", *tokens)
        assert line == f"argument {name}: only with --format boto3"


def test_a_script_that_cannot_be_described_is_one_line(capsys, here):
    (here / "fails.py").write_text("import none_such\n")
    (here / "plain.py").write_text("import argparse\nargparse.ArgumentParser().parse_args()\n")
    (here / "odd.py").write_text(
        "from smargs import SageMakerArgumentParser as P\np = P()\np.add_argument('--a=b')\np.parse_args()\n"
    )

    assert "No module named 'none_such'" in refused(capsys, "fails.py", "--format", "algorithm")[0]
    assert "does not exist" in refused(capsys, "none.py", "--format", "json-schema")[0]
    lines = refused(capsys, "plain.py", "--format", "json-schema")
    assert lines == refused(capsys, "plain.py", "--format", "boto3")
    assert "or --patch" in lines[0]
    assert "'a=b'" in refused(capsys, "odd.py", "--format", "algorithm")[0]
    assert exported(capsys, "plain.py", "--patch", "--format", "json-schema")["properties"] == {}


def test_a_subcommand_has_its_own_hyperparameters(capsys, here):
    (here / "train.py").write_text(
        "from smargs import SageMakerArgumentParser as P\np = P()\nc = p.add_subparsers(required=True, dest='command')\n"
        "c.add_parser('tune').add_argument('--trials', type=int)\np.parse_args()\n"
    )

    assert exported(capsys, "train.py", "--format", "boto3", "-p", "trials=3", "--", "tune") == {"trials": "3"}


def test_the_format_is_required(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["export", "train.py"])
    assert stop.value.code == 2
    assert capsys.readouterr().err == "smargs export: error: the following arguments are required: --format\n"
