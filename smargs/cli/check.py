"""The command ``smargs check``: print every problem of a job's hyperparameters, or a table of the script's arguments."""

from __future__ import annotations

import ast
import json
import sys
from argparse import Namespace
from typing import Any, Dict, Sequence

from smargs.cli.signals import interrupt
from smargs.launch.check import Reply
from smargs.launch.preview import COLUMNS
from smargs.launch.script import check as check_script
from smargs.local.channels import split_pairs
from smargs.local.hyperparameters import read_hyperparameters, read_object
from smargs.local.signals import handle_signals
from smargs.tables import print_table


def check(args: Namespace, subcommands: Sequence[str]) -> int:
    """Run ``smargs check``.

    Args:
        args: The parsed command line.
        subcommands: The arguments after ``--``: subcommands of the script.

    Returns:
        The exit status: 0, or 2 if there are problems.

    Raises:
        BadJobError: If the command line is wrong, or a file cannot be read.
        KeyboardInterrupt: If a signal ended the command.
    """
    hyperparameters = read_hyperparameters(args.hyperparameters, args.hyperparameter)
    channels = split_pairs("--channel", args.channel)
    ranges = {} if args.ranges is None else read_object("--ranges", args.ranges)
    # A signal ends the process of the script as well.
    with handle_signals(interrupt):
        reply = check_script(
            args.script,
            {name: sent.value for name, sent in hyperparameters.items()},
            channels,
            ranges,
            is_patched=args.patch,
            source_dir=args.source_dir,
            subcommands=subcommands,
            shows_arguments=True,
        )
    if args.format == "json":
        print(json.dumps(_as_json(reply), indent=2))
    else:
        _print(reply)
    return 2 if reply.problems else 0


def _print(reply: Reply) -> None:
    for warning in reply.warnings:
        print(f"smargs check: warning: {warning}", file=sys.stderr)
    for problem in reply.problems:
        print(f"smargs check: error: {problem}", file=sys.stderr)
    if not reply.problems:
        print_table(COLUMNS, reply.arguments)


def _as_json(reply: Reply) -> Dict[str, Any]:
    return {
        "problems": list(reply.problems),
        "warnings": list(reply.warnings),
        "hyperparameters": dict(reply.shown),
        "arguments": [{**dict(zip(COLUMNS, row)), "value": _json_value(row[1])} for row in reply.arguments],
    }


def _json_value(shown: str) -> object:
    """Return the value of a cell of the table if JSON can represent it, otherwise its text."""
    try:
        value = ast.literal_eval(shown)
        json.dumps(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return shown
    return value
