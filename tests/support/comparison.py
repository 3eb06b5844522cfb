"""The table of docs/explanation/comparison.md, and what its packages make of the job of each row.

Each script declares its arguments in the way that its package documents first. No script reads a variable by itself.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from paths import ROOT

from smargs.testing import SageMakerJob

PAGE = ROOT / "docs" / "explanation" / "comparison.md"

PLATFORMS = {"toolkit": "toolkit", "SDK v3": "sdk"}
"""The platforms by the names that the table has for them."""

OFF_SAGEMAKER = "off"

_LIKE_ARGPARSE = """
DECLARED = {"int": {"type": int, "default": 7}, "bool": {"action": "store_true"}, "text": {},
            "ints": {"type": int, "nargs": "+"}, "texts": {"nargs": "+"}}
for name, kind in FIELDS.items():
    parser.add_argument("--" + name, **DECLARED[kind])
values = vars(parser.parse_args())
"""
_HINTS = """
from typing import List, Optional
HINTS = {"int": (Optional[int], 7), "bool": (bool, False), "text": (Optional[str], None),
         "ints": (Optional[List[int]], None), "texts": (Optional[List[str]], None)}
"""
_PYDANTIC = f"""{_HINTS}
from pydantic import create_model
from pydantic_settings import BaseSettings, SettingsConfigDict
class Base(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SM_HP_", cli_parse_args=READS_COMMAND_LINE)
values = create_model("Settings", __base__=Base, **{{name: HINTS[kind] for name, kind in FIELDS.items()}})().model_dump()
"""

SCRIPTS: Mapping[str, str] = {
    "smargs": f"""
from smargs import SageMakerArgumentParser
parser = SageMakerArgumentParser()
{_LIKE_ARGPARSE}""",
    "argparse": f"""
from argparse import ArgumentParser
parser = ArgumentParser()
{_LIKE_ARGPARSE}""",
    "ConfigArgParse": f"""
from configargparse import ArgumentParser
parser = ArgumentParser(auto_env_var_prefix="SM_HP_")
{_LIKE_ARGPARSE}""",
    "jsonargparse": f"""{_HINTS}
from jsonargparse import ArgumentParser
parser = ArgumentParser(default_env=True, env_prefix="SM_HP")
for name, kind in FIELDS.items():
    hint, default = HINTS[kind]
    parser.add_argument("--" + name, type=hint, default=default)
values = vars(parser.parse_args())
""",
    "HfArgumentParser": f"""{_HINTS}
from dataclasses import field, make_dataclass
from transformers import HfArgumentParser
fields = [(name, HINTS[kind][0], field(default=HINTS[kind][1])) for name, kind in FIELDS.items()]
values = vars(HfArgumentParser(make_dataclass("Arguments", fields)).parse_args_into_dataclasses()[0])
""",
    "pydantic-settings": _PYDANTIC.replace("READS_COMMAND_LINE", "False"),
    "pydantic-settings CLI": _PYDANTIC.replace("READS_COMMAND_LINE", "True"),
    "Environment": """
from sagemaker_training.environment import Environment
environment = Environment()
others = {"train": environment.channel_input_dirs.get("train"), "hosts": environment.hosts}
values = {name: others[name] if name in others else environment.hyperparameters.get(name, 7) for name in FIELDS}
""",
}
"""A script of each package. It makes ``values`` of FIELDS, its arguments and the kind of each."""


class Job(NamedTuple):
    """A job, and the values that a script must get from it.

    Attributes:
        fields: The arguments of the script, each with its kind.
        values: The values of the arguments; ``BASE`` is the job's directory. None if the script shall refuse the job.
        sent: The hyperparameters.
        platforms: The platforms that start the script.
        typed: What a person types.
        shown: A text that the script shall print, in place of the values.
    """

    fields: Mapping[str, str]
    values: Optional[Mapping[str, Any]]
    sent: Mapping[str, Any] = {}
    platforms: Sequence[str] = ("toolkit", "sdk")
    typed: Sequence[str] = ()
    shown: str = ""


def _hyperparameter(name: str, kind: str, value: object, **others: Any) -> Job:
    return Job({name: kind}, {name: value}, **{"sent": {name: value}, **others})


JOBS: Mapping[str, List[Job]] = {
    "a number, as an int": [_hyperparameter("epochs", "int", 3)],
    "a boolean, true or false": [_hyperparameter("fp16", "bool", value) for value in (True, False)],
    "a list of numbers": [_hyperparameter("layers", "ints", [256, 128])],
    "`null`, as `None`": [_hyperparameter("seed", "int", None)],
    "`batch-size`, in an argument `batch_size`": [_hyperparameter("batch_size", "int", 8, sent={"batch-size": 8})],
    "a text of two words, from a toolkit before 5.1": [
        _hyperparameter("note", "text", "two words", platforms=["toolkit-unquoted"])
    ],
    "the directory of a channel": [Job({"train": "text"}, {"train": "BASE/input/data/train"})],
    "the names of the hosts": [Job({"hosts": "texts"}, {"hosts": ["algo-1"]})],
    "a hyperparameter in your own container, which has only files": [_hyperparameter("epochs", "int", 3, platforms=["files"])],
    "a hyperparameter under SDK v3, which adds others of its own": [
        _hyperparameter("epochs", "int", 3, sent={"epochs": 3, "sagemaker_program": "train.py"}, platforms=["sdk"])
    ],
    "a typed value instead of the job's": [_hyperparameter("epochs", "int", 9, sent={"epochs": 3}, typed=["--epochs", "9"])],
    "an error for a hyperparameter that no argument declares": [Job({"epochs": "int"}, None, {"warmup": 1})],
    "the default, on a machine without a job": [_hyperparameter("epochs", "int", 7, platforms=[OFF_SAGEMAKER])],
    "the name of the variable in `--help`": [Job({"epochs": "int"}, {}, {"epochs": 3}, typed=["--help"], shown="SM_HP_EPOCHS")],
}
"""The jobs of each row of the table."""


def table() -> Dict[str, Dict[str, Optional[str]]]:
    """Return for each row the packages that do it, each with the only platform where it does."""
    rows = re.findall(r"^\| (?!---)(.+?) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {title: dict(map(_package, SCRIPTS if cell == "all" else cell.split(", "))) for title, cell in rows[1:]}


def _package(cell: str) -> Tuple[str, Optional[str]]:
    name, _, platform = cell.rstrip(")").partition(" (only ")
    return name, PLATFORMS[platform] if platform else None


def expected(title: str, package: str) -> Set[str]:
    """Return the platforms on which a package does what a row says, according to the table."""
    does = table()[title]
    if package not in does:
        return set()
    only = does[package]
    return {only} if only else {platform for job in JOBS[title] for platform in job.platforms}


def observed(title: str, package: str, directory: Path) -> Set[str]:
    """Return the platforms on which the script of a package, in child processes, does what a row says."""
    results: Dict[str, List[bool]] = {}
    for job in JOBS[title]:
        for platform in job.platforms:
            place = Path(tempfile.mkdtemp(dir=directory))
            results.setdefault(platform, []).append(_does(package, job, platform, place))
    return {platform for platform, done in results.items() if all(done)}


def _does(package: str, job: Job, platform: str, directory: Path) -> bool:
    finished = _run(package, job, platform, directory)
    assert "ModuleNotFoundError" not in finished.stderr, finished.stderr
    if job.values is None or finished.returncode:
        return job.values is None and finished.returncode != 0
    if job.shown:
        return job.shown in finished.stdout
    return dict(_values(finished.stdout, directory)) == job.values


def _values(printed: str, directory: Path) -> Iterator[Tuple[str, object]]:
    for name, value in json.loads(printed).items():
        yield name, value.replace(os.fspath(directory / "job"), "BASE") if isinstance(value, str) else value


def _run(package: str, job: Job, platform: str, directory: Path) -> subprocess.CompletedProcess[str]:
    script = directory / "train.py"
    text = f"FIELDS = {dict(job.fields)!r}\n{SCRIPTS[package]}\nimport json\nprint(json.dumps(values))\n"
    script.write_text(text, encoding="utf-8")
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("SM_", "SAGEMAKER_"))}
    environ.update(PYTHONPATH=os.fspath(ROOT), HOME=os.fspath(directory))  # Off SageMaker, Environment makes directories there.
    argv: List[str] = []
    if platform != OFF_SAGEMAKER:
        with SageMakerJob(job.sent, ["train"], platform=platform, typed=job.typed, directory=directory / "job") as started:
            environ.update(started.environ)
            argv = started.argv
    return subprocess.run(
        [sys.executable, os.fspath(script), *argv],
        env=environ,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
