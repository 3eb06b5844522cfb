"""Problems that users reported of jobs on their own machine: one test for each thread, with a real `smargs run`."""

import os
import subprocess
import sys
import textwrap

import pytest
from paths import ROOT

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
