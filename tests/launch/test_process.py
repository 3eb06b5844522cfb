"""The parser of a script is asked in a process of its own, which ends at the script's first parse."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest
from paths import ROOT

from smargs.launch import process
from smargs.launch.check import Question
from smargs.launch.entry_point import EntryPoint, find_entry_point
from smargs.launch.errors import OTHER_PARSER
from smargs.launch.process import ScriptError
from smargs.local.job import BadJobError

pytestmark = pytest.mark.needs_process


@pytest.fixture(autouse=True)
def _with_the_question(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((os.fspath(ROOT), os.fspath(ROOT / "tests" / "support"))))


def ask(script, *details, **settings):
    return process.ask(find_entry_point(script, None), *details, **settings)


@pytest.fixture
def script(tmp_path):
    """Write a script, and return its path."""

    def write(source, name="train.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return path

    return write


@pytest.fixture
def refused(script):
    """The one line that says why a script's parser cannot be asked."""

    def refuse(source, details=None, **settings):
        with pytest.raises(ScriptError) as caught:
            ask(script(source), "question", details, **settings)
        (line,) = str(caught.value).splitlines()
        return line

    return refuse


PARSES = """
    import argparse
    print("to standard output")
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, required=True)
    try:
        parser.parse_args()
    finally:
        open("trained", "w")
"""


def test_a_script_runs_up_to_its_first_parse(script, tmp_path):
    answer = ask(script(PARSES), "question", {"a": [1]})
    assert (answer["details"], answer["options"]) == ({"a": [1]}, ["--epochs", "--help", "-h"])
    assert sorted(os.listdir(tmp_path)) == ["train.py"]


QUESTION = Question(EntryPoint(Path("train.py"), Path()), [], False, (), {}, (), True)
BROKEN = {
    "a stream without flush": "class Log:\n    write = lambda self, text: None\nsys.stdout = Log()",
    "a stream that raises": "class Log:\n    def flush(self):\n        raise KeyboardInterrupt\nsys.stderr = Log()",
    "no streams": "sys.stdout = sys.stderr = None",
    "a closed output": "sys.stdout.close()",
    "a closed error output": "sys.stderr.close()",
    "a fork": "os.fork()",
}
"""What scripts do to their process before they parse."""


@pytest.mark.parametrize("before", BROKEN.values(), ids=BROKEN)
def test_nothing_runs_after_the_first_parse(script, tmp_path, before):
    source = f"import os, sys\n{before}\n" + textwrap.dedent(PARSES).replace('print("to standard output")\n', "")
    assert ask(script(source.replace("finally:", "except BaseException:\n    pass\nfinally:")), "question", 1)["details"] == 1
    time.sleep(0.5)
    assert sorted(os.listdir(tmp_path)) == ["train.py"]


def test_a_fork_that_parses_nothing_does_not_answer(refused):
    line = refused("import os\nchild = os.fork()\nif child:\n    os.waitpid(child, 0)")
    assert line.startswith("train.py ends without parsing its arguments")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a file that is always full")
def test_text_that_cannot_be_written_does_not_reach_the_script(script, tmp_path):
    assert (
        ask(script("import sys\nsys.stdout = open('/dev/full', 'w')\n" + textwrap.dedent(PARSES)), "question", 1)["details"]
        == 1
    )
    assert sorted(os.listdir(tmp_path)) == ["train.py"]


@pytest.mark.parametrize("stream", ["sys.stderr.close()", "sys.stderr = None"])
def test_a_script_without_error_output_that_ends_first_is_one_line(refused, stream):
    assert refused(f"import sys\n{stream}\nsys.exit('no GPU')").startswith("train.py ends with exit status 1 before")


def test_a_script_starts_in_its_directory_under_its_name(script, tmp_path):
    answer = ask(os.path.relpath(script(PARSES)), "question", None)
    assert (answer["directory"], answer["argv"]) == (os.path.realpath(tmp_path), ["train.py"])


def test_a_script_has_the_path_that_python_gives_it(script, refused, tmp_path):
    path = script("import os; os.chdir(os.sep); raise SystemExit(__file__)")
    command = [sys.executable, path.name]
    finished = subprocess.run(command, cwd=os.path.realpath(tmp_path), capture_output=True, text=True, check=False)
    assert refused(path.read_text(encoding="utf-8")).endswith(f": {finished.stderr.strip()}")


def test_the_line_of_a_failure_is_found_from_any_directory(refused):
    assert "train.py fails before it parses its arguments: line 2: " in refused("import os; os.chdir(os.sep)\n1 / 0")


