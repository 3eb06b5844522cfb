"""The limits that are checked before a launch are those of the service's model in botocore."""

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from service import accepted_by_botocore, shape_of, violations

from smargs import HyperparameterError, SageMakerArgumentParser
from smargs.launch import limits

HYPERPARAMETERS = shape_of("CreateTrainingJob", "HyperParameters")
RANGES = ("CreateHyperParameterTuningJob", "HyperParameterTuningJobConfig", "ParameterRanges")
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="=\0"), max_size=20),
    st.builds(str.__mul__, st.sampled_from("q\né"), st.sampled_from([1, 255, 256, 257, 2499, 2500, 2501])),
)


LIMITS = {
    "MOST_HYPERPARAMETERS": HYPERPARAMETERS.metadata["max"],
    "LONGEST_NAME": HYPERPARAMETERS.key.metadata["max"],
    "LONGEST_VALUE": HYPERPARAMETERS.value.metadata["max"],
    "MOST_RANGES": shape_of(*RANGES, "CategoricalParameterRanges").metadata["max"],
    "LONGEST_BOUND": shape_of(*RANGES, "IntegerParameterRanges", "member", "MinValue").metadata["max"],
    "SCALING_TYPES": tuple(shape_of(*RANGES, "IntegerParameterRanges", "member", "ScalingType").enum),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_the_services(name):
    assert getattr(limits, name) == LIMITS[name]


def refused(hyperparameters):
    """Whether the launch check refuses texts for arguments of these names."""
    parser = SageMakerArgumentParser(prog="train.py", prefix_chars="-")
    for index, name in enumerate(hyperparameters):
        parser.add_argument(f"--{name}", dest=f"argument_{index}", type=str)
    try:
        return parser.to_hyperparameters(hyperparameters) != hyperparameters
    except HyperparameterError:
        return True


def named(count):
    return {f"name-{index}": "1" for index in range(count)}


@given(st.one_of(st.dictionaries(st.just("lr"), TEXTS), st.sampled_from([99, 100, 101]).map(named)))
@settings(deadline=None)
@example({"q" * 256: "1"})
@example({"q" * 257: "1"})
def test_what_the_service_refuses_is_refused_before_the_launch(hyperparameters):
    forbidden = list(violations(HYPERPARAMETERS, hyperparameters))

    event("forbidden" if forbidden else "allowed")
    if forbidden:
        assert refused(hyperparameters)


@pytest.mark.parametrize(
    "hyperparameters",
    [named(101), {"q" * 257: "1"}, {"lr": "q" * 2501}, {"lr": "a\nb"}],
    ids=["101 names", "a name of 257 characters", "a value of 2,501 characters", "a line break"],
)
def test_botocore_accepts_what_the_service_and_smargs_refuse(hyperparameters):
    assert accepted_by_botocore(HYPERPARAMETERS, hyperparameters)
    assert list(violations(HYPERPARAMETERS, hyperparameters))
    assert refused(hyperparameters)


@pytest.mark.parametrize(
    "hyperparameters",
    [named(100), {"q" * 256: "1"}, {"lr": "q" * 2500}],
    ids=["100 names", "a name of 256 characters", "a value of 2,500 characters"],
)
def test_what_the_service_accepts_at_its_limits_is_accepted(hyperparameters):
    assert not list(violations(HYPERPARAMETERS, hyperparameters))
    assert not refused(hyperparameters)
