"""The examples run as users run them: each in a process of its own."""

import json
import os
import re
import socket
import subprocess
import sys
import tarfile

import joblib
import numpy as np
import pytest
from paths import ROOT

from smargs.testing import SageMakerJob

pytestmark = [pytest.mark.slow, pytest.mark.needs_process]

EXAMPLES = ROOT / "docs" / "examples"
HYPERPARAMETERS = json.loads((EXAMPLES / "hyperparameters.json").read_text(encoding="utf-8"))


def run(*command, cwd, **variables):
    """Run a command of this Python for a terminal of many columns, outside of any job that runs the tests."""
    outside = {name: text for name, text in os.environ.items() if not name.startswith(("SM_", "SAGEMAKER_"))}
    return subprocess.run(
        [sys.executable, *map(str, command)],
        env={**outside, "COLUMNS": "400", "PYTHONPATH": str(ROOT), **variables},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )


def job_of(data, here, hyperparameters, **settings):
    """The demo's job, in a directory below this one."""
    channels = {name: data / name for name in ("train", "test")}
    return SageMakerJob(hyperparameters, channels, script=str(EXAMPLES / "train.py"), directory=here / "job", **settings)


def read_test_images(directory):
    files = sorted((directory / "input" / "data" / "test").glob("*.csv"))
    return np.concatenate([np.loadtxt(file, delimiter=",") for file in files])[:, :-1] / 16


@pytest.fixture(scope="module", autouse=True)
def one_thread_each():
    """One thread of linear algebra for each process: hosts that share a machine's processors otherwise wait for each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The channels of the demo."""
    directory = tmp_path_factory.mktemp("data")
    assert run(EXAMPLES / "digits.py", directory, cwd=directory).returncode == 0
    return directory


@pytest.fixture(scope="module")
def demo(data, tmp_path_factory):
    """The output of the demo and its directory; the variable of another job must not reach it."""
    directory = tmp_path_factory.mktemp("demo")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--hyperparameters", EXAMPLES / "hyperparameters.json", "--hosts", 2, "--output", directory / "job"]
    channels = [f"--channel={name}={data / name}" for name in ("train", "test")]
    command = ["-m", "smargs", "run", EXAMPLES / "train.py", *options, *channels, "--shard", "train", "--"]
    finished = run(*command, "--averaging-port", port, cwd=directory, SM_HP_BATCH_SIZE="1")
    assert finished.returncode == 0, finished.stderr
    return finished.stdout + finished.stderr, directory / "job"


def lines_of(host, output):
    return [line.partition("| ")[2] for line in output.splitlines() if line.startswith(f"{host} |")]


def test_the_demo_learns_to_read_nine_digits_in_ten_on_both_hosts(demo):
    output, _ = demo
    for host in ("algo-1", "algo-2"):
        lines = lines_of(host, output)
        assert lines[0] == f"host {host} of algo-1, algo-2; 0 GPUs"
        epochs = re.findall(r"epoch (\d+)/20: loss=([\d.]+) accuracy=([\d.]+)", "\n".join(lines))
        assert [int(epoch) for epoch, _, _ in epochs] == [*range(1, 21)]
        assert float(epochs[-1][1]) < float(epochs[0][1])
        assert float(epochs[-1][2]) > 0.9


def test_each_host_of_the_demo_learns_from_its_part_and_all_have_one_model(demo):
    output, _ = demo
    first, second = (lines_of(host, output) for host in ("algo-1", "algo-2"))
    images = [int(re.match(r"learning from (\d+) images", lines[1]).group(1)) for lines in (first, second)]
    # Each image also counts four times, shifted.
    assert sum(images) == 5 * 1347
    assert abs(images[0] - images[1]) < 50
    losses, accuracies = (
        [re.findall(rf"{name}=([\d.]+)", "\n".join(lines)) for lines in (first, second)] for name in ("loss", "accuracy")
    )
    assert losses[0] != losses[1]
    assert accuracies[0] == accuracies[1]


def test_the_demo_says_where_its_job_is_and_where_its_model(demo):
    output, directory = demo
    first, last = (line for line in output.splitlines() if line.startswith("smargs: "))
    assert first == f"smargs: job in {directory.resolve()}"
    assert re.fullmatch(
        rf"smargs: job Completed after [\d.]+ s, model: {directory.resolve()}/model.tar.gz, output: .*/output.tar.gz", last
    )


