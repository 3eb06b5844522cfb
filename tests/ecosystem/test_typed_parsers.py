"""typed-argument-parser and jsonargparse: which of their features work in a training job, and which do not."""

import argparse
from typing import Optional

import jsonargparse
import pytest
from platforms import Job

from smargs import SageMakerArgumentParser, SageMakerEnvironment, SageMakerParserMixin
from smargs.testing import SageMakerJob

TAP = """
from pathlib import Path
from typing import List, Literal, Optional, Set, Tuple

from tap import Tap

from smargs import SageMakerArgumentParser, SageMakerParserMixin


class Args({bases}):
    train: Path  # directory of the data
    epochs: int = 10  # passes over the data
    learning_rate: float = 0.1
    layers: List[int] = [64]
    shape: Tuple[int, ...] = (1,)
    tags: Set[str] = set()
    augment: bool = False
    shuffle: bool = True
    optimizer: Literal["adam", "sgd"] = "adam"
    note: Optional[str] = None
    seed: Optional[int] = 42
    model_dir: Optional[str] = None


args = Args(explicit_bool=True).parse_args()
for name in Args.__annotations__:
    print(name, repr(getattr(args, name)))
"""
TAP_FIRST = TAP.format(bases="Tap, SageMakerArgumentParser")
MIXIN_FIRST = TAP.format(bases="SageMakerParserMixin, Tap")
HYPERPARAMETERS = {
    "epochs": 3,
    "learning-rate": 1e-3,
    "layers": [256, 128],
    "shape": [28, 28],
    "tags": ["a"],
    "augment": True,
    "shuffle": False,
    "optimizer": "sgd",
    "note": "two words",
    "seed": None,
}
FILLED = """\
train PosixPath('/opt/ml/input/data/train')
epochs 3
learning_rate 0.001
layers [256, 128]
shape (28, 28)
tags {'a'}
augment True
shuffle False
optimizer 'sgd'
note 'two words'
seed None
model_dir '/opt/ml/model'
"""
DEFAULTS = """\
train PosixPath('data')
epochs 10
learning_rate 0.1
layers [64]
shape (1,)
tags set()
augment False
shuffle True
optimizer 'adam'
note None
seed 42
model_dir None
"""
both_ways = pytest.mark.parametrize("script", [TAP_FIRST, MIXIN_FIRST], ids=["Tap first", "mixin first"])
by_platform = pytest.mark.parametrize("platform", ["toolkit", "sdk"])


@both_ways
@by_platform
def test_a_job_fills_a_tap(run_script, script, platform):
    finished = run_script(script, SageMakerJob(HYPERPARAMETERS, ["train"], platform=platform))

    assert (finished.returncode, finished.stdout, finished.stderr) == (0, FILLED, "")


@both_ways
def test_off_sagemaker_a_tap_parses_as_without_smargs(run_script, script):
    finished = run_script(script, Job({}, ["--train", "data"]))

    assert (finished.returncode, finished.stdout, finished.stderr) == (0, DEFAULTS, "")


@both_ways
@by_platform
def test_typed_options_of_a_tap_win_over_the_job(run_script, script, platform):
    job = SageMakerJob(HYPERPARAMETERS, ["train"], platform=platform)

    finished = run_script(script, Job(job.environ, [*job.argv, "--epochs", "9", "--layers", "8", "--shuffle", "True"]))

    expected = FILLED.replace("epochs 3", "epochs 9").replace("[256, 128]", "[8]").replace("shuffle False", "shuffle True")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, expected, "")


@both_ways
@by_platform
@pytest.mark.parametrize(
    ("sent", "line"),
    [
        ({"epochs": "many"}, "argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)"),
        (
            {"optimizer": "lamb"},
            "argument --optimizer: Value for variable \"optimizer\" must be one of ['adam', 'sgd']. (from SM_HP_OPTIMIZER)",
        ),
        ({"epoch": 3}, "unrecognized hyperparameter: epoch (did you mean --epochs?)"),
    ],
)
def test_the_error_of_a_tap_is_one_line(run_script, script, platform, sent, line):
    finished = run_script(script, SageMakerJob(sent, ["train"], platform=platform))

    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.splitlines()[-1] == f"train.py: error: {line}"
    assert "Traceback" not in finished.stderr


@both_ways
def test_the_help_of_a_tap_shows_each_default_and_its_variable(run_script, script):
    job = SageMakerJob(HYPERPARAMETERS, ["train"])

    finished = run_script(script, Job({**job.environ, "COLUMNS": "160"}, ["--help"]))

    for line in (
        "(Path, required) directory of the data (default: /opt/ml/input/data/train, from SM_CHANNEL_TRAIN)",
        "(int, default=10) passes over the data (default: 3, from SM_HP_EPOCHS)",
        "(default: [256, 128], from SM_HP_LAYERS)",
    ):
        assert line in finished.stdout


