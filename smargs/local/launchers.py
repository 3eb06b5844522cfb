"""The command that starts the script on each host: the platform's own, or that of torchrun or Open MPI's mpirun."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

from smargs.local.containers import Container, Machine, environ_outside_job
from smargs.local.job import TOOLKIT_UNQUOTED, TOOLKITS, BadJobError, TrainingJob
from smargs.local.platforms import Start
from smargs.local.shells import SHELL, quote_for_shell
from smargs.local.system import PYTHON_VARIABLES
from smargs.local.trees import contains

LOOPBACK = "127.0.0.1"


class Command(NamedTuple):
    """The command of one host.

    Attributes:
        host: The name of the host.
        tokens: The program and its arguments.
        environ: All its environment variables.
        directory: Its working directory.
    """

    host: str
    tokens: List[str]
    environ: Dict[str, str]
    directory: Path


def check_launcher(job: TrainingJob) -> None:
    """Check that the launcher of a job is installed and can start its script.

    Raises:
        BadJobError: If not.
    """
    if job.launcher is None:
        return
    if job.groups:
        raise BadJobError("argument --launcher: not with --group: expected --hosts")
    if job.script.suffix != ".py":
        raise BadJobError(f"argument --launcher: {job.launcher} starts Python scripts only, not {job.script.name}")
    if _find_program(job.launcher) is None:
        raise BadJobError(f"argument --launcher: {job.launcher} is not installed")
    if job.launcher == "mpirun" and find_spec("mpi4py") is None:
        raise BadJobError("argument --launcher: mpirun needs mpi4py, because both platforms start the script with it")


def _find_program(name: str) -> Optional[str]:
    """Find a program beside this Python, or else on the path."""
    beside = os.path.dirname(sys.executable)
    return shutil.which(name, path=os.pathsep.join((beside, os.environ.get("PATH", os.defpath))))


def make_commands(starts: Sequence[Start]) -> List[Command]:
    """Make the command of each host; mpirun starts the processes of all hosts from the first.

    Args:
        starts: How the platform starts the script on each host.
    """
    job = starts[0].container.job
    if job.launcher == "mpirun":
        return [_make_command(starts[0], _mpirun(starts))]
    if job.launcher == "torchrun":
        port = find_free_port()
        return [_make_command(start, _torchrun(start, port)) for start in starts]
    return [_make_command(start, _script_command(start)) for start in starts]


def _make_command(start: Start, tokens: List[str]) -> Command:
    container = start.container
    collectives = _collectives_environ(container.machine) if container.job.launcher else {}
    outside = environ_outside_job(clean=container.job.clean_env)
    environ = {**outside, **PYTHON_VARIABLES, **container.job.variables, **start.environ, **collectives}
    directory = _working_directory(container)
    if container.job.platform in TOOLKITS:
        # Source: ``write_env_vars`` of the toolkit's environment.py.
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(directory), environ.get("PYTHONPATH"))))
    return Command(container.host, tokens, environ, directory)


def _working_directory(container: Container) -> Path:
    """Return the directory where the script starts.

    It is the source directory in the job's directory, which links to the source code. If the source code contains the job's
    directory, only its entries are links there, so the script starts in the source code itself.
    """
    job, base = container.job, Path(container.base)
    return job.source_code if contains(job.source_code, base) else base.joinpath(*job.source_directory.split("/"))


def _python_arguments(job: TrainingJob) -> List[str]:
    """Return the arguments with which Python runs the script."""
    return ["-m", "smargs.patch", job.entry_point] if job.patch else [job.entry_point]


def _script_command(start: Start) -> List[str]:
    """Return the command without a launcher.

    Source: ``_create_command`` of the toolkit's process.py, ``create_commands`` of SDK v3's basic_script_driver.py.
    """
    job = start.container.job
    is_python = job.script.suffix == ".py"
    command = [sys.executable, *_python_arguments(job)] if is_python else [f"./{job.entry_point}"]
    if is_python or job.platform == TOOLKIT_UNQUOTED:
        return _with_arguments(command, start)
    return [SHELL, "-c", f"exec {quote_for_shell([*command, *start.argv, *job.typed])}"]


def _with_arguments(command: Sequence[str], start: Start) -> List[str]:
    """Add the arguments of the script to a command.

    Source: process.py of the toolkit 5.0.0, which starts launchers through a shell as well.
    """
    job = start.container.job
    if job.platform == TOOLKIT_UNQUOTED:
        typed = [quote_for_shell(job.typed)] if job.typed else []
        return [SHELL, "-c", " ".join(("exec", quote_for_shell(command), *start.argv, *typed))]
    return [*command, *start.argv, *job.typed]


def _torchrun(start: Start, port: int) -> List[str]:
    """Return the command of one host under torchrun. Source: ``create_commands`` of SDK v3's torchrun_driver.py."""
    job = start.container.job
    rank = job.hosts.index(start.container.host)
    rendezvous = [f"--master_addr={LOOPBACK}", f"--master_port={port}", f"--node_rank={rank}"] if len(job.hosts) > 1 else []
    counts = [f"--nnodes={len(job.hosts)}", f"--nproc_per_node={_processes_per_host(start.container)}"]
    return _with_arguments([str(_find_program("torchrun")), *counts, *rendezvous, *_python_arguments(job)], start)


def _mpirun(starts: Sequence[Start]) -> List[str]:
    """Return the command of all hosts under mpirun: one part for each host, with its variables.

    Source: ``get_mpirun_command`` of SDK v3's mpi_utils.py, ``MasterRunner`` of the toolkit's mpi.py.
    """
    command = [str(_find_program("mpirun")), "--allow-run-as-root", "--oversubscribe", "--tag-output"]
    for number, start in enumerate(starts):
        job = start.container.job
        variables = [token for name, text in start.environ.items() for token in ("-x", f"{name}={text}")]
        script = [sys.executable, "-m", "mpi4py", *_python_arguments(job), *start.argv, *job.typed]
        separator = [":"] if number else []
        command += [*separator, "-np", str(_processes_per_host(start.container)), *variables, *script]
    return command


def _processes_per_host(container: Container) -> int:
    return container.job.processes_per_host or container.machine.processes_per_host


def _collectives_environ(machine: Machine) -> Dict[str, str]:
    """Return the variables for communication between hosts. Source: ``setup_env`` of SDK v3's torchrun_driver.py."""
    return {"NCCL_SOCKET_IFNAME": machine.network_interface, "NCCL_PROTO": "simple"}


def find_free_port() -> int:
    """Find a free port on loopback. The platform's own port may be in use by another job."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port
