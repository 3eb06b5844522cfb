"""Problems that SageMaker users reported: one test for each thread, in a child process with the platform's environment."""

import json
import shlex
import sys

import pytest
from platforms import Job, encoded, unquoted, with_eval_set, without, write_files

from smargs.testing import SageMakerJob

HEAD = "from smargs import SageMakerArgumentParser as ArgumentParser\nimport json\nparser = ArgumentParser()\n"
TAIL = "\nprint(json.dumps(vars(parser.parse_args()), default=str))\n"
PLATFORMS = pytest.mark.parametrize("platform", ["toolkit", "sdk"])


@pytest.fixture
def parsed(run_script):
    """Run a script that declares some arguments, in a child process, and return the attributes of its namespace."""

    def parse(declarations, job, through=None):
        result = run_script(HEAD + declarations + TAIL, job, through)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return parse


def through_unquoting_shell(script, job):
    """The command of a toolkit before 5.1: one text for /bin/sh, without quotes."""
    return ["/bin/sh", "-c", " ".join([sys.executable, str(script), *job.argv])]


@PLATFORMS
@pytest.mark.parametrize("value", ["two words", 'say "hi" now', '{"a": [1, 2]}', "back\\slash"])
def test_a_value_that_a_shell_splits_arrives_whole(parsed, platform, value):
    """aws/sagemaker-training-toolkit #128, aws/sagemaker-containers #263."""
    job = SageMakerJob({"note": value, "epochs": 3}, platform=platform)

    assert parsed("parser.add_argument('--note')\nparser.add_argument('--epochs', type=int)", job, through_unquoting_shell) == {
        "note": value,
        "epochs": 3,
    }


@PLATFORMS
def test_a_list_fills_nargs_plus_element_by_element(parsed, platform):
    """aws/sagemaker-python-sdk #613."""
    assert parsed(
        "parser.add_argument('--layers', nargs='+', type=int)", SageMakerJob({"layers": [256, 128]}, platform=platform)
    ) == {"layers": [256, 128]}


@PLATFORMS
@pytest.mark.parametrize("value", [True, False])
def test_a_flag_takes_a_boolean(parsed, platform, value):
    """huggingface/accelerate #980, aws/sagemaker-python-sdk #2689."""
    assert parsed("parser.add_argument('--fp16', action='store_true')", SageMakerJob({"fp16": value}, platform=platform)) == {
        "fp16": value
    }


@PLATFORMS
@pytest.mark.parametrize("value", [False, "False", "false"])
def test_type_bool_reads_false_as_false(parsed, platform, value):
    """aws/sagemaker-python-sdk #4247."""
    assert parsed("parser.add_argument('--amp', type=bool, default=True)", SageMakerJob({"amp": value}, platform=platform)) == {
        "amp": False
    }


@PLATFORMS
@pytest.mark.parametrize(
    ("sent", "declared"), [("train_batch_size", "--train-batch-size"), ("train-batch-size", "--train_batch_size")]
)
def test_hyphens_and_underscores_are_the_same(parsed, platform, sent, declared):
    """huggingface/notebooks #52."""
    assert parsed(f"parser.add_argument('{declared}', type=int)", SageMakerJob({sent: 32}, platform=platform)) == {
        "train_batch_size": 32
    }


@PLATFORMS
def test_hyperparameters_that_are_not_on_the_command_line_are_read(parsed, platform):
    """aws/sagemaker-python-sdk #5226: a ModelTrainer with a command."""
    job = Job(SageMakerJob({"epochs": 3}, platform=platform).environ, ["--mode", "fast"])

    assert parsed("parser.add_argument('--epochs', type=int)\nparser.add_argument('--mode')", job) == {
        "epochs": 3,
        "mode": "fast",
    }


