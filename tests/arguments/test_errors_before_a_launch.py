"""A check before the launch reports every error of the arguments, each once, instead of the first."""

import pytest

from smargs import HyperparameterError, SageMakerArgumentParser


def problems_of(parser, hyperparameters):
    with pytest.raises(HyperparameterError) as caught:
        parser.to_hyperparameters(hyperparameters)
    return list(caught.value.problems)


def test_a_required_group_without_a_value_is_one_problem():
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--lr", type=float)
    group.add_argument("--schedule")

    assert problems_of(parser, {}) == ["one of the arguments --lr --schedule is required"]


def test_an_argument_that_another_one_of_its_group_excludes_has_no_second_problem():
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--lr", type=float)
    group.add_argument("--schedule", type=lambda text: object())

    assert problems_of(parser, {"schedule": "cosine"}) != []
    assert problems_of(parser, {"lr": 0.5, "schedule": "cosine"}) == ["argument --schedule: not allowed with argument --lr"]


def test_a_required_group_that_a_variable_fills_is_no_problem():
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--num-gpus", dest="count")
    group.add_argument("--schedule")

    assert parser.to_hyperparameters({}) == {}


def test_a_value_that_fits_on_no_platform_is_one_problem():
    parser = SageMakerArgumentParser()
    parser.add_argument("--lr", type=float)

    assert problems_of(parser, {"lr": True}) == ["argument --lr: invalid float value: 'True'"]
