"""The names of arguments, and the variables that belong to them."""

import argparse
from pathlib import Path

import pytest

from smargs import SageMakerArgumentParser
from smargs.arguments.names import (
    can_be_filled,
    configargparse_value,
    declared_spelling,
    environment_variable,
    expected_variables,
    hyperparameter_name,
    named_variable,
)
from smargs.container.sources import SourcedValue


class OnOff(argparse.Action):
    """An action of the script's own that takes no token, such as ``argparse.BooleanOptionalAction``."""

    def __init__(self, option_strings, dest, **settings):
        super().__init__(option_strings, dest, nargs=0, **settings)


def test_an_action_without_the_attributes_of_configargparse_can_be_filled():
    action = argparse.Action(["--epochs"], "epochs")

    assert can_be_filled(action)
    assert environment_variable(action) is None


def test_the_paths_of_config_files_are_not_filled():
    parser = SageMakerArgumentParser()

    assert not can_be_filled(parser.add_argument("--config", is_config_file_arg=True))
    assert not can_be_filled(parser.add_argument("--write-config", is_write_out_config_file_arg=True))


@pytest.mark.parametrize("option", ["--sm-hp-x", "--SM_HP_X", "--Sm-Hp-X", "--sM-hp-x"])
def test_an_option_may_name_a_variable_in_any_case(option):
    assert named_variable(argparse.Action([option], "dest"), "-") == "SM_HP_X"


@pytest.mark.parametrize(
    ("action", "variables"),
    [
        pytest.param(argparse.Action(["--x"], "x"), ["SM_HP_X", "SM_CHANNEL_X"], id="a text"),
        pytest.param(argparse.Action(["--x"], "x", type=Path), ["SM_HP_X", "SM_CHANNEL_X"], id="a path"),
        pytest.param(argparse.Action(["--x"], "x", nargs=1), ["SM_HP_X", "SM_CHANNEL_X"], id="a list of one"),
        pytest.param(argparse.Action(["--x"], "x", nargs=0), ["SM_HP_X"], id="a flag"),
        pytest.param(argparse.Action(["--x"], "x", type=int), ["SM_HP_X"], id="a number"),
        pytest.param(argparse.Action(["--sm-hp-x"], "dest"), ["SM_HP_X"], id="the name of a variable"),
    ],
)
def test_among_channels_an_argument_that_may_be_a_path_may_be_a_channel(action, variables):
    assert expected_variables(action, "-", among_channels=True) == variables


@pytest.mark.parametrize(
    ("tokens", "settings", "name"),
    [
        pytest.param(["-z", "--epochs", "--zz"], {}, "epochs", id="the longest"),
        pytest.param(["-learning", "--lr"], {}, "lr", id="two hyphens before a longer option"),
        pytest.param(["-e", "-epochs"], {}, "epochs", id="a single hyphen"),
        pytest.param(["--layers"], {"nargs": 1, "dest": "sizes"}, "layers", id="a list of one"),
        pytest.param(["--use-amp"], {"action": "store_true", "dest": "amp"}, "amp", id="a flag"),
        pytest.param(["--amp", "--no-amplifier"], {"action": OnOff, "dest": "d"}, "amp", id="on and off"),
        pytest.param(["data"], {}, "data", id="a positional"),
        pytest.param(["--epochs"], {"env_var": "SM_HP_MAX-Epochs"}, "max-epochs", id="env_var"),
        pytest.param(["--sm-hp-epochs"], {"dest": "d"}, "epochs", id="the name of a variable"),
        pytest.param(["--epochs"], {"env_var": "EPOCHS"}, "epochs", id="another variable"),
        pytest.param(["+epochs", "++lr"], {}, "lr", id="another prefix character"),
    ],
)
def test_a_hyperparameter_is_sent_by_the_longest_option(tokens, settings, name):
    parser = SageMakerArgumentParser(prefix_chars="-+")
    assert hyperparameter_name(parser.add_argument(*tokens, **settings), parser.prefix_chars) == name


@pytest.mark.parametrize(("typed", "declared"), [("-a-b", "-a_b"), ("-a_b", "-a-b"), ("--a-b_c=1", "--a_b_c")])
def test_a_typed_option_is_read_in_the_declared_spelling(typed, declared):
    assert declared_spelling(typed, {declared: argparse.Action([declared], "x")}).partition("=")[0] == declared


def test_the_value_of_a_variable_that_is_not_sagemakers_is_its_text():
    action = argparse.Action(["--x"], "x")
    action.env_var = "MY_X"

    assert configargparse_value(argparse.ArgumentParser(), action, {"MY_X": "1"}) == SourcedValue("1", "1", "MY_X")
    assert configargparse_value(argparse.ArgumentParser(), action, {}) is None
