"""What ``--help``, the usage line and the printed values show."""

import argparse
import io
import re
import sys

import configargparse
import pytest

from smargs import SageMakerArgumentParser
from smargs.testing import SageMakerJob

JOB = SageMakerJob({"epochs": 20, "api_token": "s3cr3t-text", "fp16": True, "100%": 1}, ["train"], hosts=2).environ


def training_parser(**settings):
    parser = SageMakerArgumentParser(prog="train.py", **settings)
    parser.add_argument("--epochs", type=int, default=10, help="passes over the data")
    parser.add_argument("--learning-rate", default=0.1)
    parser.add_argument("--fp16", action="store_true", help="half precision")
    parser.add_argument("--train", required=True)
    parser.add_argument("--labels", required=True, help="where the labels are")
    parser.add_argument("--api-token", default="d3fault-text")
    parser.add_argument("--hidden", help=argparse.SUPPRESS)
    parser.add_argument("--100%", dest="percent")
    return parser


def options(text):
    """The part of a help screen after its usage, without CPython's own heading, which changed with 3.10."""
    return text.replace("optional arguments:", "options:").partition("options:\n")[2]


def set_environment(monkeypatch, environ):
    for name, text in environ.items():
        monkeypatch.setenv(name, text)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="help in colour came with Python 3.14")
@pytest.mark.parametrize("width", ["40", "100"])
def test_help_in_colour_has_the_same_text(monkeypatch, width):
    set_environment(monkeypatch, {**JOB, "COLUMNS": width, "NO_COLOR": "1"})
    parser = training_parser()
    subparser = parser.add_subparsers().add_parser("evaluate", help="test the model")
    subparser.add_argument("--labels", help="where the labels are")
    plain = [shown for each in (parser, subparser) for shown in (each.format_usage(), each.format_help())]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")

    coloured = [shown for each in (parser, subparser) for shown in (each.format_usage(), each.format_help())]
    assert all("\x1b[" in text for text in coloured)
    assert [re.sub(r"\x1b\[[\d;]*m", "", text) for text in coloured] == plain
    assert "(default: 20, from SM_HP_EPOCHS)" in " ".join(plain[1].split())
    assert "\x1b" not in training_parser(color=False).format_help()


class Elsewhere(argparse.Action):
    """An action that stores under another name."""

    def __call__(self, parser, namespace, values, option_string=None):
        namespace.elsewhere = values


@pytest.mark.parametrize(
    ("names", "settings", "shown"),
    [
        pytest.param(["--x"], {"default": 1.0, "help": "a %(default).2f"}, "a 0.50 (from SM_HP_X)", id="a number"),
        pytest.param(["--x"], {"help": "a %(const)s", "nargs": "?", "const": "small"}, "a small (", id="a constant"),
        pytest.param(["x"], {"nargs": "+"}, " ...]", id="a list"),
        pytest.param(["x"], {}, "train.py [-h] [x]", id="a positional"),
        pytest.param(["--x"], {"action": Elsewhere, "default": "d"}, "(default: 0.5, from SM_HP_X)", id="stored elsewhere"),
        pytest.param(["--50%-rate"], {"help": "half"}, "half (env var: SM_HP_50%_RATE)", id="a percent sign"),
    ],
)
def test_help_keeps_what_the_script_declares(monkeypatch, names, settings, shown):
    set_environment(monkeypatch, {"SM_HP_X": "0.5", "COLUMNS": "100"})
    parser = SageMakerArgumentParser(prog="train.py")
    parser.add_argument(*names, **settings)
    assert shown in " ".join(parser.format_help().split())


def test_help_shows_the_text_of_a_value_that_leaves_the_namespace_unchanged(monkeypatch):
    set_environment(monkeypatch, {"SM_HP_FP16": "false", "SM_HP_LAYERS": "[]", "COLUMNS": "100"})
    parser = SageMakerArgumentParser(argument_default=argparse.SUPPRESS)
    parser.add_argument("--fp16", action="store_true", help="half precision")
    parser.add_argument("--layers", action="append", help="sizes")
    assert vars(parser.parse_args([])) == {}
    shown = " ".join(parser.format_help().split())
    assert "half precision (default: false, from SM_HP_FP16)" in shown
    assert "sizes (default: [], from SM_HP_LAYERS)" in shown


def test_help_shows_the_value_of_an_automatic_variable(monkeypatch):
    set_environment(monkeypatch, {"APP_X": "7", "COLUMNS": "100"})
    parser = SageMakerArgumentParser(auto_env_var_prefix="APP_")
    parser.add_argument("--x", default=1)
    assert "(default: 7, from APP_X)" in parser.format_help()


