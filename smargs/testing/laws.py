"""Laws for the parser of a script: assertions whose error is a table of the differences."""

from __future__ import annotations

import argparse
import io
import re
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from typing import Callable, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Type

from smargs import _argparse
from smargs.arguments.names import documented_variable
from smargs.container.commandline import as_sdk
from smargs.local.containers import environ_outside_job
from smargs.local.job import PLATFORMS, SDK, TOOLKIT_UNQUOTED, BadJobError
from smargs.parser import SageMakerArgumentParser
from smargs.secrets.masking import MASK, Secrets
from smargs.secrets.names import Names
from smargs.tables import print_table
from smargs.testing.channels import Channels, with_required_channels
from smargs.testing.job import SageMakerJob
from smargs.testing.processes import temporary_process
from smargs.texts import decode, to_text

# Characters that a shell expands or removes if they are not quoted.
_EXPANDED = re.compile(r"[$*?~#]")

_ERROR = "(error)"
_EXTRA_TOKENS = "(left over)"
_NOTHING = "(nothing)"

_Outcome = Mapping[str, object]
"""The value of each argument after a parse, or the error."""


class _PlatformOutcomes(NamedTuple):
    """The outcomes of the same job on several platforms.

    Attributes:
        outcomes: The outcome on each platform.
        refusals: A line for each platform that was left out, with the reason.
    """

    outcomes: Dict[str, _Outcome]
    refusals: List[str]


def assert_parses_like_argparse(
    parser_factory: Callable[[Type[argparse.ArgumentParser]], argparse.ArgumentParser], argv: Sequence[str]
) -> None:
    """Assert that, off SageMaker, a parser of smargs does what argparse's does.

    Both give the same values of the same types and the same unrecognized tokens, or the same error.

    Args:
        parser_factory: Declares the arguments on a parser of the class that it receives.
        argv: The command line, without the script.

    Raises:
        AssertionError: If they differ; its text has a table of the differences.
    """
    with temporary_process(environ_outside_job(), ["train.py", *argv]):
        plain, parser = parser_factory(argparse.ArgumentParser), parser_factory(SageMakerArgumentParser)
        outcomes = {"argparse": _parse(plain, argv), "smargs": _parse(parser, argv)}
    secrets = _secrets_of(parser, argv)
    _assert_same(f"off SageMaker, argv {secrets.mask_tokens(argv)!r}", outcomes, secrets)


def assert_same_on_every_platform(
    parser: argparse.ArgumentParser,
    hyperparameters: Mapping[str, object],
    channels: Channels = (),
    *,
    platforms: Sequence[str] = PLATFORMS,
) -> None:
    """Assert that hyperparameters give the same values, of the same types, on every platform.

    A platform is left out if it would not start the job (SDK v3 with an odd number of apostrophes), or if it changes a value
    before the script starts. Arguments for a documented variable are left out as well, because some variables exist on some
    platforms only.

    ``type=str``, ``choices`` of texts and converters of the script's own receive the text that the platform writes, as with
    argparse: ``True`` from the toolkit, ``true`` from SDK v3. If that changes a value, the assertion fails.

    Args:
        parser: The parser.
        hyperparameters: Names and values, as :class:`smargs.testing.SageMakerJob` takes them.
        channels: The channels of the job, likewise. The job has an empty channel for each other one that the parser requires.
        platforms: Some of ``toolkit``, ``toolkit-unquoted``, ``sdk`` and ``files``.

    Raises:
        AssertionError: If a value differs, the job does not parse, or no platform starts it; its text has a table.
    """
    outcomes, refusals = _parse_on_platforms(parser, hyperparameters, with_required_channels(parser, channels), platforms)
    if not outcomes:
        raise AssertionError("\n".join(("no platform starts this job", *refusals)))
    errors = [f"{platform}: {outcome[_ERROR]}" for platform, outcome in outcomes.items() if _ERROR in outcome]
    if errors:
        raise AssertionError("\n".join(("these hyperparameters do not parse", *errors)))
    secrets = _secrets_of(parser, ())
    for name, value in hyperparameters.items():
        secrets.add(name, value)
    _assert_same("the same hyperparameters on each platform", outcomes, secrets)


