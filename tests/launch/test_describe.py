"""The description of a parser's hyperparameters, for CreateAlgorithm and as a JSON schema."""

import argparse
import decimal
import enum
import json
import sys
from pathlib import Path

import pytest
from declarations import DECLARATIONS, with_types

from smargs import SageMakerArgumentParser, SageMakerParserMixin
from smargs.launch.describe import Question, answer, describe
from smargs.launch.errors import OTHER_PARSER, HyperparameterError
from smargs.testing import SageMakerJob

INFINITE = float("inf")


class Color(enum.Enum):
    RED = "red"
    BLUE = 2


class Swapped(enum.Enum):
    A = "B"
    B = "x"


class Mixed(SageMakerParserMixin, argparse.ArgumentParser):
    """argparse's parser with the mixin."""


class Stored(argparse.Action):
    """An action of a script's own."""

    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, values)


def fails(text):
    raise RuntimeError(text)


def number(low, high, kind="Integer"):
    return {f"{kind}ParameterRangeSpecification": {"MinValue": low, "MaxValue": high}}


def categories(*values):
    return {"CategoricalParameterRangeSpecification": {"Values": list(values)}}


BOOLEANS = categories("true", "false")
FREE = ("FreeText", None, None)
ALGORITHM = {
    "int": ({"type": int, "default": 3}, ("Integer", None, "3")),
    "int without a default": ({"type": int}, ("Integer", None, None)),
    "flag with an optional value": ({"nargs": "?", "const": True, "default": False}, ("FreeText", None, "false")),
    "int with bounds": ({"type": int, "bounds": (1, 9.5)}, ("Integer", number("1", "9"), None)),
    "int with a default as text": ({"type": int, "default": "3"}, ("Integer", None, "3")),
    "choices that are a range": ({"type": int, "choices": range(2, 90)}, ("Integer", number("2", "89"), None)),
    "choices with gaps": ({"type": int, "choices": range(2, 9, 3)}, ("Categorical", categories("2", "5", "8"), None)),
    "inferred int": ({"default": 3, "bounds": (0, 9)}, ("Integer", number("0", "9"), "3")),
    "float with bounds": ({"type": float, "bounds": (0, 0.5)}, ("Continuous", number("0", "0.5", "Continuous"), None)),
    "bounds open at one end": ({"type": float, "bounds": (0, None), "default": 1.0}, ("Continuous", None, "1.0")),
    "choices": ({"choices": ["adam", "sgd"], "default": "adam"}, ("Categorical", categories("adam", "sgd"), "adam")),
    "a set of choices": ({"choices": {"b", "a"}}, ("Categorical", categories("a", "b"), None)),
    "choices that look like JSON": ({"choices": ["true", "1"]}, ("Categorical", categories("true", "1"), None)),
    "choices that no text equals": ({"choices": [1, 2]}, FREE),
    "too many choices": ({"choices": [f"{n}x" for n in range(31)]}, FREE),
    "a long choice": ({"choices": ["a", 257 * "x"]}, FREE),
    "an enum": ({"type": Color, "default": Color.BLUE}, ("Categorical", categories("RED", "BLUE"), "BLUE")),
    "an enum with the name of one member as the value of another": (
        {"type": Swapped},
        ("Categorical", categories("A", "x"), None),
    ),
    "choices of an enum": ({"type": Color, "choices": [Color.RED]}, ("Categorical", categories("RED"), None)),
    "bool": ({"type": bool, "default": True}, ("Categorical", BOOLEANS, "true")),
    "flag": ({"action": "store_true"}, ("Categorical", BOOLEANS, "false")),
    "negative flag": ({"action": "store_false"}, ("Categorical", BOOLEANS, "false")),
    "negative flag by dest": ({"action": "store_false", "option": "--no-opt"}, ("Categorical", BOOLEANS, "true")),
    "text": ({"default": "a b"}, ("FreeText", None, "a b")),
    "a text that is JSON": ({"default": "true"}, ("FreeText", None, '"true"')),
    "a text that SDK v3 respells": ({"default": "[1,2]"}, FREE),
    "lines": ({"default": "a\nb"}, ("FreeText", None, '"a\\nb"')),
    "a text that is too long": ({"default": 2501 * "x"}, FREE),
    "path": ({"type": Path, "default": "a/b"}, ("FreeText", None, "a/b")),
    "list": ({"type": list, "default": [1, "a"]}, ("FreeText", None, '[1, "a"]')),
    "dict": ({"type": dict, "default": {"a": 1}}, ("FreeText", None, '{"a": 1}')),
    "nargs +": ({"nargs": "+", "type": int, "bounds": (1, 9), "default": [4]}, ("FreeText", None, "[4]")),
    "a default outside the bounds": ({"default": 0, "bounds": (1, 9)}, ("Integer", number("1", "9"), None)),
    "append with a default": ({"action": "append", "type": int, "default": [1]}, FREE),
    "count": ({"action": "count", "default": 0}, ("Integer", None, "0")),
    "constant": ({"action": "store_const", "const": 5}, FREE),
    "a type of the script": ({"type": decimal.Decimal, "bounds": (0, 1), "default": "0.5"}, ("FreeText", None, "0.5")),
    "a file": ({"type": argparse.FileType("w"), "default": "new.txt"}, FREE),
    "several choices of an enum": ({"type": Color, "nargs": 2, "choices": list(Color)}, FREE),
    "a type that fails": ({"type": fails, "default": "x", "choices": ["x"]}, FREE),
    "an object without a text": ({"type": float, "default": object()}, ("Continuous", None, None)),
    "an action of the script": ({"action": Stored, "default": "x"}, FREE),
    "suppressed": ({"type": int, "default": argparse.SUPPRESS}, ("Integer", None, None)),
}