def test_a_custom_container_reads_the_files(parsed, tmp_path):
    """aws/sagemaker-training-toolkit #107, aws/sagemaker-python-sdk #2418."""
    write_files(
        tmp_path,
        {
            "hyperparameters.json": encoded({"epochs": 3}),
            "inputdataconfig.json": {"train": {}},
            "resourceconfig.json": {"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]},
        },
    )
    declarations = "\n".join(
        f"parser.add_argument('{name}')" for name in ("--epochs", "--train", "--hosts", "--current-host", "--model-dir")
    )

    assert parsed(declarations, Job({"SAGEMAKER_BASE_DIR": str(tmp_path)}, [])) == {
        "epochs": "3",
        "train": f"{tmp_path}/input/data/train",
        "hosts": ["algo-1", "algo-2"],
        "current_host": "algo-1",
        "model_dir": f"{tmp_path}/model",
    }


@pytest.mark.parametrize("text", ["adam", '"adam"'], ids=["boto3", "SDK"])
def test_plain_and_encoded_texts_give_the_same_value(parsed, tmp_path, text):
    """aws/sagemaker-containers #179 (plain) and aws/sagemaker-python-sdk #5317 (an extra pair of quotes)."""
    write_files(tmp_path, {"hyperparameters.json": {"optimizer": text, "epochs": "3"}})
    job = Job({"SAGEMAKER_BASE_DIR": str(tmp_path)}, [])

    assert parsed("parser.add_argument('--optimizer')\nparser.add_argument('--epochs', type=int)", job) == {
        "optimizer": "adam",
        "epochs": 3,
    }


def test_training_is_filled_from_the_channel_train(parsed):
    """aws/amazon-sagemaker-examples #995, awsdocs/amazon-sagemaker-developer-guide #251."""
    assert parsed("parser.add_argument('--training', required=True)", SageMakerJob(channels=["train"])) == {
        "training": "/opt/ml/input/data/train"
    }


def test_a_missing_channel_is_an_error_that_lists_the_channels(run_script):
    """aws/amazon-sagemaker-examples #995, here without a channel of a similar name."""
    result = run_script(
        HEAD + "parser.add_argument('--labels', required=True)" + TAIL, SageMakerJob(channels=["train", "images"])
    )

    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == (
        "train.py: error: the following arguments are required: "
        "--labels (neither SM_HP_LABELS nor SM_CHANNEL_LABELS is set; the job's channels: images, train)"
    )


@PLATFORMS
def test_a_script_is_filled_if_a_shell_entry_point_passes_no_arguments(parsed, platform):
    """aws/sagemaker-training-toolkit #119, aws/sagemaker-python-sdk #3101: dash drops variables with hyphens in their names."""

    def entry_point(script, job):
        return ["/bin/sh", "-c", f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}", *job.argv]

    job = with_eval_set({"batch-size": 64, "note": "a b"}, platform)

    assert parsed(
        "parser.add_argument('--batch-size', type=int)\nparser.add_argument('--note')\nparser.add_argument('--eval-set')",
        job,
        entry_point,
    ) == {"batch_size": 64, "note": "a b", "eval_set": "/opt/ml/input/data/eval-set"}


def test_internal_hyperparameters_are_ignored_unless_declared(parsed):
    """SDK v3 puts them on the command line."""
    job = SageMakerJob({"epochs": 3, "sagemaker_program": "train.py", "_tuning_objective_metric": "loss"}, platform="sdk")

    assert parsed("parser.add_argument('--epochs', type=int)", job) == {"epochs": 3}
    assert parsed("parser.add_argument('--epochs', type=int)\nparser.add_argument('--sagemaker_program')", job) == {
        "epochs": 3,
        "sagemaker_program": "train.py",
    }


@PLATFORMS
def test_a_channel_with_a_hyphen_fills_its_argument(parsed, platform):
    """SDK v3: bash refuses the name SM_CHANNEL_EVAL-SET."""
    job = with_eval_set({}, platform)

    assert parsed("parser.add_argument('--eval-set')", job) == {"eval_set": "/opt/ml/input/data/eval-set"}


def test_a_value_with_an_apostrophe_is_read_from_the_file(parsed, tmp_path):
    """SDK v3: bash removes it from SM_HPS, from SM_HP_* and from the command line."""
    hyperparameters = {"note": "say 'no'", "epochs": 3}
    job = SageMakerJob(hyperparameters, platform="sdk")
    write_files(tmp_path, {"hyperparameters.json": encoded(hyperparameters)})
    assert "'" not in job.environ["SM_HPS"] + "".join(job.argv)

    job.environ["SAGEMAKER_BASE_DIR"] = str(tmp_path)

    assert parsed("parser.add_argument('--note')\nparser.add_argument('--epochs', type=int)", job) == hyperparameters


GUIDE = """
import os
parser.add_argument('model_dir', type=str{model_dir})
parser.add_argument('channel_names'{channels})
parser.add_argument('--train', type=str)
parser.add_argument('--test', type=str)
parser.add_argument('current_host', type=str)
parser.add_argument('hosts'{hosts})
parser.add_argument('num_gpus', type=int)
parser.add_argument('--batch-size', type=int)
parser.add_argument('--learning-rate', type=float)
parser.add_argument('--communicator')
"""


@PLATFORMS
@pytest.mark.parametrize(
    "defaults",
    [
        {"model_dir": "", "channels": "", "hosts": ""},
        {
            "model_dir": ", default=os.environ['SM_MODEL_DIR']",
            "channels": ", default=json.loads(os.environ['SM_CHANNELS'])",
            "hosts": ", default=json.loads(os.environ['SM_HOSTS'])",
        },
        {"model_dir": "", "channels": ", type=list", "hosts": ", type=list"},
    ],
    ids=["bare", "with the guide's defaults", "as lists"],
)
def test_the_developer_guides_positionals_are_filled_typed_and_optional(parsed, platform, defaults):
    """The page "Environmental Variables used by Amazon SageMaker Containers Important for Running User Scripts"."""
    job = SageMakerJob(
        {"batch-size": "256", "learning-rate": "0.0001", "communicator": "pure_nccl"},
        ["train", "testing"],
        hosts=2,
        platform=platform,
    )

    assert parsed(GUIDE.format(**defaults), job) == {
        "model_dir": "/opt/ml/model",
        "channel_names": ["testing", "train"] if platform == "toolkit" else ["train", "testing", "code", "sm_drivers"],
        "train": "/opt/ml/input/data/train",
        "test": "/opt/ml/input/data/testing",
        "current_host": "algo-1",
        "hosts": ["algo-1", "algo-2"],
        "num_gpus": int(job.environ["SM_NUM_GPUS"]),
        "batch_size": 256,
        "learning_rate": 0.0001,
        "communicator": "pure_nccl",
    }


@pytest.mark.parametrize("typed", ['["algo-1", "algo-2"]', "algo-1,algo-2", "['algo-1', 'algo-2']"])
def test_type_list_on_hosts_does_not_split_a_typed_value_into_characters(parsed, typed):
    """Many example scripts declare ``--hosts`` so."""
    assert parsed("parser.add_argument('--hosts', type=list)", Job({}, ["--hosts", typed])) == {"hosts": ["algo-1", "algo-2"]}


@PLATFORMS
@pytest.mark.parametrize(
    "change", [lambda job: job, unquoted, lambda job: without(job, "SM_HP_"), lambda job: without(job, "SM_HPS", "SM_T")]
)
def test_null_is_none(parsed, platform, change):
    """``int('')`` was an error on each platform."""
    assert parsed(
        "parser.add_argument('--seed', type=int, default=7)", change(SageMakerJob({"seed": None}, platform=platform))
    ) == {"seed": None}


@PLATFORMS
@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        ("'--node-rank', type=int, default=0", 1),
        ("'--machine_rank', type=int", 1),
        ("'--nnodes', type=int, default=1", 2),
        ("'--num-nodes', type=int", 2),
        ("'--num_machines', type=int", 2),
        ("'--master-addr', default='127.0.0.1'", "algo-1"),
        ("'--master_port', type=int", 7777),
    ],
)
def test_the_arguments_of_a_launcher_are_filled_from_the_hosts(parsed, platform, declaration, value):
    """ultralytics/yolov5 #12811."""
    job = SageMakerJob(hosts=2, host="algo-2", platform=platform)

    assert list(parsed(f"parser.add_argument({declaration})", job).values()) == [value]


