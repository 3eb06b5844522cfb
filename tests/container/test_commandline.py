"""Which tokens SageMaker itself generated."""

import json

import pytest
from platforms import encoded, unquoted, write_files

from smargs.container.commandline import split_generated
from smargs.container.job import Job
from smargs.testing import SageMakerJob

HYPERPARAMETERS = {
    "sagemaker_program": "train.py",
    "k": 5,
    "lr": 0.1,
    "note": 'two "big" words',
    "optimizer": {"name": "adam", "betas": [0.9, 0.999]},
    "paths": ["a b", "c"],
    "seed": None,
    "amp": True,
}


def split(tokens, environ):
    """The typed tokens, and the two generated tokens of each hyperparameter as the platform wrote them."""
    line = split_generated(tokens, Job(environ))
    return line.typed, dict(line.platform_tokens)


def pairs(tokens):
    return {name.lstrip("-"): (name, value) for name, value in zip(tokens[::2], tokens[1::2])}


@pytest.mark.parametrize("form", [lambda job: job, unquoted], ids=["intact", "unquoted"])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize("before", [[], ["--lr", "1"]])
@pytest.mark.parametrize("after", [[], ["--k", "6", "--own"]])
def test_generated_tokens_are_split_off_and_typed_tokens_around_them_stay(platform, form, before, after):
    job = SageMakerJob(HYPERPARAMETERS, platform=platform)
    # Without SM_USER_ARGS, the toolkit's list of its tokens, only the hyperparameters show them.
    environ = {name: text for name, text in job.environ.items() if name != "SM_USER_ARGS"}

    assert split([*before, *form(job).argv, *after], environ) == ([*before, *after], pairs(job.argv))


def test_off_sagemaker_every_token_counts_as_typed():
    assert split(["--lr", "1"], {}) == (["--lr", "1"], {})


def test_if_the_platform_wrote_no_tokens_every_token_counts_as_typed():
    assert split(["--own", "1"], SageMakerJob(HYPERPARAMETERS).environ) == (["--own", "1"], {})


@pytest.mark.parametrize("after", [[], ["--own"]])
def test_the_longer_of_two_renderings_is_split_off(after):
    job = SageMakerJob({"sagemaker_program": "train.py", "lr": 1}, platform="sdk")

    assert split([*job.argv, *after], job.environ) == (after, pairs(job.argv))


@pytest.mark.parametrize("form", [lambda job: job, unquoted], ids=["intact", "unquoted"])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_the_file_alone_shows_the_generated_tokens(tmp_path, platform, form):
    job = SageMakerJob(HYPERPARAMETERS, platform=platform)
    write_files(tmp_path, {"hyperparameters.json": encoded(HYPERPARAMETERS)})

    assert split(form(job).argv, {"SAGEMAKER_BASE_DIR": str(tmp_path)}) == ([], pairs(job.argv))


