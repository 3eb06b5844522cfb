"""The ranges of a tuning job: the parser tests values as the tuner sends them."""

import json

import pytest
from parsers import parser_of
from sdks import CategoricalParameter, CategoricalParameterOfV2, ContinuousParameter, IntegerParameter, PipelineVariable

from smargs import HyperparameterError
from smargs.launch.ranges import read_ranges

LR = ("--lr", {"type": float})
EPOCHS = ("--epochs", {"type": int})


def problems(ranges, *declarations, values=(), **settings):
    """The problems of ranges."""
    with pytest.raises(HyperparameterError) as caught:
        parser_of(*declarations).to_hyperparameters(dict(values), ranges=ranges, **settings)
    return list(caught.value.problems)


def texts(value, **settings):
    """The texts of values that a tuner sends for a range."""
    return read_ranges({"x": value}, **settings)[0].texts


def request(kind, **entry):
    """The service's JSON of one range."""
    return {f"{kind}ParameterRanges": [{"Name": "lr", **entry}]}


@pytest.mark.parametrize(
    ("value", "encoded", "sent"),
    [
        (IntegerParameter(1, 8), True, ("1", "8", "4")),
        (ContinuousParameter(1, 3), True, ("1", "3", "2.23606797749979")),
        (CategoricalParameter([16, None, True]), True, ("16", "None", "True")),
        (CategoricalParameter([16, None, True]), False, ("16", "None", "True")),
        (CategoricalParameterOfV2([16, 32]), True, ("16", "32")),
        (CategoricalParameterOfV2([16, 32]), False, ("16", "32", '"16"', '"32"')),
        (ContinuousParameter(PipelineVariable(0.5), PipelineVariable()), True, ("0.5",)),
        (CategoricalParameter([PipelineVariable(), "a"]), True, ("a",)),
    ],
    ids=[
        "integers",
        "numbers",
        "categories",
        "categories of v3",
        "of a v2 Estimator",
        "of a v2 framework",
        "variables",
        "a variable",
    ],
)
def test_each_bound_an_interior_value_and_each_category_is_tested_as_the_tuner_sends_it(value, encoded, sent):
    assert texts(value, encoded=encoded) == sent


def test_ranges_are_checked_and_not_sent():
    ranges = {"lr": ContinuousParameter(0.1, 1), "epochs": IntegerParameter(1, 9), "name": CategoricalParameter(["a", "b"])}
    parser = parser_of(("--lr", {"type": float, "required": True}), EPOCHS, ("--name", {"choices": ["a", "b"]}), ("--x", {}))

    assert parser.to_hyperparameters({"x": 1}, ranges=ranges) == {"x": "1"}


def test_a_value_of_a_range_that_the_parser_refuses_is_named():
    ranges = {
        "epochs": ContinuousParameter(1, 3),
        "batch": CategoricalParameter([16, "many"]),
        "lr": CategoricalParameter([None, 1]),
    }

    assert problems(ranges, LR, EPOCHS, ("--batch", {"type": int})) == [
        "argument --lr: invalid float value: 'None'",
        "argument --batch: invalid int value: 'many'",
        "argument --epochs: invalid int value: '2.23606797749979'",
    ]


def test_an_unknown_name_of_a_range_is_named_with_the_nearest_one():
    assert problems({"epcohs": IntegerParameter(1, 2)}, EPOCHS) == [
        "unrecognized hyperparameter: epcohs (did you mean --epochs?)"
    ]


