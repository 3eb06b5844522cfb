"""Every way in which a value can be shown: none shows a secret, and each names what it omits."""

import argparse
import contextlib
import io
import json
import os
import pickle
import sys
import traceback
import warnings

import pytest
from hypothesis import given
from paths import ROOT

from smargs import SageMakerArgumentParser, SageMakerEnvironment, SageMakerParserMixin
from smargs.cli import main as cli
from smargs.local.directory import JobDirectory
from smargs.local.job import SDK, TOOLKIT, Hyperparameter, TrainingJob
from smargs.local.mark import read_ending
from smargs.local.results import FailedProcess, failure_reason
from smargs.testing import BadJobError, SageMakerJob, assert_same_on_every_platform, jobs

S = "s3cr3t-value"
JOB = {"SM_HPS": json.dumps({"api_key": S, "opt": {"token": S, "lr": 1}})}


def errors_of(parser, argv=(), **settings):
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.suppress(SystemExit):
        parser.parse_args(list(argv), **settings)
    return errors.getvalue()


RECEIVED = []


@pytest.fixture(autouse=True)
def _forget():
    RECEIVED.clear()


class Recording(SageMakerArgumentParser):
    def error(self, message):
        RECEIVED.append(message)
        super().error(message)


class ErrorFirst:
    def error(self, message, more="nothing"):
        RECEIVED.append(message)
        assert more == "nothing"
        self.exit(2)


class Joined(ErrorFirst, SageMakerParserMixin, argparse.ArgumentParser):
    pass


class Deeper(Recording):
    pass


@pytest.mark.parametrize("parser_class", [Recording, Joined, Deeper])
@pytest.mark.parametrize("environ", [{}, {"SM_NUM_GPUS": "0"}], ids=["off SageMaker", "in a job"])
@pytest.mark.parametrize("argv", [["--token", S], ["--token=x", f"--api-key={S}"], ["--tok", S, "--unknown"]])
def test_a_subclass_receives_its_errors_without_secrets(monkeypatch, parser_class, environ, argv):
    monkeypatch.delenv("SM_NUM_GPUS", raising=False)
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    parser = parser_class(prog="train.py")
    parser.add_argument("--token", choices=["x", "y"])
    shown = errors_of(parser, argv)

    assert S not in shown + str(RECEIVED)
    assert "******" in RECEIVED[-1]


class Raising(SageMakerParserMixin, argparse.ArgumentParser):
    def error(self, message):
        raise LookupError(message)


class Naming(SageMakerParserMixin, argparse.ArgumentParser):
    def error(self, message):
        raise LookupError(message) from sys.exc_info()[1]


class Leaving(SageMakerParserMixin, argparse.ArgumentParser):
    def exit(self, status=0, message=None):
        raise LookupError(message)


def crash(text):
    raise KeyError(text)


