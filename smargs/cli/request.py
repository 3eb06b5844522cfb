"""The job that a command line of ``smargs run`` requests."""

from __future__ import annotations

import itertools
import os
from argparse import Namespace
from pathlib import Path
from typing import Tuple

from smargs.local.channels import check_channel_name, read_channels
from smargs.local.groups import read_groups
from smargs.local.hyperparameters import read_hyperparameters
from smargs.local.job import PROCESSING, BadJobError, TrainingJob, find_script, find_source, name_hosts, name_job
from smargs.local.variables import read_variables

# The options that only a training job or only a processing job has, each with its attribute.
# Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
_TRAINING_OPTIONS = {
    "--channel": "channel",
    "-p": "hyperparameter",
    "--hyperparameters": "hyperparameters",
    "--plain": "plain",
    "--metric": "metric",
    "--group": "group",
    "--launcher": "launcher",
    "--interrupt-after": "interrupt_after",
    "--max-run": "max_run",
}
_PROCESSING_OPTIONS = {"--input": "input", "--processing-output": "processing_output"}


def read_job(args: Namespace, directory: Path, script_arguments: Tuple[str, ...]) -> TrainingJob:
    """Read the job.

    Args:
        args: The parsed command line.
        directory: The job's directory.
        script_arguments: The arguments after ``--``, for the script.

    Raises:
        BadJobError: If the job cannot be started.
    """
    source = None if args.source_dir is None else find_source(args.source_dir)
    script = find_script(args.script, source)
    _check_python_options(args, script)
    _check_usable_options(args)
    groups = read_groups(args.group)
    typed, argument = (args.input, "--input") if args.platform == PROCESSING else (args.channel, "--channel")
    return TrainingJob(
        name=name_job(Path(os.path.abspath(directory))),
        script=script,
        hyperparameters=read_hyperparameters(args.hyperparameters, args.hyperparameter),
        channels=read_channels(typed, args.shard, args.manifest, args.dry_run, argument),
        hosts=tuple(itertools.chain(*groups.values())) or name_hosts(args.hosts),
        platform=args.platform,
        plain=args.plain,
        typed=script_arguments,
        launcher=None if args.dry_run else args.launcher,
        processes_per_host=args.processes_per_host,
        patch=args.patch,
        clean_env=args.clean_env,
        source=source,
        variables=read_variables(args.env_file, args.env),
        groups=groups,
        outputs=tuple(check_channel_name(name, "--processing-output") for name in dict.fromkeys(args.processing_output)),
    )


def _check_python_options(args: Namespace, script: Path) -> None:
    for option, is_used in (("--patch", args.patch), ("--dry-run", args.dry_run)):
        if is_used and script.suffix != ".py":
            raise BadJobError(f"argument {option}: {args.script!r} is not a Python script: expected a .py file")


def _check_usable_options(args: Namespace) -> None:
    """Check that no option is used that would change nothing in this job."""
    is_processing = args.platform == PROCESSING
    problem = f"not with --platform {PROCESSING}" if is_processing else f"only with --platform {PROCESSING}"
    for option, attribute in (_TRAINING_OPTIONS if is_processing else _PROCESSING_OPTIONS).items():
        if _is_used(getattr(args, attribute)):
            raise BadJobError(f"argument {option}: {problem}")
    if args.processes_per_host is not None and args.launcher is None:
        raise BadJobError("argument --processes-per-host: only with --launcher")


def _is_used(value: object) -> bool:
    """Whether the value of an option is not its default. A time of 0 seconds equals False."""
    return value is not False and value not in (None, [])
