"""The hyperparameters of a job, made of the values that a script's parser should return."""

from __future__ import annotations

import tempfile
import warnings
from typing import Any, Dict, Iterable, Mapping, Optional

from smargs.context import level_of_the_script
from smargs.launch.errors import HyperparameterError
from smargs.launch.plan import Plan
from smargs.launch.ranges import read_ranges


def to_hyperparameters(
    parser: Any,
    values: object,
    *,
    ranges: Optional[Mapping[str, Any]] = None,
    encoded: bool = True,
    channels: Optional[Iterable[str]] = None,
) -> Dict[str, Any]:
    """Return the hyperparameters of a job in which a script's parser returns these values.

    Args:
        parser: A parser of the mixin.
        values: A namespace, of which only what differs from the parsed default is sent, or a mapping of names to values.
        ranges: The ranges of a tuning job: the SDKs' objects by name, or the service's ``ParameterRanges``.
        encoded: Whether to return the texts that the service stores. Otherwise the values, which v2's estimators encode.
        channels: The names of the job's channels; None if they are unknown. Then every channel that an argument needs is there.

    Raises:
        TypeError: If the values are neither a namespace nor a mapping, or the ranges are no mapping.
        HyperparameterError: If the service, a platform or the parser would refuse them, with every problem.
    """
    if values is None or isinstance(values, (str, bytes)):
        raise TypeError(f"values: expected a namespace or a mapping, not {type(values).__name__}")
    with tempfile.TemporaryDirectory(prefix="smargs-launch-") as directory:
        plan = Plan(parser, values, directory, None if channels is None else list(channels), encoded=encoded)
        plan.add_ranges(read_ranges({} if ranges is None else ranges, encoded=encoded))
        plan.choose_spellings()
        problems = plan.problems()
    for name in plan.secret_names():
        warnings.warn(secret_warning(name), stacklevel=level_of_the_script())
    if problems:
        raise HyperparameterError(problems)
    return plan.hyperparameters()


def secret_warning(name: str) -> str:
    """Return the warning for a secret.

    Source: "Do not include any security-sensitive information", HyperParameters of
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
    """
    return (
        f"hyperparameter {name} looks like a secret, and anyone who can describe the job can read it: "
        "store it in AWS Secrets Manager, and send its name instead"
    )
