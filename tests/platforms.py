"""Jobs as the platforms render them, for tests; test_platforms.py holds these renderings against recorded jobs."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

RECORDED = Path(__file__).parent / "recorded"
ALWAYS = {"SM_MODEL_DIR": "/opt/ml/model", "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data", "SM_NUM_GPUS": "0"}
INTERNAL = "_tuning_objective_metric"


class Job(NamedTuple):
    """The environment and the command line of one process of a training job."""

    environ: Dict[str, str]
    argv: List[str]


def recorded(name: str) -> Dict[str, Any]:
    """A job as a real platform rendered it."""
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


def _is_internal(name: str) -> bool:
    return name.startswith("sagemaker_") or name == INTERNAL


def _compact(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def toolkit(hyperparameters: Mapping[str, Any], channels: Sequence[str] = (), hosts: Sequence[str] = ("algo-1",)) -> Job:
    """A job as the training toolkit renders it (to_env_vars and to_cmd_args of sagemaker-training 5.1.4)."""
    own = {name: value for name, value in hyperparameters.items() if not _is_internal(name)}
    directories = {channel: f"/opt/ml/input/data/{channel}" for channel in channels}
    argv: List[str] = []
    for name in sorted(own):
        value = own[name]
        if isinstance(value, dict):
            text = ",".join(f"{key}={inner}" for key, inner in sorted(value.items()))
        else:
            text = "" if value is None else str(value)
        argv += [f"--{name}" if len(name) > 1 else f"-{name}", text]
    environ = {
        "SM_HPS": _compact(own),
        "SM_CHANNELS": _compact(sorted(channels)),
        "SM_HOSTS": _compact(list(hosts)),
        "SM_CURRENT_HOST": hosts[0],
        **ALWAYS,
        "SM_TRAINING_ENV": _compact({"hyperparameters": own, "channel_input_dirs": directories}),
        "SM_USER_ARGS": _compact(argv),
        **{f"SM_CHANNEL_{channel.upper()}": path for channel, path in directories.items()},
        **{f"SM_HP_{name.upper()}": _compact(value) for name, value in own.items()},
    }
    return Job(environ, argv)


def _decoded_again(value: object) -> object:
    """What the driver makes of a value that it took from SM_HPS: a text that is JSON is decoded once more."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def sdk(hyperparameters: Mapping[str, Any], channels: Sequence[str] = (), hosts: Sequence[str] = ("algo-1",)) -> Job:
    """A job as the container drivers of SDK v3 render it (sagemaker-train 1.27.0), through its single-quoting bash."""

    def written(value: object) -> str:
        return (value if isinstance(value, str) else json.dumps(value)).replace("'", "")

    directories = {channel: f"/opt/ml/input/data/{channel}" for channel in channels}
    after_bash = json.loads(written(hyperparameters))
    environ = {
        "SM_HPS": written(hyperparameters),
        "SM_CHANNELS": written(list(channels)),
        "SM_HOSTS": written(sorted(hosts)),
        "SM_CURRENT_HOST": hosts[0],
        **ALWAYS,
        "SM_TRAINING_ENV": written({"channel_input_dirs": directories, "hyperparameters": hyperparameters}),
        **{f"SM_CHANNEL_{channel.upper()}": path for channel, path in directories.items() if "-" not in channel},
        **{f"SM_HP_{name.replace('-', '_').upper()}": written(value) for name, value in hyperparameters.items()},
    }
    argv = [token for name, value in after_bash.items() for token in (f"--{name}", written(_decoded_again(value)))]
    return Job(environ, argv)


def torn(job: Job) -> Job:
    """The same job when its command line went through a shell without quotes."""
    return Job(job.environ, shlex.split(" ".join(job.argv).replace("'", "").replace('"', "").replace("\\", "")))


def without(job: Job, *names: str) -> Job:
    """The same job without some variables and without what the command line repeats."""
    return Job({name: text for name, text in job.environ.items() if not name.startswith(names)}, [])


def routes(hyperparameters: Mapping[str, Any], directory: Path) -> Dict[str, Job]:
    """Every way that hyperparameters travel to a script."""
    quiet = ("SM_HP_", "SM_HPS", "SM_TRAINING_ENV", "SM_USER_ARGS")
    makers: Mapping[str, Callable[[], Job]] = {
        "toolkit": lambda: toolkit(hyperparameters),
        "toolkit, argv torn apart": lambda: torn(toolkit(hyperparameters)),
        "toolkit, through dash": lambda: Job(
            {name: text for name, text in toolkit(hyperparameters).environ.items() if "-" not in name}, []
        ),
        "sdk": lambda: sdk(hyperparameters),
        "sdk, argv torn apart": lambda: torn(sdk(hyperparameters)),
        "SM_HPS": lambda: without(sdk(hyperparameters), *quiet[:1], *quiet[2:]),
        "SM_TRAINING_ENV": lambda: without(toolkit(hyperparameters), *quiet[:2], quiet[3]),
        "SM_HP_* of the toolkit": lambda: without(toolkit(hyperparameters), *quiet[1:]),
        "SM_HP_* of the sdk": lambda: without(sdk(hyperparameters), *quiet[1:]),
        "hyperparameters.json": lambda: Job({"SAGEMAKER_BASE_DIR": os.fspath(directory)}, []),
    }
    write_files(directory, {"hyperparameters.json": encoded(hyperparameters)})
    return {name: make() for name, make in makers.items()}
