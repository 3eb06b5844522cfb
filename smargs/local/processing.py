"""A processing job: the files that describe it to its containers, and the limits of the service."""

from __future__ import annotations

import os
from typing import Any, Dict

from smargs.container.variables import PROCESSING_FILE, RESOURCE_FILE
from smargs.local.job import BadJobError, TrainingJob

# Limits of the service. Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html, and
# ContainerArguments of https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AppSpecification.html
MOST_ARGUMENTS = 100
LONGEST_ARGUMENT = 256
MOST_INPUTS = 10
MOST_OUTPUTS = 10
LONGEST_VARIABLE = 256


def make_config(job: TrainingJob, host: str, base: str) -> Dict[str, Dict[str, Any]]:
    """Return the content of each file in ``/opt/ml/config``.

    Source: ProcessingInput and ProcessingOutput of
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html

    Args:
        job: The job.
        host: The name of the host.
        base: The directory in the place of ``/opt/ml``.
    """
    inputs = {**{name: channel.is_sharded for name, channel in job.channels.items()}, "code": False}
    return {
        PROCESSING_FILE: {
            "ProcessingJobName": job.name,
            "AppSpecification": {"ContainerArguments": list(job.typed)},
            "Environment": dict(job.variables),
            "ProcessingInputs": [
                {
                    "InputName": name,
                    "AppManaged": False,
                    "S3Input": {
                        "LocalPath": os.path.join(base, "processing", "input", name),
                        "S3DataDistributionType": "ShardedByS3Key" if is_sharded else "FullyReplicated",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
                for name, is_sharded in inputs.items()
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": name,
                        "AppManaged": False,
                        "S3Output": {
                            "LocalPath": os.path.join(base, "processing", "output", name),
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                    for name in job.outputs
                ]
            },
        },
        RESOURCE_FILE: {"current_host": host, "hosts": list(job.hosts)},
    }


def check_limits(job: TrainingJob) -> None:
    """Check what the service checks when a processing job is created.

    Raises:
        BadJobError: If the job exceeds a limit.
    """
    counts = (
        ("arguments", len(job.typed), MOST_ARGUMENTS),
        ("inputs, including the code that the SDK adds,", len(job.channels) + 1, MOST_INPUTS),
        ("outputs", len(job.outputs), MOST_OUTPUTS),
    )
    for things, count, most in counts:
        if count > most:
            raise BadJobError(f"{count} {things} of a processing job: the service allows {most}")
    for number, text in enumerate(job.typed, start=1):
        # Not with the text: it may be the value of a secret.
        _check_length(f"argument {number} of the script", text, LONGEST_ARGUMENT)
    for name, value in job.variables.items():
        _check_length(f"argument --env: {name[:20]}: its name", name, LONGEST_VARIABLE)
        _check_length(f"argument --env: {name[:20]}: its value", value, LONGEST_VARIABLE)


def _check_length(subject: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise BadJobError(f"{subject} has {len(text)} characters: the service allows {longest} for a processing job")
