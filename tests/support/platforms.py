"""Jobs for tests that no platform makes now: recorded, written by hand, or damaged on their way to the script."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Union

from paths import TESTS

from smargs.testing import SageMakerJob

RECORDED = TESTS / "recorded"


class Job(NamedTuple):
    """The environment and the command line of one process of a training job."""

    environ: Dict[str, str]
    argv: List[str]


def recorded(name: str) -> Dict[str, Any]:
    """A recorded job of a real platform."""
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def encoded(hyperparameters: Mapping[str, object]) -> Dict[str, str]:
    """The content of hyperparameters.json as the SDK writes it: every value as JSON."""
    return {name: json.dumps(value) for name, value in hyperparameters.items()}


def write_files(directory: Path, files: Mapping[str, object]) -> Path:
    """Write a job's configuration files below a base directory."""
    config = directory / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (config / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return directory


def unquoted(job: Union[Job, SageMakerJob]) -> Job:
    """The same job after its command line went unquoted through a shell."""
    return Job(job.environ, shlex.split(" ".join(job.argv).replace("'", "").replace('"', "").replace("\\", "")))


def without(job: Union[Job, SageMakerJob], *names: str) -> Job:
    """The same job without some variables and without the platform's command line."""
    return Job({name: text for name, text in job.environ.items() if not name.startswith(names)}, [])


def with_eval_set(hyperparameters: Mapping[str, Any], platform: str) -> Union[Job, SageMakerJob]:
    """A job with a channel ``eval-set``. SDK v3's bash refuses its variable; the recorded job continued without it."""
    if platform != "sdk":
        return SageMakerJob(hyperparameters, ["eval-set"], platform=platform)
    job = without(SageMakerJob(hyperparameters, ["eval_set"], platform=platform), "SM_CHANNEL_EVAL_SET")
    return Job({name: text.replace("eval_set", "eval-set") for name, text in job.environ.items()}, job.argv)


def routes(hyperparameters: Mapping[str, Any]) -> Dict[str, Union[Job, SageMakerJob]]:
    """A job for each route of hyperparameters to a script, including routes that lose a part of what the platform sets."""
    toolkit, sdk = SageMakerJob(hyperparameters), SageMakerJob(hyperparameters, platform="sdk")
    return {
        "toolkit": toolkit,
        "sdk": sdk,
        "toolkit, unquoted argv": unquoted(toolkit),
        "toolkit, through dash": Job({name: text for name, text in toolkit.environ.items() if "-" not in name}, []),
        "sdk, unquoted argv": unquoted(sdk),
        "SM_HPS": without(sdk, "SM_HP_", "SM_TRAINING_ENV", "SM_USER_ARGS"),
        "SM_TRAINING_ENV": without(toolkit, "SM_HP_", "SM_HPS", "SM_USER_ARGS"),
        "SM_HP_* of the toolkit": without(toolkit, "SM_HPS", "SM_TRAINING_ENV", "SM_USER_ARGS"),
        "SM_HP_* of the sdk": without(sdk, "SM_HPS", "SM_TRAINING_ENV", "SM_USER_ARGS"),
    }
