"""The environment variables of a job: read and checked as the service checks them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Dict, Iterable, Iterator, Mapping, Tuple

from smargs.local.job import BadJobError

# Limits of the service. Source: Environment of CreateTrainingJob,
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html, and TrainingEnvironmentMap,
# TrainingEnvironmentKey and TrainingEnvironmentValue of botocore 1.44.8.
MOST_VARIABLES = 100
LONGEST_TEXT = 512
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def read_variables(files: Iterable[str], typed: Iterable[str]) -> Dict[str, str]:
    """Read the environment variables of a job, as ``docker run`` reads its options ``--env-file`` and ``--env``.

    Source: https://docs.docker.com/reference/cli/docker/container/run/#env

    Args:
        files: Paths of files with a variable on each line; a later file overrides an earlier one. Lines that begin with ``#``
            are comments.
        typed: Texts such as ``NAME=value``, or ``NAME`` for the value that the variable has here; they override the files.

    Raises:
        BadJobError: If a file cannot be read, a variable has no value, or the service does not allow it.
    """
    lines = [("--env-file", line) for path in files for line in _read_lines(path)]
    variables = dict(_read_variable(argument, text) for argument, text in [*lines, *(("--env", text) for text in typed)])
    _check_limits(variables)
    return variables


def _read_lines(path: str) -> Iterator[str]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadJobError(f"argument --env-file: {path!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadJobError(f"argument --env-file: {path!r} is not a text file: {error}") from None
    return (line.lstrip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _read_variable(argument: str, text: str) -> Tuple[str, str]:
    name, equals, value = text.partition("=")
    # Not with the text: it may be the value of a secret.
    if not _NAME.fullmatch(name):
        raise BadJobError(f"argument {argument}: {name.split(' ')[0]!r} is not the name of a variable: expected NAME=VALUE")
    if not equals and name not in os.environ:
        raise BadJobError(f"argument {argument}: {name} is not set here: expected {name}=VALUE")
    return name, value if equals else os.environ[name]


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
