"""Scripts that nobody changes, run by ``python -m smargs.patch`` in a job: child processes, and in this one for coverage."""

import argparse
import json
import re
import runpy
import shlex
import subprocess
import sys
import types

import pytest
from paths import ROOT
from platforms import Job, without, write_files

from smargs import SageMakerArgumentParser, patch
from smargs.container import sources
from smargs.testing import SageMakerJob

SCRIPT = """\
import argparse

parser = argparse.ArgumentParser(description="Train")
parser.add_argument("--augment", action="store_true")
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--layers", nargs="+", type=int, default=[64])
parser.add_argument("--train")
"""
HYPERPARAMETERS = {"epochs": 3, "layers": [256, 128], "augment": True}
FILLED = "Namespace(augment=True, epochs=3, layers=[256, 128], train='/opt/ml/input/data/train')\n"
NOWHERE = Job({}, [])
PAGE = (ROOT / "docs" / "unmodified.md").read_text(encoding="utf-8")
by_platform = pytest.mark.parametrize("platform", ["toolkit", "sdk"])


def patched(script, job):
    return [sys.executable, "-m", "smargs.patch", script.name, *job.argv]


def plain(script, job):
    return [sys.executable, script.name, *job.argv]


@pytest.fixture
def run_patched(run_script):
    """Run the text of a script as a child process with our parser, and return its output."""

    def run(source, job):
        finished = run_script(source, job, patched)
        assert (finished.returncode, finished.stderr) == (0, "")
        return finished.stdout

    return run


@pytest.fixture
def process(monkeypatch):
    """Restore what a run of a script changes in this process."""
    for name in ("argparse", "__main__"):
        monkeypatch.setitem(sys.modules, name, sys.modules[name])
    monkeypatch.setattr(sys, "argv", ["python -m smargs.patch"])
    monkeypatch.setattr(sys, "path", list(sys.path))


@by_platform
def test_a_job_fills_a_script_that_imports_argparse(run_patched, platform):
    assert (
        run_patched(SCRIPT + "print(parser.parse_args())\n", SageMakerJob(HYPERPARAMETERS, ["train"], platform=platform))
        == FILLED
    )


def test_a_custom_container_fills_the_script_from_its_files(run_patched, tmp_path):
    files = {"hyperparameters.json": {name: json.dumps(value) for name, value in HYPERPARAMETERS.items()}}
    job = Job({"SAGEMAKER_BASE_DIR": str(write_files(tmp_path, files))}, ["--train", "data"])

    assert run_patched(SCRIPT + "print(parser.parse_args())\n", job) == FILLED.replace("/opt/ml/input/data/train", "data")


def test_a_typed_option_wins(run_patched):
    job = SageMakerJob(HYPERPARAMETERS, ["train"])
    job.argv.extend(["--layers", "8"])

    assert run_patched(SCRIPT + "print(parser.parse_args())\n", job) == FILLED.replace("[256, 128]", "[8]")


def test_an_undeclared_hyperparameter_is_refused_and_reported(run_script, tmp_path):
    job = SageMakerJob({**HYPERPARAMETERS, "epoch": 4})
    job.environ["SM_OUTPUT_DIR"] = str(tmp_path)

    finished = run_script(SCRIPT + "parser.parse_args()\n", job, patched)

    line = "train.py: error: unrecognized hyperparameter: epoch (did you mean --epochs?)\n"
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.endswith(line)
    assert (tmp_path / "failure").read_text() == line


FACTS = """\
import os, sys
print(sys.argv, sys.path, __name__, __file__, __package__, __spec__, __cached__, type(__loader__), __loader__.path == __file__)
print(sorted(globals()), type(__builtins__), __doc__, os.getcwd())
print(sys.modules["__main__"].__dict__ is globals())
"""


def test_the_rest_of_the_process_is_as_python_starts_it(run_script):
    job = Job(SageMakerJob(HYPERPARAMETERS).environ, ["--", "-x", "", "a b", "--help"])
    here = run_script(FACTS, job, patched)
    there = run_script(FACTS, job, plain)

    ours, theirs = (finished.stdout.replace("'__annotations__', ", "") for finished in (here, there))
    assert "['train.py', '--', '-x', '', 'a b', '--help']" in theirs
    assert (ours, here.stderr, here.returncode) == (theirs, "", 0)


