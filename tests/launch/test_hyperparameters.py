"""The hyperparameters that a parser makes of a namespace or of a mapping, for a launcher."""

import argparse
import datetime
import decimal
import enum
import io
import json
import os
import pickle
import sys
import uuid
import warnings
from collections import UserString, deque, namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest
from parsers import parser_of

from smargs import HyperparameterError, SageMakerArgumentParser, SageMakerParserMixin
from smargs.launch.hyperparameters import to_hyperparameters


class Color(enum.Enum):
    RED = "red"
    BLUE = 2


class Strategy(str, enum.Enum):
    """An Enum of texts, as transformers has them."""

    STEPS = "steps"
    TRUE = "true"


class Size(enum.IntEnum):
    BIG = 3


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


class Swapped(enum.Enum):
    """The name of one member is the value of the other."""

    small = "large"
    large = "small"


class Money:
    """A class that defines no equality."""

    def __init__(self, text):
        self.cents = int(text)

    def __str__(self):
        return str(self.cents)


class Unreadable:
    """A class whose text its own type does not read."""

    def __init__(self, text):
        self.text = text


class Level(int):
    """A number of a class of its own."""


class Word(str):
    """A text of a class of its own, such as ``numpy.str_``."""

    def __str__(self):
        return f"the word {self!r}"


class Array:
    """A class whose comparison has no truth value, as with NumPy."""

    def __init__(self, text):
        self.text = text

    def __eq__(self, other):
        return [self.text == other.text]

    __hash__ = None

    def __str__(self):
        return self.text


