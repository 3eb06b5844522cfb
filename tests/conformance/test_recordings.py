"""The installed platforms make the recorded jobs of tests/recorded/ again: what has changed upstream?"""

import json
import os

import pytest
from container import OPT_ML
from losses import SDK, TOOLKIT
from platforms import recorded

# They depend on this machine, or on how these tests start a job.
OURS = (
    "SM_NUM_CPUS",
    "SM_STUDIO_LOCAL_MODE",
    "SM_SOURCE_DIR",
    "SM_ENTRY_SCRIPT",
    "SM_DISTRIBUTED_CONFIG",
    "SM_DISTRIBUTED_DRIVER_DIR",
)


def comparable(name, text):
    """A variable's text without what differs from machine to machine."""
    if name != "SM_TRAINING_ENV":
        return text
    return {key: value for key, value in json.loads(text).items() if key not in ("num_cpus", "job_name")}


@pytest.mark.parametrize(
    ("name", "platform"), [("toolkit-5.1.4", TOOLKIT), ("sdk-v3-1.27.0", SDK), ("sdk-v3-1.27.0-apostrophe", SDK)]
)
def test_the_installed_platform_makes_the_recorded_job_again(container, toolkit, name, platform):
    recording = recorded(name)
    base = os.fspath(container.base)
    files = json.loads(json.dumps(recording["files"]).replace(OPT_ML, base))
    container.write(files, arguments=[], channels=[], typed=[])

    started = container.start_with_sdk() if platform == SDK else container.start_with(toolkit)

    made = {variable: text.replace(base, OPT_ML) for variable, text in started.result["variables"].items()}
    then, now = (
        {variable: comparable(variable, text) for variable, text in variables.items() if variable not in OURS}
        for variables in (recording["environ"], made)
    )
    changed = [
        f"{variable}: {then.get(variable)!r} became {now.get(variable)!r}"
        for variable in sorted(then.keys() | now.keys())
        if then.get(variable) != now.get(variable)
    ]
    assert not changed, "\n".join((f"since {recording['platform']}", *changed))
    tokens = [token.replace(base, OPT_ML) for token in started.result["argv"]]
    assert recording["argv"] in [tokens[start : start + len(recording["argv"])] for start in range(len(tokens))]
