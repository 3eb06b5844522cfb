"""The parts of the pages that are made from the code, as Markdown: ``PARTS`` names them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Iterable, Sequence

import parse_modules

from smargs.cli.options import make_parser
from smargs.container.variables import HYPERPARAMETER_PREFIX, SDK, TOOLKIT, VARIABLES, Variable
from smargs.launch import limits as service
from smargs.local import groups, metrics, processing, results
from smargs.local import variables as job_variables
from smargs.secrets.masking import Secrets
from smargs.secrets.names import RULES
from smargs.secrets.shapes import SHAPES

RECORDED = Path(__file__).resolve().parents[2] / "tests" / "recorded"
RECORDINGS = {"toolkit": "toolkit-5.1.4", "SDK v3": "sdk-v3-1.27.0-apostrophe"}
"""The recordings of one job: both platforms have the same hyperparameters.json."""
SHOWN = ("use-amp", "debug", "batch-size", "layers", "names", "opt", "seed", "note")
"""The recorded hyperparameters that a page shows."""
PLATFORMS = {TOOLKIT: "toolkit", SDK: "SDK v3"}
ATTRIBUTES = {"SM_CURRENT_HOST_RANK": "host_rank", "SM_HPS": "hyperparameters"}
"""The attributes of ``SageMakerEnvironment`` whose names do not follow from the variables."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(texts: Iterable[str]) -> str:
    """Return texts as code, with commas between them."""
    return ", ".join(f"`{text}`" for text in texts)


def variables() -> str:
    """Return the table of the variables, made from the catalogue."""
    head = ["variable", "without it", "attribute and arguments"]
    return table(head, map(_variable, VARIABLES))


def _variable(variable: Variable) -> list[str]:
    name = variable.attribute if variable.by_name else f"sm_{variable.attribute}"
    arguments = (f"--{argument.replace('_', '-')}" for argument in (name, *variable.aliases))
    platforms = ", ".join(PLATFORMS[platform] for platform in variable.platforms) or "no platform"
    return [
        f"`{variable.name}`<br>{variable.doc}<br>*{variable.kind}, set by {platforms}*",
        _place(variable),
        "<br>".join(f"`{name}`" for name in (ATTRIBUTES.get(variable.name, variable.attribute), *arguments)),
    ]


def _place(variable: Variable) -> str:
    """Return where the value of a variable is read if the variable is absent."""
    places = []
    if variable.file:
        file, key = variable.file
        places.append(f"`{key}` of `{file}`" if key else f"`{file}`")
    if variable.from_hosts:
        places.append("from `SM_HOSTS`")
    if variable.directory:
        places.append(f"`/opt/ml/{variable.directory}`{' if it exists' if variable.if_exists else ''}")
    return ", else ".join(places)


def secret_names() -> str:
    """Return the table of the words of secret names."""
    rows = []
    for rule in RULES:
        beside = "beside any word" if rule.beside is None else f"beside {code(rule.beside.split())}"
        rows.append([code(rule.words.split()), f"alone, and {beside}" if rule.alone else beside, code(rule.unless.split())])
    return table(["words", "are secret", "but not beside"], rows)


def secret_shapes() -> str:
    """Return the table of the shapes of secret values."""
    return table(["what", "begins with or contains"], ([shape.what, code(shape.begins.split(", "))] for shape in SHAPES))


def command() -> str:
    """Return a section for each command of ``smargs``, with its usage and its options."""
    return "\n".join(_sections(make_parser(Secrets())))


def _sections(parser: argparse.ArgumentParser) -> Iterable[str]:
    formatter = parser.formatter_class(parser.prog, width=88)
    formatter.add_usage(None, parser._actions, parser._mutually_exclusive_groups, prefix="")
    yield f"## `{parser.prog}`\n\n{parser.description}\n\n```text\n{formatter.format_help().rstrip()}\n```\n"
    for group in parser._action_groups:
        rows = [row for action in group._group_actions if action.help != argparse.SUPPRESS for row in _rows(parser, action)]
        if rows:
            title = "command" if parser._subparsers is group else str(group.title)
            yield f"{table([title, 'what it does'], rows)}\n"
    if parser.epilog:
        yield f"{parser.epilog}\n"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _sections(subparser)


def _rows(parser: argparse.ArgumentParser, action: argparse.Action) -> Iterable[Sequence[str]]:
    """Yield the rows of an option, or of the commands."""
    if isinstance(action, argparse._SubParsersAction):
        yield from ((f"`{choice.dest}`", str(choice.help)) for choice in action._choices_actions)
    else:
        formatter: Any = parser.formatter_class(parser.prog)
        yield f"`{formatter._format_action_invocation(action)}`", formatter._expand_help(action) if action.help else ""


def limits() -> str:
    """Return the table of the service's limits that the package checks."""
    rows = [
        ("hyperparameters of a job", service.MOST_HYPERPARAMETERS),
        ("characters in the name of a hyperparameter", service.LONGEST_NAME),
        ("characters in the value of a hyperparameter", service.LONGEST_VALUE),
        ("ranges of one kind in a tuning job, and values of a categorical range", service.MOST_RANGES),
        ("characters in a bound or a value of a range", service.LONGEST_BOUND),
        ("characters in the description of a hyperparameter", service.LONGEST_DESCRIPTION),
        ("environment variables of a job", job_variables.MOST_VARIABLES),
        ("characters in the name and in the value of a variable", job_variables.LONGEST_TEXT),
        ("instance groups of a heterogeneous cluster", groups.MOST_GROUPS),
        ("characters in the name of an instance group", groups.LONGEST_NAME),
        ("metric definitions", metrics.MOST_METRICS),
        ("characters in the name of a metric", metrics.LONGEST_NAME),
        ("characters in the regular expression of a metric", metrics.LONGEST_REGEX),
        ("characters in the reason of a failure", results.LONGEST_REASON),
        ("arguments of a processing job", processing.MOST_ARGUMENTS),
        ("characters in an argument of a processing job", processing.LONGEST_ARGUMENT),
        ("inputs of a processing job, one of them the code", processing.MOST_INPUTS),
        ("outputs of a processing job", processing.MOST_OUTPUTS),
        ("characters in the name and in the value of a variable of a processing job", processing.LONGEST_VARIABLE),
    ]
    return table(["what", "at most"], ([what, f"{most:,}"] for what, most in rows))


def recorded() -> str:
    """Return the table of what both platforms made of one job, from the recordings."""
    jobs = [json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8")) for name in RECORDINGS.values()]
    rows = (
        [f"`{name}`", "<br>".join(f"{platform}: {_recorded(job, name)}" for platform, job in zip(RECORDINGS, jobs))]
        for name in SHOWN
    )
    return table(["hyperparameter", "variable, and tokens on the command line"], rows)


def _recorded(job: dict[str, Any], name: str) -> str:
    """Return a hyperparameter as a recorded job has it: its variable, and its tokens."""
    variables = (HYPERPARAMETER_PREFIX + name.upper(), HYPERPARAMETER_PREFIX + name.upper().replace("-", "_"))
    variable = next(variable for variable in variables if variable in job["environ"])
    text = job["argv"][job["argv"].index(f"--{name}") + 1]
    tokens = f"`--{name}` {f'`{text}`' if text else '(an empty text)'}"
    return f"`{variable}={job['environ'][variable]}`, {tokens}"


PARTS = {
    "command": command,
    "limits": limits,
    "parse": parse_modules.diagram,
    "recorded": recorded,
    "secret-names": secret_names,
    "secret-shapes": secret_shapes,
    "variables": variables,
}
