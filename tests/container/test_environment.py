"""SageMakerEnvironment: the values of variables and files."""

import copy
import errno
import json
import locale
import operator
import os
import pickle

import pytest
from platforms import encoded, recorded, write_files

from smargs import SageMakerEnvironment
from smargs.container.job import Job
from smargs.container.variables import VARIABLES
from smargs.testing import SageMakerJob

RESOURCE = {
    "current_host": "algo-2",
    "hosts": ["algo-1", "algo-2"],
    "current_instance_type": "ml.g5.2xlarge",
    "current_group_name": "homogeneousCluster",
    "network_interface_name": "eth0",
}


def test_off_sagemaker_the_environment_is_false_and_empty(tmp_path):
    environment = SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path), "HOME": "/"})

    assert not environment
    assert environment.hyperparameters == {}
    assert environment.channels == {}
    assert environment.hosts == ()
    assert environment.model_dir is None
    assert environment.num_gpus is None
    assert environment.host_rank is None
    assert environment.host_count is None
    assert environment.master_addr is None
    assert environment.master_port is None
    assert environment.is_leader
    assert environment.problems == ()
    assert repr(environment) == "SageMakerEnvironment()"


@pytest.mark.parametrize("name", ["toolkit-5.1.4", "sdk-v3-1.27.0"])
def test_a_recorded_job_has_the_values_that_the_platform_sent(name):
    job = recorded(name)
    environment = SageMakerEnvironment.load(job["environ"])

    assert environment
    assert environment.hyperparameters == {
        key: value for key, value in json.loads(job["environ"]["SM_HPS"]).items() if not key.startswith(("sagemaker_", "_"))
    }
    assert environment.channels == {"train": "/opt/ml/input/data/train", "eval-set": "/opt/ml/input/data/eval-set"}
    assert environment.hosts == ("algo-1", "algo-2")
    assert (environment.current_host, environment.host_rank, environment.host_count) == ("algo-2", 1, 2)
    assert not environment.is_leader
    assert (environment.master_addr, environment.master_port) == ("algo-1", 7777)
    assert (environment.num_cpus, environment.num_gpus, environment.num_neurons) == (2, 0, 0)
    assert (environment.model_dir, environment.output_data_dir) == ("/opt/ml/model", "/opt/ml/output/data")
    assert environment.current_instance_type == "ml.g5.2xlarge"
    assert environment.network_interface_name == "eth0"
    assert environment.resource_config == job["files"]["resourceconfig.json"]
    assert environment.input_data_config == job["files"]["inputdataconfig.json"]
    assert environment.job_name == "job-1"
    assert environment.log_level == 20


@pytest.mark.parametrize("name", ["toolkit-5.1.4", "sdk-v3-1.27.0"])
def test_the_catalogue_has_every_variable_that_a_platform_sets(name):
    platform = {"toolkit-5.1.4": "toolkit", "sdk-v3-1.27.0": "sdk"}[name]
    variables = {key for key in recorded(name)["environ"] if not key.startswith(("SM_HP_", "SM_CHANNEL_"))}

    assert variables <= {variable.name for variable in VARIABLES if platform in variable.platforms}


def test_every_variable_of_the_catalogue_is_an_attribute_or_a_source_of_one():
    sources = {"SM_HPS", "SM_CHANNELS", "SM_TRAINING_ENV", "SM_USER_ARGS", "SM_CURRENT_HOST_RANK"}
    attributes = SageMakerEnvironment.load({})

    for variable in VARIABLES:
        assert variable.name in sources or hasattr(attributes, variable.attribute), variable.name


def test_a_container_with_only_the_files_has_hyperparameters_channels_hosts_and_directories(tmp_path, recwarn):
    write_files(
        tmp_path,
        {
            "hyperparameters.json": encoded({"lr": 0.1, "sagemaker_program": "train.py"}),
            "inputdataconfig.json": {"train": {}, "eval-set": {}},
            "resourceconfig.json": RESOURCE,
        },
    )
    environment = SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path), "TRAINING_JOB_NAME": "job-7"})

    assert environment
    assert environment.hyperparameters == {"lr": 0.1}
    assert environment.channels == {name: os.path.join(tmp_path, "input", "data", name) for name in ("train", "eval-set")}
    assert environment.hosts == ("algo-1", "algo-2")
    assert (environment.host_rank, environment.host_count) == (1, 2)
    assert environment.current_instance_group == "homogeneousCluster"
    assert environment.model_dir == os.path.join(tmp_path, "model")
    assert environment.output_data_dir == os.path.join(tmp_path, "output", "data")
    assert environment.num_gpus is None
    assert environment.job_name == "job-7"
    assert not recwarn.list


