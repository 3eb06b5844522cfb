"""`smargs env` shows the environment of a container with the source of each value, and no secret."""

import json
import os
import subprocess
import sys

import pytest
from paths import ROOT
from platforms import encoded, write_files

from smargs.cli import environment as inventory
from smargs.cli import main as cli
from smargs.testing import SageMakerJob

INFINITE = float("inf")
LONG = "hunter2-hunter2"
AWKWARD = 'pass"zwq\\d\nü'
SECRETS = {
    "api_key": LONG,
    "ACCESS-TOKEN": AWKWARD,
    "Passwd": "pw1",
    "credentials": {"user": "inner-user", "list": ["inner-list"]},
    "opts": {"deep": [{"private": "nested-secret"}], "token": 98765432, "key": "q9"},
    "as_text": json.dumps({"secret_key": "text-in-text", "key": "z7", "inner": json.dumps({"token": "innermost-secret"})}),
    "note": f"mine is {LONG}, or innermost-secret",
}
NEVER = [
    "hunter2",
    "zwq",
    "pw1",
    "inner-user",
    "inner-list",
    "nested-secret",
    "98765432",
    "q9",
    "z7",
    "text-in-text",
    "innermost",
]


def shown(capsys, environ, as_json=True):
    inventory.show(environ, as_json)
    printed = capsys.readouterr()
    return json.loads(printed.out) if as_json else printed


def rows(printed):
    return [line.rstrip().split(None, 2) for line in printed.out.splitlines()[2:]]


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_json_has_every_value_with_its_source(capsys, platform):
    environ = SageMakerJob({"epochs": 20, "layers": [1, 2]}, ["train"], platform=platform).environ
    report = shown(capsys, environ)
    assert report["hyperparameters"] == {
        "epochs": {"value": 20, "source": "SM_HP_EPOCHS"},
        "layers": {"value": [1, 2], "source": "SM_HP_LAYERS"},
    }
    assert report["channels"] == {
        name: {"value": f"/opt/ml/input/data/{name}", "source": f"SM_CHANNEL_{name.upper()}"}
        for name in ("train", *(("code", "sm_drivers") if platform == "sdk" else ()))
    }
    assert report["settings"]["hosts"] == {"value": ["algo-1"], "source": "SM_HOSTS"}
    assert report["settings"]["num_gpus"] == {"value": int(environ["SM_NUM_GPUS"]), "source": "SM_NUM_GPUS"}
    assert report["problems"] == []


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_a_number_that_json_does_not_have_is_a_text(capsys, platform):
    inventory.show(SageMakerJob({"lr": float("nan"), "range": [-INFINITE, INFINITE]}, platform=platform).environ, True)
    numbers = []
    report = json.loads(capsys.readouterr().out, parse_constant=numbers.append)
    assert numbers == []
    assert report["hyperparameters"]["lr"]["value"] == "NaN"
    assert report["hyperparameters"]["range"]["value"] == ["-Infinity", "Infinity"]


def test_the_table_is_grouped_by_source(capsys):
    environ = {"SM_HPS": '{"b": 1, "epochs": 2, "a": "three words here"}', "SM_HP_EPOCHS": "3", "SM_MODEL_DIR": "/m"}
    assert rows(shown(capsys, environ, as_json=False)) == [
        ["SM_HPS", "b", "1"],
        ["SM_HPS", "a", "three words here"],
        ["SM_HPS", "hps", environ["SM_HPS"]],
        ["SM_HP_EPOCHS", "epochs", "3"],
        ["SM_MODEL_DIR", "model_dir", "/m"],
    ]


@pytest.mark.parametrize(("option", "ends"), [([], "... (101 characters)"), (["--full"], "x")], ids=["cut", "full"])
def test_a_long_value_is_cut_unless_full_is_typed(capsys, monkeypatch, option, ends):
    monkeypatch.setenv("SM_HP_SHORT", "s" * 100)
    monkeypatch.setenv("SM_HP_LONG", "l" * 100 + "x")
    assert cli.main(["env", *option]) == 0
    assert rows(capsys.readouterr()) == [["SM_HP_LONG", "long", "l" * 100 + ends], ["SM_HP_SHORT", "short", "s" * 100]]


def test_a_file_is_a_source(capsys, tmp_path):
    write_files(tmp_path, {"hyperparameters.json": encoded({"epochs": 20})})
    printed = shown(capsys, {"SAGEMAKER_BASE_DIR": os.fspath(tmp_path)}, as_json=False)
    assert ["hyperparameters.json", "epochs", "20"] in rows(printed)


@pytest.mark.parametrize(("as_json", "full"), [(True, False), (False, False), (False, True)], ids=["json", "table", "full"])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_no_secret_is_shown_wherever_it_is(capsys, platform, as_json, full):
    # SDK v3 sends a text as it is, and the service allows no line break.
    awkward = AWKWARD.replace("\n", "\t") if platform == "sdk" else AWKWARD
    secrets = {**SECRETS, "ACCESS-TOKEN": awkward}
    environ = SageMakerJob(secrets, platform=platform).environ
    environ["SM_RESOURCE_CONFIG"] = json.dumps({"volume_api_key": "volume-secret", "other": [LONG, {"again": awkward}]})
    environ["SM_USER_ARGS"] = json.dumps(SageMakerJob(secrets).argv)
    assert all(any(text in value for value in environ.values()) for text in NEVER)
    inventory.show(environ, as_json, full)
    printed = "".join(capsys.readouterr())
    assert [text for text in [*NEVER, "volume-secret"] if text in printed] == []
    assert "mine is ******" in printed
    assert ("--note" in printed) is (as_json or full)


def test_a_command_line_is_shown_with_only_its_secrets_masked(capsys):
    job = SageMakerJob({"epochs": 3, "api_key": LONG})
    assert shown(capsys, job.environ)["settings"]["user_args"]["value"] == ["--api_key", "******", "--epochs", "3"]


def test_an_option_with_a_secrets_name_hides_what_follows(capsys):
    report = shown(capsys, {"SM_USER_ARGS": '["--token", "q1", "--lr", "2"]'})
    assert report["settings"]["user_args"]["value"] == ["--token", "******", "--lr", "2"]


def test_sources_that_cannot_be_read_are_reported(capsys):
    environ = {"SM_HPS": '{"epochs": ', "SM_HP_API_KEY": LONG, "SM_MODEL_DIR": "/m"}
    report = shown(capsys, environ)
    assert len(report["problems"]) == 1
    assert "SM_HPS" in report["problems"][0]
    assert shown(capsys, environ, as_json=False).err.splitlines() == report["problems"]


def test_off_sagemaker_there_is_one_line(capsys):
    printed = shown(capsys, {"PATH": "/bin"}, as_json=False)
    assert (printed.out, printed.err) == ("", "no SageMaker environment found\n")


def test_off_sagemaker_json_is_empty(capsys):
    assert shown(capsys, {}) == {"hyperparameters": {}, "channels": {}, "outputs": {}, "settings": {}, "problems": []}


@pytest.mark.needs_unix
@pytest.mark.needs_process
@pytest.mark.parametrize("as_json", [True, False])
def test_bytes_that_are_not_utf8_print_in_a_container(as_json):
    environ = {**os.environb, b"PYTHONPATH": os.fsencode(ROOT), b"SM_HP_NOTE": b"a\xffb", b"PYTHONIOENCODING": b"utf-8"}
    command = f"import os; from smargs.cli import environment as inventory; inventory.show(os.environ, {as_json})"
    done = subprocess.run([sys.executable, "-c", command], env=environ, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"a\udcffb" in done.stdout
