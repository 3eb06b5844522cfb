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
        pytest.param(ProcessTokens(["train.py"]), lambda argv: None, True, id="ProcessTokens: no tokens"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: argv[1:], True, id="ProcessTokens: a slice"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: argv[:], False, id="ProcessTokens: with the script"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: [], False, id="ProcessTokens: an empty list"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: "", False, id="ProcessTokens: an empty text"),
        pytest.param(ProcessTokens(["train.py"]), lambda argv: ["-x"], False, id="ProcessTokens: another list"),
        pytest.param(read(ProcessTokens(["train.py"])), lambda argv: [], True, id="copied ProcessTokens: an empty list"),
        pytest.param(read(ProcessTokens(["train.py"])), lambda argv: ["-x"], False, id="copied ProcessTokens: another list"),
        pytest.param(ProcessTokens(["train.py", "-x"]), lambda argv: ["-x"], True, id="ProcessTokens: a list of the tokens"),
        pytest.param(ProcessTokens(["train.py", "-x"]), lambda argv: [], False, id="ProcessTokens: not the typed tokens"),
    ],
)
def test_the_command_line_of_the_process_is_recognized(monkeypatch, argv, args, expected):
    monkeypatch.setattr(sys, "argv", argv)
    assert is_command_line(args(argv)) is expected
