"""Arguments with ``bounds=``: the least and the greatest value, on SageMaker and off it."""

import argparse
import decimal

import pytest

from smargs import SageMakerArgumentParser, SageMakerParserMixin


class Mixed(SageMakerParserMixin, argparse.ArgumentParser):
    """argparse's parser with the mixin."""


@pytest.fixture(params=[SageMakerArgumentParser, Mixed])
def parser(request):
    return request.param(prog="train.py")


@pytest.fixture
def refused(parser, capsys):
    """The one line with which the parser refuses a command line."""

    def refuse(*tokens):
        with pytest.raises(SystemExit) as stop:
            parser.parse_args(list(tokens))
        assert stop.value.code == 2
        return capsys.readouterr().err.splitlines()[-1]

    return refuse


def test_the_bounds_are_accepted_and_a_value_outside_is_an_error_of_one_line(parser, refused):
    parser.add_argument("--dropout", type=float, bounds=(0, 1))

    assert [parser.parse_args(["--dropout", text]).dropout for text in ("0", "0.5", "1")] == [0, 0.5, 1]
    for text, shown in (("1.5", "1.5"), ("-1e-9", "-1e-09"), ("nan", "nan"), ("inf", "inf")):
        assert refused(f"--dropout={text}") == f"train.py: error: argument --dropout: invalid value: {shown} (expected 0 to 1)"


def test_both_bounds_may_be_one_number(parser, refused):
    parser.add_argument("--hosts", type=int, bounds=(1, 1))

    assert parser.parse_args(["--hosts", "1"]).hosts == 1
    assert "expected 1 to 1" in refused("--hosts", "2")


def test_one_of_the_bounds_may_be_none(parser, refused):
    parser.add_argument("--epochs", type=int, bounds=(1, None))
    parser.add_argument("--gain", type=int, bounds=(None, 3))

    assert vars(parser.parse_args(["--epochs", "1000000", "--gain=-1000000"])) == {"epochs": 1000000, "gain": -1000000}
    assert refused("--epochs", "0") == "train.py: error: argument --epochs: invalid value: 0 (expected 1 or more)"
    assert refused("--gain", "4") == "train.py: error: argument --gain: invalid value: 4 (expected 3 or less)"


@pytest.mark.parametrize("platform", ["toolkit", "sdk", "files"])
@pytest.mark.parametrize("plain", [False, True])
def test_a_hyperparameter_outside_the_bounds_is_an_error_that_names_its_source(parser, sagemaker_job, platform, plain):
    parser.add_argument("--epochs", type=int, bounds=(1, 9))
    with sagemaker_job({"epochs": 9}, platform=platform, plain=plain):
        assert parser.parse_args().epochs == 9
    with sagemaker_job({"epochs": 10}, platform=platform, plain=plain) as job, pytest.raises(SystemExit):
        parser.parse_args()

    assert "argument --epochs: invalid value: 10 (expected 1 to 9) (from " in job.failure_file.read_text()


def test_each_value_of_a_list_is_checked(parser, refused, sagemaker_job):
    parser.add_argument("--layers", type=int, nargs="+", bounds=(1, 9))
    parser.add_argument("--rates", type=float, action="append", bounds=(0, 1))

    assert vars(parser.parse_args(["--layers", "1", "9", "--rates", "1"])) == {"layers": [1, 9], "rates": [1.0]}
    assert "--layers: invalid value: 10 " in refused("--layers", "1", "10")
    assert "--rates: invalid value: 2.0 " in refused("--rates", "1", "--rates", "2")
    with sagemaker_job({"layers": [1, 10]}) as job, pytest.raises(SystemExit):
        parser.parse_args()
    assert "--layers: invalid value: 10 " in job.failure_file.read_text()


@pytest.mark.parametrize("type_", [list, tuple, set])
def test_each_element_of_a_collection_is_checked(parser, refused, sagemaker_job, type_):
    parser.add_argument("--rates", type=type_, bounds=(0, 1))

    assert parser.parse_args(["--rates", "[0, 0.5, 1]"]).rates == type_([0, 0.5, 1])
    assert refused("--rates", "[0, 5]") == "train.py: error: argument --rates: invalid value: 5 (expected 0 to 1)"
    assert refused("--rates", "[1, 'a']") == "train.py: error: argument --rates: invalid value: 'a' (expected 0 to 1)"
    with sagemaker_job({"rates": [0, 5]}) as job, pytest.raises(SystemExit):
        parser.parse_args()
    assert "--rates: invalid value: 5 (expected 0 to 1) (from " in job.failure_file.read_text()