def test_a_linked_script_imports_from_the_directory_of_its_target(run_script, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "linked.py").write_text("import sys\nprint(sys.path[0], __file__)\n")
    (tmp_path / "link.py").symlink_to(tmp_path / "real" / "linked.py")

    ours = run_script("", NOWHERE, lambda script, job: [sys.executable, "-m", "smargs.patch", "link.py"])
    theirs = run_script("", NOWHERE, lambda script, job: [sys.executable, "link.py"])

    assert ours.stdout.startswith(f"{tmp_path / 'real'} ")
    assert ours.stdout == theirs.stdout


def test_an_isolated_python_does_not_search_the_directory_of_the_script(run_script):
    source = "import sys\nprint(sys.path)\n"
    ours = run_script(source, NOWHERE, lambda script, job: [sys.executable, "-I", "-m", "smargs.patch", script.name])
    theirs = run_script(source, NOWHERE, lambda script, job: [sys.executable, "-I", script.name])

    assert ours.stderr == ""
    assert ours.stdout == theirs.stdout


@pytest.mark.parametrize(
    ("source", "status", "last"),
    [
        ("import sys\nsys.exit(3)\n", 3, ""),
        ("import sys\nsys.exit('out of data')\n", 1, "out of data"),
        ("raise KeyError('label')\n", 1, "KeyError: 'label'"),
        ("def f(:\n", 1, "SyntaxError: invalid syntax"),
        ("import argparse\nargparse.ArgumentParser().error('no')\n", 2, "train.py: error: no"),
    ],
    ids=["status", "text", "exception", "syntax", "usage"],
)
def test_a_script_ends_with_its_own_status(run_script, source, status, last):
    ours = run_script(source, NOWHERE, patched)
    theirs = run_script(source, NOWHERE, plain)

    assert [finished.returncode for finished in (ours, theirs)] == [status, status]
    assert [("", *finished.stderr.splitlines())[-1] for finished in (ours, theirs)] == [last, last]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ([], "the following arguments are required: SCRIPT"),
        (["--epochs"], "the following arguments are required: SCRIPT"),
        (["missing.py"], "cannot read 'missing.py': No such file or directory"),
        (["."], "cannot read '.': Is a directory"),
    ],
)
def test_a_missing_script_is_reported_in_one_line(run_script, command, line):
    finished = run_script("", NOWHERE, lambda script, job: [sys.executable, "-m", "smargs.patch", *command])

    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.splitlines() == [
        "usage: python -m smargs.patch SCRIPT [ARGS ...]",
        f"python -m smargs.patch: error: {line}",
    ]


def test_subclasses_subcommands_parents_and_pickles_work(run_patched):
    source = """\
import argparse
import pickle
from argparse import ArgumentParser as Plain


class Parser(argparse.ArgumentParser):
    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        super(Plain, self).add_argument("--layers", nargs="+", type=int)

    def parse_known_args(self, args=None, namespace=None):
        print("asked")
        return super().parse_known_args(args, namespace)


common = argparse.ArgumentParser("common", add_help=False)
common.add_argument("--epochs", type=int)
parser = argparse.ArgumentParser(parents=[common])
fit = parser.add_subparsers(dest="command", parser_class=Parser).add_parser("fit")
fit.add_argument("--augment", action="store_true")
fit.add_argument("--train")
args = parser.parse_args()
assert isinstance(parser, Plain) and isinstance(fit, argparse.ArgumentParser) and issubclass(Parser, Plain)
assert pickle.loads(pickle.dumps(args)) == args and pickle.loads(pickle.dumps(Parser)) is Parser
assert pickle.loads(pickle.dumps(Plain)) is Plain
print(sorted(vars(args).items()))
"""
    job = SageMakerJob(HYPERPARAMETERS, ["train"])

    printed = run_patched(source, Job(job.environ, [*job.argv, "fit"]))

    values = {**HYPERPARAMETERS, "command": "fit", "train": "/opt/ml/input/data/train"}
    assert printed == f"asked\n{sorted(values.items())}\n"


