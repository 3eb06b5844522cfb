"""The environment variables of a job: read and checked as the service checks them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Dict, Iterable, Iterator, Mapping, Optional, Tuple

from smargs.local.job import BadJobError

# Limits of the service. Source: Environment of CreateTrainingJob,
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html, and TrainingEnvironmentMap,
# TrainingEnvironmentKey and TrainingEnvironmentValue of botocore 1.44.8.
MOST_VARIABLES = 100
LONGEST_TEXT = 512
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def read_variables(files: Iterable[str], typed: Iterable[str]) -> Dict[str, str]:
    """Read the environment variables of a job.

    Args:
        files: Paths of files with a variable on each line. A line ends with a line feed, or with a carriage return before it.
            White space before a name is ignored, and so are blank lines and those that begin with ``#``. A later file
            overrides an earlier one.
        typed: Texts such as ``NAME=value``, or ``NAME`` for the value that the variable has here; they override the files.

    Raises:
        BadJobError: If a file cannot be read, a variable has no value, or the service does not allow it.
    """
    variables = {name: value for path in files for name, value in _read_file(path)}
    variables.update(map(_read_typed, typed))
    _check_limits(variables)
    return variables


def _read_file(path: str) -> Iterator[Tuple[str, str]]:
    for number, line in enumerate(map(str.lstrip, _read_lines(path)), 1):
        if line and not line.startswith("#"):
            name, value = _split(line)
            # Without the line: it may be a part of a secret that has several lines.
            if value is None or not _NAME.fullmatch(name):
                expected = "expected NAME=VALUE, or the NAME of a variable that is set here"
                raise BadJobError(f"argument --env-file: {path!r}, line {number}: {expected}")
            yield name, value


def _read_lines(path: str) -> Iterator[str]:
    try:
        # Not by read_text() and splitlines(), which cut a value at other characters, too.
        lines = Path(path).read_bytes().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise BadJobError(f"argument --env-file: {path!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadJobError(f"argument --env-file: {path!r} is not a text file: {error}") from None
    return (line[:-1] if line.endswith("\r") else line for line in lines)


def _read_typed(text: str) -> Tuple[str, str]:
    name, value = _split(text)
    # Not with the text: it may be the value of a secret.
    if not _NAME.fullmatch(name):
        raise BadJobError(f"argument --env: {name.split(' ')[0]!r} is not the name of a variable: expected NAME=VALUE")
    if value is None:
        raise BadJobError(f"argument --env: {name} is not set here: expected {name}=VALUE")
    return name, value


def _split(text: str) -> Tuple[str, Optional[str]]:
    """Return a name and its value: that after ``=``, or the one that the variable has here; None if it has none."""
    name, equals, value = text.partition("=")
    return name, value if equals else os.environ.get(name)


def _check_limits(variables: Mapping[str, str]) -> None:
    if len(variables) > MOST_VARIABLES:
        raise BadJobError(f"argument --env: {len(variables)} variables: the service allows {MOST_VARIABLES}")
    for name, value in variables.items():
        for part, text in (("name", name), ("value", value)):
            if len(text) > LONGEST_TEXT:
                raise BadJobError(
                    f"argument --env: {name[:20]}: its {part} has {len(text)} characters: the service allows {LONGEST_TEXT}"
                )
        if "\0" in value:
            raise BadJobError(f"argument --env: {name}: an environment variable cannot hold it: expected no NUL")
