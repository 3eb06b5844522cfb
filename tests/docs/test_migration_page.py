"""The page "Migration": a script does the same after the change as before, and more."""

import argparse
import os
import re

import pytest
from migration import PAGE, PAIRS, SENT, check, run_off_sagemaker
from paths import ROOT, TESTS

from smargs import SageMakerArgumentParser

HERE = ["argparse", "SM_HPS", "ConfigArgParse"]
ELSEWHERE = {
    "The training toolkit": "conformance/test_migration_page.py",
    "HfArgumentParser": "ecosystem/test_migration_page.py",
    "click": "ecosystem/test_migration_page.py",
}
"""The sections that need packages of another suite, and the test there."""


def test_each_pair_of_scripts_runs_in_one_suite():
    assert sorted(PAIRS) == sorted([*HERE, *ELSEWHERE])
    assert PAGE.read_text(encoding="utf-8").count("```python") == 2 * len(PAIRS)
    for section, file in ELSEWHERE.items():
        assert f'"{section}"' in (TESTS / file).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.needs_process
@pytest.mark.parametrize("section", HERE)
def test_both_scripts_of_a_section_print_the_same_in_a_job(section, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    check(section, tmp_path)


@pytest.mark.needs_process
@pytest.mark.parametrize("section", ["argparse", "SM_HPS"])
def test_a_script_that_reads_the_variables_itself_fails_off_sagemaker(section, tmp_path):
    finished = run_off_sagemaker(PAIRS[section][0], tmp_path / "laptop")
    assert re.search(r"^KeyError: 'SM_\w+'$", finished.stderr, re.MULTILINE)


HEAD, _, _ = PAIRS["argparse"][0].partition("parser.add_argument")
OLD, NEW = (re.findall(r"^(?:parser\.add_argument|args).*$", text, re.MULTILINE) for text in PAIRS["argparse"])
"""The lines of the two scripts with argparse that declare an argument or parse."""


def arguments(parsing):
    """The arguments of a script with these lines, in this process."""
    names = {"SageMakerArgumentParser": SageMakerArgumentParser}
    head = HEAD.replace("argparse.ArgumentParser", "SageMakerArgumentParser")
    exec(compile("\n".join([head, *parsing]), "train.py", "exec"), names)
    return vars(names["args"])


@pytest.mark.parametrize("index", range(len(OLD)), ids=[re.search(r"--[\w-]+|parse_\w+", line)[0] for line in OLD])
def test_each_line_of_a_script_with_argparse_may_stay_as_it_is_in_a_job(index, sagemaker_job):
    with sagemaker_job({name: SENT[name] for name in ("epochs", "fp16", "layers")}, ["train"], hosts=2):
        assert arguments([*NEW[:index], OLD[index], *NEW[index + 1 :]]) == arguments(NEW)


@pytest.mark.parametrize(
    ("declared", "sent", "by_argparse", "by_smargs"),
    [
        pytest.param({"type": int, "default": 10}, {"opts": 3}, 10, SystemExit, id="a mistyped name"),
        pytest.param({"type": int, "default": 10}, {"op": 3}, 3, SystemExit, id="an abbreviation"),
        pytest.param({"default": 10}, {"opt": 3}, "3", 3, id="no type"),
        pytest.param({"default": "x"}, {"opt": None}, "", None, id="null"),
    ],
)
def test_what_behaves_differently_is_what_the_page_says(declared, sent, by_argparse, by_smargs, sagemaker_job):
    with sagemaker_job(sent):
        before, after = argparse.ArgumentParser(), SageMakerArgumentParser()
        for parser in (before, after):
            parser.add_argument("--opt", **declared)
        assert before.parse_known_args()[0].opt == by_argparse
        if by_smargs is SystemExit:
            with pytest.raises(SystemExit):
                after.parse_args()
        else:
            assert after.parse_args().opt == by_smargs


def test_the_channel_train_fills_training_with_smargs_alone(sagemaker_job):
    with sagemaker_job(channels=["train"]):
        before, after = argparse.ArgumentParser(), SageMakerArgumentParser()
        for parser in (before, after):
            parser.add_argument("--training", default=os.environ.get("SM_CHANNEL_TRAINING"))
        assert before.parse_args().training is None
        assert after.parse_args().training == os.environ["SM_CHANNEL_TRAIN"]
