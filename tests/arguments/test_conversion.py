"""What a value becomes."""

import argparse
import enum
import json
import sys
from pathlib import Path

import pytest

from smargs import SageMakerArgumentParser
from smargs.testing import SageMakerJob
from smargs.texts import decode


class Color(enum.Enum):
    RED = "red"
    BLUE = 2


class Level(enum.Enum):
    HALF = 0.5
    FULL = "1"


def convert(value, argv=(), environ=None, **declaration):
    """The value of an argument that a hyperparameter fills, or the line of the error."""
    parser = SageMakerArgumentParser(prog="prog", exit_on_error=False) if sys.version_info >= (3, 9) else Raising(prog="prog")
    parser.add_argument("--x", **declaration)
    try:
        namespace, _ = parser.parse_known_args(
            list(argv), env_vars=SageMakerJob({"x": value}).environ if environ is None else environ
        )
    except argparse.ArgumentError as error:
        return str(error)
    return namespace.x


class Raising(SageMakerArgumentParser):
    """A parser that raises its errors, as with ``exit_on_error=False``, which Python 3.8 lacks."""

    def error(self, message):
        raise argparse.ArgumentError(None, message)


@pytest.mark.parametrize(
    ("value", "declaration", "expected"),
    [
        (5, {"type": int}, 5),
        (5.0, {"type": int}, 5),
        (1e3, {"type": int}, 1000),
        ("7.0", {"type": int}, 7),
        ("1e2", {"type": int}, 100),
        (5, {"type": float}, 5.0),
        ("-1234567890123456789", {"type": int}, -1234567890123456789),
        ("00123", {"type": str}, "00123"),
        ("1.0", {"type": str}, "1.0"),
        (0.0001, {"type": str}, "0.0001"),
        (True, {"type": str}, "True"),
        ({"a": 1}, {}, "a=1"),
        ("a/b", {"type": Path}, Path("a/b")),
        ("red", {"type": Color}, Color.RED),
        (2, {"type": Color}, Color.BLUE),
        ("BLUE", {"type": Color}, Color.BLUE),
        (1, {"type": Level}, Level.FULL),
        ([1, 2], {"type": json.loads}, [1, 2]),
        ([1, 2], {"type": json.loads, "nargs": "?"}, [1, 2]),
        ("a b", {"type": str.split}, ["a", "b"]),
        ("yes", {"type": bool}, True),
        (0, {"type": bool}, False),
        ([1, 2], {"type": list}, [1, 2]),
        ("a,b", {"type": list}, ["a", "b"]),
        ("[a, b]", {"type": list}, ["a", "b"]),
        (5, {"type": list}, [5]),
        ([1, 2], {"type": tuple}, (1, 2)),
        ([1, 1], {"type": set}, {1}),
        ("X,Y", {"type": list}, ["X", "Y"]),
        ({"a": [1, None]}, {"type": dict}, {"a": [1, None]}),
        ("X=[1, 2],Y=3", {"type": dict}, {"X": [1, 2], "Y": 3}),
        ("url=http://host/?a=b", {"type": dict}, {"url": "http://host/?a=b"}),
        ("betas=[0.9, 0.999],name=adam,amp=True", {"type": dict}, {"betas": [0.9, 0.999], "name": "adam", "amp": True}),
        ({"a": "[" * 100, "b": [[]] * 50}, {"type": dict}, {"a": "[" * 100, "b": [[]] * 50}),
        ("[" * 70 + "]" * 70, {"type": str}, "[" * 70 + "]" * 70),
        ("{'a': (1, 2)}", {"type": dict}, {"a": (1, 2)}),
        (None, {"type": int, "default": 3}, None),
        ("", {"type": int, "default": 3}, None),
        ("", {"default": "d"}, ""),
        (5, {"type": int, "choices": [5, 6]}, 5),
    ],
)
def test_a_declared_type_receives_the_value(value, declaration, expected):
    converted = convert(value, **declaration)

    assert (type(converted), converted) == (type(expected), expected)


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [
        ("true", False, True),
        (3, 1, 3),
        (3.0, 1, 3),
        (3, 0.5, 3.0),
        ([1, "a"], [0], [1, "a"]),
        ([1], (0,), (1,)),
        ({"a": 1}, {"b": 2}, {"a": 1}),
        ("a/b", Path("c"), Path("a/b")),
        ("BLUE", Color.RED, Color.BLUE),
        (5, None, "5"),
        (5, "text", "5"),
        (5, object, "5"),
    ],
)
def test_a_type_is_inferred_from_the_default(value, default, expected):
    converted = convert(value, default=default)

    assert (type(converted), converted) == (type(expected), expected)


