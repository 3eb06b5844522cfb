"""Values that smargs once got wrong without an error."""

import argparse
import contextlib
import enum
import json
import os
import sys
from pathlib import Path

import pytest
from parsers import parse, parser_of
from platforms import encoded, write_files

from smargs import SageMakerArgumentParser, SageMakerEnvironment
from smargs.testing import SageMakerJob


@pytest.mark.parametrize("text", ["[1,2]", '{"a":1}', "[1e2]", "true", "5"])
def test_str_keeps_a_text_that_looks_like_json(text):
    environ = {"SM_HP_NOTE": text, "SM_HPS": json.dumps({"note": text})}

    assert parse(environ, ("--note", {"type": str})).note == text
    in_two_variables = {**environ, "SM_TRAINING_ENV": json.dumps({"hyperparameters": {"note": text}}, indent=1)}
    assert parse(in_two_variables, ("--note", {"type": str})).note == text


@pytest.mark.parametrize(("value", "cache"), [("false", False), ("no", False), (False, False), ("true", True), (True, True)])
@pytest.mark.parametrize("paired", [True, False])
def test_a_store_false_flag_takes_a_boolean_of_its_dest_in_any_spelling(value, cache, paired):
    pair = [("--cache", {"action": "store_true", "default": "d"})] if paired else []
    declarations = (*pair, ("--no-cache", {"dest": "cache", "action": "store_false", "default": "d"}))
    expected = "d" if cache and not paired else cache

    for sent in ({"SM_HPS": json.dumps({"cache": value})}, SageMakerJob({"cache": value}).environ):
        assert parse(sent, *declarations).cache == expected


@pytest.mark.needs_process
@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("platform", ["toolkit", "toolkit-unquoted", "sdk", "files"])
@pytest.mark.parametrize(
    "argument", [("--fp16", {"action": "store_true"}, True), ("--fp16", {"nargs": "?", "const": True}, True)]
)
def test_a_typed_flag_wins_over_a_null_or_empty_hyperparameter(value, platform, argument, sagemaker_job):
    *declaration, expected = argument
    with sagemaker_job({"fp16": value}, platform=platform, typed=["--fp16"]):
        assert parser_of(declaration).parse_args().fp16 is expected


@pytest.mark.parametrize(
    ("files", "argv", "expected"),
    [
        ("*", ["a", "b"], {"files": ["a"], "dest": "b"}),
        ("+", ["a", "b", "c"], {"files": ["a", "b"], "dest": "c"}),
        ("?", ["a"], {"files": None, "dest": "a"}),
        (None, ["--lr", "1", "a", "b"], {"files": "a", "dest": "b"}),
        (None, ["a", "--lr", "1", "b"], {"files": "a", "dest": "b"}),
    ],
)
def test_typed_tokens_are_split_among_positionals_as_argparse_splits_them(files, argv, expected):
    declarations = (("files", {"nargs": files}), ("dest", {}), ("--lr", {}))
    plain = argparse.ArgumentParser()
    for name, declaration in declarations:
        plain.add_argument(name, **declaration)
    in_job = vars(parse(SageMakerJob({"dest": "job"}).environ, *declarations, argv=argv))

    assert {name: in_job[name] for name in expected} == expected
    assert {**in_job, "files": in_job["files"] or None} == {**vars(plain.parse_args(argv)), "files": expected["files"]}


def test_the_exact_name_wins_among_channels_that_differ_in_case():
    environ = SageMakerJob(channels=["train", "Train", "eval-set", "eval_set"]).environ
    namespace = parse(environ, ("--Train", {}), ("--train", {}), ("--Train-dir", {}), ("--eval-set", {}), ("--eval_set", {}))

    assert {dest: os.path.basename(path) for dest, path in vars(namespace).items()} == {
        "Train": "Train",
        "train": "train",
        "Train_dir": "Train",
        "eval_set": "eval_set",
    }


def test_a_default_equal_to_the_decoded_variable_is_kept():
    environ = {**SageMakerJob({"lr": 0.1}).environ, "SM_NUM_GPUS": "4"}
    whole = json.loads(environ["SM_TRAINING_ENV"])
    namespace = parse(
        environ,
        ("--training-env", {"type": str, "default": whole}),
        ("--num-gpus", {"type": str, "default": 4}),
        ("--hosts", {"type": str, "default": ["algo-1"]}),
        ("--lr", {"type": float}),
    )

    assert (namespace.training_env, namespace.num_gpus, namespace.hosts) == (whole, 4, ["algo-1"])


