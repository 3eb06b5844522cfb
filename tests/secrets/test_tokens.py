"""Secrets that are typed: any position, abbreviated, attached, mistaken; the tokens around them are shown."""

import argparse
import contextlib
import io

import pytest

from smargs import SageMakerArgumentParser
from smargs.secrets.masking import MASK, Secrets
from smargs.secrets.names import Names

S = "s3cr3t-value"


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [
        (["--token", "-abc"], ["--token", MASK]),
        (["--token", "x", "in.txt"], ["--token", MASK, "in.txt"]),
        (["--token", "--lr", "1"], ["--token", "--lr", "1"]),
        (["--token", "--", "x"], ["--token", "--", "x"]),
        (["--token"], ["--token"]),
        (["--token", "", "x"], ["--token", MASK, "x"]),
        (["--token", "--l-r", "x"], ["--token", "--l-r", "x"]),
        (["--token=", "x"], ["--token=", "x"]),
        (["--token=a=b", "x"], [f"--token={MASK}", "x"]),
        (["-token", "x"], ["-token", MASK]),
        (["--passw", "x", "--db-secre=x", "--toke", "x"], ["--passw", MASK, f"--db-secre={MASK}", "--toke", MASK]),
        (["--pasword", "x", "--db-passwrod=x", "--tokn", "x"], ["--pasword", MASK, f"--db-passwrod={MASK}", "--tokn", MASK]),
        (["--max-token", "5", "--tokens=5", "--tokenize", "x"], ["--max-token", "5", "--tokens=5", "--tokenize", "x"]),
        (["--first-pass", "x", "--to", "x", "--author", "x"], ["--first-pass", "x", "--to", "x", "--author", "x"]),
        (["", "-", "--", "x"], ["", "-", "--", "x"]),
        (["--max-tokens", "512", "--tokenizer=bert"], ["--max-tokens", "512", "--tokenizer=bert"]),
        (["--opt=token=S,lr=1", "token=S"], [f"--opt=token={MASK},lr=1", f"token={MASK}"]),
    ],
)
def test_without_a_parser_an_option_takes_one_token(tokens, shown):
    assert Secrets().mask_tokens(tokens) == shown


def declare(parser):
    parser.add_argument("-p", "--password")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("-u", "--use-auth", action="store_true")
    parser.add_argument("--creds", nargs="+")
    parser.add_argument("--two-keys", nargs=2, secret=True)
    parser.add_argument("--maybe-key", nargs="?", secret=True)
    parser.add_argument("--paste")
    parser.add_argument("-secret-store")
    parser.add_argument("--with_score", secret=True)
    parser.add_argument("--score_pair", secret=True, nargs=2)
    parser.add_argument("-in_mem")
    parser.add_argument("--entry-fee")
    parser.add_argument("-e", dest="entry", secret=True)
    parser.add_argument("--in_memory", dest="token", secret=False)
    parser.add_argument("-q", "--quiet", action="count")
    return parser


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [
        (["-p", "S", "in.txt"], ["-p", MASK, "in.txt"]),
        (["-pS", "in.txt"], [f"-p{MASK}", "in.txt"]),
        (["-p=S", "in.txt"], [f"-p={MASK}", "in.txt"]),
        (["-vqpS", "in.txt"], [f"-vqp{MASK}", "in.txt"]),
        (["-vp", "S", "in.txt"], ["-vp", MASK, "in.txt"]),
        (["-vx", "in.txt"], ["-vx", "in.txt"]),
        (["--pass", "S", "in.txt"], ["--pass", MASK, "in.txt"]),
        (["--passwo=S", "in.txt"], [f"--passwo={MASK}", "in.txt"]),
        (["--pas", "S", "in.txt"], ["--pas", MASK, "in.txt"]),
        (["--paste", "S", "in.txt"], ["--paste", "S", "in.txt"]),
        (["--pasword", "S", "in.txt"], ["--pasword", MASK, "in.txt"]),
        (["--use-auth", "in.txt"], ["--use-auth", "in.txt"]),
        (["-vu", "in.txt"], ["-vu", "in.txt"]),
        (["--use_auth=S", "in.txt"], [f"--use_auth={MASK}", "in.txt"]),
        (["--creds", "a", "b", "-v", "in.txt"], ["--creds", MASK, MASK, "-v", "in.txt"]),
        (["--two-keys", "a", "b", "in.txt"], ["--two-keys", MASK, MASK, "in.txt"]),
        (["--two_keys", "a", "b", "in.txt"], ["--two_keys", MASK, MASK, "in.txt"]),
        (["--two_keys", "a", "-p", "S"], ["--two_keys", MASK, "-p", MASK]),
        (["--creds", "a", "-v=x", "b", "in.txt"], ["--creds", MASK, "-v=x", "b", "in.txt"]),
        (["--c", "a", "b", "-v", "in.txt"], ["--c", MASK, MASK, "-v", "in.txt"]),
        (["--creds", "a", "-in_mem", "b"], ["--creds", MASK, "-in_mem", "b"]),
        (["--entry", "S", "in.txt"], ["--entry", MASK, "in.txt"]),
        (["--p", "S", "in.txt"], ["--p", MASK, "in.txt"]),
        (["--score-pair", "a", "b", "in.txt"], ["--score-pair", MASK, MASK, "in.txt"]),
        (["-sec", "S", "in.txt"], ["-sec", MASK, "in.txt"]),
        (["--with-score", "S", "--with_score=S", "in.txt"], ["--with-score", MASK, f"--with_score={MASK}", "in.txt"]),
        (["--in-memory", "S", "in.txt"], ["--in-memory", "S", "in.txt"]),
        (["--maybe-key", "-v", "in.txt"], ["--maybe-key", "-v", "in.txt"]),
    ],
)
def test_the_parser_knows_how_many_tokens_an_option_takes(tokens, shown):
    parser = declare(SageMakerArgumentParser())
    parser.add_argument("file", nargs="?")

    assert Secrets(Names({}, [parser]), [parser]).mask_tokens(tokens) == shown