def test_files_in_the_standard_directory_are_a_job_without_any_variable(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "smargs.container.sources.BASE_DIRECTORY", str(write_files(tmp_path, {"hyperparameters.json": {"lr": "0.1"}}))
    )

    assert SageMakerEnvironment.load({}).hyperparameters == {"lr": 0.1}


@pytest.mark.needs_unix
def test_a_standard_directory_that_cannot_be_read_is_a_problem(tmp_path, monkeypatch):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.setattr("smargs.container.sources.BASE_DIRECTORY", str(tmp_path / "loop"))
    environment = SageMakerEnvironment.load({})

    assert environment
    assert {problem.partition(" cannot be read: ")[2] for problem in environment.problems} == {os.strerror(errno.ELOOP)}


def values_of(hyperparameters):
    return {name: value.value for name, value in hyperparameters.items()}


def with_source(value):
    """A value as a tuple: the value, its text and its source."""
    return value.value, value.text, value.source


def test_each_value_of_a_variable_keeps_its_text_and_its_source(tmp_path):
    write_files(tmp_path, {"resourceconfig.json": RESOURCE})
    whole = '{"num_gpus": 4, "is_hetero": true, "current_instance_type": null}'
    environ = {"SM_NUM_CPUS": "8", "SM_TRAINING_ENV": whole}
    model = os.path.join(tmp_path, "model")
    variables = Job({"SAGEMAKER_BASE_DIR": str(tmp_path), **environ}).variables

    assert with_source(variables["SM_NUM_CPUS"]) == (8, "8", "SM_NUM_CPUS")
    assert with_source(variables["SM_NUM_GPUS"]) == (4, "4", "SM_TRAINING_ENV")
    assert with_source(variables["SM_IS_HETERO"]) == (True, "true", "SM_TRAINING_ENV")
    assert with_source(variables["SM_CURRENT_HOST"]) == ("algo-2", "algo-2", "resourceconfig.json")
    assert with_source(variables["SM_HOSTS"]) == (["algo-1", "algo-2"], '["algo-1", "algo-2"]', "resourceconfig.json")
    assert with_source(variables["SM_CURRENT_INSTANCE_TYPE"]) == ("ml.g5.2xlarge", "ml.g5.2xlarge", "resourceconfig.json")
    assert with_source(variables["SM_RESOURCE_CONFIG"]) == (RESOURCE, json.dumps(RESOURCE), "resourceconfig.json")
    assert with_source(variables["SM_MODEL_DIR"]) == (model, model, "SAGEMAKER_BASE_DIR")
    elsewhere = Job({"SM_INPUT_CONFIG_DIR": str(tmp_path / "input" / "config")})
    assert with_source(elsewhere.variables["SM_MODEL_DIR"]) == ("/opt/ml/model", "/opt/ml/model", "/opt/ml")


def test_sm_input_config_dir_is_the_directory_of_the_files(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": {"lr": "0.1"}})

    assert SageMakerEnvironment.load({"SM_INPUT_CONFIG_DIR": str(tmp_path / "input" / "config")}).hyperparameters == {"lr": 0.1}


def test_the_files_are_utf_8_in_any_locale(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": '{"name": "Zürich"}'})
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")
    try:
        environment = SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path)})
    finally:
        locale.setlocale(locale.LC_CTYPE, before)

    assert environment.hyperparameters == {"name": "Zürich"}


def test_plain_texts_in_the_file_keep_their_spelling(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": {"zip": "00123", "lr": "1e-3", "name": "adam", "raw": 5}})
    hyperparameters = Job({"SAGEMAKER_BASE_DIR": str(tmp_path)}).hyperparameters

    assert values_of(hyperparameters) == {"zip": "00123", "lr": 0.001, "name": "adam", "raw": 5}
    assert hyperparameters["lr"].text == "1e-3"


@pytest.mark.parametrize(
    ("environ", "hyperparameters"),
    [
        ({"SM_HP_LR": "1", "SM_HPS": '{"lr": 2}', "SM_TRAINING_ENV": '{"hyperparameters": {"lr": 3}}'}, {"lr": 1}),
        ({"SM_HPS": '{"lr": 2}', "SM_TRAINING_ENV": '{"hyperparameters": {"lr": 3}}'}, {"lr": 2}),
        ({"SM_TRAINING_ENV": '{"hyperparameters": {"lr": 3}}'}, {"lr": 3}),
        ({}, {"lr": 4}),
    ],
    ids=["SM_HP_*", "SM_HPS", "SM_TRAINING_ENV", "file"],
)
def test_if_copies_differ_in_value_the_most_specific_source_wins(tmp_path, environ, hyperparameters):
    write_files(tmp_path, {"hyperparameters.json": {"lr": "4"}})

    assert SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path), **environ}).hyperparameters == hyperparameters