@pytest.mark.parametrize(
    ("typed", "default", "expected"),
    [("3", 1, 3), ("false", True, False), ("[1, 2]", [0], [1, 2]), ("1,2", [0], [1, 2]), ("red", Color.BLUE, Color.RED)],
)
def test_an_inferred_type_applies_on_the_command_line(typed, default, expected):
    assert convert(None, ["--x", typed], {}, default=default) == expected


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ({"type": int, "default": 3}, None),
        ({"type": int, "nargs": "*", "default": [3]}, None),
        ({"type": int, "nargs": "+"}, None),
        ({"type": float, "nargs": 2, "default": [0.9, 0.999]}, None),
        ({"type": int, "action": "append", "default": [3]}, [3]),
        ({"nargs": "*", "default": [3]}, None),
        ({"nargs": "*"}, [""]),
        ({"action": "append"}, [""]),
    ],
)
def test_an_empty_variable_that_the_type_rejects_is_null(declaration, expected):
    """The toolkit writes null as an empty variable."""
    assert convert(None, environ={"SM_HP_X": ""}, **declaration) == expected


def test_an_empty_element_of_a_list_is_not_null():
    assert convert(["", "1"], type=int, nargs="*") == "argument --x: invalid int value: '' (from SM_HP_X)"


@pytest.mark.parametrize(("text", "expected"), [("last.pt", "last.pt"), ("true", True), ("no", False), ("", "")])
def test_a_flag_with_an_optional_value_accepts_a_boolean_and_any_other_text(text, expected):
    """``--resume [FILE]``, as YOLOv5's ``train.py`` declares it."""
    declaration = {"nargs": "?", "const": True, "default": False}

    assert convert(text, **declaration) == expected
    assert convert(None, ["--x", text], {}, **declaration) == expected
    assert convert(None, ["--x"], {}, **declaration) is True


@pytest.mark.parametrize(
    ("declaration", "typed", "expected"),
    [
        ({"nargs": "+", "default": [64]}, ["1", "2"], [1, 2]),
        ({"nargs": "+", "default": [64, 0.5]}, ["1"], [1.0]),
        ({"nargs": "+", "default": [64, "a"]}, ["1"], ["1"]),
        ({"nargs": "+", "default": []}, ["1"], ["1"]),
        ({"nargs": "+", "default": 5}, ["1"], [1]),
        ({"action": "append", "default": [64]}, ["1"], [64, 1]),
    ],
)
def test_the_elements_of_a_default_show_the_type_of_collected_values(declaration, typed, expected):
    assert convert(None, ["--x", *typed], {}, **declaration) == expected


@pytest.mark.parametrize("text", ["0.50", "0.5", "HALF"])
def test_a_member_of_an_enum_is_selected_by_its_value_or_its_name(text):
    assert convert(None, environ={"SM_HP_X": text}, type=Level) is Level.HALF
    assert convert(None, ["--x", text], {}, default=Level.FULL) is Level.HALF


def test_a_value_may_be_nested_64_deep_and_no_deeper():
    def nested(depth):
        return "[" * depth + "]" * depth

    def beside_others(depth):
        return f"[{'[], ' * 40}{nested(depth - 1)}]"

    for written in (nested, beside_others):
        assert decode(written(64)) == json.loads(written(64))
        assert decode(written(65)) == written(65)


@pytest.mark.parametrize("text", ["true ", " false", "null\n", " 5 "])
def test_there_may_be_white_space_around_json(text):
    assert decode(text) == json.loads(text)


def test_no_type_is_inferred_if_a_choice_has_another_type_than_the_default():
    assert convert(None, ["--x", "1"], {}, default=1, choices=["1", "2"]) == "1"
    assert convert(None, ["--x", "1"], {}, default=1, choices=[1, 2]) == 1


