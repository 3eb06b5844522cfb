"""Secrets in values: those with the shape of a secret, and those inside other values. Ordinary values are shown."""

import argparse
import json
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smargs.secrets.masking import MASK, Secrets
from smargs.secrets.shapes import SHAPES, find_shapes
from smargs.secrets.texts import escaped, find_named, read_literal, unescaped

LETTERS = "aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3"
WITH_SHAPE = {
    "a URL": ("https://user:{}@host/path", "p4ss:w0rd@"),
    "a URL without a user": ("redis://:{}@host:6379/0", "p4ss"),
    "an access key ID": ("{}", "AKIAIOSFODNN7EXAMPLE"),
    "a temporary access key ID": ("id={};", "ASIAIOSFODNN7EXAMPLE"),
    "Hugging Face": ("{}", f"hf_{LETTERS[:34]}"),
    "GitHub": ("{}", f"ghp_{LETTERS[:36]}"),
    "GitHub, fine-grained": ("git+{}!", f"github_pat_{LETTERS[:22]}_{LETTERS}"),
    "GitLab": ("{}", f"glpat-{LETTERS[:20]}"),
    "OpenAI": ("Bearer {}", f"sk-{LETTERS}T3BlbkFJ"),
    "OpenAI, of a project": ("{}", f"sk-proj-{LETTERS}-{LETTERS}_x"),
    "Anthropic": ("{}", f"sk-ant-api03-{LETTERS}-AA"),
    "Slack": ("{}", f"xoxb-123456789012-{LETTERS[:24]}"),
    "a JSON Web Token": ("{}", f"eyJ{LETTERS}.eyJ{LETTERS}.{LETTERS}-_"),
    "PEM": ("{}", f"-----BEGIN RSA PRIVATE KEY-----\n{LETTERS}\n-----END RSA PRIVATE KEY-----"),
    "PEM on one line": ("{} x", f"-----BEGIN PRIVATE KEY----- {LETTERS} -----END PRIVATE KEY-----"),
    "PEM that is cut": ("{}", f"-----BEGIN OPENSSH PRIVATE KEY-----\n{LETTERS}"),
}
ORDINARY = [
    "https://host/path",
    "https://host:8080/path",
    "https://user@host",
    "s3://bucket/key:1",
    "http://[::1]:80/",
    "arn:aws:iam::123456789012:role/x",
    "hf_model",
    "hf_internal_testing",
    "hf-internal-testing/tiny-bert",
    "ghp",
    "gh_pages",
    "ghp_short",
    "sk-learn",
    "sk-learn-pipeline-version-2024",
    "task-12345678901234567890",
    "risk-abcdefghijklmnopqrstuvwxyz",
    "xoxo-hugs",
    "xoxb",
    "eyJ",
    "eyJhbGciOiJIUzI1NiJ9",
    "AKIA",
    "AKIATEST",
    "MAKIAIOSFODNN7EXAMPLE",
    "bert-base-uncased",
    "0.001",
    "1e-5",
    "true",
    "2024-01-31T10:00:00Z",
    "ml.p4d.24xlarge",
    "550e8400-e29b-41d4-a716-446655440000",
    "d41d8cd98f00b204e9800998ecf8427e",
    "-----BEGIN-CERTIFICATE-----",
    "/opt/ml/input/data/train",
    "a token is a word",
    "a/token:1",
    "/token:1",
    "name=adam,lr=0.1",
    "user:host@example.com",
]


@pytest.mark.parametrize("shape", WITH_SHAPE)
def test_a_value_with_the_shape_of_a_secret_is_masked_under_any_name(shape):
    around, secret = WITH_SHAPE[shape]

    assert Secrets().mask_value("note", around.format(secret)) == around.format(MASK)
    assert Secrets().mask_text(f"invalid int value: {around.format(secret)!r}") == f"invalid int value: {around.format(MASK)!r}"


