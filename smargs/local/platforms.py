"""What each platform makes of a job on one host: its files, its environment variables and its command line."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from smargs.container.commandline import render_as_sdk, render_as_toolkit
from smargs.container.spelling import decode
from smargs.container.variables import (
    CHANNELS_FILE,
    DEFAULT_MASTER_PORT,
    HYPERPARAMETERS_FILE,
    RESOURCE_FILE,
    is_internal,
)
from smargs.local.job import FILES, SDK, TOOLKIT, TOOLKIT_UNQUOTED, BadJobError, TrainingJob, encode
from smargs.local.shells import export

INSTANCE_TYPE = "local"
"""The instance type of the SDK's own local mode. Source: https://sagemaker.readthedocs.io/en/stable/overview.html#local-mode"""

_GROUP = "homogeneousCluster"
_LOG_LEVEL = 20
_MASTER = "algo-1"

# Source: ``validate_entry_point`` of the toolkit's process.py, since 5.1.4.
_ENTRY_POINT = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._+-]*")

# What a shell runs or redirects where nothing is quoted.
_RUN_BY_SHELLS = re.compile(r"[`;&|<>()\n]")

# Each launcher's hyperparameter. Source: ``distribution`` of the SDK's estimators, params.py of the toolkit.
_LAUNCHER_HYPERPARAMETERS = {"torchrun": "sagemaker_torch_distributed_enabled", "mpirun": "sagemaker_mpi_enabled"}

# What else each launcher's configuration holds. Source: Torchrun and MPI in distributed.py of sagemaker-train 1.27.0.
_LAUNCHER_OPTIONS: Dict[str, Dict[str, None]] = {"torchrun": {"smp": None}, "mpirun": {"mpi_additional_options": None}}

# Source: params.py of the toolkit: what it takes to itself, and so is no framework parameter.
_TOOLKITS_OWN = frozenset(
    (
        "sagemaker_program",
        "sagemaker_submit_directory",
        "sagemaker_container_log_level",
        "sagemaker_job_name",
        "sagemaker_region",
    )
)


class Machine(NamedTuple):
    """What a platform asks its machine.

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


class Start(NamedTuple):
    """How a platform starts the script on one host.

    Attributes:
        environ: The variables that it sets.
        argv: The command line that it makes of the hyperparameters.
    """

    environ: Dict[str, str]
    argv: List[str]


def this_machine() -> Machine:
    """This machine as the platforms see it; the hosts of a job on it meet on loopback."""
    loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
    return Machine(os.cpu_count() or 1, _count_gpus(), 0, loopback)


def _count_gpus() -> int:
    """The GPUs that are listed. Source: ``num_gpus`` of both platforms."""
    if shutil.which("nvidia-smi") is None:
        return 0
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return listed.stdout.count(b"GPU ")


def files(job: TrainingJob, host: str, base: str, machine: Machine) -> Dict[str, Dict[str, Any]]:
    """The content of ``input/config``, by file name.

    Source: "How Amazon SageMaker Provides Training Information",
    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
    """
    channels = [*job.channels, *(("code", "sm_drivers") if job.platform == SDK else ())]
    hosts = list(job.hosts)
    return {
        HYPERPARAMETERS_FILE: {**encode(job), **_internal_hyperparameters(job, base)},
        RESOURCE_FILE: {
            "current_host": host,
            "current_instance_type": INSTANCE_TYPE,
            "current_group_name": _GROUP,
            "hosts": hosts,
            "instance_groups": [{"instance_group_name": _GROUP, "instance_type": INSTANCE_TYPE, "hosts": hosts}],
            "network_interface_name": machine.network_interface,
        },
        CHANNELS_FILE: {
            channel: {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
            for channel in channels
        },
    }


def _internal_hyperparameters(job: TrainingJob, base: str) -> Dict[str, str]:
    """The hyperparameters that the SDK's estimators add. Source: ``hyperparameters`` of its Framework class."""
    if job.platform not in (TOOLKIT, TOOLKIT_UNQUOTED):
        return {}
    own: Dict[str, object] = {
        "sagemaker_program": job.script.name,
        "sagemaker_submit_directory": os.path.join(base, "code"),
        "sagemaker_container_log_level": _LOG_LEVEL,
        "sagemaker_job_name": job.name,
        "sagemaker_region": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
    }
    if job.launcher:
        own[_LAUNCHER_HYPERPARAMETERS[job.launcher]] = True
    if job.launcher == "mpirun" and job.processes_per_host:
        own["sagemaker_mpi_num_of_processes_per_host"] = job.processes_per_host
    return {name: json.dumps(value) for name, value in own.items()}