def test_the_demo_leaves_a_model_that_was_trained_as_the_hyperparameters_say(demo):
    _, directory = demo
    model = joblib.load(directory / "model" / "model.joblib")
    assert (model.hidden_layer_sizes, model.learning_rate_init, model.batch_size) == ([128, 64], 0.003, 64)
    assert (model.solver, model.beta_1, model.beta_2) == ("adam", 0.9, 0.999)
    evaluation = json.loads((directory / "output" / "data" / "evaluation.json").read_text())
    images = read_test_images(directory)
    assert np.bincount(model.predict(images), minlength=10).tolist() == np.sum(evaluation["confusion"], axis=0).tolist()
    assert evaluation["accuracy"] == pytest.approx(np.trace(evaluation["confusion"]) / len(images))
    assert not (directory / "output" / "failure").exists()


def test_only_the_leader_saves(demo):
    _, directory = demo
    with tarfile.open(directory / "model.tar.gz") as model, tarfile.open(directory / "output.tar.gz") as output:
        assert (model.getnames(), output.getnames()) == (["model.joblib"], ["evaluation.json"])
    assert not [*(directory / "hosts" / "algo-2" / "model").iterdir()]


def test_the_help_screen_of_a_job_has_its_defaults(data, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    finished = job_of(data, tmp_path, HYPERPARAMETERS, typed=["--help"]).run()
    inputs = tmp_path.resolve() / "job" / "input" / "data"
    screen = finished.output
    for line in (
        "passes over the data (default: 20, from SM_HP_EPOCHS)",
        "images per step (default: 64, env var: SM_HP_BATCH_SIZE)",
        "size of the first steps (default: 0.003, from SM_HP_LEARNING-RATE)",
        "units of each hidden layer (default: [128, 64], from SM_HP_LAYERS)",
        f"directory of CSV files to learn from (default: {inputs / 'train'}, from SM_CHANNEL_TRAIN)",
        f"directory of CSV files to measure on (default: {inputs / 'test'}, from SM_CHANNEL_TEST)",
        "all hosts of the job (default: ['algo-1'], from SM_HOSTS)",
    ):
        assert line in screen
    assert "[--train TRAIN]" in screen


def test_the_script_trains_off_sagemaker_with_typed_arguments(data, tmp_path):
    typed = ["--train", data / "train", "--test", data / "test", "--epochs", 2, "--layers", 32, 16, "--learning_rate", "1e-2"]
    finished = run(EXAMPLES / "train.py", *typed, "--optimizer", '{"name": "sgd"}', cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert lines[:2] == ["host localhost of localhost; 0 GPUs", "learning from 1347 images, measuring on 450"]
    assert [line.split(":")[0] for line in lines[2:]] == ["epoch 1/2", "epoch 2/2"]
    model = joblib.load(tmp_path / "model" / "model.joblib")
    assert (model.hidden_layer_sizes, model.learning_rate_init, model.solver) == ([32, 16], 0.01, "sgd")
    assert (tmp_path / "output" / "evaluation.json").exists()


def test_what_is_typed_after_the_tokens_of_sagemaker_wins(data, tmp_path):
    finished = job_of(data, tmp_path, {"epochs": 20}, typed=["--epochs", "1", "--current-host", "algo-2"]).run()
    assert finished.exit_status == 0
    assert "host algo-2 of algo-1" in finished.output
    assert "epoch 1/1" in finished.output


def test_a_bad_hyperparameter_is_one_line_and_the_reason_of_the_failure(data, tmp_path):
    job = job_of(data, tmp_path, {"epochs": "many"})
    finished = job.run()
    line = "train.py: error: argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)"
    assert (finished.status, finished.exit_status) == ("Failed", 2)
    _, *usage, last, _ = finished.output.splitlines()
    assert usage[0].startswith("usage: train.py ")
    assert all(row.startswith(" ") for row in usage[1:])
    assert last == line
    assert job.failure_file.read_text() == f"{line}\n"
    assert finished.failure_reason == f"AlgorithmError: {line}, exit code: 2"
    assert finished.output.splitlines()[-1].endswith(f"FailureReason: {finished.failure_reason}")