def test_a_pickled_namespace_can_be_read_without_the_patch(run_patched, tmp_path):
    run_patched(
        SCRIPT + "import pickle\npickle.dump(parser.parse_args(), open('args.pickle', 'wb'))\n",
        SageMakerJob(HYPERPARAMETERS, ["train"]),
    )

    reader = "import pickle\nprint(pickle.load(open('args.pickle', 'rb')))\n"
    assert subprocess.check_output([sys.executable, "-c", reader], cwd=tmp_path, text=True) == FILLED


LIBRARY = """\
import argparse


def configure(argv, method="parse_args"):
    parser = argparse.ArgumentParser(prog="library")
    parser.add_argument("--epochs", default="its own")
    commands = parser.add_subparsers()
    serve = commands.add_parser("serve")
    serve.add_argument("--train")
    return getattr(parser, method)(argv)


"""


@pytest.mark.parametrize("method", ["parse_args", "parse_known_args"])
@pytest.mark.parametrize("form", [lambda job: job, without], ids=["argv", "empty argv"])
@pytest.mark.parametrize("argv", [[], ["serve"], ["--epochs", "4", "serve"], ("serve", "--train", "data")], ids=" ".join)
def test_a_library_that_parses_its_own_list_is_not_filled(run_script, form, method, argv):
    """The tokens of the subcommand may be empty, as the process's command line may be."""
    source = f"{LIBRARY}print(configure({argv!r}, {method!r}))\n"

    job = form(SageMakerJob(HYPERPARAMETERS, ["train"]))
    ours, theirs = (run_script(source, job, command) for command in (patched, plain))

    assert (ours.returncode, ours.stdout, ours.stderr) == (0, theirs.stdout, "")


def test_an_error_in_the_token_list_of_a_library_writes_no_failure_file(run_script, tmp_path):
    job = SageMakerJob(HYPERPARAMETERS)
    job.environ["SM_OUTPUT_DIR"] = str(tmp_path)

    finished = run_script(f"{LIBRARY}configure(['--epoch'])\n", job, patched)

    assert finished.returncode == 2
    assert not (tmp_path / "failure").exists()


def test_intermixed_parses_distinguish_the_command_line_from_other_lists(run_patched):
    source = """\
import argparse, sys
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("files", nargs="*")
for parse in (parser.parse_intermixed_args, parser.parse_known_intermixed_args):
    print(parse(), parse(sys.argv[1:]), parse(["a", "b"]))
"""
    filled, own = "Namespace(epochs=3, files=[])", "Namespace(epochs=1, files=['a', 'b'])"

    assert run_patched(source, SageMakerJob({"epochs": 3})) == (
        f"{filled} {filled} {own}\n({filled}, []) ({filled}, []) ({own}, [])\n"
    )


LISTS = ["", "sys.argv[1:]", "tuple(sys.argv[1:])", "list(sys.argv)[1:]", "[*sys.argv[1:]]", "' '.join(sys.argv[1:])"]


@pytest.mark.parametrize("passed", LISTS)
def test_a_command_line_without_tokens_is_filled_in_every_way_of_passing_it(run_patched, passed):
    """A library that parsed an empty list of its own leaves no trace."""
    source = f"import sys\n{LIBRARY}configure([])\n{SCRIPT}print(parser.parse_args({passed}))\nprint(sys.argv)\n"

    assert run_patched(source, without(SageMakerJob(HYPERPARAMETERS, ["train"]))) == f"{FILLED}['train.py']\n"


@pytest.mark.parametrize("passed", ["", "sys.argv[1:]", "tuple(sys.argv[1:])", "' '.join(sys.argv[1:])"])
def test_the_command_line_is_filled_in_every_way_of_passing_it(run_patched, passed):
    """A library that parsed before leaves no trace."""
    source = f"import sys\n{LIBRARY}configure(['serve'])\n{SCRIPT}print(parser.parse_args({passed}))\n"

    assert run_patched(source, SageMakerJob(HYPERPARAMETERS, ["train"])) == FILLED


