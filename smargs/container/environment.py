"""What the platform says of a training job, as one immutable snapshot."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import Dict, FrozenSet, Iterator, List, Mapping, NoReturn, Optional, Tuple

from smargs.container.sources import JobSources, SourcedValue
from smargs.container.spelling import to_text
from smargs.container.variables import (
    BOOLEAN,
    DEFAULT_MASTER_PORT,
    INTEGER,
    LIST,
    MASK,
    OBJECT,
    VARIABLES,
    is_secret,
)


class SageMakerEnvironment:
    """An immutable snapshot of what Amazon SageMaker says of a training job.

    Absent things are ``None`` or empty, never an exception. It is false where there is nothing of SageMaker.
    Paths are ``str``, as the platform gives them. Source of every attribute: see :data:`smargs.container.variables.VARIABLES`.

    Attributes:
        hyperparameters: Names and decoded values, without the platform's own.
        channels: Names of the channels and their directories.
        hosts: Names of all hosts, as the platform lists them.
        current_host: Name of this host.
        host_rank: Place of this host among the sorted hosts, from 0.
        host_count: How many hosts there are.
        master_addr: Host that the others meet at: the platform's, else the toolkit's master, else the first.
        master_port: TCP port that the others meet at: the platform's, else 7777 where there are hosts.
        problems: One line for each thing that was there but could not be read; all of them in one that :meth:`load` made.
    """

    __slots__ = ("_attributes", "_reading")

    hyperparameters: Mapping[str, object]
    channels: Mapping[str, str]
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

    _attributes: Dict[str, object]
    _reading: JobSources

    def __init__(self, reading: JobSources) -> None:
        """Take over what was read; users call :meth:`load`."""
        object.__setattr__(self, "_reading", reading)

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> SageMakerEnvironment:
        """Read the job from environment variables, then from its files.

        Args:
            environ: The environment variables. The files are in ``input/config`` of ``SAGEMAKER_BASE_DIR``, else in
                ``SM_INPUT_CONFIG_DIR``, else in ``/opt/ml/input/config``.

        Returns:
            The snapshot. Nothing is raised for what is absent or unreadable; the latter is listed in ``problems``.
        """
        reading = JobSources(environ)
        reading.read_all()
        return cls(reading)

    # The settings behind the attributes, each with its text and its source, for the modules of this package.

    @property
    def settings(self) -> Mapping[str, SourcedValue]:
        """The documented variables."""
        return self._reading.variables

    def setting(self, variable: str) -> Optional[SourcedValue]:
        """One documented variable, without reading the others; None where there is none."""
        return self._reading.variable(variable)

    def lists(self, variable: str, texts: List[str]) -> bool:
        """Whether a list variable has just these texts."""
        return self._reading.lists(variable, texts)

    @property
    def hyperparameter_settings(self) -> Mapping[str, SourcedValue]:
        """All hyperparameters, the platform's own among them."""
        return self._reading.hyperparameters

    @property
    def channel_settings(self) -> Mapping[str, SourcedValue]:
        """The channels' directories."""
        return self._reading.channels

    @property
    def rendered_hyperparameters(self) -> Mapping[str, object]:
        """The hyperparameters as the platform had them when it made a command line of them."""
        return self._reading.rendered

    @property
    def platform(self) -> Optional[str]:
        """Who started the script: ``toolkit`` or ``sdk``; None if no variable shows it."""
        return self._reading.platform

    @property
    def internal(self) -> FrozenSet[str]:
        """The platform's own hyperparameters."""
        return self._reading.internal

    @property
    def problems(self) -> Tuple[str, ...]:
        """What could not be read."""
        return tuple(self._reading.problems.values())

    @property
    def lost(self) -> Optional[str]:
        """Why there are no hyperparameters, where there should be some."""
        return self._reading.lost

    @property
    def is_leader(self) -> bool:
        """Whether this host is the one that writes what is written once: the toolkit's master, else the first, or the only one.

        Source: ``master_hostname`` and ``is_master`` of the toolkit, in ``SM_TRAINING_ENV``.
        """
        master = self._reading.master
        return not self.host_rank if master is None or self.current_host is None else self.current_host == master

    @property
    def processes_per_host(self) -> int:
        """How many processes a launcher starts on this host: what the job says, else one a GPU or Neuron core, else one.

        Source: ``get_process_count`` of SDK v3's container drivers, ``runner.py`` of the toolkit.
        """
        told = (
            self.distributed_config.get("process_count_per_node"),
            self.framework_params.get("sagemaker_mpi_num_of_processes_per_host"),
            self.num_gpus,
            self.num_neurons,
        )
        return next((count for count in told if isinstance(count, int) and count > 0), 1)

    def __bool__(self) -> bool:
        return bool(self._reading)

    def __getattr__(self, name: str) -> object:
        if name == "_attributes":
            # A parse needs few of them.
            object.__setattr__(self, name, _attributes(self._reading))
            return self._attributes
        try:
            value = self._attributes[name]
        except KeyError:
            raise AttributeError(f"SageMakerEnvironment has no attribute {name}") from None
        if not isinstance(value, (dict, tuple)):
            return value
        # What is inside of a value is a copy, so that nobody can change the snapshot.
        copied = _copied(value)
        return MappingProxyType(copied) if isinstance(copied, dict) else copied

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"SageMakerEnvironment is immutable: cannot set {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"SageMakerEnvironment is immutable: cannot delete {name}")

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in _PUBLIC_ATTRIBUTES}
        parts = (f"{name}={masked(name, value)!r}" for name, value in shown.items() if value not in (None, (), {}))
        return f"SageMakerEnvironment({', '.join(parts)})"


