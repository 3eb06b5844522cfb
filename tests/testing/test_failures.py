"""What a person sees when a test with drawn jobs fails: the error of the simplest failing job, once."""

import contextlib
import io
import re
import subprocess
import sys

import hypothesis
import pytest
from hypothesis import Phase, find, given
from hypothesis import strategies as st

from smargs import SageMakerArgumentParser
from smargs.testing import jobs

FEW = hypothesis.settings(max_examples=5, database=None, deadline=None, phases=[Phase.generate])

FAILING = """
import sys
import pytest
from hypothesis import Phase, given, settings, strategies as st
from smargs import SageMakerArgumentParser
from smargs.testing import invalid_hyperparameters, jobs

parser = SageMakerArgumentParser(prog="train.py")
parser.add_argument("--epochs", type=int, default=1)
repeatable = settings(
    max_examples=30, database=None, derandomize=True, deadline=None, phases=[Phase.generate, Phase.shrink]
)

@given(jobs(parser))
@repeatable
def test_a_script_that_refuses(job):
    with job:
        if parser.parse_args().epochs > 9:
            parser.error("argument --epochs: expected less than 10")
        print("passes", file=sys.stderr)

@given(jobs(parser, invalid_hyperparameters(parser)))
@repeatable
def test_a_test_that_expects_an_error(job):
    with job, pytest.raises(SystemExit) as stop:
        parser.parse_args()
    assert stop.value.code == 2

@given(jobs(parser, st.just({"epochs": "many"})))
@repeatable
def test_a_test_that_fails_after_an_error(job):
    with job, pytest.raises(SystemExit) as stop:
        parser.parse_args()
    assert stop.value.code == 3
"""


@pytest.mark.needs_process
@pytest.mark.slow
def test_a_failure_shows_the_error_of_one_job(pytester):
    pytester.makepyfile(test_train=FAILING)

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rN")

    result.assert_outcomes(failed=2, passed=1)
    shown = result.stdout.str() + result.stderr.str()
    assert shown.count("usage: ") == 2, shown
    assert re.findall(r"^E\s+train.py: error: (.*)", shown, re.MULTILINE) == [
        "argument --epochs: expected less than 10",
        "argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)",
    ]
    assert "Captured stderr" not in shown
    assert "passes" not in re.sub(r".*print\(.*", "", shown)


def write(job, text):
    with job:
        sys.stderr.write(text)


def test_in_a_test_a_job_writes_no_error_and_restores_the_stream(capsys):
    stream = sys.stderr

    @given(jobs(SageMakerArgumentParser()))
    @FEW
    def law(job):
        write(job, "an error\n")
        with contextlib.suppress(ZeroDivisionError), job:
            raise ZeroDivisionError
        assert sys.stderr is stream

    law()
    assert capsys.readouterr().err == ""


def test_a_test_that_redirects_the_stream_itself_gets_the_error(capsys):
    @given(jobs(SageMakerArgumentParser()))
    @FEW
    def law(job):
        outside, inside = io.StringIO(), io.StringIO()
        with contextlib.redirect_stderr(outside):
            write(job, "one")
        with job, contextlib.redirect_stderr(inside):
            sys.stderr.write("other")
        assert (outside.getvalue(), inside.getvalue()) == ("one", "other")

    law()


@pytest.mark.needs_process
def test_child_processes_of_the_script_can_write_to_the_stream(capsys):
    @given(st.data())
    @FEW
    def law(data):
        with data.draw(jobs(SageMakerArgumentParser())):
            print("before", file=sys.stderr)
            command = [sys.executable, "-c", "import os; os.write(2, b'in a child \\xff\\n')"]
            subprocess.run(command, stderr=sys.stderr, check=True)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as error:
        law()
    # Before Python 3.11, Hypothesis prints its notes.
    shown = [*getattr(error.value, "__notes__", ()), capsys.readouterr().out]
    assert "before\nin a child \\xff" in "\n".join(shown)


def test_outside_a_test_a_job_writes_its_errors(capsys):
    job = find(jobs(SageMakerArgumentParser()), lambda job: True)

    write(job, "an error\n")

    assert capsys.readouterr().err == "an error\n"
