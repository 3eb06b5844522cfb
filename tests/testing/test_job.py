"""A training job for a test: inside it, this process is that of the script; afterwards everything is restored."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from smargs import SageMakerArgumentParser, SageMakerEnvironment
from smargs.local.job import PLATFORMS
from smargs.testing import BadJobError, SageMakerJob

# The shell of the toolkit without quotes is /bin/sh.
ON_PLATFORMS = [pytest.param(each, marks=[pytest.mark.needs_unix] * (each == "toolkit-unquoted")) for each in PLATFORMS]

SCRIPT = """
import sys
from pathlib import Path
from smargs import SageMakerArgumentParser

parser = SageMakerArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument("--model-dir", type=Path, default="/opt/ml/model")
parser.add_argument("--current-host")
parser.add_argument("--train", type=Path, required=True)
parser.add_argument("--typed")
args = parser.parse_args()
print(f"{args.epochs + 1} {sorted(path.name for path in args.train.iterdir())} {args.typed}", flush=True)
(args.model_dir / args.current_host).write_text("weights")
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "source" / "train.py"
    path.parent.mkdir()
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def data(tmp_path):
    directory = tmp_path / "data"
    directory.mkdir()
    (directory / "a.csv").write_text("1,2")
    return directory


def everything():
    return dict(os.environ), sys.argv, list(sys.argv), os.getcwd()


@pytest.mark.needs_process
@pytest.mark.parametrize("platform", ON_PLATFORMS)
def test_inside_a_job_this_process_has_the_environment_of_the_script(sagemaker_job, data, platform):
    parser = SageMakerArgumentParser()
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--text")
    parser.add_argument("--train")
    with sagemaker_job({"epochs": 3, "text": "two words"}, {"train": data}, platform=platform) as job:
        args = parser.parse_args()
        assert (args.epochs, args.text) == (3, "two words")
        assert os.listdir(args.train) == ["a.csv"]
        environment = SageMakerEnvironment.load(os.environ)
        assert Path(environment.model_dir) == job.model_dir
        assert Path(environment.output_data_dir) == job.output_data_dir
        (job.model_dir / "model").write_text("weights")
    assert (job.model_dir / "model").read_text() == "weights"