@PLATFORMS
def test_an_argument_whose_type_the_number_of_hosts_does_not_fit_keeps_its_default(parsed, platform):
    """ultralytics/yolov5 #12811."""
    job = SageMakerJob(hosts=2, platform=platform)

    declaration = "parser.add_argument('--num-nodes', choices=['one', 'many'], default='one')"

    assert parsed(declaration, job) == {"num_nodes": "one"}


@PLATFORMS
@pytest.mark.parametrize("option", ["--job-name", "--training-job-name", "--training_job_name"])
def test_the_name_of_the_training_job_fills_an_argument(parsed, platform, option):
    """aws/amazon-sagemaker-examples #199, aws/sagemaker-tensorflow-training-toolkit #33."""
    job = Job({**SageMakerJob(platform=platform).environ, "TRAINING_JOB_NAME": "resnet-7"}, [])

    assert list(parsed(f"parser.add_argument('{option}', default='mine')", job).values()) == ["resnet-7"]


@pytest.mark.parametrize("option", ["--checkpoint-dir", "--checkpoints_dir", "--ckpt-dir", "--checkpoint-local-path"])
def test_an_argument_for_the_checkpoints_takes_the_directory_of_the_job(parsed, tmp_path, option):
    """aws/sagemaker-tensorflow-training-toolkit #346, aws/sagemaker-python-sdk #1040 and #634, and others."""
    write_files(tmp_path, {"checkpointconfig.json": '{"S3Uri": "s3://b/k", "LocalPath": "/opt/ml/saved"}'})
    job = Job({"SAGEMAKER_BASE_DIR": str(tmp_path)}, [])

    assert list(parsed(f"parser.add_argument('{option}', default='here')", job).values()) == ["/opt/ml/saved"]


