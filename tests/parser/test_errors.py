"""Bad input: one clear line, exit status 2, the failure file, and never a secret."""

import argparse
import io
import json
import os
import sys
import warnings
from contextlib import redirect_stderr

import pytest
from platforms import Job, encoded, write_files

from smargs import SageMakerArgumentParser, SageMakerEnvironment
from smargs.testing import SageMakerJob


def failure(environ, *declarations, argv=(), **settings):
    """The last line that a parse prints before it exits with status 2."""
    parser = SageMakerArgumentParser(prog="train.py", **settings)
    for names, declaration in declarations:
        parser.add_argument(*names.split(), **declaration)
    errors = io.StringIO()
    with pytest.raises(SystemExit) as stop, redirect_stderr(errors):
        parser.parse_args(list(argv), env_vars=environ)
    assert stop.value.code == 2
    usage, _, message = errors.getvalue().rpartition("train.py: error: ")
    assert usage.startswith("usage: train.py")
    assert message.count("\n") == 1
    return message.rstrip("\n")


EPOCHS = ("--epochs", {"type": int})


def test_a_value_that_does_not_fit_names_argument_variable_value_and_type():
    assert failure({"SM_HP_EPOCHS": "many"}, EPOCHS) == "argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)"


@pytest.mark.parametrize(
    ("environ", "warning"),
    [
        ({"SM_HP_LR": "0.5"}, "argument -l/--lr is deprecated (from SM_HP_LR)"),
        ({"SM_HP_FAST": "true"}, "argument --fast is deprecated (from SM_HP_FAST)"),
        ({"SM_HP_FAST": "false"}, None),
        ({"SM_MODEL_DIR": "/opt/ml/model"}, None),
        ({"SM_HP_DATA": "a"}, "argument data is deprecated (from SM_HP_DATA)"),
        ({"SM_HP_N": "1"}, None),
        ({}, None),
    ],
)
def test_a_deprecated_argument_that_a_job_sets_by_name_is_a_warning(capsys, environ, warning):
    parser = SageMakerArgumentParser(prog="train.py")
    declared = [
        parser.add_argument("-l", "--lr", type=float),
        parser.add_argument("--fast", action="store_true"),
        parser.add_argument("--model-dir"),
        parser.add_argument("data", nargs="?"),
    ]
    parser.add_argument("--n", type=int)
    for action in declared:
        action.deprecated = True  # Python 3.13 and newer do so for deprecated=True.

    parser.parse_args([], env_vars=environ)
    assert capsys.readouterr().err == ("" if warning is None else f"train.py: warning: {warning}\n")


@pytest.mark.skipif(sys.version_info < (3, 13), reason="deprecated=True came with Python 3.13")
def test_for_a_typed_deprecated_argument_only_argparse_warns(capsys):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--lr", type=float, deprecated=True)

    assert parser.parse_args(["--lr", "1"], env_vars={"SM_HP_LR": "0.5"}).lr == 1
    assert capsys.readouterr().err == "train.py: warning: option '--lr' is deprecated\n"
    assert parser.parse_args([], env_vars={"SM_HP_LR": "0.5"}).lr == 0.5
    assert capsys.readouterr().err == "train.py: warning: argument --lr is deprecated (from SM_HP_LR)\n"


SUGGESTING = pytest.param(
    {"suggest_on_error": True},
    marks=pytest.mark.skipif(sys.version_info < (3, 14), reason="came with Python 3.14"),
    id="suggesting",
)


@pytest.mark.parametrize("settings", [pytest.param({}, id="plain"), SUGGESTING])
@pytest.mark.parametrize(("choices", "text"), [(["adam", "sgd"], "adm"), ([5, 6], "7"), (["5", "6"], "7")])
def test_a_value_that_is_not_a_choice_is_refused_with_argparses_error(capsys, choices, text, settings):
    declaration = {"type": type(choices[0]), "choices": choices}
    plain = argparse.ArgumentParser(prog="train.py", **settings)
    plain.add_argument("--x", **declaration)
    with pytest.raises(SystemExit):
        plain.parse_args(["--x", text])
    error = capsys.readouterr().err.rpartition("train.py: error: ")[2].rstrip("\n")

    assert error.startswith("argument --x: invalid choice: ")
    assert ("maybe you meant 'adam'?" in error) == (text == "adm" and "suggest_on_error" in settings)
    assert failure({"SM_HP_X": text}, ("--x", declaration), **settings) == f"{error} (from SM_HP_X)"


