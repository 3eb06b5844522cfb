"""Values that were once silently wrong: each is what was sent, or what argparse gives."""

import argparse
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
def test_a_text_that_is_json_stays_as_it_was_sent(text):
    environ = {"SM_HP_NOTE": text, "SM_HPS": json.dumps({"note": text})}

    assert parse(environ, ("--note", {"type": str})).note == text
    told_twice = {**environ, "SM_TRAINING_ENV": json.dumps({"hyperparameters": {"note": text}}, indent=1)}
    assert parse(told_twice, ("--note", {"type": str})).note == text


@pytest.mark.parametrize(("value", "cache"), [("false", False), ("no", False), (False, False), ("true", True), (True, True)])
@pytest.mark.parametrize("paired", [True, False])
def test_a_flag_that_stores_false_takes_a_boolean_of_its_dest_however_it_is_written(value, cache, paired):
    pair = [("--cache", {"action": "store_true", "default": "d"})] if paired else []
    declarations = (*pair, ("--no-cache", {"dest": "cache", "action": "store_false", "default": "d"}))
    expected = "d" if cache and not paired else cache

    for sent in ({"SM_HPS": json.dumps({"cache": value})}, SageMakerJob({"cache": value}).environ):
        assert parse(sent, *declarations).cache == expected


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("platform", ["toolkit", "toolkit-unquoted", "sdk", "files"])
@pytest.mark.parametrize(
    "argument", [("--fp16", {"action": "store_true"}, True), ("--fp16", {"nargs": "?", "const": True}, True)]
)
def test_a_typed_flag_counts_though_its_hyperparameter_is_nothing(value, platform, argument, sagemaker_job):
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
def test_what_is_typed_is_split_among_positionals_as_argparse_splits_it(files, argv, expected):
    declarations = (("files", {"nargs": files}), ("dest", {}), ("--lr", {}))
    plain = argparse.ArgumentParser()
    for name, declaration in declarations:
        plain.add_argument(name, **declaration)
    in_job = vars(parse(SageMakerJob({"dest": "job"}).environ, *declarations, argv=argv))

    assert {name: in_job[name] for name in expected} == expected
    assert {**in_job, "files": in_job["files"] or None} == {**vars(plain.parse_args(argv)), "files": expected["files"]}


def test_of_channels_that_differ_by_their_case_the_exact_name_wins():
    environ = SageMakerJob(channels=["train", "Train", "eval-set", "eval_set"]).environ
    found = parse(environ, ("--Train", {}), ("--train", {}), ("--Train-dir", {}), ("--eval-set", {}), ("--eval_set", {}))

    assert {dest: os.path.basename(path) for dest, path in vars(found).items()} == {
        "Train": "Train",
        "train": "train",
        "Train_dir": "Train",
        "eval_set": "eval_set",
    }


def test_a_default_that_is_the_parsed_variable_stays():
    environ = {**SageMakerJob({"lr": 0.1}).environ, "SM_NUM_GPUS": "4"}
    whole = json.loads(environ["SM_TRAINING_ENV"])
    found = parse(
        environ,
        ("--training-env", {"type": str, "default": whole}),
        ("--num-gpus", {"type": str, "default": 4}),
        ("--hosts", {"type": str, "default": ["algo-1"]}),
        ("--lr", {"type": float}),
    )

    assert (found.training_env, found.num_gpus, found.hosts) == (whole, 4, ["algo-1"])


def test_a_number_that_is_another_variables_value_is_no_value_of_its_own():
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
def test_a_list_that_is_a_guess_goes_through_a_converter_that_was_written_for_it(declaration, expected):
    assert parse({"SM_HOSTS": '["algo-1", "algo-2"]'}, ("--hosts", declaration)).hosts == expected


def test_a_guess_that_is_a_text_goes_through_any_converter():
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
def test_a_default_in_the_guessed_directory_stays(default, stays):
    environ = SageMakerJob(channels=["train"]).environ
    found = parse(environ, ("--train", {"default": default}), ("--model-dir", {"default": "/opt/ml/model/1/"}))

    assert found.train == (default if stays else type(default)("/opt/ml/input/data/train"))
    assert found.model_dir == "/opt/ml/model/1/"


