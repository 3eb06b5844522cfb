"""Laws that a script's parser may be held against, each with a table of what differs."""

from __future__ import annotations

import argparse
import io
import re
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from typing import Callable, Collection, Dict, List, Mapping, Sequence, Set, Type

from smargs.arguments.help import mask, mask_tokens
from smargs.arguments.matching import documented_variable, is_secret_argument, secret_tokens
from smargs.cli.tables import print_table
from smargs.container.spelling import as_sdk, decode, to_text
from smargs.container.variables import MASK, is_secret
from smargs.local.job import PLATFORMS, SDK, TOOLKIT_UNQUOTED, BadJobError
from smargs.local.launchers import outside
from smargs.parser import SageMakerArgumentParser
from smargs.testing.job import Channels, SageMakerJob
from smargs.testing.processes import process_of

# What a shell makes something else of where nothing is quoted.
_EXPANDED = re.compile(r"[$*?~#]")

_ERROR = "(error)"
_LEFT_OVER = "(left over)"
_NOTHING = "(nothing)"


def assert_parses_like_argparse(
    parser_factory: Callable[[Type[argparse.ArgumentParser]], argparse.ArgumentParser], argv: Sequence[str]
) -> None:
    """Off SageMaker a parser is argparse's: the same values of the same types, the same tokens left over, or the same error.

    Args:
        parser_factory: Declares the arguments on a parser of the class that it is given.
        argv: The command line, without the script.

    Raises:
        AssertionError: If something differs; its text has a table of that.
    """
    with process_of(outside(), ["train.py", *argv]):
        plain, parser = parser_factory(argparse.ArgumentParser), parser_factory(SageMakerArgumentParser)
        outcomes = {"argparse": _outcome(plain, argv), "smargs": _outcome(parser, argv)}
    shown = mask_tokens(argv, parser.prefix_chars)
    secrets = _secrets(parser) | ({_LEFT_OVER} if shown != list(argv) else set())
    _assert_same(f"off SageMaker, argv {shown!r}", outcomes, secrets)


def assert_same_on_every_platform(
    parser: argparse.ArgumentParser,
    hyperparameters: Mapping[str, object],
    channels: Channels = (),
    *,
    platforms: Sequence[str] = PLATFORMS,
) -> None:
    """Hyperparameters give the same values, of the same types, whichever platform starts the script.

    A platform that would not start such a job is left out: SDK v3 stops at an odd apostrophe, say. So is one that loses a value
    on its way, see :func:`loses`. Arguments that stand for a documented variable are left out as well, for not every platform
    has all of these.

    ``type=str``, ``choices`` of texts and converters of the script's own see the text that the platform writes, as with
    argparse: ``True`` from the toolkit, ``true`` from SDK v3. Where that makes a difference, it is found.

    Args:
        parser: The parser.
        hyperparameters: Names and values, as :class:`smargs.testing.SageMakerJob` takes them.
        channels: The channels of the job, likewise.
        platforms: Some of ``toolkit``, ``toolkit-unquoted``, ``sdk`` and ``files``.

    Raises:
        AssertionError: If something differs, a job does not parse, or no platform starts it; its text has a table.
    """
    outcomes: Dict[str, Dict[str, object]] = {}
    refusals: List[str] = []
    left_out = {action.dest for action in parser._actions if documented_variable(action, parser.prefix_chars)} | {_LEFT_OVER}
    with tempfile.TemporaryDirectory(prefix="smargs-job-") as directory:
        for platform in platforms:
            if loses(platform, hyperparameters):
                refusals.append(f"{platform}: it makes another value of one of these hyperparameters")
                continue
            try:
                with SageMakerJob(hyperparameters, channels, platform=platform, directory=f"{directory}/job") as job:
                    found = _outcome(parser, job.argv)
            except BadJobError as error:
                refusals.append(f"{platform}: {error}")
                continue
            outcomes[platform] = {dest: value for dest, value in found.items() if dest not in left_out}
    if not outcomes:
        raise AssertionError("\n".join(("no platform starts this job", *refusals)))
    refused = [f"{platform}: {outcome[_ERROR]}" for platform, outcome in outcomes.items() if _ERROR in outcome]
    if refused:
        raise AssertionError("\n".join(("these hyperparameters do not parse", *refused)))
    _assert_same("the same hyperparameters on each platform", outcomes, _secrets(parser))


def loses(platform: str, hyperparameters: Mapping[str, object]) -> bool:
    """Whether a platform makes another value of a hyperparameter on its way, which is no fault of a parser.

    A toolkit before 5.1 hands all of them to a shell unquoted. SDK v3 sends a text as it is, and reads it as JSON: the text
    ``null`` is none, a text in quotes loses these, and ``1e-3`` is spelled ``0.001``.
    """
    if platform == TOOLKIT_UNQUOTED:
        return any(_EXPANDED.search(name + to_text(value)) for name, value in hyperparameters.items())
    texts = (value for value in hyperparameters.values() if platform == SDK and isinstance(value, str))
    return any(decode(text) is None or as_sdk(text) != text for text in texts)


def _secrets(parser: argparse.ArgumentParser) -> Set[str]:
    """The arguments whose values must not be shown."""
    return {action.dest for action in parser._actions if is_secret_argument(action)}


def _outcome(parser: argparse.ArgumentParser, argv: Sequence[str]) -> Dict[str, object]:
    """What a parse gives: the value of each argument, or the error."""
    errors = io.StringIO()
    # argparse itself shows what is typed, and secrets, too.
    secrets = secret_tokens(argv, parser.prefix_chars)
    try:
        with redirect_stderr(errors), redirect_stdout(io.StringIO()):
            namespace, extras = parser.parse_known_args(list(argv))
    except argparse.ArgumentError as error:  # With exit_on_error=False.
        return {_ERROR: mask(str(error), secrets)}
    except SystemExit as stop:
        # Behind the usage, which says where a value may come from.
        said = [mask(line, secrets) for line in errors.getvalue().splitlines()[-1:]]
        return {_ERROR: f"exit status {stop.code}{''.join(f': {line}' for line in said)}"}
    return {**vars(namespace), **({_LEFT_OVER: list(extras)} if extras else {})}


def _assert_same(what: str, outcomes: Mapping[str, Mapping[str, object]], secrets: Collection[str]) -> None:
    rows = []
    for name in dict.fromkeys(name for outcome in outcomes.values() for name in outcome):
        shown = [_typed(outcome[name]) if name in outcome else _NOTHING for outcome in outcomes.values()]
        if len(set(shown)) > 1:
            rows.append([name, *(MASK if name in secrets or is_secret(name) else text for text in shown)])
    if rows:
        table = io.StringIO()
        print_table(("argument", *outcomes), rows, table)
        raise AssertionError(f"{what}:\n\n{table.getvalue()}")


def _typed(value: object) -> str:
    """A value with its types, at every depth that argparse and JSON have."""
    if isinstance(value, (list, tuple, set)):
        inner = ", ".join(map(_typed, sorted(value, key=repr) if isinstance(value, set) else value))
        return f"{type(value).__name__}({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_typed(inner)}" for key, inner in value.items()) + "}"
    if type(value).__repr__ is object.__repr__ and hasattr(value, "__dict__"):
        return f"{type(value).__name__} {_typed(vars(value))}"
    # Functions that a declaration makes, such as set_defaults(func=lambda args: ...), are others in each parser.
    shown = repr(value) if isinstance(value, str) else re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    return f"{type(value).__name__} {shown}"