def test_a_tap_before_the_parser_has_its_known_only_and_names_variables(run_script):
    script = TAP_FIRST.replace(
        "\n\n\nargs = Args(explicit_bool=True).parse_args()",
        """

    def configure(self):
        self.add_argument("--epochs", "-e", env_var="SM_HP_PASSES")


args = Args(explicit_bool=True).parse_args(known_only=True)
print(args.extra_args)""",
    )

    finished = run_script(script, SageMakerJob({**HYPERPARAMETERS, "epochs": 4, "passes": 5}, ["train"], platform="sdk"))

    expected = FILLED.replace("epochs 3", "epochs 5")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, f"['--epochs', '4']\n{expected}", "")


def test_a_tap_behind_the_mixin_says_that_its_known_only_cannot_be_filled(run_script):
    finished = run_script(MIXIN_FIRST.replace("parse_args()", "parse_args(known_only=True)"), Job({}, ["--train", "data"]))

    assert finished.stderr.splitlines()[-1] == "TypeError: Args parses without parse_known_args, so SageMaker cannot fill it"


@pytest.mark.parametrize(("explicit", "expected"), [("explicit_bool=True", "True"), ("", "False")])
def test_without_explicit_bool_a_tap_makes_a_true_default_a_flag_that_turns_it_off(run_script, explicit, expected):
    """``--shuffle`` is then what other parsers call ``--no-shuffle``, and a hyperparameter ``shuffle`` is that flag."""
    finished = run_script(TAP_FIRST.replace("explicit_bool=True", explicit), SageMakerJob({"shuffle": True}, ["train"]))

    assert f"shuffle {expected}\n" in finished.stdout


def test_the_mixin_says_that_it_cannot_fill_jsonargparses_parser():
    """It calls argparse's private ``_parse_known_args`` itself, with a namespace that has every default already."""

    class Parser(SageMakerParserMixin, jsonargparse.ArgumentParser):
        pass

    parser = Parser()
    parser.add_argument("--epochs", type=int, default=1)

    with pytest.raises(TypeError, match=r"^Parser parses without parse_known_args, so SageMaker cannot fill it$"):
        parser.parse_args(["--epochs", "2"])


def train(epochs: int = 1, layers: Optional[list] = None, note: str = "", data: str = "."):
    """The class whose fields jsonargparse turns into arguments."""


@pytest.mark.parametrize("parser_class", [argparse.ArgumentParser, SageMakerArgumentParser])
def test_arguments_of_jsonargparse_do_not_work_in_another_parser(parser_class):
    """They need attributes that only a parser of jsonargparse has."""
    parent = jsonargparse.ArgumentParser()
    parent.add_function_arguments(train)
    parser = parser_class(parents=[parent], add_help=False, exit_on_error=False)

    with pytest.raises(Exception, match="has no attribute 'parser_mode'"):
        parser.parse_args(["--epochs", "2"])


def test_jsonargparse_nests_no_other_parser():
    parser = SageMakerArgumentParser()

    with pytest.raises(ValueError, match="Expected parser keyword argument to be an ArgumentParser"):
        jsonargparse.ArgumentParser().add_argument("--model", action=jsonargparse.ActionParser(parser=parser))


def test_a_parser_of_jsonargparse_takes_over_declared_arguments_but_not_the_job(monkeypatch):
    monkeypatch.setenv("SM_HP_EPOCHS", "3")
    parent = SageMakerArgumentParser(add_help=False)
    parent.add_argument("--epochs", type=int, default=1)

    assert jsonargparse.ArgumentParser(parents=[parent]).parse_args([]).epochs == 1


@by_platform
def test_jsonargparse_takes_a_job_as_its_defaults(platform):
    job = SageMakerJob({"epochs": 3, "layers": [256, 128], "note": "two words"}, ["train"], platform=platform)
    environment = SageMakerEnvironment.load(job.environ)
    parser = jsonargparse.ArgumentParser()
    parser.add_function_arguments(train)

    parser.set_defaults({**environment.hyperparameters, "data": environment.channels["train"]})

    expected = {"epochs": 3, "layers": [256, 128], "note": "two words", "data": "/opt/ml/input/data/train"}
    assert parser.parse_args([]).as_dict() == expected
    assert parser.parse_args(["--epochs", "9"]).as_dict() == {**expected, "epochs": 9}


@pytest.mark.sagemaker_platforms("toolkit", "sdk")
def test_jsonargparse_reads_the_variables_of_hyperparameters_itself(sagemaker_job):
    parser = jsonargparse.ArgumentParser(env_prefix="SM_HP", default_env=True)
    parser.add_function_arguments(train)

    with sagemaker_job({"epochs": 3, "layers": [256, 128], "note": "two words"}, ["train"]) as job:
        assert parser.parse_args([]).as_dict() == {"epochs": 3, "layers": [256, 128], "note": "two words", "data": "."}
        assert parser.parse_args(job.argv).layers == [256, 128]
