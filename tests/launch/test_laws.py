"""Laws of the hyperparameters that a parser makes: a job returns the requested values, and no job refuses them."""

import argparse

import pytest
from converters import CONVERTERS, FAILED, declared, outcome, same
from declarations import DECLARATIONS, with_types
from drawn import arguments, kinds
from hypothesis import assume, given
from hypothesis import strategies as st
from parsers import parser_of
from profiles import settings

from smargs import HyperparameterError, SageMakerArgumentParser
from smargs.local.job import PLATFORMS, SDK, TOOLKIT_UNQUOTED
from smargs.testing import BadJobError, SageMakerJob, hyperparameters, invalid_hyperparameters
from smargs.testing.laws import changes_values

WELL_QUOTED = [platform for platform in PLATFORMS if platform != TOOLKIT_UNQUOTED]
ANY_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=12)


def declare(drawn):
    """Make a parser of drawn arguments."""
    return parser_of(*((argument.option, DECLARATIONS[argument.kind]) for argument in drawn))


def expected_namespace(parser, drawn):
    """The namespace in which each drawn argument has its value."""
    namespace = parser.parse_args([], env_vars={})
    for argument in drawn:
        setattr(namespace, argument.dest, argument.expected)
    return namespace


def jobs_of(parser, values, platform, **settings):
    """Yield the job of each form in which a launcher of this platform sends the hyperparameters."""
    yield SageMakerJob(parser.to_hyperparameters(values, **settings), platform=platform, plain=True)
    if platform != SDK:  # Only SDK v2 encodes values, and its scripts run under the toolkit.
        yield SageMakerJob(parser.to_hyperparameters(values, encoded=False, **settings), platform=platform, plain=False)


@pytest.mark.slow
@pytest.mark.needs_process
@given(arguments(), st.sampled_from(WELL_QUOTED))
@settings(max_examples=150, deadline=None)
def test_a_namespace_round_trips_on_every_platform(drawn, platform):
    parser = declare(drawn)
    namespace = expected_namespace(parser, drawn)

    for job in jobs_of(parser, namespace, platform):
        with job:
            assert with_types(vars(parser.parse_args(job.argv))) == with_types(vars(namespace))


@pytest.mark.slow
@pytest.mark.needs_process
@given(arguments(kinds(ANY_TEXT)), st.sampled_from(WELL_QUOTED))
@settings(max_examples=150, deadline=None)
def test_any_text_round_trips_or_is_refused(drawn, platform):
    parser = declare(drawn)
    namespace = expected_namespace(parser, drawn)
    try:
        jobs = list(jobs_of(parser, namespace, platform))
    except BadJobError:
        assume(False)  # SDK v3's bash stops at some apostrophes.
    except HyperparameterError as error:
        assert all(" comes back as " in problem or "the service" in problem for problem in error.problems)
        return
    for job in jobs:
        with job:
            assert with_types(vars(parser.parse_args(job.argv))) == with_types(vars(namespace))


RICH = (
    ("--epochs", {"type": int, "required": True}),
    ("--lr", "--learning-rate", {"type": float, "default": 0.1}),
    ("--batch_size", {"default": 32}),
    ("--layers", {"nargs": "+", "type": int}),
    ("--betas", {"nargs": 2, "type": float}),
    ("--optimizer", {"choices": ["sgd", "adam"]}),
    ("--amp", {"action": "store_true"}),
    ("--no-cuda", {"dest": "cuda", "action": "store_false"}),
    ("--tags", {"action": "append", "default": ["a"]}),
    ("--verbose", "-v", {"action": "count", "default": 1}),
    ("--settings", {"type": dict}),
)


@pytest.mark.slow
@pytest.mark.needs_process
@given(hyperparameters(parser_of(*RICH)), st.sampled_from(WELL_QUOTED))
@settings(max_examples=100, deadline=None)
def test_a_mapping_gives_what_its_values_give_as_hyperparameters(values, platform):
    parser = parser_of(*RICH)
    assume(not changes_values(platform, values))
    try:
        plain = SageMakerJob(values, platform=platform)
        jobs = list(jobs_of(parser, values, platform))
    except BadJobError:
        assume(False)
    except HyperparameterError as error:
        assert all(" comes back as " in problem for problem in error.problems)
        return
    with plain:
        expected = parser.parse_args(plain.argv)
    for job in jobs:
        with job:
            assert with_types(vars(parser.parse_args(job.argv))) == with_types(vars(expected))


@pytest.mark.slow
@given(invalid_hyperparameters(parser_of(*RICH)), st.booleans())
@settings(max_examples=100, deadline=None)
def test_hyperparameters_that_a_job_refuses_are_refused_before_the_launch(values, encoded):
    with pytest.raises(HyperparameterError):
        parser_of(*RICH).to_hyperparameters(values, encoded=encoded)


NUMBERS = ["3", "0.5", "1e-3", "1+2j", "true", "True", "none"]
COLLECTIONS = ["a,b", "a=1,b=x", "[1, 2]", '{"a": 1}', "(1, 2)", "{1}"]
WORDS = ["two words", "large", "LOW", "2024-01-02", "'x'"]


@pytest.mark.slow
@pytest.mark.needs_process
@given(st.sampled_from(sorted(CONVERTERS)), st.sampled_from([*NUMBERS, *COLLECTIONS, *WORDS]), st.sampled_from(WELL_QUOTED))
@settings(max_examples=200, deadline=None)
def test_the_result_of_a_converter_round_trips_or_is_refused(converter, text, platform):
    parser = declared(SageMakerArgumentParser, {"type": CONVERTERS[converter]})
    typed = outcome(parser, [f"--opt={text}"], env_vars={})
    assume(typed is not FAILED)
    try:
        jobs = list(jobs_of(parser, argparse.Namespace(opt=typed), platform))
    except BadJobError:
        assume(False)
    except HyperparameterError as error:
        assert [problem.partition(":")[0] for problem in error.problems] == ["argument --opt"]
        return
    for job in jobs:
        with job:
            assert same(outcome(parser, job.argv), typed)
