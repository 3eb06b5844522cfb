"""In a job: what plain argparse makes of the platform's command line is what smargs makes of it, unless it is mended."""

import argparse
import ast
import json
import sys

import pytest
from converters import CONVERTERS, FAILED, Size, declared, is_changed_on_purpose, outcome, same
from hypothesis import given
from hypothesis import strategies as st
from platforms import routes, without
from profiles import settings

from smargs import SageMakerArgumentParser
from smargs.testing import BadJobError, SageMakerJob

# The texts that bash of SDK v3 reads as a quotation or runs as a command are left out: no platform starts such a job.
TEXTS = st.one_of(
    st.sampled_from(
        [
            "True",
            "False",
            "true",
            "no",
            "None",
            "null",
            "1",
            "0",
            "-1",
            "1.10",
            "00123",
            "1e-3",
            "0E0",
            "3.0",
            "1_000",
            "NaN",
            "inf",
        ]
    ),
    st.sampled_from(
        ["[1,2]", "[1, 2]", "[true]", '{"a":1}', '"quoted"', "a=1,b=x", "a,b", "(1, 2)", "['a']", "2026-11-25", "medium"]
    ),
    st.sampled_from(["", " ", "a b", "-x", "--x", "s3://bucket/key", "é", "x=y", "\\d", "large", "small"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="'\x7f"), max_size=8),
)
SCALARS = st.one_of(st.booleans(), st.integers(-(10**18), 10**18), st.floats(allow_nan=False), TEXTS)
VALUES = st.recursive(
    st.one_of(st.none(), SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        # The toolkit sorts names in its variables, but not in an object inside a list on its command line.
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda drawn: dict(sorted(drawn.items()))),
    ),
    max_leaves=5,
)
CHOICES = st.sampled_from([None, None, None, ["True", "False"], ["true", "false"], ["medium", "1"], ["[1, 2]", "1.1"]])


# For each converter, texts that it accepts, and texts that it must not receive in another spelling.
OWN_TEXTS = {
    "none": ["[1,2]", '{"a":1}'],
    "str": ["[1,2]", '{"a":1}'],
    "Enum": ["medium", "large"],
    "Enum of texts": ["1", "True", True],
    "Decimal": ["1.10", "1e-3"],
    "date": ["2026-11-25", "2026-11-25T12:00:00"],
    "pairs": ["a=1,b=x", {"a": 1, "b": "x"}],
    "json.loads": ['{"a":1}', "[1,2]", [1, 2]],
}


