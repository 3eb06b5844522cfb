"""`smargs run` gives a script what the platforms' own code gives it, in random jobs."""

import json
import os
import pickle
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from container import JOB_NAME, LAUNCHER, RESULT, SECONDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jobs import training_jobs
from sagemaker_training import params

from smargs.container.variables import READ_BY_TOOLKIT
from smargs.local.containers import make_container, this_machine
from smargs.local.job import SDK, TOOLKIT, TOOLKIT_UNQUOTED, BadJobError, Channel, Hyperparameter, TrainingJob, name_hosts
from smargs.local.launchers import make_commands
from smargs.local.platforms import start
from smargs.texts import to_text

JOBS = 40  # Of each platform and launcher.
LAW = settings(max_examples=JOBS, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)

# What may differ, because of how these tests start a job or of the processes in between.
OURS = {
    "SM_STUDIO_LOCAL_MODE": "these tests set it, so that the toolkit does not wait for the names of other hosts",
    "SAGEMAKER_BASE_DIR": "where the job's files are instead of in /opt/ml; of these tests for the toolkit",
    "PYTHONPATH": "both toolkits add to it, and one of them is found by it",
    "PYTHONUNBUFFERED": "smargs run shows at once what a script prints",
    "PWD": "of the shell in between",
    "OLDPWD": "of the shell in between",
    "SHLVL": "of the shell in between",
    "_": "of the shell in between",
}
# What the ModelTrainer writes into distributed.json. Source: Torchrun in distributed.py of sagemaker-train 1.27.0.
DISTRIBUTED = {None: {}, "torchrun": {"process_count_per_node": None, "smp": None}}
MACHINE = this_machine()


@st.composite
def local_jobs(draw, platform, launcher):
    """Draw a job for `smargs run`, and the host to compare."""
    drawn = draw(training_jobs())
    hosts = name_hosts(draw(st.integers(1, 3)))
    sharded = draw(st.sets(st.sampled_from(drawn.channels))) if drawn.channels else ()
    groups = {"first": hosts[:1], "others": hosts[1:]} if len(hosts) > 1 and not launcher and draw(st.booleans()) else {}
    job = TrainingJob(
        name=JOB_NAME,
        script=Path("/anything/train.py"),
        hyperparameters={name: Hyperparameter(value, to_text(value)) for name, value in drawn.hyperparameters.items()},
        channels={name: Channel({}, {"": "/anything"}, is_sharded=name in sharded) for name in drawn.channels},
        hosts=hosts,
        platform=platform,
        plain=drawn.plain,
        launcher=launcher,
        groups=groups,
    )
    return job, draw(st.sampled_from(hosts))


def started_by_us(container, job, host):
    """What the script recorded when the command of `smargs run` started it; None if it did not start."""
    base = container.base
    starts = {each: start(make_container(job, each, os.fspath(base), MACHINE)) for each in job.hosts}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PATH", "PYTHONPATH"):
            patch.setenv(name, container.environ[name])
        command = make_commands(list(starts.values()))[job.hosts.index(host)]
    assert command.host == host
    environ = {**{name: text for name, text in command.environ.items() if name not in os.environ}, **starts[host].environ}
    subprocess.run(
        command.tokens,
        env={**container.environ, **environ},
        cwd=command.directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=SECONDS,
        check=False,
    )
    return collected(command.directory)


def collected(directory):
    """What the script recorded, and its launcher's options, in one dictionary."""
    result, launcher = directory / RESULT, directory / LAUNCHER
    if not result.exists():
        return None
    record = pickle.loads(result.read_bytes())
    record["environ"] = {name: text for name, text in record["environ"].items() if name not in OURS}
    del record["variables"]
    record["launcher"] = options(json.loads(launcher.read_text(encoding="utf-8"))) if launcher.exists() else None
    return record


def options(tokens):
    """A launcher's options up to the script, without the address and the port of its first host, which is on this machine."""
    own = " ".join(tokens[1 : tokens.index("train.py")]).replace("=", " ").split()
    pairs = dict(zip(own[::2], own[1::2]))
    assert ("--master_addr" in pairs) == ("--master_port" in pairs) == (pairs["--nnodes"] != "1")
    return {name: text for name, text in pairs.items() if name not in ("--master_addr", "--master_port")}


def differences(ours, theirs):
    """The differences, by name."""
    environ = [
        f"{name}: {ours['environ'].get(name)!r} instead of {theirs['environ'].get(name)!r}"
        for name in sorted(ours["environ"].keys() | theirs["environ"].keys())
        if ours["environ"].get(name) != theirs["environ"].get(name)
    ]
    rest = [
        f"{part}: {ours[part]!r} instead of {theirs[part]!r}"
        for part in sorted(ours)
        if part != "environ" and repr(ours[part]) != repr(theirs[part])
    ]
    return [*environ, *rest]


@pytest.mark.parametrize("launcher", [None, "torchrun"])
@pytest.mark.parametrize("platform", [TOOLKIT, TOOLKIT_UNQUOTED, SDK])
def test_a_local_job_equals_the_job_of_its_platform(container, toolkit, unquoting_toolkit, platform, launcher):
    outcomes = Counter()

    def started_by_platform():
        if platform == SDK:
            driver = "torchrun_driver.py" if launcher else "basic_script_driver.py"
            return container.start_with_sdk(driver=driver, distributed=DISTRIBUTED[launcher]), container.sources
        return container.start_with(unquoting_toolkit if platform == TOOLKIT_UNQUOTED else toolkit), container.code

    @given(drawn=local_jobs(platform, launcher))
    @LAW
    def law(drawn):
        job, host = drawn
        config = make_container(job, host, os.fspath(container.base), MACHINE).config
        declared = {"arguments": [], "channels": [], "typed": []}
        container.write(config, **declared)
        refused = None
        try:
            ours = started_by_us(container, job, host)
        except BadJobError as error:
            refused = str(error)
        outcomes["refused" if refused else "started" if ours else "stopped"] += 1
        if (refused and platform == TOOLKIT_UNQUOTED) or (refused and "would run" in refused):
            return  # A shell may run anything there, or start the script anyway.
        container.write(config, **declared)
        started, directory = started_by_platform()
        if refused or ours is None:
            assert not started.by_platform, (refused, started.log)
            return
        assert started.by_platform, started.log
        differing = differences(ours, collected(directory))
        assert not differing, "\n".join(differing)

    law()

    assert outcomes["started"] > JOBS / 4, outcomes


def test_the_toolkit_reads_these_hyperparameters_itself():
    assert sorted(READ_BY_TOOLKIT) == sorted(params.SAGEMAKER_HYPERPARAMETERS)
