"""The command ``smargs run``: check a job, make its directory, and run it."""

from __future__ import annotations

import contextlib
import datetime
import subprocess
import sys
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import List, Sequence, Tuple

from smargs.cli.ending import end_job, print_metrics
from smargs.cli.planned import plan_end
from smargs.cli.request import read_job
from smargs.cli.signals import ignore, interrupt
from smargs.container.variables import BASE_DIRECTORY, HYPERPARAMETERS_FILE
from smargs.local import hosts, processing
from smargs.local.channels import empty_shards
from smargs.local.containers import make_container, this_machine
from smargs.local.directory import JobDirectory, default_place
from smargs.local.hyperparameters import check_limits
from smargs.local.job import BadJobError, TrainingJob
from smargs.local.launchers import Command, check_launcher, make_commands
from smargs.local.metrics import Metric, read_metrics
from smargs.local.mount import check_mount, mounted
from smargs.local.platforms import Start, start
from smargs.local.requirements import find_differences
from smargs.local.shells import check_shell
from smargs.local.signals import handle_signals
from smargs.local.system import exit_status
from smargs.local.trees import allows_links, contains

_NO_LINKS = "this system does not allow links here: the code and the channels are copies"


def run(args: Namespace, script_arguments: Tuple[str, ...]) -> int:
    """Run ``smargs run``.

    Args:
        args: The parsed command line.
        script_arguments: The arguments after ``--``, for the script.

    Returns:
        The exit status of the job.

    Raises:
        BadJobError: If the job cannot be started.
        KeyboardInterrupt: If a signal ended the command before the script started.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(handle_signals(interrupt))
        path = _output_directory(args, stack)
        job = read_job(args, path, script_arguments)
        check_launcher(job)
        check_shell(job)
        if args.mount:
            check_mount(job)
        metrics = _read_metrics(args)
        directory = JobDirectory(path)
        starts = _start_hosts(args, job, directory)
        stack.enter_context(directory)
        directory.lay_out(job, {start.container.host: start.container.config for start in starts}, args.copy)
        if args.dry_run:
            return _preview(args, directory, starts[0])
        return _run_hosts(args, job, directory, starts, metrics)


def _output_directory(args: Namespace, stack: contextlib.ExitStack) -> Path:
    """Return the path of the job's directory. The stack removes the directory of a dry run."""
    if args.dry_run:
        return _temporary_directory(stack) / "job"
    if args.output:
        return Path(args.output)
    # To the microsecond, because several jobs may be started at once.
    return default_place() / datetime.datetime.now().strftime("smargs-job-%Y%m%d-%H%M%S-%f")


def _temporary_directory(stack: contextlib.ExitStack) -> Path:
    try:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smargs-dry-run-")))
    except OSError as error:
        raise BadJobError(f"argument --dry-run: a temporary directory cannot be created: {error}") from None


def _read_metrics(args: Namespace) -> List[Metric]:
    if args.strict_metrics and not args.metric:
        raise BadJobError("argument --strict-metrics: only with --metric")
    return read_metrics(args.metric)


def _start_hosts(args: Namespace, job: TrainingJob, directory: JobDirectory) -> List[Start]:
    """Return how the platform starts the script on each host, after a check of the service's limits."""
    machine = this_machine()
    bases = {host: BASE_DIRECTORY if args.mount else str(directory.base(job, host)) for host in job.hosts}
    containers = [make_container(job, host, base, machine) for host, base in bases.items()]
    if job.is_processing:
        processing.check_limits(job)
    else:
        check_limits(containers[0].config[HYPERPARAMETERS_FILE])
    return [start(container) for container in containers]


def _preview(args: Namespace, directory: JobDirectory, first: Start) -> int:
    """Show the arguments of the script, as the first host would parse them."""
    (command,) = make_commands([first])
    (command,) = _mount_all(args, first.container.job, directory, [command._replace(tokens=preview_tokens(first))])
    return exit_status(subprocess.run(command.tokens, env=command.environ, cwd=command.directory, check=False).returncode)


def _mount_all(args: Namespace, job: TrainingJob, directory: JobDirectory, commands: List[Command]) -> List[Command]:
    return [mounted(each, directory.base(job, each.host)) for each in commands] if args.mount else commands


def preview_tokens(first: Start) -> List[str]:
    """Return the command that shows the arguments of a script instead of running all of it."""
    job = first.container.job
    patch = ["--patch"] if job.patch else []
    return [sys.executable, "-m", "smargs.launch.preview", *patch, job.entry_point, *first.argv, *job.typed]


def _run_hosts(
    args: Namespace, job: TrainingJob, directory: JobDirectory, starts: Sequence[Start], metrics: Sequence[Metric]
) -> int:
    commands = make_commands(starts)
    is_inside = contains(job.source_code, directory.path)
    warning = ", inside the script's directory: the SDK would upload it with the script" if is_inside else ""
    print(f"smargs: {job.name} in {directory.path}{warning}", file=sys.stderr, flush=True)
    copied = [] if allows_links(directory.path) else [_NO_LINKS]
    for note in (*copied, *find_differences(job.source_code), *empty_shards(job.channels, job.hosts)):
        print(f"smargs: {note}", file=sys.stderr, flush=True)
    outcome = hosts.run(_mount_all(args, job, directory, commands), args.grace, plan_end(args, job), [directory.lock], metrics)
    with handle_signals(ignore):
        unmatched = print_metrics(metrics)
        return end_job(job, directory, commands, outcome, unmatched if args.strict_metrics else [])