def parser_of(declared, parser_class=SageMakerArgumentParser):
    parser = parser_class(prog="train.py", description="Train\n  a model.")
    declared = dict(declared)
    parser.add_argument(declared.pop("option", "--opt"), dest="opt", **declared)
    return parser


@pytest.mark.parametrize("parser_class", [SageMakerArgumentParser, Mixed])
@pytest.mark.parametrize(("declared", "expected"), ALGORITHM.values(), ids=ALGORITHM)
def test_each_kind_of_argument_is_described_to_the_service(declared, expected, parser_class):
    (specification,) = describe(parser_of(declared, parser_class), "algorithm")

    kind, allowed, default = expected
    assert (specification["Type"], specification.get("Range"), specification.get("DefaultValue")) == (kind, allowed, default)
    assert (specification["Name"], specification["IsRequired"]) == ("opt", False)
    values = list((allowed or {}).values())
    assert specification["IsTunable"] is any(len(value.get("Values", [0, 1])) > 1 for value in values)


@pytest.mark.parametrize("platform", ["toolkit", "sdk", "files"])
@pytest.mark.parametrize(("declared", "expected"), ALGORITHM.values(), ids=ALGORITHM)
def test_the_parser_accepts_the_ends_of_each_range_and_a_default_changes_nothing(declared, expected, platform):
    def parsed(text):
        with SageMakerJob({"opt": text}, plain=True, platform=platform):
            return parser_of(declared).parse_args().opt

    _, allowed, default = expected
    for values in (allowed or {}).values():
        for text in values.get("Values", values.values()):
            parsed(text)
    if default is not None:
        assert with_types(parsed(default)) == with_types(parser_of(declared).parse_args([]).opt)


def test_a_value_outside_a_range_is_one_that_the_parser_refuses():
    for declared, text in (
        ({"type": int, "bounds": (1, 9.5)}, "10"),
        ({"type": int, "choices": range(2, 90)}, "90"),
        ({"type": float, "bounds": (0, 0.5)}, "0.51"),
        ({"choices": ["adam", "sgd"]}, "rmsprop"),
    ):
        with SageMakerJob({"opt": text}, plain=True), pytest.raises(SystemExit):
            parser_of(declared).parse_args()


