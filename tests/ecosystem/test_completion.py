"""argcomplete and shtab: what a person is offered who presses the completion key in a real, interactive bash."""

import os
import pty
import sys

import pytest
from platforms import Job

from smargs.testing import SageMakerJob

SCRIPT = f"""#!{sys.executable}
# PYTHON_ARGCOMPLETE_OK
import os

import argcomplete

from smargs import SageMakerArgumentParser


def get_parser():
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--model-dir", required=True)
    parser.add_argument("--checkpoint").completer = lambda parsed_args, **_: os.listdir(parsed_args.model_dir)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fit", help="fit a model").add_argument("--folds", type=int)
    return parser


if __name__ == "__main__":
    parser = get_parser()
    argcomplete.autocomplete(parser)
    print(parser.parse_args())
"""
OFF_SAGEMAKER = Job({}, [])
WRONG = SageMakerJob({"epochs": "many", "unknown": 1})
LINES = [
    ("--optimizer ", "--optimizer adam sgd"),
    ("--o", "--optimizer"),
    ("--", "--checkpoint --epochs --help --model-dir --optimizer"),
    ("f", "fit"),
    ("fit --", "fit --folds --help"),
]
in_every_job = pytest.mark.parametrize(
    "job",
    [OFF_SAGEMAKER, SageMakerJob({"epochs": 3}, ["train"]), SageMakerJob({"epochs": 3}, ["train"], platform="sdk"), WRONG],
    ids=["off SageMaker", "toolkit", "sdk", "a value that does not fit"],
)


@pytest.fixture
def completed(run_tool, tmp_path):
    """Type a line into bash, have readline insert all of its completions (M-*), and give what ``echo`` then prints of it."""

    def complete(line, job, setup):
        (tmp_path / "bashrc").write_text(setup, encoding="utf-8")
        keyboard, terminal = pty.openpty()
        os.write(keyboard, f"./train.py {line}\x1b*\x01echo \rexit\r".encode())
        # bash shows the typed text on standard error, so standard output has only the result of echo.
        finished = run_tool(SCRIPT, job, "bash", "--noprofile", "--rcfile", "bashrc", "-i", stdin=terminal)
        os.close(keyboard)
        os.close(terminal)
        assert "Traceback" not in finished.stderr
        return " ".join(finished.stdout.removeprefix("./train.py ").split())

    return complete


@in_every_job
@pytest.mark.parametrize(("line", "offered"), LINES)
def test_argcomplete_offers_what_is_declared(completed, line, offered, job):
    offered_now = completed(line, job, 'eval "$(register-python-argcomplete train.py)"')

    assert {*offered_now.split()} - {"-h"} == {*offered.split()}


def test_argcomplete_gives_a_completer_the_values_of_the_job(completed, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "step-100.pt").touch()
    job = SageMakerJob({"epochs": 3})
    job.environ["SM_MODEL_DIR"] = str(model)

    assert completed("--checkpoint ", job, 'eval "$(register-python-argcomplete train.py)"') == "--checkpoint step-100.pt"


def test_completion_in_a_container_writes_no_failure_reason(completed, tmp_path):
    job = Job({**WRONG.environ, "SM_OUTPUT_DIR": str(tmp_path)}, [])

    assert completed("--o", job, 'eval "$(register-python-argcomplete train.py)"') == "--optimizer"
    assert not (tmp_path / "failure").exists()


@in_every_job
def test_shtab_generates_the_same_script_in_every_job(run_tool, job):
    command = (sys.executable, "-m", "shtab", "--shell", "bash", "train.get_parser")
    generated, elsewhere = run_tool(SCRIPT, job, *command), run_tool(SCRIPT, OFF_SAGEMAKER, *command)

    assert (generated.returncode, generated.stderr) == (0, "")
    assert generated.stdout == elsewhere.stdout


@pytest.mark.parametrize(("line", "offered"), LINES)
def test_the_script_of_shtab_offers_what_is_declared(run_tool, completed, line, offered):
    generated = run_tool(SCRIPT, OFF_SAGEMAKER, sys.executable, "-m", "shtab", "--shell", "bash", "train.get_parser")

    assert completed(line, OFF_SAGEMAKER, generated.stdout) == offered
