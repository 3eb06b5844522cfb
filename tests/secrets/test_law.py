"""The law: in random parsers, jobs and mistakes with a secret in any place, no way out shows it or hides another value."""

import argparse
import contextlib
import io
import json
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import strategies as st
from profiles import settings

from smargs import SageMakerArgumentParser, SageMakerEnvironment
from smargs.cli import environment as inventory
from smargs.local.hyperparameters import make_hyperparameter
from smargs.local.job import TrainingJob
from smargs.local.results import FailedProcess, failure_reason
from smargs.testing import SageMakerJob, assert_parses_like_argparse

NAMES = ["token", "api_key", "db-password", "pwd", "auth", "cookie", "dsn", "connStr", "client_secret", "passphrase", "creds"]
MARKS = ["qzxW7vQ", "QZXW-qzxw-QZXW", "qzx'W7\"v\\Q", "qzx W7 vQz", "-qzxW7vQ", "q\u00dfzx\tW7", "9876543219876", "qzxW=7v,Q"]
ORDINARY = {"tokenizer": "bert-base-cased", "max_tokens": "512", "keyword": "monkey", "sort_key": "name"}
"""Names that only look secret, with values that every way out must show."""


def refuse(text):
    raise argparse.ArgumentTypeError(f"{text} is refused")


def crash(text):
    raise RuntimeError(f"no {text}")


DECLARATIONS: Dict[str, Dict[str, Any]] = {
    "text": {},
    "int": {"type": int},
    "choices": {"choices": ["a", "b"]},
    "dict": {"type": dict},
    "list": {"type": list},
    "nargs": {"nargs": 2},
    "nargs +": {"nargs": "+", "type": int},
    "append": {"action": "append"},
    "flag": {"action": "store_true"},
    "count": {"action": "count"},
    "inferred": {"default": 5},
    "refusing": {"type": refuse},
    "crashing": {"type": crash},
    "default": {"default": ["x"]},
}

# Where a secret is inside of a value that has another name.
NESTED: Dict[str, Callable[[str, str], object]] = {
    "object": lambda name, secret: {"lr": 1, name: secret},
    "secret object": lambda name, secret: {"inner": [{name: {"user": secret}}]},
    "JSON": lambda name, secret: json.dumps({name: secret, "lr": 1}),
    "JSON in JSON": lambda name, secret: json.dumps({"inner": json.dumps({name: secret})}),
    "Python": lambda name, secret: str({name: secret, "lr": (1,)}),
    "list": lambda name, secret: ["--lr", "1", f"--{name}", secret],
    "Python list": lambda name, secret: str([f"--{name}", secret]),
    "option": lambda name, secret: f"--opt={json.dumps({name: secret})}",
    "URL": lambda name, secret: "https://user:qzxW7vQ@host/path",
}


class Case(NamedTuple):
    """A parser, and a parse of it that has a secret."""

    parser: SageMakerArgumentParser
    argv: List[str]
    environ: Dict[str, str]
    config: str
    secret: str
    hyperparameters: Dict[str, object]
    is_abbreviated: bool


@st.composite
def named_values(draw) -> Tuple[str, object, str]:
    """A name, its value, and the text of the secret in it."""
    name, secret = draw(st.sampled_from(NAMES)), draw(st.sampled_from(MARKS))
    if draw(st.booleans()):
        return name, secret, secret
    place = draw(st.sampled_from(list(NESTED)))
    event(place)
    return "opt", NESTED[place](name, secret), "qzxW7vQ" if place == "URL" else secret


def spelled(draw, name: str, value: object, is_declared: bool) -> List[str]:
    """The tokens of a value, as a person may type them."""
    text = value if isinstance(value, str) else json.dumps(value)
    option = f"--{name}"
    ways = [[f"{option}={text}"], [option, text]]
    if is_declared and len(name) > 3:
        ways += [[f"{option[:-1]}={text}"], [option[:-1], text], [f"{option.replace('_', '-')}={text}"]]
    return draw(st.sampled_from(ways))


@st.composite
def cases(draw) -> Case:
    name, value, secret = draw(named_values())
    kind = draw(st.sampled_from(["undeclared", *DECLARATIONS]))
    route = draw(st.sampled_from(["typed", "behind --", "toolkit", "sdk", "variable", "config file"]))
    event(route)
    parser = SageMakerArgumentParser(prog="train.py", add_env_var_help=draw(st.booleans()))
    parser.exit_on_error = draw(st.booleans()) or sys.version_info < (3, 9)
    target = parser.add_argument_group("group") if draw(st.booleans()) else parser
    if kind != "undeclared":
        variable = {"env_var": "MINE"} if route == "variable" else {}
        target.add_argument(f"--{name}", **DECLARATIONS[kind], **variable)
    for ordinary in ORDINARY:
        parser.add_argument(f"--{ordinary}")
    text = value if isinstance(value, str) else json.dumps(value)
    argv = [token for ordinary, shown in ORDINARY.items() for token in (f"--{ordinary}", shown)]
    if route == "typed":
        argv += spelled(draw, name, value, kind != "undeclared")
    if route == "behind --":
        argv += ["--", *spelled(draw, name, value, kind != "undeclared")]
    argv += draw(st.sampled_from([[], ["--another", "x"]]))
    environ = {"MINE": text} if route == "variable" else {}
    sent = {name: value} if route in ("toolkit", "sdk") else {}
    if sent and not (route == "sdk" and set("'\t") & set(text)):
        job = SageMakerJob(sent, platform=route, plain=draw(st.booleans()))
        environ, argv = job.environ, [*job.argv, *argv]
    elif sent:
        environ = {"SM_HPS": json.dumps(sent)}
    config = f"{name} = {text}\n" if route == "config file" else ""
    is_abbreviated = any(token.partition("=")[0] == f"--{name[:-1]}" for token in argv)
    return Case(parser, argv, environ, config, secret, sent, is_abbreviated)


