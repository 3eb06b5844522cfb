"""The parser as argparse's and ConfigArgParse's: groups, subparsers, files, precedence."""

import argparse
import copy
import gc
import inspect
import json
import operator
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import get_type_hints

import configargparse
import pytest
from platforms import recorded, unquoted, without, write_files

import smargs
from smargs import SageMakerArgumentParser, SageMakerParserMixin
from smargs._argparse import members
from smargs.testing import SageMakerJob

JOB = SageMakerJob({"epochs": 20, "lr": 0.5}, ["train"], hosts=2)


def parser_with(*names, **settings):
    parser = SageMakerArgumentParser(prog="train.py", **settings)
    for name in names:
        parser.add_argument(name)
    return parser


WRITTEN = {
    "--epochs": {"type": int, "default": 10, "help": "passes over the data"},
    "--learning-rate": {"default": 0.1},
    "--layers": {"nargs": "+", "type": int, "default": [64]},
    "--augment": {"action": "store_true"},
    "--optimizer": {"type": dict},
    "--train": {},
    "--labels": {"env_var": "SM_CHANNEL_TRAIN"},
    "--model-dir": {"type": Path},
    "--hosts": {},
    "--current-host": {},
    "--num-gpus": {},
}


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize("positional", [False, True])
def test_every_argument_of_a_script_is_filled(platform, positional):
    parser = SageMakerArgumentParser(description="Train a digits classifier")
    for name, declaration in WRITTEN.items():
        bare = positional and "action" not in declaration
        parser.add_argument(name[2:].replace("-", "_") if bare else name, **declaration)
    optimizer = {"name": "adam", "betas": [0.9, 0.999]}
    hyperparameters = {"epochs": 20, "learning_rate": 0.5, "layers": [256, 128], "augment": True, "optimizer": optimizer}
    job = SageMakerJob(hyperparameters, ["train"], hosts=2, platform=platform)

    for argv in (job.argv, unquoted(job).argv, []):
        assert vars(parser.parse_args(argv, env_vars=job.environ)) == {
            **hyperparameters,
            "train": "/opt/ml/input/data/train",
            "labels": "/opt/ml/input/data/train",
            "model_dir": Path("/opt/ml/model"),
            "hosts": ["algo-1", "algo-2"],
            "current_host": "algo-1",
            "num_gpus": int(job.environ["SM_NUM_GPUS"]),
        }


def test_a_typed_value_wins_over_every_source():
    parser = SageMakerArgumentParser()
    parser.add_argument("--epochs", type=int, env_var="EPOCHS", default=1)
    job = {**JOB.environ, "EPOCHS": "3"}
    del job["SM_HP_LR"]
    parser.add_argument("--lr")
    config = "epochs = 2"

    def epochs(argv, environ):
        return parser.parse_args(argv, env_vars=environ, config_file_contents=config).epochs

    assert epochs(["--epochs", "4", *JOB.argv], job) == 4
    assert epochs([*JOB.argv, "--epochs", "4"], job) == 4
    assert epochs(JOB.argv, job) == 3
    assert epochs(JOB.argv, JOB.environ) == 20
    assert epochs([], {}) == 2
    assert parser.parse_args([], env_vars={}).epochs == 1


@pytest.mark.parametrize("before", [True, False])
def test_typed_tokens_around_the_generated_ones_are_kept(before):
    job = unquoted(SageMakerJob({"epochs": 3, "note": "two words", "sagemaker_program": "train.py"}, platform="sdk"))
    parser = parser_with("--epochs", "--note", "--mode", "rest")
    own = ["value", "--mode", "fast"]

    namespace = parser.parse_args([*own, *job.argv] if before else [*job.argv, *own], env_vars=job.environ)

    assert vars(namespace) == {"epochs": "3", "note": "two words", "mode": "fast", "rest": "value"}


def test_a_command_line_that_a_wrapper_changed_is_recognised_pair_by_pair():
    """A shell entry point may pass ``"$@"`` on with one value changed."""
    job = SageMakerJob({"amp": True, "layers": [1, 2], "model_dir": "s3://bucket", "seed": None})
    argv = [token.replace("s3://bucket", "s3://bucket/job/model") for token in job.argv]
    parser = SageMakerArgumentParser()
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--layers", nargs="+", type=int)
    parser.add_argument("--model_dir")
    parser.add_argument("--seed", type=int)
    parser.add_argument("rest", nargs="*")

    after = parser.parse_args(["--model_dir", "m", "--", "--amp", "True"], env_vars=job.environ)
    assert after.rest == ["--amp", "True"]
    assert vars(parser.parse_args([*argv, "--", "--amp", "True"], env_vars=job.environ)) == {
        "amp": True,
        "layers": [1, 2],
        "model_dir": "s3://bucket/job/model",
        "seed": None,
        "rest": ["--amp", "True"],
    }


def test_tokens_similar_to_the_generated_ones_count_as_typed():
    parser = parser_with("--epochs", "--lr")

    namespace = parser.parse_args(["--epochs", "21", "--lr", "0.5"], env_vars=JOB.environ)

    assert namespace.epochs == "21"


@pytest.mark.parametrize("tail", [[""], []], ids=["empty token", "dropped by a shell"])
@pytest.mark.parametrize("own", [[], ["value"]])
def test_a_split_command_line_may_end_with_an_empty_value(tail, own):
    environ = SageMakerJob({"note": "a b", "seed": None}).environ
    parser = parser_with("--note", "--seed")
    parser.add_argument("rest", nargs="*")

    namespace = parser.parse_args(["--note", "a", "b", "--seed", *tail, *own], env_vars=environ)

    assert vars(namespace) == {"note": "a b", "seed": None, "rest": own}


def test_user_args_are_not_a_source_of_values():
    parser = parser_with("--epochs")

    assert parser.parse_args(["--epochs", "3"], env_vars={"SM_USER_ARGS": '["--epochs", "3"]'}).epochs == "3"


def test_user_args_show_the_generated_tokens_if_no_other_variable_does():
    parser = SageMakerArgumentParser()
    parser.add_argument("--amp", action="store_true")
    environ = {"SM_HP_AMP": "true", "SM_USER_ARGS": '["--amp", "True"]'}

    assert parser.parse_args(["--amp", "True"], env_vars=environ).amp is True


def test_undeclared_hyperparameters_are_returned_as_tokens():
    for job in (
        SageMakerJob({"epochs": 3, "amp": True, "k": [1]}),
        SageMakerJob({"epochs": 3, "amp": True, "k": [1]}, platform="sdk"),
    ):
        namespace, extras = parser_with("--epochs").parse_known_args([*job.argv, "--own"], env_vars=job.environ)
        plain_extras = argparse.ArgumentParser(allow_abbrev=False).parse_known_args(job.argv)[1]

        assert vars(namespace) == {"epochs": "3"}
        assert extras[0] == "--own"
        assert all(token in plain_extras for token in extras[1:])
        assert len(extras) == 5
    _, extras = parser_with("--epochs").parse_known_args([], env_vars=job.environ)
    assert extras == ["--amp", "true", "--k", "[1]"]


def test_argument_groups():
    parser = SageMakerArgumentParser()
    group = parser.add_argument_group("data")
    group.add_argument("--train", required=True)
    group.add_argument("hosts")

    assert vars(parser.parse_args([], env_vars=SageMakerJob(channels=["train"], hosts=2).environ)) == {
        "train": "/opt/ml/input/data/train",
        "hosts": ["algo-1", "algo-2"],
    }


