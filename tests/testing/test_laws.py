"""The two laws that a test can check a script's parser against: what passes, what fails, and the table of differences."""

import argparse
import enum

import pytest

from smargs import SageMakerArgumentParser
from smargs.local.job import PLATFORMS
from smargs.testing import assert_parses_like_argparse, assert_same_on_every_platform


class Rate:
    """A value that compares by identity, as most classes do."""

    def __init__(self, text):
        self.text = text


class Optimizer(enum.Enum):
    ADAM = "adam"


def declare(parser_class):
    parser = parser_class(prog="train.py")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=Rate)
    parser.add_argument("--layers", nargs="+", type=float)
    parser.add_argument("--amp", action="store_true")
    return parser


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["--epochs", "3", "--amp", "--rate", "0.1", "--layers", "1", "nan"],
        ["--epochs", "many"],
        ["--other", "x"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_a_parser_without_inferred_types_parses_like_argparse(argv, monkeypatch):
    monkeypatch.setenv("SM_HP_EPOCHS", "9")
    assert_parses_like_argparse(declare, argv)


def test_the_table_shows_which_arguments_differ_and_how():
    def declare_untyped(parser_class):
        parser = declare(parser_class)
        parser.add_argument("--steps", default=10)
        parser.add_argument("--sizes", type=list)
        return parser

    assert_parses_like_argparse(declare_untyped, [])
    with pytest.raises(AssertionError) as error:
        assert_parses_like_argparse(declare_untyped, ["--steps", "5", "--sizes", "[1]", "--epochs", "2"])
    first, _, *lines = str(error.value).splitlines()
    assert first == "off SageMaker, argv ['--steps', '5', '--sizes', '[1]', '--epochs', '2']:"
    assert [line.split() for line in lines if not line.startswith("--")] == [
        ["argument", "argparse", "smargs"],
        ["steps", "str", "'5'", "int", "5"],
        ["sizes", "list(str", "'[',", "str", "'1',", "str", "']')", "list(int", "1)"],
    ]


def test_an_error_of_one_parser_only_is_a_difference():
    def declare_flag(parser_class):
        parser = parser_class(prog="train.py")
        parser.add_argument("--flag", type=bool)
        return parser

    with pytest.raises(AssertionError, match=r"\(error\).*\(nothing\).*exit status 2: .*--flag: invalid bool value: 'maybe'"):
        assert_parses_like_argparse(declare_flag, ["--flag", "maybe"])


def test_objects_of_the_script_are_compared_by_their_attributes():
    def declare_numbered(parser_class):
        parser = parser_class()
        parser.add_argument("--rate", type=lambda text: Rate(text if parser_class is argparse.ArgumentParser else "other"))
        return parser

    with pytest.raises(AssertionError, match=r"Rate \{'text': str '0.1'\} .*Rate \{'text': str 'other'\}"):
        assert_parses_like_argparse(declare_numbered, ["--rate", "0.1"])


def test_two_functions_from_the_same_declaration_are_equal():
    def declare_commands(parser_class):
        parser = parser_class(prog="train.py")
        fit = parser.add_subparsers(dest="command").add_parser("fit")
        fit.add_argument("--where", default=object())
        fit.set_defaults(run=lambda args: parser_class)
        return parser

    assert_parses_like_argparse(declare_commands, ["fit"])


def test_errors_that_a_parser_raises_are_compared():
    def declare_raising(parser_class):
        parser = declare(parser_class)
        parser.exit_on_error = False  # A setting since Python 3.9; before, a parser always exits.
        parser.add_argument("--token", type=int)
        return parser

    for argv in (["--epochs", "many"], ["--token", "hunter2"]):
        assert_parses_like_argparse(declare_raising, argv)


def declare_secrets(parser_class):
    parser = parser_class(prog="train.py")
    parser.add_argument("--api-key", type=int)
    parser.add_argument("--secret-key", type=list, dest="login")
    parser.add_argument("--bad", type=list)
    parser.add_subparsers(dest="command").add_parser("fit").add_argument("--token", type=list)
    return parser


def test_an_error_is_the_same_though_argparse_shows_a_secret_in_it():
    assert_parses_like_argparse(declare_secrets, ["--api-key", "hunter2"])


@pytest.mark.parametrize(
    "argv",
    [
        ["--bad", "[1]", "--secret-key", "hunter2"],
        ["--bad", "[1]", "--password=hunter2"],
        ["fit", "--token", "hunter2"],
    ],
    ids=" ".join,
)
def test_a_table_shows_no_secret(argv):
    with pytest.raises(AssertionError) as error:
        assert_parses_like_argparse(declare_secrets, argv)
    assert "hunter2" not in str(error.value)
    assert "'h'" not in str(error.value)


def parser_of(**declared):
    parser = SageMakerArgumentParser(prog="train.py")
    for name, settings in declared.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **settings)
    return parser


