"""A plain command line parses without argparse's search, and just as with it."""

import argparse
import functools
import io
from contextlib import redirect_stderr

import pytest
from declarations import typed
from hypothesis import given, settings
from hypothesis import strategies as st

from smargs import SageMakerArgumentParser, SageMakerParserMixin, plain

ALPHABET = ["a", "b", "d", "7", "", "two words", "-1", "--", "--alpha", "--be", "--alpha=a", "-x", "+x"]


def doubled(text):
    """A type that can be told from its default: what is converted twice is seen."""
    return 2 * text


@st.composite
def parsers(draw):
    """Declarations of which most make plain command lines, and how many texts each option takes."""
    declarations = {}
    for name in draw(st.lists(st.sampled_from(["--alpha", "--beta", "-x", "+x", "flag"]), min_size=1, unique=True)):
        action = draw(st.sampled_from(["store", "store", "store", "store_true", "store_false", "store_const", "append"]))
        declaration = {"action": action} if name != "flag" else {}
        if action in ("store", "append"):
            declaration["default"] = draw(st.sampled_from([None, "d", "7", argparse.SUPPRESS])) if action == "store" else None
            declaration["type"] = draw(st.sampled_from([str, int, doubled]))
            declaration["nargs"] = draw(st.sampled_from([None, None, None, "?", 2]))
            if draw(st.integers(0, 4)) == 0:
                declaration["choices"] = ["a", "dd", 7]
        elif action == "store_const" and name != "flag":
            declaration.update(const=5, default="d")
        if name != "flag":
            declaration["required"] = draw(st.integers(0, 5)) == 0
            declaration["dest"] = draw(st.sampled_from([name.strip("-+") + name[0], "shared"]))
        declarations[name] = declaration
    return declarations


def parser_of(declarations, grouped=False, **settings):
    parser = argparse.ArgumentParser(prog="prog", prefix_chars="-+", allow_abbrev=False, **settings)
    group = parser.add_mutually_exclusive_group() if grouped else parser
    for name, declaration in declarations.items():
        (parser if declaration.get("required") else group).add_argument(name, **declaration)
    return parser


def outcome(parse):
    errors = io.StringIO()
    try:
        with redirect_stderr(errors):
            return parse()
    except argparse.ArgumentError as error:
        return str(error)
    except SystemExit:
        return errors.getvalue().partition("error: ")[2].strip()


def defaults_of(parser):
    namespace = argparse.Namespace()
    for action in parser._actions:
        if argparse.SUPPRESS not in (action.dest, action.default) and not hasattr(namespace, action.dest):
            setattr(namespace, action.dest, action.default)
    return namespace


@given(parsers(), st.data())
@settings(max_examples=400, deadline=None)
def test_what_is_plain_parses_as_with_argparse_and_anything_else_is_not_touched(declarations, data):
    parser = parser_of(declarations)
    argv = []
    for name in data.draw(st.lists(st.sampled_from(sorted(declarations)), max_size=5)):
        takes = declarations[name].get("action", "store") in ("store", "append")
        argv += [name] * (name != "flag") + [data.draw(st.sampled_from(ALPHABET[:5]))] * takes
    argv += data.draw(st.lists(st.sampled_from(ALPHABET), max_size=data.draw(st.sampled_from([0, 0, 1, 2]))))
    namespace, untouched = defaults_of(parser), vars(defaults_of(parser))

    found = outcome(lambda: plain.parse(parser, argv, namespace))

    if found is False:
        assert typed(vars(namespace)) == typed(untouched)
    elif found is True:
        known, extras = parser.parse_known_args(argv)
        assert (typed(vars(namespace)), []) == (typed(vars(known)), extras)
    else:
        assert found == outcome(lambda: parser.parse_known_args(argv))


OPTIONS = {"--alpha": {"type": int}, "--beta": {"default": "d", "type": doubled}, "--flag": {"action": "store_true"}}


def parsed(argv, declarations=OPTIONS, **settings):
    parser = parser_of(declarations, **settings)
    namespace = defaults_of(parser)
    return vars(namespace) if plain.parse(parser, argv, namespace) else None


