"""Which value fills which argument."""

import copy
import json

import pytest
from platforms import with_eval_set

from smargs import SageMakerArgumentParser, _argparse
from smargs.arguments.matching import match
from smargs.container.job import Job
from smargs.testing import SageMakerJob


def parse(environ, *arguments, **settings):
    """The namespace of a parser with these arguments, in this environment."""
    parser = SageMakerArgumentParser(**settings)
    for argument in arguments:
        names, declaration = argument if isinstance(argument, tuple) else (argument, {})
        parser.add_argument(*names.split(), **declaration)
    return vars(parser.parse_known_args([], env_vars=environ)[0])


STANDARD = SageMakerJob(channels=["train", "eval-set"], hosts=2).environ


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("--model-dir", "/opt/ml/model"),
        ("--model_dir", "/opt/ml/model"),
        ("--sm-model-dir", "/opt/ml/model"),
        ("--SM_MODEL_DIR", "/opt/ml/model"),
        ("--output-data-dir", "/opt/ml/output/data"),
        ("--hosts", ["algo-1", "algo-2"]),
        ("--current-host", "algo-1"),
        ("--num-gpus", 0),
        ("--n_gpus", 0),
        ("--channels", ["eval-set", "train"]),
        ("--channel-names", ["eval-set", "train"]),
        ("--hps", None),
        ("--sm-hps", {}),
        ("--train", "/opt/ml/input/data/train"),
        ("--sm-channel-train", "/opt/ml/input/data/train"),
        ("--train-dir", "/opt/ml/input/data/train"),
        ("--train_path", "/opt/ml/input/data/train"),
        ("--train-data", "/opt/ml/input/data/train"),
        ("--train-data-dir", "/opt/ml/input/data/train"),
        ("--train-data-path", "/opt/ml/input/data/train"),
        ("--training", "/opt/ml/input/data/train"),
        ("--training-dir", "/opt/ml/input/data/train"),
        ("--eval_set", "/opt/ml/input/data/eval-set"),
        ("--eval-set-dir", "/opt/ml/input/data/eval-set"),
        ("-x --train", "/opt/ml/input/data/train"),
        ("--output-dir", None),
        ("--input-dir", None),
        ("--log-level", None),
        ("--data-dir", None),
        ("--eval", None),
        ("--dir", None),
        ("--trainable", None),
    ],
)
def test_a_name_matches_its_variable_or_channel(name, value):
    (filled,) = parse(STANDARD, name).values()

    assert filled == value


@pytest.mark.parametrize(
    ("name", "variable", "text"),
    [
        ("--sm-output-dir", "SM_OUTPUT_DIR", "/out"),
        ("--sm-log-level", "SM_LOG_LEVEL", 20),
        ("--sm-module-name", "SM_MODULE_NAME", "train"),
    ],
)
def test_a_general_name_matches_only_with_the_prefix(name, variable, text):
    bare = f"--{name[5:]}"

    filled = parse({variable: str(text)}, name, bare)

    assert filled == {name[2:].replace("-", "_"): text, bare[2:].replace("-", "_"): None}


def test_env_var_names_the_only_variable_of_an_argument():
    declared = ("--labels", {"env_var": "SM_CHANNEL_TRAIN"}), ("--train", {"env_var": "SM_CHANNEL_OTHER"})

    assert parse(STANDARD, *declared) == {"labels": "/opt/ml/input/data/train", "train": None}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SM_HP_BATCH_SIZE", "64"),
        ("SM_HP_BATCH-SIZE", "64"),
        ("SM_CHANNEL_EVAL_SET", "/opt/ml/input/data/eval-set"),
        ("SM_HOSTS", '["algo-1"]'),
        ("SM_HP_OTHER", None),
        ("SM_CHANNEL_OTHER", None),
        ("SM_TOPOLOGY", None),
    ],
)
def test_env_var_takes_its_value_from_any_source(variable, value):
    (filled,) = parse(with_eval_set({"batch-size": 64}, "sdk").environ, ("--x", {"env_var": variable, "type": str})).values()

    assert filled == value


def test_env_var_takes_a_value_that_only_sm_training_env_has():
    environ = {"SM_TRAINING_ENV": '{"current_host": "algo-7"}'}

    assert parse(environ, ("--x", {"env_var": "SM_CURRENT_HOST"})) == {"x": "algo-7"}