def to_day(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d")


def sent(values, *declarations, **settings):
    """The hyperparameters of a parser of declarations."""
    return parser_of(*declarations).to_hyperparameters(values, **settings)


def problems(values, *declarations, **settings):
    """The problems of hyperparameters."""
    with pytest.raises(HyperparameterError) as caught:
        sent(values, *declarations, **settings)
    return list(caught.value.problems)


NAMES = [
    (("--lr", "--learning-rate", {}), "learning-rate"),
    (("-b", "--batch_size", {}), "batch_size"),
    (("-k", {}), "k"),
    (("-rate", {}), "rate"),
    (("place", {}), "place"),
    (("--x", {"env_var": "SM_HP_DEPTH"}), "depth"),
    (("--feature", "--no-such-feature", {}), "feature"),
]


@pytest.mark.parametrize(("declaration", "name"), NAMES, ids=[name for _, name in NAMES])
def test_a_value_is_sent_under_the_longest_option_of_its_argument(declaration, name):
    parser = parser_of(declaration)
    dest = parser._actions[-1].dest

    assert parser.to_hyperparameters(argparse.Namespace(**{dest: "v"})) == {name: "v"}


FLAGS = [
    pytest.param({"action": "store_true"}, True, "true", id="store_true"),
    pytest.param({"action": "store_false", "dest": "shown"}, False, "false", id="store_false"),
    pytest.param({"action": "store_const", "const": 5}, 5, "5", id="store_const"),
    pytest.param({"action": "append_const", "const": "x"}, ["x"], "x", id="append_const"),
    pytest.param({"action": "count"}, 3, "3", id="count"),
]
if sys.version_info >= (3, 9):
    FLAGS.append(pytest.param({"action": argparse.BooleanOptionalAction, "default": True}, False, "false", id="paired"))


@pytest.mark.parametrize(("declaration", "value", "text"), FLAGS)
def test_a_flag_is_sent_under_its_dest(declaration, value, text):
    parser = parser_of(("--f", "--flag", {"dest": "a_flag", **declaration}))
    dest = declaration.get("dest", "a_flag")

    assert parser.to_hyperparameters(argparse.Namespace(**{dest: value})) == {dest: text}


def test_a_flag_that_stores_false_under_its_own_name_is_sent_as_true():
    assert sent(argparse.Namespace(x=False), ("--x", {"action": "store_false"})) == {"x": "true"}


def test_flags_of_one_dest_are_sent_by_what_they_store():
    flags = [(f"--{name}", {"dest": "level", "action": "store_const", "const": name}) for name in ("debug", "info")]

    assert sent(argparse.Namespace(level="info"), *flags) == {"level": "info"}
    assert sent({"info": True}, *flags) == {"level": "info"}


def test_a_flag_in_a_mapping_has_the_meaning_of_a_hyperparameter():
    flag = ("--no-cuda", {"dest": "cuda", "action": "store_false"})

    assert sent({"no-cuda": True}, flag) == {"cuda": "false"}
    assert sent({"no_cuda": False}, flag) == {"cuda": "true"}
    assert sent({"cuda": False}, flag) == {"cuda": "false"}


def test_only_what_differs_from_the_parsed_default_is_sent_of_a_namespace():
    parser = parser_of(
        ("--epochs", {"type": int, "default": "3"}), ("--lr", {"type": float, "default": 0.1}), ("files", {"nargs": "*"})
    )
    namespace = parser.parse_args(["--epochs", "3", "--lr", "0.2"], env_vars={})

    assert parser.to_hyperparameters(namespace) == {"lr": "0.2"}


def test_a_mapping_is_sent_whole_even_if_it_names_defaults():
    assert sent({"epochs": 3}, ("--epochs", {"type": int, "default": 3})) == {"epochs": "3"}


def test_an_argument_that_sagemaker_fills_is_sent_only_if_a_mapping_names_it():
    parser = parser_of(("--train", {}), ("--model-dir", {}), ("--gpus", {"type": int, "env_var": "SM_NUM_GPUS"}), ("--lr", {}))
    namespace = parser.parse_args(["--train", "/a", "--model-dir", "/b", "--gpus", "1", "--lr", "1"], env_vars={})

    assert parser.to_hyperparameters(namespace) == {"lr": "1"}
    assert parser.to_hyperparameters({"train": "/a", "model_dir": "/b"}) == {"train": "/a", "model-dir": "/b"}


def test_a_channel_of_the_job_fills_the_argument_with_its_name_instead_of_a_namespace():
    parser = parser_of(("--eval-set", {}))
    namespace = argparse.Namespace(eval_set="/mine")

    assert parser.to_hyperparameters(namespace) == {"eval-set": "/mine"}
    assert to_hyperparameters(parser, namespace, channels=["eval-set"]) == {}


def test_none_is_sent_as_null_only_if_the_default_is_not_none():
    seed, note = ("--seed", {"type": int, "default": 42}), ("--note", {})

    for values in ({"seed": None, "note": None}, argparse.Namespace(seed=None, note=None)):
        assert sent(values, seed, note) == {"seed": "null"}
        assert sent(values, seed, note, encoded=False) == {"seed": None}


def test_none_is_sent_for_an_argument_that_must_have_a_value():
    assert sent({"note": None}, ("--note", {"required": True})) == {"note": "null"}


VALUES = [
    ({"type": Path}, Path("a/b"), "a/b"),
    ({"type": Color}, Color.BLUE, "BLUE"),
    ({"type": Color}, Color.RED, "RED"),
    ({"type": Swapped}, Swapped.small, "large"),
    ({"type": Strategy}, Strategy.STEPS, "steps"),
    ({"type": lambda text: Strategy[text]}, Strategy.STEPS, "STEPS"),
    ({"type": Size}, Size.BIG, "3"),
    ({"type": lambda text: Access(int(text))}, Access.READ | Access.WRITE, "3"),
    ({"type": lambda text: Color(int(text))}, Color.BLUE, "2"),
    ({"type": tuple}, (1, "a"), '[1, "a"]'),
    ({"type": set}, {2, 1}, "[1, 2]"),
    ({"type": dict}, {"a": [1, None]}, '{"a": [1, null]}'),
    ({"type": dict}, {1: "x"}, "{1: 'x'}"),
    ({"type": list}, [0.5, True], "[0.5, true]"),
    ({"nargs": "+", "type": Path}, [Path("a"), Path("b")], '["a", "b"]'),
    ({"nargs": 2, "type": Color}, [Color.RED, Color.BLUE], '["RED", "BLUE"]'),
    ({"action": "append", "nargs": 2, "type": int}, [[1, 2], [3, 4]], "[[1, 2], [3, 4]]"),
    ({"action": "append", "default": ["a"]}, ["a", "b"], '["b"]'),
    ({"action": "count", "default": 2}, 5, "3"),
    ({"nargs": "?", "const": "c"}, "c", "c"),
    ({"type": Level}, Level(3), "3"),
    ({"type": Word}, Word("x"), "x"),
    ({"type": Word}, Word("true"), '"true"'),
    ({"type": Array}, Array("1,2"), "1,2"),
    ({"type": datetime.date.fromisoformat}, datetime.date(2024, 1, 2), "2024-01-02"),
    ({"type": datetime.time.fromisoformat}, datetime.time(3, 4), "03:04:00"),
    ({"type": datetime.datetime.fromisoformat}, datetime.datetime(2024, 1, 2, 3), "2024-01-02T03:00:00"),
    ({"type": to_day}, datetime.datetime(2024, 1, 2), "2024-01-02"),
    ({"type": decimal.Decimal}, decimal.Decimal("0.10"), "0.10"),
    ({"type": float}, float("inf"), "Infinity"),
    ({"type": float}, float("nan"), "NaN"),
    ({"type": lambda text: text.split(",")}, ["a", "b"], "a,b"),
    ({"type": str.split}, ["a", "b"], "a b"),
    ({"type": lambda text: text == "true"}, True, '"true"'),
    ({"type": lambda text: {"len": len, "max": max}[text]}, max, "max"),
    ({"type": Money}, Money("5"), "5"),
    ({}, "true", '"true"'),
    ({}, "null", '"null"'),
    ({}, "two\nlines", '"two\\nlines"'),
    ({"default": 32}, 64, "64"),
]


@pytest.mark.parametrize(
    ("declaration", "value", "text"), VALUES, ids=[f"{value!r:.30} as {text!r}" for _, value, text in VALUES]
)
def test_a_value_is_sent_as_the_type_of_its_argument_reads_it_back(declaration, value, text):
    assert sent(argparse.Namespace(x=value), ("--x", declaration)) == {"x": text}


def test_values_are_for_an_sdk_that_encodes_them():
    declarations = [(f"--{name}", {"type": of}) for name, of in (("flag", bool), ("ids", set), ("out", Path), ("text", str))]
    values = argparse.Namespace(flag=False, ids={1}, out=Path("a"), text="null")

    assert sent(values, *declarations, encoded=False) == {"flag": False, "ids": [1], "out": "a", "text": "null"}


def test_every_problem_is_in_one_error_one_line_each():
    declarations = (
        ("--epochs", {"type": int}),
        ("--level", {"choices": ["a", "b"]}),
        ("--layers", {"nargs": 2, "type": int}),
        ("--lr", "--learning-rate", {"required": True}),
        ("--verbose", {"action": "count"}),
        ("--amp", {"action": "store_true"}),
    )
    values = {"epcohs": 3, "epochs": "three", "level": "c", "layers": [1], "verbose": "much", "amp": "maybe", 3: 4}

    lines = problems(values, *declarations)

    choices = "(choose from a, b)" if sys.version_info >= (3, 12) else "(choose from 'a', 'b')"
    assert [line.replace("(choose from 'a', 'b')", choices) for line in sorted(lines)] == [
        "argument --amp: invalid bool value: 'maybe' (expected true, yes, on, 1, false, no, off or 0)",
        "argument --epochs: invalid int value: 'three'",
        "argument --layers: expected 2 arguments, got 1",
        f"argument --level: invalid choice: 'c' {choices}",
        "argument --lr/--learning-rate: required, but missing: expected a hyperparameter learning-rate",
        "argument --verbose: invalid count value: 'much'",
        "hyperparameter 3: expected a str as its name",
        "unrecognized hyperparameter: epcohs (did you mean --epochs?)",
    ]


@pytest.mark.parametrize("declaration", [{"type": str}, {"default": "x"}, {}], ids=["str", "a default", "no type"])
def test_a_text_of_a_mapping_that_a_platform_changes_is_a_problem(declaration):
    parser = parser_of(("--name", declaration))

    with pytest.raises(HyperparameterError, match="comes back as 'q': expected a value that its type reads back"):
        parser.to_hyperparameters({"name": '"q"'})


def test_a_text_of_a_class_of_its_own_is_sent_as_a_text():
    values = {"name": Word("adam"), "words": [Word("a"), "b"], "by_word": {Word("k"): Word("v")}}
    declarations = [("--name", {}), ("--words", {"nargs": "+"}), ("--by-word", {"type": dict})]

    assert sent(values, *declarations) == {"name": "adam", "words": '["a", "b"]', "by-word": '{"k": "v"}'}
    assert sent(values, *declarations, encoded=False) == {"name": "adam", "words": ["a", "b"], "by-word": {"k": "v"}}
    assert sent({"name": Word("true")}, ("--name", {})) == {"name": '"true"'}


def test_a_member_of_an_enum_that_is_a_text_or_a_number_is_sent_as_such():
    declarations = [("--strategy", {"default": "no"}), ("--size", {}), ("--opt", {"type": dict})]
    values = {"strategy": Strategy.STEPS, "size": Size.BIG, "opt": {Strategy.STEPS: [Strategy.STEPS, Size.BIG, Access(3)]}}
    opt = {"steps": ["steps", 3, 3]}

    assert sent(values, *declarations) == {"strategy": "steps", "size": "3", "opt": json.dumps(opt)}
    decoded = sent(values, *declarations, encoded=False)
    assert decoded == {"strategy": "steps", "size": 3, "opt": opt}
    # A launcher that calls str() would send the name of a member.
    assert [type(decoded["strategy"]), type(decoded["size"]), *map(type, decoded["opt"]["steps"])] == [str, int, str, int, int]
    assert sent({"strategy": Strategy.TRUE}, ("--strategy", {})) == {"strategy": '"true"'}


def test_the_name_of_such_a_member_is_no_other_way_to_send_it():
    for member in (Strategy.STEPS, Size.BIG):
        with pytest.raises(HyperparameterError, match=r"^argument --x: invalid choice: "):
            sent({"x": member}, ("--x", {"choices": [member.name]}))


class Listed:
    """A number or an array of NumPy, PyTorch or pandas."""

    def __init__(self, content, kind="i"):
        self.content = content
        self.dtype = SimpleNamespace(kind=kind)

    def tolist(self):
        return self.content

    def __iter__(self):
        return iter(self.content)


class Day:
    """A date of NumPy, of which ``tolist()`` may make a number."""

    dtype = SimpleNamespace(kind="M")

    def tolist(self):
        return 1704067200000000000

    def __str__(self):
        return "2024-01-01"


WITH_FORM = [
    ({"type": dict}, {"hidden": Listed(128), "lr": Listed(0.5)}, '{"hidden": 128, "lr": 0.5}'),
    ({"type": list}, Listed([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
    ({"nargs": "+", "type": int}, Listed([1, 2]), "[1, 2]"),
    ({"type": list}, range(3), "[0, 1, 2]"),
    ({"type": list}, deque([1, 2]), "[1, 2]"),
    ({"type": list}, {"b": 1, "a": 2}.keys(), '["b", "a"]'),
    ({"type": list}, {"a": 1}.values(), "[1]"),
    ({"type": list}, [uuid.UUID(int=5), Path("a"), Day()], f'["{uuid.UUID(int=5)}", "a", "2024-01-01"]'),
    ({"nargs": "+", "type": float}, [decimal.Decimal("0.90")], '["0.90"]'),
    ({"action": "append", "nargs": 2, "type": float}, [[decimal.Decimal("0.5"), 1]], '[["0.5", 1]]'),
    ({"type": float}, decimal.Decimal("0.10"), "0.10"),
    ({"type": complex}, 1 + 2j, "(1+2j)"),
    ({"type": dict}, {1: "x"}, "{1: 'x'}"),
]


@pytest.mark.parametrize(
    ("declaration", "value", "text"), WITH_FORM, ids=[f"{type(value).__name__} as {text}" for _, value, text in WITH_FORM]
)
def test_a_value_of_a_mapping_that_json_does_not_know_is_sent_in_its_only_form(declaration, value, text):
    assert sent({"x": value}, ("--x", declaration)) == {"x": text}


WITHOUT_FORM = [
    ({"type": dict}, {"lr": decimal.Decimal("0.5")}, "Decimal"),
    ({"type": list}, [[b"x"]], "bytes"),
    ({"type": list}, map(str, [1]), "map"),
    ({"type": list}, Listed([1], kind="M"), "Listed"),
    ({}, {"a": {1: 2}}, "int"),
    ({}, b"x", "bytes"),
    ({}, UserString("x"), "UserString"),
    ({}, lambda: 0, "function"),
    ({}, io.StringIO(), "StringIO"),
    ({"nargs": "+"}, [object()], "object"),
]


@pytest.mark.parametrize(
    ("declaration", "value", "class_name"), WITHOUT_FORM, ids=[f"{type(value).__name__}" for _, value, _ in WITHOUT_FORM]
)
@pytest.mark.parametrize("of", [dict, SimpleNamespace], ids=["mapping", "object"])
def test_a_value_that_no_form_stands_for_is_named_with_its_class(declaration, value, class_name, of):
    (line,) = problems(of(x=value), ("--x", declaration))

    assert line.startswith("argument --x: ")
    assert line.endswith(f": expected a value that its type reads back (JSON has no {class_name})")


def test_numbers_and_arrays_of_numpy_are_sent_as_those_of_json():
    numpy = pytest.importorskip("numpy")
    values = {
        "opt": {"hidden": numpy.int64(128), "lr": numpy.float32(0.5), "amp": numpy.bool_(True), "name": numpy.str_("x")},
        "shape": numpy.array([[1, 2], [3, 4]]),
        "day": numpy.datetime64("2024-01-01T00:00:00.000000000"),
    }

    assert sent(values, ("--opt", {"type": dict}), ("--shape", {"type": list}), ("--day", {})) == {
        "opt": '{"hidden": 128, "lr": 0.5, "amp": true, "name": "x"}',
        "shape": "[[1, 2], [3, 4]]",
        "day": "2024-01-01T00:00:00.000000000",
    }


def nested(levels):
    """A list of lists."""
    value = 0
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("of", [dict, argparse.Namespace, SimpleNamespace])
def test_a_value_that_is_nested_too_deeply_is_a_problem(of):
    itself = []
    itself.append(itself)
    declaration = ("--x", {"type": list, "default": [0]})

    assert sent(of(x=nested(64)), declaration) == {"x": "[" * 64 + "0" + "]" * 64}
    for value in (nested(65), nested(3000), itself, {"x": itself}):
        assert problems(of(x=value), declaration) == [
            "hyperparameter x: its value is nested more than 64 levels deep: no job can read it"
        ]


def test_a_text_of_a_mapping_that_an_argument_converts_is_sent():
    assert parser_of(("--name", {"type": str.lower})).to_hyperparameters({"name": "ADAM"}) == {"name": "ADAM"}


class Refusing(argparse.Action):
    """An action that ends the parse, as scripts do it."""

    def __call__(self, parser, namespace, values, option_string=None):
        parser.error(f"{values} is out of stock")


def test_an_action_that_ends_the_parse_is_a_problem():
    parser = parser_of(("--machine", {"action": Refusing}))

    with pytest.raises(HyperparameterError) as error:
        parser.to_hyperparameters({"machine": "p5"})

    assert error.value.problems == ("p5 is out of stock",)


def test_the_error_is_its_problems_and_can_be_pickled():
    with pytest.raises(HyperparameterError) as caught:
        sent({"a": 1, "b": 2})

    error = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(error, ValueError)
    assert str(error) == "\n".join(error.problems) == "unrecognized hyperparameter: a\nunrecognized hyperparameter: b"


def test_one_argument_takes_one_name():
    assert problems({"lr": 1, "learning-rate": 2}, ("--lr", "--learning-rate", {})) == [
        "hyperparameter learning-rate: argument --lr/--learning-rate already takes lr: expected one of them"
    ]


def test_two_arguments_of_an_exclusive_group_are_refused():
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group(required=True)
    for name in ("--x", "--y", "--z"):
        group.add_argument(name)

    with pytest.raises(HyperparameterError) as caught:
        parser.to_hyperparameters({"x": 1, "y": 2, "z": 3})
    assert caught.value.problems == (
        "argument --y: not allowed with argument --x",
        "argument --z: not allowed with argument --x",
    )
    with pytest.raises(HyperparameterError) as caught:
        parser.to_hyperparameters({})
    assert caught.value.problems == ("one of the arguments --x --y --z is required",)
    assert parser.to_hyperparameters({"y": 2}) == {"y": "2"}


def test_an_argument_that_a_variable_or_an_unknown_channel_fills_is_not_missing():
    required = [
        ("--train", {"required": True}),
        ("--model-dir", {"required": True}),
        ("--num-gpus", {"required": True}),
        ("--key", {"required": True, "env_var": "MY_VARIABLE"}),
    ]

    assert sent({}, *required) == {}


def test_known_channels_must_fill_the_arguments_that_need_one():
    parser = parser_of(("--train", {"required": True}))

    assert to_hyperparameters(parser, {}, channels={"train": "s3://bucket/train"}) == {}
    with pytest.raises(HyperparameterError) as caught:
        to_hyperparameters(parser, {}, channels=["test"])
    assert caught.value.problems == ("argument --train: required, but missing: expected a channel train",)


def test_a_required_group_that_a_channel_may_fill_is_not_missing():
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--train")
    group.add_argument("--test")

    assert parser.to_hyperparameters({}) == {}


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("x", "a" * 2501, "hyperparameter x: its value has 2501 characters: the service allows 2500"),
        ("n" * 257, "a", f"hyperparameter {'n' * 20}...: its name has 257 characters: the service allows 256"),
        ("a\nb", "a", "hyperparameter 'a\\nb': the service refuses its line break: expected one line"),
        ("x", "a\0", "hyperparameter 'x': an environment variable cannot hold it: "),
        ("x", "a\ud800", "hyperparameter 'x': an environment variable cannot hold it: "),
        ("a=b", "a", "hyperparameter 'a=b': an environment variable cannot hold it: "),
    ],
    ids=["value", "name", "line break", "NUL", "half of a pair", "equals sign"],
)
def test_the_limits_of_the_service_are_checked(name, value, problem):
    lines = problems({name: value}, ("--x", {}))

    assert any(line.startswith(problem) for line in lines)


def test_the_names_that_the_sdk_adds_count():
    declarations = [(f"--a{number}", {}) for number in range(101)]
    values = {f"a{number}": "v" for number in range(101)}

    assert problems(values, *declarations) == ["101 hyperparameters: the service allows 100"]
    del values["a0"]
    assert len(sent(values, *declarations)) == 100
    assert problems(values, *declarations, encoded=False) == [
        "105 hyperparameters, including 5 that the SDK adds: the service allows 100"
    ]


def test_a_hyperparameter_of_the_platform_is_allowed_and_that_of_the_tuner_is_not():
    assert sent({"sagemaker_program": "train.py"}) == {"sagemaker_program": "train.py"}
    assert problems({"_tuning_objective_metric": "loss"}) == [
        "hyperparameter _tuning_objective_metric: the tuning job sets it: expected no value"
    ]


def test_a_secret_is_masked_and_a_warning_says_that_hyperparameters_are_no_place_for_it():
    with pytest.warns(UserWarning, match=r"^hyperparameter (api-key|n) looks like a secret") as caught:
        lines = problems(
            {"api_key": "planted-and-never-shown", "n": "planted-and-never-shown"}, ("--api-key", {}), ("--n", {"type": int})
        )

    assert lines == ["argument --n: invalid int value: '******'"]
    assert {Path(warning.filename).name for warning in caught} == {Path(__file__).name}


def test_a_secret_that_does_not_round_trip_is_masked():
    with pytest.warns(UserWarning, match="^hyperparameter api-key looks like a secret"):
        (line,) = problems(argparse.Namespace(api_key='["planted-and-never-shown",1]'), ("--api-key", {}))

    assert "planted" not in line
    assert line.startswith("argument --api-key: ")


def test_a_value_that_contains_a_secret_gives_a_warning_and_a_public_argument_does_not():
    with pytest.warns(UserWarning, match="hyperparameter note looks like a secret"):
        sent({"note": "password=planted-and-never-shown"}, ("--note", {}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sent(
            {"token": "x", "seed": float("nan"), "key": None},
            ("--token", {"secret": False}),
            ("--seed", {}),
            ("--key", {"default": "x"}),
        )


def test_a_value_that_does_not_round_trip_is_named():
    assert problems(argparse.Namespace(x="[1,2]"), ("--x", {})) == [
        "argument --x: '[1,2]', sent as '[1,2]', comes back as '[1, 2]': expected a value that its type reads back"
    ]
    stored = """'a=1' with the training toolkit, '{"a": 1}' with SDK v3, 'a=1' with an own container"""
    assert problems({"x": {"a": 1}}, ("--x", {})) == [
        f"""argument --x: {{'a': 1}}, sent as '{{"a": 1}}', comes back as {stored}: expected a value that its type reads back"""
    ]


def test_a_value_is_spelled_so_that_every_platform_gives_the_same():
    assert sent({"x": True}, ("--x", {"type": str})) == {"x": "True"}
    assert sent({"x": "true"}, ("--x", {"type": str})) == {"x": '"true"'}
    assert sent({"x": [1, 2]}, ("--x", {"type": str})) == {"x": "[1, 2]"}
    assert sent({"x": True}, ("--x", {"choices": ["True"]})) == {"x": "true"}


def test_an_object_that_has_no_text_is_named():
    (problem,) = problems(argparse.Namespace(x=Unreadable("a")), ("--x", {"type": Unreadable}))

    assert problem.startswith("argument --x: <")
    assert "comes back as <" in problem


def test_the_parser_and_the_process_stay_as_they_are(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["launch.py", "--epochs", "3"])
    monkeypatch.setenv("SM_HPS", '{"lr": 5}')
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    parser = parser_of(("--lr", {"type": float, "required": True}), ("--note", {}))
    sub = parser.add_subparsers(dest="command").add_parser("fit")
    sub.add_argument("--depth", type=int)
    states = [dict(vars(known)) for known in (parser, sub)]
    before = dict(os.environ)

    assert parser.to_hyperparameters({"lr": 1, "command": "fit", "depth": 2}) == {"lr": "1", "depth": "2"}
    with pytest.raises(HyperparameterError):
        parser.to_hyperparameters({})

    assert [dict(vars(known)) for known in (parser, sub)] == states
    assert (dict(os.environ), sys.argv, list(tmp_path.iterdir())) == (before, ["launch.py", "--epochs", "3"], [])


def test_the_launchers_own_command_line_and_config_files_do_not_count(monkeypatch, tmp_path):
    config = tmp_path / "defaults.ini"
    config.write_text("lr = 7\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["launch.py", "--typo", "3"])
    parser = SageMakerArgumentParser(default_config_files=[os.fspath(config)])
    parser.add_argument("--lr", type=float, required=True)

    with pytest.raises(HyperparameterError) as caught:
        parser.to_hyperparameters({"typo": 3})
    assert caught.value.problems == (
        "argument --lr: required, but missing: expected a hyperparameter lr",
        "unrecognized hyperparameter: typo",
    )


def test_a_file_type_is_sent_by_its_name_and_opens_no_file(tmp_path):
    path = tmp_path / "out.txt"
    parser = parser_of(("--out", {"type": argparse.FileType("w")}))

    assert parser.to_hyperparameters({"out": os.fspath(path)}) == {"out": os.fspath(path)}
    assert not path.exists()
    with path.open("w", encoding="utf-8") as file:
        assert parser.to_hyperparameters(argparse.Namespace(out=file)) == {"out": os.fspath(path)}


def test_a_config_file_is_sent_where_it_is_named_or_required_and_is_not_read():
    config, lr = ("--config", {"is_config_file": True}), ("--lr", {})
    values = argparse.Namespace(config="absent.ini", lr="1")

    assert sent({"config": Path("absent.ini"), "lr": 1}, config, lr) == {"config": "absent.ini", "lr": "1"}
    assert sent(values, config, lr) == {"lr": "1"}
    assert sent(values, ("--config", {"is_config_file": True, "required": True}), lr) == {"config": "absent.ini", "lr": "1"}


def test_the_chosen_subcommand_decides_which_arguments_count_and_is_not_sent():
    parser = parser_of(("--seed", {"type": int, "default": 1}))
    commands = parser.add_subparsers(dest="command", required=True)
    for name, option in (("fit", "--epochs"), ("score", "--metric")):
        commands.add_parser(name).add_argument(option, type=int, required=True)
    namespace = parser.parse_args(["--seed", "2", "fit", "--epochs", "3"], env_vars={})

    assert parser.to_hyperparameters(namespace) == {"seed": "2", "epochs": "3"}
    assert parser.to_hyperparameters({"command": "score", "metric": 1}) == {"metric": "1"}
    expectations = {
        "fit": [
            "argument --epochs: required, but missing: expected a hyperparameter epochs",
            "unrecognized hyperparameter: metric",
        ],
        None: [
            "argument command: required, but missing: expected one of fit, score, which no hyperparameter chooses",
            "unrecognized hyperparameter: metric",
        ],
    }
    for command, expected in expectations.items():
        with pytest.raises(HyperparameterError) as caught:
            parser.to_hyperparameters({"metric": 1, "command": command})
        assert list(caught.value.problems) == expected
    with pytest.raises(HyperparameterError, match=r"^argument command: invalid choice: 'x'"):
        parser.to_hyperparameters({"command": "x", "epochs": 1})


def test_flags_that_would_be_sent_under_one_name_keep_theirs():
    flags = [(f"--{name}", {"dest": "level", "action": "append_const", "const": name}) for name in ("debug", "info")]

    assert sent({"debug": True, "info": True}, *flags) == {"debug": "true", "info": "true"}
    assert sent({"debug": True}, *flags) == {"level": "debug"}


def test_an_object_fills_dotted_arguments():
    parser = parser_of(("--model.lr", {"type": float}), ("--model.depth", {"type": int}))

    assert json.loads(parser.to_hyperparameters({"model": {"lr": 0.5, "depth": 3}})["model"]) == {"lr": 0.5, "depth": 3}
    with pytest.raises(
        HyperparameterError, match=r"^unrecognized hyperparameter: model\.dpeth \(did you mean --model\.depth\?\)"
    ):
        parser.to_hyperparameters({"model": {"dpeth": 3}})


class OwnFlag(argparse.Action):
    """An action of a script's own."""

    def __init__(self, option_strings, dest, **settings):
        super().__init__(option_strings, dest, nargs=0, **settings)

    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, f"set by {option_string}")


def test_a_flag_with_an_action_of_its_own_is_sent_under_its_option():
    flag = ("--fast", {"dest": "mode", "action": OwnFlag})

    assert sent({"fast": True}, flag) == {"fast": "true"}
    assert sent(argparse.Namespace(mode="set by --fast"), flag) == {"fast": "true"}


class Parser(SageMakerParserMixin, argparse.ArgumentParser):
    """A parser of argparse with the mixin."""


def test_a_parser_of_another_class_has_the_method():
    parser = Parser()
    parser.add_argument("--lr", type=float)

    assert parser.to_hyperparameters({"lr": 1}) == {"lr": "1"}


Settings = namedtuple("Settings", "shape")


@pytest.mark.parametrize(
    "values",
    [SimpleNamespace(shape=(3, 4)), [SimpleNamespace(other=1), SimpleNamespace(shape=(3, 4))], Settings((3, 4))],
    ids=["an object", "several objects", "a named tuple"],
)
def test_an_object_of_another_class_is_a_namespace_whose_types_its_class_may_convert(values):
    assert sent(values, ("--shape", {"nargs": "+", "type": int})) == {"shape": "[3, 4]"}


@pytest.mark.parametrize("values", [None, "lr=1", b"lr=1"], ids=repr)
def test_a_text_is_no_namespace(values):
    with pytest.raises(TypeError, match=r"^values: expected a namespace or a mapping, not "):
        sent(values, ("--lr", {}))
