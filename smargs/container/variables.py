"""The catalogue of the documented SageMaker variables.

Matching, help, :class:`smargs.SageMakerEnvironment` and the reference page of the docs are all made from it.
A new variable is one new row.

Sources: the README of https://github.com/aws/sagemaker-training-toolkit ("TOOLKIT" below), the container drivers of
SDK v3's ``sagemaker-train`` package ("SDK"), and "How Amazon SageMaker Provides Training Information",
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html ("FILES").
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

PREFIX = "SM_"
HYPERPARAMETER_PREFIX = "SM_HP_"
CHANNEL_PREFIX = "SM_CHANNEL_"

TOOLKIT = "toolkit"
SDK = "sdk"
BOTH = (TOOLKIT, SDK)

TEXT = "text"
PATH = "path"
INTEGER = "integer"
BOOLEAN = "boolean"
LIST = "list"
OBJECT = "object"

HYPERPARAMETERS_FILE = "hyperparameters.json"
RESOURCE_FILE = "resourceconfig.json"
CHANNELS_FILE = "inputdataconfig.json"
CHECKPOINT_FILE = "checkpointconfig.json"
PROCESSING_FILE = "processingjobconfig.json"

BASE_DIRECTORY = "/opt/ml"
"""The directory of a training container's inputs and outputs, unless ``SAGEMAKER_BASE_DIR`` is set. Source: FILES."""

MODEL_DIR = "model_dir"
"""The hyperparameter that SDK v2's TensorFlow estimator adds. Its value is an S3 URI, so the job does not pack it."""

DEFAULT_MASTER_PORT = 7777
"""The port that both platforms give torchrun. Source: ``SM_MASTER_PORT`` of SDK, torch_distributed of TOOLKIT."""

PLATFORM_CHANNELS = frozenset({"code", "sm_drivers", "recipe"})
"""The channels that SDK v3 adds to each job for its own files. Source: ``sagemaker/train/constants.py`` of SDK."""


OBJECTIVE_METRIC = "_tuning_objective_metric"
"""The hyperparameter that a tuning job adds to each of its training jobs."""

ADDED_BY_FRAMEWORKS = (
    "sagemaker_submit_directory",
    "sagemaker_program",
    "sagemaker_container_log_level",
    "sagemaker_job_name",
    "sagemaker_region",
)
"""The hyperparameters that SDK v2 adds for a script. Source: ``_stage_user_code_in_s3`` and ``_set_hyperparameters`` in its
estimator.py. SDK v3 and boto3 add none."""

ADDED_BY_TUNERS = ("sagemaker_estimator_class_name", "sagemaker_estimator_module")
"""What the tuner of SDK v2 adds to these. Source: ``_prepare_static_hyperparameters`` in its tuner.py."""

READ_BY_TOOLKIT = (
    *ADDED_BY_FRAMEWORKS,
    OBJECTIVE_METRIC,
    "default_user_module_name",
    "sagemaker_enable_cloudwatch_metrics",
    "sagemaker_s3_output",
)
"""The hyperparameters that the toolkit reads itself. Others that begin with ``sagemaker_`` are framework parameters.

Source: ``SAGEMAKER_HYPERPARAMETERS`` in ``params.py`` of TOOLKIT.
"""


class Variable(NamedTuple):
    """One documented environment variable of a training container.

    Attributes:
        name: The variable, such as ``SM_MODEL_DIR``.
        kind: The kind of its value: ``text``, ``path``, ``integer``, ``boolean``, ``list`` or ``object``, the last two in JSON.
        doc: One line that describes the value.
        platforms: The platforms that set the variable: ``toolkit``, ``sdk``, both or none.
        file: Where to read the value if the variable is absent: a configuration file and a key in it, empty for the whole file.
        directory: The value if the variable is absent: a directory relative to the base directory.
        if_exists: Whether that directory must exist.
        from_hosts: Whether the value follows from the names of the hosts, if the variable is absent.
        key: The key in ``SM_TRAINING_ENV`` if it is not the attribute.
        by_name: Whether an argument with the same name takes the value; False for a name that scripts use for other things.
        aliases: Other names of arguments that take the value.
    """

    name: str
    kind: str
    doc: str
    platforms: Tuple[str, ...] = BOTH
    file: Optional[Tuple[str, str]] = None
    directory: Optional[str] = None
    if_exists: bool = False
    from_hosts: bool = False
    key: Optional[str] = None
    by_name: bool = True
    aliases: Tuple[str, ...] = ()

    @property
    def attribute(self) -> str:
        """The name in lower case without ``SM_`` or ``TRAINING_``, as :class:`smargs.SageMakerEnvironment` spells it."""
        return self.name[len(PREFIX) :].lower() if self.name.startswith(PREFIX) else self.name.lower()[len("training_") :]


