"""What the strategies draw: hyperparameters that a parser accepts, ones that it refuses, and jobs that a platform starts."""

import argparse
import enum
import io
import json
import re
import subprocess
import sys
from collections import Counter
from contextlib import redirect_stderr
from pathlib import Path

import hypothesis
import pytest
from declarations import DECLARATIONS, option
from hypothesis import HealthCheck, Phase, find, given
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, NoSuchExample, Unsatisfiable
from profiles import settings

from smargs import SageMakerArgumentParser
from smargs.local.job import PLATFORMS
from smargs.testing import (
    BadJobError,
    SageMakerJob,
    assert_parses_like_argparse,
    assert_same_on_every_platform,
    hyperparameters,
    invalid_hyperparameters,
    jobs,
)
from smargs.texts import to_text


class Optimizer(enum.Enum):
    ADAM = "adam"
    SGD = 2


def below_one(text):
    value = float(text)
    if not 0 <= value < 1:
        raise ValueError(text)
    return value


KINDS = {
    **{kind: declared for kind, declared in DECLARATIONS.items() if kind != "callable"},
    "enum": {"type": Optimizer},
    "inferred enum": {"default": Optimizer.SGD},
    "set": {"type": set},
    "choices": {"choices": ["adam", "sgd"]},
    "choices of a type": {"type": int, "choices": range(3)},
    "choices of a function": {"type": str.lower, "choices": {"a", "b"}},
    "choices of an enum": {"type": Optimizer, "choices": list(Optimizer)},
    "choices of paths": {"type": Path, "choices": (Path("a"), Path("b"))},
    "bounds": {"type": int, "bounds": (2, 3.5)},
    "bounds of floats": {"default": 0.5, "bounds": (0, 1)},
    "a least value": {"type": float, "bounds": (0.5, None)},
    "a greatest value": {"type": int, "nargs": "+", "bounds": (None, 9)},
    "append +": {"action": "append", "nargs": "+", "type": int},
    "required": {"type": int, "required": True},
    "required text": {"required": True},
    "variable": {"env_var": "SM_HP_FOR_THIS", "type": float},
    "own variable": {"env_var": "MY_VARIABLE", "type": float},
    "false flag": {"action": "store_false"},
    "constants": {"action": "append_const", "const": 3},
}
NAMES = ("epochs", "batch-size", "learning_rate", "k", "K", "use-x", "text", "train", "data-dir")


@st.composite
def parsers(draw):
    """Parsers of a few arguments of any kind, some of which exclude each other."""
    parser = SageMakerArgumentParser(prog="train.py")
    place = parser
    for number, name in enumerate(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))):
        kinds = [kind for kind in sorted(KINDS) if len(name) > 1 or kind != "paired flag"]
        declared = dict(KINDS[draw(st.sampled_from(kinds))])
        if "env_var" in declared:
            # Of two that exclude each other and take one variable, no job can fill either.
            declared["env_var"] += str(number)
        moves = draw(st.sampled_from(("stays", "out of any group", "into a group", "into a required group")))
        if moves != "stays":
            place = parser
        if moves.startswith("into"):
            place = parser.add_mutually_exclusive_group(required="required" in moves)
        if place is not parser:
            declared = {setting: value for setting, value in declared.items() if setting != "required"}
        place.add_argument(option(name), **declared)
    return parser


def parses(parser, job):
    """Whether a parser accepts a job. If not, it prints one line of error and exits with status 2."""
    errors = io.StringIO()
    try:
        with job, redirect_stderr(errors):
            parser.parse_args()
    except SystemExit as stop:
        assert stop.code == 2
        assert errors.getvalue().splitlines()[-1].startswith("train.py: error: ")
        return False
    return True


@pytest.mark.needs_process
def test_every_drawn_job_parses_and_every_platform_is_drawn():
    counts = Counter()

    @given(st.data())
    @settings(max_examples=150, deadline=None)
    def law(data):
        parser = data.draw(parsers())
        job = data.draw(jobs(parser))
        counts[repr(job).partition("--platform ")[2].split(" ")[0]] += 1
        assert parses(parser, job)

    law()
    assert len(counts) == len(PLATFORMS), counts


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_every_job_of_invalid_hyperparameters_is_refused(data):
    parser = data.draw(parsers())
    assert not parses(parser, data.draw(jobs(parser, invalid_hyperparameters(parser))))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_valid_hyperparameters_are_the_same_on_every_platform(data):
    parser = data.draw(parsers())
    assert_same_on_every_platform(parser, data.draw(hyperparameters(parser)))