def test_the_error_names_the_source_of_the_value(tmp_path):
    assert failure({"SM_HPS": '{"epochs": "many"}'}, EPOCHS).endswith("(from SM_HPS)")
    assert failure({"SM_TRAINING_ENV": '{"hyperparameters": {"epochs": "many"}}'}, EPOCHS).endswith("(from SM_TRAINING_ENV)")
    write_files(tmp_path, {"hyperparameters.json": encoded({"epochs": "many"})})
    assert failure({"SAGEMAKER_BASE_DIR": str(tmp_path)}, EPOCHS).endswith("(from hyperparameters.json)")


@pytest.mark.parametrize(
    ("environ", "declaration", "line"),
    [
        (
            SageMakerJob(channels=["train", "images"], platform="sdk").environ,
            ("--labels", {"required": True}),
            "--labels (neither SM_HP_LABELS nor SM_CHANNEL_LABELS is set; the job's channels: images, train)",
        ),
        (
            SageMakerJob(channels=["train"]).environ,
            ("labels", {}),
            "labels (neither SM_HP_LABELS nor SM_CHANNEL_LABELS is set; the job's channels: train)",
        ),
        (
            SageMakerJob(channels=["train"]).environ,
            ("--epochs", {"type": int, "required": True}),
            "--epochs (SM_HP_EPOCHS is not set)",
        ),
        (SageMakerJob().environ, ("--labels -l", {"required": True}), "--labels/-l (SM_HP_LABELS is not set)"),
        (
            SageMakerJob(channels=["train"]).environ,
            ("--config", {"required": True, "is_config_file": True}),
            "--config (neither SM_HP_CONFIG nor SM_CHANNEL_CONFIG is set; the job's channels: train)",
        ),
        (
            SageMakerJob({"confg": "train.ini"}).environ,
            ("--config", {"required": True, "is_config_file": True}),
            "--config (SM_HP_CONFIG is not set, but the hyperparameter confg is)",
        ),
        (SageMakerJob().environ, ("--log-dir", {"required": True, "env_var": "LOGS"}), "--log-dir (LOGS is not set)"),
        (
            SageMakerJob(platform="sdk").environ,
            ("--framework-params", {"required": True}),
            "--framework-params (SM_FRAMEWORK_PARAMS is not set)",
        ),
        ({}, ("--labels", {"required": True}), "--labels"),
    ],
)
def test_a_missing_argument_names_the_variable_that_would_have_filled_it(environ, declaration, line):
    assert failure(environ, declaration) == f"the following arguments are required: {line}"


@pytest.mark.parametrize(
    ("hyperparameters", "reason"),
    [
        ({"epcohs": 3}, "SM_HP_EPOCHS is not set, but the hyperparameter epcohs is"),
        ({"Epochs ": 3, "momentum": 1}, "SM_HP_EPOCHS is not set, but the hyperparameter 'Epochs ' is"),
        ({"epoch_s": 3}, "SM_HP_EPOCHS is not set"),
        ({"momentum": 3}, "SM_HP_EPOCHS is not set"),
        ({"sagemaker_epochs": 3}, "SM_HP_EPOCHS is not set"),
    ],
)
@pytest.mark.parametrize("method", ["parse_args", "parse_known_args"])
def test_a_missing_argument_names_a_hyperparameter_with_a_similar_name_that_nothing_declares(hyperparameters, reason, method):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--epochs", required=True)
    parser.add_argument("--epoch-s")
    errors = io.StringIO()

    with pytest.raises(SystemExit), redirect_stderr(errors):
        getattr(parser, method)([], env_vars=SageMakerJob(hyperparameters).environ)

    assert errors.getvalue().endswith(f"error: the following arguments are required: --epochs ({reason})\n")


