"""Whether an argument stores the value that was sent."""

import enum

import pytest

from smargs.launch.equality import is_same, stands_for

NAN = float("nan")


class Color(enum.Enum):
    RED = "red"


class Broken:
    """A class whose comparison raises an error."""

    def __eq__(self, other):
        raise ValueError("no comparison")

    __hash__ = None


@pytest.mark.parametrize(
    ("value", "other", "expected"),
    [
        (1, 1.0, False),
        (True, 1, False),
        (NAN, float("nan"), True),
        ([1, [NAN]], [1, [float("nan")]], True),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": 1.0}, False),
        ({"a": 1}, {"b": 1}, False),
        (Broken(), Broken(), False),
        (len, max, False),
    ],
)
def test_the_same_value_has_the_same_type_at_any_depth(value, other, expected):
    assert is_same(value, other) is expected


@pytest.mark.parametrize(
    ("sent", "stored", "expected"),
    [
        ("3", 3, True),
        (3, "3", True),
        (3, 4, False),
        ("red", Color.RED, True),
        ("RED", Color.RED, True),
        ("blue", Color.RED, False),
        ([1, 2], (1, 2), True),
        ([1, 2], ["1", "2"], True),
        (5, [5], True),
        ([2, 1, 1], {1, 2}, True),
        ([1], {1, 2}, False),
        ({"a": 1}, {"a": "1"}, True),
        ({"a": 1}, {"b": 1}, False),
        ([1], "[1]", False),
    ],
)
def test_a_stored_value_may_have_another_type_than_the_one_that_stands_for_it(sent, stored, expected):
    assert stands_for(sent, stored) is expected
