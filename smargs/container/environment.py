"""The public snapshot of a training job."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Dict, Mapping, NoReturn, Optional, Tuple

from smargs.container.job import Job
from smargs.container.sources import SourcedValue
from smargs.container.variables import BOOLEAN, INTEGER, LIST, OBJECT, VARIABLES
from smargs.secrets.masking import Secrets


class SageMakerEnvironment:
    """An immutable snapshot of a training job, as the variables and files of its container describe it.

    An absent value is ``None`` or empty; no attribute raises. The snapshot is false outside a job. Paths are ``str``, as the
    platform writes them. An attribute that is not listed here has the value of ``SM_`` and its name in capitals. Source: the
    catalogue in ``smargs/container/variables.py``.

    Attributes:
        hyperparameters: Names and decoded values, without the platform's own hyperparameters.
        channels: Names of the channels, or of a processing job's inputs, and their directories.
        outputs: Names of a processing job's outputs and their directories.
        hosts: Names of all hosts, as the platform lists them.
        current_host: Name of this host.
        host_rank: Index of this host in the sorted hosts, from 0.
        host_count: Number of hosts.
        master_addr: Host of the rendezvous: ``SM_MASTER_ADDR``, else the toolkit's master, else the first of the sorted hosts.
        master_port: TCP port of the rendezvous: ``SM_MASTER_PORT``, else 7777 if there are hosts.
        checkpoint_dir: Directory of the checkpoints: ``LocalPath`` in ``checkpointconfig.json``, else ``/opt/ml/checkpoints``
            if it exists.
        job_name: Name of the job, from ``TRAINING_JOB_NAME``, ``SM_TRAINING_ENV`` or ``processingjobconfig.json``.
        problems: One line for each variable or file that could not be read.
    """

    __slots__ = ("_attributes", "_is_job", "_master")

    hyperparameters: Mapping[str, object]
    channels: Mapping[str, str]
    outputs: Mapping[str, str]
    hosts: Tuple[str, ...]
    current_host: Optional[str]
    host_rank: Optional[int]
    host_count: Optional[int]
    master_addr: Optional[str]
    master_port: Optional[int]
    num_gpus: Optional[int]
    num_cpus: Optional[int]
    num_neurons: Optional[int]
    model_dir: Optional[str]
    output_data_dir: Optional[str]
    output_dir: Optional[str]
    output_failure: Optional[str]
    output_intermediate_dir: Optional[str]
    checkpoint_dir: Optional[str]
    input_dir: Optional[str]
    input_data_dir: Optional[str]
    input_config_dir: Optional[str]
    current_instance_type: Optional[str]
    current_instance_group: Optional[str]
    current_instance_group_hosts: Tuple[str, ...]
    instance_groups: Tuple[str, ...]
    instance_groups_dict: Mapping[str, object]
    distribution_instance_groups: Tuple[str, ...]
    is_hetero: Optional[bool]
    topology: Tuple[object, ...]
    network_interface_name: Optional[str]
    resource_config: Mapping[str, object]
    input_data_config: Mapping[str, object]
    framework_params: Mapping[str, object]
    framework_module: Optional[str]
    log_level: Optional[int]
    module_dir: Optional[str]
    module_name: Optional[str]
    user_entry_point: Optional[str]
    source_dir: Optional[str]
    entry_script: Optional[str]
    distributed_driver_dir: Optional[str]
    distributed_config: Mapping[str, object]
    job_name: Optional[str]

    problems: Tuple[str, ...]

    _attributes: Dict[str, object]
    _is_job: bool
    _master: Optional[str]

    def __init__(self, job: Job) -> None:
        """Make a snapshot of a job; :meth:`load` reads the job."""
        self.__setstate__((_attributes(job), bool(job), job.master))

    def __getstate__(self) -> Tuple[Dict[str, object], bool, Optional[str]]:
        """Return the state, for the modules ``copy`` and ``pickle``."""
        return self._attributes, self._is_job, self._master

    def __setstate__(self, state: Tuple[Dict[str, object], bool, Optional[str]]) -> None:
        """Set the state, for the modules ``copy`` and ``pickle``."""
        for name, value in zip(self.__slots__, state):
            object.__setattr__(self, name, value)

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> SageMakerEnvironment:
        """Read the job from environment variables, then from its files.

        Args:
            environ: The environment variables. The files are in ``input/config`` of ``SAGEMAKER_BASE_DIR``, else in
                ``SM_INPUT_CONFIG_DIR``, else in ``/opt/ml/input/config``.

        Returns:
            The snapshot. Each source that cannot be read is listed in ``problems``; nothing is raised.
        """
        job = Job(environ)
        job.read_all()
        return cls(job)

    @property
    def is_leader(self) -> bool:
        """Whether this host should do what one host of a job does, such as saving the model.

        The leader is the toolkit's master, else the first of the sorted hosts. A host whose rank is unknown is a leader, too.

        Source: ``master_hostname`` and ``is_master`` of the toolkit, in ``SM_TRAINING_ENV``.
        """
        if self._master is None or self.current_host is None:
            return not self.host_rank
        return self.current_host == self._master

    @property
    def processes_per_host(self) -> int:
        """Number of processes that a launcher starts on this host.

        It is the job's setting, else one for each GPU or Neuron core, else one.

        Source: ``get_process_count`` of SDK v3's container drivers, ``runner.py`` of the toolkit.
        """
        counts = (
            self.distributed_config.get("process_count_per_node"),
            self.framework_params.get("sagemaker_mpi_num_of_processes_per_host"),
            self.num_gpus,
            self.num_neurons,
        )
        return next((count for count in counts if isinstance(count, int) and count > 0), 1)

    def __bool__(self) -> bool:
        return self._is_job

    if not TYPE_CHECKING:  # A type checker would otherwise accept every attribute.

        def __getattr__(self, name: str) -> object:
            try:
                value = self._attributes[name]
            except KeyError:
                raise AttributeError(f"SageMakerEnvironment has no attribute {name}") from None
            if not isinstance(value, (dict, tuple)):
                return value
            # A copy at every depth, so that a caller cannot change the snapshot.
            copied = _copied(value)
            return MappingProxyType(copied) if isinstance(copied, dict) else copied

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"SageMakerEnvironment is immutable: cannot set {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"SageMakerEnvironment is immutable: cannot delete {name}")

    def __repr__(self) -> str:
        values = {name: getattr(self, name) for name in _PUBLIC_ATTRIBUTES}
        shown = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        secrets = Secrets()
        for name, value in shown.items():
            secrets.add(name, value)
        parts = (f"{name}={secrets.describe(name, value)}" for name, value in shown.items() if value not in (None, [], {}))
        return f"SageMakerEnvironment({', '.join(parts)})"


_PUBLIC_ATTRIBUTES = tuple(name for name in SageMakerEnvironment.__annotations__ if not name.startswith("_"))


def _attributes(job: Job) -> Dict[str, object]:
    attributes: Dict[str, object] = {
        variable.attribute: _typed(variable.kind, job.variable(variable.name)) for variable in VARIABLES
    }
    attributes.update(
        hyperparameters={name: value.value for name, value in job.hyperparameters.items() if name not in job.internal},
        channels={name: value.text for name, value in job.channels.items()},
        outputs={name: value.text for name, value in job.outputs.items()},
        problems=job.problems,
    )
    attributes["host_rank"] = attributes.pop("current_host_rank")
    return attributes


def _copied(value: object) -> object:
    """Return a copy of a decoded value, at every depth."""
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return type(value)(map(_copied, value)) if isinstance(value, (list, tuple)) else value


_KINDS: Mapping[str, Tuple[type, object]] = {LIST: (list, ()), OBJECT: (dict, {}), INTEGER: (int, None), BOOLEAN: (bool, None)}
"""The type of each kind of value, and the attribute's value if the variable is absent. A text or a path is a ``str``."""


def _typed(kind: str, value: Optional[SourcedValue]) -> object:
    """Return a variable's value if it has the type of its kind, else the value for an absent variable."""
    type_, absent = _KINDS.get(kind, (str, None))
    # In Python a boolean is an integer.
    if value is None or not isinstance(value.value, type_) or (type_ is int and isinstance(value.value, bool)):
        return absent
    return tuple(value.value) if isinstance(value.value, list) else value.value