def test_a_missing_argument_that_may_be_a_channel_names_the_similar_hyperparameter_before_the_channels():
    job = SageMakerJob({"label": "/data"}, ["train"])

    assert failure(job.environ, ("--labels", {"required": True})).endswith(
        "(neither SM_HP_LABELS nor SM_CHANNEL_LABELS is set, but the hyperparameter label is; the job's channels: train)"
    )


@pytest.mark.parametrize(
    ("inputs", "here"), [(["raw"], "; the job has raw"), (["raw", "text"], "; the job has raw, text"), ([], "")]
)
def test_a_missing_argument_of_a_processing_job_names_the_inputs(tmp_path, inputs, here):
    (tmp_path / "config").mkdir()
    described = [{"InputName": name, "S3Input": {"LocalPath": f"/opt/ml/processing/input/{name}"}} for name in inputs]
    for name, content in (
        ("processingjobconfig.json", {"ProcessingInputs": described}),
        ("resourceconfig.json", {"current_host": "algo-1"}),
    ):
        (tmp_path / "config" / name).write_text(json.dumps(content), encoding="utf-8")

    base = {"SAGEMAKER_BASE_DIR": str(tmp_path)}
    line = failure(base, ("--labels", {"required": True}), ("--seed", {"required": True, "env_var": "SEED"}))

    missing = f"--labels (no input or output has this name{here}), --seed (SEED is not set)"
    assert line == f"the following arguments are required: {missing}"


def test_how_to_send_a_channel_is_said_once():
    line = failure(SageMakerJob().environ, ("--train", {"required": True}), ("--test", {"required": True}))

    assert (line.count("; to send a channel: "), line.count("SM_CHANNEL_TEST is not set")) == (1, 1)


def test_the_text_of_a_pipeline_variable_is_called_so():
    assert failure({"SM_HP_EPOCHS": "ParameterInteger(name='Epochs')"}, EPOCHS) == (
        "argument --epochs: invalid int value: \"ParameterInteger(name='Epochs')\" (from SM_HP_EPOCHS); "
        "this is a pipeline variable that str() made a text: pass the variable itself, or its to_string()"
    )


@pytest.mark.parametrize(("action", "text", "value"), [("count", "much", "'much'"), ("store_true", "[1]", "[1]")])
def test_a_value_of_a_config_file_that_a_flag_or_a_count_cannot_use_is_named(action, text, value):
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument("--verbose", action=action)
    errors = io.StringIO()
    with pytest.raises(SystemExit) as stop, redirect_stderr(errors):
        parser.parse_args([], env_vars={}, config_file_contents=f"verbose = {text}")

    assert stop.value.code == 2
    error = f"train.py: error: verbose: invalid value: {value}: expected a boolean or, to count, a number"
    assert errors.getvalue().splitlines()[-1] == error


def test_all_missing_arguments_are_named_at_once():
    declared = [("--labels", {"required": True}), ("--epochs", {"required": True}), ("data", {})]

    assert failure({"SM_HP_X": "1"}, *declared) == (
        "the following arguments are required: --labels (SM_HP_LABELS is not set), "
        "--epochs (SM_HP_EPOCHS is not set), data (SM_CHANNEL_DATA is not set); "
        "to send a channel: fit({'data': 's3://...'}) or smargs run --channel data=DIRECTORY"
    )


@pytest.mark.parametrize(
    ("hyperparameters", "line"),
    [
        ({"epoch": 3}, "unrecognized hyperparameter: epoch (did you mean --epochs?)"),
        ({"Epochs-": 3}, "unrecognized hyperparameter: Epochs- (did you mean --epochs?)"),
        ({"momentum": 3}, "unrecognized hyperparameter: momentum"),
        ({"epoch": 3, "momentum": 1}, "unrecognized hyperparameters: epoch (did you mean --epochs?), momentum"),
        ({"a\tb": 3}, "unrecognized hyperparameter: 'a\\tb'"),
        ({"epochs ": 3}, "unrecognized hyperparameter: 'epochs ' (did you mean --epochs?)"),
        ({"my epochs": 3}, "unrecognized hyperparameter: 'my epochs' (did you mean --epochs?)"),
        ({"--epochs": 3}, "unrecognized hyperparameter: --epochs (did you mean epochs?)"),
        ({"-epoch": 3}, "unrecognized hyperparameter: -epoch (did you mean epochs?)"),
        ({"--momentum": 3}, "unrecognized hyperparameter: --momentum"),
    ],
)
@pytest.mark.parametrize("on_the_command_line", [True, False])
def test_a_hyperparameter_that_nothing_declares_is_refused_by_name(hyperparameters, line, on_the_command_line):
    job = SageMakerJob(hyperparameters)

    assert failure(job.environ, EPOCHS, argv=job.argv if on_the_command_line else ()) == line


