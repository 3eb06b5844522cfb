"""Objects that fill arguments with dotted names."""

import json

import pytest

from smargs import SageMakerArgumentParser

MODEL = {"lr": 0.5, "optimizer": {"name": "adam", "betas": [0.9, 0.99]}, "seed": None}


def parse(hyperparameters, *names, **settings):
    """The namespace of a parser with these arguments, and the tokens that no argument declares."""
    parser = SageMakerArgumentParser(**settings)
    for name in names:
        parser.add_argument(name)
    namespace, undeclared = parser.parse_known_args([], env_vars={"SM_HPS": json.dumps(hyperparameters)})
    return vars(namespace), undeclared


def test_the_parts_of_an_object_fill_arguments_at_any_depth():
    assert parse({"model": MODEL, "epochs": 3}, "--model.lr", "--model.optimizer.name", "--epochs", "--other") == (
        {"model.lr": "0.5", "model.optimizer.name": "adam", "epochs": "3", "other": None},
        ["--model", "lr=0.5,optimizer={'name': 'adam', 'betas': [0.9, 0.99]},seed=None"],
    )


def test_an_inner_object_may_fill_an_argument_as_a_whole():
    assert parse({"model": {"optimizer": {"name": "adam"}, "lr": 1}}, "--model.optimizer", "--model.lr") == (
        {"model.optimizer": "name=adam", "model.lr": "1"},
        [],
    )


@pytest.mark.parametrize("prefix", ["--", "++"])
def test_the_names_of_parts_are_compared_as_other_names_are(prefix):
    names = f"{prefix}big-model.learning_rate", f"{prefix}big-model.BETAS"
    values, undeclared = parse({"big_model": {"learning-rate": 1, "betas": 2}}, *names, prefix_chars=prefix[0])

    assert (list(values.values()), undeclared) == (["1", "2"], [])


@pytest.mark.parametrize("names", [["--model"], ["--model", "--model.lr"]])
def test_an_argument_with_the_name_of_the_object_takes_it_as_a_whole(names):
    assert parse({"model": {"lr": 1}}, *names) == ({"model": "lr=1", **dict.fromkeys(["model.lr"][: len(names) - 1])}, [])


@pytest.mark.parametrize("name", ["--model", "--.model", "--.model.lr", "--a.b"])
def test_an_object_without_an_argument_for_its_parts_stays_whole(name):
    assert parse({"other": {"lr": 1}}, name)[1] == ["--other", "lr=1"]


def test_a_value_that_is_not_an_object_fills_no_dotted_name():
    assert parse({"model": "lr", "data": [{"set": 1}]}, "--model.lr", "--data.set") == (
        {"model.lr": None, "data.set": None},
        ["--model", "lr", "--data", "[{'set': 1}]"],
    )


def test_an_undeclared_part_of_an_object_is_rejected_by_its_dotted_name(capsys):
    parser = SageMakerArgumentParser()
    parser.add_argument("--model.lr")
    environ = {"SM_HPS": json.dumps({"model": {"lr": 1, "width": 2, "optimizer": {"name": "adam"}}})}

    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars=environ)
    assert capsys.readouterr().err.endswith("error: unrecognized hyperparameters: model.width, model.optimizer\n")


def test_a_second_parser_may_declare_the_other_parts():
    first, second = SageMakerArgumentParser(), SageMakerArgumentParser()
    first.add_argument("--model.lr")
    second.add_argument("--model.depth")
    environ = {"SM_HPS": json.dumps({"model": {"lr": 1, "depth": 2}})}

    namespace, rest = first.parse_known_args([], env_vars=environ)
    assert vars(namespace) == {"model.lr": "1"}
    assert vars(second.parse_args(rest, env_vars=environ)) == {"model.depth": "2"}


def test_a_part_matches_an_option_whose_dest_has_no_dot():
    parser = SageMakerArgumentParser()
    parser.add_argument("--model.lr", dest="lr")

    assert parser.parse_args([], env_vars={"SM_HPS": '{"model": {"lr": 1}}'}).lr == "1"


@pytest.mark.parametrize(
    ("hyperparameters", "message"),
    [
        ({"model": {"lr": "x"}}, "argument --model.lr: invalid int value: 'x' (from SM_HPS)"),
        ({"mod": {"lr": 1}}, "unrecognized hyperparameter: mod"),
    ],
)
def test_an_error_names_the_source_of_a_part_and_no_part_of_another_object(capsys, hyperparameters, message):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--model.lr", type=int)

    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"SM_HPS": json.dumps(hyperparameters)})
    assert capsys.readouterr().err.endswith(f"train.py: error: {message}\n")


def test_only_the_last_parts_of_names_with_a_common_prefix_are_compared(capsys):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--opt.adam.x")
    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"SM_HPS": '{"opt.adam.y": 1}'})

    assert capsys.readouterr().err.endswith("error: unrecognized hyperparameter: opt.adam.y\n")


@pytest.mark.parametrize("name", ["setas", "opt.setas"])
def test_a_typo_in_the_first_letter_finds_the_nearest_name(capsys, name):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--betas")
    parser.add_argument("--opt.betas")
    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"SM_HPS": json.dumps({name: 1})})

    assert capsys.readouterr().err.endswith(f"{name} (did you mean --{name.replace('s', 'b', 1)}?)\n")


def test_the_error_says_that_an_option_takes_no_hyperparameter(capsys):
    with pytest.raises(SystemExit):
        SageMakerArgumentParser(prog="train.py").parse_args([], env_vars={"SM_HPS": '{"help": 1}'})

    assert capsys.readouterr().err.endswith("unrecognized hyperparameter: help (--help cannot take it)\n")