def processing_job(base, *argv):
    """A processing job of two hosts with the inputs `raw` and `code` and the outputs `train` and `report`."""
    config = {
        "ProcessingJobName": "prepare-7",
        "ProcessingInputs": [
            {"InputName": "raw", "S3Input": {"LocalPath": "/opt/ml/processing/input/raw", "S3Uri": "s3://b/raw"}},
            {"InputName": "query", "DatasetDefinition": {"LocalPath": "/opt/ml/processing/query"}},
            {"InputName": "code", "S3Input": {"LocalPath": "/opt/ml/processing/input/code", "S3Uri": "s3://b/code"}},
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {"OutputName": "train", "S3Output": {"LocalPath": "/opt/ml/processing/train", "S3Uri": "s3://b/train"}},
                {"OutputName": "features", "FeatureStoreOutput": {"FeatureGroupName": "g"}},
            ]
        },
    }
    directory = base / "config"
    directory.mkdir()
    (directory / "processingjobconfig.json").write_text(json.dumps(config), encoding="utf-8")
    resources = {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}
    (directory / "resourceconfig.json").write_text(json.dumps(resources), encoding="utf-8")
    return Job({"SAGEMAKER_BASE_DIR": str(base)}, list(argv))


def test_a_processing_job_fills_arguments_from_its_inputs_and_outputs(parsed, tmp_path):
    """aws/amazon-sagemaker-examples #2852."""
    declarations = "\n".join(
        f"parser.add_argument({names})"
        for names in (
            "'--raw'",
            "'--query-dir', required=True",
            "'--train-path'",
            "'--model-dir', default='model'",
            "'--epochs'",
        )
    )

    assert parsed(declarations, processing_job(tmp_path, "--epochs", "3")) == {
        "raw": "/opt/ml/processing/input/raw",
        "query_dir": "/opt/ml/processing/query",
        "train_path": "/opt/ml/processing/train",
        "model_dir": "model",
        "epochs": "3",
    }


def test_a_processing_job_has_hosts_and_a_name(parsed, tmp_path):
    """aws/amazon-sagemaker-examples #1075."""
    declarations = "\n".join(
        f"parser.add_argument('{name}')" for name in ("--hosts", "--current-host", "--node-rank", "--nnodes", "--job-name")
    )

    assert parsed(declarations, processing_job(tmp_path)) == {
        "hosts": ["algo-1", "algo-2"],
        "current_host": "algo-2",
        "node_rank": 1,
        "nnodes": 2,
        "job_name": "prepare-7",
    }


CONFIG = "parser.add_argument('-c', '--config', is_config_file=True)\nparser.add_argument('--lr', type=float, default=1.0)"