def test_each_row_of_the_table_has_an_example():
    texts = [around.format(secret) for around, secret in WITH_SHAPE.values()]
    for shape in SHAPES:
        assert any(begin in text for text in texts for begin in shape.begins.replace("PRIVATE", "RSA PRIVATE").split(", ")) or (
            "user:" in shape.begins
        )


@pytest.mark.parametrize("value", ORDINARY)
def test_an_ordinary_value_is_not_masked(value):
    assert list(find_shapes(value)) == []
    assert Secrets().mask_value("note", value) == value
    assert (
        Secrets().mask_text(f"argument --note: invalid int value: {value!r}")
        == f"argument --note: invalid int value: {value!r}"
    )


S = "s3cr3t-value"
NESTED = {
    "an object": ({"a": 1, "token": S}, {"a": 1, "token": MASK}),
    "an object in a list": ([1, {"a": {"api_key": S}}], [1, {"a": {"api_key": MASK}}]),
    "a secret object": ({"login": {"credentials": {"user": "me", "password": S}}}, {"login": {"credentials": MASK}}),
    "JSON": (json.dumps({"a": 1, "token": S, "b": [2]}), '{"a": 1, "token": "******", "b": [2]}'),
    "JSON in JSON": (json.dumps({"a": json.dumps({"token": S, "b": 1})}), r'{"a": "{\"token\": \"******\", \"b\": 1}"}'),
    "a number in JSON": ('{"token": 4711, "epochs": 4711}', '{"token": ******, "epochs": 4711}'),
    "a list in JSON": (
        json.dumps({"tokens": [1], "creds": [S, {"a": "]"}], "b": 1}),
        '{"tokens": [1], "creds": ******, "b": 1}',
    ),
    "JSON that is cut": (f'{{"a": 1, "token": "{S}', '{"a": 1, "token": "******'),
    "brackets that are cut": (f'{{"creds": ["{S}", "b"', '{"creds": ******'),
    "an escaped quote": (json.dumps({"token": f'"{S}"\\', "b": 1}), '{"token": "******", "b": 1}'),
    "Python": (str({"token": S, "b": (1,)}), "{'token': '******', 'b': (1,)}"),
    "a secret object of Python": (f"{{'creds': {{'user': 'me', 'rate': 0.5, 'a': '{S}'}}}}", "{'creds': ******}"),
    "the toolkit's object": (f"name=adam,token={S},lr=0.1", "name=adam,token=******,lr=0.1"),
    "a value with spaces": (f"token=my {S} it is,lr=0.1", "token=******,lr=0.1"),
    "a query": (f"https://host/?token={S}&lr=1", "https://host/?token=******&lr=1"),
    "pairs with spaces": (f"token={S} lr=1", "token=****** lr=1"),
    "in quotes": (f"a='token={S}',b=1", "a='token=******',b=1"),
    "bytes of Python": (f"{{'token': b'{S}', 'b': (1,)}}", "{'token': b'******', 'b': (1,)}"),
    "a raw text of Python": (f"dict(token=rb'{S} x', lr=1)", "dict(token=rb'******', lr=1)"),
    "a block in YAML": (f"a: 1\ntoken: |-\n  {S}\n\n  x\nb: 2", "a: 1\ntoken: ******\nb: 2"),
    "a list of tokens": (f"['--password', '{S}', '--lr', '1']", "['--password', '******', '--lr', '1']"),
    "a command line": (f"train --password {S} --lr 1", "train --password ****** --lr 1"),
    "an option": (f'--opt={{"token": "{S}"}}', '--opt={"token": "******"}'),
    "a list": (["--password", S, "--lr", "1"], ["--password", MASK, "--lr", "1"]),
    "YAML": (f"lr: 1\ntoken: {S}\nb: 2", "lr: 1\ntoken: ******\nb: 2"),
    "a header": (f"Authorization: Bearer {S}", "Authorization: ******"),
    "a tuple in Python": (f"creds=('{S}', [1]),lr=1", "creds=******,lr=1"),
    "lists in a list": (f"{{'creds': [['{S}'], {{'a': 'b'}}], 'lr': 1}}", "{'creds': ******, 'lr': 1}"),
    "an apostrophe": (f'"a"=1,token={S} it\'s,b=1', '"a"=1,token=******,b=1'),
    "inches": (f'"a"=1,token={S} 5" wide,b=1', '"a"=1,token=******,b=1'),
    "a closing bracket": (f"[1],token={S}]x,b=1", "[1],token=******,b=1"),
    "in quotes in brackets": (f'["token={S}",1]', '["token=******",1]'),
    "a name in a tuple": (f"creds=('a, b=c', '{S}'),lr=1", "creds=******,lr=1"),
    "quotes around all": (f"\"token={S}\",b='1'", "\"token=******\",b='1'"),
    "a colon": (f"lr:1 token:{S}", "lr:1 token:******"),
    "a colon in brackets": (f"{{lr:1,token:{S}}}", "{lr:1,token:******}"),
    "a colon at the beginning": (f"token:{S}", "token:******"),
    "a tuple": ((1, f"token={S}"), (1, "token=******")),
}


