"""Problems that users reported of jobs on their own machine: one test for each thread, with a real `smargs run`."""

import os
import subprocess
import sys
import tarfile
import textwrap

import pytest
from paths import ROOT

from smargs.local.mark import read_ending

pytestmark = pytest.mark.needs_process


@pytest.fixture
def run(tmp_path):
    """Run `smargs run` in a directory of its own; return its status, the lines of the first host, and its own lines."""

    def run(*tokens, **settings):
        environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT), **settings.pop("env", {})}
        command = [sys.executable, "-m", "smargs", "run", "--output", "job", *map(os.fspath, tokens)]
        done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, **settings)
        lines = [line.partition("| ")[2] for line in done.stdout.splitlines() if line.startswith("algo-1 |")]
        return done.returncode, lines, done.stderr.splitlines()

    return run


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))

    return write


SHOWS_SOURCE = """
    import os, sys
    print(os.path.realpath(os.getcwd()), sys.argv)
    import root_module
    """


@pytest.mark.parametrize("script", ["src/steps/train.py", "steps/train.py"], ids=["from here", "from the source directory"])
@pytest.mark.parametrize("flags", [[], ["--patch"]], ids=["unpatched", "patched"])
def test_an_entry_point_in_a_folder_of_the_source_directory_runs_in_that_directory(run, write, tmp_path, script, flags):
    """aws/sagemaker-python-sdk #1597, #4081, #966, #1325; aws/sagemaker-scikit-learn-container #29; local-mode #10."""
    write("src/steps/train.py", SHOWS_SOURCE)
    write("src/root_module.py", "")
    status, lines, err = run(script, "--source-dir", "src", *flags)
    assert (status, lines) == (0, [f"{tmp_path.resolve() / 'src'} ['steps/train.py']"]), err


@pytest.mark.parametrize(("platform", "is_found"), [("toolkit", True), ("sdk", False), ("files", False)])
def test_modules_of_the_source_directory_are_found_where_the_platform_finds_them(run, write, platform, is_found):
    """aws/sagemaker-python-sdk #4081."""
    write("steps/train.py", SHOWS_SOURCE)
    write("root_module.py", "")
    status, _, err = run("steps/train.py", "--source-dir", ".", "--platform", platform)
    assert (status == 0) is is_found, err


def test_a_variable_of_the_job_reaches_the_script_and_a_platforms_own_wins(run, write):
    """aws/sagemaker-python-sdk #2930, #2207; aws/sagemaker-training-toolkit #97."""
    source = """
        import os
        print([os.environ.get(name) for name in "ABCD"], os.path.basename(os.environ["SM_MODEL_DIR"]))
        """
    write("train.py", source)
    write("job.env", "# the job's\n\nA=file\nB=two words # and all\nC\n")
    options = ["--env-file", "job.env", "--env", "A=typed", "-e", "D", "--env", "SM_MODEL_DIR=/nowhere"]
    assert run("train.py", *options, env={"C": "c", "D": "d"})[:2] == (0, ["['typed', 'two words # and all', 'c', 'd'] model"])


def test_a_secret_in_a_variable_of_the_job_is_not_shown(run, write):
    """llama-2-samples #19."""
    write("train.py", "raise ValueError(__import__('os').environ['HF_TOKEN'])")
    assert "hunter2" not in run("train.py", "--env", "HF_TOKEN=hunter2-hunter2")[2][-1]


def test_hyperparameters_are_read_from_yaml(run, write):
    """aws/sagemaker-python-sdk #4197, #5059."""
    write("train.py", "import sys; print(sys.argv[1:])")
    write("hp.yaml", "epochs: 3\nlayers: [256, 128]\nname: cnn\n")
    assert run("train.py", "--hyperparameters", "hp.yaml", "-p", "epochs=4")[:2] == (
        0,
        [str(["--epochs", "4", "--layers", "[256, 128]", "--name", "cnn"])],
    )


SAVES_ON_SIGTERM = """
    import os, signal, sys, time
    from pathlib import Path

    model = Path(os.environ["SAGEMAKER_BASE_DIR"], "model")
    (model / "epoch-1").touch()

    def save(number, frame):
        (model / "last").touch()
        sys.exit()

    signal.signal(signal.SIGTERM, save)
    time.sleep(300)
    """


def packed(directory):
    archive = directory / "job" / "model.tar.gz"
    if not archive.exists():
        return None
    with tarfile.open(archive) as model:
        return sorted(model.getnames())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("platform", "exit_status", "model", "note"),
    [
        ("toolkit", 137, ["epoch-1"], "SIGTERM does not reach the script: the training toolkit does not pass it on"),
        ("toolkit-unquoted", 137, ["epoch-1"], "SIGTERM does not reach the script: the training toolkit does not pass it on"),
        ("sdk", 0, ["epoch-1", "last"], "the script gets SIGTERM here, but SDK v3's bash does not pass it on in a container"),
        ("files", 0, ["epoch-1", "last"], None),
    ],
)
def test_sigterm_reaches_the_script_unless_it_is_the_toolkits(run, write, tmp_path, platform, exit_status, model, note):
    """aws/sagemaker-training-toolkit #173."""
    write("train.py", SAVES_ON_SIGTERM)
    status, _, err = run("train.py", "--platform", platform, "--stop-after", "2s", "--grace", "0.5s")
    assert (status, packed(tmp_path)) == (exit_status, model), err
    assert err[1:-1] == ([f"smargs: {note}"] if note else [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "job_status", "model"),
    [
        ("--max-run", "MaxRuntimeExceeded", ["epoch-1", "last"]),
        ("--stop-after", "Stopped", ["epoch-1", "last"]),
        ("--interrupt-after", "Interrupted", None),
    ],
)
def test_a_job_that_is_stopped_or_over_its_time_keeps_its_model(run, write, tmp_path, option, job_status, model):
    """aws/amazon-sagemaker-examples #588."""
    write("train.py", SAVES_ON_SIGTERM)
    later = [token for each in ("--max-run", "--stop-after", "--interrupt-after") if each != option for token in (each, "1h")]
    status, _, err = run("train.py", "--platform", "files", option, "2s", *later)
    assert (status, packed(tmp_path)) == (0, model)
    assert f"job {job_status} after" in err[-1]
    assert read_ending(tmp_path / "job").status == job_status


def test_a_job_that_ends_before_its_planned_end_is_complete(run, write):
    """aws/amazon-sagemaker-examples #588."""
    write("train.py", "")
    status, _, err = run("train.py", "--max-run", "1h")
    assert (status, "job Completed after" in err[-1]) == (0, True)
