"""How a text is written for a stream: what no stream accepts is escaped."""

import pytest

from smargs.texts import encodable


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
