"""The end of ``smargs run``: record how the job ended, pack its results, and print one line about it."""

from __future__ import annotations

import sys
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from smargs.cli.signals import exit_status, interrupt
from smargs.local.directory import JobDirectory
from smargs.local.hosts import Outcome
from smargs.local.job import TrainingJob
from smargs.local.launchers import Command
from smargs.local.mark import MAX_RUNTIME_EXCEEDED, STOPPED, UNPACKED
from smargs.local.metrics import Metric
from smargs.local.output import GREEN, RED, colour
from smargs.local.results import FailedProcess, failure_reason, pack
from smargs.local.signals import handle_signals
from smargs.texts import printable

# The directory that is packed into each archive.
_PACKED = (("model", "model"), ("output", "output/data"))

_NO_VALUE = "no line of the output has a value of it"

# The status of the planned ends after which the platform keeps the model.
# Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopTrainingJob.html
_STATUSES_WITH_MODEL = (STOPPED, MAX_RUNTIME_EXCEEDED)


class _Ending(NamedTuple):
    """How a job ended.

    Attributes:
        status: The status of the job.
        details: Where its results are, or why it failed.
        exit_status: The exit status of the command.
        failure_reason: The job's ``FailureReason``; None if it did not fail.
    """

    status: str
    details: str
    exit_status: int
    failure_reason: Optional[str] = None


def print_metrics(metrics: Sequence[Metric]) -> List[str]:
    """Print how many values each metric had, and return the names of those that had none."""
    for metric in metrics:
        values = f"{metric.count} value{'s' * (metric.count != 1)}, the last {metric.last:g}" if metric.count else _NO_VALUE
        print(f"smargs: {'' if metric.count else 'warning: '}metric {printable(metric.name)}: {values}", file=sys.stderr)
    return [metric.name for metric in metrics if not metric.count]


def end_job(
    job: TrainingJob,
    directory: JobDirectory,
    commands: Sequence[Command],
    outcome: Outcome,
    required_metrics: Sequence[str] = (),
) -> int:
    """Record how a job ended, and print it.

    Args:
        job: The job.
        directory: Its directory.
        commands: The commands of its hosts.
        outcome: How the hosts ended.
        required_metrics: The metrics without a value for which the command fails.

    Returns:
        The exit status of the command.
    """
    if outcome.planned_status in _STATUSES_WITH_MODEL:
        ending = _keep_results(job, directory, outcome.planned_status, outcome.status)
    elif outcome.is_stopped:
        ending = _Ending(outcome.planned_status or STOPPED, _remaining(job, directory), outcome.status)
    elif outcome.failed_host:
        command = next(command for command in commands if command.host == outcome.failed_host)
        reason = _failure_reason(job, directory, command, outcome)
        ending = _Ending("Failed", f"FailureReason: {reason}", outcome.status, reason)
    else:
        ending = _keep_results(job, directory, "Completed", 0)
    directory.record_status(ending.status, ending.failure_reason)
    if required_metrics and not ending.exit_status:
        names = ", ".join(map(printable, required_metrics))
        ending = ending._replace(details=f"{ending.details}, metrics without a value: {names}", exit_status=1)
    line = f"smargs: {job.name} {ending.status} after {outcome.seconds:.1f} s, {ending.details}"
    print(colour(line, RED if ending.exit_status else GREEN, sys.stderr), file=sys.stderr, flush=True)
    return ending.exit_status


def _failure_reason(job: TrainingJob, directory: JobDirectory, command: Command, outcome: Outcome) -> str:
    """Return the failure reason on one line."""
    failure = directory.base(job, command.host) / "output" / ("message" if job.is_processing else "failure")
    reason = failure_reason(job, failure, FailedProcess(command.tokens, outcome.status, outcome.errors))
    return " ".join(reason.split())


def _keep_results(job: TrainingJob, directory: JobDirectory, job_status: str, status_of_hosts: int) -> _Ending:
    """Pack the model and the output of a training job; leave the outputs of a processing job where they are."""
    if job.is_processing:
        return _Ending(job_status, _remaining(job, directory), status_of_hosts)
    return _pack(job, directory, job_status, status_of_hosts)


def _remaining(job: TrainingJob, directory: JobDirectory) -> str:
    """Return where the unpacked results of a job are, for people."""
    if job.is_processing:
        return "outputs: " + ", ".join(str(directory.base(job, host) / "processing" / "output") for host in job.hosts)
    return f"checkpoints: {directory.path / 'checkpoints'}"


def _pack(job: TrainingJob, directory: JobDirectory, job_status: str, status_of_hosts: int) -> _Ending:
    """Pack the model and the output. A part that cannot be packed stays unchanged."""
    # Until the archives exist, the model must not be removed, even if this process is killed.
    directory.record_status(UNPACKED)
    archives: Dict[str, str] = {}
    earlier: List[str] = []
    for part, subdirectory in _PACKED:
        archive = directory.path / f"{part}.tar.gz"
        parts = {host: directory.base(job, host) / subdirectory for host in job.hosts}
        try:
            with handle_signals(interrupt):
                result = pack(parts, archive)
        except (OSError, KeyboardInterrupt) as error:
            reason, status = _why_unpacked(error)
            remaining = ", ".join(map(str, parts.values()))
            return _Ending(
                UNPACKED, f"{part}.tar.gz cannot be written: {reason}: the {part} is complete in {remaining}", status
            )
        for collision in result.collisions:
            print(f"smargs: {part}.tar.gz: {collision}", file=sys.stderr)
        if result.archive is not None:
            archives[part] = str(result.archive)
        elif archive.exists():
            earlier.append(archive.name)
    results = [] if "model" in archives else ["nothing in SM_MODEL_DIR"]
    results += [f"{part}: {archive}" for part, archive in archives.items()]
    if earlier:
        results.append(f"kept from an earlier job: {' and '.join(earlier)}")
    return _Ending(job_status, ", ".join(results), status_of_hosts)


def _why_unpacked(error: Union[OSError, KeyboardInterrupt]) -> Tuple[str, int]:
    """Return why the results could not be packed, and the exit status."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", exit_status(error)
    return error.strerror or str(error), 1
