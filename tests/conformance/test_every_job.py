"""Random jobs that the platforms' own code makes and starts reach the script whole."""

import json
import re
from pathlib import Path

import pytest
from container import TYPED
from converters import CONVERTERS, is_changed_on_purpose
from declarations import with_types
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

COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
LAW = settings(COMMON, max_examples=60)
# The values go to the launchers as they go to a script.
LAW_OF_LAUNCHERS = settings(COMMON, max_examples=20)
INTERNAL = {"sagemaker_job_name": "a-job", "sagemaker_region": "us-east-1", "_tuning_objective_metric": "loss"}


def check_arrival(container, started, job, platform, by_torchrun=False):
    """The platform starts every job that it can start, and only known losses differ from the job."""
    assert started.by_platform or not can_be_started(platform, job), started.log
    event(f"{platform}: {'' if started.by_platform else 'not '}started by the platform")
    for route in ROUTES if started.by_platform else (EVERYTHING, FILES):
        check_route(container, started.result, job, platform, route)
    if started.by_platform:
        check_converters(started.result["unlike argparse"], job, platform)
    namespace = started.result[EVERYTHING]
    if started.by_platform and isinstance(namespace, dict):
        assert [namespace["local_rank"], namespace["last"]] == (list(TYPED.values()) if by_torchrun else [None, None])
    check_environment(container, started.result, job)


def as_text_of_the_sdk(argument):
    """The value that an argument must get from SDK v3, which decodes JSON in a text once more for the command line.

    Source: ``hyperparameters_to_cli_args`` of its container drivers. An argument of text keeps the digits of a number.
    """
    decoded = decode(argument.value) if argument.kind in ("text", "str", "Path") else argument.value
    is_number = argument.kind != "Path" and type(decoded) in (int, float)
    if argument.kind not in ("text", "str", "Path") or is_number:
        return argument.expected
    text = decoded if isinstance(decoded, str) else json.dumps(decoded)
    return Path(text) if argument.kind == "Path" else text


def check_route(container, result, job, platform, route):
    """Every value has arrived with its type, except those that are known to be lost on the route."""
    namespace = result[route]
    lost = {argument.name: losses(Arrival(platform, route, job, argument.name, argument.value)) for argument in job.arguments}
    for loss in (loss for several in lost.values() for loss in several):
        event(f"{platform}: {loss.route}")
    if not isinstance(namespace, dict):
        assert any(lost.values()), f"{route}: {namespace}"
        return
    for argument in job.arguments:
        expected = as_text_of_the_sdk(argument) if platform == SDK else argument.expected
        if not lost[argument.name]:
            assert with_types(namespace[argument.dest]) == with_types(expected), f"{route}: {argument}"
    if route in (EVERYTHING, VARIABLES):
        for channel in job.channels:
            assert namespace[channel.replace("-", "_")] == f"{container.base}/input/data/{channel}", f"{route}: {channel}"


def check_converters(unlike, job, platform):
    """smargs makes the same of the command line with a converter as argparse, except where smargs mends the value."""
    drawn = {argument.spelled: (argument, converter) for argument, converter in zip(job.arguments, job.converters)}
    for spelled, by_argparse, by_smargs in unlike:
        argument, converter = drawn[spelled]
        declaration = {"type": CONVERTERS[converter]}
        arrival = Arrival(platform, EVERYTHING, job, argument.name, argument.value)
        # argparse sees the command line after the shell has changed it.
        is_excused = (
            platform in (UNQUOTING, SHELL_ENTRY_POINT) or losses(arrival) or is_changed_on_purpose(declaration, arrival.value)
        )
        assert is_excused, f"{converter}: argparse gives {by_argparse}, smargs {by_smargs}"


def check_environment(container, result, job):
    """The snapshot describes the job, with the same leader as the toolkit."""
    environment = result["environment"]
    assert with_types(environment["hyperparameters"]) == with_types(job.hyperparameters)
    assert environment["channels"] == {channel: f"{container.base}/input/data/{channel}" for channel in job.channels}
    host = job.hosts[job.host]
    rank = sorted(job.hosts).index(host)
    assert (sorted(environment["hosts"]), environment["current_host"]) == (sorted(job.hosts), host)
    assert (environment["host_rank"], environment["host_count"]) == (rank, len(job.hosts))
    leads = re.search(r'"is_master":(true|false)', result["variables"].get("SM_TRAINING_ENV", ""))
    assert environment["leads"] is (leads.group(1) == "true" if leads else rank == 0)
    assert environment["current_instance_group"] == f"group-{[host in group for group in job.groups].index(True)}"


@given(job=training_jobs())
@LAW
def test_a_job_of_the_toolkit_arrives(container, toolkit, job):
    container.prepare(job, sagemaker_program="train.py", **INTERNAL)

    check_arrival(container, container.start_with(toolkit), job, TOOLKIT)


@given(job=training_jobs())
@LAW
def test_a_job_of_the_unquoting_toolkit_arrives(container, unquoting_toolkit, job):
    container.prepare(job, sagemaker_program="train.py", **INTERNAL)

    check_arrival(container, container.start_with(unquoting_toolkit), job, UNQUOTING)


@given(job=training_jobs())
@LAW
def test_a_job_of_the_sdk_arrives(container, job):
    container.prepare(job, sagemaker_program="train.py", **INTERNAL)

    check_arrival(container, container.start_with_sdk(), job, SDK)


TOOLKIT_LAUNCHERS = {
    "a shell script that passes its arguments on": ("passing.sh", {}, SHELL_ENTRY_POINT),
    "a shell script that passes nothing on": ("silent.sh", {}, SHELL_ENTRY_POINT),
    "torchrun": ("train.py", {"sagemaker_torch_distributed_enabled": True}, TOOLKIT),
}


@pytest.mark.parametrize(("entry_point", "internal", "platform"), TOOLKIT_LAUNCHERS.values(), ids=TOOLKIT_LAUNCHERS)
@given(job=training_jobs())
@LAW_OF_LAUNCHERS
def test_a_job_of_the_toolkit_arrives_by_a_launcher(container, toolkit, entry_point, internal, platform, job):
    container.prepare(job, sagemaker_program=entry_point, **INTERNAL, **internal)

    check_arrival(container, container.start_with(toolkit), job, platform, by_torchrun=bool(internal))


SDK_LAUNCHERS = {
    "a shell script that passes its arguments on": {"entry_script": "passing.sh"},
    "a shell script that passes nothing on": {"entry_script": "silent.sh"},
    "torchrun": {"driver": "torchrun_driver.py"},
    "a command": {"command": "python3 train.py"},
}


@pytest.mark.parametrize("launcher", SDK_LAUNCHERS.values(), ids=SDK_LAUNCHERS)
@given(job=training_jobs())
@LAW_OF_LAUNCHERS
def test_a_job_of_the_sdk_arrives_by_a_launcher(container, launcher, job):
    container.prepare(job, sagemaker_program="train.py", **INTERNAL)

    check_arrival(container, container.start_with_sdk(**launcher), job, SDK, by_torchrun="driver" in launcher)