def test_a_script_has_the_variables_of_a_container_with_these_channels_and_none_of_this_machine(script, monkeypatch):
    monkeypatch.setenv("SM_CHANNEL_OLD", "/old")
    environ = ask(script(PARSES), "question", None, ["train", "eval"])["environ"]
    assert environ["SM_MODEL_DIR"] == "/opt/ml/model"
    assert {name: text for name, text in environ.items() if name.startswith("SM_CHANNEL_")} == {
        "SM_CHANNEL_EVAL": "/opt/ml/input/data/eval",
        "SM_CHANNEL_TRAIN": "/opt/ml/input/data/train",
    }
    assert environ["SM_HPS"] == "{}"


def test_a_script_that_reads_variables_for_its_defaults_parses(script):
    source = """
        import argparse, os
        parser = argparse.ArgumentParser()
        parser.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
        parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
        parser.parse_args()
    """
    answer = ask(script(source), "question", "parse", ["train"])
    assert answer["parsed"] == {"model_dir": "/opt/ml/model", "train": "/opt/ml/input/data/train"}


def test_the_parser_of_a_patched_script_is_that_of_smargs(script):
    assert "SageMakerParserMixin" in ask(script(PARSES), "question", None, is_patched=True)["classes"]
    assert "SageMakerParserMixin" not in ask(script(PARSES), "question", None)["classes"]


MODULE = """
    import argparse
    def build_parser():
        parser = argparse.ArgumentParser()
        parser.add_argument("--layers")
        return parser
"""


@pytest.mark.parametrize("is_patched", [False, True])
def test_a_module_that_does_not_parse_is_asked_for_its_parser(script, is_patched):
    answer = ask(script(MODULE, "arguments.py"), "question", None, is_patched=is_patched)
    assert answer["options"] == ["--help", "--layers", "-h"]


def test_a_script_that_parses_is_not_asked_for_another_parser(script):
    assert "--layers" not in ask(script(textwrap.dedent(MODULE) + textwrap.dedent(PARSES)), "question", None)["options"]


NOT_PARSED = [
    ("", "ends without parsing its arguments, and has no function build_parser()"),
    ("import sys; sys.exit()", "ends without parsing its arguments, and has no function build_parser()"),
    ("import sys; sys.exit(3)", "ends with exit status 3 before it parses its arguments"),
    (
        "import sys; print('first'); print('last\\n\\n'); sys.exit(3)",
        "ends with exit status 3 before it parses its arguments: last",
    ),
    ("raise SystemExit('no GPU')", "ends with exit status 1 before it parses its arguments: no GPU"),
    ("import os; os._exit(0)", "ends with exit status 0 before it parses its arguments"),
    ("import os; os.kill(os.getpid(), 9)", "ends with SIGKILL before it parses its arguments"),
    (
        "\nimport no_such_module",
        "fails before it parses its arguments: line 2: ModuleNotFoundError: No module named 'no_such_module' "
        "(name the job's source_dir with --source-dir, or put the parser into a module with a function build_parser(), "
        "and check that module)",
    ),
    (
        "\ndef ask():\n    return input('Go on? ')\nask()",
        "fails before it parses its arguments: line 3: EOFError: EOF when reading a line (a job has no standard input)",
    ),
    (
        "import os\nos.environ['SM_CHANNEL_X']",
        "fails before it parses its arguments: line 2: KeyError: 'SM_CHANNEL_X' (name the channel, and its variable is set)",
    ),
    ("import os\nos.environ['KEY']", "fails before it parses its arguments: line 2: KeyError: 'KEY'"),
    ("import json\njson.loads('{')", "fails before it parses its arguments: line 2: JSONDecodeError: Expecting"),
    ("\nx = = 1", "fails before it parses its arguments: line 2: SyntaxError: invalid syntax (train.py, line 2)"),
    ("\nassert False", "fails before it parses its arguments: line 2: AssertionError\n"),
    ("raise ValueError('two\\nlines')", "fails before it parses its arguments: line 1: ValueError: two lines"),
    ("def build_parser(): pass", "has a function build_parser() that returns 'NoneType': expected a parser of argparse"),
    ("def build_parser(): return 1 / 0", "fails before it parses its arguments: line 1: ZeroDivisionError: division by zero"),
]


@pytest.mark.parametrize(("source", "line"), NOT_PARSED)
def test_a_script_that_does_not_parse_is_one_line(refused, source, line):
    assert f"{refused(source)}\n".startswith(f"train.py {line}")