@pytest.mark.parametrize(
    ("variable", "value", "expected", "source"),
    [
        ("dont stop", "don't stop", "don't stop", "hyperparameters.json"),
        ('say "hi"', "say hi", 'say "hi"', "SM_HP_NOTE"),
        ("a\\ b", "a b", "a\\ b", "SM_HP_NOTE"),
        ("5", "5", "5", "SM_HP_NOTE"),
        ("1.50", "1.50", "1.50", "SM_HP_NOTE"),
        ("", None, None, "hyperparameters.json"),
        ("[a b,c]", ["a b", "c"], ["a b", "c"], "hyperparameters.json"),
        ('["\\u00e9"]', ["é"], ["é"], "SM_HP_NOTE"),
        ("[u00e9]", ["é"], ["é"], "hyperparameters.json"),
        ("[é]", ["é"], ["é"], "hyperparameters.json"),
        ("{betas:[0.9],name:adam}", {"name": "adam", "betas": [0.9]}, {"name": "adam", "betas": [0.9]}, "hyperparameters.json"),
        ("null", "null", "null", "SM_HP_NOTE"),
    ],
)
def test_if_copies_differ_by_shell_quoting_the_least_damaged_wins(tmp_path, variable, value, expected, source):
    write_files(tmp_path, {"hyperparameters.json": encoded({"note": value})})
    hyperparameters = Job({"SAGEMAKER_BASE_DIR": str(tmp_path), "SM_HP_NOTE": variable}).hyperparameters

    assert values_of(hyperparameters) == {"note": expected}
    assert hyperparameters["note"].source == source


def test_a_text_in_sm_hp_comes_before_another_in_sm_hps():
    assert SageMakerEnvironment.load({"SM_HP_SIZE": "small", "SM_HPS": '{"size": "large"}'}).hyperparameters == {
        "size": "small"
    }


@pytest.mark.parametrize(
    ("decoded", "variable", "expected"),
    [
        ("a b", '"a b"', "a b"),
        ('say "hi" now', '"say "hi" now"', '"say "hi" now"'),
        ("a\\tb", '"a\\tb"', "a\tb"),
    ],
    ids=["JSON", "no JSON", "JSON of another text"],
)
def test_a_quoted_text_in_a_variable_is_decoded_as_json(decoded, variable, expected):
    environ = {"SM_HPS": json.dumps({"note": decoded}), "SM_HP_NOTE": variable}

    assert SageMakerEnvironment.load(environ).hyperparameters == {"note": expected}


def test_the_less_damaged_of_sm_hps_and_sm_training_env_is_used():
    environ = {"SM_HPS": '{"note": "dont"}', "SM_TRAINING_ENV": json.dumps({"hyperparameters": {"note": "don't"}})}

    assert SageMakerEnvironment.load(environ).hyperparameters == {"note": "don't"}


def test_a_variable_that_two_hyperparameters_map_to_is_ignored():
    job = SageMakerJob({"a-b": 1, "a_b": 2}, platform="sdk")
    assert job.environ["SM_HP_A_B"] == "2"

    assert SageMakerEnvironment.load(job.environ).hyperparameters == {"a-b": 1, "a_b": 2}
    assert SageMakerEnvironment.load(SageMakerJob({"a": 1, "A": 2}).environ).hyperparameters == {"a": 1, "A": 2}


@pytest.mark.parametrize("names", [("a-b", "a_b"), ("a_b", "a-b")])
def test_a_variable_that_two_hyperparameters_map_to_is_ignored_if_it_differs_from_both(names):
    environ = {"SM_HPS": json.dumps(dict.fromkeys(names, 1)), "SM_HP_A_B": "2"}

    assert SageMakerEnvironment.load(environ).hyperparameters == {"a-b": 1, "a_b": 1}


def test_each_spelling_of_a_variable_is_a_name_if_no_other_source_has_one():
    environ = {"SM_HP_": "3", "SM_HP_BATCH-SIZE": "1", "SM_HP_BATCH_SIZE": "2"}

    assert SageMakerEnvironment.load(environ).hyperparameters == {"batch-size": 1, "batch_size": 2}


@pytest.mark.parametrize("variables", [{"SM_HP_A_B": "2", "SM_HP_A-B": "1"}, {"SM_HP_A-B": "1"}, {"SM_HP_A_B": "1"}])
def test_the_toolkits_spelling_of_a_known_name_comes_before_that_of_sdk_v3(variables):
    assert SageMakerEnvironment.load({"SM_HPS": '{"a-b": 0}', **variables}).hyperparameters == {"a-b": 1}