@PLATFORMS
@pytest.mark.parametrize("argv", [True, False], ids=["with the command line", "without"])
def test_a_hyperparameter_names_a_config_file(parsed, tmp_path, platform, argv):
    """aws/sagemaker-python-sdk #984 and #4197."""
    path = tmp_path / "train.ini"
    path.write_text("lr = 0.5\nepochs = 7\n", encoding="utf-8")
    job = SageMakerJob({"config": str(path), "epochs": 3}, platform=platform)
    job = job if argv else Job(job.environ, [])

    assert parsed(f"{CONFIG}\nparser.add_argument('--epochs', type=int)", job) == {
        "config": str(path),
        "lr": 0.5,
        "epochs": 3,
    }


def test_the_only_file_of_a_channel_is_the_config_file_of_its_name(parsed, tmp_path):
    """aws/sagemaker-python-sdk #984."""
    channel = tmp_path / "config"
    channel.mkdir()
    (channel / "train.ini").write_text("lr = 0.5\n", encoding="utf-8")

    assert parsed(CONFIG, Job({"SM_CHANNEL_CONFIG": str(channel)}, [])) == {"config": str(channel / "train.ini"), "lr": 0.5}


@pytest.mark.parametrize("names", [[], ["a.ini", "b.ini"]], ids=["no file", "two files"])
def test_a_channel_without_exactly_one_file_names_no_config_file(parsed, tmp_path, names):
    """aws/sagemaker-python-sdk #984."""
    channel = tmp_path / "config"
    channel.mkdir()
    for name in names:
        (channel / name).write_text("lr = 0.5\n", encoding="utf-8")

    assert parsed(CONFIG, Job({"SM_CHANNEL_CONFIG": str(channel)}, [])) == {"config": None, "lr": 1.0}


def test_a_channel_that_is_absent_names_no_config_file_in_a_job(parsed, tmp_path):
    """aws/sagemaker-python-sdk #984."""
    assert parsed(CONFIG, Job({"SM_CHANNEL_CONFIG": str(tmp_path / "absent")}, [])) == {"config": None, "lr": 1.0}


def test_a_typed_config_file_comes_before_that_of_a_hyperparameter(parsed, tmp_path):
    """aws/sagemaker-python-sdk #4197."""
    for name, rate in (("sent", 0.25), ("typed", 0.75)):
        (tmp_path / name).write_text(f"lr = {rate}\n", encoding="utf-8")
    job = SageMakerJob({"config": str(tmp_path / "sent")})

    assert parsed(CONFIG, Job(job.environ, [*job.argv, "-c", str(tmp_path / "typed")]))["lr"] == 0.75


@PLATFORMS
def test_a_variable_of_sagemaker_names_a_config_file(parsed, tmp_path, platform):
    """aws/sagemaker-python-sdk #4197."""
    (tmp_path / "train.ini").write_text("lr = 0.5\n", encoding="utf-8")
    job = SageMakerJob({"settings": str(tmp_path / "train.ini")}, platform=platform)

    declared = CONFIG.replace("is_config_file=True", "is_config_file=True, env_var='SM_HP_SETTINGS'")

    assert parsed(declared, job)["lr"] == 0.5


def test_a_hyperparameter_that_is_null_names_no_config_file(parsed):
    """aws/sagemaker-python-sdk #984."""
    assert parsed(CONFIG, Job(SageMakerJob({"config": None}).environ, [])) == {"config": None, "lr": 1.0}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("lr = fast", "argument --lr: invalid float value: 'fast' (from lr in {path})"),
        ("size = huge", "argument --size: invalid choice: 'huge' (choose from 'small') (from size in {path})"),
        ("layers = [1, x]", "argument --layers: invalid int value: 'x' (from layers in {path})"),
        ("epohcs = 3", "unrecognized arguments: epohcs (did you mean --epochs?) in {path}"),
        ("lr = 1\na = 2\nsise = 3", "unrecognized arguments: a, sise (did you mean --size?) in {path}"),
    ],
)
def test_an_error_in_a_config_file_names_the_file_and_the_key(run_script, tmp_path, content, line):
    """aws/sagemaker-python-sdk #4197."""
    path = tmp_path / "train.ini"
    path.write_text(content, encoding="utf-8")
    declarations = f"""{CONFIG}
parser.add_argument('--size', choices=['small'])
parser.add_argument('--layers', type=int, nargs='+')
parser.add_argument('--epochs')
"""
    result = run_script(HEAD + declarations + TAIL, SageMakerJob({"config": str(path)}))

    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == f"train.py: error: {line.format(path=path)}"


