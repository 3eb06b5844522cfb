"""Which tokens SageMaker itself generated."""

import json

import pytest
from platforms import encoded, torn, write_files

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


def taken_apart(tokens, environ):
    """The typed tokens, and the generated ones as SageMaker meant them."""
    line = split_generated(tokens, Job(environ))
    return line.typed, dict(line.platform_tokens)


def pairs(tokens):
    return {name.lstrip("-"): (name, value) for name, value in zip(tokens[::2], tokens[1::2])}


@pytest.mark.parametrize("form", [lambda job: job, torn], ids=["whole", "torn"])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize("before", [[], ["--lr", "1"]])
@pytest.mark.parametrize("after", [[], ["--k", "6", "--own"]])
def test_what_a_platform_writes_is_taken_out_and_what_stands_around_it_stays(platform, form, before, after):
    job = SageMakerJob(HYPERPARAMETERS, platform=platform)
    # The toolkit's own list of its tokens would tell them; here the hyperparameters must.
    environ = {name: text for name, text in job.environ.items() if name != "SM_USER_ARGS"}

    assert taken_apart([*before, *form(job).argv, *after], environ) == ([*before, *after], pairs(job.argv))


def test_off_sagemaker_every_token_was_typed():
    assert taken_apart(["--lr", "1"], {}) == (["--lr", "1"], {})


def test_where_the_platform_repeats_nothing_every_token_was_typed():
    assert taken_apart(["--own", "1"], SageMakerJob(HYPERPARAMETERS).environ) == (["--own", "1"], {})


@pytest.mark.parametrize("after", [[], ["--own"]])
def test_a_rendering_that_is_a_part_of_another_is_not_mistaken_for_it(after):
    job = SageMakerJob({"sagemaker_program": "train.py", "lr": 1}, platform="sdk")

    assert taken_apart([*job.argv, *after], job.environ) == (after, pairs(job.argv))


@pytest.mark.parametrize("form", [lambda job: job, torn], ids=["whole", "torn"])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_the_file_alone_tells_what_a_platform_wrote(tmp_path, platform, form):
    job = SageMakerJob(HYPERPARAMETERS, platform=platform)
    write_files(tmp_path, {"hyperparameters.json": encoded(HYPERPARAMETERS)})

    assert taken_apart(form(job).argv, {"SAGEMAKER_BASE_DIR": str(tmp_path)}) == ([], pairs(job.argv))