def test_a_channel_without_its_own_variable_is_in_the_input_directory():
    environ = {"SM_CHANNELS": '["eval-set", "train"]', "SM_CHANNEL_TRAIN": "/data/train", "SM_INPUT_DIR": "/in"}

    assert SageMakerEnvironment.load(environ).channels == {"eval-set": "/in/data/eval-set", "train": "/data/train"}
    environ["SM_INPUT_DATA_DIR"] = "/elsewhere"
    assert SageMakerEnvironment.load(environ).channels == {"eval-set": "/elsewhere/eval-set", "train": "/data/train"}
    assert SageMakerEnvironment.load({"SM_CHANNEL_ONLY": "/data/only"}).channels == {"only": "/data/only"}
    assert SageMakerEnvironment.load({"SM_INPUT_DATA_CONFIG": '{"train": {}}'}).channels == {
        "train": "/opt/ml/input/data/train"
    }


@pytest.mark.parametrize(
    ("environ", "path", "source"),
    [
        ({"SM_CHANNEL_TRAIN": "/t"}, "/t", "SM_CHANNEL_TRAIN"),
        ({"SM_CHANNELS": '["train"]'}, "/opt/ml/input/data/train", "SM_CHANNELS"),
        ({"SM_TRAINING_ENV": '{"channel_input_dirs": {"train": "/t"}}'}, "/t", "SM_TRAINING_ENV"),
        ({"SM_TRAINING_ENV": '{"channel_input_dirs": {"train": 5}}'}, "/opt/ml/input/data/train", "SM_TRAINING_ENV"),
        ({"SM_INPUT_DATA_CONFIG": '{"train": {}}'}, "/opt/ml/input/data/train", "SM_INPUT_DATA_CONFIG"),
        ({"SM_CHANNELS": '["train"]', "SM_TRAINING_ENV": '{"channel_input_dirs": {"train": "/t"}}'}, "/t", "SM_CHANNELS"),
    ],
)
def test_each_channel_keeps_its_source(environ, path, source):
    channels = Job(environ).channels
    assert {name: with_source(value) for name, value in channels.items()} == {"train": (path, path, source)}


def test_sm_current_host_rank_comes_before_the_rank_among_the_hosts():
    environ = {"SM_CURRENT_HOST": "b", "SM_HOSTS": '["a", "b"]'}

    assert SageMakerEnvironment.load(environ).host_rank == 1
    assert SageMakerEnvironment.load({**environ, "SM_CURRENT_HOST_RANK": "0"}).host_rank == 0


def test_a_value_has_the_kind_of_its_variable():
    assert SageMakerEnvironment.load({"SM_CURRENT_HOST": "5"}).current_host == "5"
    assert SageMakerEnvironment.load({"SM_IS_HETERO": "true"}).is_hetero is True


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"SM_HPS": "{oops"}, "SM_HPS is not valid JSON: Expecting property name enclosed in double quotes"),
        ({"SM_HPS": "[1]"}, "SM_HPS is not a JSON object"),
        ({"SM_TRAINING_ENV": "[" * 100_000}, "SM_TRAINING_ENV is not valid JSON: it is nested too deeply"),
        ({"SM_HPS": '{"a": ' * 70 + "1" + "}" * 70}, "SM_HPS is not valid JSON: it is nested too deeply"),
    ],
)
def test_a_variable_that_cannot_be_read_is_a_problem_and_not_an_exception(environ, problem):
    environment = SageMakerEnvironment.load(environ)

    assert environment
    assert environment.hyperparameters == {}
    assert [line.startswith(problem) for line in environment.problems] == [True]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{half", "is not valid JSON"),
        (b"[1]", "is not a JSON object"),
        (b"\xff{}", "is not UTF-8"),
        (None, "cannot be read: Is a directory"),
    ],
)
def test_a_broken_file_is_a_problem_and_not_an_exception(tmp_path, content, problem):
    config = write_files(tmp_path, {"resourceconfig.json": RESOURCE}) / "input" / "config"
    if content is None:
        (config / "hyperparameters.json").mkdir()
    else:
        (config / "hyperparameters.json").write_bytes(content)
    environment = SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path)})

    assert environment.hosts == ("algo-1", "algo-2")
    assert [problem in line and "hyperparameters.json" in line for line in environment.problems] == [True]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param("mkfifo", "it is not a file", marks=[pytest.mark.needs_process, pytest.mark.needs_unix]),
        ("mkdir", os.strerror(errno.EISDIR)),
    ],
)
def test_a_fifo_or_a_directory_instead_of_a_file_is_a_problem(tmp_path, make, why):
    path = write_files(tmp_path, {}) / "input" / "config" / "resourceconfig.json"
    getattr(os, make)(path)

    assert SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path)}).problems == (f"{path} cannot be read: {why}",)


def test_a_config_directory_that_is_a_file_is_not_a_job(tmp_path):
    (tmp_path / "input").write_text("not a directory")

    assert not SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path)})