@pytest.mark.parametrize(
    ("argv", "values"),
    [
        ([], {"alpha": None, "beta": "dd", "flag": False}),
        (["--alpha", "7"], {"alpha": 7, "beta": "dd", "flag": False}),
        (["--flag", "--beta", "d"], {"alpha": None, "beta": "dd", "flag": True}),
        (["--beta", ""], {"alpha": None, "beta": "", "flag": False}),
        (["--alpha", "7", "--alpha", "8"], {"alpha": 8, "beta": "dd", "flag": False}),
    ],
)
def test_options_that_are_spelled_out_are_plain(argv, values):
    assert parsed(argv) == values


@pytest.mark.parametrize(
    "argv",
    [
        ["--alpha=7"],
        ["--al", "7"],
        ["--alpha"],
        ["--alpha", "-7"],
        ["--flag", "7"],
        ["--other", "7"],
        ["7"],
        ["--"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_what_argparse_must_search_for_is_not_plain(argv):
    assert parsed(argv) is None


@pytest.mark.parametrize(
    ("declarations", "argv"),
    [
        ({**OPTIONS, "positional": {"nargs": "?"}}, ["--alpha", "7"]),
        ({**OPTIONS, "--needed": {"required": True}}, ["--alpha", "7"]),
        ({"--alpha": {"nargs": 2}}, ["--alpha"]),
        ({"--alpha": {"action": "append"}}, ["--alpha", "7"]),
    ],
    ids=["a positional", "a missing option", "nargs", "another action"],
)
def test_not_every_declaration_makes_a_plain_command_line(declarations, argv):
    assert parsed(argv, declarations) is None


def test_where_arguments_exclude_each_other_no_command_line_is_plain():
    assert parsed(["--alpha", "7"], grouped=True) is None


def test_where_tokens_may_stand_for_a_file_no_command_line_is_plain():
    assert parsed(["--alpha", "7"], fromfile_prefix_chars="@") is None


def test_a_required_option_that_is_typed_is_plain():
    assert parsed(["--alpha", "7"], {"--alpha": {"required": True}}) == {"alpha": "7"}


def test_a_type_that_suppresses_a_value_leaves_the_default():
    declarations = {"--alpha": {"type": lambda text: argparse.SUPPRESS, "default": 3}}
    assert parsed(["--alpha", "7"], declarations) == {"alpha": 3}


def test_a_text_that_the_namespace_has_already_is_no_default_even_if_it_is_equal():
    parser = parser_of({"--alpha": {"default": "some text", "type": doubled}})
    namespace = argparse.Namespace(alpha=" ".join(["some", "text"]))
    assert plain.parse(parser, [], namespace)
    assert namespace.alpha == parser.parse_args([], namespace).alpha == "some text"


def test_a_deprecated_option_is_not_plain_for_argparse_warns_of_it():
    parser = parser_of(OPTIONS)
    parser._option_string_actions["--alpha"].deprecated = True  # As Python 3.13 has it.
    assert not plain.parse(parser, ["--alpha", "7"], defaults_of(parser))


class Matching(argparse.ArgumentParser):
    """A parser class that says in a way of its own how many tokens an option takes."""

    def _match_argument(self, action, arg_strings_pattern):
        return 0


class Behind(SageMakerParserMixin, Matching):
    pass


class Before(SageMakerArgumentParser):
    _match_argument = Matching._match_argument


@pytest.mark.parametrize("parser_class", [Behind, Before])
def test_a_parser_class_with_a_way_of_its_own_goes_that_way(parser_class):
    parser = parser_class()
    parser.add_argument("--alpha")
    assert parser.parse_known_args(["--alpha", "7"]) == (argparse.Namespace(alpha=[]), ["7"])


@pytest.mark.parametrize("wrap", [functools.wraps, lambda original: functools.partialmethod], ids=["a function", "no function"])
@pytest.mark.parametrize("way", ["_parse_known_args", "_parse_optional", "_match_argument", "_get_nargs_pattern"])
def test_what_is_patched_into_argparse_is_called(way, wrap, monkeypatch):
    """As packages do that log what a script is given, and smargs.preview."""
    called, original = [], getattr(argparse.ArgumentParser, way)

    def patched(parser, *args, **settings):
        called.append(way)
        return original(parser, *args, **settings)

    monkeypatch.setattr(argparse.ArgumentParser, way, wrap(original)(patched))
    parser = SageMakerArgumentParser()
    parser.add_argument("--alpha", type=int)
    assert parser.parse_args(["--alpha", "7"]).alpha == 7
    assert way in called
