"""The job that a command line of ``smargs run`` requests."""

from __future__ import annotations

import itertools
import os
from argparse import Namespace
from pathlib import Path
from typing import Tuple

from smargs.local.channels import read_channels
from smargs.local.groups import read_groups
from smargs.local.hyperparameters import read_hyperparameters
from smargs.local.job import BadJobError, TrainingJob, find_script, find_source, name_hosts, name_job
from smargs.local.variables import read_variables


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
    groups = read_groups(args.group)
    return TrainingJob(
        name=name_job(Path(os.path.abspath(directory))),
        script=script,
        hyperparameters=read_hyperparameters(args.hyperparameters, args.hyperparameter),
        channels=read_channels(args.channel, args.shard, args.manifest, may_be_elsewhere=args.dry_run),
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
    )


def _check_python_options(args: Namespace, script: Path) -> None:
    for option, is_used in (("--patch", args.patch), ("--dry-run", args.dry_run)):
        if is_used and script.suffix != ".py":
            raise BadJobError(f"argument {option}: {args.script!r} is not a Python script: expected a .py file")
