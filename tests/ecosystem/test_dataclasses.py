"""HfArgumentParser of transformers and TrlParser of trl: dataclasses that a training job fills."""

import json
import sys

import pytest
from platforms import Job

from smargs.testing import SageMakerJob

HEAD = """
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import List, Literal, Optional

from smargs import SageMakerParserMixin
from {module} import {base}


class Schedule(Enum):
    LINEAR = "linear"
    COSINE = "cosine"

    def __repr__(self):
        return self.name


@dataclass
class Model:
    name: str
    model_dir: Optional[str] = None
    dropout: Optional[float] = 0.5
    precision: Literal["fp32", "bf16"] = "fp32"
    schedule: Schedule = Schedule.LINEAR
    layers: List[int] = field(default_factory=lambda: [64], metadata={{"help": "units of each layer"}})
    tags: Optional[List[str]] = None

    def __post_init__(self):
        self.schedule = Schedule(self.schedule)


@dataclass
class Training:
    train: Path
    epochs: int = 1
    learning_rate: float = 0.1
    fp16: bool = False
    shuffle: bool = True
    packing: Optional[bool] = None
    seed: Optional[int] = 42


class Parser(SageMakerParserMixin, {base}):
    pass


"""
HF = HEAD.format(module="transformers", base="HfArgumentParser")
TRL = HEAD.format(module="trl", base="TrlParser")
FILL = "print(*Parser((Model, Training)).parse_args_into_dataclasses(), sep='\\n')\n"
FILL_WITH_CONFIG = "print(*Parser((Model, Training)).parse_args_and_config(), sep='\\n')\n"
SCRIPTS = {
    "HfArgumentParser": HF + FILL,
    "TrlParser": TRL + FILL_WITH_CONFIG,
}
HYPERPARAMETERS = {
    "name": "bert base",
    "dropout": 0.1,
    "precision": "bf16",
    "schedule": "cosine",
    "layers": [256, 128],
    "tags": ["a b", "c"],
    "epochs": 3,
    "learning-rate": 1e-3,
    "fp16": True,
    "shuffle": False,
    "packing": False,
    "seed": None,
    "_tuning_objective_metric": "accuracy",
}
FILLED = """\
Model(name='bert base', model_dir='/opt/ml/model', dropout=0.1, precision='bf16', schedule=COSINE, layers=[256, 128], \
tags=['a b', 'c'])
Training(train=PosixPath('/opt/ml/input/data/train'), epochs=3, learning_rate=0.001, fp16=True, shuffle=False, packing=False, \
seed=None)
"""
DEFAULTS = """\
Model(name='bert', model_dir=None, dropout=0.5, precision='fp32', schedule=LINEAR, layers=[64], tags=None)
Training(train=PosixPath('data'), epochs=1, learning_rate=0.1, fp16=False, shuffle=True, packing=None, seed=42)
"""
by_script = pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
by_platform = pytest.mark.parametrize("platform", ["toolkit", "sdk"])


@by_script
@by_platform
def test_a_job_fills_the_dataclasses(run_script, script, platform):
    finished = run_script(script, SageMakerJob(HYPERPARAMETERS, ["train"], platform=platform))

    assert (finished.returncode, finished.stdout) == (0, FILLED)


@by_script
def test_off_sagemaker_a_script_parses_as_without_smargs(run_script, script):
    finished = run_script(script, Job({}, ["--name", "bert", "--train", "data"]))

    assert (finished.returncode, finished.stdout) == (0, DEFAULTS)


@by_script
@by_platform
def test_a_typed_option_wins(run_script, script, platform):
    job = SageMakerJob(HYPERPARAMETERS, ["train"], platform=platform)
    job.argv.extend(["--layers", "8", "--no-shuffle", "--fp16", "no", "--epochs=9"])

    finished = run_script(script, job)

    expected = FILLED.replace("[256, 128]", "[8]").replace("fp16=True", "fp16=False").replace("epochs=3", "epochs=9")
    assert (finished.returncode, finished.stdout) == (0, expected)


