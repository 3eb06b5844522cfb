"""Property tests of a parse in a job: which value wins, which default is kept, and which host leads."""

import argparse
import json
import os
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from converters import CONVERTERS, FAILED, declared, outcome, same
from hypothesis import example, given
from hypothesis import strategies as st
from platforms import write_files
from profiles import settings

from smargs import SageMakerArgumentParser, SageMakerEnvironment
from smargs.container.variables import VARIABLES
from smargs.local.job import PLATFORMS
from smargs.testing import SageMakerJob

YES, NO = ("true", "True", "yes", "on", "1", True), ("false", "FALSE", "no", "off", "0", False)


@pytest.mark.needs_process
@given(
    st.sampled_from(["--cache", "--no-cache", "both"]),
    st.sampled_from([*((text, True) for text in YES), *((text, False) for text in NO), (None, None)]),
    st.sampled_from(PLATFORMS),
)
@settings(deadline=None)
def test_a_boolean_hyperparameter_sets_the_flag_of_its_dest_that_stores_it(declared_flags, sent, platform):
    value, meaning = sent
    parser = SageMakerArgumentParser()
    stores = {}
    if declared_flags != "--no-cache":
        parser.add_argument("--cache", dest="cache", action="store_true", default="default")
        stores[True] = True
    if declared_flags != "--cache":
        parser.add_argument("--no-cache", dest="cache", action="store_false", default="default")
        stores[False] = False
    with SageMakerJob({"cache": value}, platform=platform):
        assert parser.parse_args().cache == stores.get(meaning, "default")