def test_without_positionals_the_token_after_a_secret_flag_is_masked():
    parser = declare(SageMakerArgumentParser())

    assert Secrets(Names({}, [parser]), [parser]).mask_tokens(["-vu", "S", "T", "-v", "x"]) == ["-vu", MASK, "T", "-v", "x"]


def test_a_token_that_begins_with_a_letter_is_not_an_option():
    parser = SageMakerArgumentParser()
    parser.add_subparsers().add_parser("fit")

    assert Secrets().mask_tokens(["Xtoken", "x"]) == ["Xtoken", "x"]
    assert Secrets(Names({}, [parser]), [parser]).mask_tokens(["fit", "Xtoken", "x"]) == ["fit", "Xtoken", "x"]


def test_tokens_with_other_prefix_characters_are_options():
    parser = SageMakerArgumentParser(prefix_chars="+", add_help=False)
    parser.add_argument("+p", "++password")

    assert Secrets(Names({}, [parser]), [parser]).mask_tokens(["+pS", "++pass", "S", "-x"]) == [
        f"+p{MASK}",
        "++pass",
        MASK,
        "-x",
    ]


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [
        (["a", "--key", "e"], "a --key ****** e five"),
        (["a", "--key=5"], "a --key=****** 5 five"),
        (["a", "-pe"], "a -p****** e five"),
    ],
)
def test_a_secret_of_one_character_is_masked_after_its_option(tokens, shown):
    parser = declare(SageMakerArgumentParser())
    secrets = Secrets(Names({}, [parser]), [parser])
    secrets.add_tokens(tokens)

    assert secrets.mask_text(f"{' '.join(tokens)} {tokens[-1][-1]} five") == shown


def test_a_secret_in_the_first_token_is_collected():
    secrets = Secrets()
    secrets.add_tokens(["token=S3CR3TS3", "x"])

    assert secrets.mask_text("S3CR3TS3 x") == "****** x"


MISTAKES = {
    "a short option": ["-p", S, "--unknown"],
    "an attached value": [f"-p{S}", "--unknown"],
    "behind flags": [f"-vp{S}", "--unknown"],
    "with =": [f"--password={S}", "--unknown"],
    "an abbreviation": ["--passw", S, "--unknown"],
    "an ambiguous option": [f"--pas={S}"],
    "an ambiguous option without =": ["--pas", S],
    "a flag with a value": [f"--use-auth={S}"],
    "another spelling": ["--use_auth", "--maybe_key", S, "--unknown"],
    "a typing error": ["--pasword", S],
    "too few values": ["--two-keys", S],
    "a positional": ["first", S],
    "behind --": ["--", "first", S],
    "an unknown option behind --": ["--", "first", "5", "--api-key", S],
    "an unknown option": ["first", "5", "--api-key", S],
    "an unknown option's object": ["first", "5", f'--other={{"token": "{S}"}}'],
    "a wrong choice": ["--mode", f"token={S}"],
    "a wrong object": ["--opt", f"{{'token': '{S}'"],
    "a wrong object of the toolkit": ["--number", f"name=adam,token={S},lr=1"],
    "a URL": ["--number", f"https://me:{S}@host"],
    "a wrong secret": ["--number-key", S],
    "an unknown positional": ["first", "5", f"api_key={S}"],
}


@pytest.mark.parametrize("exits", [True, False], ids=["exits", "raises"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_typed_secret_is_in_no_error(mistake, exits):
    parser = declare(SageMakerArgumentParser(prog="train.py"))
    parser.exit_on_error = exits
    parser.add_argument("--mode", choices=["a", "b"])
    parser.add_argument("--opt", type=dict)
    parser.add_argument("--number", type=int)
    parser.add_argument("--number-key", type=int, secret=True)
    parser.add_argument("first", nargs="?")
    parser.add_argument("private_key", nargs="?", type=int)
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), pytest.raises((SystemExit, argparse.ArgumentError)) as raised:
        parser.parse_args(MISTAKES[mistake], env_vars={})

    shown = errors.getvalue() + repr(raised.value) + str(raised.value)
    assert S not in shown
    for linked in chain(raised.value):
        assert S not in str(linked) + repr(linked)


def chain(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