def test_a_job_restores_the_process_even_if_the_script_fails(sagemaker_job, monkeypatch):
    monkeypatch.setenv("SM_HP_OF_ANOTHER", "1")
    monkeypatch.setenv("MINE", "before")
    before = everything()

    def fail():
        with sagemaker_job({"a": 1}):
            assert "SM_HP_OF_ANOTHER" not in os.environ
            assert (os.environ["SM_HP_A"], sys.argv) == ("1", ["train.py", "-a", "1"])
            os.environ["MINE"] = "during"
            os.environ["NEW"] = "during"
            sys.argv.append("more")
            os.chdir(os.environ["SM_MODEL_DIR"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert everything() == before
    assert sys.argv is before[1]


def test_a_bad_hyperparameter_fails_as_in_a_container(sagemaker_job, capsys):
    with sagemaker_job({"epochs": "many"}) as job:
        parser = SageMakerArgumentParser()
        parser.add_argument("--epochs", type=int)
        with pytest.raises(SystemExit) as stop:
            parser.parse_args()
    assert stop.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("train.py: error: argument --epochs: invalid int value: 'many'")
    assert "many" in job.failure_file.read_text()


def test_the_directories_are_those_of_the_host(sagemaker_job):
    with sagemaker_job(hosts=2, host="algo-2") as job:
        environment = SageMakerEnvironment.load(os.environ)
        assert environment.current_host == "algo-2"
        assert environment.hosts == ("algo-1", "algo-2")
        assert Path(environment.model_dir) == job.model_dir
        (job.checkpoint_dir / "step-1").write_text("state")
    with sagemaker_job(hosts=2) as other:
        assert list(other.checkpoint_dir.iterdir()) == []
    assert (job.path / "checkpoints" / "step-1").exists()


def test_channels_are_directories_files_globs_or_only_names(sagemaker_job, data, tmp_path):
    channels = {"whole": data, "one": data / "a.csv", "some": str(data / "*.csv")}
    with sagemaker_job(channels=channels):
        for name in channels:
            assert os.listdir(os.environ[f"SM_CHANNEL_{name.upper()}"]) == ["a.csv"]
    with sagemaker_job(channels=["train", "test"]):
        assert json.loads(os.environ["SM_CHANNELS"]) == ["test", "train"]
        assert os.listdir(os.environ["SM_CHANNEL_TRAIN"]) == []
    with sagemaker_job(channels={"train": data, "test": None}):
        assert os.listdir(os.environ["SM_CHANNEL_TRAIN"]) == ["a.csv"]
        assert os.listdir(os.environ["SM_CHANNEL_TEST"]) == []


def test_names_and_tokens_may_come_from_an_iterator():
    job = SageMakerJob({}, iter(["train", "test"]), typed=iter(["--a", "1"]))
    assert (job.argv, json.loads(job.environ["SM_CHANNELS"])) == (["--a", "1"], ["test", "train"])


def test_a_job_without_a_directory_has_the_paths_of_a_container_and_creates_nothing():
    job = SageMakerJob({"a": 1}, ["train"], hosts=2, host="algo-2")
    assert job.environ["SM_MODEL_DIR"] == "/opt/ml/model"
    rendered = dict(job.environ)
    for _ in range(2):
        with job:
            inside = job.path
            assert os.environ["SM_MODEL_DIR"] == str(job.model_dir)
            assert job.model_dir.is_dir()
        assert not inside.exists()
        assert (job.path, job.environ) == (Path("/opt/ml"), rendered)


def test_a_job_is_entered_once_at_a_time():
    job = SageMakerJob()
    with job:
        with pytest.raises(RuntimeError, match="already entered"), job:
            pass
        assert os.environ["SM_HPS"] == "{}"
    assert "SM_HPS" not in os.environ


def test_typed_tokens_follow_the_tokens_of_the_platform():
    assert SageMakerJob({"a": 1}, typed=["--b", "two words"]).argv == ["-a", "1", "--b", "two words"]
    assert SageMakerJob({"a": 1}, typed=["--b"], platform="files").argv == ["--b"]


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_an_unquoted_command_line_is_split_and_expanded_by_the_shell(monkeypatch):
    monkeypatch.setenv("HOME", "/not/here")
    monkeypatch.setenv("SM_HP_OF_ANOTHER", "1")
    job = SageMakerJob({"text": "two  words", "value": '"q"', "where": "$SM_HP_TEXT"}, platform="toolkit-unquoted")
    assert job.argv == ["--text", "two", "words", "--value", "q", "--where", "two", "words"]
    assert job.environ["SM_HP_TEXT"] == "two  words"
    assert not {"HOME", "PATH", "PWD", "SM_HP_OF_ANOTHER"} & job.environ.keys()


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_a_backslash_at_the_end_of_an_unquoted_command_line_is_kept(sagemaker_job, tmp_path):
    script = tmp_path / "train.py"
    script.write_text("import sys; print(sys.argv[1:], flush=True)")
    job = sagemaker_job({"where": "C:\\"}, platform="toolkit-unquoted")
    assert job.argv == ["--where", "C:\\"]
    assert f"\n{job.argv}\n" in job.run(script).output


@pytest.mark.needs_process
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"platform": "lambda"}, "platform 'lambda': expected one of toolkit, toolkit-unquoted, sdk, files"),
        ({"hosts": 2, "host": "algo-3"}, "host 'algo-3': expected one of algo-1, algo-2"),
        ({"hosts": 0}, "hosts 0: expected 1 or more"),
        ({"hosts": "2"}, "hosts '2': expected an int"),
        ({"hosts": 2.0}, "hosts 2.0: expected an int"),
        ({"hosts": None}, "hosts None: expected an int"),
        ({"hosts": True}, "hosts True: expected an int"),
        ({"channels": "train"}, re.escape("channels: expected a list of texts, not one text: write channels=['train']")),
        ({"channels": "train test"}, re.escape("write channels=['train', 'test']")),
        ({"channels": b"train"}, re.escape("write channels=['train']")),
        ({"channels": ""}, re.escape("write channels=[]")),
        ({"typed": "--a 1"}, re.escape("typed: expected a list of texts, not one text: write typed=['--a', '1']")),
        ({"typed": "--api-key hunter2"}, re.escape("write typed=['--api-key', '******']")),
        ({"channels": 3}, "channels: expected a mapping of names to paths, or a list of names, not int$"),
        ({"channels": [Path("data")]}, r"channel .*Path\('data'\): expected a str as its name"),
        ({"channels": [["train"]]}, r"channel \['train'\]: expected a str as its name"),
        ({"channels": {3: "data"}}, "channel 3: expected a str as its name"),
        ({"channels": {"train": 3}}, "channel train: expected a path, a glob or None, not int"),
        ({"channels": {"train": ["a", "b"]}}, "channel train: expected a path, a glob or None, not list"),
        ({"channels": {"train": ""}}, "channel train: expected a path, a glob or None, not an empty text"),
        ({"hyperparameters": ["epochs"]}, "hyperparameters: expected a mapping of names to values, not list"),
        ({"hyperparameters": "epochs"}, "hyperparameters: expected a mapping of names to values, not str"),
        ({"search_path": "data"}, re.escape("search_path: expected a list of texts, not one text: write search_path=['data']")),
        ({"search_path": Path("data")}, "search_path: expected a list of directories, not PosixPath"),
        ({"typed": 3}, "typed: expected a list of texts, not int"),
        ({"typed": ["--epochs", 3]}, re.escape("typed[1]: expected a text, not int")),
        ({"channels": {"train": "s3://bucket/key"}}, "train: 's3://bucket/key' is not on this machine: expected a local file"),
        (
            {"hyperparameters": {"where": Path("a")}},
            "hyperparameter where: .*PosixPath.* expected a value that JSON",
        ),
        ({"hyperparameters": {3: "a"}}, "hyperparameter 3: expected a str as its name"),
        ({"hyperparameters": {"a": "x" * 2501}}, "hyperparameter a: its value has 2503 characters: the service allows 2500"),
        ({"channels": {"train": "nowhere"}}, "train: 'nowhere' does not exist"),
        ({"channels": ["eval set"]}, "'eval set' is not a channel name"),
        ({"channels": ["code"]}, "SageMaker reserves the name 'code'"),
        pytest.param(
            {"channels": ["eval-set"], "platform": "sdk"},
            "SDK v3's bash cannot export 'SM_CHANNEL_EVAL-SET'",
            marks=pytest.mark.needs_unix,
        ),
        pytest.param(
            {"hyperparameters": {"a": 'x"'}, "platform": "toolkit-unquoted"},
            "to a shell without quotes, and the shell cannot parse it",
            marks=pytest.mark.needs_unix,
        ),
    ],
)
def test_an_impossible_job_is_refused_in_one_line(settings, message):
    with pytest.raises(BadJobError, match=message) as error:
        SageMakerJob(**settings)
    assert "\n" not in str(error.value)


