"""The command ``smargs run`` and bad input: one line, status 2, nothing started and nothing made."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from paths import ROOT

from smargs.cli import main as cli
from smargs.cli.options import make_parser
from smargs.secrets.masking import Secrets


def tree(place):
    """Every path below a directory, with the content of files."""
    return {
        path.relative_to(place): path.read_bytes() if path.is_file() else None for path in sorted(place.rglob("*"), key=str)
    }


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with data, and with a script that creates a file when it starts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("import pathlib\npathlib.Path(__file__).with_name('started').touch()\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1,2\n")
    return tmp_path


@pytest.fixture
def refused(here, capsys):
    """The one line of error for a command line, without its beginning. Nothing is started and no file is changed."""

    def refuse(*tokens):
        before = tree(here)
        try:
            status = cli.main(["run", *tokens])
        except SystemExit as stop:
            status = stop.code
        output = capsys.readouterr()
        assert (status, output.out, output.err.count("\n")) == (2, "", 1), output
        assert tree(here) == before
        assert output.err.startswith("smargs run: error: ")
        return output.err[len("smargs run: error: ") : -1]

    return refuse


def start(*tokens, **settings):
    """Start the command as a real child process."""
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "universal_newlines": True}
    return subprocess.Popen([sys.executable, "-m", "smargs", "run", *tokens], env=environ, **pipes, **settings)


def finish(*tokens, **settings):
    """The status and both outputs of the command, a real child process."""
    with start(*tokens, **settings) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize(
    ("tokens", "line"),
    [
        (["none.py"], "argument script: 'none.py' does not exist: expected a .py or .sh file"),
        (["x" * 300 + ".py"], f"argument script: '{'x' * 300}.py' does not exist: expected a .py or .sh file"),
        (["two\nlines.py"], "argument script: 'two\\nlines.py' does not exist: expected a .py or .sh file"),
        (["data"], "argument script: 'data' is a directory: expected a .py or .sh file"),
        (["data/a.csv"], "argument script: 'data/a.csv' is not an entry point: expected a .py or .sh file"),
        (["train.py", "--hosts", "0"], "argument --hosts: invalid count: '0': expected 1 to 9999"),
        (["train.py", "--hosts", "10000"], "argument --hosts: invalid count: '10000': expected 1 to 9999"),
        (["train.py", "--hosts", "two"], "argument --hosts: invalid count: 'two': expected 1 to 9999"),
        (["train.py", "--grace"], "argument --grace: expected one argument"),
        (["train.py", "--grace=-1s"], "argument --grace: invalid time: '-1s': expected a time such as 20s, 5m, 12h or 7d"),
        (["train.py", "--grace", "soon"], "argument --grace: invalid time: 'soon': expected a time such as 20s, 5m, 12h or 7d"),
        (
            ["train.py", "--interrupt-after", "1w"],
            "argument --interrupt-after: invalid time: '1w': expected a time such as 20s, 5m, 12h or 7d",
        ),
        (
            ["train.py", "--max-run", "0.5s"],
            "argument --max-run: invalid time: '0.5s': the service allows 1s to 28d",
        ),
        (
            ["train.py", "--max-run", "29d"],
            "argument --max-run: invalid time: '29d': the service allows 1s to 28d",
        ),
        (
            ["train.py", "--channel", "train=none"],
            "argument --channel: train: 'none' does not exist: expected a file, directory or glob",
        ),
        (
            ["train.py", "--channel", "train=data/*.txt"],
            "argument --channel: train: 'data/*.txt' does not exist: expected a file, directory or glob",
        ),
        (
            ["train.py", "--channel", "train=s3://bucket/key"],
            "argument --channel: train: 's3://bucket/key' is not on this machine: expected a local file, directory or glob",
        ),
        (
            ["train.py", "--plain", "-p", "motto=a\nb"],
            "hyperparameter 'motto': the service refuses its line break: expected one line",
        ),
        (
            ["train.py", "-p", "mot\rto=1"],
            "hyperparameter 'mot\\rto': the service refuses its line break: expected one line",
        ),
        (
            ["train.py", "--channel", "data"],
            "argument --channel: 'data' is not a channel: expected NAME=PATH",
        ),
        (
            ["train.py", "--channel", "../up=data"],
            "argument --channel: '../up' is not a channel name: expected up to 64 of A-Z a-z 0-9 . - _",
        ),
        (
            ["train.py", "--channel", "..=data"],
            "argument --channel: '..' is not a channel name: expected up to 64 of A-Z a-z 0-9 . - _",
        ),
        (
            ["train.py", "--channel", "a=data", "--channel", "a=data"],
            "argument --channel: 'a' is repeated: expected each name once",
        ),
        (["train.py", "--channel", "code=data"], "argument --channel: SageMaker reserves the name 'code'"),
        (["train.py", "-p", "password"], "argument -p: 'password' is not a hyperparameter: expected NAME=VALUE"),
        (["train.py", "-p", "=3"], "argument -p: '=3' is not a hyperparameter: expected NAME=VALUE"),
        (["train.py", "-p", "api_key:hunter2"], "argument -p: 'api_key:******' is not a hyperparameter: expected NAME=VALUE"),
        (
            ["train.py", "--hyperparameters", "none.json"],
            "argument --hyperparameters: 'none.json' cannot be read: No such file or directory",
        ),
        (
            ["train.py", "-p", f"api_key={'s' * 2499}"],
            "hyperparameter api_key: its value has 2501 characters: the service allows 2500",
        ),
        (
            ["train.py", "-p", f"{'n' * 257}=1"],
            f"hyperparameter {'n' * 20}...: its name has 257 characters: the service allows 256",
        ),
        (["train.py", "--source-dir", "none"], "argument --source-dir: 'none' does not exist: expected a directory"),
        (["train.py", "--source-dir", "train.py"], "argument --source-dir: 'train.py' is a file: expected a directory"),
        (["none.py", "--source-dir", "."], "argument script: 'none.py' does not exist: expected a .py or .sh file"),
        (["a.csv", "--source-dir", "data"], "argument script: 'a.csv' is not an entry point: expected a .py or .sh file"),
        (
            ["../train.py", "--source-dir", "data"],
            "argument script: '../train.py' is not in '{here}/data': expected a path inside --source-dir",
        ),
        (["train.py", "--env", "A-B=1"], "argument --env: 'A-B' is not the name of a variable: expected NAME=VALUE"),
        (
            ["train.py", "--env", "NO_SUCH_VARIABLE"],
            "argument --env: NO_SUCH_VARIABLE is not set here: expected NO_SUCH_VARIABLE=VALUE",
        ),
        (["train.py", "--env", "A=" + "v" * 513], "argument --env: A: its value has 513 characters: the service allows 512"),
        (
            ["train.py", "--env", "A" * 513 + "=1"],
            f"argument --env: {'A' * 20}: its name has 513 characters: the service allows 512",
        ),
        (
            ["train.py", *(f"--env=A{number}=" for number in range(101))],
            "argument --env: 101 variables: the service allows 100",
        ),
        (["train.py", "--env-file", "none"], "argument --env-file: 'none' cannot be read: No such file or directory"),
        (
            ["train.py", "--env-file", "data/a.csv"],
            "argument --env-file: 'data/a.csv', line 1: expected NAME=VALUE, or the NAME of a variable that is set here",
        ),
        (["train.py", "--strict-metrics"], "argument --strict-metrics: only with --metric"),
        (["train.py", "--metric", "loss"], "argument --metric: 'loss' is not a metric: expected NAME=REGEX"),
        (["train.py", "--metric", "a=(b)", "--metric", "a=(c)"], "argument --metric: 'a' is repeated: expected each name once"),
        (["train.py", "--metric", "a=b"], "argument --metric: a: 'b' has no group: expected brackets around the value"),
        (
            ["train.py", "--metric", "a=(b"],
            "argument --metric: a: '(b' is not a regular expression: missing ), unterminated subpattern at position 0",
        ),
        (
            ["train.py", "--metric", "a=" + "(b)" * 167],
            "argument --metric: a: its regular expression has 501 characters: the service allows 500",
        ),
        (
            ["train.py", "--metric", "m" * 256 + "=(b)"],
            f"argument --metric: {'m' * 20}: its name has 256 characters: the service allows 255",
        ),
        (
            ["train.py", *(f"--metric=a{number}=(b)" for number in range(41))],
            "argument --metric: 41 metrics: the service allows 40",
        ),
        (
            ["train.py", "--shard", "train"],
            "argument --shard: 'train' is not a channel: expected the name of a channel or of a manifest",
        ),
        (["train.py", "--manifest", "train"], "argument --manifest: 'train' is not a channel: expected NAME=PATH"),
        (
            ["train.py", "--manifest", "train=none"],
            "argument --manifest: train: 'none' cannot be read: No such file or directory",
        ),
        (
            ["train.py", "--manifest", "train=data/a.csv", "--channel", "train=train.py"],
            "argument --manifest: train: expected a directory as its --channel",
        ),
        (["train.py", "--hosts", "2", "--group", "a=1"], "argument --group: not allowed with argument --hosts"),
        (
            ["train.py", "--group", "a"],
            "argument --group: 'a' is not an instance group: expected NAME=N with the number of hosts",
        ),
        (
            ["train.py", "--group", "a=0"],
            "argument --group: 'a=0' is not an instance group: expected NAME=N with the number of hosts",
        ),
        (["train.py", "--group", "a=1", "--group", "a=2"], "argument --group: 'a' is repeated: expected each name once"),
        (
            ["train.py", "--group", "g" * 65 + "=1"],
            f"argument --group: {'g' * 20}: its name has 65 characters: the service allows 64",
        ),
        (
            ["train.py", *(f"--group=a{number}=1" for number in range(6))],
            "argument --group: 6 instance groups: the service allows 5",
        ),
        (["train.py", "--group", "a=1", "--launcher", "torchrun"], "argument --launcher: not with --group: expected --hosts"),
        *(
            (["train.py", "--platform", "processing", *tokens], f"argument {tokens[0]}: not with --platform processing")
            for tokens in (
                ["--channel", "train=data"],
                ["-p", "epochs=3"],
                ["--hyperparameters", "hps.json"],
                ["--plain"],
                ["--metric", "loss=(.*)"],
                ["--group", "a=1"],
                ["--launcher", "torchrun"],
                ["--interrupt-after", "20s"],
                ["--interrupt-after", "0"],
                ["--max-run", "20s"],
            )
        ),
        (["train.py", "--input", "raw=data"], "argument --input: only with --platform processing"),
        (["train.py", "--processes-per-host", "4"], "argument --processes-per-host: only with --launcher"),
        (["train.py", "--processing-output", "out"], "argument --processing-output: only with --platform processing"),
        (
            ["train.py", "--platform", "processing", "--input", "raw=none"],
            "argument --input: raw: 'none' does not exist: expected a file, directory or glob",
        ),
        (
            ["train.py", "--platform", "processing", "--input", "code=data"],
            "argument --input: SageMaker reserves the name 'code'",
        ),
        (
            ["train.py", "--platform", "processing", "--processing-output", "../up"],
            "argument --processing-output: '../up' is not a channel name: expected up to 64 of A-Z a-z 0-9 . - _",
        ),
        (
            ["train.py", "--platform", "processing", "--", *["a"] * 101],
            "101 arguments of a processing job: the service allows 100",
        ),
        (
            ["train.py", "--platform", "processing", "--", "a", "s" * 257],
            "argument 2 of the script has 257 characters: the service allows 256 for a processing job",
        ),
        (
            ["train.py", "--platform", "processing", *(f"--input=i{number}=data" for number in range(10))],
            "11 inputs, including the code that the SDK adds, of a processing job: the service allows 10",
        ),
        (
            ["train.py", "--platform", "processing", *(f"--processing-output=o{number}" for number in range(11))],
            "11 outputs of a processing job: the service allows 10",
        ),
        (
            ["train.py", "--platform", "processing", "--env", "A=" + "v" * 257],
            "argument --env: A: its value has 257 characters: the service allows 256 for a processing job",
        ),
        (["train.py", "--output", ""], "argument --output: '' is not a directory: expected a path"),
        (["train.py", "--output", "data"], "argument --output: {here}/data contains files that were not made by smargs run"),
        (["train.py", "--output", "train.py"], "argument --output: {here}/train.py cannot be used: File exists"),
        pytest.param(
            ["train.py", "--output", "o" * 300],
            f"argument --output: {{here}}/{'o' * 300} cannot be used: File name too long",
            marks=pytest.mark.needs_process,  # The file system of WebAssembly takes the name, and the job starts.
        ),
        pytest.param(
            ["train.py", "--output", f"new/{'o' * 300}"],
            f"argument --output: {{here}}/new/{'o' * 300} cannot be used: File name too long",
            marks=pytest.mark.needs_process,
        ),
    ],
)
def test_bad_input_is_one_line_that_names_argument_value_and_what_was_expected(here, refused, tokens, line):
    assert refused(*tokens) == line.format(here=here)


@pytest.mark.parametrize(
    ("tokens", "line"),
    [
        (["extra"], "extra"),
        (["extra", "--bogus=1"], "extra --bogus=1"),
        (["--chanel", "train=data"], "--chanel train=data (did you mean --channel?)"),
        (["--Processes_Per_Host=2"], "--Processes_Per_Host=2 (did you mean --processes-per-host?)"),
        (
            ["--trees", "10"],
            "--trees 10 (write -p trees=10 for a hyperparameter, or at the end -- --trees 10 for the script)",
        ),
        (
            ["--offset", "-3"],
            "--offset -3 (write -p offset=-3 for a hyperparameter, or at the end -- --offset -3 for the script)",
        ),
        (
            ["--note=a b"],
            "--note=a b (write -p 'note=a b' for a hyperparameter, or at the end -- --note 'a b' for the script)",
        ),
        (
            ["--fp16", "--hosts", "2"],
            "--fp16 (write -p fp16=true for a hyperparameter, or at the end -- --fp16 for the script)",
        ),
        (["-p", "epochs", "3"], "3 (did you mean -p epochs=3?)"),
        (["-p", "epochs", "=", "3"], "= 3 (did you mean -p epochs=3?)"),
        (["-p", "epochs=", "3"], "3 (did you mean -p epochs=3?)"),
        (["-p", "epochs", "=3"], "=3 (did you mean -p epochs=3?)"),
        (["-p", "note", "=", "a", "b"], "= a b (did you mean -p 'note=a b'?)"),
        (["-lr", "0.1"], "-lr 0.1 (write -p lr=0.1 for a hyperparameter, or at the end -- -lr 0.1 for the script)"),
        (["-lr=0.1"], "-lr=0.1 (write -p lr=0.1 for a hyperparameter, or at the end -- -lr 0.1 for the script)"),
        (["-epochs", "3"], "3 (write -p epochs=3 for a hyperparameter, or at the end -- -epochs 3 for the script)"),
        (["-epochs", "-3"], "-3 (write -p epochs=-3 for a hyperparameter, or at the end -- -epochs -3 for the script)"),
        (["--dry-run", "3"], "3"),
        (["-p", "features=[0,", "1]"], "1] (did you mean -p 'features=[0, 1]'?)"),
        (["-p", "features=[0,", "-1]"], "-1] (did you mean -p 'features=[0, -1]'?)"),
        (["-p", "epochs=3", "lr=0.1"], "lr=0.1 (did you mean -p lr=0.1?)"),
        (["epochs=3", "api_key=hunter2"], "epochs=3 api_key=****** (did you mean -p epochs=3?)"),
        (["api_key=hunter2"], "api_key=****** (did you mean -p api_key=******)"),
        (
            ["--api-key=hunter2"],
            "--api-key=****** (write -p api-key=****** for a hyperparameter, or at the end -- --api-key ****** for the script)",
        ),
        (
            ["--api-key", "hunter2"],
            "--api-key ****** (write -p api-key=****** for a hyperparameter, or at the end -- --api-key ****** for the script)",
        ),
        (
            ["--api-key", "--password"],
            "--api-key --password (write -p api-key=****** for a hyperparameter, or at the end -- --api-key for the script)",
        ),
        (["-p", "api_key", "hunter2"], "****** (did you mean -p api_key=******)"),
        (["-p", "api_key", "=", "hunter2"], "= ****** (did you mean -p api_key=******)"),
        (["-p", "api_key", ":", "hunter2"], ": ****** (did you mean -p 'api_key=****** ******'?)"),
        (["-e", "API_KEY", "=", "hunter2"], "= ******"),
        (["-p", "api_key=hunter2", "hunter2"], "****** (did you mean -p 'api_key=****** ******'?)"),
    ],
)
def test_an_unknown_argument_is_named_with_what_to_type_instead_and_without_secrets(refused, tokens, line):
    assert refused("train.py", *tokens) == f"unrecognized arguments: {line}"


@pytest.mark.parametrize(
    ("tokens", "line"),
    [
        (["--epochs", "3", "train.py"], "-p epochs=3 for a hyperparameter, or at the end -- --epochs 3 for the script"),
        (["--fp16", "train.py"], "-p fp16=true for a hyperparameter, or at the end -- --fp16 for the script"),
        (["-p", "epochs", "3", "train.py"], "did you mean -p epochs=3?"),
        (["-p", "features=[0,", "1]", "train.py"], "did you mean -p 'features=[0, 1]'?"),
    ],
)
def test_a_mistake_before_the_script_is_explained_as_well(refused, tokens, line):
    assert line in refused(*tokens)


def test_the_pages_errors_are_what_the_command_says(refused):
    page = (ROOT / "docs" / "local.md").read_text(encoding="utf-8")
    errors = [refused("train.py", *tokens) for tokens in (["--epochs", "3"], ["-p", "layers=[256,", "128]"])]
    assert re.findall("^smargs run: error: (.*)$", page, re.MULTILINE) == errors


def test_a_mount_is_no_help_where_one_process_starts_all_hosts(here, refused, monkeypatch):
    (here / "mpirun").touch(0o755)
    monkeypatch.setenv("PATH", os.fspath(here))
    monkeypatch.setattr("smargs.local.launchers.find_spec", lambda name: name)
    assert refused("train.py", "--mount", "--launcher", "mpirun", "--hosts", "2") == (
        "argument --mount: mpirun starts all hosts in one process: expected one host"
    )


def test_other_commands_suggest_their_own_options(capsys):
    for tokens, line in (
        (["env", "--jsn"], "smargs env: error: unrecognized arguments: --jsn (did you mean --json?)"),
        (["clean", "--epochs", "3"], "smargs clean: error: unrecognized arguments: --epochs"),
    ):
        with pytest.raises(SystemExit) as stop:
            cli.main(tokens)
        assert (stop.value.code, capsys.readouterr().err) == (2, f"{line}\n")


def test_the_bare_command_is_its_help(capsys):
    assert cli.main([]) == 0
    shown = capsys.readouterr().out
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert shown == capsys.readouterr().out


def test_the_error_for_an_unknown_platform_lists_the_platforms(refused):
    line = refused("train.py", "--platform", "azure\nml")
    assert line.startswith("argument --platform: invalid choice: 'azure\\nml' (choose from ")
    assert all(name in line for name in ("toolkit", "toolkit-unquoted", "sdk", "files"))


def test_a_shell_script_must_be_executable(here, refused):
    (here / "train.sh").write_text("touch started\n")
    assert refused("train.sh") == ("argument script: 'train.sh' is not executable: run `chmod +x train.sh`")


@pytest.mark.parametrize("place", ["data/broken.csv", "data/*.csv"])
def test_a_broken_link_is_not_a_channel(here, refused, place):
    (here / "data" / "broken.csv").symlink_to("gone")
    assert refused("train.py", "--channel", f"train={place}") == (
        "argument --channel: train: 'data/broken.csv' does not exist: expected a file, directory or glob"
    )


def test_a_glob_must_not_match_two_files_of_one_name(here, refused):
    (here / "data" / "sub").mkdir()
    (here / "data" / "sub" / "a.csv").touch()
    assert refused("train.py", "--channel", "train=data/**/*.csv") == (
        "argument --channel: train: 'data/**/*.csv' matches two files named 'a.csv'"
    )


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("[", "'m.json' is not valid JSON: Expecting value: line 1 column 2 (char 1)"),
        ("[]", "'m.json' is not a manifest: expected [{{\"prefix\": PREFIX}}, SUFFIX, ...]"),
        ("{{}}", "'m.json' is not a manifest: expected [{{\"prefix\": PREFIX}}, SUFFIX, ...]"),
        ('["a"]', "'m.json' is not a manifest: expected [{{\"prefix\": PREFIX}}, SUFFIX, ...]"),
        ('[{{"prefix": "data/"}}, 1]', "'m.json' is not a manifest: expected [{{\"prefix\": PREFIX}}, SUFFIX, ...]"),
        (
            '[{{"prefix": "s3://b/k/"}}, "a.csv"]',
            "the prefix 's3://b/k/' is not on this machine: expected --channel train=DIR with the directory in its place",
        ),
        ('[{{"prefix": "data/"}}, "b.csv"]', "'{here}/data/b.csv' does not exist: expected a file below the prefix"),
        ('[{{"prefix": "data/"}}, "../train.py"]', "'{here}/train.py' does not exist: expected a file below the prefix"),
        ('[{{"prefix": ""}}, "/etc/passwd"]', "'/etc/passwd' does not exist: expected a file below the prefix"),
    ],
)
def test_a_manifest_lists_files_of_this_machine(here, refused, content, line):
    (here / "m.json").write_text(content.format())
    assert refused("train.py", "--manifest", "train=m.json") == f"argument --manifest: train: {line.format(here=here)}"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"\xff=1", "'job.env' is not a text file: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        (b"A=\0", None),
    ],
)
def test_a_file_of_variables_must_be_text_without_nul(here, refused, content, line):
    (here / "job.env").write_bytes(content)
    expected = (
        f"argument --env-file: {line}" if line else "argument --env: A: an environment variable cannot hold it: expected no NUL"
    )
    assert refused("train.py", "--env-file", "job.env") == expected


@pytest.mark.parametrize("line", ["hunter2hunter2", "hunter2/+hunter2==", '"hunter2hunter2"', "  hunter2hunter2 = 1"])
def test_an_error_in_a_file_of_variables_shows_its_line_number_and_not_the_line(here, refused, line):
    """The line may be a part of a secret that has several lines."""
    (here / "job.env").write_text(f"# comment\n\nAPI_TOKEN='abc\n{line}\n")
    expected = "argument --env-file: 'job.env', line 4: expected NAME=VALUE, or the NAME of a variable that is set here"
    assert refused("train.py", "--env-file", "job.env") == expected


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("- 1\n", "argument --hyperparameters: 'hps.yaml' is not a YAML object: expected {NAME: VALUE, ...}"),
        ("[" * 5000, "argument --hyperparameters: 'hps.yaml' is not valid YAML: RecursionError"),
        ("a: 1\nb: [hunter2", "argument --hyperparameters: 'hps.yaml' is not valid YAML: see line 2"),
        ("1: 2\n", "hyperparameter 1: expected a str as its name"),
        (
            "day: 2026-11-26\n",
            "hyperparameter day: Object of type date is not JSON serializable: expected a value that JSON can represent",
        ),
    ],
    ids=["list", "deep", "broken", "number as a name", "date"],
)
def test_a_yaml_file_of_hyperparameters_must_hold_what_json_can_represent(here, refused, content, line):
    (here / "hps.yaml").write_text(content)
    assert refused("train.py", "--hyperparameters", "hps.yaml").startswith(line)


def test_yaml_needs_a_package_which_is_named(here, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    (here / "hps.yml").write_text("epochs: 3\n")
    assert refused("train.py", "--hyperparameters", "hps.yml") == (
        "argument --hyperparameters: 'hps.yml' is YAML, which needs PyYAML: pip install pyyaml"
    )


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'{"a": ', "'hps.json' is not valid JSON: Expecting value: line 1 column 7 (char 6)"),
        (b"[1]", "'hps.json' is not a JSON object: expected {NAME: VALUE, ...}"),
        (
            b'{"a": "\xff"}',
            "'hps.json' is not valid JSON: 'utf-8' codec can't decode byte 0xff in position 7: invalid start byte",
        ),
    ],
)
def test_a_file_of_hyperparameters_must_contain_a_json_object(here, refused, content, line):
    (here / "hps.json").write_bytes(content)
    assert refused("train.py", "--hyperparameters", "hps.json") == f"argument --hyperparameters: {line}"


@pytest.mark.parametrize(
    "hyperparameters",
    [{"a": "x\0"}, {"a\0": 1}, {"a": {"b": ["x\0"]}}, {"a": {"x\0": 1}}, {"a": "\ud800"}, {"a=b": 1}],
    ids=["NUL", "NUL in a name", "NUL within", "NUL in a key", "half a character", "= in a name"],
)
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_a_hyperparameter_that_no_variable_can_contain_is_refused(here, refused, hyperparameters, platform):
    (here / "hps.json").write_text(json.dumps(hyperparameters))
    assert refused("train.py", "--platform", platform, "--hyperparameters", "hps.json") == (
        f"hyperparameter {next(iter(hyperparameters))!r}: an environment variable cannot hold it: "
        "expected no '=' in its name, no NUL and no half of a surrogate pair"
    )


@pytest.mark.needs_process
def test_the_services_limits_count_the_sdks_own_hyperparameters(here, refused):
    def many(count):
        return [token for number in range(count) for token in ("-p", f"h{number}=1")]

    assert refused("train.py", "--platform", "files", *many(101)) == "101 hyperparameters: the service allows 100"
    assert refused("train.py", *many(96)) == ("101 hyperparameters, including 5 that the SDK adds: the service allows 100")
    assert finish("train.py", *many(95), cwd=here)[0] == 0
    assert (here / "started").exists()


def test_every_hyperparameter_beyond_a_limit_is_a_line(here, capsys):
    tokens = ["-p", f"api_key={'x' * 2501}", "-p", f"motto={'m' * 2501}", "-p", f"{'n' * 257}=1"]
    assert cli.main(["run", "train.py", "--plain", *tokens]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "smargs run: error: hyperparameter api_key: its value has 2501 characters: the service allows 2500",
        "smargs run: error: hyperparameter motto: its value has 2501 characters: the service allows 2500",
        f"smargs run: error: hyperparameter {'n' * 20}...: its name has 257 characters: the service allows 256",
    ]
    assert not (here / "started").exists()


@pytest.mark.needs_process
def test_at_the_services_limits_a_job_runs(here):
    assert finish("train.py", "--plain", "-p", f"{'n' * 256}={'v' * 2500}", cwd=here)[0] == 0
    assert (here / "started").exists()


@pytest.mark.parametrize("name", ["two words.py", "+p.py", "träin.py"])
def test_a_name_that_the_toolkit_does_not_start_is_refused(here, refused, name):
    (here / "train.py").rename(here / name)
    assert refused(os.path.join(here, name)) == (
        f"argument script: the toolkit does not start {name!r}: "
        "expected a name of A-Z a-z 0-9 . _ + - that does not start with +"
    )


@pytest.mark.parametrize(
    "platform", ["toolkit", pytest.param("toolkit-unquoted", marks=pytest.mark.needs_process), "sdk", "files"]
)
@pytest.mark.parametrize("flags", [[], ["--dry-run"], ["--patch"]], ids=["run", "dry run", "patched"])
def test_a_name_that_python_takes_for_an_option_is_refused_on_every_platform(here, refused, platform, flags):
    (here / "train.py").rename(here / "-c.py")
    line = "argument script: Python would read '-c.py' as an option: expected a name that does not start with -"
    assert refused(os.path.join(here, "-c.py"), "--platform", platform, *flags) == line


@pytest.mark.needs_process
def test_a_name_that_the_toolkit_alone_does_not_start_runs_elsewhere(here):
    (here / "train.py").rename(here / "two words.py")
    assert finish("two words.py", "--platform", "sdk", cwd=here)[0] == 0
    assert (here / "started").exists()


@pytest.mark.parametrize("launcher", ["torchrun", "mpirun"])
def test_a_launcher_must_be_installed_and_starts_only_python(here, refused, monkeypatch, launcher):
    monkeypatch.setenv("PATH", os.fspath(here))
    monkeypatch.setattr(sys, "executable", os.fspath(here / "python"))
    assert refused("train.py", "--launcher", launcher) == f"argument --launcher: {launcher} is not installed"
    (here / "train.sh").touch(0o755)
    assert refused("train.sh", "--launcher", launcher) == (
        f"argument --launcher: {launcher} starts Python scripts only, not train.sh"
    )


def test_mpirun_needs_mpi4py(here, refused, monkeypatch):
    (here / "mpirun").touch(0o755)
    monkeypatch.setenv("PATH", os.fspath(here))
    monkeypatch.setattr("smargs.local.launchers.find_spec", lambda name: None)
    assert refused("train.py", "--launcher", "mpirun") == (
        "argument --launcher: mpirun needs mpi4py, because both platforms start the script with it"
    )


@pytest.mark.needs_process
@pytest.mark.parametrize("flags", [[], ["--copy"]], ids=["linked", "copied"])
def test_a_directory_that_the_job_replaces_is_not_a_channel(here, refused, flags):
    assert finish("train.py", "--output", "job", "--copy", "--channel", "train=data", cwd=here)[0] == 0
    (here / "started").unlink()
    assert refused("train.py", "--output", "job", *flags, "--channel", "again=job/input/data/train") == (
        f"argument --channel: again: '{here}/job/input/data/train' is in a directory that a new job in {here}/job replaces: "
        "expected a path outside it"
    )
    (here / "link").symlink_to(here / "job")
    assert refused("train.py", "--output", "link", *flags, "--channel", "again=job/model").endswith(
        "expected a path outside it"
    )
    (here / "job" / "model" / "train.py").write_text("")
    (here / "link.py").symlink_to(here / "job" / "model" / "train.py")
    for path in ("job/model/train.py", "link.py"):
        assert refused("train.py", "--output", "job", *flags, "--channel", f"again={path}").startswith("argument --channel: ")
    assert refused("job/model/train.py", "--output", "job").startswith("argument script: ")


def test_a_dry_run_needs_a_directory_for_temporary_files(here, refused, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "nowhere")
    line = refused("train.py", "--dry-run")
    assert line.startswith("argument --dry-run: a temporary directory cannot be created: ")
    assert "nowhere" in line


def test_a_channel_is_not_copied_into_itself(here, refused):
    assert refused("train.py", "--copy", "--output", "data/job", "--channel", "train=data") == (
        f"argument --channel: train: '{here}/data' contains {here}/data/job: expected another --output, or no --copy"
    )


def test_a_channel_that_cannot_be_copied_is_named_and_leaves_nothing(here, refused):
    (here / "broken").mkdir()
    (here / "broken" / "link").symlink_to("gone")
    assert refused("train.py", "--copy", "--output", "new/job", "--channel", "train=broken") == (
        f"argument --output: {here}/new/job cannot be created: "
        f"[Errno {errno.ENOENT}] No such file or directory: '{here}/broken/link'"
    )


@pytest.mark.needs_process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_an_interrupt_before_the_script_starts_is_one_line_and_leaves_nothing(here, number):
    os.mkfifo(here / "hps.json")
    # A shell ignores SIGINT in the processes that it starts in the background.
    heard = {"preexec_fn": lambda: signal.signal(number, signal.SIG_DFL)}
    running = start("train.py", "--output", "job", "--hyperparameters", "hps.json", cwd=here, **heard)
    # open() returns as soon as the command reads the FIFO. A signal just before the read itself is handled after it.
    with open(here / "hps.json", "w"):
        running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (128 + number, "", "smargs run: interrupted\n")
    assert not (here / "job").exists()


COMMAND = f"{sys.executable} -m smargs"


def shell(line, **environ):
    """The exit status and both outputs of a line of a shell. A pipe has the status of its last command that fails."""
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT), **environ}
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.needs_process
@pytest.mark.parametrize(
    ("closed", "out", "err"),
    [
        (">&-", 0, 2),
        ("2>&-", 1, 0),
        ("<&- >&-", 0, 2),
        (">&- 2>&-", 0, 0),
        ("<&- >&- 2>&-", 0, 0),
        ("--dry-run >&-", 0, 0),
        ("--dry-run <&- >&-", 0, 0),
    ],
)
def test_a_job_whose_output_is_closed_runs(here, closed, out, err):
    (here / "train.py").write_text(
        "import pathlib, sys\nfrom smargs import SageMakerArgumentParser\nsys.stdin.read()\n"
        "SageMakerArgumentParser().parse_args()\nprint('hi', flush=True)\n"
        "pathlib.Path(__file__).with_name('started').touch()\n"
    )
    status, output, errors = shell(f"{COMMAND} run train.py --output job {closed}")
    assert (status, output.count("\n"), errors.count("\n")) == (0, out, err), errors
    assert (here / "started").exists() is ("--dry-run" not in closed)


@pytest.mark.needs_process
@pytest.mark.parametrize("tokens", ["env --json", "--help", "run --help", "--version"])
def test_a_command_whose_output_nobody_reads_ends_without_a_message(here, tokens):
    # The pipe is closed before the command writes anything.
    os.mkfifo(here / "closed")
    line = f"{{ read < closed; {COMMAND} {tokens}; }} | {{ exec <&-; echo > closed; }}"
    # Without a buffer, argparse itself ignores the error.
    assert shell(line, PYTHONUNBUFFERED="") == (128 + signal.SIGPIPE, "", "")


@pytest.mark.needs_process
@pytest.mark.parametrize("tokens", ["run ../train.py", "run {here}/train.py --output job", "check ../train.py", "bundle ."])
def test_a_working_directory_that_was_removed_is_one_line(here, tokens):
    command = tokens.format(here=here)
    before = tree(here)
    status, out, err = shell(f"mkdir gone; cd gone; rmdir ../gone; {COMMAND} {command}")
    assert (status, out) == (2, "")
    assert err == f"smargs {command.split()[0]}: error: the working directory was removed: change to another one\n"
    assert tree(here) == before


@pytest.mark.needs_process  # In WebAssembly, a working directory cannot be removed.
def test_a_working_directory_that_is_removed_later_is_one_line(here, monkeypatch, capsys):
    (here / "gone").mkdir()
    monkeypatch.chdir(here / "gone")
    (here / "gone").rmdir()
    assert cli.main(["bundle", "."]) == 2
    assert capsys.readouterr() == ("", "smargs bundle: error: the working directory was removed: change to another one\n")


@pytest.mark.needs_process
@pytest.mark.parametrize("tokens", ["env --json", "--help", "run train.py --dry-run", "export train.py --format json-schema"])
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_command_whose_output_cannot_be_written_says_why_in_one_line(here, tokens, unbuffered):
    (here / "train.py").write_text("from smargs import SageMakerArgumentParser\nSageMakerArgumentParser().parse_args()\n")
    status, _, err = shell(f"{COMMAND} {tokens} > /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (status, err) == (1, f"smargs: the output cannot be written: {os.strerror(errno.ENOSPC)}\n")
    assert shell(f"{COMMAND} {tokens} > /dev/full 2>&1", PYTHONUNBUFFERED=unbuffered)[0] == 1


@pytest.mark.needs_process
def test_a_job_whose_errors_nobody_reads_ends_without_a_message(here):
    os.mkfifo(here / "closed")
    line = f"{{ read < closed; {COMMAND} run train.py --output job 2>&1; }} | {{ exec <&-; echo > closed; }}"
    assert shell(line) == (128 + signal.SIGPIPE, "", "")


@pytest.mark.needs_process
@pytest.mark.parametrize(
    ("tokens", "line"), [(["run", "train.py"], "smargs run: interrupted\n"), (["env"], "smargs: interrupted\n")]
)
@pytest.mark.parametrize(
    "started",
    ["sys.exit(importlib.import_module('smargs.__main__').main())", "runpy.run_module('smargs', run_name='__main__')"],
)
def test_an_interrupt_while_the_command_is_imported_is_one_line(here, tokens, line, started):
    code = (
        "import importlib, os, runpy, signal, sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'smargs.local.job': os.kill(os.getpid(), signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"sys.meta_path.insert(0, Interrupts()); {started}\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    ended = subprocess.run([sys.executable, "-c", code, *tokens], env=environ, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", line)


def test_the_package_installs_the_command(here):
    assert "\n    smargs = smargs.__main__:main\n" in (ROOT / "setup.cfg").read_text()


def test_an_interrupt_while_a_channel_is_copied_leaves_nothing(here, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.copytree", interrupted)
    before = tree(here)
    assert cli.main(["run", "train.py", "--copy", "--output", "new/job", "--channel", "train=data"]) == 130
    assert capsys.readouterr().err == "smargs run: interrupted\n"
    assert tree(here) == before


@pytest.mark.needs_process
def test_a_directory_in_use_is_refused_and_the_job_in_it_goes_on(here, refused):
    os.mkfifo(here / "gate")
    (here / "waiting.py").write_text(
        "import os\nprint('waiting', flush=True)\nopen(os.environ['GATE']).read()\nprint('done')\n"
    )
    os.environ["GATE"] = os.fspath(here / "gate")
    try:
        running = start("waiting.py", "--output", "job", cwd=here)
    finally:
        del os.environ["GATE"]
    assert "waiting" in running.stdout.readline()
    gate = here / "gate"
    # A FIFO has no content to compare.
    with open(gate, "w"):
        gate.unlink()
        line = refused("train.py", "--output", "job")
    out, _ = running.communicate(timeout=60)
    assert line == f"argument --output: {here}/job is in use by another smargs run"
    assert (running.returncode, "done" in out) == (0, True)


@pytest.mark.needs_process
def test_bad_input_of_a_real_process_is_one_line_too(here):
    assert finish("none.py", cwd=here) == (
        2,
        "",
        "smargs run: error: argument script: 'none.py' does not exist: expected a .py or .sh file\n",
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("20", 20.0), ("20s", 20.0), ("1.5m", 90.0), ("1h", 3600.0)], ids=["plain", "s", "m", "h"]
)
def test_times_are_read_in_seconds_minutes_and_hours(text, seconds):
    args = make_parser(Secrets()).parse_args(["run", "train.py", "--grace", text, "--interrupt-after", text, "--hosts", "2"])
    assert (args.grace, args.interrupt_after, args.hosts) == (seconds, seconds, 2)


@pytest.mark.needs_process
def test_jobs_that_start_at_once_have_separate_directories_in_the_home_directory(here, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("HOME", os.fspath(tmp_path_factory.mktemp("home")))
    jobs = [start("train.py", cwd=here) for _ in range(4)]
    errors = [job.communicate(timeout=60)[1] for job in jobs]
    assert [(job.returncode, text) for job, text in zip(jobs, errors) if job.returncode] == []
    directories = sorted(path.parent for path in Path(os.environ["HOME"], ".smargs", "jobs").glob("smargs-job-*/model"))
    assert len(directories) == 4
    assert sorted(re.findall(r"^smargs: \S+ in (.+)$", "\n".join(errors), re.MULTILINE)) == [*map(str, directories)]
    assert all(re.fullmatch(r"smargs-job-\d{8}-\d{6}-\d{6}", path.name) for path in directories)
