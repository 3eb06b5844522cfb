"""The command ``smargs export``: print a description of a script's hyperparameters, or the hyperparameters of a job."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import Any, Dict, List, Optional, Sequence

from smargs.cli.signals import interrupt
from smargs.launch.describe import Question
from smargs.launch.entry_point import find_entry_point
from smargs.launch.hyperparameters import secret_warning
from smargs.launch.process import ScriptError, ask
from smargs.launch.script import check
from smargs.local.hyperparameters import read_hyperparameters
from smargs.local.job import BadJobError
from smargs.local.signals import handle_signals


def export(args: Namespace, subcommands: Sequence[str]) -> int:
    """Run ``smargs export``.

    Args:
        args: The parsed command line.
        subcommands: The arguments after ``--``: subcommands of the script.

    Returns:
        The exit status.

    Raises:
        BadJobError: If the command line is wrong, the script cannot be run up to its parse, or there are problems.
        KeyboardInterrupt: If a signal ended the command.
    """
    channels = [channel.partition("=")[0] for channel in args.channel]
    # A signal ends the process of the script as well.
    with handle_signals(interrupt):
        if args.format == "boto3":
            exported: Any = _hyperparameters(args, channels, subcommands)
        else:
            exported = _description(args, channels, subcommands)
    print(json.dumps(exported, indent=2))
    return 0


def _description(args: Namespace, channels: List[str], subcommands: Sequence[str]) -> Any:
    for name, values in (("-p", args.hyperparameter), ("--hyperparameters", args.hyperparameters), ("--", subcommands)):
        if values:
            raise BadJobError(f"argument {name}: only with --format boto3")
    try:
        question = Question(args.format, tuple(channels))
        entry_point = find_entry_point(args.script, args.source_dir)
        answer = ask(entry_point, "smargs.launch.describe", question, channels, is_patched=args.patch)
    except ScriptError as error:
        raise BadJobError(str(error)) from None
    if "problems" in answer:
        raise BadJobError(*answer["problems"])
    return answer["description"]


def _hyperparameters(args: Namespace, channels: List[str], subcommands: Sequence[str]) -> Dict[str, Optional[str]]:
    """Return the hyperparameters of a job. A secret is a problem, because it would be shown."""
    read = read_hyperparameters(args.hyperparameters, args.hyperparameter)
    values = {name: sent.value for name, sent in read.items()}
    reply = check(args.script, values, channels, is_patched=args.patch, source_dir=args.source_dir, subcommands=subcommands)
    secrets = set(map(secret_warning, reply.hyperparameters))
    problems = [*reply.problems, *(warning for warning in reply.warnings if warning in secrets)]
    if problems:
        raise BadJobError(*problems)
    for warning in reply.warnings:
        print(f"smargs export: warning: {warning}", file=sys.stderr)
    return dict(reply.hyperparameters)