def test_help_names_each_value_and_its_variable(monkeypatch):
    set_environment(monkeypatch, JOB)
    monkeypatch.setenv("COLUMNS", "100")

    text = training_parser().format_help()

    assert options(text) == (
        "  -h, --help            show this help message and exit\n"
        "  --epochs EPOCHS       passes over the data (default: 20, from SM_HP_EPOCHS)\n"
        "  --learning-rate LEARNING_RATE\n"
        "                        (default: 0.1, env var: SM_HP_LEARNING_RATE)\n"
        "  --fp16                half precision (default: True, from SM_HP_FP16)\n"
        "  --train TRAIN         (default: /opt/ml/input/data/train, from SM_CHANNEL_TRAIN)\n"
        "  --labels LABELS       where the labels are (env var: SM_HP_LABELS)\n"
        "  --api-token API_TOKEN\n"
        "                        (default: ******, from SM_HP_API_TOKEN)\n"
        "  --100% PERCENT        (default: 1, from SM_HP_100%)\n"
    )


def test_a_required_argument_that_sagemaker_fills_is_optional_in_the_usage(monkeypatch):
    set_environment(monkeypatch, JOB)
    monkeypatch.setenv("COLUMNS", "200")
    parser = SageMakerArgumentParser(prog="train.py", add_help=False)
    parser.add_argument("--train", required=True)
    parser.add_argument("--labels", required=True)
    parser.add_argument("hosts", type=list)
    parser.add_argument("channels", nargs="+")
    parser.add_argument("other")

    usage = parser.format_usage()

    assert usage.startswith("usage: train.py [--train TRAIN] --labels LABELS [hosts] [channels")
    assert usage.endswith(" other\n")
    for name in ("SM_HOSTS", "SM_RESOURCE_CONFIG", "SM_TRAINING_ENV"):
        monkeypatch.delenv(name)
    assert "[hosts]" not in parser.format_usage()


def test_off_sagemaker_help_names_the_variable_that_would_fill_each_argument():
    parser = SageMakerArgumentParser(prog="train.py", add_help=False)
    for name in ("--epochs", "--train", "--val-dir", "--data-dir", "--hosts", "--model-dir", "--output-dir"):
        parser.add_argument(name)
    parser.add_argument("--mine", env_var="SM_CHANNEL_X")
    parser.add_argument("--test", type=float)
    parser.add_argument("--sm-channel-images")
    parser.add_argument("--fp16", "--no-fp16-at-all")
    parser.add_argument("-z", "--alpha")
    parser.add_argument("--is-hetero", action="store_const", const=1)
    parser.add_argument("--val-data", dest="v", nargs=1)
    parser.add_argument("--num-gpus", dest="n", nargs=1)
    text = parser.format_help()

    for argument, variable in {
        "--epochs EPOCHS": "SM_HP_EPOCHS",
        "--train TRAIN": "SM_CHANNEL_TRAIN",
        "--val-dir VAL_DIR": "SM_CHANNEL_VAL",
        "--data-dir DATA_DIR": "SM_CHANNEL_DATA",
        "--hosts HOSTS": "SM_HOSTS",
        "--model-dir MODEL_DIR": "SM_MODEL_DIR",
        "--output-dir OUTPUT_DIR": "SM_HP_OUTPUT_DIR",
        "--mine MINE": "SM_CHANNEL_X",
        "--test TEST": "SM_HP_TEST",
        "--sm-channel-images SM_CHANNEL_IMAGES": "SM_CHANNEL_IMAGES",
        "--no-fp16-at-all FP16": "SM_HP_FP16",
        "--alpha ALPHA": "SM_HP_ALPHA",
        "--is-hetero": "SM_HP_IS_HETERO",
        "--val-data V": "SM_CHANNEL_VAL",
        "--num-gpus N": "SM_NUM_GPUS",
    }.items():
        assert f"{argument} (env var: {variable})" in " ".join(text.split())


def test_prefix_characters_are_not_part_of_a_variable():
    parser = SageMakerArgumentParser(prog="train.py", add_help=False, prefix_chars="+")
    variables = {
        "++lr-max": "SM_HP_LR_MAX",
        "++sm-channel-images": "SM_CHANNEL_IMAGES",
        "++hosts": "SM_HOSTS",
        "++train": "SM_CHANNEL_TRAIN",
    }
    for place, name in enumerate(variables):
        parser.add_argument(name, dest=f"x{place}", help=f"help of {name}")
    text = " ".join(parser.format_help().split())

    for name, variable in variables.items():
        assert f"help of {name} (env var: {variable})" in text