@pytest.mark.needs_process
@given(
    st.sampled_from(
        [({"action": "store_true"}, []), ({"nargs": "?", "const": "c"}, []), ({"type": int}, ["7"]), ({}, ["typed"])]
    ),
    st.sampled_from([None, "", "5", 5, True, False]),
    st.dictionaries(st.sampled_from(["aa", "zz"]), st.sampled_from([None, "", 1, "text"]), max_size=2),
    st.sampled_from(PLATFORMS),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_a_typed_option_wins_over_any_hyperparameter(argument, value, others, platform, in_front):
    declaration, tokens = argument
    parser = SageMakerArgumentParser()
    for name in ("--aa", "--zz"):
        parser.add_argument(name)
    parser.add_argument("--opt", **declaration)
    plain = argparse.ArgumentParser()
    plain.add_argument("--opt", **declaration)
    job = SageMakerJob({"opt": value, **others}, platform=platform)
    typed = ["--opt", *tokens]
    argv = [*typed, *job.argv] if in_front else [*job.argv, *typed]
    with job:
        assert parser.parse_args(argv).opt == plain.parse_args(typed).opt


POSITIONALS = st.lists(st.sampled_from([None, "?", "*", "+", 2]), min_size=1, max_size=3)
TYPED = st.lists(st.sampled_from(["a", "b", "c", "d", "--opt=1"]), max_size=5)


@given(POSITIONALS, TYPED, st.sets(st.sampled_from(["p0", "p1", "p2"])))
@example(["?", None, "?"], ["a", "--opt=1"], {"p0", "p1"})
@settings(max_examples=300, deadline=None)
def test_positionals_are_split_as_argparse_splits_them(nargs, typed, filled):
    def declare(parser):
        for place, count in enumerate(nargs):
            parser.add_argument(f"p{place}", nargs=count)
        parser.add_argument("--opt")
        return parser

    plain = declare(argparse.ArgumentParser())
    plain.set_defaults(opt=FAILED, **{f"p{place}": FAILED for place in range(len(nargs))})
    values = {f"p{place}": ["x", "y"] if count == 2 else "x" for place, count in enumerate(nargs) if f"p{place}" in filled}
    try:
        expected = vars(plain.parse_args(typed))
    except SystemExit:
        return
    actual = vars(declare(SageMakerArgumentParser()).parse_args(typed, env_vars=SageMakerJob(values).environ))
    for dest, value in expected.items():
        # argparse gives an empty list, or a default, to a positional without tokens.
        if value is not FAILED and value != []:
            assert actual[dest] == value
        elif dest in values:
            assert actual[dest] in (values[dest], [values[dest]])


@given(st.sets(st.sampled_from(["train", "Train", "TRAIN", "test", "Test", "eval-set", "eval_set", "Eval_Set"]), min_size=1))
def test_a_channel_fills_the_argument_with_exactly_its_name(channels):
    parser = SageMakerArgumentParser()
    for channel in channels:
        parser.add_argument(f"--{channel}", dest=f"of {channel}")
    # The names SM_CHANNEL_* are in capitals; SM_CHANNELS has the channels as they are spelled.
    environ = {"SM_CHANNELS": json.dumps(sorted(channels))}

    actual = vars(parser.parse_args([], env_vars=environ))
    assert actual == {f"of {channel}": f"/opt/ml/input/data/{channel}" for channel in channels}


TEXTS_OF_KINDS = {
    "path": st.sampled_from(["/opt/ml/model", "/data/x"]),
    "text": st.sampled_from(["algo-1", "ml.m5.large"]),
    "integer": st.integers(0, 9).map(str),
    "boolean": st.sampled_from(["true", "false"]),
    "list": st.lists(st.sampled_from(["algo-1", "algo-2"]), min_size=1).map(json.dumps),
    "object": st.dictionaries(st.sampled_from("ab"), st.integers(0, 3)).map(json.dumps),
}
NAMED = [variable for variable in VARIABLES if variable.by_name]


@st.composite
def variables(draw):
    """A documented variable, its text, and the name of an argument that it fills."""
    variable = draw(st.sampled_from(NAMED))
    return variable, draw(TEXTS_OF_KINDS[variable.kind]), draw(st.sampled_from([variable.attribute, *variable.aliases]))


@given(variables(), st.sampled_from([None, str]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_default_equal_to_the_variable_is_kept_in_any_type(drawn, type_, is_path):
    variable, text, name = drawn
    defaults = [text] if variable.kind in ("path", "text") else [json.loads(text)]
    if variable.kind == "path":
        defaults += [Path(text), f"{text}/", f"{text}/1/file", Path(text, "file")]
    for default in defaults:
        parser = SageMakerArgumentParser()
        parser.add_argument(f"--{name}", type=type_, default=default)
        actual = getattr(parser.parse_args([], env_vars={variable.name: text}), name)
        assert (type(actual), actual) == (type(default), default)


@given(variables(), st.sampled_from(sorted(CONVERTERS)), st.sampled_from([None, ("mine",)]))
@settings(max_examples=300, deadline=None)
def test_an_inferred_value_gives_the_default_the_value_or_the_converted_text(drawn, converter, default):
    variable, text, name = drawn
    declaration = {"type": CONVERTERS[converter], "default": default}
    parser = SageMakerArgumentParser(infer_types=False)
    parser.add_argument(f"--{name}", **declaration)
    actual = getattr(parser.parse_known_args([], env_vars={variable.name: text})[0], name)

    allowed = [default]
    allowed.append(text if variable.kind in ("path", "text") else json.loads(text))
    if variable.kind in ("path", "text") or converter in ("none", "str", "int", "float"):
        allowed.append(outcome(declared(argparse.ArgumentParser, declaration), ["--opt", text]))
    assert any(actual == value or same(actual, value) for value in allowed)


@given(st.integers(-(10**30), 10**30), st.sampled_from(["{}", "{}.0", "{}.", "{:_}", "{}.00e0", "{}0e-1"]))
@settings(deadline=None)
def test_an_integer_keeps_every_digit_in_any_spelling(number, form):
    parser = SageMakerArgumentParser()
    parser.add_argument("--opt", type=int)
    with tempfile.TemporaryDirectory() as directory:
        write_files(Path(directory), {"hyperparameters.json": {"opt": form.format(number)}})
        assert parser.parse_args([], env_vars={"SAGEMAKER_BASE_DIR": directory}).opt == number


@given(st.dictionaries(st.sampled_from(["lr", "epochs", "opt"]), st.sampled_from(["1", "many"]), max_size=3))
def test_a_parse_gives_the_same_inside_a_type_function_as_outside(sent):
    def inner(text):
        parser = SageMakerArgumentParser()
        parser.add_argument("--opt", env_var="SM_HP_LR", type=int)
        return outcome(parser, [])

    outer = SageMakerArgumentParser()
    outer.add_argument("--section", type=inner)
    with patch.dict(os.environ, {"SM_HPS": json.dumps(sent)}):
        namespace, rest = outer.parse_known_args(["--section", "x"])
        assert namespace.section == inner("x")
        assert set(rest[::2]) == {f"--{name}" for name in sent}


@given(st.integers(1, 12), st.data(), st.sampled_from(["toolkit", "sdk"]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_exactly_one_host_leads_and_each_host_has_its_name(count, data, platform, under_mpi):
    hosts = [f"algo-{number}" for number in range(1, count + 1)]
    master = data.draw(st.sampled_from(hosts)) if platform == "toolkit" else "algo-1"
    leaders = []
    for host in hosts:
        job = SageMakerJob(hosts=count, host=hosts[0] if under_mpi else host, platform=platform)
        environ = dict(job.environ)
        if platform == "toolkit":
            training_env = {**json.loads(environ["SM_TRAINING_ENV"]), "master_hostname": master}
            environ["SM_TRAINING_ENV"] = json.dumps(training_env)
        with tempfile.TemporaryDirectory() as directory:
            write_files(Path(directory), {"resourceconfig.json": {"current_host": host, "hosts": hosts}})
            environ["SAGEMAKER_BASE_DIR"] = directory
            if under_mpi:
                environ["OMPI_COMM_WORLD_RANK"] = "0"
            environment = SageMakerEnvironment.load(environ)
        assert (environment.current_host, environment.host_rank) == (host, sorted(hosts).index(host))
        assert environment.master_addr == master
        leaders += [host] if environment.is_leader else []
    assert leaders == [master]
