"""Jobs in real processes that lack what Windows lacks: tests/windows/sitecustomize.py removes it."""

import json
import os
import pkgutil
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
from pathlib import Path

import pytest
from paths import ROOT, TESTS
from terminals import read_to_end

import smargs
from smargs.local.system import kill_session

pytestmark = pytest.mark.needs_process

SECONDS = 60
COPIES = "smargs: this system does not allow links here: the code and the channels are copies"
PAGE = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
MODULES = [module.name for module in pkgutil.walk_packages(smargs.__path__, "smargs.") if not module.name.endswith("__main__")]


@pytest.fixture
def start(tmp_path):
    """Start Python without what Windows lacks, in a process group of its own, which stands for a console."""
    processes = []

    def start_python(*tokens, streams=None, **variables):
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.fspath, (TESTS / "windows", ROOT))), **variables}
        process = subprocess.Popen(
            [sys.executable, *tokens],
            env=environ,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            encoding="cp1252",
            start_new_session=True,
            **(streams or {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}),
        )
        processes.append(process)
        return process

    yield start_python
    for process in processes:
        process.kill()
        process.communicate()


def finish(process):
    """The exit status and the lines of both outputs."""
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out.splitlines(), err.splitlines()


@pytest.fixture
def run(start, tmp_path):
    """Start `smargs run` on the text of a script."""

    def start_job(source, *options, name="train.py", **streams):
        script = tmp_path / "src" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(textwrap.dedent(source), encoding="utf-8")
        script.chmod(0o755)
        return start("-m", "smargs", "run", f"src/{name}", "--output", "job", *options, streams=streams)

    return start_job


def test_every_module_can_be_imported(start):
    code = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]; print(len(sys.argv))"
    assert finish(start("-c", code, *MODULES)) == (0, [str(len(MODULES) + 1)], [])


