"""The container of each host: its machine, its directory, and the files in ``input/config`` that describe the job."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from typing import Any, Dict, Mapping, NamedTuple

from smargs.container.variables import CHANNELS_FILE, CHECKPOINT_FILE, HYPERPARAMETERS_FILE, RESOURCE_FILE
from smargs.local.hyperparameters import encode
from smargs.local.job import EMPTY, SDK, TOOLKITS, TrainingJob
from smargs.local.processing import make_config
from smargs.local.system import ESSENTIAL_VARIABLES
from smargs.texts import decode

INSTANCE_TYPE = "local"
"""The instance type of the SDK's own local mode. Source: https://sagemaker.readthedocs.io/en/stable/overview.html#local-mode"""

LOG_LEVEL = 20
"""The log level of a job whose launcher chooses none: ``logging.INFO``. Source: estimator.py of SDK v2."""

# The hyperparameter that selects each launcher. Source: ``distribution`` of the SDK's estimators, params.py of the toolkit.
LAUNCHER_HYPERPARAMETERS = {"torchrun": "sagemaker_torch_distributed_enabled", "mpirun": "sagemaker_mpi_enabled"}

_GROUP = "homogeneousCluster"

# Seconds. nvidia-smi loads the driver first if no other program uses it, which takes some time for each GPU.
_LONGEST_COUNT = 60.0

# The variables of a job whose names do not begin with SM_ or SAGEMAKER_.
_UNPREFIXED_VARIABLES = ("TRAINING_JOB_NAME", "CURRENT_HOST")


class Machine(NamedTuple):
    """The machine of a container.

    Attributes:
        cpus: How many CPUs there are.
        gpus: How many GPUs there are.
        neurons: How many Neuron cores there are.
        network_interface: The name of the interface between the hosts.
    """

    cpus: int
    gpus: int
    neurons: int
    network_interface: str

    @property
    def processes_per_host(self) -> int:
        """How many processes a launcher starts on each host. Source: ``get_process_count`` of SDK v3."""
        return self.gpus or self.neurons or 1


def this_machine() -> Machine:
    """Describe this machine as the platforms would. The hosts of a local job connect on loopback."""
    return Machine(os.cpu_count() or 1, _count_gpus(), 0, _loopback_interface())


def _loopback_interface() -> str:
    """Return the name of loopback: Linux's if Python cannot list the network interfaces, as in a browser."""
    try:
        return next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
    except OSError:
        return "lo"


def _count_gpus() -> int:
    """Count the GPUs that nvidia-smi lists; 0 if it cannot be run, or hangs. Source: ``num_gpus`` of both platforms."""
    if shutil.which("nvidia-smi") is None:
        return 0
    try:
        listing = subprocess.run(
            ["nvidia-smi", "--list-gpus"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_LONGEST_COUNT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return listing.stdout.count(b"GPU ")


class Container(NamedTuple):
    """The container of one host of a job.

    Attributes:
        job: The job.
        host: The name of the host.
        base: The directory in the place of ``/opt/ml``.
        machine: The machine of the host.
        config: The content of each file in ``input/config``.
    """

    job: TrainingJob
    host: str
    base: str
    machine: Machine
    config: Mapping[str, Mapping[str, Any]]

    def path(self, *parts: str) -> str:
        """Join the names of a path below the base directory."""
        return os.path.join(self.base, *parts)

    @property
    def hyperparameters(self) -> Dict[str, object]:
        """The decoded hyperparameters, including those that the platform adds."""
        return {name: decode(text) for name, text in self.config[HYPERPARAMETERS_FILE].items()}

    @property
    def channel_directories(self) -> Dict[str, str]:
        """The directory of each channel, including those that the platform adds."""
        return {name: self.path("input", "data", name) for name in self.config[CHANNELS_FILE]}


def make_container(job: TrainingJob, host: str, base: str, machine: Machine) -> Container:
    """Describe the container of a host.

    Source of the files: "How Amazon SageMaker Provides Training Information",
    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html

    Args:
        job: The job.
        host: The name of the host.
        base: The directory in the place of ``/opt/ml``.
        machine: The machine of the host.
    """
    if job.is_processing:
        return Container(job, host, base, machine, make_config(job, host, base))
    channels = {**job.channels, **({"code": EMPTY, "sm_drivers": EMPTY} if job.platform == SDK else {})}
    groups = job.groups or {_GROUP: job.hosts}
    config: Dict[str, Dict[str, Any]] = {
        HYPERPARAMETERS_FILE: {**encode(job), **_internal_hyperparameters(job, base)},
        RESOURCE_FILE: {
            "current_host": host,
            "current_instance_type": INSTANCE_TYPE,
            "current_group_name": next(group for group, hosts in groups.items() if host in hosts),
            "hosts": list(job.hosts),
            "instance_groups": [
                {"instance_group_name": group, "instance_type": INSTANCE_TYPE, "hosts": list(hosts)}
                for group, hosts in groups.items()
            ],
            "network_interface_name": machine.network_interface,
        },
        CHECKPOINT_FILE: {"LocalPath": os.path.join(base, "checkpoints")},
        CHANNELS_FILE: {
            name: {
                "TrainingInputMode": "File",
                "S3DistributionType": "ShardedByS3Key" if channel.is_sharded else "FullyReplicated",
                "RecordWrapperType": "None",
            }
            for name, channel in channels.items()
        },
    }
    return Container(job, host, base, machine, config)


def _internal_hyperparameters(job: TrainingJob, base: str) -> Dict[str, str]:
    """Return the hyperparameters that the SDK's estimators add. Source: ``hyperparameters`` of its Framework class."""
    if job.platform not in TOOLKITS:
        return {}
    added: Dict[str, object] = {
        "sagemaker_program": job.entry_point,
        "sagemaker_submit_directory": os.path.join(base, "code"),
        "sagemaker_container_log_level": LOG_LEVEL,
        "sagemaker_job_name": job.name,
        "sagemaker_region": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
    }
    if job.launcher:
        added[LAUNCHER_HYPERPARAMETERS[job.launcher]] = True
    if job.launcher == "mpirun" and job.processes_per_host:
        added["sagemaker_mpi_num_of_processes_per_host"] = job.processes_per_host
    return {name: json.dumps(value) for name, value in added.items()}


def environ_outside_job(*, clean: bool = False) -> Dict[str, str]:
    """Return the variables of this process, without those of a job that it runs in.

    Args:
        clean: Whether to return only those that each program needs.
    """
    if clean:
        return {name: text for name, text in os.environ.items() if name in ESSENTIAL_VARIABLES}
    return {
        name: text
        for name, text in os.environ.items()
        if not (name.startswith(("SM_", "SAGEMAKER_")) or name in _UNPREFIXED_VARIABLES)
    }
