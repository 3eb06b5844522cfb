"""What a look from outside found: silent wrong values, converters called too often, locks, and unclear words."""

import argparse
import enum
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from platforms import encoded, write_files

from smargs import SageMakerArgumentParser, SageMakerEnvironment, SageMakerParserMixin
from smargs.testing import SageMakerJob


def parser_of(*declarations, **settings):
    parser = SageMakerArgumentParser(prog="train.py", **settings)
    for *names, declaration in declarations:
        parser.add_argument(*names, **declaration)
    return parser


def parse(environ, *declarations, argv=()):
    return parser_of(*declarations).parse_args(list(argv), env_vars=environ)


# --- Silent wrong values


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_thread_of_a_forked_process_has_no_parse_of_another_thread():
    code = """
        import os, threading
        from smargs import SageMakerArgumentParser

        begun, forked = threading.Event(), threading.Event()

        def wait(text):
            begun.set()
            return forked.wait(30)

        waiting = SageMakerArgumentParser()
        waiting.add_argument("--wait", type=wait)
        thread = threading.Thread(target=waiting.parse_args, args=([], None, None, {"SM_HP_WAIT": "now"}))
        thread.start()
        begun.wait(30)
        process = os.fork()
        if process == 0:
            parser = SageMakerArgumentParser()
            parser.add_argument("--epochs", type=int)
            found = []
            # A new thread has the identifier of one that has ended, or that the fork left behind.
            threads = [threading.Thread(target=lambda: found.append(parser.parse_args([]).epochs)) for _ in range(8)]
            for new in threads:
                new.start()
            for new in threads:
                new.join(10)
            os._exit(0 if found == [3] * 8 else 1)
        print(os.waitpid(process, 0)[1])
        forked.set()
        thread.join()
    """
    environ = {**os.environ, "SM_HP_EPOCHS": "3"}
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        env=environ,
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    assert ended.stdout == b"0\n"


# --- Many hosts


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


# --- Converters are called once, and only for the winner


class Counting:
    """A converter that remembers what it was called with."""

    def __init__(self):
        self.texts = []

    def __call__(self, text):
        self.texts.append(text)
        return text.upper()


@pytest.mark.parametrize(
    ("argv", "texts"),
    [
        ([], ["job"]),
        (["--x", "typed"], ["typed"]),
        (["--x=typed"], ["typed"]),
        (["--longe", "typed"], ["typed"]),
        (["-x", "typed"], ["typed"]),
        (["-vxtyped"], ["typed"]),
        (["--other", "--", "--x"], None),
        (["--z", "typed"], ["typed"]),
    ],
)
def test_only_the_winner_is_converted_and_once(argv, texts):
    convert = Counting()
    declarations = (
        ("--x", "-x", "--longer", {"type": convert, "dest": "x", "default": "code"}),
        ("--z", {"type": convert, "dest": "x"}),
        ("-v", {"action": "store_true"}),
        ("--other", {"nargs": "*"}),
        ("rest", {"nargs": "*"}),
    )
    found = parse({"SM_HP_X": "job"}, *declarations, argv=argv)

    assert convert.texts == (texts or ["job"])
    assert found.x == convert.texts[0].upper()


def test_of_arguments_that_exclude_each_other_only_the_typed_one_is_converted():
    convert = Counting()
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--x", type=convert, default="code")
    group.add_argument("--y")
    found = parser.parse_args(["--y", "1"], env_vars={"SM_HP_X": "job"})

    assert (found.x, found.y, convert.texts) == ("CODE", "1", ["code"])