def start(job: TrainingJob, config: Mapping[str, Mapping[str, Any]], base: str, machine: Machine) -> Start:
    """How a job's platform starts the script on the host of these files.

    Args:
        job: The job.
        config: The content of ``input/config``, as :func:`files` makes it.
        base: The directory in the place of ``/opt/ml``.
        machine: The machine.

    Raises:
        BadJobError: If the platform itself would stop before the script starts.
    """
    if job.script.name.startswith("-"):
        raise BadJobError(
            f"argument script: python takes {job.script.name!r} for an option: expected a name with no - in front"
        )
    everywhere = {"SAGEMAKER_BASE_DIR": base, "TRAINING_JOB_NAME": job.name}
    if job.platform == FILES:
        return Start(everywhere, [])
    if job.platform == TOOLKIT and not _ENTRY_POINT.fullmatch(job.script.name):
        raise BadJobError(
            f"argument script: the toolkit starts no {job.script.name!r}: expected a name of A-Z a-z 0-9 . _ + -, no + in front"
        )
    made = _as_sdk(job, config, base, machine) if job.platform == SDK else _as_toolkit(job, config, base, machine)
    if job.platform == TOOLKIT_UNQUOTED:
        _check_unquoted(made.argv)
    return Start({**made.environ, **everywhere}, made.argv)


def source_directory(job: TrainingJob) -> str:
    """Where a platform has the script, below the base directory, with ``/`` between the parts."""
    return "input/data/code" if job.platform == SDK else "code"


def _as_toolkit(job: TrainingJob, config: Mapping[str, Mapping[str, Any]], base: str, machine: Machine) -> Start:
    """Source: ``Environment`` of the toolkit 5.1.4 and its ``to_env_vars`` and ``to_cmd_args``."""
    resources, inputs = config[RESOURCE_FILE], config[CHANNELS_FILE]
    decoded = {name: decode(text) for name, text in config[HYPERPARAMETERS_FILE].items()}
    own = {name: value for name, value in decoded.items() if not is_internal(name)}
    framework = {name: value for name, value in decoded.items() if name.startswith("sagemaker_") and name not in _TOOLKITS_OWN}
    channels = {name: os.path.join(base, "input", "data", name) for name in inputs}
    groups = {group["instance_group_name"]: group for group in resources["instance_groups"]}
    group = resources["current_group_name"]
    distributed = [group] if any(name in framework for name in _LAUNCHER_HYPERPARAMETERS.values()) else []
    master = (groups[group]["hosts"] if distributed else resources["hosts"])[0]
    program = job.script.name
    argv = [token for name in sorted(own) for token in render_as_toolkit(name, own[name])]
    told = {
        "channel_input_dirs": channels,
        "current_host": resources["current_host"],
        "current_instance_group": group,
        "current_instance_group_hosts": groups[group]["hosts"],
        "current_instance_type": resources["current_instance_type"],
        "distribution_instance_groups": distributed,
        "framework_module": None,
        "hosts": resources["hosts"],
        "input_config_dir": os.path.join(base, "input", "config"),
        "input_data_config": inputs,
        "input_dir": os.path.join(base, "input"),
        "instance_groups": list(groups),
        "instance_groups_dict": groups,
        "is_hetero": len(groups) > 1,
        "log_level": decoded["sagemaker_container_log_level"],
        "model_dir": os.path.join(base, "model"),
        "module_dir": decoded["sagemaker_submit_directory"],
        "module_name": re.sub(r"\.py$", "", program),
        "network_interface_name": resources["network_interface_name"],
        "num_cpus": machine.cpus,
        "num_gpus": machine.gpus,
        "num_neurons": machine.neurons,
        "output_data_dir": os.path.join(base, "output", "data"),
        "output_dir": os.path.join(base, "output"),
        "output_intermediate_dir": os.path.join(base, "output", "intermediate"),
        "resource_config": resources,
        "user_entry_point": program,
    }
    only_in_training_env = {
        "additional_framework_parameters": framework,
        "distribution_hosts": groups[group]["hosts"] if distributed else [],
        "hyperparameters": own,
        "is_master": resources["current_host"] == master,
        "is_modelparallel_enabled": None,
        "is_smddpmprun_installed": False,
        "is_smddprun_installed": False,
        "job_name": job.name,
        "master_hostname": master,
        # Source: environment.py of the toolkit, which has it since 5.1.
        **({} if job.platform == TOOLKIT_UNQUOTED else {"topology": []}),
    }
    variables: Dict[str, object] = {
        **{name: value for name, value in told.items() if name != "channel_input_dirs"},
        "channels": sorted(channels),
        "framework_params": framework,
        "hps": own,
        "training_env": {**told, **only_in_training_env},
        "user_args": argv,
        **{f"channel_{name}": path for name, path in channels.items()},
        **{f"hp_{name}": value for name, value in own.items()},
    }
    environ = {f"SM_{name.upper()}": _compact(value) for name, value in variables.items()}
    environ["SAGEMAKER_JOB_NAME"] = str(decoded["sagemaker_job_name"])
    environ["SAGEMAKER_REGION"] = str(decoded["sagemaker_region"])
    environ["CURRENT_HOST"] = resources["current_host"]
    return Start(environ, argv)


