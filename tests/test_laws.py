"""The promises, as laws that hold for every parser and every job that can be drawn."""

import argparse
import copy
import io
import json
import os
import sys
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import configargparse
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from platforms import routes, toolkit

from smargs import SageMakerArgumentParser
from smargs.conversion import decode

TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="'\x7f"), min_size=1, max_size=12)
# What SM_HP_* alone cannot tell from null, or from the text without its quotes: the documented losses.
PLAIN_TEXTS = TEXTS.filter(lambda text: decode(text) == text or not isinstance(decode(text), (type(None), str)))
INTEGERS = st.integers(-(10**9), 10**9)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.one_of(st.booleans(), INTEGERS, FLOATS, PLAIN_TEXTS)
OBJECTS = st.dictionaries(
    TEXTS.filter(lambda text: "=" not in text), st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=3
)

# What is declared, the values of its hyperparameter, and what each becomes.
KINDS = {
    "int": ({"type": int}, INTEGERS, lambda value: value),
    "float": ({"type": float}, FLOATS, lambda value: value),
    "text": ({}, PLAIN_TEXTS, lambda value: value),
    "str": ({"type": str, "default": "x"}, PLAIN_TEXTS, lambda value: value),
    "Path": ({"type": Path}, PLAIN_TEXTS, Path),
    "bool": ({"type": bool}, st.booleans(), lambda value: value),
    "flag": ({"action": "store_true"}, st.booleans(), lambda value: value),
    "const": ({"action": "store_const", "const": 5}, st.booleans(), lambda value: 5 if value else None),
    "count": ({"action": "count"}, st.integers(1, 4), lambda value: value),
    "append": ({"action": "append", "type": int}, st.lists(INTEGERS, min_size=1), lambda value: value),
    "extend": ({"action": "extend", "nargs": "+", "type": int}, st.lists(INTEGERS, min_size=1), lambda value: value),
    "nargs +": ({"nargs": "+", "type": float}, st.lists(FLOATS, min_size=1), lambda value: value),
    "nargs *": ({"nargs": "*"}, st.lists(PLAIN_TEXTS), lambda value: value),
    "nargs 2": ({"nargs": 2, "type": int}, st.lists(INTEGERS, min_size=2, max_size=2), lambda value: value),
    "nargs ?": ({"nargs": "?", "const": 1, "type": int}, INTEGERS, lambda value: value),
    "list": ({"type": list}, st.lists(SCALARS), lambda value: value),
    "tuple": ({"type": tuple}, st.lists(SCALARS), tuple),
    "dict": ({"type": dict}, OBJECTS, lambda value: value),
    "callable": ({"type": json.loads}, st.one_of(INTEGERS, OBJECTS), lambda value: value),
    "null": ({"type": int, "default": 3}, st.none(), lambda value: value),
    "inferred int": ({"default": 3}, INTEGERS, lambda value: value),
    "inferred float": ({"default": 0.5}, st.one_of(FLOATS, INTEGERS), float),
    "inferred bool": ({"default": True}, st.booleans(), lambda value: value),
    "inferred list": ({"default": ["x"]}, st.lists(SCALARS), lambda value: value),
    "inferred elements": ({"nargs": "+", "default": [64]}, st.lists(INTEGERS, min_size=1), lambda value: value),
    "inferred dict": ({"default": {}}, OBJECTS, lambda value: value),
}
if sys.version_info >= (3, 9):
    # With one hyphen it has no counterpart that could be given.
    KINDS["paired flag"] = ({"action": argparse.BooleanOptionalAction}, st.booleans(), lambda value: value)

ALL_KINDS = tuple(sorted(KINDS))

WORDS = st.text("abcdefgxyzABC", min_size=1, max_size=4).filter(lambda word: word.lower() not in ("h", "help"))
NAMES = st.lists(WORDS, min_size=1, max_size=3).flatmap(
    lambda words: st.sampled_from(["-", "_"]).map(lambda separator: separator.join(words))
)


def folded(name):
    return name.lower().replace("-", "_")


