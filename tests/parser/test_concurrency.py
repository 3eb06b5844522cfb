"""Parses at one time, in eight threads with one parser and in eight processes: each has its own values."""

import argparse
import inspect
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import warnings

import pytest
from paths import ROOT
from platforms import Job

from smargs import SageMakerArgumentParser, SageMakerParserMixin
from smargs.testing import SageMakerJob

pytestmark = pytest.mark.needs_process

WORKERS = 8
ROUNDS = 20


class Plain(SageMakerParserMixin, argparse.ArgumentParser):
    pass


def declare(parser):
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--layers", nargs="+", type=int)
    parser.add_argument("--note", default="none")
    parser.add_argument("--augment", action="store_true")
    parser.add_argument("--tag", action="append", default=[])
    parser.add_argument("--train")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--cpu", action="store_true")
    group.add_argument("--gpus", type=int)
    return parser


def expected(number):
    return {
        "epochs": number,
        "layers": [number] * (number + 1),
        "note": f"worker {number}",
        "augment": number % 2 == 0,
        "tag": [str(number)],
        "train": f"/opt/ml/input/data/train{number}",
        "cpu": False,
        "gpus": number,
    }


def job_of(number, platform):
    """A worker's job: its values as hyperparameters, and the channel as a variable."""
    job = SageMakerJob(
        {name: value for name, value in expected(number).items() if name not in ("train", "cpu")}, platform=platform
    )
    return Job({**job.environ, "SM_CHANNEL_TRAIN": expected(number)["train"]}, job.argv)


def typed_by(number):
    """The same values on a command line, off SageMaker."""
    values = expected(number)
    layers = [str(layer) for layer in values["layers"]]
    flags = ["--augment"] if values["augment"] else []
    return Job(
        {},
        [
            *("--epochs", str(number), "--note", values["note"], "--tag", *values["tag"], "--train", values["train"]),
            *("--gpus", str(number), *flags, "--layers", *layers),
        ],
    )


@pytest.fixture
def _switching_often():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def in_threads(work):
    """Do some work in every thread at the same time, and return the errors."""
    errors = []
    together = threading.Barrier(WORKERS)

    def run(number):
        together.wait()
        try:
            for _ in range(ROUNDS):
                work(number)
        except BaseException as error:
            errors.append(f"{number}: {error!r}")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


JOBS = {
    "toolkit": lambda number: job_of(number, "toolkit"),
    "sdk": lambda number: job_of(number, "sdk"),
    "off SageMaker": typed_by,
    "in a job and off SageMaker": lambda number: typed_by(number) if number % 2 else job_of(number, "toolkit"),
}


@pytest.mark.usefixtures("_switching_often")
@pytest.mark.parametrize("parser_class", [SageMakerArgumentParser, Plain])
@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_eight_threads_with_one_parser_get_their_own_values(parser_class, job):
    parser = declare(parser_class())
    jobs = [job(number) for number in range(WORKERS)]

    def parse(number):
        environ, argv = jobs[number]
        assert vars(parser.parse_args(argv, env_vars=environ)) == expected(number)

    assert in_threads(parse) == []


@pytest.mark.usefixtures("_switching_often")
def test_eight_threads_read_their_own_config_files(tmp_path):
    """ConfigArgParse notes each setting of a file on the parser."""
    names = [f"setting{index}" for index in range(50)]
    parser = SageMakerArgumentParser()
    parser.add_argument("--config", is_config_file=True)
    for name in names:
        parser.add_argument(f"--{name}", type=int)
    for number in range(WORKERS):
        (tmp_path / f"{number}.ini").write_text("".join(f"{name} = {number}\n" for name in names))

    def parse(number):
        values = vars(parser.parse_args(["--config", str(tmp_path / f"{number}.ini")], env_vars={}))
        del values["config"]
        assert values == dict.fromkeys(names, number)

    assert in_threads(parse) == []


