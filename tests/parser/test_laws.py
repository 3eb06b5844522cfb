"""Property tests of the promises, for generated parsers and jobs."""

import argparse
import copy
import io
import json
import os
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout, suppress
from unittest.mock import patch

import configargparse
import pytest
from declarations import DECLARATIONS, with_types
from drawn import FLOATS, INTEGERS, PLAIN_TEXTS, arguments, kinds
from hypothesis import given
from hypothesis import strategies as st
from platforms import routes
from profiles import settings

from smargs import SageMakerArgumentParser, SageMakerEnvironment
from smargs.testing import SageMakerJob, assert_parses_like_argparse, assert_same_on_every_platform

KINDS = kinds(PLAIN_TEXTS)
# The toolkit's SM_HP_* is empty both for null and for an empty text. Only a type distinguishes them.
ON_EVERY_ROUTE = {kind: drawn for kind, drawn in KINDS.items() if kind != "null text"}


def parser_of(job, positional=False):
    parser = SageMakerArgumentParser()
    for argument in job:
        name = argument.spelled if positional and is_stored(argument) else argument.option
        parser.add_argument(name, **DECLARATIONS[argument.kind])
    return parser


def is_stored(argument):
    return "action" not in DECLARATIONS[argument.kind]


def hyperparameters(job):
    return {argument.name: argument.value for argument in job}