TOML = pytest.param(
    "TomlConfigParser(['tool.train'])",
    "[tool.train]\nlayers = [64, 32]\n",
    id="TOML",
    marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="Python reads TOML since 3.11"),
)


@pytest.mark.parametrize(
    ("parser_class", "content"),
    [
        pytest.param("DefaultConfigFileParser", "layers = [64, 32]\n", id="name = value"),
        pytest.param("YAMLConfigFileParser", "layers: [64, 32]\n", id="YAML"),
        pytest.param("IniConfigParser(['train'], False)", "[train]\nlayers = [64, 32]\n", id="INI"),
        TOML,
    ],
)
def test_a_config_file_of_a_job_has_any_format_of_configargparse(parsed, tmp_path, parser_class, content):
    """aws/sagemaker-python-sdk #984 and #4197."""
    (tmp_path / "train.conf").write_text(content, encoding="utf-8")
    declarations = f"""import configargparse
parser = ArgumentParser(config_file_parser_class=configargparse.{parser_class})
parser.add_argument('--config', is_config_file=True)
parser.add_argument('--layers', type=int, nargs='+')
"""

    assert parsed(declarations, SageMakerJob({"config": str(tmp_path / "train.conf")}))["layers"] == [64, 32]


DOTTED = "parser.add_argument('--model.lr', type=float)\nparser.add_argument('--model.optimizer.name')"


@PLATFORMS
@pytest.mark.parametrize("argv", [True, False], ids=["with the command line", "without"])
def test_an_object_fills_arguments_with_dotted_names(parsed, platform, argv):
    """aws/sagemaker-python-sdk #613, FAIR-Chem/fairchem #166."""
    job = SageMakerJob({"model": {"lr": 0.5, "optimizer": {"name": "adam"}}, "epochs": 3}, platform=platform)
    job = job if argv else Job(job.environ, [])

    assert parsed(f"{DOTTED}\nparser.add_argument('--epochs', type=int)", job) == {
        "model.lr": 0.5,
        "model.optimizer.name": "adam",
        "epochs": 3,
    }


@PLATFORMS
def test_an_undeclared_part_of_an_object_is_refused_by_its_dotted_name(run_script, platform):
    """aws/sagemaker-python-sdk #613."""
    job = SageMakerJob({"model": {"lr": 0.5, "optimiser": {"name": "adam"}, "width": 2}}, platform=platform)
    result = run_script(HEAD + DOTTED + TAIL, job)

    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == (
        "train.py: error: unrecognized hyperparameters: model.optimiser (did you mean --model.optimizer.name?), model.width"
    )


@PLATFORMS
def test_an_argument_for_the_whole_object_takes_it(parsed, platform):
    """aws/sagemaker-python-sdk #613."""
    job = SageMakerJob({"model": {"lr": 0.5}}, platform=platform)

    assert parsed("parser.add_argument('--model', type=dict)\nparser.add_argument('--model.lr', type=float)", job) == {
        "model": {"lr": 0.5},
        "model.lr": None,
    }


@PLATFORMS
def test_a_second_parser_may_declare_the_other_parts_of_an_object(run_script, platform):
    """aws/sagemaker-python-sdk #613."""
    source = """
from smargs import SageMakerArgumentParser
first, second = SageMakerArgumentParser(), SageMakerArgumentParser()
first.add_argument("--model.lr", type=float)
second.add_argument("--model.depth", type=int)
args, rest = first.parse_known_args()
print(args, second.parse_args(rest))
"""
    result = run_script(source, SageMakerJob({"model": {"lr": 0.5, "depth": 2}}, platform=platform))

    assert result.stdout == "Namespace(**{'model.lr': 0.5}) Namespace(**{'model.depth': 2})\n", result.stderr


PLACE = "s3://bucket/job/model"


@PLATFORMS
@pytest.mark.parametrize("argv", [True, False], ids=["with the command line", "without"])
def test_the_model_dir_that_tensorflows_estimator_sends_needs_no_argument(parsed, platform, argv):
    """aws/sagemaker-python-sdk #1720."""
    job = SageMakerJob({"model_dir": PLACE, "epochs": 3}, platform=platform)

    assert parsed("parser.add_argument('--epochs', type=int)", job if argv else Job(job.environ, [])) == {"epochs": 3}