def test_a_default_equal_to_the_number_of_another_variable_is_replaced():
    environ = {"SM_NUM_GPUS": "4", "SM_NUM_CPUS": "8"}

    assert parse(environ, ("--num-gpus", {"type": int, "default": 8})).num_gpus == 4


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ({"type": lambda text: text.split(",")}, None),
        ({"type": lambda text: text.split(","), "default": ["mine"]}, ["mine"]),
        ({"type": str.upper}, None),
        ({"type": json.loads}, ["algo-1", "algo-2"]),
        ({"type": str.upper, "nargs": "+"}, ["ALGO-1", "ALGO-2"]),
    ],
)
def test_an_inferred_list_is_only_used_with_a_converter_made_for_lists(declaration, expected):
    assert parse({"SM_HOSTS": '["algo-1", "algo-2"]'}, ("--hosts", declaration)).hosts == expected


def test_an_inferred_text_is_passed_to_any_converter():
    assert (
        parse({"SM_MODEL_DIR": "/opt/ml/model"}, ("--model-dir", {"type": lambda text: text + "/"})).model_dir
        == "/opt/ml/model/"
    )


@pytest.mark.parametrize(
    ("default", "stays"),
    [
        ("/opt/ml/input/data/train/train.csv", True),
        ("/opt/ml/input/data/train/", True),
        (Path("/opt/ml/input/data/train/a/b.csv"), True),
        ("/opt/ml/input/data/training", False),
        ("/data/train.csv", False),
        ("train.csv", False),
    ],
)
def test_a_default_below_the_inferred_directory_is_kept(default, stays):
    environ = SageMakerJob(channels=["train"]).environ
    namespace = parse(environ, ("--train", {"default": default}), ("--model-dir", {"default": "/opt/ml/model/1/"}))

    assert namespace.train == (default if stays else type(default)("/opt/ml/input/data/train"))
    assert namespace.model_dir == "/opt/ml/model/1/"


def test_the_default_of_a_required_positional_is_never_kept():
    environ = SageMakerJob(channels=["train"]).environ
    default = "/opt/ml/input/data/train/train.csv"

    assert parse(environ, ("train", {"default": default})).train == "/opt/ml/input/data/train"
    assert parse(environ, ("train", {"default": default, "nargs": "?"})).train == default


class Size(enum.Enum):
    """The value of one member is the name of another."""

    medium = "large"
    small = "medium"


@pytest.mark.parametrize("declaration", [{"type": Size}, {"default": Size.small}])
def test_an_enum_member_is_looked_up_by_value_before_name(declaration):
    typed = parse({}, ("--size", declaration), argv=["--size", "medium"]).size

    assert parse({"SM_HP_SIZE": "medium"}, ("--size", declaration)).size is typed is Size.small
    assert parse({"SM_HP_SIZE": "small"}, ("--size", declaration)).size is Size.small


def test_a_parse_in_a_type_function_does_not_change_the_outer_parse(capsys):
    inner = parser_of(("--lr", {"type": float}))

    def section(text):
        return inner.parse_args(text.split(), env_vars={"SM_HP_LR": "0.5"}).lr

    environ = {"SM_HPS": '{"optimizer": "", "lr": 0.1}'}
    with pytest.raises(SystemExit):
        parse(environ, ("--optimizer", {"type": section}))
    assert "unrecognized hyperparameter: lr" in capsys.readouterr().err
    outer = ("--optimizer", {"type": section}), ("--lr", {"type": float})
    assert vars(parse(environ, *outer)) == {"optimizer": 0.5, "lr": 0.1}


def test_a_parse_in_a_type_function_refuses_undeclared_hyperparameters(monkeypatch, capsys):
    monkeypatch.setenv("SM_HPS", '{"optimizer": "--lr 1", "epochs": 3}')
    inner = parser_of(("--lr", {"type": float}))
    outer = parser_of(("--optimizer", {"type": lambda text: inner.parse_args(text.split())}), ("--epochs", {"type": int}))

    with pytest.raises(SystemExit):
        outer.parse_args([])
    assert "unrecognized hyperparameters: optimizer, epochs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("declared", "channels"),
    [
        ((("--data", {"dest": "data_dir"}), ("--data-dir", {"dest": "data_dir"})), ["train"]),
        ((("--x", {"dest": "model_dir"}),), []),
    ],
)
def test_a_hyperparameter_wins_over_an_inferred_value_of_the_same_dest(declared, channels):
    name = declared[0][0].lstrip("-")
    environ = SageMakerJob({name: "sent"}, channels).environ
    also = (("--model-dir", {"dest": "model_dir"}),) if not channels else ()

    assert list(vars(parse(environ, *declared, *also)).values()) == ["sent"]


