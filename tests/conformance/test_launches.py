"""What both SDKs' own code makes of checked hyperparameters: the script gets the values that were checked."""

import argparse

import pytest
from declarations import DECLARATIONS, option, with_types
from drawn import PLAIN_TEXTS, arguments, kinds
from hypothesis import HealthCheck, event, given, settings
from jobs import characters
from launches import parse_job
from parsers import parser_of

PLATFORMS = ["toolkit", "sdk", "files"]
UNQUOTED = "toolkit-unquoted"
# Whether a launcher takes encoded hyperparameters. If not, it encodes the values itself.
LAUNCHERS = {
    ("v2", "Framework"): False,
    ("v2", "Estimator"): True,
    ("v2", "Estimator with source_dir"): False,
    ("v2", "tuner of Framework"): False,
    ("v2", "tuner of Estimator"): True,
    ("v3", "ModelTrainer"): True,
    ("v3", "tuner"): True,
}
LAUNCHES = 10  # Of each launcher.


def declare(declared):
    return parser_of(*((option(name), DECLARATIONS[kind]) for name, kind in declared))


def texts_of(request):
    """The hyperparameters of a request for a training job, or those that a tuner sends with every training job."""
    definition = request.get("TrainingJobDefinition", {})
    return own(request.get("HyperParameters") or definition.get("StaticHyperParameters") or {})


def own(hyperparameters):
    """Those that are not the platform's."""
    return {name: text for name, text in hyperparameters.items() if not name.startswith("sagemaker_")}


def parse(declared, texts, platform):
    return parse_job(declare(declared), texts, platform)


@pytest.mark.parametrize(("sdk", "launcher"), LAUNCHERS, ids=map(" ".join, LAUNCHERS))
@given(drawn=arguments(kinds(PLAIN_TEXTS)))
@settings(max_examples=LAUNCHES, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_script_gets_the_namespace_that_was_launched(sdks, sdk, launcher, drawn):
    declared = [(argument.spelled, argument.kind) for argument in drawn]
    namespace = argparse.Namespace(**{argument.dest: argument.expected for argument in drawn})
    hyperparameters = declare(declared).to_hyperparameters(namespace, encoded=LAUNCHERS[sdk, launcher])

    request = sdks[sdk].launch(launcher, hyperparameters=hyperparameters, ranges={"z-range": ["ContinuousParameter", 0, 1]})

    # A shell changes the texts that the old toolkit does not quote.
    is_plain = all(character.isalnum() for argument in drawn for character in characters(argument.value))
    for platform in [*PLATFORMS, *([UNQUOTED] if is_plain else [])]:
        event(platform)
        assert with_types(parse(declared, texts_of(request), platform)) == with_types(vars(namespace)), platform


RANGES = {
    "float": {"ContinuousParameter": [0.001, 0.1, "Logarithmic"]},
    "int": {"IntegerParameter": [1, 10]},
    "inferred int": {"IntegerParameter": [1, 10], "CategoricalParameter": [[16, 32]]},
    "text": {"CategoricalParameter": [["adam", "sgd"]]},
    "bool": {"CategoricalParameter": [[True, False]]},
    "list": {"CategoricalParameter": [[[1, 2], [3]]]},
}


def drawn_by(tuner):
    """For each hyperparameter that a tuner varies, texts that it may send: both bounds, or every category."""
    ranges = tuner["HyperParameterTuningJobConfig"]["ParameterRanges"]
    bounds = ranges.get("ContinuousParameterRanges", []) + ranges.get("IntegerParameterRanges", [])
    return {
        **{each["Name"]: [each["MinValue"], each["MaxValue"]] for each in bounds},
        **{each["Name"]: each["Values"] for each in ranges.get("CategoricalParameterRanges", [])},
    }


@pytest.mark.parametrize(("sdk", "launcher"), [key for key in LAUNCHERS if "tuner" in key[1]], ids=" ".join)
@pytest.mark.parametrize("kind", RANGES)
def test_a_script_gets_every_value_of_a_range_that_was_checked(sdks, sdk, launcher, kind):
    for class_name, range_settings in RANGES[kind].items():
        request = sdks[sdk].launch(
            launcher,
            arguments=[("tuned", kind), ("epochs", "int")],
            hyperparameters={"epochs": 3},
            ranges={"tuned": [class_name, *range_settings]},
            encoded=LAUNCHERS[sdk, launcher],
        )

        expected = range_settings[0] if class_name == "CategoricalParameter" else range_settings[:2]
        for text, value in zip(drawn_by(request)["tuned"], expected):
            for platform in PLATFORMS:
                got = parse([("tuned", kind), ("epochs", "int")], {**texts_of(request), "tuned": text}, platform)
                assert with_types(got) == with_types({"tuned": value, "epochs": 3}), platform


@pytest.mark.parametrize(("sdk", "launcher"), [("v2", "tuner of Framework"), ("v3", "tuner")], ids=" ".join)
def test_a_range_that_the_parser_refuses_is_named_before_the_launch(sdks, sdk, launcher):
    error = sdks[sdk].launch(
        launcher,
        arguments=[("epochs", "int")],
        ranges={"epochs": ["ContinuousParameter", 0.5, 3]},
        encoded=LAUNCHERS[sdk, launcher],
    )

    assert error.startswith("HyperparameterError: ")
    assert "epochs" in error
    assert "0.5" in error


def test_a_pipeline_variable_reaches_a_step_of_a_pipeline(sdks):
    step = sdks["v2"].launch("pipeline", arguments=[("epochs", "int")], variables={"epochs": ["Epochs", 3]}, encoded=False)

    assert "{'Get': 'Parameters.Epochs'}" in str(own(step["Arguments"]["HyperParameters"])["epochs"])


@pytest.mark.parametrize("sdk", ["v2", "v3"])
@pytest.mark.parametrize("encoded", [True, False], ids=["texts", "values"])
def test_a_pipeline_variable_passes_unchanged(sdks, sdk, encoded):
    assert sdks[sdk].launch(None, arguments=[("epochs", "int")], variables={"epochs": ["Epochs", 3]}, encoded=encoded) is None


@pytest.mark.parametrize("sdk", ["v2", "v3"])
def test_the_default_of_a_pipeline_variable_is_checked(sdks, sdk):
    error = sdks[sdk].launch(None, arguments=[("amp", "bool")], variables={"amp": ["Amp", 3]})

    assert error.startswith("HyperparameterError: ")
    assert "amp" in error