@by_script
@by_platform
@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"epochs": "many"}, "argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)"),
        ({"fp16": "perhaps"}, "argument --fp16: Truthy value expected: got perhaps but expected one of yes/no, true/false"),
        (
            {"precision": "fp8"},
            "argument --precision: invalid choice: 'fp8' (choose from 'fp32', 'bf16') (from SM_HP_PRECISION)",
        ),
        (
            {"schedule": "steep"},
            "argument --schedule: invalid choice: 'steep' (choose from 'linear', 'cosine') (from SM_HP_SCHEDULE)",
        ),
        ({"layers": [1, "x"]}, "argument --layers: invalid int value: 'x' (from SM_HP_LAYERS)"),
    ],
    ids=["int", "bool", "Literal", "Enum", "List[int]"],
)
def test_a_value_that_does_not_fit_is_one_line(run_script, script, platform, wrong, line):
    finished = run_script(script, SageMakerJob({**HYPERPARAMETERS, **wrong}, ["train"], platform=platform))

    assert (finished.returncode, finished.stdout) == (2, "")
    assert "Traceback" not in finished.stderr
    assert finished.stderr.splitlines()[-1].startswith(f"train.py: error: {line}")


@by_script
def test_a_field_that_nothing_fills_names_the_variable_that_would(run_script, script):
    finished = run_script(script, SageMakerJob({"name": "bert"}, ["images", "labels"]))

    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1] == (
        "train.py: error: the following arguments are required: --train (SM_CHANNEL_TRAIN is not set; "
        "the job's channels: images, labels); to send a channel: "
        "fit({'train': 's3://...'}) or smargs run --channel train=DIRECTORY"
    )


@by_script
@by_platform
def test_the_help_shows_each_default_and_its_variable(run_script, script, platform):
    job = SageMakerJob(HYPERPARAMETERS, ["train"], platform=platform)

    finished = run_script(script, Job({**job.environ, "COLUMNS": "120"}, [*job.argv, "--help"]))

    hyphen = "-" if platform == "toolkit" else "_"
    assert finished.returncode == 0
    for line in (
        "(default: bert base, from SM_HP_NAME)",
        "--layers LAYERS [LAYERS ...]\n                        units of each layer (default: [256, 128], from SM_HP_LAYERS)",
        f"(default: 0.001, from SM_HP_LEARNING{hyphen}RATE)",
        "--train TRAIN         (default: /opt/ml/input/data/train, from SM_CHANNEL_TRAIN)",
        "(default: /opt/ml/model, from SM_MODEL_DIR)",
    ):
        assert line in finished.stdout


@by_script
@by_platform
def test_a_hyperparameter_that_is_no_field_is_refused_as_a_mistyped_option_is(run_script, script, platform):
    """These parsers raise ValueError for both."""
    finished = run_script(script, SageMakerJob({**HYPERPARAMETERS, "epoch": 3}, ["train"], platform=platform))

    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1] == (
        "ValueError: Some specified arguments are not used by the HfArgumentParser: ['--epoch', '3']"
    )


@by_script
@by_platform
def test_remaining_strings_are_handed_back(run_script, script, platform):
    job = SageMakerJob({**HYPERPARAMETERS, "epoch": 3}, ["train"], platform=platform)

    script = script.replace("(), sep", "(return_remaining_strings=True), sep")
    finished = run_script(script, Job(job.environ, [*job.argv, "--more"]))

    assert (finished.returncode, finished.stdout) == (0, f"{FILLED}['--more', '--epoch', '3']\n")


