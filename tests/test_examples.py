"""The examples run as users run them: each in a process of its own."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"


def run(script, *argv, cwd, **variables):
    """Run an example in a wide terminal, without any job that the tests themselves run in."""
    outside = {name: text for name, text in os.environ.items() if not name.startswith(("SM_", "SAGEMAKER_"))}
    return subprocess.run(
        [sys.executable, str(EXAMPLES / script), *map(str, argv)],
        env={**outside, "COLUMNS": "400", **variables},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )


def make_job(directory):
    return runpy.run_path(str(EXAMPLES / "demo.py"))["make_job"](directory)


def read_test_images(directory):
    return np.loadtxt(directory / "input" / "data" / "test" / "digits.csv", delimiter=",")[:, :-1] / 16


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The finished demo and its directory; the variable of another job must not reach it."""
    here = tmp_path_factory.mktemp("demo")
    finished = run("demo.py", cwd=here, SM_HP_BATCH_SIZE="1")
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished, here / "smargs-demo"


def test_the_demo_shows_a_help_screen_with_the_defaults_of_its_job(demo):
    finished, directory = demo
    screen, _ = finished.stdout.split("Training on the first host")
    inputs = directory.resolve() / "input" / "data"
    for line in (
        "passes over the data (default: 20, from SM_HP_EPOCHS)",
        "images per step (default: 64, or SM_HP_BATCH_SIZE)",
        "size of the first steps (default: 0.003, from SM_HP_LEARNING-RATE)",
        "units of each hidden layer (default: [128, 64], from SM_HP_LAYERS)",
        f"directory of CSV files to learn from (default: {inputs / 'train'}, from SM_CHANNEL_TRAIN)",
        f"directory of CSV files to measure on (default: {inputs / 'test'}, from SM_CHANNEL_TEST)",
        "all hosts of the job (default: ['algo-1', 'algo-2'], from SM_HOSTS)",
    ):
        assert line in screen
    assert "[--train TRAIN]" in screen


def test_the_demo_learns_to_read_nine_digits_in_ten(demo):
    finished, _ = demo
    assert "host algo-1 of algo-1, algo-2; 0 GPUs" in finished.stdout
    epochs = re.findall(r"epoch (\d+)/20: loss=([\d.]+) accuracy=([\d.]+)", finished.stdout)
    assert [int(epoch) for epoch, _, _ in epochs] == [*range(1, 21)]
    assert float(epochs[-1][1]) < float(epochs[0][1])
    assert float(epochs[-1][2]) > 0.9


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


def test_the_demo_spares_a_directory_that_it_has_not_made(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    finished = run("demo.py", tmp_path, cwd=tmp_path)
    assert finished.returncode == 1
    assert finished.stderr == f"{tmp_path} is not empty, and nothing that this demo has made\n"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_script_trains_off_sagemaker_with_typed_arguments(demo, tmp_path):
    data = demo[1] / "input" / "data"
    typed = ["--train", data / "train", "--test", data / "test", "--epochs", 2, "--layers", 32, 16, "--learning_rate", "1e-2"]
    finished = run("train.py", *typed, "--optimizer", '{"name": "sgd"}', cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert lines[:2] == ["host localhost of localhost; 0 GPUs", "learning from 1347 images, measuring on 450"]
    assert [line.split(":")[0] for line in lines[2:]] == ["epoch 1/2", "epoch 2/2"]
    model = joblib.load(tmp_path / "model" / "model.joblib")
    assert (model.hidden_layer_sizes, model.learning_rate_init, model.solver) == ([32, 16], 0.01, "sgd")
    assert (tmp_path / "output" / "evaluation.json").exists()


def test_what_is_typed_after_the_tokens_of_sagemaker_wins_and_only_the_leader_saves(tmp_path):
    environ, argv = make_job(tmp_path / "job")
    finished = run("train.py", *argv, "--epochs", 1, "--current-host", "algo-2", cwd=tmp_path, **environ)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "host algo-2 of algo-1, algo-2" in finished.stdout
    assert "epoch 1/1" in finished.stdout
    assert not [*(tmp_path / "job" / "model").iterdir(), *(tmp_path / "job" / "output" / "data").iterdir()]


def test_a_bad_hyperparameter_is_one_line_and_the_failure_file_of_the_job(tmp_path):
    environ, argv = make_job(tmp_path / "job")
    for name in ("SM_HPS", "SM_TRAINING_ENV"):
        environ[name] = environ[name].replace('"epochs":20', '"epochs":"many"')
    environ["SM_HP_EPOCHS"] = "many"
    finished = run("train.py", *("many" if token == "20" else token for token in argv), cwd=tmp_path, **environ)
    line = "train.py: error: argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)"
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.splitlines()[-1] == line
    assert "Traceback" not in finished.stderr
    assert (tmp_path / "job" / "output" / "failure").read_text() == f"{line}\n"