def parser_of(*arguments, **settings):
    parser = SageMakerArgumentParser(prog="train.py", **settings)
    for name, declared in arguments:
        parser.add_argument(name, **declared)
    return parser


# Hypothesis's phase "explain" runs an example again and again in a trace function, for a report that nothing here reads.
FINDING = hypothesis.settings(database=None, derandomize=True, phases=(Phase.generate, Phase.shrink))


def drawn(strategy, condition):
    """The simplest drawn value that satisfies a condition."""
    return find(strategy, condition, settings=hypothesis.settings(FINDING, max_examples=2000))


def is_never_drawn(strategy, condition):
    """Whether none of 200 drawn values satisfies a condition."""
    try:
        find(strategy, condition, settings=hypothesis.settings(FINDING, max_examples=200))
    except NoSuchExample:
        return True
    return False


def test_failing_examples_shrink_to_the_smallest_hyperparameters():
    parser = parser_of(("--epochs", {"type": int}), ("--layers", {"nargs": "+", "type": int}), ("--name", {}))
    assert drawn(hyperparameters(parser), lambda values: True) == {}
    assert drawn(hyperparameters(parser), lambda values: values.get("epochs", 0) > 9) == {"epochs": 10}
    assert drawn(hyperparameters(parser), lambda values: len(values.get("layers", ())) > 1) == {"layers": [0, 0]}
    assert repr(drawn(jobs(parser), lambda job: True)) == "smargs run train.py"
    assert repr(drawn(jobs(parser), lambda job: "--epochs" in job.argv)) == "smargs run train.py -p epochs=0"


def test_required_arguments_and_one_of_each_required_group_are_always_drawn():
    parser = parser_of(("--epochs", {"type": int, "required": True}), ("--name", {}))
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--fast", action="store_true")
    group.add_argument("--slow", action="count")
    for drawn_name in ("fast", "slow"):
        assert drawn(hyperparameters(parser), lambda values, name=drawn_name: name in values) in (
            {"epochs": 0, "fast": True},
            {"epochs": 0, "slow": 1},
        )
    assert is_never_drawn(
        hyperparameters(parser), lambda values: len({"fast", "slow"} & values.keys()) != 1 or "epochs" not in values
    )


def test_names_use_underscores_unless_another_argument_has_that_spelling():
    parser = parser_of(("--batch-size", {"type": int}))
    assert drawn(hyperparameters(parser), lambda values: "batch_size" in values) == {"batch_size": 0}
    parser.add_argument("--batch_size", type=str)
    for name, value in (("batch-size", 0), ("batch_size", "")):
        assert drawn(hyperparameters(parser), lambda values, name=name: name in values) == {name: value}


def test_arguments_that_sagemaker_fills_anyway_are_not_drawn():
    names = ("--model-dir", "--num-gpus", "--train", "--data-dir", "--hosts", "--sm-hps")
    parser = parser_of(*((name, {}) for name in names), ("--out", {"env_var": "SM_OUTPUT_DIR"}))
    assert drawn(st.lists(hyperparameters(parser), min_size=50), lambda many: True) == [{}] * 50
    asked = hyperparameters(parser, {"train": st.just("elsewhere")})
    assert drawn(asked, lambda values: values) == {"train": "elsewhere"}
    assert not drawn(hyperparameters(parser, {"out": st.just("elsewhere")}), lambda values: True)


def test_an_override_replaces_the_drawn_values_and_is_required_for_a_function():
    parser = parser_of(("--rate", {"type": below_one}), ("--epochs", {"type": int}))
    needed = (
        "argument --rate: the texts that its type below_one accepts are unknown: "
        "add a strategy of its hyperparameter to this call: overrides={'rate': ...}"
    )
    for strategy in (hyperparameters, invalid_hyperparameters, jobs):
        with pytest.raises(InvalidArgument, match=f"^{re.escape(needed)}$"):
            strategy(parser)
        strategy(parser, overrides={"rate": st.just(0.5)})
    with pytest.raises(InvalidArgument, match="overrides: 'rat' is not the dest of an argument"):
        hyperparameters(parser, {"rat": st.just(0.5)})
    overrides = {"rate": st.floats(0, 0.5)}
    assert drawn(hyperparameters(parser, overrides), lambda values: values.get("rate", 0) > 0.25)["rate"] <= 0.5
    wrong = drawn(invalid_hyperparameters(parser, overrides), lambda values: isinstance(values.get("rate"), int))
    assert not 0 <= wrong["rate"] < 1
    job = drawn(jobs(parser, overrides=overrides), lambda job: "--rate" in job.argv)
    assert repr(job) == "smargs run train.py -p rate=0.0"
    assert parses(parser, SageMakerJob({"rate": 0.25}))
    assert not parses(parser, SageMakerJob(wrong))


