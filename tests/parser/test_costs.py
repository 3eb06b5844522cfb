"""What a parse costs, in counts: they are the same on every machine, and grow as the hyperparameters do, or not at all."""

import gc
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping

import configargparse
import pytest
from platforms import Job

from smargs import SageMakerArgumentParser
from smargs.arguments import matching
from smargs.container import commandline
from smargs.container import sources as reading
from smargs.testing import SageMakerJob

FEW, MORE, MANY = 12, 52, 92  # The service takes 100, some of the SDK's own among them.

# A hook for audits stays for ever, so that files are counted in a process of their own.
OPENING = """
import json, os, sys
from smargs import SageMakerArgumentParser

parser = SageMakerArgumentParser()
for place in range({count}):
    parser.add_argument(f"--name_{{place}}")
{more}
parser.parse_args()  # What is imported once is there then.
opened = []
sys.addaudithook(lambda event, args: opened.append(os.fspath(args[0])) if event == "open" else None)
parser.parse_args()
print(json.dumps(opened))
"""


class Environ(Mapping):
    """Variables that keep in mind which were read."""

    def __init__(self, variables):
        self.variables = variables
        self.reads = Counter()

    def __getitem__(self, name):
        self.reads[name] += 1
        return self.variables[name]

    def __iter__(self):
        return iter(self.variables)

    def __len__(self):
        return len(self.variables)


def values(count):
    """Numbers, texts and booleans, as many of each."""
    kinds = (lambda place: 7 * place, lambda place: place + 0.5, lambda place: f"v{place} beta", lambda place: place % 8 > 3)
    return {f"name_{place}": kinds[place % 4](place) for place in range(count)}


def parser_of(count):
    parser = SageMakerArgumentParser()
    for name, value in values(count).items():
        parser.add_argument(f"--{name}", type=type(value))
    return parser


@pytest.fixture(params=["toolkit", "sdk"])
def job(request, tmp_path):
    """Make a job of so many hyperparameters, with its files."""

    def make(count):
        with SageMakerJob(values(count), ["train"], platform=request.param, directory=tmp_path / str(count)) as made:
            return Job({**made.environ, "HOME": "/"}, made.argv)

    return make


def off_sagemaker(count):
    return Job({"HOME": "/"}, [token for name, value in values(count).items() for token in (f"--{name}", str(value))])


def parsed(parser, job, argv=True):
    environ = Environ(job.environ)
    namespace = parser.parse_args(job.argv if argv else [], env_vars=environ)
    return vars(namespace), environ.reads


def calls_of(monkeypatch, owner, name, act):
    """What a function is called with meanwhile."""
    calls, original = [], getattr(owner, name)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, lambda *args, **settings: calls.append(args) or original(*args, **settings))
        act()
    return calls


def all_calls(act):
    """The names of the Python functions that are called meanwhile, whoever's they are."""
    act()  # What is made once, such as the patterns of re, is there then.
    calls = []
    before = sys.getprofile()
    gc.disable()  # Others may have it call them, as Hypothesis has, whenever it runs.
    sys.setprofile(lambda frame, event, _: calls.append(frame.f_code.co_name) if event == "call" else None)
    try:
        act()
    finally:
        sys.setprofile(before)
        gc.enable()
    return calls


@pytest.mark.parametrize("argv", [True, False], ids=["in the job", "environment only"])
def test_each_variable_of_sagemaker_is_read_once_and_no_other(job, argv):
    made = job(MANY)
    found, reads = parsed(parser_of(MANY), made, argv)
    assert found == values(MANY)
    of_others = {"HOME", "CURRENT_HOST", "SAGEMAKER_JOB_NAME", "SAGEMAKER_REGION"}
    assert reads == Counter(made.environ.keys() - of_others)