def test_a_custom_action_gets_text_as_from_argparse():
    class Pair(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            setattr(namespace, self.dest, (values, option_string))

    assert convert(3, action=Pair, default=1) == ("3", "--x")
    assert convert(None, action=Pair) == (None, "--x")
    assert convert([3, 4], action=Pair, nargs="+") == (["3", "4"], "--x")
    assert convert(True, action=Pair, nargs=0) == ([], "--x")
    parser = SageMakerArgumentParser()
    parser.add_argument("-p", "--pair", action=Pair, dest="by_dest")
    assert parser.parse_args([], env_vars={"SM_HP_PAIR": "3"}).by_dest == ("3", "--pair")
    assert parser.parse_args([], env_vars={"SM_HP_BY_DEST": "3"}).by_dest == ("3", "-p")
    assert convert(False, action=Pair, nargs=0, default="left") == "left"


def recording(base):
    """An action that stores how it was called."""

    class Recording(base):
        def __call__(self, parser, namespace, values, option_string=None):
            namespace.calls = [*getattr(namespace, "calls", []), (values, option_string)]

    return Recording


def test_a_subclass_of_an_action_of_argparse_is_called_as_by_argparse():
    parser = SageMakerArgumentParser()
    parser.add_argument("--verbose", action=recording(argparse._CountAction))
    parser.add_argument("--tag", action=recording(argparse._AppendAction))

    assert parser.parse_args([], env_vars={"SM_HP_VERBOSE": "2"}).calls == [([], "--verbose")] * 2
    assert parser.parse_args([], env_vars={"SM_HP_TAG": '["a", "b"]'}).calls == [("a", "--tag"), ("b", "--tag")]
    assert parser.parse_args(["--verbose"] * 2, env_vars={}).calls == [([], "--verbose")] * 2


@pytest.mark.skipif(sys.version_info < (3, 9), reason="BooleanOptionalAction came with Python 3.9")
def test_a_paired_flag_with_two_names_is_called_once():
    parser = SageMakerArgumentParser()
    parser.add_argument("--fast", "--quick", action=recording(argparse.BooleanOptionalAction))

    assert parser.parse_args([], env_vars={"SM_HP_FAST": "true"}).calls == [([], "--fast")]
    assert parser.parse_args([], env_vars={"SM_HP_QUICK": "false"}).calls == [([], "--no-fast")]


def test_inference_can_be_switched_off():
    parser = SageMakerArgumentParser(infer_types=False)
    parser.add_argument("--x", default=1)
    parser.add_argument("--color", default=Color.RED)
    parser.add_argument("--hosts")
    environ = {"SM_HP_X": "3.0", "SM_HP_COLOR": "2", "SM_HOSTS": '["a"]'}

    assert vars(parser.parse_args([], env_vars=environ)) == {"x": "3.0", "color": "2", "hosts": '["a"]'}


def test_a_type_is_inferred_from_the_documented_variable_of_the_name():
    parser = SageMakerArgumentParser()
    parser.add_argument("--hosts")
    parser.add_argument("--num-gpus")
    parser.add_argument("--gpus", env_var="SM_NUM_GPUS")

    assert vars(parser.parse_args(["--hosts", "a,b", "--num-gpus", "2"], env_vars={})) == {
        "hosts": ["a", "b"],
        "num_gpus": 2,
        "gpus": None,
    }
    assert parser.parse_args(["--gpus", "2"], env_vars={}).gpus == 2


def test_no_type_is_inferred_from_a_name_if_there_are_choices():
    parser = SageMakerArgumentParser()
    parser.add_argument("--num-gpus", choices=["1", "2"])

    assert parser.parse_args(["--num-gpus", "2"], env_vars={}).num_gpus == "2"


def test_no_type_is_inferred_from_a_name_for_nargs_or_a_custom_action():
    parser = SageMakerArgumentParser()
    parser.add_argument("--hosts", nargs="+")
    parser.add_argument("--num-gpus", action=recording(argparse.Action))
    namespace = parser.parse_args([], env_vars={"SM_HOSTS": '["a", "b"]', "SM_NUM_GPUS": "4"})

    assert namespace.hosts == ["a", "b"]
    assert namespace.calls == [("4", "--num-gpus")]


class Refusing:
    """A type without a name of its own."""

    def __call__(self, text):
        raise LookupError("no such thing")

    def __repr__(self):
        return "Refusing()"


PAIRED = (
    []
    if sys.version_info < (3, 9)
    else [
        (True, {"action": argparse.BooleanOptionalAction}, True),
        (False, {"action": argparse.BooleanOptionalAction, "default": True}, False),
        (None, {"action": argparse.BooleanOptionalAction, "default": True}, True),
    ]
)


@pytest.mark.parametrize(
    ("value", "declaration", "expected"),
    [
        (True, {"action": "store_true"}, True),
        ("on", {"action": "store_true"}, True),
        (False, {"action": "store_true"}, False),
        (True, {"action": "store_false"}, False),
        (False, {"action": "store_false"}, True),
        (None, {"action": "store_true"}, False),
        ("", {"action": "store_true"}, False),
        (1, {"action": "store_const", "const": "c"}, "c"),
        ("c", {"action": "store_const", "const": "c"}, "c"),
        ("7", {"action": "store_const", "const": 7}, 7),
        (0, {"action": "store_const", "const": "c", "default": "d"}, "d"),
        (3, {"action": "count"}, 3),
        (0, {"action": "count"}, None),
        (True, {"action": "count", "default": 1}, 2),
        (True, {"action": "append_const", "const": 1}, [1]),
        (["a", "b"], {"action": "append"}, ["a", "b"]),
        (["b"], {"action": "append", "default": ["a"]}, ["a", "b"]),
        ("b", {"action": "append"}, ["b"]),
        ([[1, 2], [3]], {"action": "append", "nargs": "+", "type": int}, [[1, 2], [3]]),
        ([1, 2], {"action": "append", "nargs": "+", "type": int}, [[1, 2]]),
        (None, {"action": "append", "default": ["a"]}, ["a"]),
        ([1, 2], {"action": "extend", "nargs": "+", "type": int}, [1, 2]),
        *PAIRED,
    ],
)
def test_an_action_receives_the_value(value, declaration, expected):
    assert convert(value, **declaration) == expected


@pytest.mark.parametrize(
    ("value", "declaration", "expected"),
    [
        ([1, 2], {"nargs": "+", "type": int}, [1, 2]),
        ("[1, 2]", {"nargs": "+", "type": int}, [1, 2]),
        ("['a b', 'c']", {"nargs": "*"}, ["a b", "c"]),
        (" ['a b', 'c']", {"nargs": "*"}, ["a b", "c"]),
        ("(['a'])", {"nargs": "*"}, ["(['a'])"]),
        ([1, None], {"nargs": "+", "type": int}, [1, None]),
        ([1.0, 2.0], {"nargs": 2, "type": int}, [1, 2]),
        ([], {"nargs": "*"}, []),
        (5, {"nargs": "+", "type": int}, [5]),
        (5, {"nargs": 1, "type": int}, [5]),
        ({"a": 1}, {"nargs": "+", "type": dict}, [{"a": 1}]),
        ("a b", {"nargs": "+"}, ["a b"]),
        (5, {"nargs": "?", "const": 1, "type": int}, 5),
        (None, {"nargs": "+", "default": [3]}, None),
    ],
)
def test_a_list_fills_nargs_element_by_element(value, declaration, expected):
    assert convert(value, **declaration) == expected


@pytest.mark.parametrize(
    ("value", "declaration", "error"),
    [
        ("many", {"type": int}, "invalid int value: 'many'"),
        (5.5, {"type": int}, "invalid int value: '5.5'"),
        (True, {"type": int}, "invalid int value: 'True'"),
        ("maybe", {"type": bool}, "invalid bool value: 'maybe' (expected true, yes, on, 1, false, no, off or 0)"),
        ({"a": 1}, {"type": list}, """invalid list value: '{"a": 1}'"""),
        (" ", {"type": list}, "invalid list value: ' '"),
        ([1], {"type": dict}, "invalid dict value: '[1]'"),
        (["a=b"], {"type": dict}, """invalid dict value: '["a=b"]'"""),
        ("a", {"type": dict}, "invalid dict value: 'a'"),
        ([[1]], {"type": set}, "invalid set value: '[[1]]'"),
        ("green", {"type": Color}, "invalid Color value: 'green'"),
        ("maybe", {"action": "store_true"}, "invalid bool value: 'maybe' (expected true, yes, on, 1, false, no, off or 0)"),
        ("many", {"action": "count"}, "invalid count value: 'many'"),
        ([1, 2, 3], {"nargs": 2}, "expected 2 arguments, got 3"),
        ([], {"nargs": 1}, "expected 1 argument, got 0"),
        ([], {"nargs": "+"}, "expected at least one argument"),
        (
            "many",
            {"default": 42},
            "invalid int value: 'many' (inferred from the default 42; infer_types=False turns this off)",
        ),
        ("x", {"type": lambda text: {}[text]}, "invalid <lambda> value: 'x': 'x'"),
        ("x", {"type": Refusing()}, "invalid Refusing() value: 'x': no such thing"),
    ],
)
def test_an_explicit_value_that_does_not_fit_is_an_error_with_its_variable(value, declaration, error):
    assert convert(value, **declaration) == f"argument --x: {error} (from SM_HP_X)"


def test_a_value_that_does_not_fit_is_no_error_if_another_one_was_typed():
    assert convert("many", ["--x", "3"], type=int) == 3


def test_the_error_for_a_typed_value_says_from_what_the_type_is_inferred():
    assert convert(None, ["--x", "a"], {}, default=42) == (
        "argument --x: invalid int value: 'a' (inferred from the default 42; infer_types=False turns this off)"
    )


@pytest.mark.skipif(not PAIRED, reason="BooleanOptionalAction came with Python 3.9")
@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False)])
def test_a_paired_flag_matches_by_its_dest(value, expected):
    parser = SageMakerArgumentParser()
    parser.add_argument("--fast", action=argparse.BooleanOptionalAction, dest="speed")

    assert parser.parse_args([], env_vars=SageMakerJob({"speed": value}).environ).speed is expected
    assert parser.parse_args([], env_vars=SageMakerJob({"no-fast": value}).environ).speed is not expected