@pytest.mark.parametrize(
    ("variable", "text", "attribute", "absent"),
    [
        ("SM_NUM_GPUS", "many", "num_gpus", None),
        ("SM_NUM_GPUS", "true", "num_gpus", None),
        ("SM_HOSTS", "algo-1", "hosts", ()),
        ("SM_IS_HETERO", "maybe", "is_hetero", None),
        ("SM_RESOURCE_CONFIG", "[]", "resource_config", {}),
        ("SM_FRAMEWORK_MODULE", "", "framework_module", None),
        ("SM_TRAINING_ENV", '{"current_host": 5}', "current_host", None),
        ("SM_TRAINING_ENV", '{"job_name": 5}', "job_name", None),
    ],
)
def test_a_value_of_another_kind_is_absent(variable, text, attribute, absent):
    assert getattr(SageMakerEnvironment.load({variable: text}), attribute) == absent


@pytest.mark.parametrize(
    ("files", "directories", "expected"),
    [
        ({"checkpointconfig.json": '{"LocalPath": "/opt/ml/saved"}'}, [], "/opt/ml/saved"),
        ({"checkpointconfig.json": '{"S3Uri": "s3://b/k"}'}, ["checkpoints"], "{base}/checkpoints"),
        ({"hyperparameters.json": "{}"}, ["checkpoints"], "{base}/checkpoints"),
        ({"hyperparameters.json": "{}"}, [], None),
        ({}, ["checkpoints"], None),
    ],
    ids=["a local path", "no local path", "no file", "neither", "no job"],
)
def test_the_checkpoint_directory_is_the_local_path_else_the_standard_one_if_it_exists(tmp_path, files, directories, expected):
    for directory in directories:
        (tmp_path / directory).mkdir()
    if files:
        write_files(tmp_path, files)
    environment = SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path)})

    assert environment.checkpoint_dir == (expected and expected.format(base=tmp_path))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"SM_HOSTS": '["b", "a"]', "SM_CURRENT_HOST": "b"}, (1, 2, "a", 7777)),
        ({"SM_HOSTS": '["a"]', "SM_CURRENT_HOST": "c"}, (None, 1, "a", 7777)),
        ({"SM_HOSTS": "[]", "SM_CURRENT_HOST": "c"}, (None, None, None, None)),
        ({"SM_HOSTS": '["a", "b"]', "SM_TRAINING_ENV": '{"master_hostname": "b"}'}, (None, 2, "b", 7777)),
        ({"SM_HOSTS": '["a"]', "SM_MASTER_ADDR": "x", "SM_MASTER_PORT": "1", "SM_HOST_COUNT": "3"}, (None, 3, "x", 1)),
    ],
    ids=["two hosts", "another host", "no host", "the toolkit's master", "SDK v3's variables"],
)
def test_the_rank_the_number_of_hosts_and_the_rendezvous_follow_from_the_hosts(environ, expected):
    environment = SageMakerEnvironment.load(environ)

    assert (
        environment.host_rank,
        environment.host_count,
        environment.master_addr,
        environment.master_port,
    ) == expected


def test_a_value_computed_from_the_hosts_has_their_source():
    job = Job({"SM_HOSTS": '["b", "a"]', "SM_CURRENT_HOST": "b"})

    assert job.variable("SM_HOST_COUNT") == (2, "2", "SM_HOSTS")
    assert job.variable("SM_CURRENT_HOST_RANK") == (1, "1", "SM_HOSTS")


def test_a_host_that_is_not_among_the_hosts_has_no_rank():
    assert Job({"SM_HOSTS": '["b", "a"]', "SM_CURRENT_HOST": "c"}).variable("SM_CURRENT_HOST_RANK") is None


def test_a_master_that_is_not_a_text_is_absent():
    environ = {"SM_HOSTS": '["a", "b"]', "SM_CURRENT_HOST": "a", "SM_TRAINING_ENV": '{"master_hostname": 1}'}

    assert SageMakerEnvironment.load(environ).is_leader


PROCESSING = {
    "ProcessingJobName": "prepare-7",
    "ProcessingInputs": [{"InputName": "raw", "S3Input": {"LocalPath": "/in"}}],
    "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": {"LocalPath": "/out"}}]},
}