def test_a_job_of_two_hosts_trains(run, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("1")
    source = """
    import os
    from pathlib import Path
    from smargs import SageMakerArgumentParser
    parser = SageMakerArgumentParser()
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--model-dir", type=Path)
    parser.add_argument("--checkpoint-dir", type=Path)
    args = parser.parse_args()
    host = os.environ["SM_CURRENT_HOST"]
    (args.model_dir / host).write_text("é", encoding="utf-8")
    (args.checkpoint_dir / host).touch()
    print("café", args.epochs, os.listdir(args.train), flush=True)
    """
    status, out, err = finish(run(source, "-p", "epochs=3", "--hosts", "2", "--channel", "train=data"))
    assert (status, sorted(out)) == (0, ["algo-1 | café 3 ['a.csv']", "algo-2 | café 3 ['a.csv']"])
    assert err[:2] == [f"smargs: job in {tmp_path / 'job'}", COPIES]
    with tarfile.open(tmp_path / "job" / "model.tar.gz") as archive:
        assert sorted(archive.getnames()) == ["algo-1", "algo-2"]
    assert sorted(os.listdir(tmp_path / "job" / "checkpoints")) == ["algo-1", "algo-2"]


def test_a_failure_has_its_reason(run):
    status, _, err = finish(run("raise ValueError('café')"))
    assert status == 1
    assert "FailureReason: AlgorithmError: ExecuteUserScriptError: ExitCode 1" in err[-1]
    assert 'ErrorMessage "ValueError: café"' in err[-1]


@pytest.mark.parametrize(
    ("name", "options", "line"),
    [
        ("train.py", ["--mount"], "argument --mount: needs Linux, which has mount namespaces"),
        (
            "train.py",
            ["--platform", "toolkit-unquoted"],
            "argument --platform: toolkit-unquoted needs /bin/sh, which this system does not have",
        ),
        ("train.sh", [], "argument script: train.sh needs /bin/sh, which this system does not have"),
        (
            "train.py",
            ["--platform", "sdk", "-p", "name=it's"],
            "this platform starts scripts through bash, which cannot be run: The system cannot find the file specified",
        ),
    ],
    ids=["a mount", "a shell before the toolkit's", "a shell script", "SDK v3's bash"],
)
def test_an_option_that_the_system_cannot_support_is_refused_by_its_name(run, tmp_path, name, options, line):
    assert finish(run("", *options, name=name)) == (2, [], [f"smargs run: error: {line}"])
    assert not (tmp_path / "job").exists()
    assert "bash" in line or f"smargs run: error: {line}\n" in PAGE


def test_names_that_differ_only_in_case_are_refused(run, tmp_path):
    (tmp_path / "data").mkdir()
    status, out, (line,) = finish(run("", "--channel", "Train=data", "--channel", "train=data"))
    assert (status, out) == (2, [])
    place = tmp_path / "job" / "input" / "data" / "train"
    problem = "this file system does not distinguish upper and lower case"
    assert line == f"smargs run: error: argument --channel: train: {place} exists already: {problem}"
    assert line.replace(os.fspath(tmp_path), "/data") in PAGE
    assert not (tmp_path / "job").exists()


def test_a_directory_in_use_is_refused_until_the_run_has_ended(run, tmp_path):
    source = """
    import time
    from pathlib import Path
    print("here", flush=True)
    while not Path(__file__).with_name("go").exists():
        time.sleep(0.05)
    """
    first = run(source)
    assert first.stdout.readline() == "here\n"
    line = f"smargs run: error: argument --output: {tmp_path / 'job'} is in use by another smargs run"
    assert finish(run(source)) == (2, [], [line])
    (tmp_path / "job" / "code" / "go").touch()
    assert finish(first)[0] == 0
    assert finish(run("print('again')"))[:2] == (0, ["again"])


def test_a_planned_end_ends_the_script_at_once_and_says_so(run):
    options = ("--platform", "files", "--interrupt-after", "5", "--grace", "60")
    status, out, err = finish(run("import time\nprint('here', flush=True)\ntime.sleep(300)", *options))
    assert (status, out) == (1, ["here"])
    assert err[2] == "smargs: this system has no SIGTERM: the script ends at once"
    assert err[3].startswith("smargs: job Interrupted after ")


def test_ctrl_break_stops_a_job(run):
    process = run("import time\nprint('here', flush=True)\ntime.sleep(300)", "--hosts", "2")
    assert process.stdout.readline().endswith(" | here\n")
    os.killpg(process.pid, signal.SIGHUP)  # It stands for the signal that a console sends to all its processes.
    status, _, err = finish(process)
    assert status == 128 + signal.SIGHUP
    assert err[-1].startswith("smargs: job Stopped after ")


def test_a_process_that_remains_does_not_keep_the_job(run, tmp_path):
    source = """
    import subprocess, sys
    from pathlib import Path
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    Path(__file__).with_name("pid").write_text(str(left.pid))
    print("done")
    """
    status, out, _ = finish(run(source))
    os.kill(int((tmp_path / "job" / "code" / "pid").read_text()), signal.SIGKILL)
    assert (status, out) == (0, ["done"])


def test_no_job_is_copied_into_a_job(run, tmp_path):
    assert finish(run(""))[0] == 0
    (tmp_path / "job").rename(tmp_path / "src" / "older")
    (tmp_path / "src" / "part").mkdir()
    assert finish(run("", "--channel", "all=src", "--output", "src/part/job"))[0] == 0
    made = tmp_path / "src" / "part" / "job"
    assert sorted(os.listdir(made / "code")) == sorted(os.listdir(made / "input" / "data" / "all")) == ["part", "train.py"]
    assert os.listdir(made / "code" / "part") == []
    status, out, _ = finish(run("import os; print(sorted(os.listdir()))"))
    assert (status, out) == (0, ["['part', 'train.py']"])


def test_a_virtual_environment_and_the_history_of_git_are_not_copied(run, tmp_path):
    for name in (".venv/pyvenv.cfg", ".nox/tests/pyvenv.cfg", ".git/HEAD", "package/data.txt"):
        (tmp_path / "src" / name).parent.mkdir(parents=True)
        (tmp_path / "src" / name).touch()

    status, out, _ = finish(run("from pathlib import Path; print(sorted(map(str, Path().rglob('*'))))"))

    assert (status, out) == (0, ["['.nox', 'package', 'package/data.txt', 'train.py']"])


def test_old_jobs_are_removed_with_files_that_are_read_only(run, start, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1")
    (tmp_path / "data" / "a.csv").chmod(0o444)
    assert finish(run("", "--channel", "train=data"))[0] == 0
    assert finish(start("-m", "smargs", "clean", "job")) == (0, [f"removed {tmp_path / 'job'}"], [])
    assert not (tmp_path / "job").exists()
    assert (tmp_path / "data" / "a.csv").stat().st_mode & 0o777 == 0o444


def test_a_terminal_gets_lines_without_colours(run, tmp_path):
    ours, theirs = os.openpty()
    process = run("import sys; print(sys.stdout.isatty())", stdout=theirs, stderr=theirs)
    os.close(theirs)
    lines = read_to_end(ours).decode().splitlines()
    process.wait(SECONDS)
    os.close(ours)
    assert "False" in lines
    assert lines[-1].startswith("smargs: job Completed after ")


def test_a_path_that_the_encoding_lacks_is_escaped(run, start, tmp_path):
    assert finish(run("", "--output", "j€b"))[0] == 0
    cleaned = start("-m", "smargs", "clean", "j€b", PYTHONIOENCODING="ascii")
    assert finish(cleaned) == (0, [f"removed {tmp_path / 'j'}\\u20acb"], [])


def test_a_clean_environment_has_what_each_program_needs(run):
    status, out, _ = finish(run("import os\nprint(os.environ['SYSTEMROOT'], 'NAME' in os.environ)", "--clean-env"))
    assert (status, out) == (0, ["C:\\Windows False"])


def test_a_preview_shows_the_arguments(run):
    source = """
    from smargs import SageMakerArgumentParser
    parser = SageMakerArgumentParser()
    parser.add_argument("--lr", default=0.1)
    parser.parse_args()
    """
    status, out, err = finish(run(source, "--dry-run", "-p", "lr=0.5"))
    assert (status, err) == (0, [])
    assert out[2].split() == ["--lr", "0.5", "float", "SM_HP_LR", "0.1", "(default)"]


KIT = """
import subprocess, sys
from pathlib import Path
from smargs import SageMakerArgumentParser
from smargs.testing import SageMakerJob
Path("train.py").write_text("print('here')")
Path("slow.py").write_text("import time; time.sleep(300)")
parser = SageMakerArgumentParser()
parser.add_argument("--layers", type=int, nargs="+")
with SageMakerJob({"layers": [1, 2]}, ["train"], hosts=2, host="algo-2") as job:
    print(parser.parse_args().layers, job.checkpoint_dir.is_dir())
    print(job.run("train.py").status)
    try:
        job.run("slow.py", timeout=1)
    except subprocess.TimeoutExpired:
        print("ended")
print(job.path)
"""


def test_the_testing_kit_runs_jobs(start):
    began = time.monotonic()
    status, out, err = finish(start("-c", KIT))
    assert (status, out, err) == (0, ["[1, 2] True", "Completed", "ended", os.fspath(Path("/opt/ml"))], [])
    assert time.monotonic() - began < SECONDS


def test_the_last_lines_of_a_pipe_are_not_lost(run):
    source = "import sys\nfor number in range(20000): print(number)\nsys.stderr.write('end')"
    status, out, err = finish(run(source))
    assert (status, out) == (0, [*map(str, range(20000))])
    assert "end" in err


def test_each_host_has_the_path_of_the_checkpoints(run, tmp_path):
    assert finish(run("", "--hosts", "2"))[0] == 0
    bases = (tmp_path / "job", tmp_path / "job" / "hosts" / "algo-2")
    files = [json.loads((base / "input" / "config" / "checkpointconfig.json").read_text()) for base in bases]
    assert files == [{"LocalPath": os.fspath(tmp_path / "job" / "checkpoints")}] * 2


def test_without_sessions_the_process_alone_is_killed(monkeypatch):
    monkeypatch.delattr(os, "killpg")
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    kill_session(process)

    assert process.wait(10) == -signal.SIGKILL