@pytest.mark.parametrize("environ", [{}, {"SM_HP_EPOCHS": "3"}], ids=["off SageMaker", "in a job"])
def test_a_parse_assigns_no_attribute_of_the_parser(environ):
    """ConfigArgParse assigns the values for ``print_values()``, so another thread could read a part of them."""
    states = []

    class Look(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            states.append(dict(vars(shared)))

    shared = SageMakerArgumentParser()
    shared.add_argument("--epochs", type=int, default=1)
    shared.add_argument("--look", action=Look)
    before = dict(vars(shared))

    shared.parse_args(["--look", "now"], config_file_contents="epochs = 2", env_vars=environ)

    assert states == [before]
    assert "--look now" in shared.format_values()


@pytest.mark.usefixtures("_switching_often")
@pytest.mark.skipif(sys.version_info < (3, 9), reason="exit_on_error came with Python 3.9")
def test_an_error_stays_in_its_thread():
    parser = declare(SageMakerArgumentParser(exit_on_error=False))
    jobs = [job_of(number, "toolkit") for number in range(WORKERS)]

    def parse(number):
        environ, argv = jobs[number]
        if number % 2:
            environ = {**environ, "SM_HP_EPOCHS": f"many {number}"}
            with pytest.raises(argparse.ArgumentError, match=rf"invalid int value: 'many {number}' \(from SM_HP_EPOCHS\)"):
                parser.parse_args([], env_vars=environ)
        else:
            assert vars(parser.parse_args(argv, env_vars=environ)) == expected(number)

    assert in_threads(parse) == []


@pytest.mark.usefixtures("_switching_often")
def test_eight_threads_show_their_own_help(monkeypatch):
    """``--help`` is of the process's own environment, whatever other threads parse meanwhile."""
    parser = declare(SageMakerArgumentParser())
    monkeypatch.setenv("SM_HP_EPOCHS", "77")
    shown = parser.format_help()
    assert "(default: 77, from SM_HP_EPOCHS)" in shown
    jobs = [job_of(number, "toolkit") for number in range(WORKERS)]

    def parse(number):
        if number % 2:
            assert parser.format_help() == shown
        else:
            environ, argv = jobs[number]
            assert vars(parser.parse_args(argv, env_vars=environ)) == expected(number)

    assert in_threads(parse) == []


SCRIPT = """
import json, sys
from smargs import SageMakerArgumentParser
{declare}
parser = declare(SageMakerArgumentParser())
print("ready", flush=True)
sys.stdin.readline()
for _ in range({rounds}):
    print(json.dumps(vars(parser.parse_args())))
"""


def test_eight_concurrent_processes_get_their_own_values(tmp_path):
    source = SCRIPT.format(declare=inspect.getsource(declare), rounds=ROUNDS)
    children = []
    for number in range(WORKERS):
        job = job_of(number, "toolkit")
        environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT), "SAGEMAKER_BASE_DIR": os.fspath(tmp_path), **job.environ}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        children.append(subprocess.Popen([sys.executable, "-c", source, *job.argv], env=environ, **pipes))
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()

    printed = [child.communicate(timeout=60)[0].splitlines() for child in children]

    assert [child.returncode for child in children] == [0] * WORKERS
    assert [[json.loads(line) for line in lines] for lines in printed] == [
        [expected(number)] * ROUNDS for number in range(WORKERS)
    ]


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
            if len(handled) < 200:  # A signal that comes while the interpreter ends would kill the process.
                signal.setitimer(signal.ITIMER_REAL, 0.0005)  # The next one comes when this parse has ended.

        signal.signal(signal.SIGALRM, parse)
        signal.setitimer(signal.ITIMER_REAL, 0.0005)
        while len(handled) < 200:
            assert parser.parse_args([], env_vars=environ).layers == ["a", "b"]
        print(all(handled))
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, timeout=60, check=True)
    assert ended.stdout == b"True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_process_forked_while_threads_parse_can_parse():
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

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(10):
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
    ended = subprocess.run(command, stdout=subprocess.PIPE, timeout=300, check=True)
    assert ended.stdout == b"done\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_thread_of_a_forked_process_does_not_see_a_parse_of_another_thread():
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
            epochs = []
            # A new thread has the identifier of one that has ended, or that the fork left behind.
            threads = [threading.Thread(target=lambda: epochs.append(parser.parse_args([]).epochs)) for _ in range(8)]
            for new in threads:
                new.start()
            for new in threads:
                new.join(10)
            os._exit(0 if epochs == [3] * 8 else 1)
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


@pytest.mark.parametrize("text", ["['\\d']", "[1or 2]", "['\\777', 1if 1else 2]", "(0x1for x in [1])", '["\\w", 1and 2]'])
def test_no_text_makes_python_warn_and_no_parse_changes_the_filters_of_warnings(text, recwarn):
    before = list(warnings.filters)
    parser = SageMakerArgumentParser()
    parser.add_argument("--layers", type=list)
    threads = [threading.Thread(target=parser.parse_args, args=([], None, None, {"SM_HP_LAYERS": text})) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [str(warning.message) for warning in recwarn] == []
    assert warnings.filters == before
