"""The check of a script that parses in steps: it has the arguments of all steps, and ends at the last one."""

import os
import sys

import pytest

from smargs import HyperparameterError, check_hyperparameters
from smargs.launch.steps import parses_again

AGAIN = {
    "the next line": "known()\nparser.parse_args()",
    "behind a condition": "if known():\n    rest = 1\nelse:\n    rest = 2\nparser.parse_args(rest)",
    "on both branches": "if known():\n    parser.parse_args()\nelse:\n    parser.parse_known_args()",
    "behind loops": "for each in known() or []:\n    while each:\n        each = None\nparser.parse_intermixed_args()",
    "in a with and a try": "with opened:\n    try:\n        known()\n    finally:\n        pass\nparser.parse_args()",
    "or an exception": "if known():\n    raise ValueError\nparser.parse_args()",
    "in the returned value": "return [known(), parser.parse_args()]",
}
NOT_AGAIN = {
    "nothing": "known()",
    "on one branch": "if known():\n    parser.parse_args()",
    "on the other branch": "return known() if known else parser.parse_args()",
    "behind a return": "if known():\n    return\nparser.parse_args()",
    "before": "parser.parse_args()\nknown()",
    "in a loop that may not run": "for each in known() or []:\n    parser.parse_args()",
    "a text": "known()\nreturn 'parse_args'",
    "an endless loop": "known()\nwhile True:\n    pass",
    "another function": "known()\ndef other():\n    parser.parse_args()",
}


class _Stop(BaseException):
    """Ends the function that asks."""


def parses_on(body):
    """Call a function of this body, whose ``known()`` asks whether the function parses again."""
    answers = []

    def known():
        answers.append(parses_again(sys._getframe(1)))
        raise _Stop

    class Parser:
        parse_args = parse_known_args = parse_intermixed_args = lambda *args: None

    class Opened:
        def __enter__(self):
            pass

        def __exit__(self, *exception):
            pass

    names = {"known": known, "parser": Parser(), "opened": Opened()}
    exec("def function():\n" + "".join(f"    {line}\n" for line in body.splitlines()), names)
    with pytest.raises(_Stop):
        names["function"]()
    return answers[0]


@pytest.mark.parametrize("body", AGAIN.values(), ids=AGAIN)
def test_code_that_parses_on_every_path_parses_again(body):
    assert parses_on(body)


@pytest.mark.parametrize("body", NOT_AGAIN.values(), ids=NOT_AGAIN)
def test_code_that_may_end_without_a_parse_does_not_parse_again(body):
    assert not parses_on(body)


HEAD = """
import sys
from smargs import SageMakerArgumentParser

first = SageMakerArgumentParser(add_help=False)
first.add_argument("--model", choices=["small", "large"], {declaration})
group = first.add_mutually_exclusive_group()
group.add_argument("--steps", type=int)
group.add_argument("--hours", type=float)
known, rest = first.parse_known_args()
"""
PARSERS = {
    "another parser": "parser = SageMakerArgumentParser()\n",
    "another parser with the arguments of the first": "parser = SageMakerArgumentParser(parents=[first])\n",
    "the same parser": "parser = first\n",
}
TAIL = """
parser.add_argument("--lr", type=float, default=0.1)
if known.model == "large":
    parser.add_argument("--depth", type=int, default=2)
args = parser.parse_args({tokens})
open("trained", "w").close()
"""


def write(path, parser="another parser", declaration="default='small'", tokens="rest"):
    """Write a script that parses in two steps."""
    path.write_text(HEAD.replace("{declaration}", declaration) + PARSERS[parser] + TAIL.replace("{tokens}", tokens))
    return path


@pytest.fixture
def script(tmp_path):
    """The path of a script in a directory of its own."""
    return tmp_path / "train.py"


def problems(path, values):
    with pytest.raises(HyperparameterError) as caught:
        check_hyperparameters(path, values)
    return list(caught.value.problems)


@pytest.mark.needs_process
@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("tokens", ["rest", "sys.argv[1:]"])
def test_the_arguments_of_all_steps_are_checked(script, tmp_path, parser, tokens):
    path = write(script, parser, tokens=tokens if parser != "another parser" else "rest")

    sent = check_hyperparameters(path, {"model": "large", "steps": 3, "lr": 0.5, "depth": 4})
    assert sent == {"model": "large", "steps": "3", "lr": "0.5", "depth": "4"}
    assert os.listdir(tmp_path) == ["train.py"]


@pytest.mark.needs_process
def test_every_problem_of_all_steps_is_named(script):
    assert set(problems(write(script), {"steps": 3, "hours": 1.0, "lr": "fast", "mode": "large"})) == {
        "argument --hours: not allowed with argument --steps",
        "argument --lr: invalid float value: 'fast'",
        "unrecognized hyperparameter: mode (did you mean --model?)",
    }


@pytest.mark.needs_process
def test_what_a_step_declares_only_for_another_value_is_unknown(script):
    assert problems(write(script), {"model": "small", "depth": 4}) == ["unrecognized hyperparameter: depth"]