class Refuse(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        parser.error(f"no {values}")


@pytest.mark.parametrize("parser_class", [Raising, Naming, Leaving])
@pytest.mark.parametrize("declaration", [{"type": int}, {"type": int, "default": S}, {"type": crash}, {"action": Refuse}])
@pytest.mark.parametrize("is_sent", [False, True], ids=["typed", "in a job"])
def test_the_exception_that_a_subclass_raises_for_an_error_has_no_secret_in_its_chain(
    monkeypatch, parser_class, declaration, is_sent
):
    if is_sent:
        monkeypatch.setenv("SM_HP_PASSWORD", S)
    elif declaration.get("type") is crash:
        pytest.skip("off SageMaker, argparse lets the exceptions of a script's own type pass")
    parser = parser_class(prog="train.py")
    parser.add_argument("--password", **declaration)
    with contextlib.redirect_stderr(io.StringIO()), pytest.raises(LookupError) as raised:
        parser.parse_args([] if is_sent or "default" in declaration else ["--password", S])
    printed = "".join(traceback.format_exception(type(raised.value), raised.value, raised.value.__traceback__))

    assert S not in printed
    assert "******" in printed


@pytest.mark.parametrize("environ", [{}, JOB], ids=["off SageMaker", "in a job"])
def test_an_error_of_the_script_itself_is_masked_after_a_parse(monkeypatch, capsys, environ):
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--api-key")
    args, _ = parser.parse_known_args([] if environ else ["--api-key", S])
    with pytest.raises(SystemExit):
        parser.error(f"{args.api_key} is refused")

    assert capsys.readouterr().err.endswith("train.py: error: ****** is refused\n")


def test_an_error_of_the_script_before_a_parse_hides_the_jobs_secrets(monkeypatch, capsys):
    monkeypatch.setenv("SM_HPS", JOB["SM_HPS"])
    with pytest.raises(SystemExit):
        SageMakerArgumentParser(prog="train.py").error(f"no {S}")

    assert capsys.readouterr().err.endswith("error: no ******\n")


@pytest.mark.skipif(sys.version_info < (3, 9), reason="exit_on_error came with Python 3.9")
@pytest.mark.parametrize("argv", [["--password-number", S], [f"--password-number={S}"], []])
def test_a_traceback_of_an_error_has_no_secret(argv):
    parser = SageMakerArgumentParser(prog="train.py", exit_on_error=False)
    parser.add_argument("--password-number", type=int)
    with pytest.raises(argparse.ArgumentError) as raised:
        parser.parse_args(argv, env_vars={} if argv else {"SM_HP_PASSWORD_NUMBER": S})
    printed = "".join(traceback.format_exception(type(raised.value), raised.value, raised.value.__traceback__))

    assert S not in printed
    assert S not in repr(raised.value)
    assert "invalid int value: '******'" in str(pickle.loads(pickle.dumps(raised.value)))


def test_an_exit_has_no_secret_in_its_chain():
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--password", type=int)
    with contextlib.redirect_stderr(io.StringIO()), pytest.raises(SystemExit) as raised:
        parser.parse_args(["--password", S], env_vars={})
    printed = "".join(traceback.format_exception(type(raised.value), raised.value, raised.value.__traceback__))

    assert S not in printed


def test_the_default_of_a_secret_is_in_no_error():
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--token", default=47110815)
    parser.add_argument("--name", choices=["a"])

    assert "inferred from the default ******;" in errors_of(parser, ["--token", "x"], env_vars={})
    assert "47110815" not in errors_of(parser, ["--name", "47110815"], env_vars={})


def test_help_and_usage_show_no_secret(monkeypatch):
    monkeypatch.setenv("SM_HPS", JOB["SM_HPS"])
    parser = SageMakerArgumentParser(
        prog="train.py", formatter_class=argparse.ArgumentDefaultsHelpFormatter, description=f"Use {S}.", epilog=f"Or {S}!"
    )
    parser.add_argument("--api-key", help=f"the key, such as {S}")
    parser.add_argument("--token", nargs="?", const=S, help="%(const)s")
    parser.add_argument("--opt", type=dict)
    parser.add_argument("--url", default=f"https://me:{S}@host", help="a URL")
    parser.add_argument("--more", default={"password": S}, type=dict)
    parser.add_argument("--private", default=argparse.SUPPRESS, help=argparse.SUPPRESS)

    assert S not in parser.format_help() + parser.format_usage()
    assert "https://me:******@host" in "".join(parser.format_help().split())
    assert "--private" not in parser.format_help()


@pytest.mark.parametrize("environ", [{}, JOB], ids=["off SageMaker", "in a job"])
def test_printed_values_show_no_secret(tmp_path, environ):
    (tmp_path / "c.ini").write_text(f"undeclared-token = {S}\nurl = https://me:{S}@host\nnote = plain\n")
    parser = SageMakerArgumentParser(prog="train.py", default_config_files=[str(tmp_path / "c.ini")])
    parser.add_argument("--api-key", env_var="MINE")
    parser.add_argument("--opt", type=dict)
    parser.add_argument("--url")
    parser.add_argument("--note")
    parser.parse_known_args(
        ["--opt", f"token={S},lr=1", "--other", "--secret", S], env_vars={**environ, "MINE": S, "HOME": "/"}
    )
    text = parser.format_values()

    assert S not in text
    assert "--opt token=******,lr=1 --other --secret ******" in text
    assert text.count("******") >= 5
    assert "plain" in text


def written(parser, path, argv, **settings):
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors), pytest.raises(SystemExit) as stop:
        parser.parse_args([*argv, "--write", os.fspath(path)], **settings)
    assert stop.value.code == 0
    return path.read_text(), errors.getvalue()


def writing_parser(**settings):
    parser = SageMakerArgumentParser(prog="train.py", **settings)
    parser.add_argument("--write", is_write_out_config_file_arg=True)
    parser.add_argument("--api-key")
    parser.add_argument("--pw", dest="password", default="d3f4ult")
    parser.add_argument("--opt", type=dict)
    parser.add_argument("--url", env_var="MINE")
    parser.add_argument("--lr", type=float, default=0.1)
    return parser