_PUBLIC_ATTRIBUTES = (*(name for name in SageMakerEnvironment.__annotations__ if not name.startswith("_")), "problems")


def _attributes(reading: JobSources) -> Dict[str, object]:
    """The attributes, but for those that are no more than what was read."""
    attributes: Dict[str, object] = {
        variable.attribute: _typed(variable.kind, reading.variable(variable.name)) for variable in VARIABLES
    }
    hosts = sorted(reading.names("SM_HOSTS"))
    current = attributes["current_host"]
    rank = attributes.pop("current_host_rank")
    attributes.update(
        hyperparameters={name: found.value for name, found in reading.hyperparameters.items() if name not in reading.internal},
        channels={name: found.text for name, found in reading.channels.items()},
        host_rank=hosts.index(str(current)) if rank is None and current in hosts else rank,
        host_count=attributes["host_count"] or len(hosts) or None,
        master_addr=attributes["master_addr"] or reading.master or (hosts[0] if hosts else None),
        master_port=attributes["master_port"] or (DEFAULT_MASTER_PORT if hosts else None),
        job_name=reading.job_name,
    )
    return attributes


def _copied(value: object) -> object:
    """A copy of a decoded value, at every depth."""
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return type(value)(map(_copied, value)) if isinstance(value, (list, tuple)) else value


def _typed(kind: str, setting: Optional[SourcedValue]) -> object:
    """A variable's value if it is of its kind, else what stands for its absence."""
    value = setting.value if setting else None
    if kind == LIST:
        return tuple(value) if isinstance(value, list) else ()
    if kind == OBJECT:
        return value if isinstance(value, dict) else {}
    if kind == INTEGER:
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    if kind == BOOLEAN:
        return value if isinstance(value, bool) else None
    return value if isinstance(value, str) else None


def failure_file(environment: SageMakerEnvironment) -> Optional[str]:
    """Where a training container says why its job failed.

    Source: "How Amazon SageMaker Processes Training Output",
    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
    """
    if environment.output_failure:
        return environment.output_failure
    return os.path.join(environment.output_dir, "failure") if environment.output_dir else None


def secret_texts(name: str, value: object) -> Iterator[str]:
    """The texts that a value holds under a secret's name, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from secret_texts(name if is_secret(name) else key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from secret_texts(name, inner)
    elif is_secret(name) and value is not None:
        yield to_text(value)


def masked(name: str, value: object) -> object:
    """A value as it may be shown: nothing of what a secret's name carries, at any depth."""
    if is_secret(name):
        return MASK
    if isinstance(value, (dict, MappingProxyType)):
        return {key: masked(key, inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked("", inner) for inner in value]
    return value