def test_hyperparameters_of_declared_types_are_the_same_on_every_platform():
    parser = parser_of(
        epochs={"type": int},
        text={},
        layers={"nargs": "+", "type": int},
        sizes={"type": set},
        options={"type": dict},
        optimizer={"type": Optimizer},
        num_gpus={"type": int, "default": -1},
        model_dir={},
        train={"required": True},
    )
    values = {
        "epochs": 3,
        "text": "two words",
        "layers": [256, 128],
        "sizes": [1, 2],
        "options": {"a": [1]},
        "optimizer": "adam",
    }
    assert_same_on_every_platform(parser, values, ["train"])


@pytest.mark.needs_process
def test_a_type_that_depends_on_the_spelling_of_a_platform_fails_with_a_table():
    def as_spelled(text):
        return len(text)

    parser = parser_of(epochs={"type": int}, where={"type": as_spelled}, api_key={"type": as_spelled})
    assert_same_on_every_platform(parser, {"epochs": 3, "where": "abc"})
    seen = []
    parser = parser_of(
        epochs={"type": int},
        where={"type": lambda text: seen.append(text) or len(seen)},
        api_key={"type": lambda text: f"secret{len(seen)}"},
    )
    with pytest.raises(AssertionError) as error:
        assert_same_on_every_platform(parser, {"epochs": 3, "where": "abc", "api_key": "hunter2"})
    first, _, *lines = str(error.value).splitlines()
    assert first == "the same hyperparameters on each platform:"
    assert [line.split() for line in lines if not line.startswith("--")] == [
        ["argument", "toolkit", "toolkit-unquoted", "sdk", "files"],
        ["where", *(part for number in (1, 2, 3, 4) for part in ("int", str(number)))],
        ["api_key", *4 * ["******"]],
    ]


def test_hyperparameters_that_do_not_parse_fail_with_an_error_for_each_platform():
    with pytest.raises(AssertionError) as error:
        assert_same_on_every_platform(parser_of(epochs={"type": int}), {"epochs": "many"}, platforms=["toolkit", "files"])
    assert str(error.value).splitlines() == [
        "these hyperparameters do not parse",
        "toolkit: exit status 2: train.py: error: argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)",
        "files: exit status 2: train.py: error: argument --epochs: invalid int value: 'many' (from hyperparameters.json)",
    ]


@pytest.mark.needs_process
def test_a_platform_that_does_not_start_the_job_is_skipped_unless_none_starts_it():
    parser = parser_of(motto={})
    assert_same_on_every_platform(parser, {"motto": "it's"})
    with pytest.raises(AssertionError, match=r"^no platform starts this job\nsdk: SDK v3's bash cannot export 'SM_HP_MOTTO'"):
        assert_same_on_every_platform(parser, {"motto": "it's"}, platforms=["sdk"])


@pytest.mark.parametrize(
    ("text", "losing"), [("null", "sdk"), ('"q"', "sdk"), ("a*", "toolkit-unquoted"), ("~", "toolkit-unquoted")]
)
def test_a_platform_that_changes_a_text_is_skipped(text, losing):
    parser = parser_of(motto={})
    assert_same_on_every_platform(parser, {"motto": text})
    with pytest.raises(AssertionError, match=f"^no platform starts this job\n{losing}: it changes the value of one of these"):
        assert_same_on_every_platform(parser, {"motto": text}, platforms=[losing])


@pytest.mark.needs_process
@pytest.mark.parametrize("text", ["5", "00123", "true", "[1, 2]", '{"a": 1}', "two  words", ""])
def test_a_text_that_looks_like_json_is_the_same_text_on_every_platform(text):
    parser = parser_of(motto={}, typed={"type": str})
    for platform in PLATFORMS:
        assert_same_on_every_platform(parser, {"motto": text, "typed": text}, platforms=[platform])
    assert_same_on_every_platform(parser, {"motto": text, "typed": text})


def test_undeclared_hyperparameters_are_no_difference():
    assert_same_on_every_platform(parser_of(epochs={"type": int}), {"epochs": 3, "undeclared": [1, 2]})