def described(parser, form="algorithm", channels=()):
    description = describe(parser, form, channels)
    return {each["Name"]: each for each in description} if form == "algorithm" else description


def test_all_defaults_together_are_a_job_that_parses_as_one_without_hyperparameters():
    parser = SageMakerArgumentParser()
    for number_, declared in enumerate(DECLARATIONS.values()):
        parser.add_argument(f"--name{number_}", **declared)
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--first", default=1)
    either.add_argument("--second", default=2)
    with SageMakerJob():
        expected = vars(parser.parse_args())

    specifications = described(parser)
    defaults = {name: each["DefaultValue"] for name, each in specifications.items() if "DefaultValue" in each}
    assert len(defaults) >= 10
    assert not {"first", "second"} & set(defaults)
    with SageMakerJob(defaults, plain=True):
        assert with_types(vars(parser.parse_args())) == with_types(expected)


def test_a_required_hyperparameter_has_no_default():
    parser = SageMakerArgumentParser()
    parser.add_argument("--lr", type=float, required=True, default=0.1)
    parser.add_argument("name")
    parser.add_argument("rest", nargs="*", default="x")

    specifications = described(parser)

    assert {name: each["IsRequired"] for name, each in specifications.items()} == {"lr": True, "name": True, "rest": False}
    assert "DefaultValue" not in specifications["lr"]
    assert described(parser, "json-schema")["required"] == ["lr", "name"]


def test_an_argument_that_a_variable_or_a_channel_fills_is_no_hyperparameter():
    parser = SageMakerArgumentParser()
    parser.add_mutually_exclusive_group().add_argument("--test")
    for name in ("--model-dir", "--train", "--hosts", "--images", "--epochs"):
        parser.add_argument(name)
    parser.add_argument("--config", is_config_file=True)
    parser.add_argument("--rank", env_var="SM_CURRENT_HOST")
    parser.add_argument("--lr", env_var="MY_LR")
    parser.add_argument("--rate", env_var="SM_HP_SPEED")

    assert list(described(parser)) == ["images", "epochs", "lr", "speed"]
    assert list(described(parser, channels=["images"])) == ["epochs", "lr", "speed"]
    assert list(described(parser, "json-schema")["properties"]) == ["images", "epochs", "lr", "speed"]


def test_a_description_is_one_line_of_at_most_1024_characters_without_control_characters():
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument(
        "--a", type=int, default=3, bounds=(1, 9), help="two\n lines\x07\u200b of %(prog)s: %(default)s %(bounds)s %(type)s"
    )
    parser.add_argument("--b", choices=["x", "y"], help="%(choices)s, 100%%")
    parser.add_argument("--c", help=2000 * "é ")
    parser.add_argument("--d", help=argparse.SUPPRESS)
    parser.add_argument("--e")
    parser.add_argument("--f", help="\x07")

    descriptions = {name: each.get("Description") for name, each in described(parser).items()}

    assert descriptions.pop("c") == (512 * "é ").rstrip()
    assert descriptions == {
        "a": "two lines of train.py: 3 1 to 9 int",
        "b": "x, y, 100%",
        "d": None,
        "e": None,
        "f": None,
    }


def test_a_help_that_argparse_cannot_format_is_shown_as_it_is():
    parser = Mixed()
    action = parser.add_argument("--share", help="a share")
    action.help = "100% of %(nothing)s"

    assert described(parser)["share"]["Description"] == "100% of %(nothing)s"


def test_a_secret_has_no_default_and_is_masked_in_help():
    parser = SageMakerArgumentParser()
    parser.add_argument("--api-key", type=int, default=123456, bounds=(0, 999999), help="default: %(default)s")
    parser.add_argument("--url", default="https://user:pa55word@host/x")

    key, url = described(parser).values()
    assert key == {
        "Name": "api-key",
        "Type": "Integer",
        "IsTunable": False,
        "IsRequired": False,
        "Description": "default: ******",
        "Range": number("0", "999999"),
    }
    assert "DefaultValue" not in url
    properties = described(parser, "json-schema")["properties"]
    assert properties["api-key"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 999999,
        "description": "default: ******",
        "writeOnly": True,
    }
    assert properties["url"] == {"type": "string"}