def exclusive(required=False, **settings):
    parser = SageMakerArgumentParser(prog="train.py", **settings)
    group = parser.add_mutually_exclusive_group(required=required)
    group.add_argument("--lr", type=float, default=0.1)
    group.add_argument("--schedule", default="none")
    group.add_argument("--train")
    group.add_argument("--fast", action="store_true")
    group.add_argument("place", nargs="?")
    return parser


@pytest.mark.parametrize(
    ("hyperparameters", "channels", "argv", "expected"),
    [
        ({"lr": 0.5}, [], [], {"lr": 0.5}),
        ({"lr": 0.5}, [], ["--schedule", "cosine"], {"schedule": "cosine"}),
        ({"lr": 0.5}, [], ["--fast"], {"fast": True}),
        ({"lr": 0.5, "schedule": "cosine"}, [], ["--fast"], {"fast": True}),
        ({"lr": 0.5, "fast": False}, [], [], {"lr": 0.5}),
        ({"lr": 0.5}, ["train"], [], {"lr": 0.5}),
        ({}, ["train"], [], {"train": "/opt/ml/input/data/train"}),
        ({"place": "here"}, [], [], {"place": "here"}),
        ({"place": "here"}, [], ["--fast"], {"fast": True}),
        ({"lr": 0.5}, [], ["there"], {"place": "there"}),
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_mutually_exclusive_groups(hyperparameters, channels, argv, expected, required):
    defaults = {"lr": 0.1, "schedule": "none", "train": None, "fast": False, "place": None}
    environ = SageMakerJob(hyperparameters, channels).environ

    assert vars(exclusive(required).parse_args(argv, env_vars=environ)) == {**defaults, **expected}


@pytest.mark.parametrize(
    ("hyperparameters", "argv", "required", "line"),
    [
        (
            {"lr": 0.5, "schedule": "cosine"},
            [],
            False,
            "argument --schedule: not allowed with argument --lr (from SM_HP_SCHEDULE)",
        ),
        ({}, ["--lr", "1", "--schedule", "x"], False, "argument --schedule: not allowed with argument --lr"),
        ({"fast": False}, [], True, "one of the arguments --lr --schedule --train --fast place is required"),
    ],
)
def test_a_conflict_in_a_group_is_an_error(capsys, hyperparameters, argv, required, line):
    with pytest.raises(SystemExit):
        exclusive(required).parse_args(argv, env_vars=SageMakerJob(hyperparameters).environ)

    assert capsys.readouterr().err.endswith(f"train.py: error: {line}\n")


def test_the_error_of_a_required_group_names_a_hyperparameter_with_a_similar_name(capsys):
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--hidden", help=argparse.SUPPRESS)
    group.add_argument("--synthetic", action="store_true")
    group.add_argument("--data-path", env_var="SM_HP_DATAPATH")
    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"SM_HPS": '{"data_pth": "x"}'})

    hint = "(SM_HP_DATAPATH is not set, but the hyperparameter data_pth is)"
    assert capsys.readouterr().err.endswith(f"error: one of the arguments --synthetic --data-path is required {hint}\n")


def test_the_error_of_a_required_group_names_only_the_first_hyperparameter_with_a_similar_name(capsys):
    parser = SageMakerArgumentParser(prefix_chars="+")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("++version", action="version", version="1.0")
    group.add_argument("++learning-rate")
    group.add_argument("++batch-size", type=int)
    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"SM_HPS": '{"versions": "x", "learning_rat": "x", "batch_siz": "x"}'})

    hint = "(SM_HP_LEARNING_RATE is not set, but the hyperparameter learning_rat is)"
    line = f"error: one of the arguments ++version ++learning-rate ++batch-size is required {hint}\n"
    assert capsys.readouterr().err.endswith(line)


@pytest.mark.parametrize("argv", [[], ["--verbose"]], ids=["nothing typed", "another argument typed"])
def test_a_hyperparameter_of_a_group_excludes_a_channel(argv):
    parser = SageMakerArgumentParser()
    parser.add_argument("--verbose", action="store_true")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("train", nargs="?", type=lambda path: [path])
    group.add_argument("--lr", type=float)

    args = parser.parse_args(argv, env_vars=SageMakerJob({"lr": 0.5}, ["train"]).environ)

    assert (args.lr, args.train) == (0.5, None)


@pytest.mark.parametrize(
    ("hyperparameters", "channels", "variables", "argv", "expected"),
    [
        ({"lr": 0.5}, [], {}, [], {"lr": 0.5}),
        ({"lr": 0.5}, [], {}, ["--verbose"], {"lr": 0.5}),
        ({"lr": 0.5}, [], {}, ["--train", "/data"], {"train": "/data"}),
        ({"lr": 0.5}, [], {"SCHEDULE": "linear"}, [], {"schedule": "linear"}),
        ({"schedule": "linear"}, [], {}, [], {"schedule": "linear"}),
        ({"lr": None}, [], {}, [], {"schedule": "cosine"}),
        ({"fast": False}, [], {}, [], {"schedule": "cosine"}),
        ({"verbose": True}, [], {}, [], {"schedule": "cosine"}),
        ({}, ["train"], {}, [], {"schedule": "cosine"}),
    ],
)
def test_a_hyperparameter_of_a_group_excludes_a_value_of_a_config_file(
    hyperparameters, channels, variables, argv, expected, tmp_path
):
    (tmp_path / "train.ini").write_text("schedule = cosine\n", encoding="utf-8")
    parser = SageMakerArgumentParser(default_config_files=[str(tmp_path / "train.ini")])
    parser.add_argument("--verbose", action="store_true")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--lr", type=float, default=0.1)
    group.add_argument("--schedule", default="none", env_var="SCHEDULE")
    group.add_argument("--train")
    group.add_argument("--fast", action="store_true")

    args = vars(parser.parse_args(argv, env_vars={**SageMakerJob(hyperparameters, channels).environ, **variables}))

    del args["verbose"]
    assert args == {"lr": 0.1, "schedule": "none", "train": None, "fast": False, **expected}
    assert ("cosine" in parser.format_values()) == (args["schedule"] == "cosine")


def test_an_argument_that_a_typed_one_excludes_keeps_its_default():
    parser = SageMakerArgumentParser(argument_default=argparse.SUPPRESS)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--a", type=int, default="7")
    group.add_argument("--b")
    group.add_argument("--c")
    group.add_argument("--same", dest="c")
    group.add_argument("--d", default="d")
    group.add_argument("--e", type=str, default=8)
    environ = SageMakerJob({"a": 1, "b": 2}).environ

    assert vars(parser.parse_args(["--c", "3"], env_vars=environ)) == {"a": 7, "c": "3", "d": "d", "e": 8}
    environ = SageMakerJob({"c": 5, "d": 6, "e": 7}).environ
    assert vars(parser.parse_args(["--same", "3"], env_vars=environ)) == {"a": 7, "c": "3", "d": "d", "e": 8}