def test_a_positional_that_needs_a_token_never_has_its_default():
    environ = SageMakerJob(channels=["train"]).environ
    default = "/opt/ml/input/data/train/train.csv"

    assert parse(environ, ("train", {"default": default})).train == "/opt/ml/input/data/train"
    assert parse(environ, ("train", {"default": default, "nargs": "?"})).train == default


class Size(enum.Enum):
    """A member whose value is another's name."""

    medium = "large"
    small = "medium"


@pytest.mark.parametrize("declaration", [{"type": Size}, {"default": Size.small}])
def test_a_member_of_an_enum_is_found_by_its_value_first(declaration):
    typed = parse({}, ("--size", declaration), argv=["--size", "medium"]).size

    assert parse({"SM_HP_SIZE": "medium"}, ("--size", declaration)).size is typed is Size.small
    assert parse({"SM_HP_SIZE": "small"}, ("--size", declaration)).size is Size.small


def test_a_parse_in_a_type_function_is_a_parse_of_its_own(capsys):
    inner = parser_of(("--lr", {"type": float}))

    def section(text):
        return inner.parse_args(text.split(), env_vars={"SM_HP_LR": "0.5"}).lr

    environ = {"SM_HPS": '{"optimizer": "", "lr": 0.1}'}
    with pytest.raises(SystemExit):
        parse(environ, ("--optimizer", {"type": section}))
    assert "unrecognized hyperparameter: lr" in capsys.readouterr().err
    outer = ("--optimizer", {"type": section}), ("--lr", {"type": float})
    assert vars(parse(environ, *outer)) == {"optimizer": 0.5, "lr": 0.1}


def test_a_parse_in_a_type_function_refuses_what_it_does_not_declare(monkeypatch, capsys):
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
def test_a_guess_yields_to_a_hyperparameter_of_the_same_dest(declared, channels):
    name = declared[0][0].lstrip("-")
    environ = SageMakerJob({name: "sent"}, channels).environ
    also = (("--model-dir", {"dest": "model_dir"}),) if not channels else ()

    assert list(vars(parse(environ, *declared, *also)).values()) == ["sent"]


class Joined(argparse.Action):
    """Puts the root of the namespace before its value, as scripts do."""

    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, f"{namespace.root}/{values}")


class Loaded(argparse.Action):
    """Has the parser parse more tokens into the namespace."""

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
def test_actions_see_what_they_see_with_argparse(declared, sent, typed, platform):
    with SageMakerJob(sent, platform=platform, typed=typed):
        plain = argparse.ArgumentParser()
        for name, declaration in declared:
            plain.add_argument(name, **declaration)
        assert vars(parser_of(*declared).parse_args()) == vars(plain.parse_args())


def test_hyperparameters_replace_what_a_namespace_has_as_their_tokens_do(sagemaker_job):
    declared = ("--lr", {"type": float, "default": 0.1}), ("--model-dir", {})
    with sagemaker_job({"lr": 0.5}) as job:
        found = parser_of(*declared).parse_args(namespace=argparse.Namespace(lr=0.01, model_dir="mine"))
        assert (found.lr, found.model_dir) == (0.5, "mine")
        # A list of the script's own is no command line of the platform's.
        found = parser_of(*declared).parse_args([], namespace=argparse.Namespace(lr=0.01))
        assert (found.lr, found.model_dir) == (0.01, str(job.model_dir))


def test_a_parser_may_parse_again_while_it_parses(sagemaker_job):
    found = []

    def again(text):
        if not found:
            found.append(None)
            found[0] = vars(parser.parse_args())
        return int(text)

    parser = parser_of(("--layers", {"type": int, "nargs": "+"}), ("--epochs", {"type": again}))
    with sagemaker_job({"epochs": 3, "layers": [256, 128]}):
        assert vars(parser.parse_args()) == {"epochs": 3, "layers": [256, 128]} == found[0]