def test_a_model_dir_that_is_not_an_s3_uri_needs_an_argument(run_script):
    """aws/sagemaker-python-sdk #1720."""
    result = run_script(HEAD + TAIL, SageMakerJob({"model_dir": "/data/model"}))

    assert (result.returncode, result.stderr.splitlines()[-1]) == (
        2,
        "train.py: error: unrecognized hyperparameter: model_dir",
    )


@PLATFORMS
def test_the_variable_of_the_model_comes_before_the_model_dir_that_tensorflows_estimator_sends(parsed, platform):
    """aws/sagemaker-python-sdk #1895, #1355, #634 and #1722."""
    job = SageMakerJob({"model_dir": PLACE}, platform=platform)

    assert parsed("parser.add_argument('--model_dir', env_var='SM_MODEL_DIR')", job) == {"model_dir": "/opt/ml/model"}


@PLATFORMS
def test_a_model_that_the_job_does_not_pack_is_a_warning(run_script, platform):
    """aws/sagemaker-tensorflow-training-toolkit #340."""
    script = f"{HEAD}parser.add_argument('--model_dir')\nparser.parse_known_args(){TAIL}"
    result = run_script(script, SageMakerJob({"model_dir": PLACE}, platform=platform))

    assert json.loads(result.stdout) == {"model_dir": PLACE}
    assert result.stderr.count('declare env_var="SM_MODEL_DIR"') == 2, "once for each of the two parses"


def own_container(base, *argv):
    return Job({"SAGEMAKER_BASE_DIR": str(write_files(base, {"hyperparameters.json": {"epochs": "3"}}))}, list(argv))


def test_the_services_own_token_is_not_unrecognized_in_an_own_container(parsed, tmp_path):
    """aws/sagemaker-training-toolkit #65, flyteorg/flytekit #156."""
    assert parsed("parser.add_argument('--epochs', type=int)", own_container(tmp_path, "train")) == {"epochs": 3}
    assert parsed("parser.add_argument('--epochs', type=int)", own_container(tmp_path, "train", "--epochs", "4")) == {
        "epochs": 4
    }


def test_the_services_own_token_is_the_value_of_a_positional(parsed, tmp_path):
    """aws/sagemaker-training-toolkit #65."""
    declarations = "parser.add_argument('mode')\nparser.add_argument('--epochs', type=int)"

    assert parsed(declarations, own_container(tmp_path, "train")) == {"mode": "train", "epochs": 3}


def test_the_token_train_is_unrecognized_if_a_platform_started_the_script(run_script):
    """aws/sagemaker-training-toolkit #65."""
    result = run_script(HEAD + TAIL, Job(SageMakerJob().environ, ["train"]))

    assert (result.returncode, result.stderr.splitlines()[-1]) == (2, "train.py: error: unrecognized arguments: train")


@pytest.mark.parametrize(
    "text", ["ParameterInteger(name='Epochs')", "ExecutionVariable('PIPELINE_NAME')", "Join(on='/', values=['a'])"]
)
def test_the_error_for_the_text_of_a_pipeline_variable_names_it_as_one(run_script, text):
    """aws/sagemaker-python-sdk #2978 and #2631."""
    result = run_script(f"{HEAD}parser.add_argument('--epochs', type=int){TAIL}", SageMakerJob({"epochs": text}))

    assert result.returncode == 2
    assert f"invalid int value: {text!r} (from SM_HP_EPOCHS); this is a pipeline variable that" in result.stderr


def test_a_channel_in_pipe_mode_is_a_warning_that_names_the_pipes(run_script):
    """awslabs/ml-io #18."""
    environ = {
        "SM_CHANNELS": '["train", "test"]',
        "SM_INPUT_DATA_CONFIG": '{"train": {"TrainingInputMode": "Pipe"}, "test": {"TrainingInputMode": "File"}}',
    }
    declarations = "parser.add_argument('--train')\nparser.add_argument('--test')"
    result = run_script(HEAD + declarations + TAIL, Job(environ, []))

    assert json.loads(result.stdout) == {"train": "/opt/ml/input/data/train", "test": "/opt/ml/input/data/test"}
    assert "channel train is in Pipe mode: /opt/ml/input/data/train is no directory; each epoch has a pipe:" in result.stderr
    assert "channel test" not in result.stderr


