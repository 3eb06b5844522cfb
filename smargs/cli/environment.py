"""The command ``smargs env``: print what the environment of a container says, with secrets masked."""

from __future__ import annotations

import json
import sys
from typing import Dict, List, Mapping, NamedTuple, Tuple

from smargs.container.job import Job
from smargs.container.sources import SourcedValue
from smargs.container.variables import BY_NAME
from smargs.secrets.masking import Secrets
from smargs.secrets.names import Names
from smargs.tables import print_table
from smargs.texts import encodable

# How many characters of a value the table shows.
_LONGEST_VALUE = 100


class _Report(NamedTuple):
    """What an environment says.

    Attributes:
        parts: The values of ``hyperparameters``, ``channels``, ``outputs`` and ``settings``, by name.
        problems: What could not be read, a line each.
        secrets: The secrets in all of this.
    """

    parts: Mapping[str, Mapping[str, SourcedValue]]
    problems: List[str]
    secrets: Secrets


def show(environ: Mapping[str, str], as_json: bool, full: bool = False) -> None:
    """Print the values of a job to standard output, and problems to standard error.

    Args:
        environ: The environment variables, which also say where the job's files are.
        as_json: Whether to print one JSON object with decoded values and the problems, instead of a table of texts.
        full: Whether the table shows long values whole.
    """
    job = Job(environ)
    job.read_all()
    parts: Mapping[str, Mapping[str, SourcedValue]] = {
        "hyperparameters": job.hyperparameters,
        "channels": job.channels,
        "outputs": job.outputs,
        "settings": {BY_NAME[name].attribute: value for name, value in job.variables.items()},
    }
    secrets = Secrets(Names(environ))
    for values in parts.values():
        for name, (value, text, _) in values.items():
            secrets.add(name, value, text)
    report = _Report(parts, [secrets.mask_text(problem) for problem in job.problems], secrets)
    if as_json:
        print(json.dumps(_to_json(report), indent=2))
    elif job:
        _print_table(report, sys.maxsize if full else _LONGEST_VALUE)
    else:
        print("no SageMaker environment found", file=sys.stderr)


def _to_json(report: _Report) -> Dict[str, object]:
    parts = {
        part: {
            name: {"value": report.secrets.mask_value(name, sourced.value), "source": sourced.source}
            for name, sourced in values.items()
        }
        for part, values in report.parts.items()
    }
    # JSON has no infinite numbers and no NaN, so these become texts.
    return dict(json.loads(json.dumps({**parts, "problems": report.problems}), parse_constant=str))


def _print_table(report: _Report, longest: int) -> None:
    rows_by_source: Dict[str, List[Tuple[str, str, str]]] = {}
    for values in report.parts.values():
        for name, sourced in values.items():
            text = str(report.secrets.mask_value(name, sourced.text))
            rows_by_source.setdefault(sourced.source, []).append((sourced.source, name, _cut(text, longest)))
    print_table(("source", "name", "value"), [row for rows in rows_by_source.values() for row in rows])
    for problem in report.problems:
        print(encodable(problem), file=sys.stderr)


def _cut(text: str, longest: int) -> str:
    """Return a text, or if it is too long, its beginning and the number of its characters."""
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text)} characters)"
