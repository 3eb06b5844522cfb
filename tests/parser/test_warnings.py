"""What a parse warns of: channels that fill nothing or are pipes, and a model that the job does not pack."""

import json
import warnings

import pytest

from smargs import SageMakerArgumentParser
from smargs.testing import SageMakerJob


def parser_of(*arguments):
    """A parser with these arguments: a name, or a name and its declaration."""
    parser = SageMakerArgumentParser()
    for argument in arguments:
        name, declaration = argument if isinstance(argument, tuple) else (argument, {})
        parser.add_argument(name, **declaration)
    return parser


def warnings_of(parser, environ, argv=()):
    """The warnings of a parse."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parser.parse_known_args(list(argv), env_vars=environ)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("channels", "arguments", "named"),
    [
        (["images"], ["--train"], "(images) has the name of an argument that takes one (--train)"),
        (["a", "b"], ["--train", "--test-dir"], "(a, b) has the name of an argument that takes one (--train, --test-dir)"),
        (["a"], [("--train", {"default": "here"}), "--test"], "(a) has the name of an argument that takes one (--test)"),
        (["images"], [("--train", {"default": "here"})], None),
        (["images"], ["--epochs"], None),
        (["images", "train"], ["--train", "--test"], None),
        (["images"], ["--images", "--train"], None),
        ([], ["--train"], None),
    ],
    ids=[
        "one channel",
        "two channels",
        "one argument with a default",
        "a default",
        "no argument for a channel",
        "one of two channels",
        "one of two arguments",
        "no channels",
    ],
)
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_a_job_whose_channels_fill_no_argument_is_a_warning(platform, channels, arguments, named):
    (message, *others) = warnings_of(parser_of(*arguments), SageMakerJob(channels=channels, platform=platform).environ) or [""]

    assert others == []
    assert message == (f"no channel of this job {named}: give the channel and the argument the same name" if named else "")


def test_a_required_channel_that_is_missing_is_an_error_and_not_a_warning(capsys):
    parser = parser_of(("--train", {"required": True}))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SystemExit):
            parser.parse_args([], env_vars=SageMakerJob(channels=["images"]).environ)
    assert "--train (SM_CHANNEL_TRAIN is not set; the job's channels: images)" in capsys.readouterr().err


MODES = {"train": {"TrainingInputMode": "Pipe"}, "test": {"TrainingInputMode": "File"}, "other": 1}
PIPED = {"SM_CHANNELS": '["train", "test"]', "SM_INPUT_DATA_CONFIG": json.dumps(MODES)}
PIPES = (
    "channel train is in Pipe mode: /opt/ml/input/data/train is no directory; "
    "each epoch has a pipe: /opt/ml/input/data/train_0, /opt/ml/input/data/train_1, ..."
)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--train", "--test"], [PIPES]),
        ([("--labels", {"env_var": "SM_CHANNEL_TRAIN"})], [PIPES]),
        (["--sm-channel-train", "--test"], [PIPES]),
        (["--test"], []),
        (["--epochs"], []),
    ],
)
def test_a_channel_in_pipe_mode_that_fills_an_argument_is_a_warning(arguments, expected):
    assert warnings_of(parser_of(*arguments), PIPED) == expected


PLACE = "s3://bucket/job/model"
UNPACKED = (
    f"the model directory is {PLACE}, from the hyperparameter model_dir, and the job packs only what is in SM_MODEL_DIR: "
    'declare env_var="SM_MODEL_DIR" to use that directory'
)


@pytest.mark.parametrize(
    ("argument", "place", "is_warning"),
    [
        ("--model_dir", PLACE, True),
        ("--model-dir", PLACE, True),
        (("--model_dir", {"env_var": "SM_MODEL_DIR"}), PLACE, False),
        ("--model_dir", "/opt/ml/model", False),
        ("--epochs", PLACE, False),
    ],
)
def test_a_model_that_the_job_does_not_pack_is_a_warning(argument, place, is_warning):
    messages = warnings_of(parser_of(argument), SageMakerJob({"model_dir": place}).environ)

    assert messages == [UNPACKED] * is_warning


def test_each_problem_is_one_warning_of_a_parse_and_the_next_parse_warns_again():
    parser = parser_of("--train")
    parser.add_subparsers().add_parser("fit").add_argument("--test")
    environ = {**PIPED, "SM_HP_MODEL_DIR": PLACE}

    assert warnings_of(parser, environ, ["fit"]) == [PIPES]
    assert warnings_of(parser, environ, ["fit"]) == [PIPES]


def test_a_warning_shows_no_secret():
    environ = SageMakerJob({"model_dir": "s3://user:hunter2-hunter2@bucket/model"}).environ

    (message,) = warnings_of(parser_of("--model_dir"), environ)
    assert "hunter2" not in message