@pytest.mark.skipif(not hasattr(signal, "SIGRTMIN"), reason="the system has no real-time signals, most of which have no name")
def test_a_signal_without_a_name_is_its_number(refused):
    number = signal.SIGRTMIN + 1
    assert (
        refused(f"import os; os.kill(os.getpid(), {number})")
        == f"train.py ends with signal {number} before it parses its arguments"
    )


def test_a_module_with_the_name_of_one_of_python_disturbs_no_more_than_in_a_job(script, tmp_path, monkeypatch):
    """What smargs itself imports in a job is as good as lost there, too."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)  # It imports modules before the script.
    source = "import sys, smargs\nsmargs.SageMakerArgumentParser().parse_args()\nprint(*sys.modules)"
    script(source, "job.py")
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    job = subprocess.run([sys.executable, tmp_path / "job.py"], env=environ, stdout=subprocess.PIPE, text=True, check=True)
    names = getattr(sys, "stdlib_module_names", ("bisect", "dis", "pickle", "random", "select", "selectors", "tempfile"))
    # Python 3.13 imports linecache for python -c, before the first line of the code.
    shadowing = sorted({*names} - {name.partition(".")[0] for name in job.stdout.split()} - {"linecache"})
    for name in shadowing:
        script(f"import sys\nsys.exit('{name} beside the script is imported')", f"{name}.py")

    assert {"random", "select", "tempfile"} <= set(shadowing)
    assert ask(script(PARSES), "smargs.launch.check", QUESTION)["problems"] == [OTHER_PARSER]


@pytest.mark.parametrize("name", ["csv", "tempfile"])
def test_a_script_imports_a_module_beside_it_that_has_the_name_of_one_of_python(script, name):
    script("EPOCHS = 7", f"{name}.py")
    path = script(f"import {name}\n{name}.EPOCHS\n" + textwrap.dedent(PARSES))
    assert ask(path, "smargs.launch.check", QUESTION)["problems"] == [OTHER_PARSER]


def test_a_password_is_not_asked_for_at_the_terminal(refused):
    assert "EOFError" in refused("import getpass; getpass.getpass()")


def test_a_script_that_waits_is_ended_with_all_that_it_started(refused, monkeypatch, tmp_path):
    monkeypatch.setattr(process, "LONGEST", 1.0)
    source = """
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(2); open('alive', 'w')"])
        time.sleep(60)
    """
    assert refused(source) == "train.py has not parsed its arguments after 1 seconds"
    time.sleep(2)
    assert sorted(os.listdir(tmp_path)) == ["train.py"]


def test_a_process_that_the_script_leaves_behind_does_not_delay_the_answer(script, monkeypatch):
    monkeypatch.setattr(process, "LONGEST", 30.0)
    source = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    assert ask(script(source + textwrap.dedent(PARSES)), "question", 1)["details"] == 1


def test_a_script_that_the_system_cannot_run_is_one_line(refused, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path / "nowhere"))
    line = refused(PARSES)
    assert line.startswith("train.py cannot be run: ")
    assert "nowhere" in line


@pytest.mark.parametrize(("details", "error"), [("fail", "RuntimeError: two lines"), ("exit", "SystemExit: 3")])
def test_an_exception_of_the_question_does_not_reach_the_script(refused, tmp_path, details, error):
    assert refused(PARSES, details) == f"train.py fails while its parser is read: {error}"
    assert sorted(os.listdir(tmp_path)) == ["train.py"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("nowhere.py", "argument script: 'nowhere.py' does not exist: expected a .py or .sh file"),
        (".", "argument script: '.' is a directory: expected a .py or .sh file"),
    ],
)
def test_a_missing_script_is_one_line(name, line):
    with pytest.raises(BadJobError, match=rf"\A{line}\Z"):
        ask(name, "question", None)


def test_after_an_exception_of_the_handler_the_next_parse_is_handled():
    source = textwrap.dedent("""
        import argparse
        from smargs.launch.first_parse import end_at_first_parse

        def handle(parser, parse):
            raise LookupError(parser.prog, parse())

        end_at_first_parse(handle)
        for prog in ("first", "second"):
            try:
                argparse.ArgumentParser(prog=prog).parse_args()
            except LookupError as error:
                print(*error.args)
    """)
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    done = subprocess.run([sys.executable, "-c", source], env=environ, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "first Namespace()\nsecond Namespace()\n"