def test_a_default_is_not_checked_against_the_bounds(parser):
    parser.add_argument("--workers", type=int, default=-1, bounds=(0, 9))
    parser.add_argument("files", type=int, nargs="*", default=[-1], bounds=(0, 9))

    assert vars(parser.parse_args([])) == {"workers": -1, "files": [-1]}


def test_an_inferred_type_and_a_type_of_the_script_have_bounds(parser, refused):
    parser.add_argument("--rate", default=0.1, bounds=(0, 1))
    parser.add_argument("--amount", type=decimal.Decimal, bounds=(0, decimal.Decimal("0.1")))

    assert parser.parse_args(["--rate", "1", "--amount", "0.1"]).amount == decimal.Decimal("0.1")
    assert "--rate: invalid value: 2.0 (expected 0 to 1)" in refused("--rate", "2")
    assert "--amount: invalid value: Decimal('0.11') (expected 0 to 0.1)" in refused("--amount", "0.11")


def test_the_error_of_bounds_without_a_type_asks_for_one(parser, refused):
    parser.add_argument("--epochs", bounds=(0, 9))

    said = "train.py: error: argument --epochs: invalid value: '3' (bounds= needs a type of numbers, such as int)"
    assert refused("--epochs", "3") == said


def test_groups_and_subcommands_have_bounds(parser, refused):
    group = parser.add_argument_group("rates")
    group.add_mutually_exclusive_group().add_argument("--rate", type=float, bounds=(0, 1))
    train = parser.add_subparsers(dest="command").add_parser("train", prog="train.py")
    train.add_argument("--epochs", type=int, bounds=(1, 9))

    assert parser.parse_args(["--rate", "1", "train", "--epochs", "9"]).epochs == 9
    assert "--rate: invalid value: 2.0 " in refused("--rate", "2")
    assert "--epochs: invalid value: 10 " in refused("train", "--epochs", "10")


def test_intermixed_arguments_have_bounds(parser):
    parser.add_argument("first", type=int, bounds=(0, 9))
    parser.add_argument("rest", type=int, nargs="*", bounds=(0, 9))

    assert vars(parser.parse_intermixed_args(["1", "2"])) == {"first": 1, "rest": [2]}
    with pytest.raises(SystemExit):
        parser.parse_intermixed_args(["1", "10"])


def test_values_of_other_variables_and_of_config_files_are_checked(capsys):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--epochs", type=int, bounds=(1, 9), env_var="MY_EPOCHS")
    for settings in ({"env_vars": {"MY_EPOCHS": "10"}}, {"config_file_contents": "epochs = 10\n", "env_vars": {}}):
        with pytest.raises(SystemExit):
            parser.parse_args([], **settings)
        assert "argument --epochs: invalid value: 10 (expected 1 to 9)" in capsys.readouterr().err


def test_a_secret_outside_the_bounds_is_masked(parser, refused):
    parser.add_argument("--pin", type=int, secret=True, bounds=(0, 9999))

    assert refused("--pin", "123456") == "train.py: error: argument --pin: invalid value: ****** (expected 0 to 9999)"


def test_null_is_none(parser, sagemaker_job):
    parser.add_argument("--epochs", type=int, default=3, bounds=(1, 9))

    with sagemaker_job({"epochs": None}):
        assert parser.parse_args().epochs is None


def test_help_can_name_the_bounds(parser):
    parser.add_argument("--rate", type=float, bounds=(0, 1), help="learning rate, %(bounds)s")

    assert "learning rate, 0 to 1" in parser.format_help()


@pytest.mark.parametrize(
    "bounds",
    [(1, 0), (None, None), (0,), (0, 1, 2), 1, (float("nan"), 1), (0, float("inf")), (float("-inf"), 0), ("a", 1), "ab1"],
)
def test_bounds_that_are_not_a_pair_of_numbers_in_order_are_refused(parser, bounds):
    with pytest.raises(ValueError, match="expected the least and the greatest number"):
        parser.add_argument("--rate", bounds=bounds)


def test_a_flag_has_no_bounds(parser):
    with pytest.raises(ValueError, match=r"bounds=\(0, 1\): expected an argument with a value"):
        parser.add_argument("--verbose", action="count", bounds=(0, 1))