def test_a_mistyped_option_is_refused_as_by_argparse():
    job = SageMakerJob({"epochs": 3})

    assert failure(job.environ, EPOCHS, argv=[*job.argv, "--epoch-s", "4"]) == "unrecognized arguments: --epoch-s 4"


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"SM_HPS": "{oops"}, "SM_HPS is not valid JSON: Expecting property name enclosed in double quotes: "),
        ({"SM_HPS": "[1]"}, "SM_HPS is not a JSON object"),
        ({"SM_TRAINING_ENV": "nope"}, "SM_TRAINING_ENV is not valid JSON: "),
        ({"SM_HPS": "[" * 100_000}, "SM_HPS is not valid JSON: "),
    ],
)
def test_unreadable_hyperparameters_are_an_error(environ, line):
    assert failure(environ, EPOCHS).startswith(line)


def test_a_broken_hyperparameters_file_is_an_error_that_names_it(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": '{"epochs": '})

    line = failure({"SAGEMAKER_BASE_DIR": str(tmp_path)}, EPOCHS)

    assert "hyperparameters.json is not valid JSON: Expecting value" in line


@pytest.mark.parametrize(
    "environ",
    [
        {"SM_HPS": "{oops", "SM_HP_EPOCHS": "3"},
        {"SM_HPS": "{oops", "SM_TRAINING_ENV": '{"hyperparameters": {"epochs": 3}}'},
        {"SM_HPS": '{"epochs": 3}', "SM_TRAINING_ENV": "{oops"},
    ],
)
def test_an_unreadable_source_is_only_a_warning_if_another_has_the_value(environ):
    parser = SageMakerArgumentParser()
    parser.add_argument("--epochs", type=int)

    with pytest.warns(UserWarning, match=r"^SM_\w+ is not valid JSON: "):
        assert parser.parse_args([], env_vars=environ).epochs == 3


@pytest.mark.no_mutants
@pytest.mark.parametrize("how", ["parse_args", "parse_known_args", "parse_intermixed_args"])
def test_a_warning_points_at_the_line_of_the_script(monkeypatch, how):
    monkeypatch.setenv("SM_INPUT_DATA_CONFIG", "{oops")

    parser = SageMakerArgumentParser()
    parser.add_argument("--train")

    with pytest.warns(UserWarning, match="SM_INPUT_DATA_CONFIG") as caught:
        getattr(parser, how)([])
    assert [warning.filename for warning in caught] == [__file__]


def test_a_broken_variable_without_hyperparameters_is_only_a_warning():
    parser = SageMakerArgumentParser()
    parser.add_argument("--train")

    with pytest.warns(UserWarning, match="SM_INPUT_DATA_CONFIG"):
        parser.parse_args([], env_vars={"SM_INPUT_DATA_CONFIG": "{oops"})


def test_a_source_that_cannot_be_read_causes_one_warning_with_subparsers():
    parser = SageMakerArgumentParser()
    parser.add_argument("--train")
    parser.add_subparsers().add_parser("fit").add_argument("--test")

    with pytest.warns(UserWarning, match="SM_INPUT_DATA_CONFIG is not valid JSON") as caught:
        parser.parse_args(["fit"], env_vars={"SM_INPUT_DATA_CONFIG": "{oops"})
    assert len(caught) == 1


def test_a_source_that_no_argument_needs_is_not_read():
    parser = SageMakerArgumentParser()
    parser.add_argument("--epochs", type=int)
    environ = {"SM_HPS": '{"epochs": 3}', "SM_INPUT_DATA_CONFIG": "{oops"}

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parser.parse_args([], env_vars=environ).epochs == 3
    assert SageMakerEnvironment.load(environ).problems[0].startswith("SM_INPUT_DATA_CONFIG is not valid JSON: ")


@pytest.mark.skipif(sys.version_info < (3, 9), reason="exit_on_error came with Python 3.9")
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("momentum = 3", "unrecognized arguments: momentum in {path}"),
        ("momentum = 3\nx = 1", "unrecognized arguments: momentum, x in {path}"),
        ("amp = [1, 2]", "amp: invalid value: [1, 2]: expected a boolean or, to count, a number"),
        ("epochs = many", "argument --epochs: invalid int value: 'many' (from epochs in {path})"),
    ],
)
@pytest.mark.parametrize("environ", [{}, {"SM_HPS": "{}"}], ids=["off SageMaker", "in a job"])
def test_with_exit_on_error_false_an_error_in_a_config_file_is_raised(tmp_path, line, message, environ):
    path = tmp_path / "train.ini"
    path.write_text(line, encoding="utf-8")
    parser = SageMakerArgumentParser(exit_on_error=False)
    parser.add_argument("--config", is_config_file=True)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--amp", action="store_true")

    with pytest.raises(argparse.ArgumentError) as caught:
        parser.parse_args(["--config", str(path)], env_vars=environ)
    assert str(caught.value) == message.format(path=path)


