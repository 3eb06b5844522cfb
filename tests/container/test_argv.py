"""The list of sys.argv, which smargs recognizes among equal lists."""

import operator
import pickle

import pytest

from smargs.container.argv import ProcessTokens

TOKENS = ["train.py", "--epochs", "3"]


@pytest.fixture
def argv():
    return ProcessTokens(TOKENS)


@pytest.mark.parametrize("part", [lambda argv: argv[1:], lambda argv: argv.copy()[1:], lambda argv: argv[:].copy()[1:]])
def test_slices_and_copies_are_recognized(argv, part):
    part = part(argv)
    assert (type(part), part) == (ProcessTokens, TOKENS[1:])
    assert argv.is_copied is False


def test_an_item_is_a_token(argv):
    assert (argv[0], argv[-1], argv.is_copied) == ("train.py", "3", False)


@pytest.mark.parametrize("part", [lambda argv: argv, lambda argv: argv[1:], lambda argv: argv.copy()])
@pytest.mark.parametrize("read", [list, tuple, " ".join, lambda tokens: [*tokens]])
def test_a_part_counts_as_copied_after_an_iteration(argv, part, read):
    part = part(argv)
    assert argv.is_copied is False
    read(part)
    assert (argv.is_copied, part.is_copied) == (True, True)


@pytest.mark.parametrize(
    ("add", "expected"),
    [
        pytest.param(lambda argv: operator.add(argv, ["-v"]), [*TOKENS, "-v"], id="at the beginning"),
        pytest.param(lambda argv: operator.add(["-v"], argv), ["-v", *TOKENS], id="at the end"),
    ],
)
def test_a_sum_is_a_plain_list_that_may_be_a_copy(argv, add, expected):
    added = add(argv)
    assert (type(added), added, argv.is_copied) == (list, expected, True)


def test_plain_does_not_count_as_a_copy(argv):
    assert (type(argv.plain()), argv.plain(), argv.is_copied) == (list, TOKENS, False)


def test_another_process_gets_a_plain_list(argv):
    received = pickle.loads(pickle.dumps(argv))
    assert (type(received), received) == (list, TOKENS)