def test_parents():
    parent = SageMakerArgumentParser(add_help=False)
    parent.add_argument("--epochs", type=int)
    plain = argparse.ArgumentParser(add_help=False)
    plain.add_argument("--lr", type=float, required=True)

    namespace = SageMakerArgumentParser(parents=[parent, plain]).parse_args([], env_vars=JOB.environ)

    assert vars(namespace) == {"epochs": 20, "lr": 0.5}


def with_subparsers():
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--epochs", type=int)
    commands = parser.add_subparsers(dest="command", required=True)
    fit = commands.add_parser("fit")
    fit.add_argument("--lr", type=float, required=True)
    fit.add_argument("--train")
    inner = fit.add_subparsers()
    inner.add_parser("deep").add_argument("hosts")
    commands.add_parser("check").add_argument("--quick", action="store_true")
    return parser


def test_subparsers():
    parser = with_subparsers()

    assert vars(parser.parse_args(["fit", *JOB.argv], env_vars=JOB.environ)) == {
        "epochs": 20,
        "command": "fit",
        "lr": 0.5,
        "train": "/opt/ml/input/data/train",
    }
    assert parser.parse_args(["fit", "deep"], env_vars=JOB.environ).hosts == ["algo-1", "algo-2"]
    assert parser.parse_args(["fit", "--lr", "3"], env_vars=JOB.environ).lr == 3.0
    assert vars(parser.parse_args(["fit", "--lr", "3"], env_vars={})) == {
        "epochs": None,
        "command": "fit",
        "lr": 3.0,
        "train": None,
    }


def test_a_hyperparameter_that_the_chosen_subparser_does_not_declare_is_refused(capsys):
    with pytest.raises(SystemExit):
        with_subparsers().parse_args(["check"], env_vars=JOB.environ)
    assert capsys.readouterr().err.endswith("train.py: error: unrecognized hyperparameter: lr\n")
    _, extras = with_subparsers().parse_known_args(["check"], env_vars=JOB.environ)
    assert extras == ["--lr", "0.5"]


def test_subparsers_take_over_the_settings_of_their_parser():
    parser = SageMakerArgumentParser(infer_types=False)
    commands = parser.add_subparsers()
    sub = commands.add_parser("sub")
    sub.add_argument("--epochs", default=1)
    plain = SageMakerArgumentParser()
    strict = plain.add_subparsers(parser_class=argparse.ArgumentParser).add_parser("sub")

    assert parser.parse_args(["sub"], env_vars={"SM_HP_EPOCHS": "3"}).epochs == "3"
    assert type(strict) is argparse.ArgumentParser


@pytest.mark.parametrize("environ", [{}, {"SM_HPS": "{}"}], ids=["off SageMaker", "in a job"])
@pytest.mark.parametrize(
    ("type_", "default"),
    [*((type_, "") for type_ in (bool, list, tuple, set, dict)), (bool, "None"), (bool, "Breast Cancer"), (list, '{"a": 1}')],
)
def test_the_empty_text_and_a_default_that_cannot_be_converted_are_what_argparse_makes_of_them(environ, type_, default):
    parser = SageMakerArgumentParser()
    parser.add_argument("--x", type=type_, default=default)

    assert parser.parse_args([], env_vars=environ).x == type_(default)
    assert parser.parse_args(["--x", ""], env_vars=environ).x == type_("")
    with pytest.raises(SystemExit):
        parser.parse_args(["--x", default + " "], env_vars=environ)


def test_a_default_that_argparse_refuses_is_refused(capsys):
    parser = SageMakerArgumentParser()
    parser.add_argument("--x", type=dict, default="none")
    with pytest.raises(SystemExit):
        parser.parse_args([])

    assert capsys.readouterr().err.endswith("error: argument --x: invalid dict value: 'none'\n")


@pytest.fixture
def job(sagemaker_job):
    """A job in which this process is that of the script."""
    with sagemaker_job({"epochs": 20, "lr": 0.5}, ["train"], hosts=2) as entered:
        yield entered


@pytest.mark.usefixtures("job")
def test_intermixed_arguments(monkeypatch):
    parser = parser_with("--epochs", "--lr", "--flag", "hosts", "places")
    parser.add_argument("--needed", required=True)

    namespace = parser.parse_intermixed_args(["a", "--needed", "n", "--flag", "f", "b"])
    assert (namespace.hosts, namespace.places, namespace.flag, namespace.epochs) == (["a"], "b", "f", "20")

    namespace = parser.parse_intermixed_args(["--needed", "n", "b"])
    assert (namespace.hosts, namespace.places) == (["algo-1", "algo-2"], "b")
    _, extras = parser.parse_known_intermixed_args(["--needed", "n", "b", "--more"])
    assert extras == ["--more"]
    monkeypatch.setenv("SM_HP_UNKNOWN", "1")
    with pytest.raises(SystemExit):
        parser.parse_intermixed_args(["--needed", "n", "b"])
    with pytest.raises(SystemExit):
        parser.parse_intermixed_args(["b"])


@pytest.mark.parametrize(
    "hyperparameters", [None, '{"lr": 0.3, "momentum": 0.3, "epochs": 3}'], ids=["off SageMaker", "in a job"]
)
def test_intermixed_arguments_take_a_variable_and_a_config_file_of_the_script(monkeypatch, tmp_path, hyperparameters):
    config = tmp_path / "train.ini"
    config.write_text("momentum = 0.6\n", encoding="utf-8")
    monkeypatch.setenv("MY_LR", "0.7")
    if hyperparameters:
        monkeypatch.setenv("SM_HPS", hyperparameters)
    parser = SageMakerArgumentParser(default_config_files=[str(config)])
    parser.add_argument("--lr", type=float, default=0.1, env_var="MY_LR")
    parser.add_argument("--momentum", type=float, default=0.1)
    parser.add_argument("--tags", action="append", env_var="MY_LR")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("files", nargs="*")

    assert vars(parser.parse_intermixed_args(["a", "--epochs", "5", "b"])) == {
        "lr": 0.7,
        "momentum": 0.3 if hyperparameters else 0.6,
        "tags": ["0.7"],
        "epochs": 5,
        "files": ["a", "b"],
    }
    assert "MY_LR" in parser.format_values()


@pytest.mark.parametrize(
    ("nargs", "argv", "first", "second"),
    [
        (None, [], "f", "s"),
        (None, ["x"], "x", "s"),
        (None, ["x", "y"], "x", "y"),
        ("+", ["x"], ["x"], "s"),
        ("*", [], ["f"], "s"),
        (2, ["x", "y", "z"], ["x", "y"], "z"),
        (2, [], ["f", "f"], "s"),
        (2, ["x"], ["f", "f"], "x"),
        ("?", ["x"], "f", "x"),
        ("*", ["x", "y"], ["x"], "y"),
    ],
)
def test_positionals_that_sagemaker_fills_may_be_typed_or_not(nargs, argv, first, second):
    parser = SageMakerArgumentParser()
    parser.add_argument("first", nargs=nargs)
    parser.add_argument("second")
    value = ["f", "f"] if nargs == 2 else "f"
    environ = SageMakerJob({"first": value, "second": "s"}).environ

    assert vars(parser.parse_args(argv, env_vars=environ)) == {"first": first, "second": second}


def test_a_positional_without_a_value_is_required(capsys):
    parser = parser_with("hosts", "other")

    assert vars(parser.parse_args(["x"], env_vars={"SM_HOSTS": "[]"})) == {"hosts": [], "other": "x"}
    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"SM_HOSTS": "[]"})
    assert "required: other (SM_HP_OTHER is not set)" in capsys.readouterr().err