def test_every_hyperparameter_beyond_a_limit_is_a_line_of_the_error():
    with pytest.raises(BadJobError) as error:
        SageMakerJob({"a": "x" * 2501, "b": 1, "c": "x" * 2502})
    assert str(error.value).splitlines() == [
        "hyperparameter a: its value has 2503 characters: the service allows 2500",
        "hyperparameter c: its value has 2504 characters: the service allows 2500",
    ]


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_the_error_names_a_missing_shell_of_a_platform(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        BadJobError, match="this platform starts scripts through bash, which cannot be run: No such file or directory"
    ):
        SageMakerJob({"motto": "say 'hi'"}, platform="sdk")


LINE_BREAKS = ["a\nb", "\n", "a\r", "a\x85b", "\u2028", "a\u2029b"]


@pytest.mark.parametrize("text", LINE_BREAKS, ids=ascii)
def test_a_line_break_in_a_sent_text_is_refused_as_by_the_service(text):
    line = "the service refuses its line break: expected one line$"
    for settings in ({"plain": True}, {"platform": "sdk"}):
        with pytest.raises(BadJobError, match=f"^hyperparameter 'text': {line}"):
            SageMakerJob({"text": text}, **settings)
    for settings in ({}, {"platform": "files"}, {"platform": "sdk"}, {"plain": True}):
        with pytest.raises(BadJobError, match=line):
            SageMakerJob({text: 1}, **settings)
    # JSON escapes it.
    assert json.loads(SageMakerJob({"text": text}).environ["SM_HPS"]) == {"text": text}
    assert json.loads(SageMakerJob({"list": [text]}, platform="sdk").environ["SM_HPS"]) == {"list": [text]}


