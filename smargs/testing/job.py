"""One SageMaker training job for a test: in this process, or as ``smargs run`` runs it."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shlex
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Type, Union

from smargs.arguments.help import mask_tokens
from smargs.container.spelling import decode, to_text
from smargs.container.variables import BASE_DIRECTORY, HYPERPARAMETERS_FILE, MASK, is_secret
from smargs.local import platforms, shells
from smargs.local.directory import JobDirectory
from smargs.local.job import (
    PLATFORMS,
    TOOLKIT,
    TOOLKIT_UNQUOTED,
    BadJobError,
    Channel,
    Hyperparameter,
    TrainingJob,
    check_channel_name,
    check_limits,
    name_hosts,
    name_job,
    read_channels,
)
from smargs.local.launchers import outside
from smargs.testing.processes import Finished, process_of, run_job

Channels = Union[Mapping[str, Union[str, "os.PathLike[str]"]], Iterable[str]]


class SageMakerJob:
    """A training job as a platform starts a script on one host: its variables, its command line and its directories.

    As a context manager it makes this process the script's: it sets ``os.environ`` and ``sys.argv`` and makes the directories,
    and puts everything back, the working directory as well. Its directories stay, but for those of a job that was given no
    directory.

    Attributes:
        path: The job's directory; ``/opt/ml``, of which nothing is made, as long as a job without a directory is not entered.
        environ: The variables that the platform sets.
        argv: The command line, without the script.
    """

    path: Path
    environ: Dict[str, str]
    argv: List[str]

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
    ) -> None:
        """Describe a job; nothing is made or started yet.

        Args:
            hyperparameters: Names and values: whatever JSON has.
            channels: Names of channels and what each holds, a directory, a file or a glob; or only names, of empty channels.
            hosts: How many hosts there are.
            host: The name of the host that this process is; ``algo-1`` if None.
            platform: Who starts the script: ``toolkit``, ``toolkit-unquoted``, ``sdk`` or ``files``.
            plain: Whether hyperparameters are sent as text, as boto3 does, or as the SDK sends them.
            typed: What the command line holds beside SageMaker's tokens.
            script: The entry point, as ``sys.argv[0]``.
            directory: Where the job's directories are to be made; None for a place that is removed again.

        Raises:
            BadJobError: If the platform would not start such a job; a ValueError.
        """
        if platform not in PLATFORMS:
            raise BadJobError(f"platform {platform!r}: expected one of {', '.join(PLATFORMS)}")
        if not isinstance(hosts, int) or isinstance(hosts, bool):
            raise BadJobError(f"hosts {hosts!r}: expected their number, an int")
        if hosts < 1:
            raise BadJobError(f"{hosts} hosts: expected 1 or more")
        if host is not None and host not in name_hosts(hosts):
            raise BadJobError(f"host {host!r}: expected one of {', '.join(name_hosts(hosts))}")
        _check_list("channels", channels)
        _check_list("typed", typed)
        self._script = script
        # What is relative is so to where the job was described: a script may change the directory of this process.
        self._origin = os.getcwd()
        self._places = {name: os.fspath(channels[name]) for name in channels} if isinstance(channels, Mapping) else {}
        held = read_channels(f"{name}={place}" for name, place in self._places.items())
        self._directory = None if directory is None else Path(os.path.abspath(directory))
        self._job = TrainingJob(
            name=name_job(self._directory or Path("a-job")),
            script=Path(os.path.abspath(script)),
            hyperparameters={name: read_hyperparameter(name, value) for name, value in (hyperparameters or {}).items()},
            channels=held or {check_channel_name(name): Channel((), is_directory=False) for name in channels},
            hosts=name_hosts(hosts),
            platform=platform,
            plain=plain,
            typed=tuple(typed),
        )
        self.host = host or self._job.hosts[0]
        self._entered: Optional[contextlib.ExitStack] = None
        self._render(self._directory)

    def _render(self, directory: Optional[Path]) -> None:
        """What the platform makes of the job in a directory, or of its containers, which have one each."""
        self.path = directory or Path(BASE_DIRECTORY)
        self._bases = {
            host: JobDirectory(directory).base(self._job, host) if directory else self.path for host in self._job.hosts
        }
        self._configs = {host: platforms.files(self._job, host, str(base), _machine()) for host, base in self._bases.items()}
        config = self._configs[self.host]
        check_limits(config[HYPERPARAMETERS_FILE])
        environ, argv = platforms.start(self._job, config, str(self._bases[self.host]), _machine())
        if self._job.platform == TOOLKIT_UNQUOTED:
            environ, argv = shells.unquoted(environ, argv)
        self.environ, self.argv = environ, [*argv, *self._job.typed]

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
        """The directory of the checkpoints, ``/opt/ml/checkpoints`` on the platform."""
        return self._bases[self.host] / "checkpoints"

    @property
    def failure_file(self) -> Path:
        """The file in which a script says why it failed."""
        return self._bases[self.host] / "output" / "failure"

    def __enter__(self) -> SageMakerJob:
        """Make this process the script's.

        Raises:
            BadJobError: If the directories cannot be made.
            RuntimeError: If it is the script's already.
        """
        if self._entered is not None:
            raise RuntimeError("this job is entered already")
        with contextlib.ExitStack() as stack:
            if self._directory is None:
                place = stack.enter_context(tempfile.TemporaryDirectory(prefix="smargs-job-"))
                stack.callback(vars(self).update, dict(vars(self)))
                self._render(Path(place).resolve() / "job")
            with JobDirectory(self.path) as directory:
                directory.lay_out(self._job, self._configs, copy=False)
            stack.enter_context(process_of({**outside(), **self.environ}, [self._script, *self.argv]))
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
            launcher: ``torchrun`` or ``mpirun``, what starts the script on each host.
            processes_per_host: How many processes the launcher starts on each host.
            patch: Whether the script's ``argparse.ArgumentParser`` is replaced.
            interrupt_after: Seconds until SIGTERM is sent, as a spot reclaim does.
            grace: Seconds from SIGTERM to SIGKILL; 120 if None.
            timeout: Seconds until the job is stopped.

        Returns:
            How it ended. What it left is in the job's directories.

        Raises:
            BadJobError: If the job cannot be started.
            RuntimeError: If the job has no directory yet: it was given none and is not entered.
            subprocess.TimeoutExpired: If it took too long; every process of it has ended then.
        """
        if self._directory is None and self._entered is None:
            raise RuntimeError("this job has no directory yet: give it one, or run it inside of with")
        settings = {
            "--launcher": launcher,
            "--processes-per-host": processes_per_host,
            "--interrupt-after": interrupt_after,
            "--grace": grace,
        }
        options = [token for option, value in settings.items() if value is not None for token in (option, str(value))]
        with tempfile.TemporaryDirectory(prefix="smargs-job-") as given:
            sent = Path(given, HYPERPARAMETERS_FILE)
            values = {name: hyperparameter.value for name, hyperparameter in self._job.hyperparameters.items()}
            sent.write_text(json.dumps(values), encoding="utf-8")
            empty = Path(given, "empty")
            empty.mkdir()
            channels = [f"{name}={self._places.get(name, empty)}" for name in self._job.channels]
            asked = [
                "--hyperparameters",
                str(sent),
                *options,
                *(["--patch"] if patch else []),
                *self._options(),
                *(token for channel in channels for token in ("--channel", channel)),
                *self._tail(),
            ]
            return run_job([os.path.abspath(script or self._job.script), *asked], self.path, self._origin, timeout)

    def _options(self) -> List[str]:
        """The options of ``smargs run`` for this job, but for its hyperparameters and channels."""
        job = self._job
        return [
            *(["--platform", job.platform] if job.platform != TOOLKIT else []),
            *(["--hosts", str(len(job.hosts))] if len(job.hosts) > 1 else []),
            *(["--plain"] if job.plain else []),
        ]

    def _tail(self) -> List[str]:
        """What ``smargs run`` hands to the script."""
        return ["--", *self._job.typed] if self._job.typed else []

    def __repr__(self) -> str:
        """The command that repeats the job on this machine, on one line for bash and zsh; nothing of a secret."""
        values = (
            ("-p", f"{name}={MASK if is_secret(name) else _typed(sent, self._job.plain)}")
            for name, sent in self._job.hyperparameters.items()
        )
        hyperparameters = [token for pair in values for token in pair]
        # The shell makes what an empty channel holds.
        channels = [
            _quoted(f"{name}={self._places[name]}") if name in self._places else f"{name}=$(mktemp -d)"
            for name in self._job.channels
        ]
        return " ".join(
            [
                *map(_quoted, ["smargs", "run", self._script, *hyperparameters, *self._options()]),
                *(f"--channel {channel}" for channel in channels),
                *map(_quoted, self._tail()),
            ]
        )