@pytest.mark.parametrize("place", NESTED)
def test_only_the_secret_in_a_nested_value_is_masked(place):
    value, shown = NESTED[place]

    assert Secrets().mask_value("opt", value) == shown


@pytest.mark.parametrize("place", NESTED)
def test_a_secret_in_a_nested_value_is_masked_in_a_message_that_repeats_it(place):
    value, _ = NESTED[place]
    secrets = Secrets()
    secrets.add("opt", value)

    if place not in (
        "a number in JSON",
        "a value with spaces",
        "a raw text of Python",
        "a block in YAML",
        "an escaped quote",
        "an apostrophe",
        "inches",
        "a closing bracket",
    ):  # The secret has more than this text.
        assert secrets.mask_text(f"it is {S}, {S}") == f"it is {MASK}, {MASK}"
    assert S not in secrets.mask_text(repr(value))
    assert S not in secrets.mask_text(repr(repr(value)))


def test_a_value_without_secrets_is_returned_as_it_is():
    for value in ({"a": [1, {"b": "c"}]}, [1, "a=b"], ("a", 1), {1, 2}, "a", 5, None):
        assert Secrets().mask_value("opt", value) is value


def test_an_absent_secret_is_shown_as_none():
    assert Secrets().mask_value("token", None) is None
    assert Secrets().mask_value("opt", {"token": None}) == {"token": None}


@pytest.mark.parametrize(
    ("secret", "message", "shown"),
    [
        ("adam", "'adam' is not adamw, nor adam", "'******' is not adamw, nor ******"),
        ("adam", "a/adam/b", "a/******/b"),
        ("hunter22", "xhunter22x", "x******x"),
        ("ab", "'ab' of abc, 0.ab/ab, --ab, x-ab: ab.", "'******' of abc, 0.ab/ab, --ab, x-ab: ******."),
        ("5", "expected 5 arguments, 0.5 or '5', x=5", "expected 5 arguments, 0.5 or '******', x=******"),
        ("True", "x=True", "x=True"),
        ("", "''", "''"),
        ("a\nb", r"'a\nb'", "'******'"),
        ("\u00e9\u00e9\u00e9\u00e9", r'"\u00e9\u00e9\u00e9\u00e9"', '"******"'),
        ("abcdefgh", "abcdefghij", "******ij"),
        ('\u00e9\u00e9"\u00e9\u00e9\u00e9', 'a \u00e9\u00e9\\"\u00e9\u00e9\u00e9', "a ******"),
        ("a\\\\b-or-more", r"'a\\\\b-or-more'", "'******'"),
        ("secret", "argument --token expected one argument, or token", "argument --token expected one argument, or token"),
        ("secret", "bad token=other here, x", "bad token=****** here, x"),
        ("abcdefgh\\", r"'abcdefgh\\'", "'******'"),
        ("Bearer other-secret yes", "other-secret yes", "******"),
    ],
)
def test_a_secret_is_masked_as_a_word_and_a_long_one_also_inside_another(secret, message, shown):
    secrets = Secrets()
    secrets.add("token", secret)

    assert secrets.mask_text(message) == shown


