"""The variables of a training container that does not exist yet."""

from __future__ import annotations

import os
from typing import Dict, Iterable, Mapping

from smargs.container.variables import BASE_DIRECTORY
from smargs.launch.entry_point import EntryPoint
from smargs.local.containers import make_container, this_machine
from smargs.local.job import EMPTY, Hyperparameter, TrainingJob
from smargs.local.platforms import start
from smargs.texts import decode


def container_variables(entry_point: EntryPoint, hyperparameters: Mapping[str, str], channels: Iterable[str]) -> Dict[str, str]:
    """Return the variables that the training toolkit sets for a script.

    The directories are those of a container. Files that this machine has in their place are not read.

    Args:
        entry_point: The script.
        hyperparameters: Names, and the texts that are sent.
        channels: The names of the job's channels.

    Raises:
        BadJobError: If the toolkit would not start the script.
    """
    sent = {name: Hyperparameter(decode(text), text) for name, text in hyperparameters.items()}
    job = TrainingJob("job", entry_point.script, sent, dict.fromkeys(channels, EMPTY), plain=True, source=entry_point.source)
    container = make_container(job, job.hosts[0], BASE_DIRECTORY, this_machine())
    return {**start(container).environ, "SAGEMAKER_BASE_DIR": os.devnull}