@st.composite
def declared_jobs(draw, among=ALL_KINDS):
    """Names, what is declared for each, its hyperparameter, and what the script must get."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=folded))
    job = []
    for name in names:
        kinds = [kind for kind in among if len(name) > 1 or kind != "paired flag"]
        declaration, values, becomes = KINDS[draw(st.sampled_from(kinds))]
        value = draw(values)
        spelled = draw(st.sampled_from([name, name.replace("-", "_"), name.replace("_", "-")]))
        job.append((spelled, declaration, name, value, becomes(value)))
    return job


def parser_of(job, positional=False):
    parser = SageMakerArgumentParser()
    for spelled, declaration, *_ in job:
        if positional and declaration.get("action") is None:
            parser.add_argument(spelled, **declaration)
        else:
            parser.add_argument(f"--{spelled}" if len(spelled) > 1 else f"-{spelled}", **declaration)
    return parser


def typed(value):
    """A value with its types, at every depth."""
    if isinstance(value, (list, tuple)):
        return type(value), [typed(inner) for inner in value]
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    return type(value), value


@given(declared_jobs(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_one_value_every_route(job, positional):
    hyperparameters = {name: value for _, _, name, value, _ in job}
    expected = {spelled.replace("-", "_"): typed(value) for spelled, *_, value in job}
    if positional:
        expected = {
            spelled if declaration.get("action") is None else spelled.replace("-", "_"): typed(value)
            for spelled, declaration, *_, value in job
        }
    with tempfile.TemporaryDirectory() as directory:
        for route, (environ, argv) in routes(hyperparameters, Path(directory)).items():
            namespace = parser_of(job, positional).parse_args(argv, env_vars=environ)
            assert {dest: typed(value) for dest, value in vars(namespace).items()} == expected, route


# YAML 1.1 reads 1e-05 as text, so numbers here are written without an exponent.
EIGHTHS = st.integers(-1000, 1000).map(lambda number: number / 8)
PLAIN = st.one_of(st.booleans(), INTEGERS, EIGHTHS, PLAIN_TEXTS)
IN_CONFIG_FILES = {
    **{kind: KINDS[kind][1] for kind in ("int", "bool", "flag", "nargs 2", "inferred int")},
    "float": EIGHTHS,
    **dict.fromkeys(("list", "tuple", "inferred list"), st.lists(PLAIN)),
    **dict.fromkeys(("dict", "inferred dict"), st.dictionaries(TEXTS, st.one_of(PLAIN, st.lists(PLAIN)), max_size=3)),
}


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_config_file_gives_what_sagemaker_gives(data):
    kind = data.draw(st.sampled_from(sorted(IN_CONFIG_FILES)))
    declaration = KINDS[kind][0]
    value = data.draw(IN_CONFIG_FILES[kind])
    parser = SageMakerArgumentParser(config_file_parser_class=configargparse.YAMLConfigFileParser)
    parser.add_argument("--some-name", **declaration)

    from_file = parser.parse_args([], config_file_contents=json.dumps({"some-name": value}), env_vars={})
    from_job = parser.parse_args([], env_vars=toolkit({"some-name": value}).environ)

    assert typed(from_file.some_name) == typed(from_job.some_name)


@st.composite
def plain_parsers(draw):
    """Declarations that argparse takes, without types that smargs mends or infers."""
    names = draw(
        st.lists(st.sampled_from(["alpha", "beta", "gamma", "x", "y", "names", "flag"]), min_size=1, max_size=5, unique=True)
    )
    declarations = []
    for name in names:
        positional = draw(st.booleans())
        settings_ = {"default": draw(st.sampled_from([None, "d", "7"]))}
        action = "store" if positional else draw(st.sampled_from(["store", "append", "store_true", "count"]))
        if action in ("store_true", "count"):
            settings_ = {"action": action}
        else:
            settings_["action"] = action
            settings_["type"] = draw(st.sampled_from([str, int, None]))
            settings_["nargs"] = draw(st.sampled_from([None, "?", "*", "+", 2]))
            if draw(st.booleans()) and settings_["type"] is not int:
                settings_["choices"] = ["a", "b", "d", "7"]
        if action == "append":
            settings_["default"] = None
        if settings_.get("default") == "d" and settings_.get("type") is int:
            settings_["default"] = "7"
        declarations.append((name if positional else f"--{name}" if len(name) > 1 else f"-{name}", settings_))
    return declarations


def outcome(parser, argv):
    """What a parse gives: the namespace, or the exit status and the last line that it says."""
    errors = io.StringIO()
    try:
        with redirect_stderr(errors), redirect_stdout(io.StringIO()):
            namespace, extras = parser.parse_known_args(argv)
        return vars(namespace), extras
    except SystemExit as stop:
        return stop.code, errors.getvalue().splitlines()[-1:]


TOKENS = st.one_of(
    st.sampled_from(
        ["--alpha", "--beta", "--gam", "-x", "-y", "--flag", "--names", "--alpha=a", "-x7", "--", "--other", "-1", "-xy"]
    ),
    st.sampled_from(["a", "b", "d", "7", "", "two words"]),
)


@given(plain_parsers(), st.lists(TOKENS, max_size=7))
@settings(max_examples=300, deadline=None)
def test_off_sagemaker_it_is_argparse(declarations, argv):
    ours = SageMakerArgumentParser(prog="prog")
    theirs = argparse.ArgumentParser(prog="prog")
    for name, declaration in declarations:
        ours.add_argument(name, **declaration)
        theirs.add_argument(name, **declaration)

    assert outcome(ours, argv) == outcome(theirs, argv)


def state(parser):
    """Everything that a parser holds, but for what ConfigArgParse keeps of the last parse."""
    kept = {
        name: value
        for name, value in vars(parser).items()
        if name not in ("_source_to_settings", "_write_out_config_file_paths", "_last_fill")
    }
    actions = [(id(action), copy.copy(vars(action))) for action in parser._actions]
    groups = [
        (id(group), group.required, [id(action) for action in group._group_actions])
        for group in parser._mutually_exclusive_groups
    ]
    return kept, actions, groups, dict(os.environ), list(sys.argv)


@given(declared_jobs(), st.sampled_from([[], ["--unknown"], ["--help"]]))
@settings(max_examples=60, deadline=None)
def test_a_parse_leaves_nothing_behind(job, argv):
    environ = toolkit({name: value for _, _, name, value, _ in job}).environ
    parser = parser_of(job)
    exclusive = parser.add_mutually_exclusive_group(required=True)
    exclusive.add_argument("--this", default="t")
    exclusive.add_argument("--that")
    parser.add_argument("--needed", required=True)
    environ.update(SM_HP_THAT="1", SM_HP_NEEDED="n")
    parser.parse_args([], env_vars=environ)
    before = state(parser)

    first = parser.parse_args([], env_vars=environ)
    outcome(parser, argv)
    shown = parser.format_help()
    second = parser.parse_args([], env_vars=environ)

    assert state(parser) == before
    assert {name: typed(value) for name, value in vars(first).items()} == {
        name: typed(value) for name, value in vars(second).items()
    }
    assert parser.format_help() == shown


BROKEN_NAMES = st.one_of(
    st.sampled_from(
        [
            "SM_HPS",
            "SM_TRAINING_ENV",
            "SM_CHANNELS",
            "SM_HOSTS",
            "SM_NUM_GPUS",
            "SM_CHANNEL_TRAIN",
            "SM_USER_ARGS",
            "SM_INPUT_DATA_CONFIG",
        ]
    ),
    st.sampled_from(
        ["epochs", "lr", "layers", "flag", "opt", "mode", "pair", "items", "LR", "e pochs", "=", "", "%s", "é"]
    ).map(lambda name: f"SM_HP_{name.upper()}"),
)
BROKEN_TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="\0"), max_size=20),
    st.sampled_from(
        [
            "{",
            "[1,2",
            "null",
            "NaN",
            "Infinity",
            "[[[]]]",
            '{"epochs": {}}',
            '{"lr": [null]}',
            "[" * 5000,
            "9" * 5000,
            "\udcff",
            "1e999",
        ]
    ),
    st.recursive(
        SCALARS | st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ).map(json.dumps),
)


@given(st.dictionaries(BROKEN_NAMES, BROKEN_TEXTS, max_size=6), st.booleans())
@settings(max_examples=300, deadline=None)
def test_no_environment_however_broken_gives_more_than_one_line(environ, exits):
    parser = SageMakerArgumentParser(
        prog="prog", usage="usage", **({} if exits or sys.version_info < (3, 9) else {"exit_on_error": False})
    )
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--lr", default=0.1)
    parser.add_argument("--layers", nargs="+", type=int)
    parser.add_argument("--flag", action="store_true")
    parser.add_argument("--opt", type=dict)
    parser.add_argument("--mode", choices=["a", "b"])
    parser.add_argument("--pair", nargs=2)
    parser.add_argument("--items", action="append")
    parser.add_argument("--train")
    parser.add_argument("--hosts")
    parser.add_argument("--num-gpus")
    errors = io.StringIO()
    try:
        with redirect_stderr(errors), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert isinstance(parser.parse_args([], env_vars=environ), argparse.Namespace)
    except SystemExit as stop:
        assert stop.code == 2
        usage, line = errors.getvalue().splitlines()
        assert usage == "usage: usage"
        assert line.startswith("prog: error: ")
    except argparse.ArgumentError as error:
        assert not exits
        assert str(error)


@given(declared_jobs(among=("int", "null")), st.data())
@settings(max_examples=60, deadline=None)
def test_what_a_person_typed_wins(job, data):
    environ, argv = toolkit({name: value for _, _, name, value, _ in job})
    spelled = data.draw(st.sampled_from(job))[0]
    option = f"--{spelled}" if len(spelled) > 1 else f"-{spelled}"
    before = data.draw(st.booleans())

    tokens = [option, "12345", *argv] if before else [*argv, option, "12345"]
    namespace = parser_of(job).parse_args(tokens, env_vars=environ)

    for name, *_, value in job:
        assert getattr(namespace, name.replace("-", "_")) == (12345 if name == spelled else value)


def test_the_laws_see_a_difference():
    """The comparison of types is one: an int is not a float, a list is not a tuple."""
    assert typed([1]) != typed([1.0])
    assert typed((1,)) != typed([1])
    with pytest.raises(AssertionError):
        assert typed({"a": True}) == typed({"a": 1})