def test_arguments_of_subcommands_are_described_and_never_required():
    parser = SageMakerArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    for name, declared in (("train", {"type": int}), ("tune", {"type": float, "bounds": (0, 1)})):
        command = commands.add_parser(name)
        command.add_argument("--epochs", type=int, required=True, bounds=(1, 9))
        command.add_argument("--rate", **declared)

    epochs, rate = described(parser).values()

    assert (epochs["Type"], epochs["Range"], epochs["IsRequired"]) == ("Integer", number("1", "9"), False)
    assert rate == {"Name": "rate", "Type": "FreeText", "IsTunable": False, "IsRequired": False}
    schema = described(parser, "json-schema")
    assert schema["properties"]["rate"] == {"anyOf": [{"type": "integer"}, {"type": "number", "minimum": 0, "maximum": 1}]}
    assert schema["required"] == []


def test_what_the_service_does_not_accept_is_an_error_with_every_problem():
    parser = SageMakerArgumentParser()
    for number_ in range(100):
        parser.add_argument(f"--name{number_}")
    assert len(described(parser)) == 100
    parser.add_argument("--" + 257 * "x")
    parser.add_argument("--a=b")

    with pytest.raises(HyperparameterError) as caught:
        describe(parser, "algorithm")

    count, length, equals = caught.value.problems
    assert count == "102 hyperparameters: the service describes at most 100 of an algorithm"
    assert "its name has 257 characters: the service allows 256" in length
    assert "'a=b'" in equals