def _compact(value: object) -> str:
    """A value as the toolkit writes it into a variable. Source: its ``mapping.to_env_vars``."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def _check_unquoted(argv: Sequence[str]) -> None:
    """A command line that a shell reads unquoted must not hold what it would run. Source: process.py of the toolkit 5.0.0."""
    for option, value in zip(argv[::2], argv[1::2]):
        found = _RUN_BY_SHELLS.search(option + value) or re.search(r"\$\(", option + value)
        if found:
            raise BadJobError(
                f"hyperparameter {option.lstrip('-')}: a toolkit before 5.1 hands it to a shell unquoted, "
                f"which would run what follows {found.group()!r}"
            )


def _as_sdk(job: TrainingJob, config: Mapping[str, Mapping[str, Any]], base: str, machine: Machine) -> Start:
    """Source: ``set_env`` and ``hyperparameters_to_cli_args`` of SDK v3's container drivers, sagemaker-train 1.27.0."""
    resources, inputs = config[RESOURCE_FILE], config[CHANNELS_FILE]
    hyperparameters = {name: decode(text) for name, text in config[HYPERPARAMETERS_FILE].items()}
    hosts = sorted(resources["hosts"])
    data = os.path.join(base, "input", "data")
    channels = {name: os.path.join(data, name) for name in inputs}
    training_env: Dict[str, object] = {
        "channel_input_dirs": channels,
        "current_host": resources["current_host"],
        "current_instance_type": resources["current_instance_type"],
        "hosts": hosts,
        "master_addr": _MASTER,
        "master_port": DEFAULT_MASTER_PORT,
        "hyperparameters": hyperparameters,
        "input_data_config": inputs,
        "input_config_dir": os.path.join(base, "input", "config"),
        "input_data_dir": data,
        "input_dir": os.path.join(base, "input"),
        "job_name": job.name,
        "log_level": _LOG_LEVEL,
        "model_dir": os.path.join(base, "model"),
        "network_interface_name": resources["network_interface_name"],
        "num_cpus": machine.cpus,
        "num_gpus": machine.gpus,
        "num_neurons": machine.neurons,
        "output_data_dir": os.path.join(base, "output", "data"),
        "resource_config": resources,
    }
    only_there = ("channel_input_dirs", "hyperparameters", "job_name")
    variables: Dict[str, object] = {
        **{name: value for name, value in training_env.items() if name not in only_there},
        **{f"channel_{name}": path for name, path in channels.items()},
        "channels": list(channels),
        **{f"hp_{name.replace('-', '_')}": value for name, value in hyperparameters.items()},
        "hps": hyperparameters,
        "host_count": len(hosts),
        "current_host_rank": hosts.index(resources["current_host"]),
        "output_dir": os.path.join(base, "output"),
        "output_failure": os.path.join(base, "output", "failure"),
        "source_dir": os.path.join(data, "code"),
        "entry_script": job.script.name,
        "training_env": training_env,
    }
    if job.launcher:
        variables["distributed_driver_dir"] = os.path.join(data, "sm_drivers", "distributed_drivers")
        variables["distributed_config"] = {"process_count_per_node": job.processes_per_host, **_LAUNCHER_OPTIONS[job.launcher]}
    environ = export({f"SM_{name.upper()}": _written(value) for name, value in variables.items()})
    try:
        hps = json.loads(environ["SM_HPS"])
    except ValueError:
        raise BadJobError("SDK v3's bash takes apostrophes in hyperparameters for quotes: its driver stops") from None
    return Start(environ, [token for name, value in hps.items() for token in render_as_sdk(name, value)])


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def quote_for_shell(tokens: Sequence[str]) -> str:
    """Tokens as a shell reads them back."""
    return " ".join(map(shlex.quote, tokens))