def test_a_character_that_only_looks_like_a_line_break_is_sent():
    text = "a\tb\x0bc\x0cd\x1ce\\n"
    assert json.loads(SageMakerJob({"text": text}, plain=True).environ["SM_HPS"]) == {"text": text}


@pytest.mark.needs_process
@pytest.mark.parametrize("platform", ON_PLATFORMS)
def test_a_script_runs_on_every_host_in_processes_of_its_own(sagemaker_job, script, data, platform):
    job = sagemaker_job({"epochs": 2}, {"train": data}, hosts=2, typed=["--typed", "a b"], platform=platform)
    before = everything()
    finished = job.run(script)
    assert finished[:3] == ("Completed", 0, None), finished.output
    for host in ("algo-1", "algo-2"):
        assert f"{host} | 3 ['a.csv'] a b\n" in finished.output
    assert (job.model_dir / "algo-1").read_text() == "weights"
    assert (job.path / "model.tar.gz").exists()
    assert everything() == before


@pytest.mark.needs_process
def test_a_script_can_also_run_inside_a_job(script):
    with SageMakerJob({"epochs": 2}, ["train"], script=os.fspath(script)) as job:
        finished = job.run()
        assert finished.status == "Completed", finished.output
        assert "\n3 [] None\n" in finished.output
        assert os.environ["SM_HP_EPOCHS"] == "2"


@pytest.mark.needs_process
def test_relative_paths_of_a_job_stay_the_same_after_a_change_of_directory(script, data, tmp_path, monkeypatch):
    monkeypatch.chdir(data.parent)
    job = SageMakerJob({"epochs": 2}, {"train": data.name}, script="source/train.py", directory="job")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    with job:
        assert os.listdir(os.environ["SM_CHANNEL_TRAIN"]) == ["a.csv"]
    assert "\n3 ['a.csv'] None\n" in job.run().output
    assert "\n3 ['a.csv'] None\n" in job.run("../source/train.py").output


@pytest.mark.needs_process
def test_a_relative_path_is_looked_up_in_the_search_path(script, data, tmp_path, monkeypatch):
    project = tmp_path / "a [project]"
    project.mkdir()
    for path in (script.parent, data):
        path.rename(project / path.name)
    monkeypatch.chdir(tmp_path)
    places = ["nowhere", project.name, os.fspath(tmp_path)]
    for pattern in ("data", "data/*.csv", "data/a.csv", project / "data"):
        with SageMakerJob({}, {"train": pattern}, search_path=places):
            assert os.listdir(os.environ["SM_CHANNEL_TRAIN"]) == ["a.csv"]
    with SageMakerJob({"epochs": 2}, {"train": "data"}, script="source/train.py", search_path=places) as job:
        monkeypatch.chdir("/")
        for chosen in (None, "source/train.py"):
            assert "\n3 ['a.csv'] None\n" in job.run(chosen).output


@pytest.mark.needs_process
def test_a_failed_run_has_a_failure_reason(sagemaker_job, script):
    finished = sagemaker_job({"epochs": "many"}, ["train"]).run(script)
    assert (finished.status, finished.exit_status) == ("Failed", 2)
    assert "train.py: error: argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)" in finished.failure_reason
    assert "usage: train.py" in finished.output


@pytest.mark.needs_process
def test_a_run_sends_the_same_json_as_the_environment_of_the_job(sagemaker_job, tmp_path):
    script = tmp_path / "train.py"
    script.write_text("import os; print(os.environ['SM_HPS'], flush=True)")
    values = {"text": "5", "number": 5, "none": None, "list": [1, "é"]}
    for plain in (False, True):
        job = sagemaker_job(values, plain=plain)
        assert f"\n{job.environ['SM_HPS']}\n" in job.run(script).output