def test_overrides_belong_to_the_strategy_of_hyperparameters_if_there_is_one():
    parser = parser_of(("--rate", {"type": below_one}))
    overrides = {"rate": st.just(0.5)}
    with pytest.raises(
        InvalidArgument, match=r"^overrides: jobs\(\) has a strategy of hyperparameters: pass the overrides to that strategy$"
    ):
        jobs(parser, hyperparameters(parser, overrides), overrides=overrides)


NUMBERS = {
    "numbers": {"choices": [1, 2]},
    "a range": {"choices": range(2)},
    "numbers, many": {"choices": [1, 2], "nargs": "+"},
    "numbers, two": {"choices": [1, 2], "nargs": 2},
    "numbers, appended": {"choices": [1, 2], "action": "append"},
    "none": {"choices": []},
    "texts for a number": {"choices": ["1", "2"], "type": int},
}


@pytest.mark.parametrize("declared", NUMBERS.values(), ids=NUMBERS)
def test_choices_that_no_text_equals_are_not_drawn_and_cannot_be_required(declared):
    parser = parser_of(("--size", declared), ("--epochs", {"type": int}))
    plain = argparse.ArgumentParser()
    plain.add_argument("--size", **declared)
    with redirect_stderr(io.StringIO()), pytest.raises(SystemExit):
        plain.parse_args(["--size", "1", *(["1"] if declared.get("nargs") == 2 else [])])
    assert is_never_drawn(hyperparameters(parser), lambda values: "size" in values)
    drawn(jobs(parser), lambda job: parses(parser, job) and "--epochs" in job.argv)
    required = (
        "argument --size: it is required, but accepts none of its choices: "
        "argparse compares the choices with converted values: expected a type that converts a text to a choice"
    )
    with pytest.raises(InvalidArgument, match=f"^{required}$"):
        jobs(parser_of(("--size", {**declared, "required": True})))
    group = parser_of()
    group.add_mutually_exclusive_group(required=True).add_argument("--size", **declared)
    with pytest.raises(InvalidArgument, match=f"^{required}$"):
        hyperparameters(group)
    assert drawn(hyperparameters(parser, {"size": st.just(3)}), lambda values: values.get("size") == 3)


def test_of_mixed_choices_only_the_texts_are_drawn():
    parser = parser_of(("--size", {"choices": [1, "large", 2, "small"]}), ("--sizes", {"choices": [1, "large"], "nargs": 2}))
    assert drawn(hyperparameters(parser), lambda values: "size" in values and "sizes" in values) == {
        "size": "large",
        "sizes": ["large", "large"],
    }
    assert is_never_drawn(hyperparameters(parser), lambda values: values.get("size") in (1, 2))


def test_in_a_required_group_an_argument_without_possible_values_is_not_drawn():
    parser = parser_of()
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--size", choices=[1, 2])
    group.add_argument("--name")
    assert drawn(hyperparameters(parser), lambda values: True) == {"name": ""}


def test_a_line_break_is_drawn_only_if_json_escapes_it():
    parser = parser_of(("--text", {}))
    breaks = st.just({"text": "a\nb"})
    assert drawn(jobs(parser, breaks, platforms=["toolkit"]), lambda job: True).argv == ["--text", "a\nb"]
    assert is_never_drawn(jobs(parser, breaks, platforms=["toolkit"]), lambda job: "--plain" in repr(job))
    with pytest.raises(Unsatisfiable):
        drawn(jobs(parser, breaks, platforms=["sdk"]), lambda job: True)


def test_a_parser_of_argparse_is_refused():
    with pytest.raises(InvalidArgument, match="expected a parser of smargs, not ArgumentParser"):
        hyperparameters(argparse.ArgumentParser())
    with pytest.raises(InvalidArgument, match="expected a parser of smargs, not function"):
        jobs(parser_of, hyperparameters(parser_of()))


