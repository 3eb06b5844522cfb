"""A job: its hyperparameters, documented variables and channels, each value with its source."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Callable, Dict, FrozenSet, Iterable, List, Mapping, Optional, Tuple

from smargs.container.hyperparameters import Hyperparameter, Hyperparameters
from smargs.container.sources import FILES, OBJECTS, SourcedValue, Sources
from smargs.container.variables import (
    BOOLEAN,
    BY_NAME,
    CHANNEL_PREFIX,
    CHANNELS_FILE,
    DEFAULT_MASTER_PORT,
    INTEGER,
    LIST,
    MODEL_DIR,
    OBJECT,
    PREFIX,
    PROCESSING_FILE,
    RESOURCE_FILE,
    Variable,
    is_internal,
)
from smargs.texts import to_text

_DECODED_KINDS = (INTEGER, BOOLEAN, LIST, OBJECT)


class Job:
    """A training or processing job, as the variables and files of its container describe it. It is false outside a job.

    Environment variables and hyperparameters are read when the object is made, any other value when it is first used.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._sources = Sources(environ)
        self._variables: Dict[str, Optional[SourcedValue]] = {}
        self._hyperparameters = Hyperparameters(self._sources)

    def __bool__(self) -> bool:
        return not self._sources.is_empty and bool(
            self.hyperparameters or self.variables or self.channels or self.outputs or self.problems
        )

    def read_all(self) -> None:
        """Read every source now, so that later changes have no effect and ``problems`` is complete."""
        for file in (*FILES, PROCESSING_FILE):
            self._sources.file(file)
        for variable in OBJECTS:
            self._sources.json_object(variable)

    @property
    def hyperparameters(self) -> Mapping[str, Hyperparameter]:
        """The hyperparameters by name, including the platform's own."""
        return self._hyperparameters.values

    @property
    def hyperparameters_as_sent(self) -> Mapping[str, object]:
        """The decoded hyperparameters from which the platform made the script's command line."""
        return self._hyperparameters.as_sent

    @property
    def missing_reason(self) -> Optional[str]:
        """Why no hyperparameter could be read; None if there was no problem."""
        return self._hyperparameters.missing_reason

    @property
    def problems(self) -> Tuple[str, ...]:
        """One line for each source that could not be read so far."""
        return tuple(self._sources.problems.values())

    @property
    def platform(self) -> Optional[str]:
        """The platform that started the script: ``toolkit`` or ``sdk``; None if no variable shows it."""
        return self._sources.platform

    @cached_property
    def internal(self) -> FrozenSet[str]:
        """The names of the platform's own hyperparameters."""
        return frozenset(filter(is_internal, self.hyperparameters))

    def may_be_undeclared(self, hyperparameter: str) -> bool:
        """Return whether a script need not declare a hyperparameter: the platform's own, or the S3 URI of a model.

        Source: ``hyperparameters`` of SDK v2's ``TensorFlow`` estimator adds ``model_dir`` unless the user turns that off.
        """
        is_s3_uri = self.hyperparameters[hyperparameter].text.startswith("s3://")
        return hyperparameter in self.internal or (hyperparameter == MODEL_DIR and is_s3_uri)

    @property
    def is_processing(self) -> bool:
        """Whether the job is a processing job."""
        return self._sources.is_processing

    @property
    def is_own_container(self) -> bool:
        """Whether the service itself started the script, without the program of a platform.

        Its command is then ``train``. Source: "How Amazon SageMaker Runs Your Training Image",
        https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-dockerfile.html
        """
        environ = self._sources.environ
        return not self._sources.is_processing and self._sources.has_files and not any(name[:3] == PREFIX for name in environ)

    @cached_property
    def variables(self) -> Mapping[str, SourcedValue]:
        """The documented variables that have a value."""
        values = ((name, self.variable(name)) for name in BY_NAME)
        return {name: value for name, value in values if value}

    def variable(self, name: str) -> Optional[SourcedValue]:
        """Return the value of a documented variable, or None if it and its fallbacks are absent."""
        if name not in self._variables:
            variable = BY_NAME.get(name)
            self._variables[name] = self._read_variable(variable) if variable and not self._sources.is_empty else None
        return self._variables[name]

    def names(self, variable: str) -> List[str]:
        """Return the texts in a list variable."""
        values = self.variable(variable)
        return [name for name in values.value if isinstance(name, str)] if values and isinstance(values.value, list) else []

    @property
    def master(self) -> Optional[str]:
        """The toolkit's master host. It belongs to the instance groups that train together."""
        return self._text_in_training_env("master_hostname")

    @property
    def failure_file(self) -> Optional[str]:
        """The file in which a training container writes why its job failed.

        Source: "How Amazon SageMaker Processes Training Output",
        https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
        """
        file, directory = self.variable("SM_OUTPUT_FAILURE"), self.variable("SM_OUTPUT_DIR")
        if file:
            return file.text
        return os.path.join(directory.text, "failure") if directory else None

    @cached_property
    def channels(self) -> Mapping[str, SourcedValue]:
        """The directory of each channel of a training job, or of each input of a processing job, by name."""
        if self._sources.is_empty:
            return {}
        if self._sources.is_processing:
            return _directories(self._processing_job.get("ProcessingInputs"), "InputName", ("S3Input", "DatasetDefinition"))
        directories = self._sources.training_env.get("channel_input_dirs")
        directories = directories if isinstance(directories, dict) else {}
        channels: Dict[str, SourcedValue] = {}
        for source, names in self._sources_of_channels(directories):
            for name in names:
                path = directories.get(name)
                path = path if isinstance(path, str) else os.path.join(self._data_directory(), name)
                channels.setdefault(name, SourcedValue(path, path, source))
        for name, variable in self._sources.variables_of(CHANNEL_PREFIX, channels).items():
            path = self._sources.environ[variable]
            channels[name] = SourcedValue(path, path, variable)
        return channels

    @property
    def piped_channels(self) -> List[str]:
        """The channels in Pipe mode, which have no directory."""
        config = self.variable("SM_INPUT_DATA_CONFIG")
        channels = config.value.items() if config and isinstance(config.value, dict) else ()
        modes = {name: channel.get("TrainingInputMode") for name, channel in channels if isinstance(channel, dict)}
        return [name for name in self.channels if modes.get(name) == "Pipe"]

    @cached_property
    def outputs(self) -> Mapping[str, SourcedValue]:
        """The directory of each output of a processing job, by name."""
        if not self._sources.is_processing:
            return {}
        config = self._processing_job.get("ProcessingOutputConfig")
        return _directories(config.get("Outputs") if isinstance(config, dict) else (), "OutputName", ("S3Output",))

    @property
    def _processing_job(self) -> Mapping[str, object]:
        return self._sources.file(PROCESSING_FILE) or {}

    def _sources_of_channels(self, directories: Iterable[str]) -> Iterable[Tuple[str, Iterable[str]]]:
        yield "SM_CHANNELS", self.names("SM_CHANNELS")
        yield "SM_TRAINING_ENV", directories
        yield "SM_INPUT_DATA_CONFIG", self._sources.json_object("SM_INPUT_DATA_CONFIG") or ()
        yield CHANNELS_FILE, self._sources.file(CHANNELS_FILE) or ()

    def _data_directory(self) -> str:
        environ = self._sources.environ
        inputs = environ.get("SM_INPUT_DIR") or os.path.join(self._sources.base, "input")
        return environ.get("SM_INPUT_DATA_DIR") or os.path.join(inputs, "data")

    def _text_in_training_env(self, key: str) -> Optional[str]:
        value = self._sources.training_env.get(key)
        return value if isinstance(value, str) else None

    def _read_variable(self, variable: Variable) -> Optional[SourcedValue]:
        return (
            self._on_this_host(variable)
            or self._in_environ(variable)
            or self._in_training_env(variable.key or variable.attribute)
            or (self._in_file(*variable.file) if variable.file else None)
            or (self._standard_directory(variable.directory, variable.if_exists) if variable.directory else None)
            or (self._from_hosts(variable.name) if variable.from_hosts else None)
        )

    def _on_this_host(self, variable: Variable) -> Optional[SourcedValue]:
        """Return the value in this host's own file under MPI, where the variables are those of the first host.

        Source: ``MasterRunner`` in mpi.py of the toolkit exports the variables of the first host to all hosts (``mpirun -x``).
        """
        if not self._sources.is_under_mpi:
            return None
        if variable.file and variable.file[0] == RESOURCE_FILE:
            return self._in_file(*variable.file)
        return self._from_hosts(variable.name) if variable.name == "SM_CURRENT_HOST_RANK" else None

    def _from_hosts(self, name: str) -> Optional[SourcedValue]:
        """Return the value of a variable that follows from the names of the hosts. Only SDK v3 sets these variables."""
        hosts, names = self.variable("SM_HOSTS"), sorted(self.names("SM_HOSTS"))
        if hosts is None or not names:
            return None
        value = _FROM_HOSTS[name](self, names)
        return None if value is None else SourcedValue(value, to_text(value), hosts.source)

    def _rank(self, hosts: List[str]) -> Optional[int]:
        current = self.variable("SM_CURRENT_HOST")
        return hosts.index(current.text) if current and current.text in hosts else None

    def _in_environ(self, variable: Variable) -> Optional[SourcedValue]:
        name = variable.name
        text = self._sources.environ.get(name)
        if not text:
            return None  # The toolkit writes an absent value as an empty variable.
        return SourcedValue(self._sources.value(name) if variable.kind in _DECODED_KINDS else text, text, name)

    def _in_training_env(self, attribute: str) -> Optional[SourcedValue]:
        value = self._sources.training_env.get(attribute)
        return None if value is None else SourcedValue(value, to_text(value), "SM_TRAINING_ENV")

    def _in_file(self, file: str, key: str) -> Optional[SourcedValue]:
        content = self._sources.file(file) or {}
        value = content.get(key) if key else content
        return SourcedValue(value, to_text(value), file) if value else None

    def _standard_directory(self, directory: str, if_exists: bool) -> Optional[SourcedValue]:
        """Return a standard directory if the container has a training job's files. It is used if the variable is absent."""
        path = os.path.join(self._sources.base, *directory.split("/"))
        if self._sources.is_processing or not self._sources.has_files or (if_exists and not os.path.isdir(path)):
            return None
        in_variable = "SAGEMAKER_BASE_DIR" in self._sources.environ
        return SourcedValue(path, path, "SAGEMAKER_BASE_DIR" if in_variable else self._sources.base)


def _directories(entries: object, name_key: str, place_keys: Tuple[str, ...]) -> Dict[str, SourcedValue]:
    """Return the directories of a processing job's inputs or outputs, by name.

    Source: ``ProcessingInput`` and ``ProcessingOutput`` of the API, which ``processingjobconfig.json`` repeats,
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
    """
    directories = {}
    for entry in entries if isinstance(entries, list) else ():
        places = [entry.get(key) for key in place_keys] if isinstance(entry, dict) else []
        path = next((place.get("LocalPath") for place in places if isinstance(place, dict)), None)
        if isinstance(path, str):
            directories[str(entry.get(name_key))] = SourcedValue(path, path, PROCESSING_FILE)
    return directories


_FROM_HOSTS: Mapping[str, Callable[[Job, List[str]], object]] = {
    "SM_HOST_COUNT": lambda job, hosts: len(hosts),
    "SM_CURRENT_HOST_RANK": Job._rank,
    "SM_MASTER_ADDR": lambda job, hosts: hosts[0],
    "SM_MASTER_PORT": lambda job, hosts: DEFAULT_MASTER_PORT,
}
"""For each variable with ``from_hosts``, the function that computes its value from the sorted names of the hosts."""