def forms(secret: str) -> List[str]:
    """The texts that no way out may show: a secret, and its spellings."""
    return [secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]


def texts_of(error: BaseException) -> str:
    shown = "".join(traceback.format_exception(type(error), error, None))
    while error is not None:
        shown += f"{error} {error!r}"
        error = error.__cause__ or error.__context__
    return shown


def shown_by_parse(case: Case, method: str) -> str:
    """Everything that a parse prints, warns of and raises, and the printed values of the parser."""
    out = io.StringIO()
    raised = ""
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            getattr(case.parser, method)(case.argv, env_vars=case.environ, config_file_contents=case.config or None)
            case.parser.print_values()
        except (SystemExit, argparse.ArgumentError) as error:
            raised = texts_of(error)
        except RuntimeError:
            pass  # Off SageMaker, argparse lets the exceptions of a script's own type pass.
    return out.getvalue() + raised + "".join(str(warning.message) for warning in warned)


def shown_of_job(case: Case, monkeypatch: pytest.MonkeyPatch, directory: Path) -> str:
    """The help, the tables and the repr of a job, and its failure reason."""
    out = io.StringIO()
    with monkeypatch.context() as patched:
        for name, text in case.environ.items():
            patched.setenv(name, text)
        shown = case.parser.format_help() + case.parser.format_usage()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        inventory.show(case.environ, as_json=True)
        inventory.show(case.environ, as_json=False)
    sent = {name: make_hyperparameter(name, value) for name, value in case.hyperparameters.items()}
    # No parser knows the options here, so their abbreviations are unknown.
    typed = [] if case.is_abbreviated else case.argv
    job = TrainingJob("a-job", Path("train.py"), sent, {}, typed=tuple(typed))
    (directory / "failure").unlink(missing_ok=True)
    process = FailedProcess(["python", "train.py", *typed], 1, "")
    shown += failure_reason(job, directory / "failure", process) + (directory / "failure").read_text(encoding="utf-8")
    environment = SageMakerEnvironment.load(case.environ)
    return shown + out.getvalue() + repr(environment) + str(environment) + repr(SageMakerJob(case.hyperparameters, typed=typed))


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(case=cases(), method=st.sampled_from(["parse_args", "parse_known_args"]))
def test_no_way_out_shows_a_secret(monkeypatch, tmp_path, case, method):
    for way, shown in (
        (method, shown_by_parse(case, method)),
        ("the job", shown_of_job(case, monkeypatch, tmp_path)),
    ):
        assert [form for form in forms(case.secret) if form in shown] == [], (way, shown)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases())
def test_no_config_file_that_is_written_has_a_secret(tmp_path, case):
    path = tmp_path / "written.ini"
    path.unlink(missing_ok=True)
    case.parser.add_argument("--write", is_write_out_config_file_arg=True)
    argv = ["--write", str(path), *case.argv]
    shown = shown_by_parse(case._replace(argv=argv), "parse_known_args")
    event("written" if path.exists() else "refused")
    shown += path.read_text(encoding="utf-8") if path.exists() else ""

    assert [form for form in forms(case.secret) if form in shown] == [], shown
    # Not `tokenizer`: argparse takes `--token` for it if no argument declares `--token`.
    assert not path.exists() or "max_tokens = 512" in shown


@settings(deadline=None, max_examples=100)
@given(case=cases())
def test_every_way_out_shows_ordinary_values(case):
    parser = case.parser
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            parser.parse_known_args(case.argv, env_vars=case.environ, config_file_contents=case.config or None)
        except (SystemExit, argparse.ArgumentError, RuntimeError):
            return
    values = parser.format_values()
    assert [f"--{name} {value}" for name, value in ORDINARY.items() if f"--{name} {value}" not in values] == []


@settings(deadline=None, max_examples=50)
@given(named=named_values(), kind=st.sampled_from([kind for kind in DECLARATIONS if kind != "crashing"]))
def test_no_table_of_differences_shows_a_secret(named, kind):
    name, value, secret = named
    text = value if isinstance(value, str) else json.dumps(value)

    def make(parser_class):
        parser = parser_class(prog="train.py")
        if parser_class is SageMakerArgumentParser or kind != "text":
            parser.add_argument(f"--{name}", **DECLARATIONS[kind])
        return parser

    try:
        assert_parses_like_argparse(make, [f"--{name}={text}", "--another"])
    except AssertionError as error:
        assert [form for form in forms(secret) if form in str(error)] == []