def test_the_process_environment_is_not_asked_for_each_variable(job, monkeypatch):
    made, parser = job(FEW), parser_of(FEW)
    for name, text in {**made.environ, "OTHER": "text"}.items():
        monkeypatch.setenv(name, text)
    found = []
    asked = calls_of(monkeypatch, type(os.environ), "__getitem__", lambda: found.append(vars(parser.parse_args(made.argv))))
    assert found == [values(FEW)]
    assert not {name for _, name in asked} & made.environ.keys()
    assert "OTHER" not in reading.JobSources(os.environ).environ


@pytest.mark.parametrize("argv", [True, False], ids=["in the job", "environment only"])
def test_json_is_decoded_as_often_for_many_hyperparameters_as_for_few(job, argv, monkeypatch):
    decoded = {}
    for count in (FEW, MANY):
        made, parser = job(count), parser_of(count)
        decoded[count] = len(calls_of(monkeypatch, json, "loads", lambda made=made, parser=parser: parsed(parser, made, argv)))
    assert decoded[MANY] == decoded[FEW] > 0


def test_the_hyperparameters_are_decoded_once_where_two_variables_have_them(job, monkeypatch):
    made, parser = job(FEW), parser_of(FEW)
    decoded = Counter(text for (text,) in calls_of(monkeypatch, json, "loads", lambda: parsed(parser, made)))
    assert decoded[made.environ["SM_HPS"]] == 1
    assert made.environ["SM_TRAINING_ENV"] not in decoded


def test_the_hyperparameters_are_decoded_once_where_an_argument_wants_them_all(job, monkeypatch):
    made, parser = job(FEW), parser_of(FEW)
    parser.add_argument("--hps")
    decoded = Counter(text for (text,) in calls_of(monkeypatch, json, "loads", lambda: parsed(parser, made)))
    assert decoded[made.environ["SM_HPS"]] == 1


def test_a_variable_that_no_argument_stands_for_is_not_decoded(job, monkeypatch):
    made, parser = job(FEW), parser_of(FEW)
    made.environ["SM_FRAMEWORK_PARAMS"] = '{"sagemaker_program": "train.py"}'
    decoded = [text for (text,) in calls_of(monkeypatch, json, "loads", lambda: parsed(parser, made))]
    assert made.environ["SM_FRAMEWORK_PARAMS"] not in decoded


def test_where_copies_differ_only_these_are_decoded_too(job, monkeypatch):
    decoded = {}
    for count in (FEW, MORE, MANY):
        made, parser = job(count), parser_of(count)
        differing = {name: f"9{text}" for name, text in made.environ.items() if name.startswith("SM_HP_") and text[0].isdigit()}
        told = Job({**made.environ, **differing}, [])
        decoded[count] = len(calls_of(monkeypatch, json, "loads", lambda told=told, parser=parser: parsed(parser, told)))
    # Of each number there are two texts, in its variable and in the file.
    assert decoded[MANY] - decoded[MORE] == decoded[MORE] - decoded[FEW] == 2 * (MORE - FEW) // 2


def test_where_copies_agree_none_is_weighed(job, monkeypatch):
    made, parser = job(MANY), parser_of(MANY)
    weighed = calls_of(monkeypatch, reading, "_least_damaged", lambda: parsed(parser, made))
    assert [routes for (routes,) in weighed if len(routes) > 1] == []
    assert calls_of(monkeypatch, reading.JobSources, "_own_variables", lambda: parsed(parser, made)) == []


def test_a_number_is_spelled_without_an_encoder(job, monkeypatch):
    made, parser = job(MANY), parser_of(MANY)
    encoded = calls_of(monkeypatch, json, "dumps", lambda: parsed(parser, made, argv=False))
    assert not {int, float} & {type(value) for (value,) in encoded}


def test_the_command_line_is_made_again_only_where_nothing_tells_it(job, monkeypatch):
    parser = parser_of(FEW)
    for made in (job(FEW), SageMakerJob(values(FEW))):
        rendered = calls_of(monkeypatch, commandline, "_renderings", lambda made=made: parsed(parser, made))
        assert len(rendered) == ("SM_USER_ARGS" not in made.environ)