@pytest.mark.parametrize("nargs", ["*", "?", "..."])
def test_a_positional_may_be_empty_in_a_job(nargs):
    parser = SageMakerArgumentParser()
    parser.add_argument("rest", nargs=nargs)

    assert not parser.parse_args([], env_vars={"SM_CURRENT_HOST": "algo-1"}).rest


def test_the_choices_of_an_absent_positional_are_not_checked():
    parser = SageMakerArgumentParser()
    parser.add_argument("layers", nargs="*", type=int, choices=[1, 2, 3])

    assert parser.parse_args([], env_vars={"SM_HP_LAYERS": "[1, 2]"}).layers == [1, 2]


def test_argument_default_suppress():
    parser = parser_with("--epochs", "--other", argument_default=argparse.SUPPRESS)

    assert vars(parser.parse_known_args([], env_vars=JOB.environ)[0]) == {"epochs": "20"}


def test_other_prefix_characters():
    parser = SageMakerArgumentParser(prefix_chars="+")
    parser.add_argument("++batch-size", type=int)
    parser.add_sagemaker_arguments("train")

    namespace = parser.parse_known_args(["++train", "t"], env_vars=SageMakerJob({"batch_size": 3}).environ)[0]
    assert (namespace.batch_size, namespace.train) == (3, "t")
    assert parser.parse_args(["++batch_size", "4"], env_vars={}).batch_size == 4


def test_files_of_arguments(tmp_path):
    (tmp_path / "args").write_text("--epochs\n5\n")
    parser = parser_with("--epochs", "--lr", "--note", fromfile_prefix_chars="@")
    job = SageMakerJob({"note": "@home", "lr": 1})

    namespace = parser.parse_args([*job.argv, f"@{tmp_path / 'args'}"], env_vars=job.environ)

    assert vars(namespace) == {"epochs": "5", "lr": "1", "note": "@home"}


def test_a_namespace_that_has_a_value_keeps_it():
    namespace = argparse.Namespace(epochs="kept")

    assert parser_with("--epochs", "--lr").parse_args([], namespace, env_vars=JOB.environ) is namespace
    assert vars(namespace) == {"epochs": "kept", "lr": "0.5"}


def test_a_namespace_class_that_has_a_value_keeps_it():
    class Options(argparse.Namespace):
        epochs = "kept"

    parser = SageMakerArgumentParser()
    parser.add_argument("--epochs")
    assert parser.parse_args([], namespace=Options(), env_vars={"SM_HP_EPOCHS": "3"}).epochs == "kept"


def test_a_registered_type_reads_the_value_of_sagemaker():
    parser = SageMakerArgumentParser()
    parser.register("type", int, lambda text: int(text) + 1000)
    parser.add_argument("--epochs", type=int)

    assert parser.parse_args([], env_vars={"SM_HP_EPOCHS": "3"}).epochs == 1003
    assert parser.parse_args(["--epochs", "4"], env_vars={}).epochs == 1004


def test_a_command_line_may_be_one_text():
    assert parser_with("--epochs", "--lr").parse_args("--epochs 7", env_vars=JOB.environ).epochs == "7"
    assert parser_with("--epochs", "--lr").parse("--epochs 7", env_vars=JOB.environ).lr == "0.5"
    assert parser_with("--epochs").parse_known("--own", env_vars={})[1] == ["--own"]


@pytest.mark.parametrize("environ", [{}, JOB.environ], ids=["off SageMaker", "in a job"])
def test_a_command_line_may_be_any_iterable(environ):
    parser = parser_with("--epochs", "--lr")

    assert parser.parse_args(iter(["--epochs", "7"]), env_vars=environ).epochs == "7"
    assert parser.parse_args(("--epochs", "7"), env_vars=environ).epochs == "7"


def test_help_tokens_can_be_ignored():
    namespace, extras = parser_with("--epochs").parse_known_args(["-h"], env_vars={}, ignore_help_args=True)

    assert (vars(namespace), extras) == ({"epochs": None}, [])


@pytest.mark.parametrize(
    ("declared", "typed"), [("--batch-size", "--batch_size"), ("--batch_size", "--batch-size"), ("-batch-size", "-batch_size")]
)
def test_a_typed_option_may_use_hyphens_or_underscores(declared, typed):
    parser = parser_with(declared, "--batch-other")

    assert parser.parse_args([typed, "3"], env_vars={}).batch_size == "3"
    assert parser.parse_args([f"{typed}=3"], env_vars={}).batch_size == "3"
    assert parser.parse_known_args(["--some-thing", "3"], env_vars={})[1] == ["--some-thing", "3"]


def test_options_that_differ_only_by_hyphens_are_distinct():
    parser = SageMakerArgumentParser()
    parser.add_argument("--a-b", dest="hyphen")
    parser.add_argument("--a_b", dest="underscore")
    parser.add_argument("--a-b_c")
    parser.add_argument("--a_b-c", dest="other")

    assert vars(parser.parse_args(["--a-b", "1", "--a_b", "2"], env_vars={})) == {
        "hyphen": "1",
        "underscore": "2",
        "a_b_c": None,
        "other": None,
    }
    with pytest.raises(SystemExit):
        parser.parse_args(["--a_b_c", "3"], env_vars={})


def test_add_sagemaker_arguments():
    parser = SageMakerArgumentParser()
    group = parser.add_sagemaker_arguments("train", "eval-set", "50%")
    environ = SageMakerJob(channels=["train", "eval-set"], hosts=2).environ

    assert group.title == "SageMaker arguments"
    assert vars(parser.parse_args([], env_vars=environ)) == {
        "model_dir": "/opt/ml/model",
        "output_data_dir": "/opt/ml/output/data",
        "hosts": ["algo-1", "algo-2"],
        "current_host": "algo-1",
        "num_gpus": int(environ["SM_NUM_GPUS"]),
        "train": "/opt/ml/input/data/train",
        "eval_set": "/opt/ml/input/data/eval-set",
        "50%": None,
    }
    assert set(vars(parser.parse_args([], env_vars={})).values()) == {None}
    assert "SageMaker arguments:" in parser.format_help()
    assert [(*action.option_strings, action.type, action.help) for action in members(group)] == [
        ("--model-dir", str, "directory of the model, packed and kept when the job ends"),
        ("--output-data-dir", str, "directory of further output, packed and kept"),
        ("--hosts", list, "names of all hosts"),
        ("--current-host", str, "name of this host"),
        ("--num-gpus", int, "GPUs of this host"),
        ("--train", None, "directory of the channel train"),
        ("--eval-set", None, "directory of the channel eval-set"),
        ("--50%", None, "directory of the channel 50%%"),
    ]


YAML = """
layers: [1, 2]
opt: {"a": 1}
hosts: [x, y]
flag: true
epochs: 5
"""