VARIABLES: Tuple[Variable, ...] = (
    Variable(
        "SM_MODEL_DIR",
        PATH,
        "directory of the model, packed and kept when the job ends",
        directory="model",
        aliases=("model_output_dir",),
    ),
    Variable("SM_OUTPUT_DATA_DIR", PATH, "directory of further output, packed and kept", directory="output/data"),
    Variable("SM_OUTPUT_DIR", PATH, "directory of all output and of the failure file", directory="output", by_name=False),
    Variable("SM_OUTPUT_FAILURE", PATH, "file that says why the job failed", (SDK,), directory="output/failure"),
    Variable(
        "SM_OUTPUT_INTERMEDIATE_DIR",
        PATH,
        "directory that is copied to S3 while the job runs",
        (TOOLKIT,),
        directory="output/intermediate",
    ),
    # No platform sets this variable, but scripts read it, and a launcher may set it. Source of the file: ``StateStore`` of
    # https://github.com/awslabs/sagemaker-debugger; of the directory: "Checkpoints in Amazon SageMaker",
    # https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
    Variable(
        "SM_CHECKPOINT_DIR",
        PATH,
        "directory that is copied to S3 while the job runs, and back when it is restarted",
        (),
        file=(CHECKPOINT_FILE, "LocalPath"),
        directory="checkpoints",
        if_exists=True,
        aliases=("checkpoints_dir", "checkpoint_local_path", "ckpt_dir"),
    ),
    Variable("SM_INPUT_DIR", PATH, "directory of the channels and of the job's files", directory="input", by_name=False),
    Variable("SM_INPUT_DATA_DIR", PATH, "directory of the channels", (SDK,), directory="input/data", by_name=False),
    Variable("SM_INPUT_CONFIG_DIR", PATH, "directory of the job's configuration files", directory="input/config"),
    Variable("SM_CHANNELS", LIST, "names of the job's channels", aliases=("channel_names",)),
    Variable("SM_HPS", OBJECT, "all hyperparameters", by_name=False),
    Variable("SM_HOSTS", LIST, "names of all hosts", file=(RESOURCE_FILE, "hosts")),
    Variable("SM_CURRENT_HOST", TEXT, "name of this host", file=(RESOURCE_FILE, "current_host")),
    Variable(
        "SM_HOST_COUNT",
        INTEGER,
        "how many hosts there are",
        (SDK,),
        from_hosts=True,
        aliases=("nnodes", "num_nodes", "num_machines"),
    ),
    Variable(
        "SM_CURRENT_HOST_RANK",
        INTEGER,
        "place of this host among the sorted hosts",
        (SDK,),
        from_hosts=True,
        aliases=("host_rank", "node_rank", "machine_rank"),
    ),
    Variable("SM_MASTER_ADDR", TEXT, "host of the rendezvous", (SDK,), from_hosts=True, key="master_hostname"),
    Variable("SM_MASTER_PORT", INTEGER, "port of the rendezvous", (SDK,), from_hosts=True),
    Variable("TRAINING_JOB_NAME", TEXT, "name of the job", file=(PROCESSING_FILE, "ProcessingJobName")),
    Variable("SM_NUM_GPUS", INTEGER, "GPUs of this host", aliases=("n_gpus",)),
    Variable("SM_NUM_CPUS", INTEGER, "CPUs of this host"),
    Variable("SM_NUM_NEURONS", INTEGER, "Neuron cores of this host"),
    Variable(
        "SM_CURRENT_INSTANCE_TYPE",
        TEXT,
        "instance type of this host",
        file=(RESOURCE_FILE, "current_instance_type"),
    ),
    Variable(
        "SM_CURRENT_INSTANCE_GROUP",
        TEXT,
        "instance group of this host",
        (TOOLKIT,),
        file=(RESOURCE_FILE, "current_group_name"),
    ),
    Variable("SM_CURRENT_INSTANCE_GROUP_HOSTS", LIST, "hosts of this host's instance group", (TOOLKIT,)),
    Variable("SM_INSTANCE_GROUPS", LIST, "names of the instance groups", (TOOLKIT,), by_name=False),
    Variable("SM_INSTANCE_GROUPS_DICT", OBJECT, "the instance groups by name", (TOOLKIT,)),
    Variable("SM_DISTRIBUTION_INSTANCE_GROUPS", LIST, "instance groups that train together", (TOOLKIT,)),
    Variable("SM_IS_HETERO", BOOLEAN, "whether there are several instance groups", (TOOLKIT,)),
    Variable("SM_TOPOLOGY", LIST, "hosts and their capacity units, on Ultraservers", (TOOLKIT,), by_name=False),
    Variable(
        "SM_NETWORK_INTERFACE_NAME",
        TEXT,
        "network interface between the hosts",
        file=(RESOURCE_FILE, "network_interface_name"),
    ),
    Variable("SM_RESOURCE_CONFIG", OBJECT, "content of resourceconfig.json", file=(RESOURCE_FILE, "")),
    Variable(
        "SM_INPUT_DATA_CONFIG", OBJECT, "content of inputdataconfig.json", file=(CHANNELS_FILE, ""), aliases=("data_config",)
    ),
    Variable("SM_TRAINING_ENV", OBJECT, "all values of the job, in one object"),
    Variable("SM_FRAMEWORK_PARAMS", OBJECT, "the platform's own hyperparameters", (TOOLKIT,), aliases=("fw_params",)),
    Variable("SM_FRAMEWORK_MODULE", TEXT, "the container's framework module", (TOOLKIT,), by_name=False),
    Variable("SM_LOG_LEVEL", INTEGER, "log level of the container", by_name=False),
    Variable("SM_MODULE_DIR", PATH, "directory or S3 place of the script", (TOOLKIT,), by_name=False),
    Variable("SM_MODULE_NAME", TEXT, "module name of the script", (TOOLKIT,), by_name=False),
    Variable("SM_USER_ENTRY_POINT", TEXT, "file name of the script", (TOOLKIT,), by_name=False),
    Variable("SM_USER_ARGS", LIST, "the command line that the platform gave to the script", (TOOLKIT,), by_name=False),
    Variable("SM_SOURCE_DIR", PATH, "directory of the script", (SDK,), by_name=False),
    Variable("SM_ENTRY_SCRIPT", TEXT, "file name of the script", (SDK,), by_name=False),
    Variable("SM_DISTRIBUTED_DRIVER_DIR", PATH, "directory of the launcher", (SDK,), by_name=False),
    Variable("SM_DISTRIBUTED_CONFIG", OBJECT, "settings of the launcher", (SDK,), by_name=False),
)

BY_NAME = {variable.name: variable for variable in VARIABLES}

VARIABLES_OF_ONE_PLATFORM = {
    platform: frozenset(variable.name for variable in VARIABLES if variable.platforms == (platform,)) for platform in BOTH
}
"""The variables that only one platform sets, by platform."""


def fold(name: str) -> str:
    """Return a name in the form in which names are compared: in lower case, with ``_`` for ``-``."""
    return name.lower().replace("-", "_")


ARGUMENT_NAMES = {
    name: variable
    for variable in VARIABLES
    for name in (fold(variable.name),) + ((variable.attribute,) if variable.by_name else ()) + variable.aliases
}
"""The folded names of arguments that match a variable, each with that variable."""


def is_internal(hyperparameter: str) -> bool:
    """Return whether a hyperparameter is the platform's own.

    The toolkit does not pass these to the script; SDK v3 does. Source: ``SAGEMAKER_PREFIX`` in ``params.py`` of TOOLKIT.
    """
    return hyperparameter.startswith("sagemaker_") or hyperparameter in READ_BY_TOOLKIT
