"""The jobs of smargs.testing, compared with recorded jobs of the real platforms."""

import json
import os
import re

import pytest
from platforms import recorded

from smargs.testing import SageMakerJob
from smargs.texts import decode

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


def on_this_machine(environ):
    """The variables of a recording, as they are on a machine like this one."""
    machine = SageMakerJob({}).environ
    text = json.dumps(environ)
    for name in ("SM_CURRENT_INSTANCE_TYPE", "SM_NETWORK_INTERFACE_NAME"):
        text = text.replace(environ[name], machine[name])
    changed = json.loads(text)
    for name, count in (("SM_NUM_CPUS", str(os.cpu_count())), ("SM_NUM_GPUS", machine["SM_NUM_GPUS"])):
        changed[name] = count
        recorded_count = rf'("{name[len("SM_") :].lower()}": ?)\d+'
        changed["SM_TRAINING_ENV"] = re.sub(recorded_count, rf"\g<1>{count}", changed["SM_TRAINING_ENV"])
    return changed


def make_again(name, platform, **changed):
    """The variables and the command line of a recorded job, and the job that smargs makes of the same files."""
    recording = recorded(name)
    files = recording["files"]
    hyperparameters = {key: decode(text) for key, text in files["hyperparameters.json"].items()}
    channels = [channel for channel in files["inputdataconfig.json"] if platform == "toolkit" or "-" not in channel]
    made = SageMakerJob({**hyperparameters, **changed}, channels, hosts=2, host="algo-2", platform=platform)
    return on_this_machine(recording["environ"]), recording["argv"], made


def comparable(environ, platform):
    """The values of the variables, with the directory and the name of the recorded job, whose second channel is streamed."""
    variables = {}
    for name, text in environ.items():
        for ours, theirs in (('"a-job"', '"job-1"'), ("FastFile", "File")):
            text = text.replace(ours, theirs)
        # The files of a job may have their keys in any order.
        variables[name] = json.loads(text) if name in ("SM_TRAINING_ENV", "SM_RESOURCE_CONFIG") else text
    for each in (variables, variables["SM_TRAINING_ENV"]) if platform == "sdk" else ():
        for name in OF_THE_CHANNELS:
            each.pop(name, None)
    return variables


@pytest.mark.parametrize(("name", "platform"), [("toolkit-5.1.4", "toolkit"), ("sdk-v3-1.27.0", "sdk")])
def test_a_job_equals_the_recorded_job_of_the_same_files(name, platform):
    environ, argv, made = make_again(name, platform)
    then, now = comparable(environ, platform), comparable(made.environ, platform)

    assert made.argv == argv
    assert {variable: now.get(variable) for variable in then} == then
    assert sorted(now.keys() - then.keys()) == NOT_RECORDED[platform]


@pytest.mark.needs_process
def test_sdk_v3_loses_apostrophes_from_the_variables():
    """The job is made without the end of the recorded text, ``; $HOME``, which bash would run and expand."""
    environ, _, made = make_again("sdk-v3-1.27.0-apostrophe", "sdk", note="two words 'q' \"d\"")

    for name in ("SM_HPS", "SM_HP_NOTE"):
        assert made.environ[name] == environ[name].replace("; $HOME", "")
