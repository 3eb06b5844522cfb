"""The command ``smargs``: run a training job on this machine, remove old ones, and show the environment of a container."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import re
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Callable, Dict, Iterator, List, NoReturn, Optional, Sequence, Tuple

from smargs import __version__
from smargs.container.variables import HYPERPARAMETERS_FILE, MASK, is_secret
from smargs.local.job import (
    PLATFORMS,
    BadJobError,
    TrainingJob,
    check_limits,
    contains,
    default_place,
    find_script,
    name_hosts,
    name_job,
    read_channels,
    read_hyperparameters,
)

if TYPE_CHECKING:
    from smargs.local.directory import JobDirectory
    from smargs.local.hosts import Outcome
    from smargs.local.launchers import Command

_GRACE = 120.0
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_DAY = 86400.0


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command ``smargs``.

    Args:
        argv: Its tokens; None for those of the process.

    Returns:
        The exit status: 0, that of the first host that failed, 2 for bad input.
    """
    tokens = list(sys.argv[1:] if argv is None else argv)
    cut = tokens.index("--") if "--" in tokens else len(tokens)
    parser = _parser()
    args, unknown = parser.parse_known_args(tokens[:cut])
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(_without_secrets(unknown, tokens))}")
    if args.command == "env":
        from smargs.cli import environment as inventory

        inventory.show(os.environ, as_json=args.json)
        return 0
    try:
        return _clean(args) if args.command == "clean" else _run(args, tuple(tokens[cut + 1 :]))
    except BadJobError as error:
        print(f"smargs {args.command}: error: {_one_line(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        print(f"smargs {args.command}: interrupted", file=sys.stderr)
        return _status(interrupt)


def _without_secrets(unknown: Sequence[str], tokens: Sequence[str]) -> Iterator[str]:
    """Tokens without the values of secrets, such as of api_key=... where somebody forgot the -p."""
    before = dict(zip(tokens[1:], tokens))
    for token in unknown:
        name, equals, _ = token.partition("=")
        if equals and is_secret(name):
            yield f"{name}={MASK}"
        else:
            yield MASK if token[:1] != "-" and is_secret(before.get(token, "")) else token


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line: the usage of a command with so many options would hide it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {_one_line(message)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="smargs", description="Amazon SageMaker training jobs, here and now.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    run = commands.add_parser(
        "run",
        help="run a training job on this machine, without Docker",
        description="Run a training job on this machine, without Docker: one process for each host, with the files, the "
        "environment variables and the command line that the platform makes of the job.",
        epilog="What stands after -- goes to the script as it is typed.",
    )
    run.add_argument("script", help="the entry point: a .py or .sh; its directory is the job's code")
    job = run.add_argument_group("the job")
    job.add_argument(
        "--channel",
        metavar="NAME=PATH",
        action="append",
        default=[],
        help="a channel: a directory, a file, or a glob in quotes; may be given again",
    )
    job.add_argument(
        "-p",
        metavar="NAME=VALUE",
        dest="hyperparameter",
        action="append",
        default=[],
        help="a hyperparameter: JSON where it is JSON, else text; may be given again",
    )
    job.add_argument(
        "--hyperparameters", metavar="FILE", action="append", default=[], help="a JSON object of hyperparameters; -p wins"
    )
    job.add_argument("--plain", action="store_true", help="send hyperparameters as text, as boto3 does, not as JSON")
    job.add_argument("--hosts", metavar="N", type=_count, default=1, help="how many hosts (default: %(default)s)")
    job.add_argument("--platform", choices=PLATFORMS, default=PLATFORMS[0], help="who starts the script (default: %(default)s)")
    job.add_argument(
        "--output", metavar="DIR", type=_directory, help="the job's directory (default: smargs-job-TIME in ~/.smargs/jobs)"
    )
    job.add_argument("--copy", action="store_true", help="copy channels into the job's directory instead of linking them")
    running = run.add_argument_group("the run")
    running.add_argument("--launcher", choices=("torchrun", "mpirun"), help="what starts the script on each host")
    running.add_argument(
        "--processes-per-host",
        metavar="N",
        type=_count,
        help="processes of the launcher on each host (default: its GPUs, else 1)",
    )
    running.add_argument("--patch", action="store_true", help="replace argparse's parser in a script that is not to be changed")
    running.add_argument("--dry-run", action="store_true", help="stop after the script's parse_args, and show its arguments")
    running.add_argument(
        "--interrupt-after", metavar="TIME", type=_seconds, help="send SIGTERM after 20, 20s, 5m or 1h, as a spot reclaim does"
    )
    running.add_argument(
        "--grace", metavar="TIME", type=_seconds, default=_GRACE, help="time from SIGTERM to SIGKILL (default: 120s)"
    )
    clean = commands.add_parser(
        "clean",
        help="list and remove the jobs in ~/.smargs/jobs",
        description="List the jobs in ~/.smargs/jobs, or remove jobs. A job that runs is never removed; one whose model could "
        "not be packed only if it is named.",
    )
    removed = clean.add_mutually_exclusive_group()
    removed.add_argument("jobs", metavar="JOB", nargs="*", default=[], help="remove this job: its directory, or its name there")
    removed.add_argument("--all", action="store_true", help="remove all jobs there")
    removed.add_argument("--older-than", metavar="TIME", type=_age, help="remove those that ended more than 30m, 12h or 7d ago")
    env = commands.add_parser("env", help="show the SageMaker environment of this container, secrets masked")
    env.add_argument("--json", action="store_true", help="as one JSON object")
    return parser


def _directory(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("'' is no directory: expected a path")
    return text


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise argparse.ArgumentTypeError(f"invalid count: {text!r}: expected 1 to 9999")
    return int(text)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]+)?)([smh]?)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"invalid time: {text!r}: expected such as 20, 20s, 5m or 1h")
    return float(found.group(1)) * _UNITS[found.group(2)]


