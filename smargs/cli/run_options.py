"""The options of the command ``smargs run``."""

from __future__ import annotations

import argparse

from smargs import _argparse
from smargs.cli.values import count, directory, run_time, seconds
from smargs.local.job import LAUNCHERS, PLATFORMS, PROCESSING

# Seconds from SIGTERM to SIGKILL, as the platform waits.
# Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
_GRACE = 120.0


def add_source_option(group: _argparse.ArgumentGroup) -> None:
    """Add the option that names the directory of the source code."""
    group.add_argument(
        "--source-dir",
        metavar="DIR",
        type=directory,
        help="the job's source code, which contains the script (default: the directory that the script is in)",
    )


def add_hyperparameter_options(group: _argparse.ArgumentGroup) -> None:
    """Add the options that name hyperparameters."""
    group.add_argument(
        "-p",
        metavar="NAME=VALUE",
        dest="hyperparameter",
        action="append",
        default=[],
        help="add a hyperparameter; a VALUE that is not JSON is a text; may be repeated",
    )
    group.add_argument(
        "--hyperparameters",
        metavar="FILE",
        action="append",
        default=[],
        help="add the hyperparameters of a JSON object, or of a .yaml file (needs PyYAML); -p overrides them",
    )


def add_job_options(run: argparse.ArgumentParser) -> None:
    """Add the script, and the options that describe the job."""
    run.add_argument("script", help="the entry point, a .py or .sh file")
    job = run.add_argument_group("the job")
    add_source_option(job)
    job.add_argument(
        "--channel",
        metavar="NAME=PATH",
        action="append",
        default=[],
        help="add a channel: a directory, a file, or a glob in quotes; may be repeated",
    )
    job.add_argument(
        "--input",
        metavar="NAME=PATH",
        action="append",
        default=[],
        help="add an input of a processing job: a directory, a file, or a glob in quotes; may be repeated",
    )
    job.add_argument(
        "--processing-output",
        metavar="NAME",
        action="append",
        default=[],
        help="add an output of a processing job; may be repeated",
    )
    job.add_argument(
        "--shard",
        metavar="CHANNEL",
        action="append",
        default=[],
        help="give each host its part of the files of a channel, as ShardedByS3Key does; may be repeated",
    )
    job.add_argument(
        "--manifest",
        metavar="CHANNEL=FILE",
        action="append",
        default=[],
        help="add a channel of the files that a manifest lists; if its prefix is in S3, name the local directory with "
        "--channel CHANNEL=DIR; may be repeated",
    )
    add_hyperparameter_options(job)
    job.add_argument("--plain", action="store_true", help="send hyperparameters as text, as boto3 does, instead of JSON")
    job.add_argument(
        "-e",
        "--env",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="set an environment variable in the containers; NAME alone passes on the value it has in this shell; may be "
        "repeated",
    )
    job.add_argument(
        "--env-file",
        metavar="FILE",
        action="append",
        default=[],
        help="set the variables of a file, one on each line; --env overrides them",
    )
    job.add_argument(
        "--metric",
        metavar="NAME=REGEX",
        action="append",
        default=[],
        help="add a metric: the first group of REGEX is its value in a line of the output; may be repeated",
    )
    cluster = job.add_mutually_exclusive_group()
    cluster.add_argument("--hosts", metavar="N", type=count, default=1, help="the number of hosts (default: %(default)s)")
    cluster.add_argument(
        "--group",
        metavar="NAME=N",
        action="append",
        default=[],
        help="add an instance group of N hosts, for a heterogeneous cluster; may be repeated",
    )
    job.add_argument(
        "--platform",
        choices=(*PLATFORMS, PROCESSING),
        default=PLATFORMS[0],
        help="the software in the container that starts the script, or processing for a processing job (default: %(default)s)",
    )
    job.add_argument(
        "--output", metavar="DIR", type=directory, help="the job's directory (default: smargs-job-TIME in ~/.smargs/jobs)"
    )
    job.add_argument("--copy", action="store_true", help="copy channels into the job's directory instead of linking them")


def add_running_options(group: _argparse.ArgumentGroup) -> None:
    """Add the options that say how the job runs here."""
    group.add_argument("--launcher", choices=LAUNCHERS, help="start several processes on each host with this launcher")
    group.add_argument(
        "--processes-per-host",
        metavar="N",
        type=count,
        help="how many processes the launcher starts on each host (default: the number of GPUs, or 1)",
    )
    group.add_argument(
        "--patch", action="store_true", help="run a script that imports argparse: replace argparse's parser by that of smargs"
    )
    group.add_argument(
        "--clean-env",
        action="store_true",
        help="start the script without your own variables: only PATH, HOME, LANG, those of --env and --env-file, and the "
        "platform's",
    )
    group.add_argument(
        "--mount",
        action="store_true",
        help="let each host see its directory as /opt/ml, for scripts that name /opt/ml themselves; needs Linux",
    )
    group.add_argument(
        "--dry-run",
        action="store_true",
        help="show the value of each argument and its source; stop after the script's first parse_args()",
    )
    group.add_argument(
        "--interrupt-after",
        metavar="TIME",
        type=seconds,
        help="send SIGTERM after a time such as 20s, 5m or 1h, as a spot interruption does; 20 means 20s",
    )
    group.add_argument(
        "--max-run",
        metavar="TIME",
        type=run_time,
        help="end the job after a time, as the platform does, and keep its model; the status is MaxRuntimeExceeded",
    )
    group.add_argument(
        "--stop-after",
        metavar="TIME",
        type=seconds,
        help="stop the job after a time, as StopTrainingJob does, and keep its model",
    )
    group.add_argument("--strict-metrics", action="store_true", help="fail if a metric has no value in the output")
    group.add_argument(
        "--grace", metavar="TIME", type=seconds, default=_GRACE, help="the time between SIGTERM and SIGKILL (default: 120s)"
    )