@pytest.mark.skipif(sys.version_info < (3, 9), reason="exit_on_error came with Python 3.9")
@pytest.mark.parametrize(
    ("environ", "argv", "line"),
    [
        ({"SM_HP_EPOCHS": "many"}, [], "argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)"),
        ({"SM_HP_EPOCH": "3"}, [], "unrecognized hyperparameter: epoch (did you mean --epochs?)"),
        ({"SM_HPS": "["}, [], "SM_HPS is not valid JSON: Expecting value: line 1 column 2 (char 1)"),
        ({"SM_NUM_GPUS": "1"}, ["--token", "s3cr3t-text"], "argument --token: invalid int value: '******'"),
    ],
)
def test_errors_can_be_caught(environ, argv, line):
    parser = SageMakerArgumentParser(exit_on_error=False)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--token", type=int)

    with pytest.raises(argparse.ArgumentError) as error:
        parser.parse_args(argv, env_vars=environ)
    assert str(error.value) == line


SCRIPT = """
from smargs import SageMakerArgumentParser, SageMakerEnvironment
parser = SageMakerArgumentParser()
parser.add_argument("--epochs", type=int)
args = parser.parse_args()
if args.epochs < 1:
    parser.error("there must be an epoch")
"""


@pytest.mark.parametrize(
    ("epochs", "line"),
    [
        ("many", "train.py: error: argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)\n"),
        ("0", "train.py: error: there must be an epoch\n"),
    ],
)
@pytest.mark.parametrize("variable", ["SM_OUTPUT_DIR", "SM_OUTPUT_FAILURE"])
def test_in_a_container_the_line_becomes_the_jobs_failure_reason(run_script, tmp_path, epochs, line, variable):
    (tmp_path / "output").mkdir()
    path = {"SM_OUTPUT_DIR": tmp_path / "output", "SM_OUTPUT_FAILURE": tmp_path / "output" / "failure"}[variable]

    result = run_script(SCRIPT, Job({"SM_HP_EPOCHS": epochs, variable: str(path)}, []))

    assert result.returncode == 2
    assert result.stderr.endswith(line)
    assert (tmp_path / "output" / "failure").read_text() == line


def test_an_own_container_has_a_failure_file(run_script, tmp_path):
    write_files(tmp_path, {"hyperparameters.json": {"epochs": "many"}})
    (tmp_path / "output").mkdir()

    run_script(SCRIPT, Job({"SAGEMAKER_BASE_DIR": str(tmp_path)}, []))

    assert "invalid int value: 'many'" in (tmp_path / "output" / "failure").read_text()


def test_an_error_that_the_script_reports_later_becomes_the_failure_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("SM_OUTPUT_DIR", str(tmp_path))

    with pytest.raises(SystemExit):
        SageMakerArgumentParser(prog="train.py").error("no \udcff data")

    assert (tmp_path / "failure").read_text() == "train.py: error: no \\udcff data\n"


