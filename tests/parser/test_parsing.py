"""Whether the arguments of a parse are the command line of the process."""

import sys

import pytest

from smargs.container.argv import ProcessTokens
from smargs.parsing import is_command_line


def read(tokens):
    list(tokens)
    return tokens


@pytest.mark.parametrize(
    ("argv", "args", "expected"),
    [
        pytest.param(["train.py", "-x", "1"], lambda argv: None, True, id="no tokens"),
        pytest.param(["train.py", "-x", "1"], lambda argv: ["-x", "1"], True, id="a list"),
        pytest.param(["train.py", "-x", "1"], lambda argv: ("-x", "1"), True, id="a tuple"),
        pytest.param(["train.py", "-x", "1"], lambda argv: "-x 1", True, id="a text"),
        pytest.param(["train.py", "-x", "1"], lambda argv: argv, False, id="with the script"),
        pytest.param(["train.py", "-x", "1"], lambda argv: ["-x"], False, id="another list"),
        pytest.param(["train.py", "-x", "1"], lambda argv: "-x", False, id="another text"),
        pytest.param(["train.py", "-x", "1"], lambda argv: [], False, id="an empty list"),
        pytest.param(["train.py", "-x", "1"], lambda argv: iter(["-x", "1"]), False, id="an iterator"),
        pytest.param(["train.py"], lambda argv: None, True, id="nothing typed, no tokens"),
        pytest.param(["train.py"], lambda argv: [], True, id="nothing typed, an empty list"),
        pytest.param(["train.py"], lambda argv: "", True, id="nothing typed, an empty text"),
        pytest.param(["train.py"], lambda argv: ["-x"], False, id="nothing typed, another list"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: None, True, id="told apart, no tokens"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: argv[1:], True, id="told apart, a slice"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: argv[:], False, id="told apart, with the script"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: [], False, id="told apart, an empty list"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: "", False, id="told apart, an empty text"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: ["-x"], False, id="told apart, another list"),
        pytest.param(read(ProcessTokens(["train.py"])), lambda argv: [], True, id="copied, an empty list"),
        pytest.param(read(ProcessTokens(["train.py"])), lambda argv: ["-x"], False, id="copied, another list"),
        pytest.param(ProcessTokens(["train.py", "-x"]), lambda argv: ["-x"], True, id="told apart, typed, a list"),
        pytest.param(ProcessTokens(["train.py", "-x"]), lambda argv: [], False, id="told apart, typed, an empty list"),
    ],
)
def test_the_command_line_of_the_process_is_told_from_other_tokens(monkeypatch, argv, args, expected):
    monkeypatch.setattr(sys, "argv", argv)
    assert is_command_line(args(argv)) is expected
