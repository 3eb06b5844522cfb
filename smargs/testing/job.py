"""A SageMaker training job for a test: in this process, or in processes of its own as ``smargs run`` runs it."""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Type, Union

from smargs.container.variables import BASE_DIRECTORY, HYPERPARAMETERS_FILE
from smargs.local.containers import Machine, environ_outside_job, make_container, this_machine
from smargs.local.directory import JobDirectory
from smargs.local.hyperparameters import check_limits, make_hyperparameter, secrets_of
from smargs.local.job import TOOLKIT, Hyperparameter, TrainingJob, name_hosts, name_job
from smargs.local.platforms import start_behind_shell
from smargs.testing.channels import Channels, channel_paths, find_path, read_paths
from smargs.testing.checks import check_hosts, check_hyperparameters, check_list, check_platform, check_typed
from smargs.testing.command import channel_options, job_options, repeat_command, run_options, script_arguments
from smargs.testing.processes import Finished, run_job, temporary_process


class SageMakerJob:
    """A training job as a platform starts a script on one host: its variables, its command line and its directories.

    As a context manager it turns this process into that of the script: it sets ``os.environ`` and ``sys.argv``, makes the
    directories, and restores everything afterwards, including the working directory. The job's directories remain, unless no
    directory was chosen for the job.

    Attributes:
        path: The job's directory. If none was chosen, it is ``/opt/ml`` outside the ``with`` block, where nothing is created.
        environ: The variables that the platform sets.
        argv: The command line, without the script.
        parsers: The parsers of the script, as far as they are known. ``repr()`` masks what they declare as secret.
    """

    path: Path
    environ: Dict[str, str]
    argv: List[str]
    parsers: Tuple[argparse.ArgumentParser, ...] = ()

    def __init__(
        self,
        hyperparameters: Optional[Mapping[str, object]] = None,
        channels: Channels = (),
        *,
        hosts: int = 1,
        host: Optional[str] = None,
        platform: str = TOOLKIT,
        plain: bool = False,
        typed: Sequence[str] = (),
        script: str = "train.py",
        directory: Union[str, os.PathLike[str], None] = None,
        search_path: Iterable[Union[str, os.PathLike[str]]] = (),
    ) -> None:
        """Describe a job; nothing is made or started yet.

        Args:
            hyperparameters: Names and values; a value is anything that JSON can represent.
            channels: Names of channels with the path of each, a directory, a file or a glob, or None for an empty channel; or
                only names, of empty channels.
            hosts: The number of hosts.
            host: The name of the host that this process represents; ``algo-1`` if None.
            platform: The platform that starts the script: ``toolkit``, ``toolkit-unquoted``, ``sdk`` or ``files``.
            plain: Whether hyperparameters are sent as text, as boto3 does, instead of as the SDK does.
            typed: Arguments of the script that follow those of SageMaker.
            script: The entry point, as ``sys.argv[0]``.
            directory: Where the job's directories are made; None for a temporary directory.
            search_path: Directories in which a relative path of a channel or script is looked up if the working directory does
                not have it.

        Raises:
            BadJobError: If the platform would not start such a job; a ValueError.
        """
        check_platform(platform)
        check_hosts(hosts, host)
        self._script = script
        # Relative paths start here, even if a script changes the working directory of this process later.
        self._origin = os.getcwd()
        check_list("search_path", search_path, "a list of directories")
        self._search_path = [os.path.abspath(directory) for directory in search_path]
        self._channel_paths = channel_paths(channels, self._search_path)
        self._directory = None if directory is None else Path(os.path.abspath(directory))
        self._job = TrainingJob(
            name=name_job(self._directory or Path("a-job")),
            script=Path(self._find_script(script)),
            hyperparameters=_make_hyperparameters(hyperparameters or {}),
            channels=read_paths(self._channel_paths),
            hosts=name_hosts(hosts),
            platform=platform,
            plain=plain,
            typed=check_typed(typed),
        )
        self.host = host or self._job.hosts[0]
        self._entered: Optional[contextlib.ExitStack] = None
        self._set_directory(self._directory)

    def _set_directory(self, directory: Optional[Path]) -> None:
        """Set the attributes that depend on the job's directory; None for real containers, which have ``/opt/ml`` each."""
        self.path = directory or Path(BASE_DIRECTORY)
        self._bases = {
            host: JobDirectory(directory).base(self._job, host) if directory else self.path for host in self._job.hosts
        }
        containers = {host: make_container(self._job, host, str(base), _machine()) for host, base in self._bases.items()}
        self._configs = {host: container.config for host, container in containers.items()}
        check_limits(self._configs[self.host][HYPERPARAMETERS_FILE])
        start = start_behind_shell(containers[self.host])
        self.environ, self.argv = start.environ, [*start.argv, *self._job.typed]

    @property
    def model_dir(self) -> Path:
        """The directory of the model, ``SM_MODEL_DIR``, of this host."""
        return self._bases[self.host] / "model"

    @property
    def output_data_dir(self) -> Path:
        """The directory of further output, ``SM_OUTPUT_DATA_DIR``, of this host."""
        return self._bases[self.host] / "output" / "data"

    @property
    def checkpoint_dir(self) -> Path:
        """The directory of the checkpoints of all hosts, ``/opt/ml/checkpoints`` on the platform."""
        return self.path / "checkpoints"

    @property
    def failure_file(self) -> Path:
        """The file in which a script writes why it failed."""
        return self._bases[self.host] / "output" / "failure"

    def __enter__(self) -> SageMakerJob:
        """Turn this process into that of the script.

        Raises:
            BadJobError: If the directories cannot be made.
            RuntimeError: If the job is already entered.
        """
        if self._entered is not None:
            raise RuntimeError("this job is already entered")
        with contextlib.ExitStack() as stack:
            if self._directory is None:
                temporary = stack.enter_context(tempfile.TemporaryDirectory(prefix="smargs-job-"))
                # Restores the attributes that _set_directory changes.
                stack.callback(vars(self).update, dict(vars(self)))
                self._set_directory(Path(temporary).resolve() / "job")
            with JobDirectory(self.path) as directory:
                directory.lay_out(self._job, self._configs, copy=False)
            stack.enter_context(temporary_process({**environ_outside_job(), **self.environ}, [self._script, *self.argv]))
            self._entered = stack.pop_all()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        entered, self._entered = self._entered, None
        assert entered is not None
        entered.close()

    def run(
        self,
        script: Union[str, os.PathLike[str], None] = None,
        *,
        launcher: Optional[str] = None,
        processes_per_host: Optional[int] = None,
        patch: bool = False,
        interrupt_after: Optional[float] = None,
        grace: Optional[float] = None,
        timeout: Optional[float] = None,
    ) -> Finished:
        """Run the job on all its hosts, in processes of their own, as ``smargs run`` does.

        Args:
            script: The entry point; that of the job if None.
            launcher: The launcher that starts the script on each host, ``torchrun`` or ``mpirun``.
            processes_per_host: How many processes the launcher starts on each host.
            patch: Whether the script's ``argparse.ArgumentParser`` is replaced.
            interrupt_after: Seconds until a spot interruption. The toolkit does not pass its SIGTERM on to the script.
            grace: Seconds from SIGTERM to SIGKILL; 120 if None.
            timeout: Seconds until the job is stopped.

        Returns:
            How the job ended. Its results are in the job's directories.

        Raises:
            BadJobError: If the job cannot be started.
            RuntimeError: If the job has no directory: none was chosen, and the job is not entered.
            ValueError: If the job has recorded no end, because the disk is full.
            subprocess.TimeoutExpired: If the job took too long; all its processes have ended then.
        """
        if self._directory is None and self._entered is None:
            raise RuntimeError("this job has no directory: choose one, or call run() in its with block")
        options = run_options(
            {
                "--launcher": launcher,
                "--processes-per-host": processes_per_host,
                "--interrupt-after": interrupt_after,
                "--grace": grace,
                "--patch": patch,
            }
        )
        with tempfile.TemporaryDirectory(prefix="smargs-job-") as temporary:
            arguments = [self._find_script(script or self._job.script), *options, *self._job_arguments(Path(temporary))]
            return run_job(arguments, self.path, self._origin, timeout)

    def _find_script(self, script: Union[str, os.PathLike[str]]) -> str:
        return os.path.abspath(find_path(os.fspath(script), self._search_path))

    def _job_arguments(self, temporary: Path) -> List[str]:
        """Return the arguments of ``smargs run`` that describe this job, with what they need in a temporary directory."""
        values = {name: hyperparameter.value for name, hyperparameter in self._job.hyperparameters.items()}
        hyperparameters, empty = temporary / HYPERPARAMETERS_FILE, temporary / "empty"
        hyperparameters.write_text(json.dumps(values), encoding="utf-8")
        empty.mkdir()
        return [
            "--hyperparameters",
            str(hyperparameters),
            *job_options(self._job),
            *channel_options(self._channel_paths, str(empty)),
            *script_arguments(self._job),
        ]

    def __repr__(self) -> str:
        """Return the command that repeats the job on this machine, on one line for bash and zsh, with secrets masked."""
        return repeat_command(self._job, self._script, self._channel_paths, secrets_of(self._job, self.parsers))


def _make_hyperparameters(values: Mapping[str, object]) -> Dict[str, Hyperparameter]:
    check_hyperparameters(values)
    return {name: make_hyperparameter(name, value) for name, value in values.items()}


@functools.lru_cache(maxsize=None)
def _machine() -> Machine:
    return this_machine()