def test_tokens_that_either_platform_may_have_written_are_the_toolkits(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": encoded({"paths": ["a"]})})

    line = split_generated(["--paths", "[a]"], Job({"SAGEMAKER_BASE_DIR": str(tmp_path)}))
    assert (line.generated.platform, line.generated.tokens) == ("toolkit", ["--paths", "['a']"])


def test_an_exact_run_comes_before_an_unquoted_one():
    job = SageMakerJob({"note": "two words"})
    same_when_unquoted = ["--note", "twowords"]

    assert split([*same_when_unquoted, *job.argv], job.environ) == (same_when_unquoted, pairs(job.argv))


def test_a_list_of_texts_is_recognised_in_the_quotes_of_each_platform():
    for job in (SageMakerJob({"paths": ["a"]}), SageMakerJob({"paths": ["a"]}, platform="sdk")):
        assert split(job.argv, job.environ) == ([], pairs(job.argv))


@pytest.mark.needs_unix
@pytest.mark.needs_process
@pytest.mark.parametrize(
    ("before", "after"),
    [(["x--notetwowords"], []), ([], ["x--notetwowords"]), (["x--notetwowords"], ["x--notetwowords"]), (["--notetwo"], [])],
)
def test_an_unquoted_run_begins_and_ends_at_the_boundary_of_a_token(before, after):
    job = SageMakerJob({"note": "two words"}, platform="toolkit-unquoted")

    assert split([*before, *job.argv, *after], job.environ) == ([*before, *after], {"note": ("--note", "two words")})


@pytest.mark.needs_unix
@pytest.mark.needs_process
@pytest.mark.parametrize("before", [[], ["x--notetwowords"]])
def test_the_first_of_two_unquoted_runs_is_split_off(before):
    job = SageMakerJob({"note": "two words"}, platform="toolkit-unquoted")
    second = ["--note", "two wor", "ds"]

    assert split([*before, *job.argv, *second], job.environ)[0] == [*before, *second]


@pytest.mark.parametrize("value", [" ", '"', "\\ "])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_an_option_whose_value_a_shell_removes_is_split_off(platform, value):
    job = SageMakerJob({"note": value, "zip": ""}, platform=platform)

    for typed in (["--own"], ["-o"]):
        assert split([*typed, "--note", "--zip"], job.environ) == (typed, pairs(job.argv))
        assert split(["--note", "--zip", *typed], job.environ) == (typed, pairs(job.argv))
        assert split(["--note", "--zip", "", *typed], job.environ) == (typed, pairs(job.argv))


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_an_option_that_a_shell_joins_to_its_value_is_split_off():
    job = SageMakerJob({"\\": 0, "a": 1}, platform="toolkit-unquoted")

    assert job.argv[0] == "- 0"
    assert split(job.argv, job.environ)[0] == []


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_an_option_that_a_shell_splits_after_its_hyphens_is_split_off():
    job = SageMakerJob({" a": 1}, platform="toolkit-unquoted")

    assert job.argv == ["--", "a", "1"]
    assert split(job.argv, job.environ)[0] == []


def test_without_a_platform_an_option_alone_counts_as_typed(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": {"note": " "}})

    assert split(["--note"], {"SAGEMAKER_BASE_DIR": str(tmp_path)}) == (["--note"], {})


@pytest.mark.parametrize("changed", ["amp", "lr"])
def test_each_intact_pair_of_a_broken_run_is_split_off_once(changed):
    job = SageMakerJob({"amp": True, "lr": 0.1, "note": "two words", "seed": None})
    argv = list(job.argv)
    argv[argv.index(f"--{changed}") + 1] = "7"
    rest = {name: pair for name, pair in pairs(job.argv).items() if name != changed}

    for own in ([], ["--note", "two words"], ["--", "--note"], ["--", *pairs(job.argv)[changed]]):
        assert split([*argv, *own], job.environ) == ([f"--{changed}", "7", *own], rest)


@pytest.mark.parametrize("names", [["lr"], ["X", "a-b"], ["lr", "momentum", "beta"]])
def test_tokens_that_user_args_lists_are_split_off_in_any_spelling(names):
    tokens = [token for name in names for token in (f"--{name}", "1e0")]
    environ = {**SageMakerJob(dict.fromkeys(names, 1.0)).environ, "SM_USER_ARGS": json.dumps(tokens)}

    assert split(["--own", *tokens], environ) == (["--own"], pairs(tokens))


def test_user_args_that_are_not_pairs_are_ignored():
    job = SageMakerJob({"lr": 0.1})
    environ = {**job.environ, "SM_USER_ARGS": json.dumps([*job.argv, "--lr"])}

    assert split([*job.argv, "--lr"], environ) == (["--lr"], pairs(job.argv))


DAMAGED = {"batch-size": 256, "empty": "", "note": "cost: $5", "zip": "001 23"}
UNQUOTED = ["--batch-size", "256", "--empty", "--note", "cost:", "--zip", "001", "23"]


def without_user_args(hyperparameters, platform="toolkit"):
    """The variables of a job without the list of its tokens, and these tokens as the platform wrote them."""
    job = SageMakerJob(hyperparameters, platform=platform)
    return {name: text for name, text in job.environ.items() if name != "SM_USER_ARGS"}, pairs(job.argv)


@pytest.mark.parametrize("before", [[], ["--note", "x"], ["--batch-size", "255", "--zip", "1"]])
@pytest.mark.parametrize("after", [[], ["--note", "mine"], ["x"], ["--batch-size", "7"]])
@pytest.mark.parametrize(
    "tokens",
    [
        UNQUOTED,
        [token for token in UNQUOTED if token != "cost:"],
        [*UNQUOTED[:5], "train.py", "job.json", *UNQUOTED[5:]],
        [*UNQUOTED[:5], "-5", *UNQUOTED[5:]],
        [*UNQUOTED[:3], "", *UNQUOTED[3:]],
    ],
    ids=["a variable", "an empty expansion", "files", "what looks like an option", "an empty token"],
)
def test_a_value_that_a_shell_expanded_is_split_off(before, tokens, after):
    environ, generated = without_user_args(DAMAGED)

    assert split([*before, *tokens, *after], environ) == ([*before, *after], generated)


@pytest.mark.parametrize(("platform", "true"), [("toolkit", "True"), ("sdk", "true")])
def test_a_damaged_run_is_recognised_in_the_spelling_of_each_platform(platform, true):
    environ, generated = without_user_args({"amp": True, "note": "cost: $5"}, platform)

    assert split(["--amp", true, "--note", "cost:"], environ) == ([], generated)


@pytest.mark.parametrize("tokens", [UNQUOTED[:5], UNQUOTED[:4]])
def test_a_run_may_end_at_a_value_with_a_comment_or_a_command(tokens):
    environ, generated = without_user_args({**DAMAGED, "note": "cost: #5; 6"})

    assert split(["--own", *tokens], environ) == (["--own"], generated)


@pytest.mark.parametrize(
    ("after", "typed"), [(["--own", "1"], ["--own", "1"]), (["x"], []), (["-o"], ["-o"]), (["-1", "--own"], ["--own"])]
)
def test_a_damaged_last_value_extends_to_the_next_option_that_is_no_part_of_it(after, typed):
    environ, generated = without_user_args({"batch-size": 256, "note": "cost: $5 or -1"})

    assert split(["--batch-size", "256", "--note", "cost:", *after], environ) == (typed, generated)


@pytest.mark.parametrize(
    ("hyperparameters", "tokens"),
    [
        ({"note": "cost: $5"}, ["--note", "mine"]),
        ({"note": "cost: $5", "lr": 0.1}, ["--note", "mine"]),
        ({"note": "cost: $5", "zip": "12"}, ["--note", "mine"]),
        ({"note": "cost: $5", "lr": 0.1}, ["--lr", "0.2", "--note", "mine"]),
        ({"note": "cost: $5", "lr": 0.1, "zip": "1"}, ["--lr", "0.1x", "--note", "mine", "--zip", "1x"]),
        ({"note": "cost: $5", "zip": "12"}, ["--note", "mine", "--zip", "1"]),
    ],
    ids=[
        "no value is intact",
        "the one before it is missing",
        "the one after it is missing",
        "another value before",
        "more than the value",
        "less than the value",
    ],
)
def test_a_damaged_value_without_an_intact_one_beside_it_counts_as_typed(hyperparameters, tokens):
    environ, _ = without_user_args(hyperparameters)

    assert split(tokens, environ) == (tokens, {})