@pytest.mark.parametrize("converter", CONVERTERS)
@given(st.data(), CHOICES, st.sampled_from([None, "?"]), st.sampled_from(["toolkit", "sdk"]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_route_gives_the_value_that_argparse_reads_from_the_command_line(
    converter, data, choices, nargs, platform, plain
):
    value = data.draw(st.one_of(st.sampled_from(OWN_TEXTS.get(converter, [True, False])), VALUES))
    declaration = {"type": CONVERTERS[converter], "choices": choices, "nargs": nargs}
    try:
        job = SageMakerJob({"opt": value}, platform=platform, plain=plain)
    except BadJobError:
        return
    expected = outcome(declared(argparse.ArgumentParser, declaration), job.argv)
    if expected is FAILED or is_changed_on_purpose(declaration, value):
        return
    parser = declared(SageMakerArgumentParser, declaration)
    for route in (job, without(job, "SM_HP_", "SM_TRAINING_ENV"), without(job, "SM_HP_")):
        assert same(outcome(parser, route.argv, env_vars=route.environ), expected), route.argv


OBJECT = {"a": 1, "b": "x"}


@pytest.mark.parametrize(
    ("value", "declaration"),
    [
        (True, {"type": eval, "default": False}),
        (False, {"type": eval, "default": True}),
        (True, {"type": CONVERTERS["equals True"]}),
        (False, {"type": CONVERTERS["equals True"]}),
        (True, {"type": str, "default": "False"}),
        (True, {"default": "False"}),
        (True, {"choices": ["True", "False"]}),
        ([True, None], {"type": ast.literal_eval}),
        (["a b", "c"], {"type": ast.literal_eval}),
        ([1, 2], {"type": str}),
        (["a", "b"], {}),
        (OBJECT, {"type": CONVERTERS["pairs"]}),
        (OBJECT, {"type": str}),
        (["a", "b"], {"type": lambda text: text.strip("[]").split(",")}),
        ("medium", {"type": Size}),
    ],
)
@pytest.mark.parametrize("route", ["toolkit", "toolkit, through dash", "SM_HPS", "SM_TRAINING_ENV", "SM_HP_* of the toolkit"])
def test_a_converter_receives_the_toolkits_text_on_every_route(value, declaration, route):
    expected = outcome(declared(argparse.ArgumentParser, declaration), SageMakerJob({"opt": value}).argv)
    environ = {name: text for name, text in routes({"opt": value})[route].environ.items() if name not in ("SM_MASTER_ADDR",)}
    if route == "SM_HPS":  # It is a job of SDK v3, whose other variables would show the platform.
        environ = {"SM_HPS": environ["SM_HPS"]}

    assert expected is not FAILED
    assert same(outcome(declared(SageMakerArgumentParser, declaration), [], env_vars=environ), expected)


@pytest.mark.parametrize(
    ("value", "declaration", "expected"),
    [
        (True, {"type": CONVERTERS["equals true"]}, True),
        (True, {"type": str}, "true"),
        ([True, None], {"type": str}, "[true, null]"),
        ("[1,2]", {"type": str}, "[1, 2]"),
        (OBJECT, {"type": json.loads}, OBJECT),
        (True, {"choices": ["true", "false"]}, "true"),
    ],
)
def test_a_converter_receives_the_text_of_sdk_v3_if_sdk_v3_started_the_script(value, declaration, expected):
    job = SageMakerJob({"opt": value}, platform="sdk")
    parser = declared(SageMakerArgumentParser, declaration)

    assert outcome(declared(argparse.ArgumentParser, declaration), job.argv) == expected
    assert outcome(parser, job.argv, env_vars=job.environ) == expected
    assert outcome(parser, [], env_vars=job.environ) == expected


def test_a_custom_container_uses_the_spelling_of_the_toolkit(sagemaker_job):
    parser = SageMakerArgumentParser()
    parser.add_argument("--amp", type=CONVERTERS["equals True"])
    parser.add_argument("--betas", type=str)
    with sagemaker_job({"amp": True, "betas": [0.9, None]}, platform="files"):
        assert vars(parser.parse_args()) == {"amp": True, "betas": "[0.9, None]"}


def test_without_a_variable_of_one_platform_the_command_line_shows_the_platform():
    parser = declared(SageMakerArgumentParser, {"type": str})
    environ = {"SM_HPS": '{"opt": [true]}'}

    assert outcome(parser, ["--opt", "[true]"], env_vars=environ) == "[true]"
    assert outcome(parser, ["--opt", "[True]"], env_vars=environ) == "[True]"
    assert outcome(parser, [], env_vars=environ) == "[True]"


@pytest.mark.parametrize(
    ("platform", "value", "declaration", "expected"),
    [
        ("toolkit", True, {"type": json.loads}, True),
        ("toolkit", {"a": [1]}, {"type": json.loads}, {"a": [1]}),
        ("toolkit", ["a"], {"type": json.loads}, ["a"]),
        ("toolkit", {"a": 1}, {"type": ast.literal_eval}, {"a": 1}),
        ("toolkit", True, {"choices": ["true", "false"]}, "true"),
        ("sdk", True, {"type": eval}, True),
        ("sdk", [True, None], {"type": ast.literal_eval}, [True, None]),
        ("sdk", True, {"choices": ["True", "False"]}, "True"),
        ("sdk", OBJECT, {"type": CONVERTERS["pairs"]}, {"a": "1", "b": "x"}),
    ],
)
def test_a_converter_that_refuses_a_value_gets_the_spelling_of_the_other_platform(platform, value, declaration, expected):
    job = SageMakerJob({"opt": value}, platform=platform)

    assert outcome(declared(argparse.ArgumentParser, declaration), job.argv) is FAILED
    assert outcome(declared(SageMakerArgumentParser, declaration), job.argv, env_vars=job.environ) == expected


def test_a_text_that_a_converter_refuses_is_not_spelled_differently(capsys):
    asked = []

    def refuse(text):
        asked.append(text)
        raise ValueError

    with pytest.raises(SystemExit):
        declared(SageMakerArgumentParser, {"type": refuse}).parse_args([], env_vars={"SM_HPS": '{"opt": "ture"}'})

    assert asked == ["ture"]
    assert capsys.readouterr().err.endswith("error: argument --opt: invalid refuse value: 'ture' (from SM_HPS)\n")


def test_each_element_is_spelled_as_the_platform_spells_a_single_value():
    parser = declared(SageMakerArgumentParser, {"nargs": "+", "type": eval})
    for platform in ("toolkit", "sdk"):
        job = SageMakerJob({"opt": [True, [None]]}, platform=platform)
        assert parser.parse_args(job.argv, env_vars=job.environ).opt == [True, [None]]


def test_returned_tokens_have_the_spelling_of_the_platform():
    parser = SageMakerArgumentParser()
    for platform, expected in (("toolkit", ["-x", "[True]"]), ("sdk", ["--x", "[true]"])):
        job = SageMakerJob({"x": [True]}, platform=platform)
        for argv in (job.argv, []):
            assert parser.parse_known_args(argv, env_vars=job.environ)[1] == expected


@pytest.mark.skipif(sys.version_info < (3, 9), reason="before Python 3.9 the digits of an int are not limited")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9_007_199_254_740_993", 9007199254740993),
        ("9007199254740993.0", 9007199254740993),
        ("-9007199254740993.00e2", -900719925474099300),
        ("1e400", FAILED),
        ("0e999999999", 0),
        ("1e-999999999", FAILED),
        ("2.5e1", 25),
        ("25e-1", FAILED),
    ],
)
def test_an_int_keeps_every_digit(text, expected, tmp_path):
    (tmp_path / "input" / "config").mkdir(parents=True)
    (tmp_path / "input" / "config" / "hyperparameters.json").write_text(json.dumps({"opt": text}), encoding="utf-8")

    parser = declared(SageMakerArgumentParser, {"type": int})
    assert outcome(parser, [], env_vars={"SAGEMAKER_BASE_DIR": str(tmp_path)}) == expected
