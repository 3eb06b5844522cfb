"""Texts that are read as integers, Python literals and members of an Enum."""

import enum
import warnings

import pytest

from smargs.arguments.literals import enum_member, integral, read_literal


@pytest.mark.parametrize(
    ("text", "integer"),
    [
        ("16", "16"),
        ("16.", "16"),
        ("120.0", "120"),
        ("-1_0.0", "-10"),
        ("1.5e1", "15"),
        ("1e3", "1000"),
        ("12e-1", "12e-1"),
        ("-0.0", "0"),
        ("0e9", "0"),
        ("1e999", "1e999"),
        ("nan", "nan"),
    ],
)
def test_the_text_of_a_whole_number_becomes_that_of_an_integer(text, integer):
    assert integral(text) == integer


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("1or 2", "1or 2", id="code that is not a literal"),
        pytest.param(r"['C:\q\z']", [r"C:\q\z"], id="backslashes that escape nothing"),
        pytest.param(r"['a\nb\x41\101']", ["a\nbAA"], id="escapes"),
        pytest.param(r"['\'']", ["'"], id="an escaped quote"),
    ],
)
def test_a_text_is_read_as_a_literal_without_a_warning(text, value):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert read_literal(text) == value
    assert caught == []


class Size(enum.Enum):
    SMALL = "1"
    LARGE = 2


@pytest.mark.parametrize(
    ("value", "text", "member"), [(1, "1", Size.SMALL), (2, "2", Size.LARGE), ("SMALL", "SMALL", Size.SMALL)]
)
def test_a_member_is_chosen_by_its_value_then_by_the_text_of_its_value_then_by_its_name(value, text, member):
    assert enum_member(Size, value, text) is member
