"""What a parse costs, in counts that are the same on every machine: calls, reads of variables and opened files."""

import gc
import json
import os
import sys
import tracemalloc
from collections import Counter
from collections.abc import Mapping

import pytest
from platforms import Job

from smargs import SageMakerArgumentParser
from smargs.testing import SageMakerJob

FEW, MORE, MANY = 12, 52, 92  # The service takes 100, some of the SDK's own among them.

# An audit hook cannot be removed, so opened files are counted in a child process.
OPENING = """
import json, os, sys
from smargs import SageMakerArgumentParser

parser = SageMakerArgumentParser()
for place in range({count}):
    parser.add_argument(f"--name_{{place}}")
{more}
parser.parse_args()  # Modules that a parse imports are imported now.
opened = []
sys.addaudithook(lambda event, args: opened.append(os.fspath(args[0])) if event == "open" else None)
parser.parse_args()
print(json.dumps(opened))
"""


class CountingEnviron(Mapping):
    """Environment variables that count how often each is read."""

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
    """So many hyperparameters: integers, floats, texts and booleans in turn."""
    kinds = (lambda place: 7 * place, lambda place: place + 0.5, lambda place: f"v{place} beta", lambda place: place % 8 > 3)
    return {f"name_{place}": kinds[place % 4](place) for place in range(count)}


def parser_of(count):
    """A parser that declares each of these hyperparameters."""
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
    """The same values typed by a person, on a machine without a job."""
    return Job({"HOME": "/"}, [token for name, value in values(count).items() for token in (f"--{name}", str(value))])


def count_calls(function, *arguments, **options):
    """The number of functions in Python and in C that one call makes Python call, of whatever module."""
    function(*arguments, **options)  # Fills the caches, such as that of compiled patterns.
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    gc.disable()  # A collection may call functions of other packages, such as Hypothesis's.
    sys.setprofile(count)
    try:
        function(*arguments, **options)
    finally:
        sys.setprofile(before)
        gc.enable()
    return calls


@pytest.mark.parametrize("with_argv", [True, False], ids=["with a command line", "without"])
@pytest.mark.parametrize("where", ["in the job", "off SageMaker"])
def test_calls_grow_linearly_with_the_hyperparameters(job, where, with_argv):
    calls = {}
    for count in (FEW, MORE, MANY):
        environ, argv = job(count) if where == "in the job" else off_sagemaker(count)
        calls[count] = count_calls(parser_of(count).parse_args, argv if with_argv else [], env_vars=environ)
    assert calls[MANY] - calls[MORE] == calls[MORE] - calls[FEW] > 0


@pytest.mark.parametrize("key", ["name_1", "name-1"])
def test_calls_grow_linearly_with_the_arguments_that_a_config_file_may_fill(tmp_path, key):
    config = tmp_path / "train.ini"
    config.write_text(f"{key} = 3\n", encoding="utf-8")
    calls = {}
    for count in (FEW, MORE, MANY):
        parser = parser_of(count)
        parser.add_argument("--config", is_config_file=True)
        calls[count] = count_calls(parser.parse_args, ["--config", str(config)], env_vars={"HOME": "/"})
    assert calls[MANY] - calls[MORE] == calls[MORE] - calls[FEW] > 0


def test_memory_grows_linearly_with_the_parts_of_a_dotted_name():
    peaks = {}
    for count in (1_000, 10_000):
        parser = SageMakerArgumentParser()
        parser.add_argument(f"--{'.'.join('a' * count)}", dest="deep")
        tracemalloc.start()
        parser.parse_known_args([], env_vars={"SM_HPS": '{"a": {"a": 1}}'})
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[10_000] < 20 * peaks[1_000]  # Ten times if it is linear; a hundred if each part is kept with those before it.


@pytest.mark.parametrize("with_argv", [True, False], ids=["with a command line", "without"])
def test_each_variable_of_sagemaker_and_no_other_is_read_once(job, with_argv):
    variables, argv = job(MANY)
    environ = CountingEnviron(variables)
    args = parser_of(MANY).parse_args(argv if with_argv else [], env_vars=environ)
    assert vars(args) == values(MANY)
    others = {"HOME", "CURRENT_HOST", "SAGEMAKER_JOB_NAME", "SAGEMAKER_REGION"}
    assert environ.reads == Counter(variables.keys() - others)


def opened_files(run_script, job, count, more=""):
    """The names of the files that a parse opens."""
    return [os.path.basename(path) for path in json.loads(run_script(OPENING.format(count=count, more=more), job).stdout)]


def test_off_sagemaker_no_file_is_opened(run_script):
    assert opened_files(run_script, off_sagemaker(FEW), FEW) == []


@pytest.mark.parametrize("count", [FEW, MANY])
def test_each_file_is_opened_once_and_only_if_an_argument_needs_it(job, count, run_script):
    assert opened_files(run_script, job(count), count) == ["hyperparameters.json"]
    files = opened_files(run_script, job(count), count, "parser.add_argument('--seed', type=int)")
    assert "inputdataconfig.json" in files
    assert len(files) == len(set(files))