def write_processing_files(base, files):
    (base / "config").mkdir()
    for name, content in files.items():
        (base / "config" / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return {"SAGEMAKER_BASE_DIR": str(base)}


def test_a_processing_job_has_inputs_outputs_hosts_and_a_name_and_nothing_of_a_training_job(tmp_path):
    files = {"processingjobconfig.json": PROCESSING, "resourceconfig.json": {"hosts": ["b", "a"], "current_host": "b"}}
    (tmp_path / "checkpoints").mkdir()
    environment = SageMakerEnvironment.load(write_processing_files(tmp_path, files))

    assert environment
    assert (environment.channels, environment.outputs) == ({"raw": "/in"}, {"out": "/out"})
    assert (environment.job_name, environment.hosts, environment.host_rank) == ("prepare-7", ("b", "a"), 1)
    assert (environment.model_dir, environment.output_dir, environment.checkpoint_dir) == (None, None, None)
    assert environment.problems == ()


def test_the_directories_of_a_processing_job_have_its_file_as_their_source(tmp_path):
    job = Job(write_processing_files(tmp_path, {"processingjobconfig.json": PROCESSING}))

    assert job.channels == {"raw": ("/in", "/in", "processingjobconfig.json")}
    assert job.outputs == {"out": ("/out", "/out", "processingjobconfig.json")}


@pytest.mark.parametrize("file", ["processingjobconfig.json", "resourceconfig.json"])
def test_every_file_of_a_processing_job_is_read_at_once(tmp_path, file):
    job = Job(write_processing_files(tmp_path, {"processingjobconfig.json": PROCESSING, file: "{"}))
    job.read_all()

    assert [problem.partition(" is ")[0] for problem in job.problems] == [str(tmp_path / "config" / file)]


@pytest.mark.parametrize("variable", ["SM_HPS", "SM_TRAINING_ENV", "SM_INPUT_DATA_CONFIG"])
def test_every_object_in_a_variable_is_read_at_once(variable):
    job = Job({variable: "{"})
    job.read_all()

    assert [problem.partition(" is ")[0] for problem in job.problems] == [variable]


def test_the_files_of_a_training_job_come_before_those_of_a_processing_job(tmp_path):
    environ = write_processing_files(tmp_path, {"processingjobconfig.json": PROCESSING})
    write_files(tmp_path, {"hyperparameters.json": {"lr": "1"}})
    environment = SageMakerEnvironment.load(environ)

    assert (environment.hyperparameters, environment.channels, environment.outputs) == ({"lr": 1}, {}, {})


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ("{", 1),
        ("[]", 1),
        ({}, 0),
        ({"ProcessingInputs": 1, "ProcessingOutputConfig": []}, 0),
        ({"ProcessingInputs": [1, {"InputName": "a"}, {"InputName": "b", "S3Input": 1}, {"S3Input": {"LocalPath": 2}}]}, 0),
        ({"ProcessingOutputConfig": {"Outputs": {"OutputName": "a"}}}, 0),
    ],
)
def test_a_processing_job_whose_file_has_another_shape_has_no_inputs_and_no_outputs(tmp_path, content, problems):
    environment = SageMakerEnvironment.load(write_processing_files(tmp_path, {"processingjobconfig.json": content}))

    assert (environment.channels, environment.outputs, len(environment.problems)) == ({}, {}, problems)


def test_the_environment_is_immutable():
    environment = SageMakerEnvironment.load({"SM_HPS": '{"lr": 1}', "SM_MODEL_DIR": "/m"})

    with pytest.raises(AttributeError, match="immutable"):
        environment.model_dir = "/elsewhere"
    with pytest.raises(AttributeError, match="immutable"):
        del environment.model_dir
    with pytest.raises(TypeError):
        environment.hyperparameters["lr"] = 2


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_has_the_same_attributes_and_is_immutable_too(copied):
    environment = SageMakerEnvironment.load(SageMakerJob({"lr": 0.1}, ["train"], hosts=2, host="algo-2").environ)
    copy_of_it = copied(environment)

    assert repr(copy_of_it) == repr(environment)
    assert (bool(copy_of_it), copy_of_it.is_leader) == (True, False)
    with pytest.raises(AttributeError, match="immutable"):
        copy_of_it.hosts = ()


def test_the_repr_masks_secrets_at_any_depth():
    environment = SageMakerEnvironment.load(
        {
            "SM_HPS": '{"api_token": "s3cr3t", "login": {"password": "s3cr3t", "user": "me"}, "lr": 0.1}',
            "SM_FRAMEWORK_PARAMS": '{"sagemaker_private_url": "s3cr3t", "list": [{"key": "s3cr3t"}]}',
        }
    )

    assert "s3cr3t" not in repr(environment)
    assert "'api_token': '******'" in repr(environment)
    assert "{'password': '******', 'user': 'me'}" in repr(environment)


def test_the_repr_ends_with_the_problems():
    environment = SageMakerEnvironment.load({"TRAINING_JOB_NAME": "job-7", "SM_HPS": "[]"})

    assert repr(environment) == "SageMakerEnvironment(job_name='job-7', problems=['SM_HPS is not a JSON object'])"


def test_the_process_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("SM_CURRENT_HOST", "algo-3")

    assert SageMakerEnvironment.load().current_host == "algo-3"


def test_a_mapping_that_replaces_os_environ_is_read(monkeypatch):
    monkeypatch.setattr(os, "environ", {"SM_CURRENT_HOST": "algo-3", "TRAINING_JOB_NAME": "job-7"})

    environment = SageMakerEnvironment.load(os.environ)

    assert (environment.current_host, environment.job_name) == ("algo-3", "job-7")


