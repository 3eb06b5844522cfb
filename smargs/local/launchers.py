"""The command that starts a script on each host: the platform's own, torchrun's or Open MPI's. The engine is theirs."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from smargs.local.job import TOOLKIT_UNQUOTED, BadJobError, TrainingJob, contains
from smargs.local.platforms import Machine, Start, quote_for_shell, source_directory

LAUNCHERS = ("torchrun", "mpirun")

LOOPBACK = "127.0.0.1"


class Command(NamedTuple):
    """The command of one host.

    Attributes:
        host: The name of the host.
        tokens: The program and its arguments.
        environ: All its environment variables.
        directory: Where it starts.
    """

    host: str
    tokens: List[str]
    environ: Dict[str, str]
    directory: Path


def check_launcher(job: TrainingJob) -> None:
    """Check that the launcher of a job is installed and takes its script.

    Raises:
        BadJobError: If not.
    """
    if job.launcher is None:
        return
    if job.script.suffix != ".py":
        raise BadJobError(f"argument --launcher: {job.launcher} starts Python scripts only, not {job.script.name}")
    if _find_program(job.launcher) is None:
        raise BadJobError(f"argument --launcher: {job.launcher} is not installed")
    if job.launcher == "mpirun" and find_spec("mpi4py") is None:
        raise BadJobError("argument --launcher: mpirun needs mpi4py, through which both platforms start a script")


def _find_program(name: str) -> Optional[str]:
    """A program of this Python's environment, else of the path."""
    beside = os.path.dirname(sys.executable)
    return shutil.which(name, path=os.pathsep.join((beside, os.environ.get("PATH", os.defpath))))


def commands(job: TrainingJob, starts: Mapping[str, Start], bases: Mapping[str, Path], machine: Machine) -> List[Command]:
    """The command of each host; Open MPI starts all processes from the first.

    Args:
        job: The job.
        starts: How the platform starts the script on each host.
        bases: The directory in the place of ``/opt/ml`` of each host.
        machine: The machine.
    """
    made = [
        Command(
            host,
            _script_command(job, starts[host].argv),
            {**outside(), "PYTHONUNBUFFERED": "1", **starts[host].environ},
            _working_directory(job, bases[host]),
        )
        for host in job.hosts
    ]
    count = job.processes_per_host or machine.processes_per_host
    if job.launcher == "torchrun":
        port = free_port()
        return [
            command._replace(
                tokens=_as_run(job, [*_torchrun(len(made), count, rank, port), *_program(job)], starts[command.host].argv),
                environ={**command.environ, **_for_collectives(machine)},
            )
            for rank, command in enumerate(made)
        ]
    if job.launcher == "mpirun":
        return [made[0]._replace(tokens=_mpirun(job, starts, count), environ={**made[0].environ, **_for_collectives(machine)})]
    return made


def _working_directory(job: TrainingJob, base: Path) -> Path:
    """Where a script starts: the platform's source directory, which links to the script's own unless that contains the job."""
    own = job.script.parent
    return own if contains(own, base) else base.joinpath(*source_directory(job).split("/"))


def outside() -> Dict[str, str]:
    """The variables of this process without any of a job that it runs in."""
    return {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("SM_", "SAGEMAKER_")) and name not in ("TRAINING_JOB_NAME", "CURRENT_HOST")
    }


def _program(job: TrainingJob) -> List[str]:
    """What a Python interpreter is told to run."""
    return ["-m", "smargs.patch", job.script.name] if job.patch else [job.script.name]


def _script_command(job: TrainingJob, argv: Sequence[str]) -> List[str]:
    """Source: ``_create_command`` of the toolkit's process.py, ``create_commands`` of SDK v3's basic_script_driver.py."""
    command = [sys.executable, *_program(job)] if job.script.suffix == ".py" else [f"./{job.script.name}"]
    if job.script.suffix == ".py" or job.platform == TOOLKIT_UNQUOTED:
        return _as_run(job, command, argv)
    return ["/bin/sh", "-c", f"exec {quote_for_shell([*command, *argv, *job.typed])}"]


def _as_run(job: TrainingJob, command: Sequence[str], argv: Sequence[str]) -> List[str]:
    """A command with its arguments. Source: process.py of the toolkit 5.0.0, whose shell starts the launchers, too."""
    if job.platform == TOOLKIT_UNQUOTED:
        typed = [quote_for_shell(job.typed)] if job.typed else []
        return ["/bin/sh", "-c", " ".join(("exec", quote_for_shell(command), *argv, *typed))]
    return [*command, *argv, *job.typed]


def preview_tokens(job: TrainingJob, argv: Sequence[str]) -> List[str]:
    """The command that shows the arguments of a script instead of running it on."""
    patch = ["--patch"] if job.patch else []
    return [sys.executable, "-m", "smargs.cli.preview", *patch, job.script.name, *argv, *job.typed]


def _torchrun(host_count: int, process_count: int, rank: int, port: int) -> List[str]:
    """Source: ``create_commands`` of SDK v3's torchrun_driver.py."""
    together = [f"--master_addr={LOOPBACK}", f"--master_port={port}", f"--node_rank={rank}"] if host_count > 1 else []
    return [str(_find_program("torchrun")), f"--nnodes={host_count}", f"--nproc_per_node={process_count}", *together]


def _mpirun(job: TrainingJob, starts: Mapping[str, Start], process_count: int) -> List[str]:
    """One part for each host, with that host's variables; all of them here.

    Source: ``get_mpirun_command`` of SDK v3's mpi_utils.py, ``MasterRunner`` of the toolkit's mpi.py.
    """
    command = [str(_find_program("mpirun")), "--allow-run-as-root", "--oversubscribe", "--tag-output"]
    for host in job.hosts:
        start = starts[host]
        variables = [token for name, text in start.environ.items() for token in ("-x", f"{name}={text}")]
        script = [sys.executable, "-m", "mpi4py", *_program(job), *start.argv, *job.typed]
        command += [*([":"] if host != job.hosts[0] else []), "-np", str(process_count), *variables, *script]
    return command


def _for_collectives(machine: Machine) -> Dict[str, str]:
    """Source: ``setup_env`` of SDK v3's torchrun_driver.py."""
    return {"NCCL_SOCKET_IFNAME": machine.network_interface, "NCCL_PROTO": "simple"}


def free_port() -> int:
    """A port that is free on loopback: another job here may have the platform's."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port