def test_the_tokens_that_one_parser_returns_fill_the_next_parser(run_patched):
    source = """\
import argparse
first = argparse.ArgumentParser()
first.add_argument("--epochs", type=int)
second = argparse.ArgumentParser()
second.add_argument("--layers", nargs="+", type=int)
known, rest = first.parse_known_args()
print(known, second.parse_args(rest))
"""

    assert run_patched(source, SageMakerJob({"epochs": 3, "layers": [256, 128]})) == (
        "Namespace(epochs=3) Namespace(layers=[256, 128])\n"
    )


@by_platform
def test_the_entry_point_on_the_page_runs_the_script_beside_it(run_script, tmp_path, platform):
    (entry_point,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "third_party.py").write_text(SCRIPT + "print(parser.parse_args(), __file__)\n")

    finished = run_script(entry_point, SageMakerJob(HYPERPARAMETERS, ["train"], platform=platform))

    place = tmp_path / "third_party.py" if sys.version_info >= (3, 9) else "third_party.py"
    assert (finished.stdout, finished.stderr) == (f"{FILLED[:-1]} {place}\n", "")


@by_platform
def test_the_command_on_the_page_runs_the_script(run_script, tmp_path, platform):
    """SDK v3 adds no hyperparameters to a command."""
    (command,) = re.findall(r'command="python (.*?)"', PAGE)
    (tmp_path / "third_party.py").write_text(SCRIPT + "print(parser.parse_args())\n")

    finished = run_script(
        "",
        SageMakerJob(HYPERPARAMETERS, ["train"], platform=platform),
        lambda script, job: [sys.executable, *shlex.split(command)],
    )

    assert (finished.stdout, finished.stderr) == (FILLED, "")


@pytest.mark.usefixtures("process")
def test_the_module_runs_a_script_in_this_process(tmp_path, sagemaker_job, capsys):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT + "print(parser.parse_args())\nprint(parser.parse_args(['--epochs', '9']).layers)\n")
    with sagemaker_job(HYPERPARAMETERS, ["train"], script=str(script)) as job:
        sys.argv = ["python -m smargs.patch", *sys.argv]
        runpy.run_path(patch.__file__, run_name="__main__")

    assert capsys.readouterr().out == FILLED.replace("/opt/ml", str(job.path)) + "[64]\n"


def test_a_parsed_list_is_not_filled_from_the_files_of_a_container(tmp_path, monkeypatch):
    write_files(tmp_path, {"hyperparameters.json": {"epochs": "3"}})
    monkeypatch.setattr(sources, "BASE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["train.py"])
    parser = patch.ArgumentParser()
    parser.add_argument("--epochs", type=int)
    parser.add_argument("file", nargs="?")

    assert parser.parse_args().epochs == 3
    assert parser.parse_args(["data"]).epochs is None


@pytest.mark.usefixtures("process")
def test_a_script_that_cannot_be_read_is_an_error_of_the_module(tmp_path, capsys):
    sys.argv[1:] = [str(tmp_path)]

    with pytest.raises(SystemExit) as stopped:
        patch.main()

    assert stopped.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: cannot read {str(tmp_path)!r}: Is a directory\n")


@pytest.mark.usefixtures("process")
def test_a_script_that_cannot_be_read_changes_nothing(tmp_path):
    argv, path = list(sys.argv), list(sys.path)

    with pytest.raises(FileNotFoundError):
        patch.run_script(str(tmp_path / "missing.py"), [])

    assert (sys.argv, sys.path, sys.modules["argparse"]) == (argv, path, argparse)


@pytest.mark.usefixtures("process")
def test_an_isolated_path_stays_as_it_is(tmp_path, monkeypatch):
    script = tmp_path / "train.py"
    script.write_text("")
    monkeypatch.setattr(sys, "flags", types.SimpleNamespace(isolated=1))
    path = list(sys.path)

    patch.run_script(str(script), [])

    assert sys.path == path


@pytest.mark.usefixtures("process")
def test_the_real_module_keeps_its_class(monkeypatch):
    real = argparse.ArgumentParser

    patch.install()

    stand_in = sys.modules["argparse"]
    assert argparse.ArgumentParser is real
    assert issubclass(stand_in.ArgumentParser, SageMakerArgumentParser)
    assert {name for name in vars(argparse) if vars(stand_in)[name] is not vars(argparse)[name]} == {"ArgumentParser"}