ARGV = ["--opt", json.dumps({"token": S})]


def test_a_config_file_is_written_without_secrets_and_a_message_names_them(tmp_path):
    text, said = written(
        writing_parser(), tmp_path / "c.ini", ARGV, env_vars={"MINE": f"https://me:{S}@host", "SM_HP_API_KEY": S}
    )

    assert text == "lr = 0.1\n"
    assert said == "train.py: not written, because secret: opt, url, api-key, pw (write_secrets=True writes them)\n"


def test_a_config_file_without_secrets_is_written_without_a_message(tmp_path):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--write", is_write_out_config_file_arg=True)
    parser.add_argument("--lr", type=float, default=0.1)

    assert written(parser, tmp_path / "c.ini", [], env_vars={}) == ("lr = 0.1\n", "")


def test_a_parser_can_be_made_to_write_secrets(tmp_path):
    text, said = written(writing_parser(write_secrets=True), tmp_path / "c.ini", ["--api-key", S], env_vars={})

    assert f"api-key = {S}" in text
    assert said == ""


@pytest.mark.parametrize(
    ("content", "declaration"),
    [
        (f"api-key = {S}", ("--lr", {})),
        (f"use-auth = {S}", ("--use-auth", {"action": "store_true"})),
        (f"api-key = {S}", ("--api-key", {"type": int})),
        (f"opt = {{'token': '{S}'", ("--opt", {"type": int})),
        (f"creds = [{S}, other]", ("--creds", {"nargs": 1})),
        (f"opt = ['--token', '{S}']", ("--opt", {"type": int})),
    ],
)
def test_a_config_file_with_a_mistake_is_reported_without_its_secrets(content, declaration):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument(declaration[0], **declaration[1])
    shown = errors_of(parser, config_file_contents=content, env_vars={})

    assert "error: " in shown
    assert S not in shown


@pytest.mark.parametrize("shown", ["4711081.50", "4711081.5"], ids=["as the job writes it", "as Python writes it"])
def test_a_secret_hyperparameter_that_nothing_declares_is_masked(capsys, shown):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--steps", type=int)
    with pytest.raises(SystemExit):
        parser.parse_known_args([], env_vars={"SM_HP_API_KEY": "4711081.50", "SM_HP_STEPS": shown})

    assert capsys.readouterr().err.endswith("error: argument --steps: invalid int value: '******' (from SM_HP_STEPS)\n")


def test_a_setting_may_be_converted_outside_of_a_parse():
    assert SageMakerArgumentParser().convert_item_to_command_line_arg(None, "token", S) == [f"--token={S}"]


def test_tokens_from_a_file_are_reported_without_their_secrets(tmp_path):
    (tmp_path / "args").write_text(f"--other-token\n{S}\n")
    shown = errors_of(
        SageMakerArgumentParser(prog="train.py", fromfile_prefix_chars="@"), [f"@{tmp_path / 'args'}"], env_vars={}
    )

    assert shown.endswith("error: unrecognized arguments: --other-token ******\n")


def test_a_warning_shows_no_secret(tmp_path):
    directory = tmp_path / S
    (directory / "input" / "config").mkdir(parents=True)
    (directory / "input" / "config" / "resourceconfig.json").write_text("[")
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--current-host")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        parser.parse_known_args([], env_vars={"SAGEMAKER_BASE_DIR": os.fspath(directory), "SM_HPS": JOB["SM_HPS"]})

    assert len(said) == 1
    assert S not in str(said[0].message)
    assert "resourceconfig.json is not valid JSON" in str(said[0].message)


def test_the_failure_file_of_a_parser_has_no_secret(tmp_path):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--password", type=int)
    errors_of(parser, env_vars={"SM_HP_PASSWORD": S, "SM_OUTPUT_DIR": os.fspath(tmp_path)})

    assert (tmp_path / "failure").read_text() == (
        "train.py: error: argument --password: invalid int value: '******' (from SM_HP_PASSWORD)\n"
    )