def test_an_existing_failure_file_is_kept(run_script, tmp_path):
    (tmp_path / "failure").write_text("the first failure")

    result = run_script(SCRIPT, Job({"SM_HP_EPOCHS": "many", "SM_OUTPUT_DIR": str(tmp_path)}, []))

    assert result.returncode == 2
    assert (tmp_path / "failure").read_text() == "the first failure"


def test_completion_in_a_shell_writes_no_failure_file(run_script, tmp_path):
    asking = {"COMP_LINE": "train.py --ep", "COMP_POINT": "13"}

    run_script(SCRIPT, Job({"SM_HP_EPOCHS": "many", "SM_OUTPUT_DIR": str(tmp_path), **asking}, []))

    assert not (tmp_path / "failure").exists()


@pytest.mark.parametrize("output", ["missing/output", "a\0b"])
def test_a_failure_file_that_cannot_be_written_is_ignored(tmp_path, output):
    line = failure({"SM_HP_EPOCHS": "many", "SM_OUTPUT_DIR": os.path.join(str(tmp_path), output)}, EPOCHS)

    assert line.endswith("(from SM_HP_EPOCHS)")
    assert list(tmp_path.iterdir()) == []


def test_off_sagemaker_no_failure_file_is_written(run_script, tmp_path):
    run_script(SCRIPT, Job({}, ["--epochs", "many"]))

    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


@pytest.mark.parametrize("name", ["my_secret", "PASSWORD", "passwd", "auth-token", "key", "private_id", "credential", "creds"])
@pytest.mark.parametrize("route", ["job", "typed", "typed with =", "config file", "variable", "off SageMaker"])
def test_a_secret_is_in_no_error(name, route):
    environ = {} if route == "off SageMaker" else {"SM_NUM_GPUS": "0"}
    argv = {"typed": [f"--{name}", "s3cr3t"], "typed with =": [f"--{name}=s3cr3t"], "off SageMaker": [f"--{name}", "s3cr3t"]}
    if route == "job":
        environ[f"SM_HP_{name.upper()}"] = "s3cr3t"
    if route == "variable":
        environ["MINE"] = "s3cr3t"
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument(f"--{name}", type=int, env_var="MINE" if route == "variable" else None)
    errors = io.StringIO()
    with pytest.raises(SystemExit), redirect_stderr(errors):
        parser.parse_args(
            argv.get(route, []), env_vars=environ, config_file_contents=f"{name} = s3cr3t" if route == "config file" else None
        )

    assert "s3cr3t" not in errors.getvalue()
    assert "invalid int value: '******'" in errors.getvalue()


def refuse(text):
    raise argparse.ArgumentTypeError(f"{text} is no good")


@pytest.mark.parametrize(
    ("declaration", "argv"),
    [
        ({"choices": ["a"]}, ["--token", "s3cr3t"]),
        ({"type": refuse}, ["--token", "s3cr3t"]),
        ({"action": "store_true"}, ["--token=s3cr3t"]),
        ({"default": 42}, ["--token", "s3cr3t"]),
        ({}, ["--tokens", "s3cr3t", "--x"]),
        ({}, ["--tok=s3cr3t", "--other-token=s3cr3t"]),
        ({"type": refuse, "default": "s3cr3t"}, []),
    ],
)
def test_a_secret_is_in_no_message_of_any_kind(declaration, argv):
    assert "s3cr3t" not in failure({}, ("--token", declaration), argv=argv)


def test_a_secret_that_is_part_of_another_is_masked_with_it():
    argv = ["--key", "s3cr3t", "--token", "s3cr3t-and-more", "--other"]

    assert failure({}, argv=argv) == "unrecognized arguments: --key ****** --token ****** --other"


def test_values_that_are_not_secret_are_shown():
    assert failure({}, argv=["first-word", "--other=shown", "--token", "s3cr3t", "--more", "value"]) == (
        "unrecognized arguments: first-word --other=shown --token ****** --more value"
    )


@pytest.mark.parametrize(("name", "text"), [("API_TOKEN", "123456.70"), ("CREDENTIALS", '{"user": "123456.70"}')])
def test_a_secret_inside_another_value_is_masked_as_it_was_written(name, text):
    environ = {f"SM_HP_{name}": text, "SM_HP_URL": "https://123456.70@host"}

    line = failure(environ, ("--url", {"type": int}))

    assert line == "argument --url: invalid int value: 'https://******@host' (from SM_HP_URL)"


