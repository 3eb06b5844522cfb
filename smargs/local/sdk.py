"""The variables and the command line that the container drivers of SDK v3 make of a job."""

from __future__ import annotations

import json
from typing import Dict, List, Tuple

from smargs.container.rendering import json_unless_text, render_for_sdk
from smargs.container.variables import CHANNELS_FILE, DEFAULT_MASTER_PORT, RESOURCE_FILE
from smargs.local.containers import LOG_LEVEL, Container
from smargs.local.job import BadJobError
from smargs.local.shells import export

_MASTER = "algo-1"

# Further options in the configuration of each launcher. Source: Torchrun and MPI in distributed.py of sagemaker-train 1.27.0.
_LAUNCHER_OPTIONS: Dict[str, Dict[str, None]] = {"torchrun": {"smp": None}, "mpirun": {"mpi_additional_options": None}}

# Attributes of the training environment that have no variable of their own.
_ONLY_IN_TRAINING_ENV = ("channel_input_dirs", "hyperparameters", "job_name")


def render(container: Container) -> Tuple[Dict[str, str], List[str]]:
    """Return the variables that SDK v3's drivers set, and their command line.

    Source: ``set_env`` and ``hyperparameters_to_cli_args`` of the container drivers, sagemaker-train 1.27.0.

    Raises:
        BadJobError: If the drivers would stop before the script starts.
    """
    environ = export({f"SM_{name.upper()}": json_unless_text(value) for name, value in _variables(container).items()})
    try:
        hyperparameters = json.loads(environ["SM_HPS"])
    except ValueError:
        raise BadJobError("SDK v3's bash reads apostrophes in hyperparameters as quotes: its driver stops") from None
    return environ, render_for_sdk(hyperparameters).argv


def _variables(container: Container) -> Dict[str, object]:
    """Return the values of the variables, by their names without ``SM_``."""
    job, channels = container.job, container.channel_directories
    training_env = _training_env(container)
    hosts = sorted(job.hosts)
    variables: Dict[str, object] = {
        **{name: value for name, value in training_env.items() if name not in _ONLY_IN_TRAINING_ENV},
        **{f"channel_{name}": path for name, path in channels.items()},
        "channels": list(channels),
        **render_for_sdk(container.hyperparameters).variables,
        "host_count": len(hosts),
        "current_host_rank": hosts.index(container.host),
        "output_dir": container.path("output"),
        "output_failure": container.path("output", "failure"),
        "source_dir": container.path("input", "data", "code"),
        "entry_script": job.entry_point,
        "training_env": training_env,
    }
    if job.launcher:
        variables["distributed_driver_dir"] = container.path("input", "data", "sm_drivers", "distributed_drivers")
        variables["distributed_config"] = {"process_count_per_node": job.processes_per_host, **_LAUNCHER_OPTIONS[job.launcher]}
    return variables


def _training_env(container: Container) -> Dict[str, object]:
    resources = container.config[RESOURCE_FILE]
    return {
        "channel_input_dirs": container.channel_directories,
        "current_host": container.host,
        "current_instance_type": resources["current_instance_type"],
        "hosts": sorted(resources["hosts"]),
        "master_addr": _MASTER,
        "master_port": DEFAULT_MASTER_PORT,
        "hyperparameters": container.hyperparameters,
        "input_data_config": container.config[CHANNELS_FILE],
        "input_config_dir": container.path("input", "config"),
        "input_data_dir": container.path("input", "data"),
        "input_dir": container.path("input"),
        "job_name": container.job.name,
        "log_level": LOG_LEVEL,
        "model_dir": container.path("model"),
        "network_interface_name": resources["network_interface_name"],
        "num_cpus": container.machine.cpus,
        "num_gpus": container.machine.gpus,
        "num_neurons": container.machine.neurons,
        "output_data_dir": container.path("output", "data"),
        "resource_config": resources,
    }