def test_env_var_on_a_flag_sets_the_flag_and_not_its_dest():
    declared = ("--quiet", {"action": "store_false", "dest": "verbose", "env_var": "SM_HP_QUIET"})

    assert parse({"SM_HP_QUIET": "true"}, declared) == {"verbose": False}
    assert parse({"SM_HP_QUIET": "false"}, declared) == {"verbose": True}


def test_env_var_of_sagemaker_may_be_on_a_positional():
    assert parse(STANDARD, ("labels", {"env_var": "SM_CHANNEL_TRAIN"})) == {"labels": "/opt/ml/input/data/train"}
    with pytest.raises(ValueError, match="positional"):
        parse({}, ("labels", {"env_var": "MY_LABELS"}))


def test_env_var_of_sagemaker_may_be_on_a_positional_of_a_group():
    parser = SageMakerArgumentParser()
    parser.add_argument_group("data").add_argument("labels", env_var="SM_CHANNEL_TRAIN")
    parser.add_mutually_exclusive_group().add_argument("other", nargs="?", env_var="SM_CHANNEL_EVAL_SET")

    assert vars(copy.deepcopy(parser).parse_args([], env_vars=STANDARD)) == {
        "labels": "/opt/ml/input/data/train",
        "other": "/opt/ml/input/data/eval-set",
    }


def test_configargparse_reads_an_undocumented_variable_in_env_var():
    assert parse({"SM_MINE": "5"}, ("--x", {"env_var": "SM_MINE"})) == {"x": "5"}
    assert parse({"SM_MINE": "5", "SM_NUM_GPUS": "0"}, ("--x", {"env_var": "SM_MINE"})) == {"x": "5"}


def test_a_hyperparameter_comes_before_a_variable_and_a_variable_before_a_channel():
    environ = SageMakerJob({"model_dir": "s3://bucket", "train": "t"}, ["train", "model_dir", "hosts"]).environ

    filled = parse(environ, "--model-dir", "--sm-model-dir", "--train", "--hosts")

    assert filled == {"model_dir": "s3://bucket", "sm_model_dir": "/opt/ml/model", "train": "t", "hosts": ["algo-1"]}


def test_an_argument_with_env_var_takes_no_hyperparameter_of_its_name():
    environ = SageMakerJob({"epochs": 3}).environ

    assert parse(environ, ("--epochs", {"env_var": "SM_HP_PASSES"})) == {"epochs": None}


def test_an_argument_takes_one_hyperparameter_of_its_two_names():
    parser = SageMakerArgumentParser()
    parser.add_argument("--lr", "--rate")
    job = SageMakerJob({"lr": 1, "rate": 2}).environ

    namespace, unknown = parser.parse_known_args([], env_vars=job)
    assert (namespace.lr, unknown) == ("1", ["--rate", "2"])


@pytest.mark.parametrize("arguments", [("-lr", "--lr"), ("--lr", "-lr")])
def test_the_option_that_the_platform_writes_comes_first(arguments):
    filled = parse({"SM_HPS": '{"lr": "here"}'}, *((option, {"dest": f"of {option}"}) for option in arguments))

    assert filled == {"of --lr": "here", "of -lr": None}


@pytest.mark.parametrize("option", ["-lr", "--LR"])
@pytest.mark.parametrize("place", [0, 1])
def test_an_option_string_in_any_spelling_comes_before_a_dest(option, place):
    declared = [("--rate", {"dest": "lr"})]
    declared.insert(place, (option, {"dest": "of the option"}))

    assert parse({"SM_HPS": '{"lr": "here"}'}, *declared) == {"lr": None, "of the option": "here"}


def test_exact_spelling_comes_before_folded_spelling():
    environ = SageMakerJob({"batch-size": 1, "batch_size": 2, "LR": 3, "lr": 4}).environ

    assert parse(environ, "--batch_size", ("--batch-size", {"dest": "hyphens"}), "--lr", ("--LR", {})) == {
        "batch_size": "2",
        "hyphens": "1",
        "lr": "4",
        "LR": "3",
    }


def test_one_hyperparameter_fills_one_argument():
    environ = SageMakerJob({"batch-size": 1}).environ

    assert parse(environ, "--batch-size", ("--batch_size", {"dest": "other"})) == {"batch_size": "1", "other": None}