def test_if_nothing_shows_the_platform_and_both_could_have_written_the_tokens_the_toolkit_did(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": encoded({"paths": ["a"]})})

    line = split_generated(["--paths", "[a]"], Job({"SAGEMAKER_BASE_DIR": str(tmp_path)}))
    assert (line.generated.platform, line.generated.tokens) == ("toolkit", ["--paths", "['a']"])


def test_a_whole_run_comes_before_one_that_is_like_it_once_torn():
    job = SageMakerJob({"note": "two words"})
    like_it = ["--note", "twowords"]

    assert taken_apart([*like_it, *job.argv], job.environ) == (like_it, pairs(job.argv))


def test_a_list_of_texts_is_known_by_the_quotes_of_the_platform_that_wrote_it():
    for job in (SageMakerJob({"paths": ["a"]}), SageMakerJob({"paths": ["a"]}, platform="sdk")):
        assert taken_apart(job.argv, job.environ) == ([], pairs(job.argv))


@pytest.mark.needs_unix
@pytest.mark.needs_process
@pytest.mark.parametrize(
    ("before", "after"),
    [(["x--notetwowords"], []), ([], ["x--notetwowords"]), (["x--notetwowords"], ["x--notetwowords"]), (["--notetwo"], [])],
)
def test_a_torn_run_begins_and_ends_with_its_tokens(before, after):
    job = SageMakerJob({"note": "two words"}, platform="toolkit-unquoted")

    assert taken_apart([*before, *job.argv, *after], job.environ) == ([*before, *after], {"note": ("--note", "two words")})


@pytest.mark.needs_unix
@pytest.mark.needs_process
@pytest.mark.parametrize("before", [[], ["x--notetwowords"]])
def test_of_two_torn_runs_the_first_is_the_platforms(before):
    job = SageMakerJob({"note": "two words"}, platform="toolkit-unquoted")
    second = ["--note", "two wor", "ds"]

    assert taken_apart([*before, *job.argv, *second], job.environ)[0] == [*before, *second]


@pytest.mark.parametrize("value", [" ", '"', "\\ "])
@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_an_option_is_the_platforms_if_a_shell_removes_its_whole_value(platform, value):
    job = SageMakerJob({"note": value, "zip": ""}, platform=platform)

    for typed in (["--own"], ["-o"]):
        assert taken_apart([*typed, "--note", "--zip"], job.environ) == (typed, pairs(job.argv))
        assert taken_apart(["--note", "--zip", *typed], job.environ) == (typed, pairs(job.argv))
        assert taken_apart(["--note", "--zip", "", *typed], job.environ) == (typed, pairs(job.argv))


def test_without_a_platform_an_option_alone_was_typed(tmp_path):
    write_files(tmp_path, {"hyperparameters.json": {"note": " "}})

    assert taken_apart(["--note"], {"SAGEMAKER_BASE_DIR": str(tmp_path)}) == (["--note"], {})


@pytest.mark.parametrize("changed", ["amp", "lr"])
def test_of_a_broken_run_each_whole_pair_is_taken_out_once(changed):
    job = SageMakerJob({"amp": True, "lr": 0.1, "note": "two words", "seed": None})
    argv = list(job.argv)
    argv[argv.index(f"--{changed}") + 1] = "7"
    rest = {name: pair for name, pair in pairs(job.argv).items() if name != changed}

    for own in ([], ["--note", "two words"], ["--", "--note"], ["--", *pairs(job.argv)[changed]]):
        assert taken_apart([*argv, *own], job.environ) == ([f"--{changed}", "7", *own], rest)


@pytest.mark.parametrize("names", [["lr"], ["X", "a-b"], ["lr", "momentum", "beta"]])
def test_the_platforms_own_list_tells_its_tokens_however_it_wrote_them(names):
    tokens = [token for name in names for token in (f"--{name}", "1e0")]
    environ = {**SageMakerJob(dict.fromkeys(names, 1.0)).environ, "SM_USER_ARGS": json.dumps(tokens)}

    assert taken_apart(["--own", *tokens], environ) == (["--own"], pairs(tokens))


def test_a_list_of_the_platform_that_is_no_list_of_pairs_is_not_used():
    job = SageMakerJob({"lr": 0.1})
    environ = {**job.environ, "SM_USER_ARGS": json.dumps([*job.argv, "--lr"])}

    assert taken_apart([*job.argv, "--lr"], environ) == (["--lr"], pairs(job.argv))


DAMAGED = {"batch-size": 256, "empty": "", "note": "cost: $5", "zip": "001 23"}
UNQUOTED = ["--batch-size", "256", "--empty", "--note", "cost:", "--zip", "001", "23"]


def without_list(hyperparameters, platform="toolkit"):
    """A job whose hyperparameters alone tell its tokens, and these tokens as the platform meant them."""
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
    ids=["a variable", "nothing left", "files", "what looks like an option", "an empty token"],
)
def test_what_a_shell_makes_of_its_own_signs_in_a_value_was_not_typed(before, tokens, after):
    environ, meant = without_list(DAMAGED)

    assert taken_apart([*before, *tokens, *after], environ) == ([*before, *after], meant)


@pytest.mark.parametrize(("platform", "true"), [("toolkit", "True"), ("sdk", "true")])
def test_a_damaged_run_is_as_either_platform_writes_it(platform, true):
    environ, meant = without_list({"amp": True, "note": "cost: $5"}, platform)

    assert taken_apart(["--amp", true, "--note", "cost:"], environ) == ([], meant)


@pytest.mark.parametrize("tokens", [UNQUOTED[:5], UNQUOTED[:4]])
def test_what_a_shell_took_for_a_comment_or_another_command_is_missing_at_the_end(tokens):
    environ, meant = without_list({**DAMAGED, "note": "cost: #5; 6"})

    assert taken_apart(["--own", *tokens], environ) == (["--own"], meant)


@pytest.mark.parametrize(
    ("after", "typed"), [(["--own", "1"], ["--own", "1"]), (["x"], []), (["-o"], ["-o"]), (["-1", "--own"], ["--own"])]
)
def test_a_damaged_value_at_the_end_goes_on_to_the_next_option_that_is_not_in_it(after, typed):
    environ, meant = without_list({"batch-size": 256, "note": "cost: $5 or -1"})

    assert taken_apart(["--batch-size", "256", "--note", "cost:", *after], environ) == (typed, meant)


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
        "no value is whole",
        "the one before is missing",
        "the one behind is missing",
        "another value before",
        "more than the value",
        "less than the value",
    ],
)
def test_without_a_whole_value_beside_it_a_value_with_a_shells_signs_was_typed(hyperparameters, tokens):
    environ, _ = without_list(hyperparameters)

    assert taken_apart(tokens, environ) == (tokens, {})