def test_a_subclass_may_look_first_and_then_parse(sagemaker_job):
    class Looking(SageMakerArgumentParser):
        def parse_known_args(self, args=None, namespace=None):
            super().parse_known_args(args)
            return super().parse_known_args(args, namespace)

    parser = Looking()
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--layers", type=int, nargs="+")
    with sagemaker_job({"amp": False, "layers": [1, 2]}):
        assert vars(parser.parse_args()) == {"amp": False, "layers": [1, 2]}


@pytest.mark.parametrize("name", ["sagemaker-role", "Sagemaker_Foo"])
def test_only_the_platforms_own_spelling_is_internal(name, sagemaker_job, capsys):
    with sagemaker_job({name: "v"}) as job:
        assert job.argv == [f"--{name}", "v"]
        assert parser_of(("--lr", {})).parse_known_args()[1] == job.argv
        with pytest.raises(SystemExit):
            parser_of(("--lr", {})).parse_args()
    assert f"unrecognized hyperparameter: {name}" in capsys.readouterr().err


@pytest.mark.parametrize(("sent", "is_accepted"), [({"a": 1, "b": 6}, True), ({"a": 3, "b": 6}, False)])
@pytest.mark.parametrize("parser_class", [argparse.ArgumentParser, SageMakerArgumentParser])
def test_a_value_that_is_the_default_excludes_no_other(sent, is_accepted, parser_class):
    parser = parser_class()
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--a", type=int, default=1)
    group.add_argument("--b", type=int, default=2)
    with SageMakerJob(sent, platform="sdk"):
        if is_accepted:
            assert vars(parser.parse_args()) == sent
        else:
            with pytest.raises(SystemExit):
                parser.parse_args()


def test_a_lone_hyphen_that_is_typed_is_no_part_of_an_option(sagemaker_job):
    with sagemaker_job({"s": 1.5}):
        sys.argv[1:1] = ["--out", "-"]
        assert vars(parser_of(("--out", {}), ("-s", {"type": float})).parse_args()) == {"out": "-", "s": 1.5}


def test_an_action_that_fails_names_no_type(capsys):
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
def test_in_a_heterogeneous_cluster_the_toolkits_master_leads(current_host):
    environment = SageMakerEnvironment.load(heterogeneous(current_host))

    assert environment.master_addr == "algo-2"
    assert environment.is_leader is (current_host == "algo-2")


@pytest.mark.parametrize(("host", "rank"), [("algo-1", 0), ("algo-2", 1)])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_under_mpi_a_host_knows_its_name_from_its_own_file(tmp_path, host, rank, platform):
    """The toolkit's mpirun exports the first host's variables to all of them."""
    job = SageMakerJob({"epochs": 3}, hosts=2, host="algo-1", platform=platform)
    resources = {"current_host": host, "hosts": ["algo-1", "algo-2"], "current_group_name": f"group of {host}"}
    write_files(tmp_path, {"resourceconfig.json": resources, "hyperparameters.json": encoded({"epochs": 3})})
    environ = {**job.environ, "SAGEMAKER_BASE_DIR": str(tmp_path), "OMPI_COMM_WORLD_RANK": str(rank)}
    environment = SageMakerEnvironment.load(environ)

    assert (environment.current_host, environment.host_rank, environment.is_leader) == (host, rank, host == "algo-1")
    assert environment.current_instance_group == f"group of {host}"
    found = parse(environ, ("--current-host", {}), ("--current-host-rank", {"type": int}), ("--epochs", {"type": int}))
    assert found.current_host == host
    assert found.current_host_rank == rank


def test_under_mpi_without_a_file_the_variables_are_what_there_is(tmp_path):
    environ = {
        "SM_CURRENT_HOST": "algo-1",
        "SM_HOSTS": '["algo-1"]',
        "OMPI_COMM_WORLD_RANK": "0",
        "SAGEMAKER_BASE_DIR": str(tmp_path),
    }

    assert SageMakerEnvironment.load(environ).current_host == "algo-1"
    assert not SageMakerEnvironment.load({"OMPI_COMM_WORLD_RANK": "0", "SAGEMAKER_BASE_DIR": str(tmp_path)})
