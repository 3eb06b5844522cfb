"""Pipeline variables among the hyperparameters: their value is unknown before the launch."""

import pytest
from parsers import parser_of
from sdks import PipelineVariable

from smargs import HyperparameterError, SageMakerArgumentParser
from smargs.launch.pipelines import is_pipeline_variable

LR = ("--lr", {"type": float, "required": True})
NAME = ("--name", {"choices": ["adam", "sgd"]})


def problems(values, *declarations):
    """The problems of hyperparameters."""
    with pytest.raises(HyperparameterError) as caught:
        parser_of(*declarations).to_hyperparameters(values)
    return list(caught.value.problems)


@pytest.mark.parametrize("encoded", [True, False])
@pytest.mark.parametrize("default", [None, 0.5], ids=["no default", "a default"])
def test_a_pipeline_variable_passes_unchanged_and_in_its_place(default, encoded):
    variable = PipelineVariable(default)
    values = {"lr": variable, "name": "sgd", "sagemaker_x": PipelineVariable()}

    sent = parser_of(LR, NAME).to_hyperparameters(values, encoded=encoded)

    assert list(sent) == list(values)
    assert sent["lr"] is variable


def test_the_default_of_a_pipeline_parameter_goes_through_the_parser():
    assert (
        problems({"lr": PipelineVariable("fast"), "name": PipelineVariable("adma")}, LR, NAME)[0]
        == "argument --lr: invalid float value: 'fast'"
    )
    assert len(problems({"lr": PipelineVariable("fast"), "name": PipelineVariable("adma")}, LR, NAME)) == 2


def test_the_name_of_a_pipeline_variable_is_checked():
    for variable in (PipelineVariable(), PipelineVariable(0.5)):
        assert problems({"lr": 1, "nmae": variable}, LR, NAME) == ["unrecognized hyperparameter: nmae (did you mean --name?)"]


def test_a_pipeline_variable_in_a_collection_is_refused():
    declarations = LR, ("--layers", {"nargs": "+", "type": int})
    expected = ["hyperparameter layers: a pipeline variable in a collection: expected it as the whole value"]

    for value in ([1, PipelineVariable()], {"a": [PipelineVariable()]}):
        assert problems({"lr": 1, "layers": value}, *declarations) == expected


def test_a_pipeline_variable_excludes_the_others_of_its_group():
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--x")
    group.add_argument("--y")

    assert list(parser.to_hyperparameters({"x": PipelineVariable()})) == ["x"]
    for values in ({"x": PipelineVariable(), "y": 1}, {"x": PipelineVariable(), "y": PipelineVariable()}):
        with pytest.raises(HyperparameterError) as caught:
            parser.to_hyperparameters(values)
        assert caught.value.problems == ("argument --y: not allowed with argument --x",)


@pytest.mark.parametrize("value", ["a", 3, [1], object()], ids=lambda value: type(value).__name__)
def test_other_values_are_no_pipeline_variables(value):
    assert not is_pipeline_variable(value)