def test_a_short_secret_does_not_hide_the_equal_value_of_another_argument():
    secrets = Secrets()
    secrets.add("key", "abc")

    assert secrets.mask_value("name", "abc") == "abc"
    assert secrets.describe("name", "abc") == "'abc'"
    secrets.add("key", "abcd")
    assert secrets.mask_value("name", "abcd") == MASK
    assert secrets.mask_value("key", "abc") == MASK


def test_a_number_is_masked_in_the_spelling_of_its_source():
    secrets = Secrets()
    secrets.add("token", 123456.7, "123456.70")
    secrets.add("opt", "creds=[47110815, 'a']")

    assert secrets.mask_text("123456.70 or 47110815") == "****** or ******"


def test_a_number_is_masked_as_a_text_and_a_boolean_is_not_masked():
    secrets = Secrets()
    secrets.add("credentials", {"pin": 47110815, "rates": (0.125, None), "is_on": True})

    assert secrets.mask_text("47110815 0.125 None True") == "****** ****** None True"


def test_overlapping_secrets_are_masked_as_one():
    secrets = Secrets()
    secrets.add("token", "abcdefgh")
    secrets.add("password", "efghijkl")

    assert secrets.mask_text("<abcdefghijkl>") == "<******>"
    assert secrets.mask_text("<abcdefghefghijkl>") == "<******>"


@pytest.mark.parametrize(
    ("length", "shown"), [(5, "....."), (9, "....."), (12, "....."), (13, ".....******"), (99, ".....******.")]
)
def test_the_start_of_a_message_has_no_part_of_a_secret(length, shown):
    secrets = Secrets()
    secrets.add("token", "abcdefgh")

    assert secrets.mask_start(".....abcdefgh.", length) == shown


def test_the_start_of_a_message_ends_before_a_named_secret_that_is_cut():
    assert Secrets().mask_start("no token=abcdef", 12) == "no token="
    assert Secrets().mask_start("no token=abcdef", 15) == "no token=******"


class Holder:
    def __repr__(self):
        return f"Holder(token='{S}', note='{S}-and-more')"


def test_the_repr_of_an_object_is_masked():
    assert S not in Secrets().describe("opt", argparse.Namespace(token=S))
    secrets = Secrets()
    secrets.add("token", S)
    assert secrets.describe("opt", Holder()) == "Holder(token='******', note='******-and-more')"
    assert secrets.describe("token", 5) == MASK
    action = argparse.ArgumentParser().add_argument("--token")
    assert (secrets.describe(action, 5), secrets.describe(action, None)) == (MASK, "None")
    assert secrets.describe("opt", MappingProxyType({"a": 1})) == "{'a': 1}"
    assert secrets.describe("opt", ["--token x"]) == "['--token ******']"


def test_help_explains_how_a_secret_is_written():
    secrets = Secrets()
    secrets.add("token", "abcd")

    assert secrets.mask_help("write token=VALUE, not abcd") == "write token=VALUE, not ******"


def test_exceptions_that_show_a_secret_are_removed_from_the_chain():
    secrets = Secrets()
    secrets.add("token", S)
    action = argparse.ArgumentParser().add_argument("--token", default=S)
    try:
        try:
            raise ValueError(f"bad {S}")
        except ValueError:
            raise argparse.ArgumentError(action, f"invalid value: {S!r}") from KeyError("fine")
    except argparse.ArgumentError as error:
        secrets.mask_exception(error)
        assert str(error) == "argument --token: invalid value: '******'"
        assert S not in repr(error)
        assert error.__context__ is None
        assert isinstance(error.__cause__, KeyError)