@given(arguments(ON_EVERY_ROUTE), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_hyperparameter_has_the_same_value_on_every_route(job, positional):
    expected = {
        argument.spelled if positional and is_stored(argument) else argument.dest: with_types(argument.expected)
        for argument in job
    }
    for route, made in routes(hyperparameters(job)).items():
        namespace = parser_of(job, positional).parse_args(made.argv, env_vars=made.environ)
        assert {dest: with_types(value) for dest, value in vars(namespace).items()} == expected, route


# An environment variable has any bytes but NUL; Python decodes those that are not UTF-8 as surrogates.
VARIABLE_TEXTS = st.binary(max_size=8).map(lambda drawn: os.fsdecode(drawn.replace(b"\0", b"")))
VARIABLE_NAMES = st.builds(
    "{}{}".format,
    st.sampled_from(["SM_HP_", "SM_CHANNEL_", "SM_", "sm_hp_", "SAGEMAKER_BASE_DIR", "TRAINING_JOB_NAME", "OTHER"]),
    VARIABLE_TEXTS.map(lambda drawn: drawn.replace("=", "")),
)


@given(st.dictionaries(VARIABLE_NAMES, VARIABLE_TEXTS, max_size=6))
@settings(max_examples=150, deadline=None)
def test_os_environ_and_a_copy_give_the_same_values(variables):
    with patch.dict(os.environ, variables):
        read, of_a_mapping = SageMakerEnvironment.load(os.environ), SageMakerEnvironment.load(dict(os.environ))
        assert read.hyperparameters == of_a_mapping.hyperparameters
        assert repr(read) == repr(of_a_mapping)


@given(arguments(ON_EVERY_ROUTE), st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_hyperparameter_has_the_same_value_on_every_platform(job, positional):
    assert_same_on_every_platform(parser_of(job, positional), hyperparameters(job))


# YAML 1.1 reads 1e-05 as text; eighths are written without an exponent.
EIGHTHS = st.integers(-1000, 1000).map(lambda number: number / 8)
PLAIN = st.one_of(st.booleans(), INTEGERS, EIGHTHS, PLAIN_TEXTS)
IN_CONFIG_FILES = {
    **{kind: KINDS[kind][0] for kind in ("int", "bool", "flag", "nargs 2", "inferred int")},
    "float": EIGHTHS,
    **dict.fromkeys(("list", "tuple", "inferred list"), st.lists(PLAIN)),
    **dict.fromkeys(("dict", "inferred dict"), st.dictionaries(PLAIN_TEXTS, st.one_of(PLAIN, st.lists(PLAIN)), max_size=3)),
}


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_config_file_gives_the_same_value_as_sagemaker(data):
    kind = data.draw(st.sampled_from(sorted(IN_CONFIG_FILES)))
    value = data.draw(IN_CONFIG_FILES[kind])
    parser = SageMakerArgumentParser(config_file_parser_class=configargparse.YAMLConfigFileParser)
    parser.add_argument("--some-name", **DECLARATIONS[kind])

    from_file = parser.parse_args([], config_file_contents=json.dumps({"some-name": value}), env_vars={})
    from_job = parser.parse_args([], env_vars=SageMakerJob({"some-name": value}).environ)

    assert with_types(from_file.some_name) == with_types(from_job.some_name)


@st.composite
def plain_parsers(draw):
    """Draw declarations of argparse, without the types that smargs reads differently or infers."""
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


TOKENS = st.one_of(
    st.sampled_from(
        ["--alpha", "--beta", "--gam", "-x", "-y", "--flag", "--names", "--alpha=a", "-x7", "--", "--other", "-1", "-xy"]
    ),
    st.sampled_from(["a", "b", "d", "7", "", "two words"]),
)


@given(plain_parsers(), st.lists(TOKENS, max_size=7))
@settings(max_examples=300, deadline=None)
def test_off_sagemaker_a_parse_equals_argparse(declarations, argv):
    def declared(parser_class):
        parser = parser_class(prog="prog")
        for name, declaration in declarations:
            parser.add_argument(name, **declaration)
        return parser

    assert_parses_like_argparse(declared, argv)


def state(parser):
    """The state of a parser and of this process, without what ConfigArgParse keeps of the last parse."""
    kept = {
        name: value
        for name, value in vars(parser).items()
        if name not in ("_make_table", "_write_out_config_file_paths", "_last_parse")
    }
    actions = [(id(action), copy.copy(vars(action))) for action in parser._actions]
    groups = [
        (id(group), group.required, [id(action) for action in group._group_actions])
        for group in parser._mutually_exclusive_groups
    ]
    return kept, actions, groups, dict(os.environ), list(sys.argv)


@given(arguments(), st.sampled_from([[], ["--unknown"], ["--help"]]))
@settings(max_examples=60, deadline=None)
def test_a_parse_leaves_nothing_behind(job, argv):
    environ = SageMakerJob(hyperparameters(job)).environ
    parser = parser_of(job)
    exclusive = parser.add_mutually_exclusive_group(required=True)
    exclusive.add_argument("--this", default="t")
    exclusive.add_argument("--that")
    parser.add_argument("--needed", required=True)
    environ.update(SM_HP_THAT="1", SM_HP_NEEDED="n")
    parser.parse_args([], env_vars=environ)
    before = state(parser)

    first = parser.parse_args([], env_vars=environ)
    with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()), suppress(SystemExit):
        parser.parse_known_args(argv)
    shown = parser.format_help()
    second = parser.parse_args([], env_vars=environ)

    assert state(parser) == before
    assert {name: with_types(value) for name, value in vars(first).items()} == {
        name: with_types(value) for name, value in vars(second).items()
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
        st.none() | st.booleans() | INTEGERS | FLOATS | PLAIN_TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN_TEXTS, inner, max_size=3),
    ).map(json.dumps),
)


@given(st.dictionaries(BROKEN_NAMES, BROKEN_TEXTS, max_size=6), st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_broken_environment_is_parsed_or_refused_in_one_line(environ, exits):
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


@given(arguments({kind: KINDS[kind] for kind in ("int", "null")}), st.data())
@settings(max_examples=60, deadline=None)
def test_a_typed_option_wins_over_sagemaker(job, data):
    made = SageMakerJob(hyperparameters(job))
    typed_argument = data.draw(st.sampled_from(job))
    before = data.draw(st.booleans())

    tokens = [typed_argument.option, "12345", *made.argv] if before else [*made.argv, typed_argument.option, "12345"]
    namespace = parser_of(job).parse_args(tokens, env_vars=made.environ)

    for argument in job:
        assert getattr(namespace, argument.dest) == (12345 if argument is typed_argument else argument.expected)


def test_with_types_compares_types_at_every_depth():
    """Otherwise the tests above would not fail for a wrong type."""
    assert with_types([1]) != with_types([1.0])
    assert with_types((1,)) != with_types([1])
    with pytest.raises(AssertionError):
        assert with_types({"a": True}) == with_types({"a": 1})