def test_public_objects_show_no_secret():
    environment = SageMakerEnvironment.load({**JOB, "SM_FRAMEWORK_PARAMS": f'{{"note": "{S}", "url": "https://u:pw@h"}}'})
    job = SageMakerJob({"api_key": S, "opt": {"token": S}, "text": f"token={S}"}, typed=["--password", S, f"--x={S}"])
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--api-key", default=S)

    shown = f"{environment!r} {environment} {job!r} {job} {parser!r} {parser}"
    assert S not in shown
    assert "https://u:******@h" in shown
    assert "-p 'api_key=******'" in repr(job)
    assert "'lr': 1" in repr(environment)
    assert repr(job).endswith("-- --password '******' '--x=******'")


@pytest.mark.parametrize("channels", [{"api_key": S}, {"train": f"https://me:{S}@host"}, f"token={S} train"])
def test_a_job_that_cannot_be_made_shows_no_secret(channels):
    with pytest.raises(BadJobError) as error:
        SageMakerJob({}, channels)

    assert S not in str(error.value)
    assert "******" in str(error.value)


TRAINING = TrainingJob(
    "a-job",
    script=ROOT / "train.py",
    hyperparameters={"api_key": Hyperparameter(S, S), "opt": Hyperparameter({"token": S}, json.dumps({"token": S}))},
    channels={},
    typed=("--password", S),
)


@pytest.mark.parametrize("platform", [TOOLKIT, SDK])
def test_neither_the_failure_file_nor_the_reason_has_a_secret(tmp_path, platform):
    tokens = ["python", "train.py", "--api_key", S, "--opt", f"token={S}", "--password", S]
    process = FailedProcess(tokens, 1, f"Traceback (most recent call last)\nValueError: no {S} and {S!r}")
    reason = failure_reason(TRAINING._replace(platform=platform), tmp_path / "failure", process)

    assert S not in reason + (tmp_path / "failure").read_text()


@pytest.mark.needs_process
def test_the_mark_of_a_job_has_no_secret(tmp_path, monkeypatch, capsys):
    (tmp_path / "train.py").write_text(
        f"import os, sys\nopen(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w').write('no {S}')\nsys.exit(3)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "train.py", "--output", "job", "-p", f"opt=token={S},lr=1"]) == 3

    assert read_ending(tmp_path / "job").failure_reason == "AlgorithmError: no ******, exit code: 3"
    assert S not in (tmp_path / "job" / ".smargs-job.json").read_text()
    assert S not in "".join(capsys.readouterr())
    assert JobDirectory(tmp_path / "job").path.exists()


@pytest.mark.parametrize(
    "tokens",
    [
        ["--hosts", f"api_key={S}"],
        ["--channel", f"api_key={S}"],
        ["--channel", f"train={S}", "-p", f"api_key={S}"],
        ["-p", f"api_key={S}", "--platform", S],
        ["-p", f"api_key {S}"],
        ["-p", "api_key", S],
        ["--api-key", S],
        [f"-papi_key={S}", S],
        ["--hyperparameters", f"token={S}"],
        ["--grace", f"https://me:{S}@host"],
        ["--interrupt-after", f'{{"token": "{S}"}}'],
    ],
)
def test_no_error_of_smargs_run_shows_a_secret_argument(tmp_path, monkeypatch, capsys, tokens):
    (tmp_path / "train.py").write_text("")
    monkeypatch.chdir(tmp_path)
    try:
        status = cli.main(["run", "train.py", *tokens])
    except SystemExit as stop:
        status = stop.code

    assert status == 2
    assert S not in "".join(capsys.readouterr())


def test_a_table_of_differences_shows_no_secret():
    parser = SageMakerArgumentParser(prog="train.py")
    seen = []
    parser.add_argument("--note", type=lambda text: seen.append(text) or f"{text} {len(seen)}")
    with pytest.raises(AssertionError) as error:
        assert_same_on_every_platform(parser, {"note": f"token={S}"}, platforms=["toolkit", "files"])

    assert "note" in str(error.value)
    assert S not in str(error.value)


@pytest.mark.parametrize("typed", [["--password", S], ["-k", S], [f"-vk{S}"], ["--pin", S], [f"--pi={S}"]])
def test_the_shrunk_example_of_a_failing_test_shows_no_secret(typed):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--api-key", "-k", required=True, choices=[S])
    parser.add_argument("--pin", secret=True, required=True, choices=[S])
    parser.add_argument("-v", action="store_true")

    @given(jobs(parser, typed=typed))
    def fail(job):
        raise RuntimeError

    with pytest.raises(RuntimeError) as error, contextlib.redirect_stdout(io.StringIO()) as out:
        fail()
    notes = "".join(getattr(error.value, "__notes__", ())) + out.getvalue()
    assert S not in notes