def test_config_files(tmp_path):
    (tmp_path / "config.yaml").write_text(YAML)
    parser = SageMakerArgumentParser(
        config_file_parser_class=configargparse.YAMLConfigFileParser, default_config_files=[str(tmp_path / "*.yaml")]
    )
    parser.add_argument("--layers", nargs="+", type=int)
    parser.add_argument("--opt", type=dict)
    parser.add_argument("--hosts")
    parser.add_argument("--flag", action="store_true")
    parser.add_argument("--epochs", default=1)
    parser.add_argument("--config", is_config_file_arg=True)

    expected = {"layers": [1, 2], "opt": {"a": 1}, "hosts": ["x", "y"], "flag": True, "epochs": 5, "config": None}
    assert vars(parser.parse_args([], env_vars={})) == expected
    job = SageMakerJob({"layers": [7], "flag": False, "opt": None})
    environ = without(job, "SM_HOSTS", "SM_RESOURCE_CONFIG", "SM_TRAINING_ENV").environ
    assert vars(parser.parse_args([], env_vars=environ)) == {**expected, "layers": [7], "flag": False, "opt": None}
    assert "layers" not in str(parser.get_source_to_settings_dict().get(f"config_file|{tmp_path / 'config.yaml'}"))
    (tmp_path / "other").write_text("epochs: 9")
    assert parser.parse_args(["--config", str(tmp_path / "other")], env_vars={}).epochs == 9


@pytest.mark.parametrize("variable", [None, "MY_CONFIG"])
@pytest.mark.parametrize("by_variable", [True, False])
def test_the_path_of_a_config_file_may_be_typed_although_it_has_a_variable(tmp_path, variable, by_variable):
    path = tmp_path / "config.ini"
    path.write_text("epochs = 9\n")
    tokens, environ = ([], {"MY_CONFIG": str(path)}) if by_variable else (["--config", str(path)], {})
    namespaces = []
    for parser in (configargparse.ArgumentParser(), SageMakerArgumentParser()):
        parser.add_argument("--config", is_config_file=True, env_var=variable)
        parser.add_argument("--epochs", type=int, default=1)
        namespaces.append(vars(parser.parse_args(tokens, env_vars=environ)))

    assert namespaces[0] == namespaces[1]
    assert namespaces[1]["epochs"] == (9 if variable or not by_variable else 1)


def test_a_date_in_a_list_of_a_yaml_file_is_its_text():
    parser = SageMakerArgumentParser(config_file_parser_class=configargparse.YAMLConfigFileParser)
    parser.add_argument("--days", type=list)

    assert parser.parse_args([], config_file_contents="days: [2020-01-31]", env_vars={}).days == ["2020-01-31"]


def test_toml_config_files():
    parser = SageMakerArgumentParser(config_file_parser_class=configargparse.TomlConfigParser(["smargs"]))
    parser.add_argument("--layers", type=list)
    parser.add_argument("--lr", default=0.1)

    namespace = parser.parse_args([], config_file_contents="[smargs]\nlayers = [1, 2]\nlr = 0.5\n", env_vars={})

    assert vars(namespace) == {"layers": [1, 2], "lr": 0.5}


def test_a_list_in_a_config_file_for_one_number_is_configargparses_error(capsys):
    parser = SageMakerArgumentParser()
    parser.add_argument("--epochs", type=int)

    with pytest.raises(SystemExit):
        parser.parse_args([], config_file_contents="epochs = [1, 2]", env_vars={})
    assert "epochs can't be set to a list" in capsys.readouterr().err


def test_a_written_config_file_has_sagemakers_values(tmp_path, capsys):
    parser = SageMakerArgumentParser(args_for_writing_out_config_file=["--write"])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--layers", nargs="+", type=int)
    parser.add_argument("--opt", type=dict)
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--train")
    parser.add_argument("--lr", default=0.1)
    environ = SageMakerJob({"epochs": 20, "layers": [1, 2], "opt": {"a": [1]}, "amp": True}, ["train"]).environ
    config = tmp_path / "config.ini"
    with pytest.raises(SystemExit) as stop:
        parser.parse_args(["--write", str(config)], env_vars=environ)

    assert stop.value.code == 0
    expected = parser.parse_args([], env_vars=environ)
    assert vars(parser.parse_args([], config_file_contents=config.read_text(), env_vars={})) == vars(expected)


def test_automatic_variables_of_configargparse():
    parser = SageMakerArgumentParser(auto_env_var_prefix="MY_")
    actions = [
        parser.add_argument("--epochs", default=1),
        parser.add_argument("--lr"),
        parser.add_argument("-s"),
        parser.add_argument("--per-host-rate-"),
        parser.add_argument("--depth", env_var="SM_HP_DEPTH", type=int),
    ]
    before = [dict(vars(action)) for action in actions]

    assert parser.parse_args([], env_vars={**JOB.environ, "MY_EPOCHS": "3"}).epochs == 3
    assert parser.parse_args([], env_vars=JOB.environ).epochs == 20
    assert parser.parse_args([], env_vars={"MY_EPOCHS": "4"}).epochs == 4
    both = {"SM_HP_PER_HOST_RATE_": "5", "MY_PER_HOST_RATE": "6"}
    assert vars(parser.parse_args([], env_vars=both))["per_host_rate_"] == "6"
    assert parser.parse_args([], env_vars={"SM_HP_DEPTH": "5.0", "MY_DEPTH": "6"}).depth == 5
    assert [dict(vars(action)) for action in actions] == before


def test_the_automatic_prefix_sm_hp_still_works():
    parser = SageMakerArgumentParser(auto_env_var_prefix="SM_HP_")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--lr")
    parser.add_argument("--train")
    parser.add_argument("--other", env_var="SM_HP_LR")

    for _ in range(2):
        namespace = parser.parse_known_args([], env_vars=JOB.environ)[0]
        assert vars(namespace) == {"epochs": 20, "lr": "0.5", "train": "/opt/ml/input/data/train", "other": "0.5"}


class Plain(SageMakerParserMixin, argparse.ArgumentParser):
    """A parser class that is not ConfigArgParse's."""


def test_the_mixin_works_over_plain_argparse(sagemaker_job):
    parser = Plain(infer_types=True)
    parser.add_argument("--epochs", default=1)
    parser.add_argument("--lr", type=float)
    commands = parser.add_subparsers()
    sub = commands.add_parser("sub")
    sub.add_argument("--train")

    assert "(env var: SM_CHANNEL_TRAIN)" in sub.format_help()
    assert parser.parse_args([], env_vars=JOB.environ).epochs == 20
    assert parser.parse_args(["sub"], env_vars=JOB.environ).train == "/opt/ml/input/data/train"
    with sagemaker_job({"epochs": 20, "lr": 0.5}):
        assert parser.parse_args([]).lr == 0.5
        assert "from SM_HP_EPOCHS" in parser.format_help()


def test_a_parser_class_with_its_own_pickling():
    class Own(Plain):
        def __getstate__(self):
            raise ValueError("nothing is parsed yet")

    parser = Own()
    parser.add_argument("--epochs", type=int, required=True)

    assert "(env var: SM_HP_EPOCHS)" in parser.format_help()
    assert parser.parse_args([], env_vars={"SM_HP_EPOCHS": "20"}).epochs == 20


@pytest.mark.parametrize("parser_class", [SageMakerParserMixin, SageMakerArgumentParser])
def test_the_parser_classes_have_no_annotations(parser_class):
    assert get_type_hints(parser_class) == {}


