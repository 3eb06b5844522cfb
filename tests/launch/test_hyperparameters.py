"""The hyperparameters that a parser makes of a namespace or of a mapping, for a launcher."""

import datetime
import enum
from pathlib import Path

import pytest
from parsers import parser_of

from smargs import HyperparameterError
from smargs.testing import SageMakerJob


class Color(enum.Enum):
    RED = "red"
    BLUE = 2


def sent(values, *declarations, **settings):
    """The hyperparameters of a parser of declarations."""
    return parser_of(*declarations).to_hyperparameters(values, **settings)


def problems(values, *declarations, **settings):
    """The problems of hyperparameters, one line each."""
    with pytest.raises(HyperparameterError) as caught:
        sent(values, *declarations, **settings)
    return list(caught.value.problems)


def test_only_what_differs_from_the_parsed_default_is_sent_of_a_namespace():
    parser = parser_of(("--epochs", {"type": int, "default": "3"}), ("--lr", {"type": float, "default": 0.1}))

    assert parser.to_hyperparameters(parser.parse_args(["--epochs", "3", "--lr", "0.2"], env_vars={})) == {"lr": "0.2"}


def test_every_problem_is_in_one_error():
    declarations = (("--epochs", {"type": int}), ("--level", {"choices": ["a", "b"]}), ("--lr", {"required": True}))

    assert problems({"epcohs": 3, "epochs": "three", "level": "c"}, *declarations) == [
        "argument --epochs: invalid int value: 'three'",
        "argument --level: invalid choice: 'c' (choose from 'a', 'b')",
        "argument --lr: required, but missing: expected a hyperparameter lr",
        "unrecognized hyperparameter: epcohs (did you mean --epochs?)",
    ]


@pytest.mark.parametrize("platform", ["toolkit", "sdk", "files"])
def test_a_job_gives_the_namespace_back(platform):
    parser = parser_of(
        ("--color", {"type": Color}),
        ("--out", {"type": Path}),
        ("--ids", {"type": set}),
        ("--when", {"type": datetime.date.fromisoformat}),
        ("--layers", {"nargs": "+", "type": int}),
        ("--no-cuda", {"dest": "cuda", "action": "store_false"}),
    )
    argv = ["--color", "red", "--out", "a/b", "--ids", "1,2", "--when", "2024-01-02", "--layers", "1", "2", "--no-cuda"]
    namespace = parser.parse_args(argv, env_vars={})

    with SageMakerJob(parser.to_hyperparameters(namespace), platform=platform, plain=True) as job:
        assert parser.parse_args(job.argv) == namespace
