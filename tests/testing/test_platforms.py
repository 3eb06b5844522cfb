"""The jobs of smargs.testing, held against jobs as the real platforms rendered them."""

import json

import pytest
from platforms import recorded

from smargs.container.spelling import decode
from smargs.local import platforms
from smargs.testing import SageMakerJob, job

# SDK v3's bash stops at the name SM_CHANNEL_EVAL-SET; its recorder had no channel of the platform's own.
OF_THE_CHANNELS = ("SM_CHANNELS", "SM_INPUT_DATA_CONFIG", "channel_input_dirs", "input_data_config")
# The recordings keep SM_* alone, and that of SDK v3 is of a job without a source directory.
NOT_RECORDED = {
    "toolkit": ["CURRENT_HOST", "SAGEMAKER_BASE_DIR", "SAGEMAKER_JOB_NAME", "SAGEMAKER_REGION", "TRAINING_JOB_NAME"],
    "sdk": [
        *("SAGEMAKER_BASE_DIR", "SM_CHANNEL_CODE", "SM_CHANNEL_SM_DRIVERS", "SM_ENTRY_SCRIPT", "SM_SOURCE_DIR"),
        "TRAINING_JOB_NAME",
    ],
}


@pytest.fixture
def made_again(monkeypatch):
    """A recorded job, and the same as a test has it, on a machine like that of the recording."""

    def make(name, platform, **changed):
        recording = recorded(name)
        environ, files = recording["environ"], recording["files"]
        machine = platforms.Machine(int(environ["SM_NUM_CPUS"]), 0, 0, environ["SM_NETWORK_INTERFACE_NAME"])
        monkeypatch.setattr(job, "_machine", lambda: machine)
        monkeypatch.setattr(platforms, "INSTANCE_TYPE", environ["SM_CURRENT_INSTANCE_TYPE"])
        hyperparameters = {key: decode(text) for key, text in files["hyperparameters.json"].items()}
        channels = [channel for channel in files["inputdataconfig.json"] if platform == "toolkit" or "-" not in channel]
        made = SageMakerJob({**hyperparameters, **changed}, channels, hosts=2, host="algo-2", platform=platform)
        return recording, made

    return make


def comparable(environ, platform):
    """What the variables say, in the directory and by the name of the recorded job, whose second channel is streamed."""
    found = {}
    for name, text in environ.items():
        for ours, theirs in (('"a-job"', '"job-1"'), ("FastFile", "File")):
            text = text.replace(ours, theirs)
        # The files of a job may have their keys in any order.
        found[name] = json.loads(text) if name in ("SM_TRAINING_ENV", "SM_RESOURCE_CONFIG") else text
    for told in (found, found["SM_TRAINING_ENV"]) if platform == "sdk" else ():
        for name in OF_THE_CHANNELS:
            told.pop(name, None)
    return found


@pytest.mark.parametrize(("name", "platform"), [("toolkit-5.1.4", "toolkit"), ("sdk-v3-1.27.0", "sdk")])
def test_a_job_is_what_the_real_platform_made_of_the_same_files(made_again, name, platform):
    recording, made = made_again(name, platform)
    then, now = (comparable(environ, platform) for environ in (recording["environ"], made.environ))

    assert made.argv == recording["argv"]
    assert {variable: now.get(variable) for variable in then} == then
    assert sorted(now.keys() - then.keys()) == NOT_RECORDED[platform]


def test_sdk_v3_loses_apostrophes_from_the_variables(made_again):
    """Without the rest of the recorded text, which a bash would run or expand behind an apostrophe if the text went on so."""
    recording, made = made_again("sdk-v3-1.27.0-apostrophe", "sdk", note="two words 'q' \"d\"")

    for name in ("SM_HPS", "SM_HP_NOTE"):
        assert made.environ[name] == recording["environ"][name].replace("; $HOME", "")