def test_the_keywords_of_a_parser_class_are_passed_on():
    class Own(argparse.ArgumentParser):
        def parse_args(self, args=None, known_only=False):
            return self.parse_known_args(args)[0] if known_only else super().parse_args(args)

    class Mixed(SageMakerParserMixin, Own):
        pass

    parser = Mixed()
    parser.add_argument("--epochs", type=int)

    assert vars(parser.parse_args(["--new"], known_only=True, env_vars={"SM_HP_EPOCHS": "20"})) == {"epochs": 20}


def test_a_parser_class_that_cannot_be_filled_is_an_error():
    class Own(argparse.ArgumentParser):
        def parse_args(self, args=None, namespace=None):
            late = {"intermixed": False} if "intermixed" in inspect.signature(super()._parse_known_args).parameters else {}
            return self._parse_known_args(args, argparse.Namespace(), **late)[0]

    class Mixed(SageMakerParserMixin, Own):
        pass

    with pytest.raises(TypeError, match=r"^Mixed parses without parse_known_args, so SageMaker cannot fill it$"):
        Mixed().parse_args([])


class Environ(dict):
    """The variables of one parse. Unlike a dict, it can be observed."""


@pytest.mark.parametrize("variables", [{}, {"SM_HP_EPOCHS": "3"}], ids=["off SageMaker", "in a job"])
def test_a_parser_keeps_nothing_of_the_parses_before_the_last(variables):
    parser = parser_with("--epochs")
    subparser = parser.add_subparsers().add_parser("fit")
    subparser.add_argument("--lr")
    alive = []
    for _ in range(3):
        environ = Environ(variables)
        alive.append(weakref.ref(environ))
        parser.parse_args(["fit", "--lr", "1"], env_vars=environ)
        del environ
    gc.collect()

    assert [observed() for observed in alive[:-1]] == [None, None]


def test_printed_values_belong_to_the_last_parse():
    parser = parser_with("--epochs")
    parser.parse_args([], env_vars={"SM_HP_EPOCHS": "3"})
    assert "SM_HP_EPOCHS" in parser.format_values()

    parser.parse_args(["--epochs", "4"], env_vars={})

    assert parser.format_values() == "Command Line Args:   --epochs 4\n"


def test_a_subclass_that_forwards_its_own_arguments():
    class Own(SageMakerArgumentParser):
        def __init__(self, *args, **settings):
            settings.setdefault("description", "own")
            super().__init__(*args, infer_types=False, **settings)

        def error(self, message):
            raise ValueError(message)

    parser = Own("prog")
    parser.add_subparsers().add_parser("sub").add_argument("--epochs", type=int)

    with pytest.raises(ValueError, match=r"^argument --epochs: invalid int value: 'many' "):
        parser.parse_args(["sub"], env_vars={"SM_HP_EPOCHS": "many"})


def test_an_attribute_that_a_custom_action_sets_on_the_parser_is_kept():
    class Noting(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            parser.noted = values

    parser = SageMakerArgumentParser()
    parser.add_argument("--note", action=Noting)
    parser.parse_args(["--note", "n"], env_vars={"SM_NUM_GPUS": "1"})

    assert parser.noted == "n"


def test_a_parser_can_be_copied():
    parser = copy.deepcopy(with_subparsers())

    assert parser.parse_args(["fit"], env_vars=JOB.environ).lr == 0.5


@pytest.mark.parametrize("name", ["toolkit-5.1.4", "sdk-v3-1.27.0", "sdk-v3-1.27.0-apostrophe"])
def test_a_recorded_job_parses_to_the_same_with_and_without_its_command_line(name, tmp_path):
    job = recorded(name)
    write_files(tmp_path, job["files"])
    environ = {**job["environ"], "SAGEMAKER_BASE_DIR": str(tmp_path)}
    files_only = {"SAGEMAKER_BASE_DIR": str(tmp_path)}
    parser = SageMakerArgumentParser()
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--learning-rate", default=0.1)
    parser.add_argument("--use-amp", action="store_true")
    parser.add_argument("--debug", action="store_true")
    parser.add_argument("--layers", nargs="+", type=int)
    parser.add_argument("--opt", type=dict)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("-k", type=int)
    for option in ("--communicator", "--note", "--zip", "--empty", "--model-dir", "--names"):
        parser.add_argument(option, type=list if option == "--names" else None)

    for argv, variables in ((job["argv"], environ), ([], environ), (job["argv"], job["environ"]), ([], files_only)):
        if name.endswith("apostrophe") and variables is job["environ"]:
            continue
        assert vars(parser.parse_args(argv, env_vars=variables)) == {
            "batch_size": 256,
            "learning_rate": 0.0001,
            "use_amp": True,
            "debug": False,
            "layers": [256, 128],
            "opt": {"name": "adam", "betas": [0.9, 0.999]},
            "seed": None,
            "k": 5,
            "communicator": "pure_nccl",
            "note": json.loads(job["files"]["hyperparameters.json"]["note"]),
            "zip": "00123",
            "empty": "",
            "model_dir": "s3://bucket/model",
            "names": ["a b", "c"],
        }


@pytest.mark.no_mutants
@pytest.mark.needs_process
@pytest.mark.skipif(sys.version_info < (3, 10), reason="sys.stdlib_module_names came with Python 3.10")
def test_the_package_needs_nothing_but_configargparse():
    program = (
        "import sys; before = set(sys.modules); import smargs.parser; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=dict(os.environ))

    assert set(result.stdout.split()) == {"smargs", "configargparse"}


@pytest.mark.needs_process
def test_the_public_names_are_listed_and_imported_on_demand():
    program = "import sys, smargs; print(*dir(smargs)); print('configargparse' in sys.modules); smargs.Nothing"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    names, loaded = result.stdout.splitlines()
    assert {"SageMakerArgumentParser", "SageMakerEnvironment", "SageMakerParserMixin"} <= set(names.split()) <= {*dir(smargs)}
    assert loaded == "False"
    assert result.stderr.splitlines()[-1] == "AttributeError: module 'smargs' has no attribute 'Nothing'"


def test_json_in_a_text_is_recognised_in_the_spelling_of_the_sdk():
    environ = {"SM_HPS": '{"lr": "1e-5", "k": "[1,2]", "sagemaker_program": "train.py"}'}
    argv = ["--lr", "1e-05", "--k", "[1, 2]", "--sagemaker_program", "train.py"]

    assert vars(parser_with("--lr", "--k").parse_args(argv, env_vars=environ)) == {"lr": "1e-5", "k": "[1, 2]"}


def test_two_parsers_in_a_row_share_a_command_line():
    job = SageMakerJob({"config": "c", "epochs": 3, "fp16": True, "layers": [1, 2]})
    first = parser_with("--config", add_help=False)
    second = SageMakerArgumentParser()
    second.add_argument("--epochs", type=int)
    second.add_argument("--fp16", action="store_true")
    second.add_argument("--layers", nargs="+", type=int)

    _, rest = first.parse_known_args([*job.argv, "--epochs", "4"], env_vars=job.environ)

    assert rest == ["--epochs", "4", "--epochs", "3", "--fp16", "True", "--layers", "[1, 2]"]
    assert vars(second.parse_args(rest, env_vars=job.environ)) == {"epochs": 4, "fp16": True, "layers": [1, 2]}
    assert parser_with("--epochs").parse_known_args(rest, env_vars=job.environ)[1] == rest[4:]
    with pytest.raises(SystemExit):
        second.parse_args(job.argv, env_vars=job.environ)


def test_hyperparameters_of_an_earlier_parser_are_not_refused():
    environ = SageMakerJob({"config": "c"}).environ
    _, rest = parser_with("--config", add_help=False).parse_known_args([], env_vars=environ)

    assert vars(parser_with("--epochs").parse_args(rest, env_vars=environ)) == {"epochs": None}


def remove_epochs(tokens):
    index = tokens.index("--epochs")
    del tokens[index : index + 2]


@pytest.mark.sagemaker_platforms("toolkit", "sdk", "files")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rest: rest.extend(["--lr", "0.5"]), {"epochs": 3, "lr": 0.5}),
        (lambda rest: rest.__iadd__(["--lr", "0.5"]), {"epochs": 3, "lr": 0.5}),
        (lambda rest: rest.insert(0, "--lr=0.5"), {"epochs": 3, "lr": 0.5}),
        (lambda rest: rest.__setitem__(rest.index("--epochs") + 1, "99"), {"epochs": 99, "lr": 0.1}),
        (lambda rest: operator.add(rest, ["--lr", "0.5"]), {"epochs": 3, "lr": 0.5}),
        (lambda rest: operator.add(["--lr", "0.5"], rest), {"epochs": 3, "lr": 0.5}),
        (lambda rest: rest[:] + rest[:0], {"epochs": 3, "lr": 0.1}),
        (lambda rest: rest.copy(), {"epochs": 3, "lr": 0.1}),
        (copy.copy, {"epochs": 3, "lr": 0.1}),
        (lambda rest: rest[::-1][::-1], {"epochs": 3, "lr": 0.1}),
    ],
    ids=["extend", "+=", "insert", "item", "sum", "sum of a list", "slices", "copy", "copy.copy", "reversed twice"],
)
def test_a_script_may_change_the_tokens_that_a_parser_returns(sagemaker_job, change, expected):
    first = parser_with("--config")
    second = SageMakerArgumentParser()
    second.add_argument("--epochs", type=int)
    second.add_argument("--lr", type=float, default=0.1)

    with sagemaker_job({"epochs": 3, "config": "c.yaml"}):
        _, rest = first.parse_known_args()
        changed = change(rest)
        assert vars(second.parse_args(rest if changed is None else changed)) == expected


