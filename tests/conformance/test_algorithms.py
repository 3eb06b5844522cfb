"""The service accepts the description of a script's hyperparameters, and SDK v2 checks the launch of a job with it."""

import pytest
from launches import parse_job
from parsers import parser_of
from service import shape_of, violations

from smargs import HyperparameterError
from smargs.launch.describe import describe

DECLARATIONS = [
    ("--epochs", {"type": int, "bounds": (1, 50), "required": True, "help": "passes over\nthe data"}),
    ("--dropout", {"type": float, "default": 0.1, "bounds": (0, 1)}),
    ("--optimizer", {"choices": ["adam", "sgd"], "default": "adam"}),
    ("--amp", {"type": bool, "default": True}),
    ("--layers", {"type": int, "nargs": "+", "default": [64]}),
    ("--model-dir", {"default": "model"}),
]
ACCEPTED = {"epochs": 3, "dropout": 0.5, "optimizer": "sgd", "layers": "[256, 128]"}


@pytest.fixture
def parser():
    return parser_of(*DECLARATIONS)


@pytest.fixture
def algorithm(parser):
    """What the service answers about an algorithm that was made with the description."""
    return {
        "AlgorithmName": "own",
        "AlgorithmArn": "arn:aws:sagemaker:eu-west-1:000000000000:algorithm/own",
        "TrainingSpecification": {
            "TrainingImage": "image",
            "SupportedHyperParameters": describe(parser, "algorithm"),
            "SupportedTrainingInstanceTypes": ["ml.m5.large"],
            "SupportsDistributedTraining": True,
            "TrainingChannels": [],
        },
    }


def test_the_service_forbids_nothing_in_a_description(algorithm):
    described = algorithm["TrainingSpecification"]["SupportedHyperParameters"]

    assert [each["Name"] for each in described] == ["epochs", "dropout", "optimizer", "amp", "layers"]
    shape = shape_of("CreateAlgorithm", "TrainingSpecification", "SupportedHyperParameters")
    assert list(violations(shape, described)) == []


def test_a_script_gets_what_an_estimator_of_the_algorithm_sends(sdks, algorithm):
    request = sdks["v2"].launch("AlgorithmEstimator", hyperparameters=ACCEPTED, algorithm=algorithm)

    arguments = parse_job(parser_of(*DECLARATIONS), request["HyperParameters"], "toolkit")
    expected = {"epochs": 3, "dropout": 0.5, "optimizer": "sgd", "amp": True, "layers": [256, 128]}
    assert {name: arguments[name] for name in expected} == expected


@pytest.mark.parametrize(
    "changed",
    [{"dropout": 1.5}, {"epochs": 0}, {"optimizer": "adm"}, {"amp": "maybe"}, {"momentum": 0.9}, {"epochs": None}],
    ids=["over a bound", "under a bound", "no choice", "no boolean", "unknown", "without a required one"],
)
def test_an_estimator_of_the_algorithm_refuses_what_the_parser_refuses(sdks, parser, algorithm, changed):
    values = {name: value for name, value in {**ACCEPTED, **changed}.items() if value is not None}

    with pytest.raises(HyperparameterError):
        parser.to_hyperparameters(values)
    assert "ValueError: " in sdks["v2"].launch("AlgorithmEstimator", hyperparameters=values, algorithm=algorithm)
