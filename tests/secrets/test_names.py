"""Which names are names of secrets: by their words, by a declaration, and by a list of the user's own."""

import argparse
import contextlib
import io

import pytest

from smargs import SageMakerArgumentParser, SageMakerParserMixin
from smargs.secrets.names import DESCRIBING, ENDINGS, RULES, Names, is_secret_name

SECRET = """
    token secret password passwd pwd passphrase key credential credentials creds auth authorization bearer cookie dsn private
    api_key api-key api.key apiKey APIKey API_KEY apikey access_key private_key secret_key ssh_key encryption_key key_1
    hf_token HFToken github-token token2 access_tokens auth-token session_token conn_str connection_string connectionString
    db_password dbPassword dbpassword PGPASSWORD PassWord user_pass pass my_secret aws_secret_access_key aws_access_key_id
    ключ_token SM_HP_KEY SM_HP_API_KEY wandb_key oauth2_token private_id id_token
"""
NO_SECRET = """
    tokenizer tokenizer_name max_tokens num_tokens max_new_tokens tokens eos_token pad_token_id token_type_ids num_token
    key_value_heads num_key_value_heads keyword keywords monkey hockey foreign_key primary_key sort_key partition_key s3_key
    keys keypoints turkey keyboard author authors auth_type secretary secret_arn secret_name token_file password_length
    hub_private_repo bypass first_pass passes passport compass optimizer lr epochs model_dir string connection pwdx _ 7
    EOSToken db_password_file
"""


@pytest.fixture(autouse=True)
def _forget():
    is_secret_name.cache_clear()


@pytest.mark.parametrize("name", SECRET.split())
def test_a_name_with_the_word_of_a_secret_is_secret(name):
    assert is_secret_name(name)


@pytest.mark.parametrize("name", NO_SECRET.split())
def test_a_name_with_the_letters_but_not_the_word_of_a_secret_is_not_secret(name):
    assert not is_secret_name(name)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.words.split()[0])
def test_each_row_of_the_table_says_when_a_word_is_secret(rule):
    for word in rule.words.split():
        assert is_secret_name(word) is rule.alone
        for neighbour in (rule.beside or "").split():
            assert is_secret_name(f"{neighbour}_{word}")
            assert is_secret_name(f"{word}-{neighbour}")
        for neighbour in rule.unless.split():
            assert not is_secret_name(f"{neighbour}_{word}")
        assert is_secret_name(f"zeta_{word}") is (rule.beside is None)


def test_a_word_with_a_secret_ending_is_secret_unless_a_describing_word_follows():
    assert all(is_secret_name(f"zeta{ending}") for ending in ENDINGS)
    assert not any(is_secret_name(f"password_{last}") for last in DESCRIBING.split())


def test_a_listed_name_matches_whole_words_only():
    names = Names({"SMARGS_SECRET_NAMES": "XRAY"})

    assert names.is_secret("xray")
    assert not names.is_secret("ray")


def test_names_in_smargs_secret_names_decide_before_the_table():
    names = Names({"SMARGS_SECRET_NAMES": "tenant-pin, x7 !sort_token !hub_key"})

    assert [name for name in ("tenant_pin", "OLD-TENANT-PIN", "tenantPin", "x7", "token") if not names.is_secret(name)] == []
    assert [name for name in ("tenant", "pin", "tenant_pins", "x", "sort_token", "my_hub_key") if names.is_secret(name)] == []


@pytest.mark.parametrize(
    "listed", ["tenant-pin", "--tenant-pin", "tenantPin", "tenant.pin", "a;tenant_pin|b", "!a\n TENANT_PIN"]
)
def test_a_listed_name_may_have_any_spelling_and_separator(listed):
    names = Names({"SMARGS_SECRET_NAMES": listed})

    assert [name for name in ("tenant_pin", "tenantPin", "old.tenant.pin", "TENANTPin2") if not names.is_secret(name)] == []
    assert [name for name in ("tenant", "pin", "lr") if names.is_secret(name)] == []


def in_parser(parser, **settings):
    parser.add_argument("--pin", **settings)


def in_group(parser, **settings):
    parser.add_argument_group("pins").add_argument("--pin", **settings)


def in_exclusive_group(parser, **settings):
    parser.add_mutually_exclusive_group().add_argument("--pin", **settings)


def in_group_of_a_group(parser, **settings):
    parser.add_argument_group("pins").add_mutually_exclusive_group().add_argument("--pin", **settings)


def in_parent(parser, **settings):
    parent = SageMakerArgumentParser(add_help=False)
    parent.add_argument("--pin", **settings)
    for action in parent._actions:
        parser._add_action(action)