def test_a_short_secret_is_not_masked_inside_the_words_of_a_message():
    assert failure({}, ("--key", {"type": int}), argv=["--key", "e"]) == "argument --key: invalid int value: '******'"


def test_undeclared_secrets_are_named_without_their_values():
    assert failure({"SM_HP_API_KEY": "s3cr3t"}) == "unrecognized hyperparameter: api_key"


def test_in_a_job_a_message_of_several_lines_becomes_one_line():
    def lines(text):
        raise argparse.ArgumentTypeError("one\ntwo")

    assert failure({"SM_HP_X": "1"}, ("--x", {"type": lines})) == "argument --x: one two (from SM_HP_X)"


def test_a_job_without_an_error_causes_no_output(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parser = SageMakerArgumentParser()
        parser.add_argument("--epochs", type=int)
        parser.parse_args([], env_vars=SageMakerJob({"epochs": 3}, ["train"]).environ)

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("declaration", "environ"),
    [
        (("--api-token", {"dest": "auth"}), {"SM_HPS": '{"api-token": "s3cr3t-text"}'}),
        (("--pw", {"env_var": "SM_HP_DB_PASSWORD"}), {"SM_HPS": '{"db_password": "s3cr3t-text"}'}),
        (("--auth", {"env_var": "MY_SECRET"}), {"MY_SECRET": "s3cr3t-text", "SM_NUM_GPUS": "0"}),
        (("--auth", {"env_var": "MY_SECRET"}), {"MY_SECRET": "s3cr3t-text"}),
        (("--opt", {"type": dict}), {"SM_HPS": '{"opt": {"login": {"secret_key": ["s3cr3t-text"]}}}'}),
        (("--opt", {"type": str}), {"SM_HPS": '{"opt": {"secret_key": "s3cr3t-text"}}'}),
        (("--training-env", {}), {"SM_TRAINING_ENV": '{"hyperparameters": {"token": "s3cr3t-text"}}'}),
        (("--sm-hps", {"type": str}), {"SM_HPS": '{"token": "s3cr3t-text"}'}),
        (
            ("--sm-user-args", {}),
            {"SM_HPS": '{"token": "s3cr3t-text"}', "SM_USER_ARGS": '["--token", "s3cr3t-text"]'},
        ),
    ],
)
def test_a_secret_is_shown_nowhere_under_any_of_its_names(monkeypatch, declaration, environ):
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    option, settings = declaration
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument(option, **settings)
    namespace, _ = parser.parse_known_args([])

    assert "s3cr3t" in str(namespace)
    assert "s3cr3t" not in parser.format_help()
    assert "s3cr3t" not in parser.format_values()
    assert "******" in parser.format_help()
    broken = SageMakerArgumentParser(prog="train.py")
    broken.add_argument(option, **{**settings, "type": refuse})
    errors = io.StringIO()
    if option not in ("--training-env", "--sm-user-args", "--sm-hps"):
        with pytest.raises(SystemExit), redirect_stderr(errors):
            broken.parse_args([])
        assert "is no good" in errors.getvalue()
        assert "s3cr3t" not in errors.getvalue()


def test_the_error_names_a_variable_that_is_not_sagemakers():
    declared = ("--x", {"type": int, "env_var": "MY_X"})

    assert failure({"MY_X": "z"}, declared) == "argument --x: invalid int value: 'z' (from MY_X)"
    assert failure({"MY_X": "z"}, declared, argv=["--x", "y"]) == "argument --x: invalid int value: 'y'"
    assert failure({"MY_X": "z"}, ("--x", {"type": int}), auto_env_var_prefix="MY_").endswith("'z' (from MY_X)")


def test_a_variable_that_does_not_fit_is_not_reported_as_missing():
    assert failure({"SM_HOSTS": '["a"]'}, ("--hosts", {"type": int, "required": True})) == (
        "the following arguments are required: --hosts (SM_HOSTS does not fit: argument --hosts: invalid int value: '[\"a\"]')"
    ).replace("argument --hosts: ", "")


