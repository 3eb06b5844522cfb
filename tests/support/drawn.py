"""Hypothesis strategies for arguments of every kind, each with its hyperparameter and the value that a script must get."""

from pathlib import Path
from typing import Any, NamedTuple

from declarations import DECLARATIONS, option
from hypothesis import strategies as st

from smargs.container.commandline import as_toolkit
from smargs.texts import decode, to_text

INTEGERS = st.integers(-(10**9), 10**9)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def unchanged(value):
    return value


def kinds(texts):
    """Map each kind of argument to a strategy for its hyperparameter, and to a function that returns the expected value."""
    scalars = st.one_of(st.booleans(), INTEGERS, FLOATS, texts)
    # The toolkit writes objects as name=value: a name with = would be ambiguous.
    names = texts.map(lambda text: text.replace("=", ""))
    objects = st.dictionaries(names, st.one_of(scalars, st.lists(scalars, max_size=3)), max_size=3)
    strategies = {
        "int": (INTEGERS, unchanged),
        "float": (FLOATS, unchanged),
        "text": (texts, unchanged),
        "str": (texts, unchanged),
        "Path": (texts, Path),
        "bool": (st.booleans(), unchanged),
        "flag": (st.booleans(), unchanged),
        "const": (st.booleans(), lambda value: 5 if value else None),
        "count": (st.integers(1, 4), unchanged),
        "append": (st.lists(INTEGERS, min_size=1), unchanged),
        "extend": (st.lists(INTEGERS, min_size=1), unchanged),
        "nargs +": (st.lists(FLOATS, min_size=1), unchanged),
        "nargs *": (st.lists(texts), unchanged),
        "nargs 2": (st.lists(INTEGERS, min_size=2, max_size=2), unchanged),
        "nargs ?": (INTEGERS, unchanged),
        "list": (st.lists(scalars), unchanged),
        "tuple": (st.lists(scalars), tuple),
        "dict": (objects, unchanged),
        "callable": (st.one_of(INTEGERS, objects), unchanged),
        "null": (st.none(), unchanged),
        "null text": (st.none(), unchanged),
        "inferred int": (INTEGERS, unchanged),
        "inferred float": (st.one_of(FLOATS, INTEGERS), float),
        "inferred bool": (st.booleans(), unchanged),
        "inferred list": (st.lists(scalars), unchanged),
        "inferred elements": (st.lists(INTEGERS, min_size=1), unchanged),
        "inferred dict": (objects, unchanged),
        "paired flag": (st.booleans(), unchanged),
    }
    return {kind: strategies[kind] for kind in DECLARATIONS}


class Argument(NamedTuple):
    """A declared argument and its hyperparameter.

    Attributes:
        spelled: The argument's name.
        kind: A key of DECLARATIONS.
        name: The hyperparameter's name, which may have ``-`` where the argument has ``_``, or the other way round.
        value: The hyperparameter's value.
        expected: The value that the script must get.
    """

    spelled: str
    kind: str
    name: str
    value: Any
    expected: Any

    @property
    def dest(self):
        return self.spelled.replace("-", "_")

    @property
    def option(self):
        return option(self.spelled)


WORDS = st.text("abcdefgxyzABC", min_size=1, max_size=4).filter(lambda word: word.lower() not in ("h", "help"))
NAMES = st.lists(WORDS, min_size=1, max_size=3).flatmap(
    lambda words: st.sampled_from(["-", "_"]).map(lambda separator: separator.join(words))
)
# Texts of one line that no source takes for another value. SDK v3 makes 0.0 of the text 0E0. SM_HP_* alone does not distinguish
# the text false from the boolean, which the toolkit writes as False.
PLAIN_TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="'\x7f\x85"), min_size=1, max_size=12
).filter(lambda text: decode(text) is not None and to_text(decode(text)) == as_toolkit(decode(text)) == text)


def folded(name):
    """A name as smargs compares it with others."""
    return name.lower().replace("-", "_")


@st.composite
def arguments(draw, of=None, names=NAMES):
    """Draw arguments with different names.

    Args:
        of: Kinds, as :func:`kinds` returns them; all of them if None.
        names: A strategy for the names of the hyperparameters.
    """
    of = of or kinds(PLAIN_TEXTS)
    declared = []
    for name in draw(st.lists(names, min_size=1, max_size=5, unique_by=folded)):
        kind = draw(st.sampled_from([kind for kind in sorted(of) if len(name) > 1 or kind != "paired flag"]))
        values, becomes = of[kind]
        value = draw(values)
        spellings = (name, name.replace("-", "_"), name.replace("_", "-"))
        spelled = draw(st.sampled_from([spelling for spelling in spellings if not spelling.startswith("-")]))
        declared.append(Argument(spelled, kind, name, value, becomes(value)))
    return declared