def changes_values(platform: str, hyperparameters: Mapping[str, object]) -> bool:
    """Whether a platform changes the value of a hyperparameter before the script starts.

    A toolkit before 5.1 passes all of them through a shell without quotes. SDK v3 sends a text unchanged, but reads it as JSON:
    the text ``null`` becomes None, a text in quotes loses them, and ``1e-3`` is written ``0.001``.
    """
    if platform == TOOLKIT_UNQUOTED:
        return any(_EXPANDED.search(name + to_text(value)) for name, value in hyperparameters.items())
    texts = (value for value in hyperparameters.values() if platform == SDK and isinstance(value, str))
    return any(decode(text) is None or as_sdk(text) != text for text in texts)


def _parse_on_platforms(
    parser: argparse.ArgumentParser, hyperparameters: Mapping[str, object], channels: Channels, platforms: Iterable[str]
) -> _PlatformOutcomes:
    """Parse a job on each platform, except what may differ between platforms."""
    result = _PlatformOutcomes({}, [])
    ignored = {action.dest for action in _argparse.actions(parser) if documented_variable(action, parser.prefix_chars)} | {
        _EXTRA_TOKENS
    }
    with tempfile.TemporaryDirectory(prefix="smargs-job-") as directory:
        for platform in platforms:
            if changes_values(platform, hyperparameters):
                result.refusals.append(f"{platform}: it changes the value of one of these hyperparameters")
                continue
            try:
                with SageMakerJob(hyperparameters, channels, platform=platform, directory=f"{directory}/job") as job:
                    outcome = _parse(parser, job.argv)
            except BadJobError as error:
                result.refusals.append(f"{platform}: {error}")
                continue
            result.outcomes[platform] = {dest: value for dest, value in outcome.items() if dest not in ignored}
    return result


def _secrets_of(parser: argparse.ArgumentParser, argv: Sequence[str]) -> Secrets:
    secrets = Secrets(Names(parsers=[parser]), [parser])
    secrets.add_tokens(argv)
    return secrets


def _parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> _Outcome:
    errors = io.StringIO()
    # argparse itself prints typed values, including secrets.
    secrets = _secrets_of(parser, argv)
    try:
        with redirect_stderr(errors), redirect_stdout(io.StringIO()):
            namespace, extra_tokens = parser.parse_known_args(list(argv))
    except argparse.ArgumentError as error:  # With exit_on_error=False.
        return {_ERROR: secrets.mask_text(str(error))}
    except SystemExit as stop:
        # The last line only: the usage before it differs, because that of smargs names sources.
        lines = [secrets.mask_text(line) for line in errors.getvalue().splitlines()[-1:]]
        return {_ERROR: f"exit status {stop.code}{''.join(f': {line}' for line in lines)}"}
    return {**vars(namespace), **({_EXTRA_TOKENS: list(extra_tokens)} if extra_tokens else {})}


def _assert_same(title: str, outcomes: Mapping[str, _Outcome], secrets: Secrets) -> None:
    """Assert that all outcomes are equal.

    Raises:
        AssertionError: If they are not; its text is the title and a table.
    """
    rows = []
    for name in dict.fromkeys(name for outcome in outcomes.values() for name in outcome):
        cells = [_describe(outcome[name]) if name in outcome else _NOTHING for outcome in outcomes.values()]
        if len(set(cells)) > 1:
            is_secret = secrets.names.is_secret(name)
            rows.append([name, *(MASK if is_secret else secrets.mask_text(cell) for cell in cells)])
    if rows:
        table = io.StringIO()
        print_table(("argument", *outcomes), rows, table)
        raise AssertionError(f"{title}:\n\n{table.getvalue()}")


def _describe(value: object) -> str:
    """Describe a value with its type, and those of its elements at any depth."""
    if isinstance(value, (list, tuple, set)):
        elements = ", ".join(map(_describe, sorted(value, key=repr) if isinstance(value, set) else value))
        return f"{type(value).__name__}({elements})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_describe(element)}" for key, element in value.items()) + "}"
    if type(value).__repr__ is object.__repr__ and hasattr(value, "__dict__"):
        return f"{type(value).__name__} {_describe(vars(value))}"
    # Each parser has its own functions of a declaration, such as set_defaults(func=lambda args: ...), at other addresses.
    text = repr(value) if isinstance(value, str) else re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    return f"{type(value).__name__} {text}"