def test_a_secret_deep_in_a_chain_removes_the_exceptions_that_lead_to_it():
    secrets = Secrets()
    secrets.add("token", S)
    error = argparse.ArgumentError(None, f"token={S}")
    for link in ("__cause__", "__context__"):
        outer = ValueError("fine")
        setattr(outer, link, KeyError(S))
        error.__context__ = outer
        secrets.mask_exception(error)
        assert error.__context__ is None
    assert error.message == "token=******"
    error = argparse.ArgumentError(None, "token=undeclared")
    secrets.mask_exception(error)
    assert error.args == (None, "token=******")
    error = SystemExit(2)
    error.__context__ = argparse.ArgumentError(None, S)
    secrets.mask_exception(error)
    assert str(error.__context__) == MASK


def test_an_error_without_a_secret_keeps_its_chain_and_its_argument():
    action = argparse.ArgumentParser().add_argument("--lr")
    error = argparse.ArgumentError(action, "invalid value: 'x'")
    error.__context__ = ValueError("x")
    error.__context__.__context__ = KeyError("y")
    Secrets().mask_exception(error)

    assert error.args == (action, "invalid value: 'x'")
    assert isinstance(error.__context__, ValueError)


def test_a_value_that_is_broken_or_nested_too_deeply_is_read_as_a_text():
    assert read_literal("[" * 100 + "]" * 100) is None
    assert read_literal("[1, ") is None
    assert read_literal(r"['\q']") is None
    assert read_literal("('a', {'b': 1})") == ("a", {"b": 1})
    assert escaped(r"a\b") == [r"a\b", r"a\\b", r"a\\\\b"]
    assert unescaped(r"\q\u12") == {r"\q\u12"}
    assert unescaped(r"a\"b") == {r"a\"b", 'a"b'}


@pytest.mark.parametrize("is_message", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "token=" + " " * 10**5,
        "\\" * 10**5,
        "'" * 10**5,
        "token:" * 10**4,
        "token=[" + "{'" * 10**4,
        "-----BEGIN PRIVATE KEY-----'" * 5000,
        "-eyJ-" * 20000,
        "sk-" * 50000,
        "https://a:" * 10000,
        "a" * 10**6,
        "--token " * 10**4,
        "token=a&" * 50000,
        "a:" * 50000,
        "token:a," * 50000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_a_long_text_is_read_in_linear_time(text, is_message):
    """It takes minutes if the time grows with the square of the length."""
    list(find_named(text, lambda name: "token" in name, is_message=is_message))
    list(find_shapes(text))


@pytest.mark.slow
@pytest.mark.parametrize("text", ["--token x " * 10**5, "x" * 10**6], ids=["many secrets", "a long secret"])
def test_a_long_text_is_masked_in_linear_time(text):
    secrets = Secrets()
    secrets.add("token", text)

    assert set(str(secrets.mask_value("opt", text)).split()) <= {"--token", MASK}
    assert secrets.mask_text(text) == MASK


@given(st.text(alphabet="""token=:,;&"'\\{}[]()- \n1-_"""), st.booleans())
def test_the_spans_of_secrets_in_any_text_are_in_order_and_do_not_overlap(text, is_message):
    spans = list(find_named(text, lambda name: "token" in name, is_message=is_message))

    assert all(0 <= start < stop <= len(text) for start, stop in spans)
    assert all(first[1] <= second[0] for first, second in zip(spans, spans[1:]))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="abc \"'\\,=:{}[]\n\u00e9"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "lr", "name"]), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES, st.sampled_from([json.dumps, repr, lambda value: json.dumps(json.dumps(value))]))
def test_a_value_without_secrets_is_shown_as_it_is_in_any_spelling(value, spell):
    text = spell(value)

    assert Secrets().mask_value("opt", text) == text
    assert Secrets().mask_value("opt", value) == value


@given(JSON_VALUES, JSON_VALUES, st.sampled_from([json.dumps, repr, lambda value: json.dumps(json.dumps(value))]))
def test_a_marked_secret_is_masked_in_any_spelling_and_depth(before, after, spell):
    text = spell([before, {"a": before, "api_key": "QQ'\"\\ZZZ\\", "lr": after}, after])

    assert not set("QZ") & set(str(Secrets().mask_value("opt", text)))
