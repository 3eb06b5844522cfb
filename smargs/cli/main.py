"""The command line of ``smargs``: read it, and run its command."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from typing import Optional, Sequence, Tuple

from smargs import _argparse
from smargs.cli.environment import show
from smargs.cli.mistakes import suggest_hyperparameter, suggest_option
from smargs.cli.options import make_parser, one_line
from smargs.cli.signals import exit_status
from smargs.local.job import BadJobError
from smargs.secrets.masking import Secrets


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command ``smargs``.

    Args:
        argv: Its command line; None for that of the process.

    Returns:
        The exit status: 0, that of the first host that failed, or 2 for bad input.
    """
    tokens = list(sys.argv[1:] if argv is None else argv)
    secrets = _secrets_of(tokens)
    args, script_arguments = _parse(tokens, secrets)
    if args.command is None:
        args.parser.print_help()
        return 0
    try:
        return _run_command(args, script_arguments)
    except BadJobError as error:
        for problem in error.args:
            print(f"smargs {args.command}: error: {one_line(secrets.mask_text(problem))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        print(f"smargs {args.command}: interrupted", file=sys.stderr)
        return exit_status(interrupt)


def _secrets_of(tokens: Sequence[str]) -> Secrets:
    """Return the secrets on the command line, also those of a hyperparameter without ``=``, as in ``-p token: text``.

    In a mistyped hyperparameter, the value is what follows the first character that is not part of a name, or the next token
    that is not a separator.
    """
    secrets = Secrets()
    secrets.add_tokens(tokens)
    words = [token for token in tokens if token.strip("=:")]
    for token, following in zip(words, (*words[1:], "")):
        name, _, value = re.split(r"([^\w.-]+|$)", token[2:] if token[:2] == "-p" else token, maxsplit=1)
        secrets.add(name, value or (following if token[:1] != "-" != following[:1] else ""))
    return secrets


def _parse(tokens: Sequence[str], secrets: Secrets) -> Tuple[Namespace, Tuple[str, ...]]:
    """Parse the tokens before ``--``, and return those that follow it unchanged."""
    end = tokens.index("--") if "--" in tokens else len(tokens)
    args, unknown = make_parser(secrets).parse_known_args(tokens[:end])
    if unknown:
        suggestion = suggest_option(unknown[0], _argparse.options(args.parser))
        if suggestion is None and args.command in ("run", "check", "export"):
            suggestion = suggest_hyperparameter(unknown, tokens[:end], runs_script=args.command == "run")
        shown = " ".join(secrets.mask_tokens(unknown))
        args.parser.error(f"unrecognized arguments: {shown}{f' ({suggestion})' if suggestion else ''}")
    return args, tuple(tokens[end + 1 :])


def _check_working_directory() -> None:
    try:
        os.getcwd()
    except FileNotFoundError:
        raise BadJobError("the working directory was removed: change to another one") from None


def _run_command(args: Namespace, script_arguments: Tuple[str, ...]) -> int:
    """Run one command. Only its own modules are imported: without the others, `smargs env` starts 35 ms sooner."""
    if args.command == "env":
        show(os.environ, args.json, args.full)
        return 0
    _check_working_directory()
    if args.command == "check":
        from smargs.cli.check import check

        return check(args, script_arguments)
    if args.command == "export":
        from smargs.cli.export import export

        return export(args, script_arguments)
    if args.command == "bundle":
        from smargs.cli.bundle import bundle_into

        return bundle_into(args)
    if args.command == "clean":
        from smargs.cli.clean import clean

        return clean(args)
    from smargs.cli.run import run

    return run(args, script_arguments)