def test_the_process_of_a_script_answers_with_a_description_or_with_problems(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parser = parser_of({"type": argparse.FileType("w"), "default": "new.txt"})
    assert answer(parser, parser.parse_args, Question("json-schema", ()))["description"]["properties"] == {"opt": {}}
    assert list(tmp_path.iterdir()) == []
    parser.add_argument("--a=b")
    assert len(answer(parser, parser.parse_args, Question("algorithm", ()))["problems"]) == 1
    assert answer(argparse.ArgumentParser(), None, Question("algorithm", ())) == {"problems": [OTHER_PARSER]}


PAIRED = (
    {"paired flag": ({"action": argparse.BooleanOptionalAction}, [True, False], ["maybe"])}
    if sys.version_info >= (3, 9)
    else {}
)
SCHEMA = {
    **PAIRED,
    "int": ({"type": int}, [3, -1, 3.0], ["x", 0.5, [1]]),
    "flag with an optional value": ({"nargs": "?", "const": True, "default": False}, [True, False, "last.pt"], []),
    "int with bounds": ({"type": int, "bounds": (1, 9)}, [1, 9], [0, 10, "x"]),
    "float": ({"default": 0.1}, [3, 0.5], ["x"]),
    "float with bounds": ({"type": float, "bounds": (None, 0.5)}, [-10, 0.5], [0.6]),
    "bounds that JSON has no number for": ({"type": float, "bounds": (decimal.Decimal("0.5"), 1)}, [0.5], [0.4]),
    "choices": ({"choices": ["adam", "sgd"]}, ["adam"], ["x", 1]),
    "choices of numbers": ({"type": int, "choices": [16, 32]}, [16], [17, "x"]),
    "choices of 1 and 0": ({"type": int, "choices": [1, 0]}, [1, 0], [True, False, 2]),
    "choices that are a range": ({"type": int, "choices": range(3)}, [0, 2], [3]),
    "enum": ({"type": Color}, ["RED", "BLUE"], ["green"]),
    "bool": ({"type": bool}, [True, False], ["maybe"]),
    "flag": ({"action": "store_true"}, [True, False], ["maybe"]),
    "constant": ({"action": "store_const", "const": 5}, [5], [6]),
    "class as a constant": ({"action": "store_const", "const": Path}, [True], ["x"]),
    "infinite constant": ({"action": "store_const", "const": INFINITE}, [True], ["x"]),
    "infinite default": ({"default": INFINITE}, [3, 0.5], ["x"]),
    "infinite default in a list": ({"nargs": "+", "type": float, "default": [INFINITE]}, [[0.5]], [["x"]]),
    "infinite choice": ({"type": float, "choices": [1.0, -INFINITE]}, [1, "-Infinity"], [2, "Infinity"]),
    "no choice but infinite ones": ({"type": float, "choices": [INFINITE, float("nan")]}, ["Infinity"], [2, "x"]),
    "infinite choices in a list": ({"nargs": "+", "type": float, "choices": [INFINITE]}, [["Infinity"]], [[2]]),
    "count": ({"action": "count"}, [0, 3], [-1, "x", 10000]),
    "text": ({}, ["x", ""], []),
    "path": ({"type": Path}, ["a/b"], []),
    "list": ({"type": list}, [[1, "a"], []], [{"a": 1}]),
    "dict": ({"type": dict}, [{"a": 1}], ["x", [1]]),
    "set": ({"type": set}, [[1, 2]], [{"a": 1}]),
    "nargs +": ({"nargs": "+", "type": int, "bounds": (1, 9)}, [[1], [2, 9]], [[], [10], ["x"]]),
    "nargs *": ({"nargs": "*", "choices": ["a", "b"]}, [[], ["a", "b"]], [["c"]]),
    "nargs 2": ({"nargs": 2, "type": int, "choices": [1, 2]}, [[1, 2]], [[1], [1, 2, 1], [1, 3]]),
    "append": ({"action": "append", "type": float}, [[0.5], []], [["x"]]),
    "a type of the script": ({"type": decimal.Decimal}, ["0.5", 1], []),
}


@pytest.fixture(scope="module")
def jsonschema():
    return pytest.importorskip("jsonschema")


@pytest.mark.parametrize(("declared", "accepted", "refused"), SCHEMA.values(), ids=SCHEMA)
def test_the_schema_accepts_and_refuses_as_the_parser_does(jsonschema, declared, accepted, refused):
    schema = describe(parser_of(declared), "json-schema")
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    json.dumps(schema, allow_nan=False)

    for values, is_accepted in ((accepted, True), (refused, False)):
        for value in values:
            assert validator.is_valid({"opt": value}) is is_accepted, value
            with SageMakerJob({"opt": value}):
                if is_accepted:
                    parser_of(declared).parse_args()
                else:
                    with pytest.raises(SystemExit):
                        parser_of(declared).parse_args()


def test_the_schema_has_what_the_parser_says_of_itself(jsonschema, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["code/train.py"])
    parser = parser_of({"type": int, "default": 3, "help": "passes\nover the data"})
    either = parser.add_mutually_exclusive_group(required=True)
    for name in ("--adam", "--sgd", "--lamb"):
        either.add_argument(name, action="store_true")
    schema = describe(parser, "json-schema")

    assert (schema["$schema"], schema["title"]) == ("https://json-schema.org/draft/2020-12/schema", "train.py")
    assert schema["description"] == "Train a model."
    assert schema["properties"]["opt"] == {"type": "integer", "description": "passes over the data", "default": 3}
    is_valid = jsonschema.Draft202012Validator(schema).is_valid
    for values in ({"opt": 1, "sgd": True}, {"lamb": True}):
        assert is_valid(values)
        with SageMakerJob(values):
            parser.parse_args()
    for values in ({"epochs": 1, "sgd": True}, {"opt": 1}, {"adam": True, "lamb": True}):
        assert not is_valid(values)
        with SageMakerJob(values), pytest.raises(SystemExit):
            parser.parse_args()


@pytest.mark.parametrize("kind", DECLARATIONS)
def test_a_default_in_the_schema_is_one_that_it_accepts(jsonschema, kind):
    schema = described(parser_of({"default": DECLARATIONS[kind].get("default"), **DECLARATIONS[kind]}), "json-schema")
    property_ = schema["properties"]["opt"]

    if "default" in property_:
        jsonschema.Draft202012Validator(property_).validate(property_["default"])