class Joined(argparse.Action):
    """Store the value below the root that the namespace has, as scripts do."""

    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, f"{namespace.root}/{values}")


class Loaded(argparse.Action):
    """Parse the value as more tokens, into the same namespace."""

    def __call__(self, parser, namespace, values, option_string=None):
        parser.parse_args(values.split(), namespace)


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize(
    ("declared", "sent", "typed"),
    [
        ((("--root", {"default": "r"}), ("--sub", {"action": Joined})), {"root": "R"}, ["--sub", "y", "--root", "Q"]),
        ((("--root", {"default": "r"}), ("--sub", {"action": Joined})), {"root": "R", "sub": "x"}, ["--root", "Q"]),
        ((("--sub", {"action": Joined}), ("--root", {"default": "r"})), {"root": "R", "sub": "x"}, []),
        (
            (("--root", {"type": lambda text: text}), ("--sub", {"action": Joined})),
            {"root": "R"},
            ["--sub", "y", "--root", "Q"],
        ),
        ((("--lr", {"type": float}), ("--config", {"action": Loaded})), {"config": "--lr 9", "lr": 0.5}, []),
        ((("--lr", {}), ("--learning-rate", {"dest": "lr"})), {"learning-rate": "0.2", "lr": "0.1"}, []),
    ],
)
def test_actions_receive_the_same_namespace_as_with_argparse(declared, sent, typed, platform):
    with SageMakerJob(sent, platform=platform, typed=typed):
        plain = argparse.ArgumentParser()
        for name, declaration in declared:
            plain.add_argument(name, **declaration)
        assert vars(parser_of(*declared).parse_args()) == vars(plain.parse_args())


def test_hyperparameters_replace_attributes_of_a_namespace_as_their_tokens_do(sagemaker_job):
    declared = ("--lr", {"type": float, "default": 0.1}), ("--model-dir", {})
    with sagemaker_job({"lr": 0.5}) as job:
        namespace = parser_of(*declared).parse_args(namespace=argparse.Namespace(lr=0.01, model_dir="mine"))
        assert (namespace.lr, namespace.model_dir) == (0.5, "mine")
        # The list is the script's own, not the platform's command line.
        namespace = parser_of(*declared).parse_args([], namespace=argparse.Namespace(lr=0.01))
        assert (namespace.lr, namespace.model_dir) == (0.01, str(job.model_dir))


def test_a_parser_may_parse_again_while_it_parses(sagemaker_job):
    inner = []

    def again(text):
        if not inner:
            inner.append(None)
            inner[0] = vars(parser.parse_args())
        return int(text)

    parser = parser_of(("--layers", {"type": int, "nargs": "+"}), ("--epochs", {"type": again}))
    with sagemaker_job({"epochs": 3, "layers": [256, 128]}):
        assert vars(parser.parse_args()) == {"epochs": 3, "layers": [256, 128]} == inner[0]


def test_a_subclass_may_parse_twice_in_parse_known_args(sagemaker_job):
    class ParsingTwice(SageMakerArgumentParser):
        def parse_known_args(self, args=None, namespace=None):
            super().parse_known_args(args)
            return super().parse_known_args(args, namespace)

    parser = ParsingTwice()
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--layers", type=int, nargs="+")
    with sagemaker_job({"amp": False, "layers": [1, 2]}):
        assert vars(parser.parse_args()) == {"amp": False, "layers": [1, 2]}


@pytest.mark.parametrize("name", ["sagemaker-role", "Sagemaker_Foo"])
def test_only_names_in_the_platforms_spelling_are_internal(name, sagemaker_job, capsys):
    with sagemaker_job({name: "v"}) as job:
        assert job.argv == [f"--{name}", "v"]
        assert parser_of(("--lr", {})).parse_known_args()[1] == job.argv
        with pytest.raises(SystemExit):
            parser_of(("--lr", {})).parse_args()
    assert f"unrecognized hyperparameter: {name}" in capsys.readouterr().err