def test_a_channel_in_pipe_mode_that_fills_no_argument_is_no_warning(run_script):
    """awslabs/ml-io #18."""
    environ = {
        "SM_CHANNELS": '["train", "test"]',
        "SM_INPUT_DATA_CONFIG": '{"train": {"TrainingInputMode": "Pipe"}, "other": 1}',
    }
    result = run_script(f"{HEAD}parser.add_argument('--test'){TAIL}", Job(environ, []))

    assert result.stderr == ""


@PLATFORMS
@pytest.mark.parametrize(
    ("value", "declaration", "message"),
    [
        (
            0.5,
            "default=1",
            "invalid int value: '0.5' (inferred from the default 1; a default such as 1.0 infers a float) (from SM_HP_X)",
        ),
        ("many", "default=1", "invalid int value: 'many' (inferred from the default 1; infer_types=False turns this off) "),
        ("maybe", "type=bool", "invalid bool value: 'maybe' (expected true, yes, on, 1, false, no, off or 0) (from SM_HP_X)"),
    ],
)
def test_an_error_says_what_to_change(run_script, platform, value, declaration, message):
    """aws/sagemaker-python-sdk #613 and #4247."""
    result = run_script(f"{HEAD}parser.add_argument('--x', {declaration}){TAIL}", SageMakerJob({"x": value}, platform=platform))

    assert result.returncode == 2
    assert f"argument --x: {message}" in result.stderr


def test_a_required_channel_that_is_missing_says_how_to_send_it(run_script):
    """The commonest first failure."""
    result = run_script(f"{HEAD}parser.add_argument('--train', required=True){TAIL}", SageMakerJob(channels=["images"]))

    assert result.stderr.splitlines()[-1] == (
        "train.py: error: the following arguments are required: --train (SM_CHANNEL_TRAIN is not set; "
        "the job's channels: images); to send a channel: fit({'train': 's3://...'}) or smargs run --channel train=DIRECTORY"
    )


@pytest.mark.parametrize(
    ("channels", "declarations", "is_warning"),
    [
        (["images"], "parser.add_argument('--train')", True),
        (["images"], "parser.add_argument('--train', default='here')", False),
        (["images"], "parser.add_argument('--epochs')", False),
        (["images", "train"], "parser.add_argument('--train')\nparser.add_argument('--test')", False),
        ([], "parser.add_argument('--train')", False),
    ],
    ids=["no channel", "with a default", "no argument for a channel", "one of two channels", "no channels"],
)
@PLATFORMS
def test_a_job_without_a_channel_for_any_argument_is_a_warning(run_script, platform, channels, declarations, is_warning):
    """The commonest first failure."""
    result = run_script(HEAD + declarations + TAIL, SageMakerJob(channels=channels, platform=platform))

    assert result.returncode == 0
    warning = "no channel of this job (images) has the name of an argument that takes one (--train): "
    assert (warning in result.stderr) is is_warning
    assert is_warning or result.stderr == ""


def test_a_required_input_of_a_processing_job_lists_its_inputs_and_outputs(run_script, tmp_path):
    """aws/amazon-sagemaker-examples #2852."""
    result = run_script(f"{HEAD}parser.add_argument('--test', required=True){TAIL}", processing_job(tmp_path))

    assert result.stderr.splitlines()[-1] == (
        "train.py: error: the following arguments are required: "
        "--test (no input or output has this name; the job has query, raw, train)"
    )


def test_in_a_job_an_error_shows_no_usage_of_more_than_ten_lines(run_script):
    """The commonest first failure."""
    declarations = "".join(f"parser.add_argument('--argument-{number}')\n" for number in range(40))
    in_a_job = run_script(HEAD + declarations + TAIL, SageMakerJob({"epochs": 1}))
    off_sagemaker = run_script(HEAD + declarations + TAIL, Job({}, ["--epochs", "1"]))

    assert in_a_job.stderr.splitlines() == [
        "usage: train.py ... (--help shows all 41 arguments)",
        "train.py: error: unrecognized hyperparameter: epochs",
    ]
    assert len(off_sagemaker.stderr.splitlines()) > 10
