"""The commands of ``smargs`` and their options; those of ``smargs run`` are in ``run_options``."""

from __future__ import annotations

import argparse
import functools
from typing import Any, NoReturn

from smargs import __version__
from smargs.cli.launch_options import add_bundle, add_export
from smargs.cli.run_options import add_hyperparameter_options, add_job_options, add_running_options, add_source_option
from smargs.cli.values import age
from smargs.secrets.masking import Secrets


def one_line(text: str) -> str:
    """Join the lines of an error."""
    return " ".join(text.splitlines())


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line: the usage has so many options that it would hide the error."""

    def __init__(self, secrets: Secrets, **settings: Any) -> None:
        super().__init__(**settings)
        self._secrets = secrets

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {one_line(self._secrets.mask_text(message))}\n")


def make_parser(secrets: Secrets) -> argparse.ArgumentParser:
    """Make the parser of the command line, up to ``--``. Its results have the parser of the command as ``parser``.

    Args:
        secrets: The secrets on the command line, which are masked in errors.
    """
    parser = _Parser(secrets, prog="smargs", description="Check and run Amazon SageMaker training jobs on this machine.")
    parser.set_defaults(parser=parser)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser_class: Any = functools.partial(_Parser, secrets)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=parser_class)
    run = commands.add_parser(
        "run",
        help="run a training job on this machine, without Docker",
        description="Run a training job on this machine, without Docker. Each host is one process, with the files, the "
        "environment variables and the command line that the platform gives a script.",
        epilog="Arguments after -- are passed to the script.",
    )
    run.set_defaults(parser=run)
    add_job_options(run)
    add_running_options(run.add_argument_group("the run"))
    check = commands.add_parser(
        "check",
        help="check the hyperparameters of a job before its launch",
        description="Check the hyperparameters of a job with the parser of the script. The script runs up to its first "
        "parse_args(); no data is read, and nothing is trained or started. Print each problem on a line, or a table of what "
        "each argument will be.",
        epilog="Arguments after -- choose subcommands of the script. The exit status is 2 if there are problems, otherwise 0.",
    )
    check.set_defaults(parser=check)
    _add_check_options(check)
    clean = commands.add_parser(
        "clean",
        help="list the jobs in ~/.smargs/jobs, or remove jobs",
        description="List the jobs in ~/.smargs/jobs. With an argument, remove jobs instead. A running job is never removed. A "
        "job whose model could not be packed is removed only if JOB names it.",
    )
    clean.set_defaults(parser=clean)
    _add_clean_options(clean)
    env = commands.add_parser(
        "env",
        help="show the SageMaker environment of this container, with secrets masked",
        description="Show the SageMaker environment of this container: its hyperparameters, channels and variables, each with "
        "its source. Secrets are masked.",
    )
    env.set_defaults(parser=env)
    form = env.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    form.add_argument("--full", action="store_true", help="show long values whole")
    add_export(commands)
    add_bundle(commands)
    return parser


def _add_check_options(check: argparse.ArgumentParser) -> None:
    check.add_argument("script", help="the entry point, or a module that defines build_parser(); a .py file")
    job = check.add_argument_group("the job")
    add_source_option(job)
    add_hyperparameter_options(job)
    job.add_argument(
        "--channel",
        metavar="NAME=URI",
        action="append",
        default=[],
        help="add a channel, such as train=s3://bucket/key; nothing is read from it; may be repeated",
    )
    job.add_argument(
        "--ranges",
        metavar="FILE",
        help="add the ranges of a tuning job: a JSON file in the form of the service's ParameterRanges; each bound is checked",
    )
    job.add_argument(
        "--patch",
        action="store_true",
        help="check a script that imports argparse, which the job runs with smargs.patch",
    )
    check.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="print lines and a table, or one JSON object",
    )


def _add_clean_options(clean: argparse.ArgumentParser) -> None:
    selection = clean.add_mutually_exclusive_group()
    selection.add_argument(
        "jobs", metavar="JOB", nargs="*", default=[], help="remove this job: its directory, or its name in ~/.smargs/jobs"
    )
    selection.add_argument("--all", action="store_true", help="remove all jobs in ~/.smargs/jobs")
    selection.add_argument(
        "--older-than", metavar="TIME", type=age, help="remove jobs that ended longer ago than 30m, 12h or 7d"
    )
