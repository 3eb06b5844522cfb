"""The command `smargs check`: one line for each problem and status 2, or a table, or JSON. Nothing is trained."""

import json
import os
import select
import signal
import subprocess
import sys

import pytest
from paths import ROOT
from tables import read_table

from smargs.cli import main as cli

pytestmark = pytest.mark.needs_process

SCRIPT = """
import json, os, sys
from smargs import SageMakerArgumentParser
print("noise on standard output")
print("noise on standard error", file=sys.stderr)
parser = SageMakerArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--learning-rate", default=0.1)
parser.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
parser.add_argument("--layers", nargs="+", type=int, default=[64])
parser.add_argument("--augment", action="store_true")
parser.add_argument("--betas", type=tuple, default=(0.9, 0.999))
parser.add_argument("--momentum", type=float, default=float("nan"))
parser.add_argument("--api-key")
parser.add_argument("--train", required=True)
args = parser.parse_args()
open("trained", "w").close()
"""
TRAIN = ["--channel", "train=s3://bucket/key"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with a script."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    return tmp_path


@pytest.fixture
def checked(here, capsys):
    """Check the script, and return the exit status and both outputs. Nothing is trained."""

    def run(*tokens):
        before = sorted(os.listdir(here))
        try:
            status = cli.main(["check", *tokens])
        except SystemExit as stop:
            status = stop.code
        assert sorted(os.listdir(here)) == before
        return (status, *capsys.readouterr())

    return run


@pytest.fixture
def problems(checked):
    """The problems that the command prints, a line each."""

    def run(*tokens):
        status, out, err = checked(*tokens)
        assert (status, out) == (2, "")
        lines = err.replace("'adam', 'sgd'", "adam, sgd").splitlines()  # As newer Pythons write it.
        assert all(line.startswith("smargs check: error: ") for line in lines), lines
        return [line[len("smargs check: error: ") :] for line in lines]

    return run


def test_without_problems_there_is_a_table_of_what_each_argument_will_be(checked):
    status, out, err = checked("train.py", *TRAIN, "-p", "epochs=3", "-p", "layers=[256, 128]", "-p", "augment=true")
    assert (status, err) == (0, "")
    assert read_table(out.splitlines()) == [
        ["argument", "value", "type", "source", "overrode"],
        ["--epochs", "3", "int", "SM_HP_EPOCHS", "10 (default)"],
        ["--learning-rate", "0.1", "float", "default", ""],
        ["--optimizer", "'adam'", "str", "default", ""],
        ["--layers", "[256, 128]", "list", "SM_HP_LAYERS", "[64] (default)"],
        ["--augment", "True", "bool", "SM_HP_AUGMENT", "False (default)"],
        ["--betas", "(0.9, 0.999)", "tuple", "default", ""],
        ["--momentum", "nan", "float", "default", ""],
        ["--api-key", "None", "NoneType", "default", ""],
        ["--train", "'/opt/ml/input/data/train'", "str", "SM_CHANNEL_TRAIN", ""],
    ]


def test_every_problem_is_a_line(problems):
    assert problems(
        "train.py", "-p", "epoch=3", "-p", "learning-rate=fast", "-p", "optimizer=adm", "-p", "layers=[1, true]"
    ) == [
        "argument --layers: invalid int value: 'True'",
        "argument --learning-rate: invalid float value: 'fast' "
        "(inferred from the default 0.1; infer_types=False turns this off)",
        "argument --optimizer: invalid choice: 'adm' (choose from adam, sgd)",
        "argument --train: required, but missing: expected a channel train",
        "unrecognized hyperparameter: epoch (did you mean --epochs?)",
    ]


def test_the_hyperparameters_of_files_are_checked_and_p_wins(problems, checked, here):
    (here / "hps.json").write_text('{"epochs": "many", "learning-rate": 0.5}')
    assert problems("train.py", *TRAIN, "--hyperparameters", "hps.json") == ["argument --epochs: invalid int value: 'many'"]
    assert checked("train.py", *TRAIN, "--hyperparameters", "hps.json", "-p", "epochs=3")[0] == 0


def test_the_limits_of_the_service_are_checked(problems):
    many = [token for number in range(100) for token in ("-p", f"n{number}=1")]
    lines = problems("train.py", *TRAIN, *many, "-p", f"{'n' * 257}=1")
    assert "101 hyperparameters: the service allows 100" in lines
    assert f"hyperparameter {'n' * 20}...: its name has 257 characters: the service allows 256" in lines


def test_each_bound_of_a_range_is_checked(problems, checked, here):
    ranges = {"IntegerParameterRanges": [{"Name": "epochs", "MinValue": "1", "MaxValue": "20"}]}
    ranges["CategoricalParameterRanges"] = [{"Name": "optimizer", "Values": ["adam", "adamw"]}]
    (here / "ranges.json").write_text(json.dumps(ranges))
    (line,) = problems("train.py", *TRAIN, "--ranges", "ranges.json")
    assert "adamw" in line
    ranges["CategoricalParameterRanges"] = []
    (here / "ranges.json").write_text(json.dumps(ranges))
    assert checked("train.py", *TRAIN, "--ranges", "ranges.json")[0] == 0


def test_json_has_the_hyperparameters_and_the_arguments(checked):
    status, out, err = checked("train.py", *TRAIN, "-p", "epochs=3", "-p", "layers=[2]", "--format", "json")
    assert (status, err) == (0, "")
    made = json.loads(out)
    assert list(made) == ["problems", "warnings", "hyperparameters", "arguments"]
    assert (made["problems"], made["warnings"]) == ([], [])
    assert made["hyperparameters"] == {"epochs": "3", "layers": "[2]"}
    assert made["arguments"][0] == {
        "argument": "--epochs",
        "value": 3,
        "type": "int",
        "source": "SM_HP_EPOCHS",
        "overrode": "10 (default)",
    }
    values = {argument["argument"]: argument["value"] for argument in made["arguments"]}
    assert values == {
        "--epochs": 3,
        "--learning-rate": 0.1,
        "--optimizer": "adam",
        "--layers": [2],
        "--augment": False,
        "--betas": [0.9, 0.999],
        "--momentum": "nan",
        "--api-key": None,
        "--train": "/opt/ml/input/data/train",
    }


def test_json_has_the_problems_and_nothing_is_on_standard_error(checked):
    status, out, err = checked("train.py", *TRAIN, "-p", "epoch=3", "--format", "json")
    assert (status, err) == (2, "")
    assert json.loads(out) == {
        "problems": ["unrecognized hyperparameter: epoch (did you mean --epochs?)"],
        "warnings": [],
        "hyperparameters": {},
        "arguments": [],
    }
    status, out, err = checked("none.py", "--format", "json")
    assert (status, err) == (2, "")
    assert json.loads(out)["problems"] == ["argument script: 'none.py' does not exist: expected a .py or .sh file"]


def test_no_secret_is_printed(checked, here):
    (here / "train.py").write_text(SCRIPT.replace("parser =", "assert sys.argv[1:] == []\nparser ="))
    for tokens in (
        ["-p", "api-key=hunter22x"],
        ["-p", "api-key=hunter22x", "--format", "json"],
        ["-p", "api-key=hunter22x", "-p", "epochs=hunter22x"],
        ["-p", "api-keys=hunter22x"],
        ["-p", "api-key", "hunter22x"],
    ):
        _, out, err = checked("train.py", *TRAIN, *tokens)
        assert "hunter22x" not in out + err
        assert "api" in out + err
    (here / "train.py").write_text("raise ValueError('hunter22x')")
    assert "hunter22x" not in "".join(map(str, checked("train.py", "-p", "api-key=hunter22x")))


def test_a_secret_is_a_warning(checked):
    status, _, err = checked("train.py", *TRAIN, "-p", "api-key=hunter22x")
    assert status == 0
    assert err.startswith("smargs check: warning: hyperparameter api-key looks like a secret")
    assert err.count("\n") == 1
    made = json.loads(checked("train.py", *TRAIN, "-p", "api-key=hunter22x", "--format", "json")[1])
    assert [err] == [f"smargs check: warning: {warning}\n" for warning in made["warnings"]]
    assert made["hyperparameters"] == {"api-key": "******"}


def test_an_argument_that_the_script_declares_secret_is_masked(checked, here):
    (here / "train.py").write_text(SCRIPT.replace('"--api-key"', '"--pin", secret=True'))
    for tokens in ([], ["--format", "json"]):
        status, out, err = checked("train.py", *TRAIN, "-p", "pin=hunter22x", *tokens)
        assert (status, "hunter22x" in out + err, "******" in out) == (0, False, True)


def test_the_command_that_runs_a_job_imports_no_parser_of_scripts():
    """Otherwise `smargs run` would start later."""
    code = "import sys, smargs.cli.main, smargs.cli.run; print(*sys.modules)"
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert "smargs.cli.run" in imported
    assert not imported & {"configargparse", "smargs.parser", "smargs.launch.check", "smargs.cli.check"}


@pytest.mark.parametrize(
    ("tokens", "line"),
    [
        (["epochs=3"], "unrecognized arguments: epochs=3 (did you mean -p epochs=3?)"),
        (["-p", "epochs", "3"], "unrecognized arguments: 3 (did you mean -p epochs=3?)"),
        (["--epochs", "3"], "unrecognized arguments: --epochs 3 (did you mean -p epochs=3?)"),
        (["--augment"], "unrecognized arguments: --augment (did you mean -p augment=true?)"),
        (["--chanel", "train=x"], "unrecognized arguments: --chanel train=x (did you mean --channel?)"),
        (["-p", "epochs"], "argument -p: 'epochs' is not a hyperparameter: expected NAME=VALUE"),
        (["--channel", "train"], "argument --channel: 'train' is not a channel: expected NAME=PATH"),
        (["--channel", "a b=c"], "argument --channel: 'a b' is not a channel name: expected up to 64 of A-Z a-z 0-9 . - _"),
        (["--hyperparameters", "no.json"], "argument --hyperparameters: 'no.json' cannot be read: No such file or directory"),
        (["--ranges", "no.json"], "argument --ranges: 'no.json' cannot be read: No such file or directory"),
        (["--format", "xml"], None),
    ],
)
def test_a_mistyped_command_line_is_one_line(problems, tokens, line):
    lines = problems("train.py", *tokens)
    assert len(lines) == 1
    assert line in (None, *lines)


def test_ranges_in_a_file_that_is_no_object_are_one_line(problems, here):
    (here / "ranges.json").write_text("[]")
    assert problems("train.py", "--ranges", "ranges.json") == [
        "argument --ranges: 'ranges.json' is not a JSON object: expected {NAME: VALUE, ...}"
    ]


WITH_SUBCOMMANDS = """
from smargs import SageMakerArgumentParser
parser = SageMakerArgumentParser()
parser.add_argument("--seed", type=int)
commands = parser.add_subparsers(dest="command", required=True)
fit = commands.add_parser("fit")
fit.add_argument("--epochs", type=int, required=True)
fit.add_subparsers().add_parser("fast").add_argument("--limit", type=int)
commands.add_parser("test").add_argument("--metric")
"""


PARSES = ["parser.parse_args()", "import sys\nparser.parse_args(sys.argv[1:])", "parser.parse_args(args=None)"]


@pytest.mark.parametrize("parse", PARSES)
@pytest.mark.parametrize("tokens", [["--", "fit"], ["-p", "command=fit"]])
def test_a_subcommand_is_chosen(checked, here, parse, tokens):
    (here / "train.py").write_text(WITH_SUBCOMMANDS + parse)
    status, out, err = checked("train.py", "-p", "epochs=3", *tokens)
    assert (status, err) == (0, "")
    assert [row[:2] for row in read_table(out.splitlines())[1:]] == [
        ["--seed", "None"],
        ["command", "'fit'"],
        ["--epochs", "3"],
    ]


def test_a_subcommand_of_a_subcommand_is_chosen(checked, here):
    (here / "train.py").write_text(WITH_SUBCOMMANDS + "import sys\nparser.parse_args(args=sys.argv[1:])")
    status, out, err = checked("train.py", "-p", "epochs=3", "-p", "limit=5", "--", "fit", "fast")
    assert (status, err) == (0, "")
    assert ["--limit", "5"] in [row[:2] for row in read_table(out.splitlines())]


def test_a_token_that_is_no_subcommand_is_a_problem(problems, here):
    line = "argument '--epochs' is not a subcommand of the script (a job sends a script hyperparameters: write -p)"
    assert problems("train.py", "--", "--epochs", "3") == [line]
    (here / "train.py").write_text(WITH_SUBCOMMANDS + "parser.parse_args()")
    assert problems("train.py", "--", "fot") == ["argument 'fot' is not a subcommand of the script (choose from 'fit', 'test')"]


def test_without_its_subcommand_the_arguments_of_a_script_are_not_found(problems, here):
    (here / "train.py").write_text(WITH_SUBCOMMANDS + "parser.parse_args()")
    assert len(problems("train.py", "-p", "epochs=3")) == 2


def test_a_script_of_argparse_needs_patch(problems, checked, here):
    source = SCRIPT.replace("from smargs", "from argparse").replace("SageMakerArgumentParser", "ArgumentParser")
    (here / "train.py").write_text(source.replace("type=tuple", "type=str"))
    assert problems("train.py", *TRAIN) == [
        "the script's parser is argparse's own: use the parser of smargs, or --patch (patch=True) if the job runs the script "
        "with smargs.patch"
    ]
    assert checked("train.py", *TRAIN, "-p", "epochs=3", "--patch")[0] == 0
    assert problems("train.py", *TRAIN, "-p", "epoch=3", "--patch") == [
        "unrecognized hyperparameter: epoch (did you mean --epochs?)"
    ]


def test_a_parse_that_ends_the_process_after_the_check_is_a_problem(problems, here):
    source = """
import sys
from smargs import SageMakerArgumentParser
class P(SageMakerArgumentParser):
    def parse_args(self):
        super().parse_args()
        {end}
P().parse_args()
"""
    for end, line in (
        ("self.error('too much')", "train.py: error: too much"),
        ("sys.exit('too much')", "too much"),
        ("sys.exit(3)", "the parser ends with exit status 3"),
    ):
        (here / "train.py").write_text(source.format(end=end))
        assert problems("train.py") == [line]


def test_help_says_what_the_command_does(checked):
    status, out, err = checked("--help")
    assert (status, err) == (0, "")
    assert "Arguments after -- choose subcommands" in " ".join(out.split())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_the_script_too(here, number):
    os.mkfifo(here / "gate")
    (here / "train.py").write_text("import os, time\nopen('gate', 'w').write(str(os.getpid()))\ntime.sleep(60)")
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    command = [sys.executable, "-m", "smargs", "check", "train.py"]
    heard = {"preexec_fn": lambda: signal.signal(number, signal.SIG_DFL)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **heard) as running:
        pid = int((here / "gate").read_text())
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (128 + number, "", "smargs check: interrupted\n")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT], ids=lambda number: number.name)
def test_a_killed_check_leaves_no_process(here, number):
    os.mkfifo(here / "gate")
    # Both processes of the script have the writing end of the gate.
    (here / "train.py").write_text(
        "import os, time\ngate = open('gate', 'w', 1)\nos.fork()\nprint('runs', file=gate)\ntime.sleep(60)"
    )
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    command = [sys.executable, "-m", "smargs", "check", "train.py"]
    with subprocess.Popen(command, env=environ) as running, open(here / "gate", "rb", 0) as gate:
        assert [gate.read(5), gate.read(5)] == [b"runs\n"] * 2
        running.send_signal(number)
        assert select.select([gate], [], [], 30)[0]
        assert gate.read() == b""


def test_a_script_has_no_child_that_it_has_not_started(checked, here):
    source = "import os\ntry:\n    os.wait()\nexcept ChildProcessError:\n    pass\n"
    (here / "train.py").write_text(source + SCRIPT)
    assert checked("train.py", *TRAIN)[0] == 0


def test_without_file_locks_the_command_works(here):
    code = "import sys; sys.modules['fcntl'] = None; from smargs.cli.main import main; sys.exit(main(sys.argv[1:]))"
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    command = [sys.executable, "-c", code, "check", "train.py", *TRAIN]
    assert subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=False).returncode == 0