def test_a_type_that_opens_files_is_not_tried(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parser = parser_of(("--log", {"type": argparse.FileType("w")}))
    wrong = drawn(invalid_hyperparameters(parser, {"log": st.just("log.txt")}), lambda values: True)
    assert "log" not in wrong
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_a_subparser_declares_is_not_drawn_as_undeclared():
    parser = parser_of()
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("fit").add_argument("--q")
    (name,) = drawn(invalid_hyperparameters(parser), lambda values: True)
    assert name == "x"


def test_types_are_not_inferred_if_the_parser_does_not_infer_them():
    parser = parser_of(("--steps", {"default": 10}), infer_types=False)
    assert drawn(hyperparameters(parser), lambda values: isinstance(values.get("steps"), str))
    assert set(drawn(invalid_hyperparameters(parser), lambda values: True)) == {"q"}


def test_no_more_hyperparameters_are_drawn_than_the_service_accepts():
    parser = parser_of(*((f"--name-{number}", {"action": "store_true"}) for number in range(300)))
    parser.add_argument("--needed", required=True, type=int)
    sizes = []

    @given(jobs(parser, platforms=["toolkit"]))
    @hypothesis.settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    def law(job):
        values = json.loads(job.environ["SM_HPS"])
        sizes.append(len(values))
        assert "needed" in values

    law()
    assert max(sizes) == 95


@pytest.mark.needs_process
def test_jobs_are_drawn_with_the_requested_platforms_and_channels(tmp_path):
    parser = parser_of(("--train", {"required": True}))
    parser.add_subparsers(dest="command").add_parser("fit")
    strategy = jobs(parser, channels={"train": tmp_path}, platforms=["sdk"], typed=["fit"], script="fit.py")
    job = drawn(strategy, lambda job: json.loads(job.environ["SM_CURRENT_HOST_RANK"]) == 1)
    assert repr(job) == f"smargs run fit.py --platform sdk --hosts 2 --channel train={tmp_path} -- fit"
    assert parses(parser, job)
    for platform in PLATFORMS:
        assert repr(drawn(jobs(parser_of(), platforms=[platform]), lambda job: True)).endswith(
            "run train.py" if platform == "toolkit" else f"--platform {platform}"
        )


def channels_of(strategy):
    """The channels of a strategy's jobs, all of which parse."""
    return json.loads(drawn(strategy, lambda job: True).environ["SM_CHANNELS"])


REQUIRED = {"required": True}
CHANNELS = {
    "by their usual names": (
        [("--train", REQUIRED), ("validation", {}), ("--test-dir", REQUIRED)],
        ["test", "train", "validation"],
    ),
    "by their variables": ([("--in", {"env_var": "SM_CHANNEL_MY_DATA", **REQUIRED})], ["my_data"]),
    "of any type that is a path": ([("--train", {"type": Path, "nargs": "+", **REQUIRED})], ["train"]),
    "not if they are optional": ([("--train", {}), ("test", {"nargs": "?"})], []),
    "not for a number": ([("--train", {"type": int, **REQUIRED})], []),
    "not for a directory of another kind": ([("--images", {"type": Path, **REQUIRED}), ("--model-dir", REQUIRED)], []),
    "the only one for --data-dir": ([("--data-dir", REQUIRED), ("--data-config", REQUIRED)], ["data"]),
    "one of their own for --data-dir": ([("--train", REQUIRED), ("--data-dir", REQUIRED), ("--val", REQUIRED)], 3),
}


@pytest.mark.parametrize(("arguments", "expected"), CHANNELS.values(), ids=CHANNELS)
def test_jobs_have_the_channels_that_a_parser_requires(arguments, expected):
    parser = parser_of(*arguments)

    channels = channels_of(jobs(parser))

    assert (channels if isinstance(expected, list) else len(channels)) == expected
    assert parses(parser, drawn(jobs(parser), lambda job: True))


def test_a_chosen_channel_keeps_its_path_and_fills_the_arguments_that_it_fills_in_a_job(tmp_path):
    parser = parser_of(("--train", REQUIRED), ("--test", REQUIRED))
    job = drawn(jobs(parser, channels={"training": tmp_path}), lambda job: True)
    assert repr(job) == f"smargs run train.py --channel training={tmp_path} --channel test=$(mktemp -d)"
    assert parses(parser, job)
    parser = parser_of(("--data-dir", REQUIRED))
    assert channels_of(jobs(parser, channels=["mine"])) == ["mine"]
    assert channels_of(jobs(parser, channels=["mine", "other"])) == ["data", "mine", "other"]
    parser = parser_of(("--in", {"env_var": "SM_CHANNEL_MINE", **REQUIRED}))
    assert channels_of(jobs(parser, channels=["MINE"])) == ["MINE"]
    # Two channels have the variable, and neither of them is the argument's.
    assert channels_of(jobs(parser, channels=["MINe", "mine"])) == ["MINe", "mine"]


def test_of_a_required_group_one_argument_is_filled():
    parser = parser_of()
    parser.add_mutually_exclusive_group(required=True)
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--train")
    group.add_argument("--test")
    assert channels_of(jobs(parser)) == ["train"]
    assert channels_of(jobs(parser, channels=["test"])) == ["test"]
    group.add_argument("--url")
    assert repr(drawn(jobs(parser), lambda job: True)) == "smargs run train.py -p url="


def test_a_required_subcommand_is_not_a_channel():
    parser = parser_of()
    parser.add_subparsers(dest="train", required=True)
    assert channels_of(jobs(parser)) == []


def test_an_argument_that_a_channel_of_the_job_fills_is_not_drawn():
    parser = parser_of(("--images", {"type": Path, **REQUIRED}), ("--epochs", {"type": int, **REQUIRED}))
    job = drawn(jobs(parser, channels=["images", "epochs"]), lambda job: True)
    assert job.argv == ["--epochs", "0"]
    assert parses(parser, job)
    asked = jobs(parser, channels=["images"], overrides={"images": st.just("elsewhere")})
    assert "elsewhere" in drawn(asked, lambda job: True).argv


def test_the_platforms_are_compared_with_the_channels_that_a_parser_requires(tmp_path):
    parser = parser_of(("--train", REQUIRED), ("--test", REQUIRED))
    assert_same_on_every_platform(parser, {})
    assert_same_on_every_platform(parser, {}, {"train": tmp_path})


def test_texts_that_a_shell_expands_are_not_drawn_for_an_unquoted_command_line():
    parser = parser_of(("--text", {}))
    assert drawn(jobs(parser), lambda job: "*" in to_text(job.argv))
    unquoted = jobs(parser, st.just({"text": "*"}), platforms=["toolkit-unquoted"])
    with pytest.raises(Unsatisfiable):
        drawn(unquoted, lambda job: True)


def test_a_job_that_its_platform_does_not_start_is_not_drawn():
    odd = st.sampled_from([{"text": "it's"}, {"text": "its"}])
    strategy = jobs(parser_of(("--text", {})), odd, platforms=["sdk"])
    assert drawn(strategy, lambda job: True).environ["SM_HP_TEXT"] == "its"
    with pytest.raises(Unsatisfiable):
        drawn(jobs(parser_of(("--text", {})), st.just({"text": "it's"}), platforms=["sdk"]), lambda job: True)


def test_a_job_that_no_platform_starts_is_an_error():
    parser = parser_of(("--when", {}))
    with pytest.raises(InvalidArgument, match=r"^platform 'lambda': expected one of toolkit, toolkit-unquoted, sdk, files$"):
        jobs(parser, platforms=["sdk", "lambda"])
    with pytest.raises(BadJobError, match="train: 'nowhere' does not exist"):
        drawn(jobs(parser, channels={"train": "nowhere"}), lambda job: True)
    with pytest.raises(BadJobError, match="channels: expected a list of texts, not one text"):
        drawn(jobs(parser, channels="train"), lambda job: True)
    with pytest.raises(BadJobError, match="typed: expected a list of texts, not one text"):
        drawn(jobs(parser, typed="--a 1"), lambda job: True)
    dates = hyperparameters(parser, {"when": st.dates()})
    with pytest.raises(
        BadJobError, match=r"hyperparameter when: Object of type date .* expected a value that JSON can represent"
    ):
        drawn(jobs(parser, dates), lambda job: "--when" in job.argv)


def test_a_platform_that_refuses_a_channel_is_not_drawn():
    parser = parser_of(("--epochs", {"type": int}))
    strategy = jobs(parser, channels=["eval-set"], platforms=["sdk", "toolkit"])
    assert drawn(strategy, lambda job: True).environ["SM_CHANNELS"] == '["eval-set"]'


FAILING = """
from hypothesis import given, settings
from smargs import SageMakerArgumentParser
from smargs.testing import jobs

parser = SageMakerArgumentParser()
parser.add_argument("--epochs", type=int, default=1)

@given(jobs(parser))
@settings(database=None, derandomize=True, deadline=None)
def test_train(job):
    with job:
        assert parser.parse_args().epochs < 10

test_train()
"""


@pytest.mark.needs_process
def test_a_failure_shows_the_command_that_repeats_the_job(tmp_path):
    script = tmp_path / "failing.py"
    script.write_text(FAILING)
    child = subprocess.run([sys.executable, script], stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    assert "job=smargs run train.py -p epochs=10" in child.stderr.replace("\n    ", ""), child.stderr


def test_typed_tokens_parse_as_by_argparse():
    def declare(parser_class):
        parser = parser_class(prog="train.py")
        parser.add_argument("--epochs", type=int)
        return parser

    @given(st.lists(st.sampled_from(["--epochs", "3", "x", "--", "--epochs=4", "-1"]), max_size=4))
    @settings(max_examples=50, deadline=None)
    def law(argv):
        assert_parses_like_argparse(declare, argv)

    law()