def _age(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,9})([mhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"invalid time: {text!r}: expected such as 30m, 12h or 7d")
    return int(found.group(1)) * {**_UNITS, "d": _DAY}[found.group(2)]


@contextlib.contextmanager
def _with_locks() -> Iterator[None]:
    """Say what a job needs where a module of Python's for Linux and macOS is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise BadJobError(f"a job on this machine needs Linux or macOS: this Python has no {error.name}") from None


def _clean(args: argparse.Namespace) -> int:
    with _with_locks():
        from smargs.local.clean import remove, remove_old, show

    if args.jobs:
        remove(args.jobs)
    elif args.all or args.older_than is not None:
        remove_old(args.older_than or 0.0)
    else:
        show()
    return 0


def _run(args: argparse.Namespace, typed: Tuple[str, ...]) -> int:
    """Check the job, make its directory, run it, and keep what came of it."""
    from smargs.local import launchers, platforms

    with _with_locks():
        from smargs.local.directory import JobDirectory

    script = find_script(args.script)
    for option in ("patch", "dry_run"):
        if getattr(args, option) and script.suffix != ".py":
            raise BadJobError(f"argument --{option.replace('_', '-')}: {args.script!r} is no Python script: expected a .py")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_on_signals(_interrupt))
        if args.dry_run:
            import tempfile

            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smargs-dry-run-")), "job")
        else:
            path = Path(args.output) if args.output else _new_directory()
        job = _asked_for(args, script, path, typed)
        launchers.check_launcher(job)
        machine = platforms.this_machine()
        directory = JobDirectory(path)
        bases = {host: directory.base(job, host) for host in job.hosts}
        configs = {host: platforms.files(job, host, str(bases[host]), machine) for host in job.hosts}
        check_limits(configs[job.hosts[0]][HYPERPARAMETERS_FILE])
        starts = {host: platforms.start(job, configs[host], str(bases[host]), machine) for host in job.hosts}
        stack.enter_context(directory)
        directory.lay_out(job, configs, args.copy)
        commands = launchers.commands(job, starts, bases, machine)
        if args.dry_run:
            return _preview(job, commands[0], starts[job.hosts[0]].argv)
        inside = contains(script.parent, directory.path)
        warning = ", in the script's directory: an upload of that takes the job along" if inside else ""
        print(f"smargs: {job.name} in {directory.path}{warning}", file=sys.stderr, flush=True)
        return _conclude(job, directory, commands, args)


def _asked_for(args: argparse.Namespace, script: Path, path: Path, typed: Tuple[str, ...]) -> TrainingJob:
    """The job that a command line asks for."""
    return TrainingJob(
        name=name_job(Path(os.path.abspath(path))),
        script=script,
        hyperparameters=read_hyperparameters(args.hyperparameters, args.hyperparameter),
        channels=read_channels(args.channel, may_be_elsewhere=args.dry_run),
        hosts=name_hosts(args.hosts),
        platform=args.platform,
        plain=args.plain,
        typed=typed,
        launcher=None if args.dry_run else args.launcher,
        processes_per_host=args.processes_per_host,
        patch=args.patch,
    )


def _new_directory() -> Path:
    """A directory that is not there, named by the time; to the microsecond, as several jobs may be started at once."""
    return default_place() / datetime.datetime.now().strftime("smargs-job-%Y%m%d-%H%M%S-%f")


def _preview(job: TrainingJob, command: Command, argv: Sequence[str]) -> int:
    import subprocess

    from smargs.local.launchers import preview_tokens

    return subprocess.run(preview_tokens(job, argv), env=command.environ, cwd=command.directory, check=False).returncode


def _conclude(job: TrainingJob, directory: JobDirectory, commands: List[Command], args: argparse.Namespace) -> int:
    from smargs.local import hosts
    from smargs.local.directory import UNPACKED

    outcome = hosts.run(commands, args.grace, args.interrupt_after, [directory.lock])
    with _on_signals(_go_on):
        reason = None
        exit_status = outcome.status
        if outcome.stopped_by is not None:
            status = "Interrupted" if outcome.interrupted else "Stopped"
            kept = f"checkpoints: {directory.path / 'checkpoints'}"
        elif outcome.failed:
            reason = _reason(job, directory, commands, outcome)
            status, kept = "Failed", f"FailureReason: {reason}"
        else:
            directory.note(UNPACKED)
            status, kept, exit_status = _pack(job, directory)
        directory.note(status, reason)
        print(f"smargs: {job.name} {status} after {outcome.seconds:.1f} s, {kept}", file=sys.stderr, flush=True)
    return exit_status


def _reason(job: TrainingJob, directory: JobDirectory, commands: List[Command], outcome: Outcome) -> str:
    from smargs.arguments.help import mask
    from smargs.container.environment import secret_texts
    from smargs.local.results import failure_reason

    command = next(command for command in commands if command.host == outcome.failed)
    failure = directory.base(job, command.host) / "output" / "failure"
    secrets = {text for name, sent in job.hyperparameters.items() for text in secret_texts(name, sent.value)}
    # In JSON, such as SM_HPS, and in the repr of a value special characters are escaped.
    secrets.update([form(text)[1:-1] for text in secrets for form in (json.dumps, repr)])
    reason = failure_reason(job, failure, outcome.status, outcome.said, command.tokens, secrets)
    return " ".join(mask(reason, secrets).split())


def _pack(job: TrainingJob, directory: JobDirectory) -> Tuple[str, str, int]:
    """Pack the model and the output; what cannot be packed stays where it is, and is named.

    Returns:
        The job's status, what is kept, and the exit status.
    """
    from smargs.local.directory import UNPACKED
    from smargs.local.results import pack

    made: Dict[str, str] = {}
    for part, below in (("model", "model"), ("output", "output/data")):
        places = {host: directory.base(job, host) / below for host in job.hosts}
        try:
            with _on_signals(_interrupt):
                archive, collisions = pack(places, directory.path / f"{part}.tar.gz")
        except (OSError, KeyboardInterrupt) as error:
            whole = ", ".join(map(str, places.values()))
            status, why = (1, error.strerror or error) if isinstance(error, OSError) else (_status(error), "interrupted")
            return UNPACKED, f"{part}.tar.gz cannot be written: {why}: the {part} is whole in {whole}", status
        for collision in collisions:
            print(f"smargs: {part}.tar.gz: {collision}", file=sys.stderr)
        if archive is not None:
            made[part] = str(archive)
    told = [f"{part}: {archive}" for part, archive in made.items()]
    return "Completed", ", ".join(told) if "model" in made else ", ".join(["nothing in SM_MODEL_DIR", *told]), 0


@contextlib.contextmanager
def _on_signals(handler: Callable[[int, Optional[FrameType]], None]) -> Iterator[None]:
    """Handle the signals that end a command, but those that this process was started to ignore, as by nohup."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number, ours in before.items():
        signal.signal(number, ours if ours == signal.SIG_IGN else handler)
    try:
        yield
    finally:
        for number, ours in before.items():
            signal.signal(number, ours)


def _interrupt(number: int, frame: Optional[FrameType]) -> None:
    """Interrupt what is done, as Ctrl-C does; a next signal does not interrupt what is left to do then."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


def _go_on(number: int, frame: Optional[FrameType]) -> None:
    """Do nothing on a signal: there is only a line left to say."""


def _status(interrupt: KeyboardInterrupt) -> int:
    """The exit status of a command that a signal has ended."""
    return 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)