def recording_converter(accepts=None):
    """A converter of a script that accepts one text, and the texts with which it is called."""
    texts = []

    def converter(text):
        texts.append(text)
        if text != accepts:
            raise ValueError(text)
        return f"<{text}>"

    return converter, texts


@pytest.mark.parametrize(
    ("platform", "value", "texts"),
    [
        ("toolkit", True, ["True", "true"]),
        ("sdk", True, ["true", "True"]),
        ("toolkit", {"a": [1]}, ["a=[1]", '{"a": [1]}']),
        ("sdk", {"a": [1]}, ['{"a": [1]}', "a=[1]"]),
    ],
)
def test_a_type_that_rejects_one_platforms_text_receives_the_others(platform, value, texts):
    converter, received = recording_converter(accepts=texts[1])

    assert convert(None, environ=SageMakerJob({"x": value}, platform=platform).environ, type=converter) == f"<{texts[1]}>"
    assert received == texts


@pytest.mark.parametrize(
    ("platform", "value", "text"), [("toolkit", "1e5", "1e5"), ("sdk", "1e5", "100000.0"), ("sdk", 5, "5")]
)
def test_a_type_that_rejects_a_text_is_not_called_again_with_the_same_text_or_with_another(platform, value, text):
    converter, received = recording_converter()

    assert "invalid converter value" in convert(
        None, environ=SageMakerJob({"x": value}, platform=platform).environ, type=converter
    )
    assert received == [text]


