"""Every job that can be drawn, made and started by the platforms' own code, reaches the script whole."""

import pytest
from container import TYPED
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

JOBS = 100  # Of each launcher.
LAW = settings(max_examples=JOBS, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
INTERNAL = {"sagemaker_job_name": "a-job", "sagemaker_region": "us-east-1", "_tuning_objective_metric": "loss"}


def check_arrival(container, started, job, platform, by_torchrun=False):
    """The platform starts what it can start, and nothing differs from what was asked for but what is known to be lost."""
    assert started.by_platform or not can_be_started(platform, job), started.log
    event(f"{platform}: {'' if started.by_platform else 'not '}started by the platform")
    for route in ROUTES if started.by_platform else (EVERYTHING, FILES):
        check_route(container, started.result[route], job, platform, route)
    found = started.result[EVERYTHING]
    if started.by_platform and isinstance(found, dict):
        assert [found["local_rank"], found["last"]] == (list(TYPED.values()) if by_torchrun else [None, None])
    check_environment(container, started.result["environment"], job)


def check_route(container, found, job, platform, route):
    """Every value has arrived, with its type, but for those that are known to be lost on the route."""
    lost = {argument.name: losses(Arrival(platform, route, job, argument.name, argument.value)) for argument in job.arguments}
    for loss in (loss for several in lost.values() for loss in several):
        event(f"{platform}: {loss.route}")
    if not isinstance(found, dict):
        assert any(lost.values()), f"{route}: {found}"
        return
    for argument in job.arguments:
        if not lost[argument.name]:
            assert typed(found[argument.dest]) == typed(argument.expected), f"{route}: {argument}"
    if route in (EVERYTHING, VARIABLES):
        for channel in job.channels:
            assert found[channel.replace("-", "_")] == f"{container.base}/input/data/{channel}", f"{route}: {channel}"


def check_environment(container, found, job):
    """The snapshot says what the job is."""
    assert typed(found["hyperparameters"]) == typed(job.hyperparameters)
    assert found["channels"] == {channel: f"{container.base}/input/data/{channel}" for channel in job.channels}
    host = job.hosts[job.host]
    rank = sorted(job.hosts).index(host)
    assert (sorted(found["hosts"]), found["current_host"]) == (sorted(job.hosts), host)
    assert (found["host_rank"], found["host_count"], found["leads"]) == (rank, len(job.hosts), rank == 0)
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
def test_a_job_of_the_toolkit_that_did_not_quote_arrives(container, unquoting_toolkit, job):
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