@pytest.mark.needs_process
def test_a_value_that_the_first_step_refuses_is_its_problem(script):
    assert problems(write(script), {"model": "huge"}) == [
        "argument --model: invalid choice: 'huge' (choose from 'small', 'large')"
    ]


@pytest.mark.needs_process
def test_a_required_argument_of_the_first_step_that_is_missing_is_named(script):
    assert problems(write(script, declaration="required=True"), {}) == [
        "argument --model: required, but missing: expected a hyperparameter model"
    ]


@pytest.mark.needs_process
def test_a_script_that_parses_again_after_a_parse_of_its_own_ends_there(script, tmp_path):
    path = write(script, tokens="[]")

    assert check_hyperparameters(path, {"model": "large", "depth": 4}) == {"model": "large", "depth": "4"}
    assert os.listdir(tmp_path) == ["train.py"]


@pytest.mark.needs_process
def test_a_strict_parse_is_the_last_step(script, tmp_path):
    path = write(script, "the same parser")
    source = path.read_text().replace(
        "known, rest = first.parse_known_args()", "known = first.parse_args()\nopen('trained', 'w')"
    )
    path.write_text(source.replace("parse_args(rest)", "parse_args()"))

    assert check_hyperparameters(path, {"model": "large"}) == {"model": "large"}
    assert os.listdir(tmp_path) == ["train.py"]


@pytest.mark.needs_process
def test_plain_argparse_in_steps_is_checked_where_it_is_patched(script):
    path = write(script)
    path.write_text(
        path.read_text().replace("from smargs import SageMakerArgumentParser", "from argparse import ArgumentParser")
    )
    path.write_text(path.read_text().replace("SageMakerArgumentParser", "ArgumentParser"))

    assert check_hyperparameters(path, {"model": "large", "depth": 4}, patch=True) == {"model": "large", "depth": "4"}
    assert "the script's parser is argparse's own" in problems(path, {"model": "large"})[0]


LIBRARY = """
import argparse
defaults = argparse.ArgumentParser()
defaults.add_argument("--x", default=1)
assert defaults.parse_args([]).x == 1
"""
OWN_LISTS = {
    "a library of argparse": "import library",
    "a helper of smargs": "helper.parse_args([])",
    "a helper without the job": "helper.parse_args([], env_vars={})",
    "a helper that leaves tokens": "helper.parse_known_args([])",
    "a tuple": "helper.parse_args(())",
    "a text": "helper.parse_args('')",
    "the default values": "parser.parse_args([])",
}
"""Parses of an empty list that is not the command line of the process."""
OTHER_PARSE = """
from smargs import SageMakerArgumentParser
parser, helper = SageMakerArgumentParser(), SageMakerArgumentParser()
parser.add_argument("--epochs", type=int)
helper.add_argument("--lr", type=float)
{other}
parser.add_argument("--depth", type=int)
parser.parse_args()
open("trained", "w").close()
"""


@pytest.mark.needs_process
@pytest.mark.parametrize("other", OWN_LISTS.values(), ids=OWN_LISTS)
def test_a_parse_of_an_empty_list_is_not_the_first_parse(script, tmp_path, other):
    (tmp_path / "library.py").write_text(LIBRARY)
    script.write_text(OTHER_PARSE.replace("{other}", other))

    assert check_hyperparameters(script, {"epochs": 3, "depth": 2}) == {"epochs": "3", "depth": "2"}
    assert problems(script, {"lr": 0.5}) == ["unrecognized hyperparameter: lr"]
    assert "trained" not in os.listdir(tmp_path)


PASSED = [
    "",
    "None",
    "sys.argv[1:]",
    "sys.argv[1:] or None",
    "sys.argv[1:].copy()",
    "sys.argv[1:] + []",
    "[] + sys.argv[1:]",
    "list(sys.argv[1:])",
    "list(sys.argv)[1:]",
    "tuple(sys.argv[1:])",
    "[*sys.argv[1:]]",
    "[token for token in sys.argv[1:] if token != '--debug']",
    "copy.copy(sys.argv[1:])",
    "copy.deepcopy(sys.argv)[1:]",
    "' '.join(sys.argv[1:])",
    "(sys.argv.pop(0), sys.argv)[1]",
]
"""The ways of passing the command line. In a check it has no tokens."""


@pytest.mark.needs_process
@pytest.mark.parametrize("passed", PASSED)
@pytest.mark.parametrize("before", ["", "sys.argv = sys.argv[:1]", "sys.argv = list(sys.argv)", "sys.argv[:] = ['train.py']"])
def test_the_command_line_is_the_first_parse_in_every_way_of_passing_it(script, tmp_path, before, passed):
    script.write_text(
        f"import copy, sys\n{before}\nfrom smargs import SageMakerArgumentParser\nparser = SageMakerArgumentParser()\n"
        f"parser.add_argument('--epochs', type=int)\nparser.parse_args({passed})\nopen('trained', 'w').close()\n"
    )
    assert check_hyperparameters(script, {"epochs": 3}) == {"epochs": "3"}
    assert os.listdir(tmp_path) == ["train.py"]