PLACES = [in_parser, in_group, in_exclusive_group, in_group_of_a_group, in_parent]


def shown_by(parser, argv, environ):
    """The error of a parse that fails, and the printed values of one that does not."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.suppress(SystemExit):
        parser.parse_args([*argv, "--unknown"], env_vars=environ)
    parser.parse_known_args(argv, env_vars=environ)
    return errors.getvalue(), parser.format_values()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("base", [SageMakerArgumentParser, "mixin"])
def test_an_argument_declares_that_its_value_is_secret(place, base):
    class Mixed(SageMakerParserMixin, argparse.ArgumentParser):
        pass

    parser = (Mixed if base == "mixin" else base)(prog="train.py")
    place(parser, type=int, secret=True)
    with contextlib.redirect_stderr(io.StringIO()) as errors, pytest.raises(SystemExit):
        parser.parse_args(["--pin", "4711-0815"])
    assert errors.getvalue().endswith("argument --pin: invalid int value: '******'\n")


@pytest.mark.parametrize("place", PLACES)
def test_an_argument_declares_that_its_value_is_not_secret(place):
    parser = SageMakerArgumentParser(prog="train.py")
    place(parser, dest="password", type=int, secret=False)
    with contextlib.redirect_stderr(io.StringIO()) as errors, pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"SM_HP_PIN": "4711-0815"})
    assert "invalid int value: '4711-0815' (from SM_HP_PIN)" in errors.getvalue()


def test_an_argument_of_a_subcommand_declares_that_its_value_is_secret():
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_subparsers().add_parser("fit").add_argument("--pin", secret=True)
    error, values = shown_by(parser, ["fit", "--pin", "4711-0815"], {})

    assert "4711" not in error + values
    assert "fit --pin ******" in values


def test_the_names_of_declared_arguments_decide_for_them():
    parser = SageMakerArgumentParser(prefix_chars="-+")
    parser.add_argument("-x", "--log-in", dest="entry", env_var="DB_PASSWORD")
    parser.add_argument("+n", "--note", secret=True)
    parser.add_argument("--sort-token", secret=False)
    parser.add_subparsers().add_parser("fit").add_argument("--sort_token2", dest="sort_token", secret=False)
    names = Names({}, [parser])

    assert all(map(names.is_secret, ["x", "log_in", "LOG-IN", "entry", "db_password", "n", "note", "token"]))
    assert not any(map(names.is_secret, ["sort_token", "sort-token", "sort_token2", "fit", "help", ""]))
    assert names.is_secret_key("sort_token")
    assert not names.is_secret_key("entry")


def test_if_one_of_two_arguments_with_the_same_name_is_secret_the_name_is_secret():
    parser = SageMakerArgumentParser()
    parser.add_argument("--pin", dest="value", secret=True)
    parser.add_argument("--other", dest="value", secret=False)

    assert Names({}, [parser]).is_secret("value")
    assert not Names({}, [parser]).is_secret("other")


@pytest.mark.parametrize("route", ["typed", "hyperparameter", "variable", "config file"])
def test_every_name_of_a_secret_argument_is_secret_on_every_route(route):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.exit_on_error = False  # A setting since Python 3.9.
    parser.add_argument("-x", "--pin", env_var="MINE", secret=True, type=int)
    environ = {"hyperparameter": {"SM_HP_X": "4711-0815"}, "variable": {"MINE": "4711-0815"}}.get(route, {})
    config = "pin = 4711-0815" if route == "config file" else None
    with contextlib.redirect_stderr(io.StringIO()) as errors, pytest.raises((SystemExit, argparse.ArgumentError)) as raised:
        parser.parse_args(["-x", "4711-0815"] if route == "typed" else [], env_vars=environ, config_file_contents=config)

    assert "4711" not in errors.getvalue() + str(raised.value) + repr(raised.value)
    assert "******" in errors.getvalue() + str(raised.value)


def test_the_value_of_an_argument_that_is_not_secret_is_shown_everywhere():
    parser = SageMakerArgumentParser(prog="train.py")
    for name in ("tokenizer", "max-tokens", "num-key-value-heads", "keyword", "monkey"):
        parser.add_argument(f"--{name}", default="bert-base-cased")
    parser.add_argument("--model", choices=["a"])
    argv = ["--tokenizer", "bert-base", "--max-tokens=512", "--keyword", "cat", "--model", "bert-base-cased"]
    with contextlib.redirect_stderr(io.StringIO()) as errors, pytest.raises(SystemExit):
        parser.parse_args(argv, env_vars={})

    assert "invalid choice: 'bert-base-cased'" in errors.getvalue()
    parser.parse_args(argv[:-2], env_vars={})
    assert "******" not in parser.format_values() + parser.format_help()