@pytest.mark.parametrize(("platform", "texts"), [("toolkit", ["True", "1e5"]), ("sdk", ["true", "1e5"])])
def test_the_elements_of_a_list_are_spelled_as_on_the_platforms_command_line(platform, texts):
    environ = SageMakerJob({"x": [True, "1e5"]}, platform=platform).environ

    assert convert(None, environ=environ, type=lambda text: f"<{text}>", nargs="+") == [f"<{text}>" for text in texts]


@pytest.mark.parametrize("text", ["0.10", "1e-5", "100000000000000000000.0"])
def test_str_receives_all_digits_of_a_number_that_is_sent_as_a_text(text):
    assert convert(None, environ={"SM_HP_X": text}, type=str) == text


def test_a_member_of_an_enum_is_selected_by_its_value_in_another_spelling():
    half = enum.Enum("Half", {"HALF": 1.0})

    assert convert(1, type=half) is half.HALF


def test_an_action_without_arguments_receives_the_option_that_matched():
    received = []

    class Record(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            received.append(option_string)

    parser = SageMakerArgumentParser()
    parser.add_argument("-q", "--quiet", "--silent", action=Record, nargs=0, dest="sound")
    parser.parse_args([], env_vars={"SM_HP_SILENT": "true"})

    assert received == ["--silent"]


@pytest.mark.skipif(not PAIRED, reason="BooleanOptionalAction came with Python 3.9")
def test_a_paired_flag_with_one_hyphen_keeps_its_default_for_false_and_is_absent_from_its_group(capsys):
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("-f", action=argparse.BooleanOptionalAction, default="default")
    group.add_argument("--other")

    assert parser.parse_args(["--other", "1"], env_vars={"SM_HP_F": "false"}).f == "default"
    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"SM_HP_F": "false"})
    assert "one of the arguments -f --other is required" in capsys.readouterr().err