def test_every_option_string_matches_and_then_the_dest():
    environ = SageMakerJob({"learning-rate": 1, "b": 2, "momentum": 3}).environ

    assert parse(environ, "--lr --learning-rate", "-b --batch", ("-m", {"dest": "momentum"})) == {
        "lr": "1",
        "batch": "2",
        "momentum": "3",
    }


@pytest.mark.parametrize("prefix", ["--", "++"])
def test_every_kind_of_value_matches_an_option_string(prefix):
    environ = {**SageMakerJob({"lr": 1, "momentum": 2}, ["train", "eval"]).environ, "SM_NUM_GPUS": "4.0"}
    names = ["lr", "model-dir", "train", "sm-hp-momentum", "sm-channel-eval", "num-gpus"]
    declared = [(f"{prefix}{name}", {"dest": f"x{place}"}) for place, name in enumerate(names)]

    assert list(parse(environ, *declared, prefix_chars=prefix[0]).values()) == [
        "1",
        "/opt/ml/model",
        "/opt/ml/input/data/train",
        "2",
        "/opt/ml/input/data/eval",
        4,
    ]


def test_other_prefix_characters_are_no_part_of_names():
    assert parse(SageMakerJob({"lr": 1}).environ, "++lr", prefix_chars="+") == {"lr": "1"}


def test_the_twin_is_used_only_if_the_channel_itself_is_absent():
    environ = SageMakerJob(channels=["train", "training", "validation", "testing"]).environ

    filled = parse(environ, "--train", "--training", "--val", "--test-dir")

    assert {name: path.rsplit("/", 1)[1] for name, path in filled.items()} == {
        "train": "train",
        "training": "training",
        "val": "validation",
        "test_dir": "testing",
    }


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize(
    ("channels", "directory"),
    [
        (["images"], "/opt/ml/input/data/images"),
        (["images", "labels"], None),
        ([], None),
        (["images", "data"], "/opt/ml/input/data/data"),
    ],
)
def test_data_dir_takes_the_only_channel_besides_the_platforms_own(channels, directory, platform):
    assert parse(SageMakerJob(channels=channels, platform=platform).environ, "--data-dir") == {"data_dir": directory}


@pytest.mark.parametrize(
    "declaration",
    [
        {"action": "store_true", "default": None},
        {"action": "count"},
        {"action": "store_const", "const": 5},
        {"type": float},
        {"choices": ["a"]},
        {"type": lambda text: {}[text]},
    ],
    ids=["flag", "count", "constant", "does not convert", "not among the choices", "type that fails"],
)
def test_an_inferred_value_that_does_not_fit_is_no_match(declaration):
    assert parse(STANDARD, ("--train", declaration), ("--model-dir", declaration)) == {"train": None, "model_dir": None}


def test_an_inferred_value_fills_no_flag_even_if_it_fits():
    environ = {**STANDARD, "SM_IS_HETERO": "true", "SM_NUM_CPUS": "2"}
    declared = (
        ("--is-hetero", {"action": "store_true"}),
        ("--num-cpus", {"action": "count"}),
        ("--train", {"action": "store_const", "const": "/opt/ml/input/data/train"}),
        ("--training", {"nargs": "?", "const": True, "default": False}),
    )

    assert parse(environ, *declared) == {"is_hetero": False, "num_cpus": None, "train": None, "training": False}


def test_an_inferred_value_is_the_only_element_of_a_list():
    declared = ("--train", {"nargs": 1}), ("--model-dir", {"nargs": 1})

    assert parse(STANDARD, *declared) == {"train": ["/opt/ml/input/data/train"], "model_dir": ["/opt/ml/model"]}


def test_if_an_inferred_value_does_not_fit_the_next_one_is_used():
    environ = dict(SageMakerJob(channels=["hosts"]).environ, SM_HOSTS="[]", SM_CHANNEL_HOSTS="/data/hosts")

    assert parse(environ, ("--hosts", {"type": lambda text: text if text.startswith("/") else int(text)})) == {
        "hosts": "/data/hosts"
    }


