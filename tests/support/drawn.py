"""Jobs as Hypothesis draws them: arguments of every kind, each with its hyperparameter and with what the script must get."""

from pathlib import Path
from typing import Any, NamedTuple

from declarations import DECLARATIONS, option
from hypothesis import strategies as st

from smargs.container.spelling import decode, to_text

INTEGERS = st.integers(-(10**9), 10**9)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def same(value):
    return value


def kinds(texts):
    """For each kind of argument the values of its hyperparameter, and what each becomes."""
    scalars = st.one_of(st.booleans(), INTEGERS, FLOATS, texts)
    # The toolkit writes name=value, where a name with = has no end.
    names = texts.map(lambda text: text.replace("=", ""))
    objects = st.dictionaries(names, st.one_of(scalars, st.lists(scalars, max_size=3)), max_size=3)
    drawn = {
        "int": (INTEGERS, same),
        "float": (FLOATS, same),
        "text": (texts, same),
        "str": (texts, same),
        "Path": (texts, Path),
        "bool": (st.booleans(), same),
        "flag": (st.booleans(), same),
        "const": (st.booleans(), lambda value: 5 if value else None),
        "count": (st.integers(1, 4), same),
        "append": (st.lists(INTEGERS, min_size=1), same),
        "extend": (st.lists(INTEGERS, min_size=1), same),
        "nargs +": (st.lists(FLOATS, min_size=1), same),
        "nargs *": (st.lists(texts), same),
        "nargs 2": (st.lists(INTEGERS, min_size=2, max_size=2), same),
        "nargs ?": (INTEGERS, same),
        "list": (st.lists(scalars), same),
        "tuple": (st.lists(scalars), tuple),
        "dict": (objects, same),
        "callable": (st.one_of(INTEGERS, objects), same),
        "null": (st.none(), same),
        "null text": (st.none(), same),
        "inferred int": (INTEGERS, same),
        "inferred float": (st.one_of(FLOATS, INTEGERS), float),
        "inferred bool": (st.booleans(), same),
        "inferred list": (st.lists(scalars), same),
        "inferred elements": (st.lists(INTEGERS, min_size=1), same),
        "inferred dict": (objects, same),
        "paired flag": (st.booleans(), same),
    }
    return {kind: drawn[kind] for kind in DECLARATIONS}


class Argument(NamedTuple):
    """A declared argument and its hyperparameter.

    Attributes:
        spelled: The argument's name.
        kind: What it declares.
        name: The hyperparameter's name, which may spell it another way.
        value: The hyperparameter.
        expected: What the script must get.
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
# What shells, SM_HP_* and the platforms' own losses leave alone: SDK v3 makes 0.0 of the text 0E0, which only the file has.
PLAIN_TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="'\x7f"), min_size=1, max_size=12
).filter(lambda text: decode(text) is not None and to_text(decode(text)) == text)


def folded(name):
    return name.lower().replace("-", "_")


@st.composite
def arguments(draw, of=None, names=NAMES):
    """Arguments of different names, of the given kinds."""
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