@pytest.mark.parametrize(("name", "dest"), [("--token", "auth"), ("-t", "password")])
def test_help_masks_the_default_of_a_secret_by_any_of_its_names(name, dest):
    parser = SageMakerArgumentParser(prog="train.py", add_help=False)
    parser.add_argument(name, dest=dest, default="d3fault-text")

    assert "d3fault" not in parser.format_help()
    assert "******" in parser.format_help()


def test_help_can_omit_the_variables(monkeypatch):
    set_environment(monkeypatch, JOB)
    parser = training_parser(add_env_var_help=False)

    assert "SM_" not in parser.format_help()
    sub = parser.add_subparsers().add_parser("sub")
    sub.add_argument("--epochs")
    assert "SM_" not in sub.format_help()


class UsersFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """A formatter of a user's own."""

    def add_usage(self, usage, actions, groups, prefix=None):
        super().add_usage(usage, actions, groups, "Usage> ")


@pytest.mark.parametrize(
    "formatter",
    [
        argparse.HelpFormatter,
        argparse.ArgumentDefaultsHelpFormatter,
        argparse.RawTextHelpFormatter,
        argparse.RawDescriptionHelpFormatter,
        configargparse.ArgumentDefaultsRawHelpFormatter,
        UsersFormatter,
        lambda prog: argparse.HelpFormatter(prog, max_help_position=60, width=200),
    ],
)
def test_any_formatter_class_shows_each_default_once(monkeypatch, formatter):
    set_environment(monkeypatch, JOB)
    monkeypatch.setenv("COLUMNS", "200")
    text = training_parser(formatter_class=formatter).format_help()

    assert "passes over the data (default: 20, from SM_HP_EPOCHS)" in text
    assert text.count("20") == 1
    assert "(default: 0.1, env var: SM_HP_LEARNING_RATE)" in text
    assert "s3cr3t" not in text


def test_the_formatter_with_types_shows_defaults(monkeypatch):
    set_environment(monkeypatch, JOB)
    parser = SageMakerArgumentParser(formatter_class=argparse.MetavarTypeHelpFormatter)
    parser.add_argument("--epochs", type=int)

    assert "--epochs int" in parser.format_help()
    assert "(default: 20, from SM_HP_EPOCHS)" in parser.format_help()


def test_a_default_in_the_help_text_is_the_value_of_sagemaker(monkeypatch):
    set_environment(monkeypatch, JOB)
    parser = SageMakerArgumentParser(prog="p", argument_default=argparse.SUPPRESS)
    parser.add_argument("--epochs", default=1, help="so many: %(default)s, 50%% of it")
    parser.add_argument("--suppressed", help="none")

    text = " ".join(parser.format_help().split())

    assert "so many: 20, 50% of it (from SM_HP_EPOCHS)" in text
    assert "none (env var: SM_HP_SUPPRESSED)" in text


def test_configargparse_names_a_variable_that_is_not_sagemakers(monkeypatch):
    set_environment(monkeypatch, JOB)
    parser = SageMakerArgumentParser()
    parser.add_argument("--epochs", env_var="MY_EPOCHS", help="passes")
    parser.add_argument("--data", env_var="SM_CHANNEL_TRAIN", help="data")

    text = " ".join(parser.format_help().split())

    assert "(default: 20, from SM_HP_EPOCHS) [env var: MY_EPOCHS]" in text
    assert "data (default: /opt/ml/input/data/train, from SM_CHANNEL_TRAIN)" in text
    assert "env var: SM_" not in text
    assert parser.format_help() == parser.format_help()


def test_help_shows_a_value_that_does_not_fit_as_it_is(monkeypatch):
    monkeypatch.setenv("SM_HP_EPOCHS", "many")

    assert "(default: many, from SM_HP_EPOCHS)" in " ".join(training_parser().format_help().split())