def _check_list(argument: str, value: object) -> None:
    """Check that a list of texts is not one text, which Python takes for a list of characters.

    Raises:
        BadJobError: If it is; its text has the list that was meant.
    """
    if isinstance(value, (str, bytes)):
        meant = mask_tokens(os.fsdecode(value).split(), "-")
        raise BadJobError(f"{argument}: expected a list of texts, not one text: write {argument}={meant!r}")


def read_hyperparameter(name: str, value: object) -> Hyperparameter:
    """A hyperparameter as it is sent.

    Raises:
        BadJobError: If JSON has no such value, or the name is no text.
    """
    if not isinstance(name, str):
        raise BadJobError(f"hyperparameter {name!r}: expected a text as its name")
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        raise BadJobError(f"hyperparameter {name}: {error}: expected what JSON has") from None
    return Hyperparameter(value, to_text(value))


def _typed(sent: Hyperparameter, plain: bool) -> str:
    """A hyperparameter as ``-p`` takes it."""
    return sent.text if plain or decode(sent.text) == sent.value else json.dumps(sent.value, ensure_ascii=False)


def _quoted(token: str) -> str:
    """A token as a shell reads it; what a line cannot show is escaped, for a newline would end it, and a tab complete it."""
    if token.isprintable():
        return shlex.quote(token)
    shown = (
        char if char.isprintable() and char not in "\\'" else "".join(f"\\{byte:03o}" for byte in os.fsencode(char))
        for char in token
    )
    return f"$'{''.join(shown)}'"


@functools.lru_cache(maxsize=None)
def _machine() -> platforms.Machine:
    return platforms.this_machine()
