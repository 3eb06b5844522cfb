"""What errors and help say."""

import argparse
import json
from pathlib import Path

import pytest
from parsers import parse, parser_of

from smargs import SageMakerArgumentParser, SageMakerParserMixin


class NoText:
    """Such as the help of Hydra's own arguments, which it makes when it is shown."""

    def __repr__(self):
        return "help that is made late"


def test_a_help_object_that_is_not_a_text_does_not_appear_in_errors(capsys):
    class Plain(SageMakerParserMixin, argparse.ArgumentParser):
        """argparse's parser."""

    for cls in (Plain, SageMakerArgumentParser):
        parser = cls(prog="train.py")
        parser.add_argument("--x").help = NoText()
        with pytest.raises(SystemExit):
            parser.parse_args(["--bad"])
        assert capsys.readouterr().err.endswith("train.py: error: unrecognized arguments: --bad\n")


def test_a_typed_value_replaces_a_value_that_does_not_fit_in_its_group():
    parser = SageMakerArgumentParser(argument_default=argparse.SUPPRESS)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--x", type=int)
    group.add_argument("--y")

    assert vars(parser.parse_args(["--y", "1"], env_vars={"SM_HP_X": "many"})) == {"y": "1"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("--model_id", "(neither SM_HP_MODEL_ID nor SM_CHANNEL_MODEL_ID is set; the job's channels: train)"),
        (
            "--data",
            "(SM_CHANNEL_DATA is not set; the job's channels: train); "
            "to send a channel: fit({'data': 's3://...'}) or smargs run --channel data=DIRECTORY",
        ),
        ("--sm-hp-model-id", "(SM_HP_MODEL_ID is not set)"),
        ("--model-dir", "(SM_MODEL_DIR is not set)"),
    ],
)
def test_a_missing_argument_names_its_hyperparameter_first(name, reason, capsys):
    with pytest.raises(SystemExit):
        parse({"SM_CHANNELS": '["train"]'}, (name, {"required": True}))
    assert capsys.readouterr().err.endswith(f"required: {name} {reason}\n")


def test_the_nearest_option_is_found_by_its_name_without_hyphens(capsys):
    with pytest.raises(SystemExit):
        parse({"SM_HPS": '{"XX1": 1}'}, ("--XX", {}))
    assert capsys.readouterr().err.endswith("XX1 (did you mean --XX?)\n")


STEERING = "\x1b[31mred\x1b[0m \u202egnp.exe \x07"


@pytest.mark.parametrize("declaration", [{}, {"nargs": "+"}, {"type": Path}])
def test_a_value_cannot_control_the_terminal(declaration, monkeypatch, capsys):
    monkeypatch.setenv("SM_HPS", json.dumps({"note": STEERING}))
    parser = parser_of(("--note", declaration), ("--epochs", {"type": int}))
    shown = [parser.format_help(), str(parser.parse_args([])) and parser.format_values()]
    monkeypatch.setenv("SM_HPS", json.dumps({"epochs": STEERING, "note": STEERING}))
    with pytest.raises(SystemExit):
        parser.parse_args([])
    shown.append(capsys.readouterr().err)

    for text in shown:
        assert "\\x1b[31mred" in text
        assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize(
    ("name", "variable"),
    [("--data_config", "SM_INPUT_DATA_CONFIG"), ("--fw_params", "SM_FRAMEWORK_PARAMS"), ("--model_output_dir", "SM_MODEL_DIR")],
)
def test_names_from_public_examples_take_their_variables(name, variable):
    value = "/opt/ml/model" if variable == "SM_MODEL_DIR" else {"a": 1}
    environ = {variable: value if isinstance(value, str) else json.dumps(value)}

    assert list(vars(parse(environ, (name, {}))).values()) == [value]


@pytest.mark.parametrize(
    ("environ", "declaration", "message"),
    [
        ({"SM_HP_X": "0.5"}, {"default": 1}, "the default 1; a default such as 1.0 infers a float)"),
        ({"SM_HP_X": "many"}, {"default": 1}, "the default 1; infer_types=False turns this off)"),
        ({"SM_HP_X": "many"}, {"default": 1.0}, "the default 1.0; infer_types=False turns this off)"),
        ({"SM_HP_X": "5"}, {"default": True}, "the default True; infer_types=False turns this off)"),
    ],
)
def test_an_error_of_an_inferred_type_says_from_what_it_is_inferred(environ, declaration, message, capsys):
    with pytest.raises(SystemExit):
        parse(environ, ("--x", declaration))
    name = type(declaration["default"]).__name__
    line = f"argument --x: invalid {name} value: {environ['SM_HP_X']!r} (inferred from {message} (from SM_HP_X)\n"
    assert capsys.readouterr().err.endswith(line)


def test_an_error_of_a_type_inferred_from_a_name_says_so(capsys):
    with pytest.raises(SystemExit):
        parse({"SM_HP_NUM_GPUS": "many"}, ("--num-gpus", {}))
    message = "invalid int value: 'many' (inferred from its name; infer_types=False turns this off) (from SM_HP_NUM_GPUS)\n"
    assert capsys.readouterr().err.endswith(f"argument --num-gpus: {message}")