def test_changing_a_value_does_not_change_the_environment():
    environ = {"SM_HPS": '{"layers": [1]}', "SM_RESOURCE_CONFIG": '{"hosts": []}', "SM_TOPOLOGY": '[{"hosts": []}]'}
    environment = SageMakerEnvironment.load(environ)

    environment.hyperparameters["layers"].append(2)
    environment.topology[0]["hosts"].append("algo-9")
    environment.resource_config["hosts"].append("algo-9")

    assert environment.hyperparameters == {"layers": [1]}
    assert environment.resource_config == {"hosts": []}
    assert environment.topology == ({"hosts": []},)
    with pytest.raises(AttributeError, match="no attribute nothing"):
        operator.attrgetter("nothing")(environment)


@pytest.mark.parametrize(
    ("hyperparameters", "exported"),
    [
        ({"a": "it's", "b": "don't"}, {"SM_HP_A": "its\nexport SM_HP_B=dont", "SM_HPS": '{"a": "its, b: dont"}'}),
        ({"a": "it's", "b": 1}, {"SM_MASTER_ADDR": "algo-1", "SM_HP_A": "its\nexport SM_HP_B=1\nexport SM_HPS={a:"}),
        ({"a": ["it's", ";"]}, {"SM_HP_A": '["its, ', "SM_HPS": '{"a": ["its, '}),
        ({"a": "it's $Q's", "b": "it"}, {"SM_HP_A": "its", "SM_HP_B": "it", "SM_HPS": '{"a": "its s", "b": "it"}'}),
    ],
    ids=["two values", "an odd number", "a semicolon after it", "a variable after it"],
)
@pytest.mark.parametrize("apostrophe", ["'", "\\u0027"])
def test_if_bash_read_apostrophes_as_quotes_the_values_come_from_the_file(tmp_path, hyperparameters, exported, apostrophe):
    """SDK v3 exports values in single quotes: the first apostrophe ends a quotation, the next begins one."""
    write_files(tmp_path, {"hyperparameters.json": json.dumps(encoded(hyperparameters)).replace("'", apostrophe)})

    read = Job({"SAGEMAKER_BASE_DIR": str(tmp_path), **exported}).hyperparameters

    assert values_of(read) == hyperparameters
    assert {value.source for value in read.values()} == {"hyperparameters.json"}


@pytest.mark.parametrize("name", ["q$1", "q`true`", "q;z", "q z", 'q"', "q\\"])
def test_if_bash_expanded_a_name_the_values_come_from_the_file(tmp_path, name):
    """SDK v3 does not quote the names that it exports: SM_HP_q$1 becomes SM_HP_q."""
    hyperparameters = {"q": "", name: False}
    write_files(tmp_path, {"hyperparameters.json": encoded(hyperparameters)})
    exported = {"SM_HP_Q": "false", "SM_HPS": json.dumps(hyperparameters), "SM_SOURCE_DIR": "/opt/ml/input/data/code"}

    read = Job({"SAGEMAKER_BASE_DIR": str(tmp_path), **exported}).hyperparameters

    assert values_of(read) == hyperparameters


@pytest.mark.parametrize("environ", [{}, {"SM_HPS": '{"a": "it\'s", "b": 2}'}], ids=["own container", "toolkit"])
def test_variables_that_kept_their_apostrophes_come_before_the_file(tmp_path, environ):
    write_files(tmp_path, {"hyperparameters.json": encoded({"a": "it's", "b": 1})})

    environment = SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path), "SM_HP_B": "2", **environ})

    assert environment.hyperparameters["b"] == 2


@pytest.mark.parametrize("text", ["1e-3", "00123", "true", "1.0"])
def test_a_text_that_looks_like_json_stays_a_text_if_another_copy_shows_it(text):
    hyperparameters = Job({"SM_HP_ZIP": text, "SM_HPS": json.dumps({"zip": text})}).hyperparameters

    assert values_of(hyperparameters) == {"zip": text}
    assert hyperparameters["zip"].source == "SM_HP_ZIP"


@pytest.mark.parametrize(
    "environ",
    [
        {"SM_HPS": '{"zip": "5"}'},
        {"SM_TRAINING_ENV": '{"hyperparameters": {"zip": "5"}}'},
        {"SM_HPS": '{"zip":"5"}', "SM_TRAINING_ENV": '{"hyperparameters": {"zip": "5"}}'},
    ],
    ids=["SM_HPS", "SM_TRAINING_ENV", "both, in different spellings"],
)
def test_a_text_in_sm_hps_or_sm_training_env_stays_a_text(environ):
    assert SageMakerEnvironment.load(environ).hyperparameters == {"zip": "5"}