def test_a_name_has_either_a_value_or_a_range():
    expected = ["hyperparameter epochs: it has a value and a range: expected one of them"]

    assert problems({"epochs": IntegerParameter(1, 2)}, EPOCHS, values={"epochs": 3}) == expected
    assert problems({"epochs": IntegerParameter(1, 2)}, EPOCHS, values={"epochs": PipelineVariable()}) == expected
    assert problems({"_tuning_objective_metric": IntegerParameter(1, 2)}) == [
        "hyperparameter _tuning_objective_metric: the tuning job sets it: expected no value"
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ContinuousParameter(1, 1), "from '1' to '1': the service refuses a range with one value: expected a fixed value"),
        (CategoricalParameter(["a"]), "1 categories: the service refuses a range with one value: expected a fixed value"),
        (ContinuousParameter(2, 1), "from '2' to '1': expected a minimum that is less than the maximum"),
        (
            ContinuousParameter(1, 2, "Log"),
            "scaling type 'Log': expected one of Auto, Linear, Logarithmic, ReverseLogarithmic",
        ),
        (ContinuousParameter(0, 2, "Logarithmic"), "from '0' to '2': Logarithmic scaling needs values greater than 0"),
        (
            ContinuousParameter(0, 1, "ReverseLogarithmic"),
            "from '0' to '1': ReverseLogarithmic scaling needs values from 0 to less than 1",
        ),
        (IntegerParameter(1, 1.5), "'1.5': expected a bound of the kind Integer"),
        (ContinuousParameter(1, float("inf")), "'inf': expected a bound of the kind Continuous"),
        (CategoricalParameter(range(31)), "31 categories: the service allows 30"),
        (CategoricalParameter([1, "2" * 257]), "a value has 257 characters: the service allows 256"),
        (3, "int is not a range: expected a ContinuousParameter, an IntegerParameter or a CategoricalParameter"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_what_the_service_refuses_of_a_range_is_named(value, expected):
    assert [line for line in problems({"lr": value}, LR) if line.startswith("range")] == [f"range lr: {expected}"]


@pytest.mark.parametrize(
    "scaling",
    ["Auto", "Linear", "Logarithmic", "ReverseLogarithmic", PipelineVariable()],
    ids=lambda scaling: scaling if isinstance(scaling, str) else "a pipeline variable",
)
def test_every_scaling_type_of_the_service_is_accepted(scaling):
    assert parser_of(LR).to_hyperparameters({}, ranges={"lr": ContinuousParameter(0.1, 0.9, scaling)}) == {}


def test_a_tuning_job_has_30_ranges_of_a_kind():
    names = [f"a{number}" for number in range(31)]

    assert problems({name: IntegerParameter(1, 2) for name in names}, *((f"--{name}", {}) for name in names)) == [
        "ranges: 31 Integer ranges: the service allows 30 of a kind"
    ]


def test_ranges_count_among_the_100_hyperparameters_and_so_does_what_sdk_v2s_tuner_adds():
    names = [f"a{number}" for number in range(93)]
    declarations = [LR, *((f"--{name}", {}) for name in names)]
    ranges = {"lr": ContinuousParameter(0, 1)}

    assert problems(ranges, *declarations, values=dict.fromkeys(names, "v"), encoded=False) == [
        "101 hyperparameters, including 7 that the SDK adds: the service allows 100"
    ]


def test_the_services_json_is_read():
    ranges = {
        "ContinuousParameterRanges": [{"Name": "lr", "MinValue": "0.1", "MaxValue": "1", "ScalingType": "Logarithmic"}],
        "IntegerParameterRanges": [{"Name": "epochs", "MinValue": "1", "MaxValue": "3"}],
        "CategoricalParameterRanges": [{"Name": "name", "Values": ["a", "b"]}],
        "AutoParameters": [{"Name": "depth", "ValueHint": "3"}],
    }
    declarations = [LR, EPOCHS, ("--name", {"required": True}), ("--depth", {"type": int, "required": True})]

    assert parser_of(*declarations).to_hyperparameters({}, ranges=json.loads(json.dumps(ranges))) == {}
    declarations[-1] = ("--depth", {"choices": ["1"]})
    (problem,) = problems(ranges, *declarations)
    assert problem.startswith("argument --depth: invalid choice: '3'")


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (request("Integer", MinValue=1, MaxValue="3"), ['range lr: MinValue: int is not a text: the service expects "1"']),
        (
            request("Categorical", Values=[0.5, 1]),
            [
                f'range lr: Values: {of} is not a text: the service expects "{value}"'
                for of, value in (("float", 0.5), ("int", 1))
            ],
        ),
        ({"IntegerParameterRanges": ["lr"]}, ["ranges: IntegerParameterRanges: entry 1: expected an object with a Name"]),
        (
            {"AutoParameters": 2 * [{"Name": "lr", "ValueHint": "3"}]},
            ["range lr: there are 2 ranges of this name: expected one"],
        ),
    ],
    ids=["a number", "categories", "no object", "twice"],
)
def test_the_services_json_consists_of_texts(ranges, expected):
    assert problems(ranges, LR)[: len(expected)] == expected


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ({"IntegerParameterRanges": 5}, "ranges: IntegerParameterRanges: int is not a list"),
        ({"IntegerParameterRanges": {"Name": "lr"}}, "ranges: IntegerParameterRanges: dict is not a list"),
        (request("Categorical", Values=5), "range lr: Values: int is not a list"),
        (request("Integer", MinValue="1"), "range lr: expected a MaxValue"),
        ({"AutoParameters": [{"Name": "lr"}]}, "range lr: expected a ValueHint"),
        (
            request("Integer", MinValue="1", MaxValue="2", ScalingTyp="Auto"),
            "range lr: 'ScalingTyp' is no key: expected one of Name, MinValue, MaxValue, ScalingType",
        ),
        (
            {"AutoParameters": [], "CategoricalParameterRange": []},
            "ranges: 'CategoricalParameterRange' is no key: expected one of IntegerParameterRanges, "
            "ContinuousParameterRanges, CategoricalParameterRanges, AutoParameters",
        ),
        (
            request("Categorical", Values=["a\nb", "c"]),
            "hyperparameter 'lr': the service refuses its line break: expected one line",
        ),
    ],
    ids=["a number", "an object", "Values", "no bound", "no hint", "a key", "a key of all", "a line break"],
)
def test_json_that_boto3_or_the_service_refuses_is_one_line(ranges, expected):
    assert problems(ranges, ("--lr", {})) == [expected]