def test_help_calls_no_custom_action(monkeypatch):
    calls = []

    class Noting(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            calls.append(values)

    monkeypatch.setenv("SM_HP_X", "5")
    parser = SageMakerArgumentParser()
    parser.add_argument("--x", action=Noting)

    assert "(default: 5, from SM_HP_X)" in parser.format_help()
    assert calls == []


def test_the_help_option_shows_the_parsed_environment(capsys):
    with pytest.raises(SystemExit) as stop:
        training_parser().parse_args(["--help"], env_vars=JOB)

    assert stop.value.code == 0
    assert "(default: 20, from SM_HP_EPOCHS)" in capsys.readouterr().out


def test_help_works_in_a_broken_job(capsys):
    with pytest.raises(SystemExit) as stop:
        training_parser().parse_args(["--help"], env_vars={"SM_HP_EPOCHS": "many", "SM_HP_UNKNOWN": "1"})

    assert stop.value.code == 0
    assert "(default: many, from SM_HP_EPOCHS)" in " ".join(capsys.readouterr().out.split())


def test_printed_values_show_those_of_sagemaker_with_their_variables(capsys):
    parser = training_parser(add_help=False)
    parser.add_argument("--seed", type=int)
    environ = SageMakerJob({"epochs": 20, "api_token": "s3cr3t-text", "batch-size": 5, "seed": None}, ["train"]).environ
    parser.add_argument("--batch-size")
    del environ["SM_HP_BATCH-SIZE"]
    parser.parse_args(["--labels", "l"], env_vars=environ)
    parser.print_values()

    assert capsys.readouterr().out == (
        "Command Line Args:   --labels l\n"
        "Environment Variables:\n"
        "  SM_HP_EPOCHS:      20\n"
        "  SM_CHANNEL_TRAIN:  /opt/ml/input/data/train\n"
        "  SM_HP_API_TOKEN:   ******\n"
        "  SM_HPS[seed]:      null\n"
        "  SM_HPS[batch_size]:5\n"
        "Defaults:\n"
        "  --learning-rate:   0.1\n"
    )
    file = io.StringIO()
    parser.print_values(file)
    assert file.getvalue() == parser.format_values()


def test_printed_values_mask_secrets_of_every_source(tmp_path):
    config = tmp_path / "config.ini"
    config.write_text("secret-a = s3cr3t-1\n")
    parser = SageMakerArgumentParser(default_config_files=[str(config)])
    parser.add_argument("--secret-a")
    parser.add_argument("--password", env_var="MINE")
    parser.add_argument("--private", default="s3cr3t-3")
    parser.add_argument("--key")
    parser.add_argument("--creds", nargs="+")
    parser.add_argument("--plain", default="shown")
    parser.parse_args(["--key=s3cr3t-4", "--creds", "s3cr3t-5", "s3cr3t-6"], env_vars={"MINE": "s3cr3t-2", "HOME": "/"})
    text = parser.format_values()

    assert "s3cr3t" not in text
    assert text.count("******") == 6
    assert "--key=****** --creds ****** ******" in text
    assert "shown" in text


def test_the_table_of_sources_has_the_values_of_sagemaker():
    parser = training_parser()
    parser.parse_args(["--epochs", "3", "--labels", "l"], env_vars=JOB)
    table = parser.get_source_to_settings_dict()

    assert set(table) == {"command_line", "environment_variables", "defaults"}
    assert table["command_line"] == {"": (None, ["--epochs", "3", "--labels", "l"])}
    assert "SM_HP_EPOCHS" not in table["environment_variables"]
    action, text = table["environment_variables"]["SM_CHANNEL_TRAIN"]
    assert (action.dest, text) == ("train", "/opt/ml/input/data/train")
    assert table["environment_variables"]["SM_HP_API_TOKEN"][1] == "s3cr3t-text"


def test_a_variable_that_is_not_sagemakers_is_shown_as_the_source(monkeypatch):
    monkeypatch.setenv("MY_LR", "7")
    monkeypatch.setenv("SM_HP_LR", "5")
    parser = SageMakerArgumentParser()
    parser.add_argument("--lr", type=int, default=1, env_var="MY_LR")

    assert "(default: 7, from MY_LR)" in parser.format_help()
    assert "[env var" not in parser.format_help()
    monkeypatch.delenv("MY_LR")
    assert "(default: 5, from SM_HP_LR)" in parser.format_help()


class Array:
    """A default that is compared element by element, as NumPy's arrays are."""

    def __eq__(self, other):
        return Array()

    def __bool__(self):
        raise ValueError("the truth value of an array is ambiguous")

    def __str__(self):
        return "[1. 2.]"


def test_a_default_may_have_no_single_truth_value():
    parser = SageMakerArgumentParser()
    parser.add_argument("--weights", default=Array())
    parser.add_argument("--lr", type=float, default=0.1)

    assert parser.parse_args([], env_vars={"SM_HPS": '{"lr": 3}'}).lr == 3
    assert "(default: [1. 2.], env var: SM_HP_WEIGHTS)" in parser.format_help()
    assert re.search(r"--weights: +\[1\. 2\.\]", parser.format_values())
