"""How values are written as texts, and texts for a stream."""

import pytest

from smargs.texts import encodable, to_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("[1]", "[1]"),
        (3, "3"),
        (0.1, "0.1"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (float("nan"), "NaN"),
        (True, "true"),
        (None, "null"),
        (["é"], '["é"]'),
    ],
)
def test_a_text_stays_and_any_other_value_becomes_json(value, text):
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("naïve 漢🙂", "naïve 漢🙂", id="a text of Unicode"),
        pytest.param("caf\udce9", r"caf\udce9", id="a byte that is not UTF-8"),
        pytest.param("\ud83d\ude42", r"\ud83d\ude42", id="a surrogate pair"),
    ],
)
def test_a_lone_surrogate_is_escaped_and_any_other_character_stays(text, written):
    assert encodable(text) == written