@pytest.mark.sagemaker_platforms("toolkit", "sdk", "files")
def test_a_hyperparameter_that_a_script_removes_from_the_tokens_is_not_refused(sagemaker_job):
    with sagemaker_job({"epochs": 3, "config": "c.yaml"}):
        _, rest = parser_with("--config").parse_known_args()
        with pytest.raises(SystemExit):
            parser_with("--lr").parse_args(rest[:])
        remove_epochs(rest)
        assert rest == []
        assert vars(parser_with("--lr").parse_args(rest)) == {"lr": None}


@pytest.mark.sagemaker_platforms("toolkit", "sdk")
def test_hyperparameters_that_a_plain_parser_consumed_are_not_refused(sagemaker_job):
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--config")
    second = parser_with("--epochs", "--note")

    with sagemaker_job({"epochs": 3, "config": "c.yaml", "note": "two words"}):
        namespace, rest = first.parse_known_args()

        assert namespace.config == "c.yaml"
        assert vars(second.parse_args(rest)) == {"epochs": "3", "note": "two words"}
        assert second.parse_known_args(rest)[1] == []
        with pytest.raises(SystemExit):
            parser_with("--epochs").parse_args(rest)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.10 added sys.orig_argv")
@pytest.mark.parametrize("first", ["argparse.ArgumentParser", "SageMakerArgumentParser"])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_hyperparameters_that_were_removed_from_sys_argv_are_not_refused(run_script, platform, first):
    source = f"""
import argparse, sys
from smargs import SageMakerArgumentParser
parser = {first}(add_help=False)
parser.add_argument("--config")
_, sys.argv[1:] = parser.parse_known_args()
parser = SageMakerArgumentParser()
parser.add_argument("--epochs", type=int)
print(parser.parse_args())
"""

    result = run_script(source, SageMakerJob({"config": "c.yaml", "epochs": 3}, platform=platform))
    mistyped = run_script(source, SageMakerJob({"config": "c.yaml", "epoch": 3}, platform=platform))

    assert (result.stdout, result.stderr) == ("Namespace(epochs=3)\n", "")
    assert mistyped.stderr.endswith("error: unrecognized hyperparameter: epoch (did you mean --epochs?)\n")


def test_hyperparameters_of_a_command_line_that_a_test_sets_are_not_refused(monkeypatch):
    job = SageMakerJob({"config": "c.yaml", "epochs": 3})
    monkeypatch.setattr(sys, "argv", ["train.py", *job.argv])

    assert vars(parser_with("--epochs").parse_args(["--epochs", "3"], env_vars=job.environ)) == {"epochs": "3"}


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.10 added sys.orig_argv")
def test_hyperparameters_that_a_test_removed_from_sys_argv_are_not_refused():
    before = sys.orig_argv

    with SageMakerJob({"config": "c.yaml", "epochs": 3}):
        sys.argv = ["train.py", "--epochs", "3"]

        assert vars(parser_with("--epochs").parse_args()) == {"epochs": "3"}

    assert sys.orig_argv is before


@pytest.mark.parametrize(
    ("place", "parameters"),
    [
        ("_parse_optional", ["self", "arg_string"]),
        ("_get_value", ["self", "action", "arg_string"]),
        ("_get_values", ["self", "action", "arg_strings"]),
        ("_match_arguments_partial", ["self", "actions", "arg_strings_pattern"]),
        ("_check_value", ["self", "action", "value"]),
        ("_parse_known_args", ["self", "arg_strings", "namespace"]),
    ],
)
def test_argparse_has_the_private_methods_that_are_overridden(place, parameters):
    assert list(inspect.signature(getattr(argparse.ArgumentParser, place)).parameters)[: len(parameters)] == parameters
    assert place in vars(SageMakerParserMixin)


def test_an_argument_declared_before_configargparse_is_imported_is_filled(run_script):
    source = """
import argparse
parent = argparse.ArgumentParser(add_help=False)
parent.add_argument("--lr")
from smargs import SageMakerParserMixin
class Mixed(SageMakerParserMixin, argparse.ArgumentParser): ...
print(Mixed(parents=[parent]).parse_args().lr)
"""

    assert run_script(source, SageMakerJob({"lr": 0.1})).stdout == "0.1\n"


def test_a_subclass_with_argparses_own_signature():
    class Own(SageMakerArgumentParser):
        def parse_known_args(self, args=None, namespace=None):
            return super().parse_known_args(args, namespace)

    parser = Own()
    parser.add_argument("--epochs", type=int)

    assert parser.parse_args([], env_vars={}, config_file_contents="epochs = 2").epochs == 2
    assert parser.parse_args([], env_vars={"SM_HP_EPOCHS": "3"}).epochs == 3


def test_a_typed_positional_in_a_group_excludes_the_others(capsys):
    with pytest.raises(SystemExit):
        exclusive().parse_args(["there", "--fast"], env_vars=SageMakerJob({"place": "here"}).environ)

    assert "argument place: not allowed with argument --fast" in capsys.readouterr().err


def test_a_positional_of_a_group_that_is_typed_alone_is_no_conflict():
    assert exclusive().parse_args(["there"], env_vars=SageMakerJob({"place": "here"}).environ).place == "there"


