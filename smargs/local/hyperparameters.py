"""The hyperparameters of a job: read, checked and encoded as they are sent to the service."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Dict, Iterable, Mapping, Sequence

from smargs.container.rendering import json_unless_text
from smargs.launch.limits import limit_problems
from smargs.local.job import SDK, BadJobError, Hyperparameter, TrainingJob
from smargs.secrets.masking import Secrets
from smargs.secrets.names import Names
from smargs.texts import decode, load_json, to_text


def read_hyperparameters(files: Iterable[str], typed: Iterable[str]) -> Dict[str, Hyperparameter]:
    """Read the hyperparameters of a job.

    Args:
        files: Paths of files that contain a JSON object, or YAML if their names end with ``.yaml`` or ``.yml``; a later file
            overrides an earlier one.
        typed: Texts such as ``epochs=3``; they override the files.

    Raises:
        BadJobError: If a file cannot be read, or a text has no name.
    """
    hyperparameters: Dict[str, Hyperparameter] = {}
    for path in files:
        for name, value in read_object("--hyperparameters", path).items():
            hyperparameters[name] = make_hyperparameter(name, value)
    for pair in typed:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise BadJobError(f"argument -p: {pair!r} is not a hyperparameter: expected NAME=VALUE")
        hyperparameters[name] = Hyperparameter(decode(text), text)
    return hyperparameters


def make_hyperparameter(name: object, value: object) -> Hyperparameter:
    """Make a hyperparameter of a Python value.

    Raises:
        BadJobError: If the name is not a str, or JSON cannot represent the value.
    """
    if not isinstance(name, str):
        raise BadJobError(f"hyperparameter {name!r}: expected a str as its name")
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        raise BadJobError(f"hyperparameter {name}: {error}: expected a value that JSON can represent") from None
    return Hyperparameter(value, to_text(value))


def secrets_of(job: TrainingJob, parsers: Sequence[argparse.ArgumentParser] = ()) -> Secrets:
    """Return the secrets of a job: those in its hyperparameters and variables, and those that are typed.

    Args:
        job: The job.
        parsers: The parsers of the script, as far as they are known.
    """
    secrets = Secrets(Names(parsers=parsers), parsers)
    for name, sent in job.hyperparameters.items():
        secrets.add(name, sent.value, sent.text)
    for name, text in job.variables.items():
        secrets.add(name, text)
    secrets.add_tokens(job.typed)
    return secrets


def read_object(argument: str, path: str) -> Mapping[Any, Any]:
    """Read a file that contains a JSON object, or YAML if its name ends with ``.yaml`` or ``.yml``.

    Args:
        argument: The option that names the file.
        path: The path of the file.

    Raises:
        BadJobError: If the file cannot be read, or contains anything else.
    """
    is_yaml = path.endswith((".yaml", ".yml"))
    form = "YAML" if is_yaml else "JSON"
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        content = _load_yaml(text) if is_yaml else load_json(text)
    except OSError as error:
        raise BadJobError(f"argument {argument}: {path!r} cannot be read: {error.strerror}") from None
    except ImportError:
        raise BadJobError(f"argument {argument}: {path!r} is YAML, which needs PyYAML: pip install pyyaml") from None
    except ValueError as error:
        raise BadJobError(f"argument {argument}: {path!r} is not valid {form}: {error}") from None
    if not isinstance(content, dict):
        raise BadJobError(f"argument {argument}: {path!r} is not a {form} object: expected {{NAME: VALUE, ...}}")
    return content


def _load_yaml(text: str) -> object:
    """Read YAML as SDK v3's ``ModelTrainer`` reads it.

    Source: ``_validate_and_fetch_hyperparameters_file`` in its model_trainer.py.

    Raises:
        ImportError: If PyYAML is not installed.
        ValueError: If the text is not YAML, or is nested too deeply.
    """
    # Imported here, because PyYAML is optional.
    import yaml  # type: ignore[import-untyped]

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        # Not with the text of the error: it shows a part of the file, which may be a secret.
        raise ValueError(f"see line {mark.line + 1}" if mark else type(error).__name__) from None


def check_limits(hyperparameters: Mapping[str, str]) -> None:
    """Check what the service checks when a job is created.

    Args:
        hyperparameters: The content of hyperparameters.json, including those that the platform adds.

    Raises:
        BadJobError: If there are too many hyperparameters, or the service or a script's environment cannot hold some of them;
            with every problem.
    """
    added = [name for name in hyperparameters if name.startswith("sagemaker_")]
    problems = list(limit_problems(hyperparameters, added))
    if problems:
        raise BadJobError(*problems)


def encode(job: TrainingJob) -> Dict[str, str]:
    """Return the texts of a job's hyperparameters, as the client that creates the job encodes them.

    Sources: ``_json_encode_hyperparameters`` of the SDK's framework estimators; ``safe_serialize`` of SDK v3's ModelTrainer,
    which leaves a text unchanged, as a caller of boto3 does.
    """
    if job.plain:
        return {name: sent.text for name, sent in job.hyperparameters.items()}
    if job.platform == SDK:
        return {name: json_unless_text(sent.value) for name, sent in job.hyperparameters.items()}
    return {name: json.dumps(sent.value) for name, sent in job.hyperparameters.items()}