@pytest.mark.needs_process
@pytest.mark.slow
def test_a_run_after_an_interruption_has_the_checkpoints(sagemaker_job, tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import os, pathlib, time\n"
        "state = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'checkpoints', 'state')\n"
        "if not state.exists():\n"
        "    state.write_text('1'); time.sleep(600)\n"
    )
    job = sagemaker_job()
    assert job.run(script, interrupt_after=5, grace=0).status == "Interrupted"
    assert (job.checkpoint_dir / "state").exists()
    assert job.run(script).status == "Completed"


@pytest.mark.needs_process
@pytest.mark.slow
def test_a_run_that_takes_too_long_is_ended_with_all_of_its_processes(sagemaker_job, tmp_path):
    script, pids = tmp_path / "train.py", tmp_path / "pid"
    script.write_text(f"import os, time; open({str(pids)!r}, 'w').write(str(os.getpid())); time.sleep(600)")
    with pytest.raises(subprocess.TimeoutExpired):
        sagemaker_job().run(script, timeout=5)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids.read_text()), 0)


@pytest.mark.needs_process
def test_a_run_that_cannot_start_is_refused_in_one_line(sagemaker_job, tmp_path):
    with pytest.raises(BadJobError, match=r"^argument script: '.*gone.py' does not exist: expected a .py or .sh file$"):
        sagemaker_job().run(tmp_path / "gone.py")
    with pytest.raises(RuntimeError, match="this job has no directory"):
        SageMakerJob().run(tmp_path / "train.py")
    (tmp_path / "train.py").touch()
    with pytest.raises(
        BadJobError, match=r"^argument --grace: invalid time: '-1': expected a time such as 20s, 5m, 12h or 7d$"
    ):
        sagemaker_job().run(tmp_path / "train.py", grace=-1)


@pytest.mark.needs_process
def test_a_plain_script_runs_patched(sagemaker_job, tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import argparse\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--flag', type=bool)\n"
        "print(parser.parse_args().flag, flush=True)\n"
    )
    job = sagemaker_job({"flag": False})
    assert "\nTrue\n" in job.run(script).output
    assert "\nFalse\n" in job.run(script, patch=True).output


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_a_job_is_shown_as_the_command_that_repeats_it(tmp_path, script, data):
    assert repr(SageMakerJob()) == "smargs run train.py"
    job = SageMakerJob(
        {"epochs": 3, "text": "5", "two": "a b", "api_key": "hunter2"},
        {"train": data},
        hosts=2,
        platform="sdk",
        typed=["--typed", "x y"],
        script=os.fspath(script),
    )
    assert "hunter2" not in repr(job)
    command = repr(job).replace("-p 'api_key=******' ", "").replace("-p 'two=a b' ", "").replace("""-p 'text="5"' """, "")
    shown = subprocess.run(
        f"{sys.executable} -m {command.replace('run', 'run --output ' + str(tmp_path / 'again'), 1)}",
        shell=True,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert "algo-1 | 4 ['a.csv'] x y\n" in shown.stdout
    assert repr(SageMakerJob({"t": "5"})) == """smargs run train.py -p 't="5"'"""
    assert (
        repr(SageMakerJob({"t": "5"}, ["train"], plain=True))
        == "smargs run train.py -p t=5 --plain --channel train=$(mktemp -d)"
    )


@pytest.mark.needs_unix
@pytest.mark.needs_process
@pytest.mark.parametrize("plain", [False, True], ids=["as JSON", "as text"])
def test_the_command_that_repeats_a_job_is_one_line_for_any_text(tmp_path, plain):
    script = tmp_path / "train.py"
    script.write_text("import os; print(os.environ['SM_HPS'], os.listdir(os.environ['SM_CHANNEL_TRAIN']), flush=True)")
    # What is sent as text has no line break.
    text = "one\tand 'one' \\n \x1b7é\u200b" if plain else "two\nlines\tand 'one' \\n \x85\u2028\x1b7é"
    job = SageMakerJob({"text": text, "layers": [text]}, ["train"], plain=plain, script=os.fspath(script))
    assert repr(job).isprintable()
    shown = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m {job!r} --output {tmp_path / 'again'}"],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    assert shown.stdout == f"{job.environ['SM_HPS']} []\n"