def test_elements_of_a_list_read_the_same_from_a_file_and_from_a_variable(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": {"x": '["\\u00e9"]'}})

    for environ in ({"SAGEMAKER_BASE_DIR": str(tmp_path)}, {"SM_HPS": '{"x": ["é"]}'}, {"SM_HP_X": '["\\u00e9"]'}):
        assert Job(environ).hyperparameters["x"].text == '["é"]'


@pytest.mark.parametrize("variable", ["SM_HP_OPT", "SM_HPS"])
def test_the_order_of_an_objects_keys_does_not_change_its_source(tmp_path, variable):
    write_files(tmp_path, {"hyperparameters.json": encoded({"opt": {"name": "adam", "betas": [0.9]}})})
    text = '{"betas":[0.9],"name":"adam"}'
    environ = {"SAGEMAKER_BASE_DIR": str(tmp_path), variable: text if variable == "SM_HP_OPT" else f'{{"opt": {text}}}'}

    assert Job(environ).hyperparameters["opt"].source == variable


@pytest.mark.parametrize(
    ("environ", "count"),
    [
        ({}, 1),
        ({"SM_NUM_GPUS": "0", "SM_NUM_NEURONS": "2"}, 2),
        ({"SM_NUM_GPUS": "8"}, 8),
        ({"SM_NUM_GPUS": "8", "SM_FRAMEWORK_PARAMS": '{"sagemaker_mpi_num_of_processes_per_host": 4}'}, 4),
        ({"SM_NUM_GPUS": "8", "SM_DISTRIBUTED_CONFIG": '{"process_count_per_node": 2}'}, 2),
        ({"SM_NUM_GPUS": "8", "SM_DISTRIBUTED_CONFIG": '{"process_count_per_node": null}'}, 8),
    ],
)
def test_a_launcher_starts_as_many_processes_as_the_job_says_or_as_there_are_gpus(environ, count):
    assert SageMakerEnvironment.load(environ).processes_per_host == count


def test_a_number_in_the_file_comes_before_the_same_text_in_a_variable(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": '{"fold": 5, "name": "a"}'})
    environ = {"SAGEMAKER_BASE_DIR": str(tmp_path), "SM_HPS": '{"fold": "5", "name": "a"}'}

    assert SageMakerEnvironment.load(environ).hyperparameters == {"fold": 5, "name": "a"}


def test_the_variables_of_a_job_are_a_mapping():
    variables = Job({"SM_CHANNELS": '["a"]', "SM_NUM_GPUS": "", "SM_ELSE": "1"}).variables

    assert (list(variables), len(variables), bool(variables)) == (["SM_CHANNELS"], 1, True)
    assert "SM_ELSE" not in variables


def test_a_broken_file_with_an_apostrophe_is_a_problem_and_the_variables_have_the_values(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": "{'lr'"})
    environment = SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path), "SM_HPS": '{"lr": 1}'})

    assert environment.hyperparameters == {"lr": 1}
    assert [problem.partition(" is ")[2][:14] for problem in environment.problems] == ["not valid JSON"]


def test_the_text_null_in_the_file_comes_before_null_in_a_variable(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": {"x": '"null"'}})

    environ = {"SAGEMAKER_BASE_DIR": str(tmp_path), "SM_HPS": '{"x": null}'}
    assert SageMakerEnvironment.load(environ).hyperparameters == {"x": "null"}


def test_each_broken_source_is_a_problem_of_its_own(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": "[]", "resourceconfig.json": "{"})
    environ = {"SAGEMAKER_BASE_DIR": str(tmp_path), "SM_HPS": "[]", "SM_TRAINING_ENV": "{", "SM_INPUT_DATA_CONFIG": "1"}

    assert len(SageMakerEnvironment.load(environ).problems) == 5


def test_a_variable_of_a_training_job_comes_before_the_file_of_a_processing_job(tmp_path):
    environ = write_processing_files(tmp_path, {"processingjobconfig.json": PROCESSING})

    assert SageMakerEnvironment.load(environ).job_name == "prepare-7"
    assert SageMakerEnvironment.load({**environ, "SM_TRAINING_ENV": "{}"}).job_name is None


def test_a_directory_without_the_file_of_a_processing_job_is_not_one(tmp_path):
    environ = write_processing_files(tmp_path, {"resourceconfig.json": {"current_host": "algo-1"}})

    assert SageMakerEnvironment.load(environ).current_host is None


def test_a_channel_alone_makes_a_job():
    assert SageMakerEnvironment.load({"SM_CHANNEL_TRAIN": "/data"})
    assert not SageMakerEnvironment.load({"SM_OTHER": "1"})


@pytest.mark.parametrize("name", ["sagemaker_program", "_tuning_objective_metric", "default_user_module_name"])
def test_the_environment_has_none_of_the_platforms_own_hyperparameters(name):
    assert SageMakerEnvironment.load({"SM_HPS": json.dumps({name: "x", "lr": 1})}).hyperparameters == {"lr": 1}