@pytest.mark.parametrize(("argv", "texts"), [([], ["job"]), (["typed"], ["typed"])])
@pytest.mark.parametrize("how", ["parse_args", "parse_intermixed_args"])
def test_a_positional_is_converted_once(argv, texts, how):
    convert = Counting()
    found = getattr(parser_of(("x", {"type": convert}), ("--y", {})), how)
    with SageMakerJob({"x": "job", "y": 1}):
        sys.argv[1:] = argv
        assert found().x == texts[0].upper()
    assert convert.texts == texts


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["--nothing"], ["--x", "typed", "--nothing"]])
def test_neither_help_nor_an_error_converts_what_is_not_used(argv, capsys):
    convert = Counting()
    parser = parser_of(("--x", {"type": convert}), ("--version", {"action": "version", "version": "1"}))

    with pytest.raises(SystemExit):
        parser.parse_args(argv, env_vars={"SM_HP_X": "job"})
    expected = {"--x": ["typed"], "--nothing": ["job"]}.get(argv[0], [])
    assert convert.texts == expected
    assert ("(default: job, from SM_HP_X)" in capsys.readouterr().out) is (argv == ["--help"])


def test_help_and_usage_open_no_file(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("kept", encoding="utf-8")
    parser = parser_of(("--out", {"type": argparse.FileType("w")}))
    with SageMakerJob({"out": str(path)}):
        parser.format_help()
        parser.format_usage()
        with pytest.raises(SystemExit):
            parser.parse_args(["--help"])

    assert path.read_text(encoding="utf-8") == "kept"


def test_an_action_of_the_scripts_own_is_called_for_each_value_as_by_argparse():
    class Collect(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), values])

    assert parse({"SM_HP_X": "job"}, ("--x", {"action": Collect}), argv=["--x", "typed"]).x == ["job", "typed"]
    assert parse({"SM_HP_X": '["a"]'}, ("--x", {"action": "append"}), argv=["--x", "typed"]).x == ["a", "typed"]


def test_what_a_file_of_arguments_says_counts_as_typed(tmp_path):
    convert = Counting()
    (tmp_path / "args").write_text("--x=typed", encoding="utf-8")
    parser = parser_of(("--x", {"type": convert}), fromfile_prefix_chars="@")

    assert parser.parse_args([f"@{tmp_path}/args"], env_vars={"SM_HP_X": "job"}).x == "TYPED"
    assert convert.texts == ["typed"]


def test_a_flag_that_may_have_been_typed_and_was_not_keeps_its_default():
    declarations = (("--x", {"action": "store_true", "default": "d"}), ("--rest", {"nargs": "..."}))

    assert parse({"SM_HP_X": "false"}, *declarations, argv=["--rest", "--x"]).x == "d"
    assert parse({"SM_HP_X": "true"}, *declarations, argv=["--rest", "--x"]).x is True


# --- Locks


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer that sends a signal")
def test_a_signal_handler_may_parse_during_a_parse():
    code = """
        import signal
        from smargs import SageMakerArgumentParser

        parser = SageMakerArgumentParser()
        parser.add_argument("--layers", type=list)
        environ = {"SM_HP_LAYERS": "['a', 'b']"}
        handled = []

        def parse(*_):
            handled.append(parser.parse_args([], env_vars=environ).layers == ["a", "b"])

        signal.signal(signal.SIGALRM, parse)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        while len(handled) < 200:
            assert parser.parse_args([], env_vars=environ).layers == ["a", "b"]
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(all(handled))
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, timeout=60, check=True)
    assert ended.stdout == b"True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_process_that_is_forked_while_threads_parse_can_parse():
    code = """
        import os, threading
        from smargs import SageMakerArgumentParser

        parser = SageMakerArgumentParser()
        parser.add_argument("--layers", type=list)
        environ = {"SM_HP_LAYERS": "['a', 'b']"}
        ended = False

        def parse():
            return parser.parse_args([], env_vars=environ).layers == ["a", "b"]

        def work():
            while not ended:
                parse()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(50):
            process = os.fork()
            if process == 0:
                os._exit(0 if parse() else 1)
            assert os.waitpid(process, 0)[1] == 0
        ended = True
        for thread in threads:
            thread.join()
        print("done")
    """
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True)
    assert ended.stdout == b"done\n"


@pytest.mark.parametrize("text", ["['\\d']", "[1or 2]", "['\\777', 1if 1else 2]", "(0x1for x in [1])", '["\\w", 1and 2]'])
def test_no_text_makes_python_warn(text, recwarn):
    parse({"SM_HP_LAYERS": text}, ("--layers", {"type": list}))

    assert [str(warning.message) for warning in recwarn] == []


def test_parses_in_threads_leave_the_filters_of_warnings_alone():
    import warnings

    before = list(warnings.filters)
    parser = parser_of(("--layers", {"type": list}))
    threads = [threading.Thread(target=parser.parse_args, args=([], None, None, {"SM_HP_LAYERS": "['a']"})) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == before


# --- Words


class NoText:
    """Such as the help of Hydra's own arguments, which it makes when it is shown."""

    def __repr__(self):
        return "help that is made late"