@pytest.mark.parametrize("sent", [{"a": 1}, {"a": 3}, {"a": 1, "b": 6}, {"a": 3, "b": 6}], ids=str)
def test_values_of_an_exclusive_group_conflict_as_in_argparse(sent):
    def parsed(parser_class):
        parser = parser_class()
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--a", type=int, default=1)
        group.add_argument("--b", type=int, default=2)
        with SageMakerJob(sent, platform="sdk"), contextlib.suppress(SystemExit):
            return vars(parser.parse_args())
        return "refused"

    # Until 3.12.7 and 3.13.1 a value that is the default excludes no other argument; since then it does.
    assert parsed(SageMakerArgumentParser) == parsed(argparse.ArgumentParser)


def test_a_null_of_an_exclusive_group_excludes_no_other():
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--a", type=int)
    group.add_argument("--b", type=int)
    with SageMakerJob({"a": None, "b": 6}, platform="sdk"):
        assert vars(parser.parse_args()) == {"a": None, "b": 6}


def test_a_typed_lone_hyphen_is_a_value(sagemaker_job):
    with sagemaker_job({"s": 1.5}):
        sys.argv[1:1] = ["--out", "-"]
        assert vars(parser_of(("--out", {}), ("-s", {"type": float})).parse_args()) == {"out": "-", "s": 1.5}


def test_the_error_of_a_failing_action_does_not_name_a_type(capsys):
    class Failing(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            raise KeyError("a reason")

    with pytest.raises(SystemExit):
        parse({"SM_HP_X": "1"}, ("--x", {"action": Failing}))
    assert capsys.readouterr().err.endswith("argument --x: invalid value: '1': 'a reason' (from SM_HP_X)\n")


def heterogeneous(current_host):
    training_env = {"current_host": current_host, "hosts": ["algo-1", "algo-2", "algo-3"], "master_hostname": "algo-2"}
    return {
        "SM_CURRENT_HOST": current_host,
        "SM_HOSTS": '["algo-1", "algo-2", "algo-3"]',
        "SM_TRAINING_ENV": json.dumps(training_env),
    }


@pytest.mark.parametrize("current_host", ["algo-1", "algo-2", "algo-3"])
def test_the_toolkits_master_leads_in_a_heterogeneous_cluster(current_host):
    environment = SageMakerEnvironment.load(heterogeneous(current_host))

    assert environment.master_addr == "algo-2"
    assert environment.is_leader is (current_host == "algo-2")


@pytest.mark.parametrize(("host", "rank"), [("algo-1", 0), ("algo-2", 1)])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_under_mpi_the_name_of_a_host_is_read_from_its_own_file(tmp_path, host, rank, platform):
    """The toolkit's mpirun exports the first host's variables to all of them."""
    job = SageMakerJob({"epochs": 3}, hosts=2, host="algo-1", platform=platform)
    resources = {"current_host": host, "hosts": ["algo-1", "algo-2"], "current_group_name": f"group of {host}"}
    write_files(tmp_path, {"resourceconfig.json": resources, "hyperparameters.json": encoded({"epochs": 3})})
    environ = {**job.environ, "SAGEMAKER_BASE_DIR": str(tmp_path), "OMPI_COMM_WORLD_RANK": str(rank)}
    environment = SageMakerEnvironment.load(environ)

    assert (environment.current_host, environment.host_rank, environment.is_leader) == (host, rank, host == "algo-1")
    assert environment.current_instance_group == f"group of {host}"
    namespace = parse(environ, ("--current-host", {}), ("--current-host-rank", {"type": int}), ("--epochs", {"type": int}))
    assert namespace.current_host == host
    assert namespace.current_host_rank == rank


def test_under_mpi_the_variables_are_used_if_there_is_no_file(tmp_path):
    environ = {
        "SM_CURRENT_HOST": "algo-1",
        "SM_HOSTS": '["algo-1"]',
        "OMPI_COMM_WORLD_RANK": "0",
        "SAGEMAKER_BASE_DIR": str(tmp_path),
    }

    assert SageMakerEnvironment.load(environ).current_host == "algo-1"
    assert not SageMakerEnvironment.load({"OMPI_COMM_WORLD_RANK": "0", "SAGEMAKER_BASE_DIR": str(tmp_path)})


def test_str_keeps_the_quotes_of_a_variable():
    assert parse({"SM_CHANNELS": '"train"'}, ("--x", {"env_var": "SM_CHANNELS", "type": str})).x == '"train"'


class Doubled(argparse.Action):
    """An action of a script's own."""

    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, 2 * values)


@pytest.mark.parametrize("action", ["append", Doubled])
def test_a_value_that_already_has_the_type_is_passed_to_the_action(action):
    expected = 10 if action is Doubled else [5]

    assert parse({"SM_HP_X": "5"}, ("--x", {"action": action, "type": int})).x == expected