def test_what_the_toolkit_says_that_it_wrote_is_not_decoded(job, monkeypatch):
    made, parser = job(MANY), parser_of(MANY)
    decoded = [text for (text,) in calls_of(monkeypatch, json, "loads", lambda: parsed(parser, made))]
    assert made.environ.get("SM_USER_ARGS") not in decoded


def test_without_a_command_line_nothing_of_it_is_looked_for(job, monkeypatch):
    made, parser = job(FEW), parser_of(FEW)
    made.environ["SM_USER_ARGS"] = json.dumps(made.argv)
    decoded = [text for (text,) in calls_of(monkeypatch, json, "loads", lambda: parsed(parser, made, argv=False))]
    assert made.environ["SM_USER_ARGS"] not in decoded
    assert calls_of(monkeypatch, commandline, "_renderings", lambda: parsed(parser, made, argv=False)) == []


def opened(run_script, job, count, more=""):
    """The names of the files that a parse opens."""
    told = run_script(OPENING.format(count=count, more=more), job)
    return [os.path.basename(path) for path in json.loads(told.stdout)]


@pytest.mark.parametrize("count", [FEW, MANY])
def test_where_each_argument_has_its_hyperparameter_no_other_file_is_opened(job, count, run_script):
    assert opened(run_script, job(count), count) == ["hyperparameters.json"]


@pytest.mark.parametrize("count", [FEW, MANY])
def test_the_files_that_another_argument_may_need_are_opened_once(job, count, run_script):
    files = opened(run_script, job(count), count, "parser.add_argument('--seed', type=int)")
    assert "inputdataconfig.json" in files
    assert len(files) == len(set(files))


def test_off_sagemaker_no_file_is_opened(run_script):
    assert opened(run_script, off_sagemaker(FEW), FEW) == []


def test_off_sagemaker_there_is_one_look_for_files(monkeypatch):
    made, parser = off_sagemaker(FEW), parser_of(FEW)
    looks = calls_of(monkeypatch, os, "stat", lambda: parsed(parser, made))
    assert looks == [(os.path.join("/opt/ml", "input", "config"),)]


def test_where_each_hyperparameter_is_spelled_as_an_option_no_name_is_compared(monkeypatch):
    made, parser = SageMakerJob(values(FEW)), parser_of(FEW)
    parser.add_argument("--own", action="store_true")
    assert calls_of(monkeypatch, matching, "names", lambda: parsed(parser, made)) == []


@pytest.mark.parametrize("argv", [True, False], ids=["with a command line", "without"])
@pytest.mark.parametrize("where", ["in the job", "off SageMaker"])
def test_calls_grow_as_the_hyperparameters_do(job, where, argv):
    made = {count: (job if where == "in the job" else off_sagemaker)(count) for count in (FEW, MORE, MANY)}
    calls = {}
    for count in made:
        job(count)  # Its files.
        parser = parser_of(count)
        calls[count] = len(all_calls(lambda count=count, parser=parser: parsed(parser, made[count], argv)))
    assert calls[MANY] - calls[MORE] == calls[MORE] - calls[FEW]


def test_without_files_and_variables_configargparse_looks_for_nothing_until_it_is_asked(monkeypatch):
    parser = parser_of(FEW)

    def parse():
        parsed(parser, off_sagemaker(FEW))

    assert len(calls_of(monkeypatch, configargparse, "already_on_command_line", parse)) == 0
    assert len(calls_of(monkeypatch, configargparse, "already_on_command_line", parser.format_values)) > FEW
    assert parser.get_source_to_settings_dict()["command_line"][""] == (None, off_sagemaker(FEW).argv)


def test_secrets_are_looked_for_only_when_something_is_shown(job, monkeypatch):
    made, parser = job(MANY), parser_of(MANY)
    assert len(calls_of(monkeypatch, matching, "is_secret_argument", lambda: parsed(parser, made))) == 0
    assert len(calls_of(monkeypatch, matching, "is_secret_argument", parser.format_values)) > 0