def test_a_bound_may_be_greater_than_any_float():
    assert parser_of(EPOCHS).to_hyperparameters({}, ranges={"epochs": IntegerParameter(1, 10**250)}) == {}
    assert problems({"epochs": IntegerParameter(1, 10**400)}, EPOCHS) == [
        "range epochs: a value has 401 characters: the service allows 256"
    ]


def test_ranges_are_a_mapping():
    with pytest.raises(TypeError, match=r"^ranges: expected a mapping, not int$"):
        parser_of(LR).to_hyperparameters({}, ranges=5)


def test_one_argument_has_one_range_or_one_value():
    declaration = ("--lr", "--learning-rate", {"type": float})
    ranges = {"lr": ContinuousParameter(0, 1), "learning-rate": ContinuousParameter(0, 1)}

    (line,) = problems(ranges, declaration)
    assert line.endswith(": expected one of them")
    assert "argument --lr/--learning-rate already takes " in line
    assert problems({"lr": ContinuousParameter(0, 1)}, declaration, values={"learning_rate": 0.5}) == [
        "hyperparameter lr: it has a value and a range: expected one of them"
    ]


@pytest.mark.parametrize("secret", ["hunter2hunter2xyz", "4711815", "123456789012", "s" * 300])
@pytest.mark.parametrize(
    ("name", "declared"),
    [("password", {"type": int}), ("pin", {"secret": True}), ("api-key", {})],
    ids=lambda value: str(value),
)
def test_a_secret_is_masked_in_the_problems_of_a_range(name, declared, secret):
    number = int(secret) if secret.isdigit() else secret
    for entries in (
        {"IntegerParameterRanges": [{"Name": name, "MinValue": secret, "MaxValue": secret}]},
        {"IntegerParameterRanges": [{"Name": name, "MinValue": number, "MaxValue": number, "ScalingType": "Logarithmic"}]},
        {"CategoricalParameterRanges": [{"Name": name, "Values": [number]}]},
        {name: ContinuousParameter(secret, secret)},
    ):
        text = "\n".join(problems(entries, (f"--{name}", declared)))
        assert secret[:20] not in text


def test_a_secret_is_masked_even_if_no_argument_has_the_name_of_its_range():
    bounds = {"MinValue": "hunter2hunter2xyz", "MaxValue": "7"}

    assert problems({"IntegerParameterRanges": [{"Name": "password", **bounds}]}) == [
        "unrecognized hyperparameter: password",
        "range password: '******': expected a bound of the kind Integer",
    ]


def test_the_name_of_a_range_with_unknown_values_is_checked():
    required = ("--lr", {"type": float, "required": True})
    unknown = ContinuousParameter(PipelineVariable(), PipelineVariable())

    assert parser_of(required).to_hyperparameters({}, ranges={"lr": unknown}) == {}
    assert problems({"rl": unknown}, LR) == ["unrecognized hyperparameter: rl"]