def test_help_that_is_no_text_stays_out_of_errors(capsys):
    class Plain(SageMakerParserMixin, argparse.ArgumentParser):
        """argparse's parser."""

    for cls in (Plain, SageMakerArgumentParser):
        parser = cls(prog="train.py")
        parser.add_argument("--x")
        parser._actions[-1].help = NoText()
        with pytest.raises(SystemExit):
            parser.parse_args(["--bad"])
        assert capsys.readouterr().err.endswith("train.py: error: unrecognized arguments: --bad\n")


def test_a_group_whose_value_does_not_fit_and_has_no_default_takes_what_is_typed():
    parser = SageMakerArgumentParser(argument_default=argparse.SUPPRESS)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--x", type=int)
    group.add_argument("--y")

    assert vars(parser.parse_args(["--y", "1"], env_vars={"SM_HP_X": "many"})) == {"y": "1"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("--model_id", "(neither SM_HP_MODEL_ID nor SM_CHANNEL_MODEL_ID is set; channels here: train)"),
        ("--data", "(SM_CHANNEL_DATA is not set; channels here: train)"),
        ("--sm-hp-model-id", "(SM_HP_MODEL_ID is not set)"),
        ("--model-dir", "(SM_MODEL_DIR is not set)"),
    ],
)
def test_a_missing_argument_names_its_hyperparameter_first(name, said, capsys):
    with pytest.raises(SystemExit):
        parse({"SM_CHANNELS": '["train"]'}, (name, {"required": True}))
    assert capsys.readouterr().err.endswith(f"required: {name} {said}\n")


STEERING = "\x1b[31mred\x1b[0m \u202egnp.exe \x07"


@pytest.mark.parametrize("declaration", [{}, {"nargs": "+"}, {"type": Path}])
def test_a_value_cannot_steer_the_terminal(declaration, monkeypatch, capsys):
    monkeypatch.setenv("SM_HPS", json.dumps({"note": STEERING}))
    parser = parser_of(("--note", declaration), ("--epochs", {"type": int}))
    shown = [parser.format_help(), str(parser.parse_args([])) and parser.format_values()]
    monkeypatch.setenv("SM_HPS", json.dumps({"epochs": STEERING, "note": STEERING}))
    with pytest.raises(SystemExit):
        parser.parse_args([])
    shown.append(capsys.readouterr().err)

    for text in shown:
        assert "\\x1b[31mred" in text
        assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize(
    ("name", "variable"),
    [("--data_config", "SM_INPUT_DATA_CONFIG"), ("--fw_params", "SM_FRAMEWORK_PARAMS"), ("--model_output_dir", "SM_MODEL_DIR")],
)
def test_names_that_public_examples_give_to_variables(name, variable):
    value = "/opt/ml/model" if variable == "SM_MODEL_DIR" else {"a": 1}
    environ = {variable: value if isinstance(value, str) else json.dumps(value)}

    assert list(vars(parse(environ, (name, {}))).values()) == [value]
