"""Every job that can be drawn, made and started by the platforms' own code, reaches the script whole."""

import json
import re
from pathlib import Path

import pytest
from container import TYPED
from converters import CONVERTERS, is_changed_on_purpose
from declarations import typed
from hypothesis import HealthCheck, event, given, settings
from jobs import training_jobs
from losses import (
    EVERYTHING,
    FILES,
    ROUTES,
    SDK,
    SHELL_ENTRY_POINT,
    TOOLKIT,
    UNQUOTING,
    VARIABLES,
    Arrival,
    can_be_started,
    losses,
)

from smargs.texts import decode

JOBS = 100  # Of each launcher.
LAW = settings(max_examples=JOBS, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
INTERNAL = {"sagemaker_job_name": "a-job", "sagemaker_region": "us-east-1", "_tuning_objective_metric": "loss"}


def check_arrival(container, started, job, platform, by_torchrun=False):
    """The platform starts what it can start, and nothing differs from what was asked for but what is known to be lost."""
    assert started.by_platform or not can_be_started(platform, job), started.log
    event(f"{platform}: {'' if started.by_platform else 'not '}started by the platform")
    for route in ROUTES if started.by_platform else (EVERYTHING, FILES):
        check_route(container, started.result, job, platform, route)
    if started.by_platform:
        check_converters(started.result["unlike argparse"], job, platform)
    found = started.result[EVERYTHING]
    if started.by_platform and isinstance(found, dict):
        assert [found["local_rank"], found["last"]] == (list(TYPED.values()) if by_torchrun else [None, None])
    check_environment(container, started.result, job)


def as_text_of_the_sdk(argument):
    """What an argument must get from SDK v3, which decodes a text that is JSON once more for the command line.

    Source: ``hyperparameters_to_cli_args`` of its container drivers. The digits of a number stay, for text.
    """
    decoded = decode(argument.value) if argument.kind in ("text", "str", "Path") else argument.value
    is_number = argument.kind != "Path" and type(decoded) in (int, float)
    if argument.kind not in ("text", "str", "Path") or is_number:
        return argument.expected
    text = decoded if isinstance(decoded, str) else json.dumps(decoded)
    return Path(text) if argument.kind == "Path" else text


def check_route(container, result, job, platform, route):
    """Every value has arrived, with its type, but for those that are known to be lost on the route."""
    found = result[route]
    lost = {argument.name: losses(Arrival(platform, route, job, argument.name, argument.value)) for argument in job.arguments}
    for loss in (loss for several in lost.values() for loss in several):
        event(f"{platform}: {loss.route}")
    if not isinstance(found, dict):
        assert any(lost.values()), f"{route}: {found}"
        return
    for argument in job.arguments:
        expected = as_text_of_the_sdk(argument) if platform == SDK else argument.expected
        if not lost[argument.name]:
            assert typed(found[argument.dest]) == typed(expected), f"{route}: {argument}"
    if route in (EVERYTHING, VARIABLES):
        for channel in job.channels:
            assert found[channel.replace("-", "_")] == f"{container.base}/input/data/{channel}", f"{route}: {channel}"


def check_converters(unlike, job, platform):
    """What plain argparse makes of the command line with a converter is what smargs makes of it, unless that is mended."""
    drawn = {argument.spelled: (argument, converter) for argument, converter in zip(job.arguments, job.converters)}
    for spelled, expected, found in unlike:
        argument, converter = drawn[spelled]
        declaration = {"type": CONVERTERS[converter]}
        arrival = Arrival(platform, EVERYTHING, job, argument.name, argument.value)
        # What a shell made of a command line is what argparse sees.
        is_excused = (
            platform in (UNQUOTING, SHELL_ENTRY_POINT) or losses(arrival) or is_changed_on_purpose(declaration, arrival.value)
        )
        assert is_excused, f"{converter}: argparse gives {expected}, smargs {found}"


def check_environment(container, result, job):
    """The snapshot says what the job is, and who leads as the toolkit says it."""
    found = result["environment"]
    assert typed(found["hyperparameters"]) == typed(job.hyperparameters)
    assert found["channels"] == {channel: f"{container.base}/input/data/{channel}" for channel in job.channels}
    host = job.hosts[job.host]
    rank = sorted(job.hosts).index(host)
    assert (sorted(found["hosts"]), found["current_host"]) == (sorted(job.hosts), host)
    assert (found["host_rank"], found["host_count"]) == (rank, len(job.hosts))
    leads = re.search(r'"is_master":(true|false)', result["variables"].get("SM_TRAINING_ENV", ""))
    assert found["leads"] is (leads.group(1) == "true" if leads else rank == 0)
    assert found["current_instance_group"] == f"group-{[host in group for group in job.groups].index(True)}"


TOOLKIT_LAUNCHERS = {
    "a script": ("train.py", {}, TOOLKIT),
    "a shell script that passes its arguments on": ("passing.sh", {}, SHELL_ENTRY_POINT),
    "a shell script that passes nothing on": ("silent.sh", {}, SHELL_ENTRY_POINT),
    "torchrun": ("train.py", {"sagemaker_torch_distributed_enabled": True}, TOOLKIT),
}


@pytest.mark.parametrize(("entry_point", "internal", "platform"), TOOLKIT_LAUNCHERS.values(), ids=TOOLKIT_LAUNCHERS)
@given(job=training_jobs())
@LAW
def test_a_job_of_the_toolkit_arrives(container, toolkit, entry_point, internal, platform, job):
    container.prepare(job, sagemaker_program=entry_point, **INTERNAL, **internal)

    check_arrival(container, container.start_with(toolkit), job, platform, by_torchrun=bool(internal))


@given(job=training_jobs())
@LAW
def test_a_job_of_the_unquoting_toolkit_arrives(container, unquoting_toolkit, job):
    container.prepare(job, sagemaker_program="train.py", **INTERNAL)

    check_arrival(container, container.start_with(unquoting_toolkit), job, UNQUOTING)


SDK_LAUNCHERS = {
    "a script": {},
    "a shell script that passes its arguments on": {"entry_script": "passing.sh"},
    "a shell script that passes nothing on": {"entry_script": "silent.sh"},
    "torchrun": {"driver": "torchrun_driver.py"},
    "a command": {"command": "python3 train.py"},
}


@pytest.mark.parametrize("launcher", SDK_LAUNCHERS.values(), ids=SDK_LAUNCHERS)
@given(job=training_jobs())
@LAW
def test_a_job_of_the_sdk_arrives(container, launcher, job):
    container.prepare(job, sagemaker_program="train.py", **INTERNAL)

    check_arrival(container, container.start_with_sdk(**launcher), job, SDK, by_torchrun="driver" in launcher)