def test_the_error_says_that_a_custom_type_needs_env_var():
    assert failure({"SM_HOSTS": '["a"]'}, ("--hosts", {"type": lambda text: text, "required": True})) == (
        "the following arguments are required: --hosts "
        "(SM_HOSTS does not fit: its type is called with '[\"a\"]' only if the argument has env_var='SM_HOSTS')"
    )


def refusing(text):
    raise ValueError(text)


@pytest.mark.parametrize("argv", [[], ["--seed", "1"]], ids=["nothing", "an option"])
def test_a_positional_whose_type_refuses_the_channel_is_missing_whatever_is_typed(argv):
    declared = [("train", {"type": refusing}), ("--seed", {})]

    assert failure({"SM_CHANNEL_TRAIN": "/data"}, *declared, argv=argv) == (
        "the following arguments are required: train (SM_CHANNEL_TRAIN does not fit: invalid refusing value: '/data')"
    )


def test_a_positional_that_accepts_no_tokens_is_never_missing():
    parser = SageMakerArgumentParser()
    parser.add_argument("train", type=refusing, nargs="*")
    parser.add_argument("--seed")

    assert parser.parse_args(["--seed", "1"], env_vars={"SM_CHANNEL_TRAIN": "/data"}).train == []


def test_the_error_says_that_an_argument_cannot_take_a_hyperparameter():
    assert failure({"SM_HPS": '{"batch-size": 1, "batch_size": 2}'}, ("--batch-size", {})) == (
        "unrecognized hyperparameter: batch_size (--batch-size already takes batch-size)"
    )


def test_a_missing_subcommand_names_no_variable():
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_subparsers(dest="command", required=True).add_parser("fit")
    errors = io.StringIO()
    with pytest.raises(SystemExit), redirect_stderr(errors):
        parser.parse_args([], env_vars={"SM_NUM_GPUS": "0"})

    assert errors.getvalue().endswith("error: the following arguments are required: command\n")


@pytest.mark.parametrize("count", [9, 60])
def test_in_a_job_an_error_shows_no_usage_of_more_than_ten_lines(capsys, count):
    parser = SageMakerArgumentParser()
    for number in range(count):
        parser.add_argument(f"--argument-{number}")
    usage = parser.format_usage()

    for environ in ({"SM_HP_OTHER": "1"}, {}):
        with pytest.raises(SystemExit):
            parser.parse_args([] if environ else ["--other"], env_vars=environ)
        is_short = environ and usage.count("\n") > 10
        assert capsys.readouterr().err.partition(f"{parser.prog}: error: ")[0] == (
            f"usage: {parser.prog} ... (--help shows all {count + 1} arguments)\n" if is_short else usage
        )


@pytest.mark.parametrize("lines", [10, 11])
def test_in_a_job_an_error_shows_a_usage_of_ten_lines_and_none_of_eleven(capsys, lines):
    parser = SageMakerArgumentParser(prog="train.py", usage="train.py" + "\n..." * (lines - 1))

    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"SM_HP_OTHER": "1"})
    assert ("(--help shows all 1 arguments)" in capsys.readouterr().err) is (lines == 11)


def test_the_failure_file_has_the_name_of_any_script(tmp_path):
    path = tmp_path / "failure"

    with pytest.raises(SystemExit):
        SageMakerArgumentParser(prog="n\u00e9\udcff.py").parse_args(["--x"], env_vars={"SM_OUTPUT_FAILURE": str(path)})
    assert path.read_text(encoding="utf-8") == "n\u00e9\\udcff.py: error: unrecognized arguments: --x\n"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (bool, "invalid bool value: 'maybe' (expected true, yes, on, 1, false, no, off or 0)"),
        (dict, "invalid dict value: 'maybe'"),
    ],
)
def test_an_error_of_a_typed_boolean_or_object_names_its_type(capsys, wanted, message):
    parser = SageMakerArgumentParser()
    parser.add_argument("--x", type=wanted)

    with pytest.raises(SystemExit):
        parser.parse_args(["--x", "maybe"], env_vars={})
    assert capsys.readouterr().err.endswith(f"argument --x: {message}\n")