def test_a_default_that_is_a_value_of_sagemaker_is_kept():
    declared = (
        ("--output-data-dir", {"default": "/opt/ml/model"}),
        ("--train", {"default": "/opt/ml/input/data/eval-set"}),
        ("--num-gpus", {"default": "0", "type": int}),
        ("anything", {"default": "/opt/ml/model"}),
        ("--channels", {"default": ["algo-1", "algo-2"]}),
        ("--hosts", {"default": ["localhost"]}),
    )

    assert parse(STANDARD, *declared) == {
        "output_data_dir": "/opt/ml/model",
        "train": "/opt/ml/input/data/eval-set",
        "num_gpus": int(STANDARD["SM_NUM_GPUS"]),
        "anything": "/opt/ml/model",
        "channels": ["algo-1", "algo-2"],
        "hosts": ["algo-1", "algo-2"],
    }


def test_a_config_file_replaces_a_default_that_is_a_value_of_sagemaker():
    parser = SageMakerArgumentParser()
    parser.add_argument("--output-data-dir", default="/opt/ml/model")

    namespace = parser.parse_args([], env_vars=STANDARD, config_file_contents="output-data-dir = /config")

    assert namespace.output_data_dir == "/config"


def test_a_default_that_is_a_value_of_sagemaker_excludes_no_hyperparameter():
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group()
    group.add_argument("place", nargs="?", default="/opt/ml/model")
    group.add_argument("--uri")

    namespace = parser.parse_args([], env_vars={**STANDARD, "SM_HP_URI": "s3://bucket"})

    assert vars(namespace) == {"place": "/opt/ml/model", "uri": "s3://bucket"}


def test_a_hyperparameter_replaces_a_default_that_is_a_value_of_sagemaker():
    environ = {**STANDARD, "SM_HP_TRAIN": "t"}

    assert parse(environ, ("--train", {"default": "/opt/ml/model"})) == {"train": "t"}


def test_help_version_and_the_path_of_a_config_file_to_write_are_never_filled():
    parser = SageMakerArgumentParser(args_for_writing_out_config_file=["--write"])
    parser.add_argument("--version", action="version", version="1")
    environ = SageMakerJob({"help": True, "version": True, "write": "/nowhere"}).environ

    namespace, extras = parser.parse_known_args([], env_vars=environ)

    assert vars(namespace) == {"write_out_config_file_to_this_path": None}
    assert extras == ["--help", "True", "--version", "True", "--write", "/nowhere"]


@pytest.mark.parametrize(
    ("hyperparameters", "feature"),
    [({"feature": True}, True), ({"feature": False}, False), ({"no-feature": True}, False), ({"no_feature": False}, "default")],
)
def test_two_flags_with_one_dest_take_the_value_of_the_dest(hyperparameters, feature):
    declared = (
        ("--feature", {"action": "store_true", "default": "default"}),
        (
            "--no-feature",
            {"action": "store_false", "dest": "feature", "default": "default"},
        ),
    )

    assert parse(SageMakerJob(hyperparameters).environ, *declared) == {"feature": feature}


def test_a_flag_that_keeps_its_default_sets_no_flag_of_another_dest():
    declared = ("--feature", {"action": "store_true"}), ("--quiet", {"action": "store_false", "dest": "loud"})

    assert parse(SageMakerJob({"feature": False}).environ, *declared) == {"feature": False, "loud": True}


@pytest.mark.parametrize(("sent", "stored"), [("adam", "adam"), ("sgd", "sgd"), ("18", 18), (18, 18), (2, 2.0)])
def test_constants_with_one_dest_take_its_value(sent, stored):
    constants = "adam", "sgd", 18, 2.0
    declared = [(f"--use-{const}", {"action": "store_const", "const": const, "dest": "x"}) for const in constants]

    assert parse(SageMakerJob({"x": sent}).environ, *declared) == {"x": stored}


@pytest.mark.parametrize("name", ["--no-cuda", "--cpu-only"])
@pytest.mark.parametrize("cuda", [True, False])
def test_a_flag_that_matches_by_its_dest_takes_the_value_of_the_dest(name, cuda):
    declared = (name, {"action": "store_false", "dest": "cuda"})

    assert parse(SageMakerJob({"cuda": cuda}).environ, declared) == {"cuda": cuda}


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("SM_MODULE_NAME", "train"),
        ("SM_USER_ENTRY_POINT", "train"),
        ("SM_IS_HETERO", "train"),
        ("SM_FRAMEWORK_MODULE", "train"),
    ],
)
def test_a_default_that_equals_an_unrelated_variable_is_replaced(variable, text):
    assert parse({**STANDARD, variable: text}, ("--train", {"default": "train"})) == {"train": "/opt/ml/input/data/train"}