def test_a_custom_action_gets_the_parser():
    class Noting(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            setattr(namespace, self.dest, parser.prog)

    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--note", action=Noting)

    assert parser.parse_args([], env_vars={"SM_HP_NOTE": "n"}).note == "train.py"


def test_a_value_that_does_not_fit_is_no_error_if_its_dest_was_typed():
    parser = SageMakerArgumentParser()
    parser.add_argument("--a", dest="v", type=int)
    parser.add_argument("--b", dest="v", type=int)

    assert parser.parse_args(["--b", "9"], env_vars={"SM_HP_A": "bad"}).v == 9


def test_a_positional_of_the_wrong_type_keeps_its_default():
    parser = SageMakerArgumentParser()
    parser.add_argument("channel_names", type=int, default=["train"])

    assert parser.parse_args([], env_vars={"SM_CHANNELS": '["train"]'}).channel_names == ["train"]
    assert "SM_CHANNELS[channel_names]" in parser.format_values()


def test_format_values_needs_a_parse():
    with pytest.raises(AttributeError):
        SageMakerArgumentParser().format_values()


def test_a_text_can_be_converted_outside_a_parse():
    parser = SageMakerArgumentParser()
    epochs = parser.add_argument("--epochs", type=int)

    assert parser._get_value(epochs, "3") == 3


def test_the_mixin_accepts_a_variable_of_sagemaker_without_configargparse(run_script):
    source = """
import argparse, sys
from smargs import SageMakerParserMixin
class Parser(SageMakerParserMixin, argparse.ArgumentParser):
    pass
parser = Parser()
parser.add_argument("--model", env_var="SM_MODEL_DIR")
print(parser.parse_args().model, "configargparse" in sys.modules)
"""
    job = SageMakerJob({}, [])
    finished = run_script(source, job)
    assert (finished.stdout, finished.stderr) == (f"{job.environ['SM_MODEL_DIR']} False\n", "")


def own_container(base):
    """The environment of a job whose container has the service's files only."""
    return {"SAGEMAKER_BASE_DIR": str(write_files(base, {"hyperparameters.json": {"epochs": "3"}}))}


@pytest.mark.parametrize("typed", [[], ["--epochs", "3"]])
def test_the_command_of_the_service_needs_no_argument_in_an_own_container(tmp_path, typed):
    assert vars(parser_with("--epochs").parse_args(["train", *typed], env_vars=own_container(tmp_path))) == {"epochs": "3"}


def test_the_command_of_the_service_is_the_value_of_a_positional(tmp_path):
    namespace = parser_with("mode", "--epochs").parse_args(["train"], env_vars=own_container(tmp_path))

    assert vars(namespace) == {"mode": "train", "epochs": "3"}


@pytest.mark.parametrize("argv", [["train"], ["--own", "train"]])
def test_a_token_train_is_unrecognized_if_it_is_not_the_command_of_the_service(tmp_path, argv):
    environ = own_container(tmp_path) if argv[0] != "train" else SageMakerJob({"epochs": 3}).environ

    assert parser_with("--epochs").parse_known_args(argv, env_vars=environ)[1] == argv


@pytest.mark.parametrize(("uri", "undeclared"), [("s3://bucket/job/model", []), ("/data", ["--model_dir", "/data"])])
def test_the_s3_uri_of_a_model_needs_no_argument(uri, undeclared):
    environ = SageMakerJob({"model_dir": uri, "epochs": 3}).environ

    assert parser_with("--epochs").parse_known_args([], env_vars=environ)[1] == undeclared


def test_another_s3_uri_needs_an_argument():
    environ = SageMakerJob({"data": "s3://bucket/data"}).environ

    assert parser_with().parse_known_args([], env_vars=environ)[1] == ["--data", "s3://bucket/data"]


def test_hyperparameters_replace_values_of_a_namespace_if_the_platform_wrote_them_on_the_command_line():
    namespace = parser_with("--epochs", "--lr").parse_args(JOB.argv, argparse.Namespace(epochs="old"), env_vars=JOB.environ)

    assert vars(namespace) == {"epochs": "20", "lr": "0.5"}


def test_hyperparameters_replace_values_of_a_namespace_if_the_script_passes_no_tokens(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train.py"])

    assert (
        parser_with("--epochs").parse_known_args(None, argparse.Namespace(epochs="old"), env_vars=JOB.environ)[0].epochs == "20"
    )


@pytest.mark.parametrize("converted", [0, 7])
def test_two_typed_options_of_a_group_exclude_each_other_as_in_argparse(converted):
    outcomes = []
    for parser in (argparse.ArgumentParser(), SageMakerArgumentParser()):
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--x", type=int, default=0)
        group.add_argument("--y")
        settings = {"env_vars": {"SM_HP_X": "3"}} if isinstance(parser, SageMakerArgumentParser) else {}
        try:
            outcomes.append(vars(parser.parse_args(["--x", str(converted), "--y", "1"], **settings)))
        except SystemExit as exit_:
            outcomes.append(exit_.code)
    assert outcomes[0] == outcomes[1]


def test_an_action_that_stores_nothing_excludes_no_other_argument():
    class Ignore(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            pass

    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--x", action=Ignore, default=argparse.SUPPRESS)
    group.add_argument("--y")

    assert vars(parser.parse_args([], env_vars={"SM_HP_X": "1"})) == {"y": None}


def test_tokens_of_undeclared_hyperparameters_are_returned_as_the_platform_wrote_them():
    tokens = ["--epochs", "2e1", "--lr", "5e-1"]
    environ = {**JOB.environ, "SM_USER_ARGS": json.dumps(tokens)}

    assert parser_with("--epochs").parse_known_args(tokens, env_vars=environ)[1] == ["--lr", "5e-1"]
    assert parser_with("--epochs").parse_known_args([], env_vars=environ)[1] == ["--lr", "0.5"]


def test_a_false_flag_without_a_default_excludes_no_other_argument():
    parser = SageMakerArgumentParser(argument_default=argparse.SUPPRESS)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--x", action="store_true")
    group.add_argument("--y")

    assert vars(parser.parse_args([], env_vars={"SM_HP_X": "false", "SM_HP_Y": "1"})) == {"y": "1"}


def test_a_required_group_in_a_group_is_required(capsys):
    parser = SageMakerArgumentParser()
    group = parser.add_argument_group("data").add_mutually_exclusive_group(required=True)
    group.add_argument("--labels", env_var="SM_CHANNEL_TRAIN")
    group.add_argument("--other")

    assert parser.parse_args([], env_vars={"SM_CHANNEL_TRAIN": "/data"}).labels == "/data"
    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={})
    assert "one of the arguments --labels --other is required" in capsys.readouterr().err


@pytest.mark.parametrize(("parent", "child"), [(True, True), (True, False), (False, True)])
def test_help_of_a_subcommand_names_variables_unless_its_parser_or_the_parent_does_not(monkeypatch, parent, child):
    monkeypatch.setenv("SM_HP_OTHER", "1")
    subparsers = SageMakerArgumentParser(add_env_var_help=parent).add_subparsers()
    parser = subparsers.add_parser("fit", add_env_var_help=child)
    parser.add_argument("--epochs")

    assert ("SM_HP_EPOCHS" in parser.format_help()) is (parent and child)