@by_platform
@pytest.mark.parametrize("others", [{}, {"epochs": 3, "name": "bert base"}], ids=["alone", "among others"])
def test_a_config_file_of_trl_that_a_hyperparameter_names_is_beaten_by_the_others(run_script, tmp_path, platform, others):
    (tmp_path / "recipe.yaml").write_text(
        json.dumps({"name": "bert", "epochs": 7, "seed": 1, "env": {"WANDB_MODE": "offline"}})
    )
    job = SageMakerJob({"config": "recipe.yaml", **others}, ["train"], platform=platform)
    script = f"{TRL}{FILL_WITH_CONFIG}import os\nprint(os.environ['WANDB_MODE'])\n"

    finished = run_script(script, Job(job.environ, [*job.argv, "--learning_rate", "0.5"]))

    model, training, mode = finished.stdout.splitlines()
    assert model.startswith(f"Model(name={others.get('name', 'bert')!r}, model_dir='/opt/ml/model', ")
    assert training == (
        f"Training(train=PosixPath('/opt/ml/input/data/train'), epochs={others.get('epochs', 7)}, learning_rate=0.5, "
        "fp16=False, shuffle=True, packing=None, seed=1)"
    )
    assert mode == "offline"


@by_platform
def test_a_file_of_arguments_that_a_hyperparameter_names_counts_as_typed(run_script, tmp_path, platform):
    (tmp_path / "more.args").write_text("--epochs 7 --layers 1 2")
    job = SageMakerJob({**HYPERPARAMETERS, "args_file": "more.args"}, ["train"], platform=platform)

    finished = run_script(HF + FILL.replace("dataclasses()", "dataclasses(args_file_flag='--args_file')"), job)

    expected = FILLED.replace("epochs=3", "epochs=7").replace("[256, 128]", "[1, 2]")
    assert (finished.returncode, finished.stdout) == (0, expected)


@by_platform
def test_a_job_fills_the_training_arguments_of_transformers(run_script, platform):
    """All of its more than a hundred fields, without torch."""
    sent = {
        "output_dir": "/opt/ml/checkpoints",
        "num_train_epochs": 3,
        "learning_rate": 1e-4,
        "per-device-train-batch-size": 16,
        "lr_scheduler_type": "cosine",
        "lr_scheduler_kwargs": {"num_cycles": 2},
        "eval_strategy": "steps",
        "gradient_checkpointing": True,
        "dataloader_pin_memory": False,
        "report_to": "none",
        "max_steps": -1,
        "hub_token": "s3cr3t-text",
    }
    script = f"""
from smargs import SageMakerParserMixin
from transformers import HfArgumentParser, TrainingArguments


class Parser(SageMakerParserMixin, HfArgumentParser):
    pass


parser = Parser(TrainingArguments)
arguments, = parser.parse_args_into_dataclasses()
for name in {sorted(name.replace("-", "_") for name in sent)}:
    print(name, repr(getattr(arguments, name)))
assert "s3cr3t" not in parser.format_help()
"""

    finished = run_script(script, SageMakerJob(sent, platform=platform))

    # The field is a dict or a str, of which HfArgumentParser takes str: it has the text that argparse gives it.
    scheduler = "'num_cycles=2'" if platform == "toolkit" else "{'num_cycles': 2}"
    assert (finished.returncode, finished.stdout.splitlines()) == (
        0,
        [
            "dataloader_pin_memory False",
            "eval_strategy <IntervalStrategy.STEPS: 'steps'>",
            "gradient_checkpointing True",
            "hub_token 's3cr3t-text'",
            "learning_rate 0.0001",
            f"lr_scheduler_kwargs {scheduler}",
            "lr_scheduler_type <SchedulerType.COSINE: 'cosine'>",
            "max_steps -1",
            "num_train_epochs 3.0",
            "output_dir '/opt/ml/checkpoints'",
            "per_device_train_batch_size 16",
            "report_to []",
        ],
    )


@by_platform
def test_a_job_fills_a_script_that_nobody_changed(run_script, platform):
    script = f"{HF}{FILL}".replace("from smargs import SageMakerParserMixin\n", "").replace("SageMakerParserMixin, ", "")
    assert "smargs" not in script
    assert "class Parser(HfArgumentParser)" in script

    def patched(path, job):
        return [sys.executable, "-m", "smargs.patch", path.name, *job.argv]

    finished = run_script(script, SageMakerJob(HYPERPARAMETERS, ["train"], platform=platform), patched)

    assert (finished.returncode, finished.stdout) == (0, FILLED)