@pytest.mark.parametrize("text", ["/opt/ml/model", "/opt/ml/model/"])
def test_a_default_below_the_directory_is_kept_and_one_beside_it_is_replaced(text):
    defaults = "/opt/ml/model", "/opt/ml/model/1", "/opt/ml/model2"
    for name, declaration in (("--model-dir", {}), ("model_dir", {"nargs": "?"})):
        declared = [(name, {"default": default, **declaration}) for default in defaults]
        values = [parse({"SM_MODEL_DIR": text}, argument)["model_dir"] for argument in declared]

        assert values == ["/opt/ml/model", "/opt/ml/model/1", text]


def test_a_positional_that_needs_a_token_takes_the_directory_instead_of_its_default():
    assert parse({"SM_MODEL_DIR": "/opt/ml/model"}, ("model_dir", {"default": "/opt/ml/model/1"})) == {
        "model_dir": "/opt/ml/model"
    }


def test_an_empty_default_is_replaced_even_if_a_variable_is_empty():
    assert parse({"SM_CHANNELS": "[]", "SM_HOSTS": '["a"]'}, ("hosts", {"nargs": "*", "default": []})) == {"hosts": ["a"]}


def test_a_hyperparameter_matches_its_name_with_the_prefix():
    parser = SageMakerArgumentParser()
    parser.add_argument("--sm-hp-lr", type=float)

    assert vars(parser.parse_args([], env_vars={"SM_HPS": '{"lr": 1}'})) == {"sm_hp_lr": 1.0}


def test_a_name_that_begins_with_sm_is_no_variable_without_the_whole_prefix():
    environ = {"SM_HPS": '{"lr": 1, "small-batch": 2}'}

    assert parse(environ, "--sm-hp-lr", "--small-batch") == {"sm_hp_lr": "1", "small_batch": "2"}


def test_an_inferred_null_adds_nothing_to_a_list():
    assert parse({"SM_HOSTS": "null"}, ("--hosts", {"action": "append", "default": ["a"]})) == {"hosts": ["a"]}


def test_the_first_of_two_hyperparameters_in_other_spellings_fills_the_argument():
    assert parse({"SM_HPS": '{"Batch-Size": 1, "BATCH_SIZE": 2}'}, "--batch_size") == {"batch_size": "1"}


def test_an_argument_takes_no_inferred_value_if_a_hyperparameter_sets_its_dest():
    declared = ("--place", {"action": "append"}), ("--model-dir", {"dest": "place"})

    assert parse({**STANDARD, "SM_HP_PLACE": '["a"]'}, *declared) == {"place": ["a"]}


def test_an_output_of_a_processing_job_fills_an_argument_that_no_input_fills(tmp_path):
    config = {
        "ProcessingInputs": [{"InputName": "raw", "S3Input": {"LocalPath": "/in/raw"}}],
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": name, "S3Output": {"LocalPath": f"/out/{name}"}} for name in ("raw", "report")]
        },
    }
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "processingjobconfig.json").write_text(json.dumps(config), encoding="utf-8")

    assert parse({"SAGEMAKER_BASE_DIR": str(tmp_path)}, "--raw", "--report-dir", "--repo") == {
        "raw": "/in/raw",
        "report_dir": "/out/report",
        "repo": None,
    }


def best(parser, environ, name):
    """The best value for the argument with a dest."""
    matches = match(parser, Job(environ))
    return next(matches.best(action) for action in _argparse.actions(parser) if action.dest == name)


def test_the_best_value_of_an_argument_is_the_explicit_one_else_the_first_inferred_one():
    environ = SageMakerJob({"train": "t"}, ["train", "hosts"]).environ
    parser = SageMakerArgumentParser()
    for name in ("--train", "--hosts", "--epochs"):
        parser.add_argument(name)

    assert best(parser, environ, "train").source == "SM_HP_TRAIN"
    assert best(parser, environ, "hosts").source == "SM_HOSTS"
    assert best(parser, environ, "epochs") is None
