"""The variables and the command line that the training toolkit makes of a job."""

from __future__ import annotations

import re
from typing import Dict, List, Sequence, Tuple

from smargs.container.rendering import render_for_toolkit, toolkit_variable
from smargs.container.variables import CHANNELS_FILE, READ_BY_TOOLKIT, RESOURCE_FILE
from smargs.local.containers import LAUNCHER_HYPERPARAMETERS, Container
from smargs.local.job import TOOLKIT_UNQUOTED, BadJobError

# Characters that a shell acts on, other than by expansion, if they are not quoted.
_SHELL_OPERATOR = re.compile(r"[`;&|<>()\n]|\$\(")


def render(container: Container) -> Tuple[Dict[str, str], List[str]]:
    """Return the variables that the toolkit 5.1.4 sets, and its command line.

    Source: ``Environment`` of the toolkit and its ``to_env_vars`` and ``to_cmd_args``.
    """
    environment = _Environment(container)
    variables = {f"SM_{name.upper()}": toolkit_variable(value) for name, value in environment.variables().items()}
    for name in ("job_name", "region"):
        variables[f"SAGEMAKER_{name.upper()}"] = str(environment.decoded[f"sagemaker_{name}"])
    variables["CURRENT_HOST"] = container.host
    return variables, environment.argv


def check_unquoted(argv: Sequence[str]) -> None:
    """Check that a shell that reads a command line without quotes would not run a part of it.

    Source: process.py of the toolkit 5.0.0.

    Raises:
        BadJobError: If it would.
    """
    for option, value in zip(argv[::2], argv[1::2]):
        operator = _SHELL_OPERATOR.search(option + value)
        if operator:
            raise BadJobError(
                f"hyperparameter {option.lstrip('-')}: toolkits before 5.1 pass it to a shell without quotes, "
                f"and the shell would run what follows {operator.group()!r}"
            )


class _Environment:
    """The toolkit's ``Environment`` in a container.

    Attributes:
        decoded: The decoded hyperparameters, including those that the SDK adds.
        argv: The command line of the script.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self._resources = container.config[RESOURCE_FILE]
        self.decoded = container.hyperparameters
        self._user = render_for_toolkit(self.decoded)
        self._framework = {
            name: value for name, value in self.decoded.items() if name.startswith("sagemaker_") and name not in READ_BY_TOOLKIT
        }
        self.argv = self._user.argv
        self._groups = {group["instance_group_name"]: group for group in self._resources["instance_groups"]}
        self._group = self._resources["current_group_name"]
        self._has_launcher = not self._framework.keys().isdisjoint(LAUNCHER_HYPERPARAMETERS.values())

    def variables(self) -> Dict[str, object]:
        """Return the values of the variables, by their names without ``SM_``."""
        attributes, channels = self._attributes(), self._container.channel_directories
        return {
            **attributes,
            "channels": sorted(channels),
            "framework_params": self._framework,
            "training_env": {"channel_input_dirs": channels, **attributes, **self._further_attributes()},
            **{f"channel_{name}": path for name, path in channels.items()},
            **self._user.variables,
        }

    def _attributes(self) -> Dict[str, object]:
        """Return the attributes that have a variable each, and are in ``SM_TRAINING_ENV`` as well."""
        container, resources = self._container, self._resources
        program = container.job.entry_point
        return {
            "current_host": container.host,
            "current_instance_group": self._group,
            "current_instance_group_hosts": self._groups[self._group]["hosts"],
            "current_instance_type": resources["current_instance_type"],
            "distribution_instance_groups": [self._group] if self._has_launcher else [],
            "framework_module": None,
            "hosts": resources["hosts"],
            "input_config_dir": container.path("input", "config"),
            "input_data_config": container.config[CHANNELS_FILE],
            "input_dir": container.path("input"),
            "instance_groups": list(self._groups),
            "instance_groups_dict": self._groups,
            "is_hetero": len(self._groups) > 1,
            "log_level": self.decoded["sagemaker_container_log_level"],
            "model_dir": container.path("model"),
            "module_dir": self.decoded["sagemaker_submit_directory"],
            "module_name": re.sub(r"\.py$", "", program),
            "network_interface_name": resources["network_interface_name"],
            "num_cpus": container.machine.cpus,
            "num_gpus": container.machine.gpus,
            "num_neurons": container.machine.neurons,
            "output_data_dir": container.path("output", "data"),
            "output_dir": container.path("output"),
            "output_intermediate_dir": container.path("output", "intermediate"),
            "resource_config": resources,
            "user_entry_point": program,
        }

    def _further_attributes(self) -> Dict[str, object]:
        """Return the attributes that are only in ``SM_TRAINING_ENV``."""
        group_hosts = self._groups[self._group]["hosts"]
        master = (group_hosts if self._has_launcher else self._resources["hosts"])[0]
        # Source: environment.py of the toolkit, which has it since 5.1.
        topology: Dict[str, object] = {} if self._container.job.platform == TOOLKIT_UNQUOTED else {"topology": []}
        return {
            "additional_framework_parameters": self._framework,
            "distribution_hosts": group_hosts if self._has_launcher else [],
            "hyperparameters": self._user.values,
            "is_master": self._container.host == master,
            "is_modelparallel_enabled": None,
            "is_smddpmprun_installed": False,
            "is_smddprun_installed": False,
            "job_name": self._container.job.name,
            "master_hostname": master,
            **topology,
        }
