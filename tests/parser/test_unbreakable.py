"""Whatever a job contains, a parse gives a namespace, or one line and status 2: tested with real processes and files.

The inputs in tests/fuzz/corpus/, which the fuzzer once wrote, are checked too, on every interpreter.
"""

import ast
import errno
import json
import os
import subprocess
import sys

import promise
import pytest
from paths import SUPPORT, TESTS
from platforms import Job, encoded, without, write_files

from smargs import SageMakerEnvironment
from smargs.testing import SageMakerJob

CORPUS = sorted((TESTS / "fuzz" / "corpus").iterdir())


@pytest.mark.needs_process
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_the_promise_holds_for_each_input_of_the_corpus(path):
    promise.check(path.read_bytes())


SCRIPT = """
from smargs import SageMakerArgumentParser
parser = SageMakerArgumentParser({settings})
{declared}
print(vars(parser.parse_args()))
"""


def script(*declared, settings=""):
    """Write a script that declares arguments and prints its namespace; each argument is the text of an add_argument call."""
    return SCRIPT.format(settings=settings, declared="\n".join(f"parser.add_argument({call})" for call in declared))


@pytest.fixture
def parse(run_script, tmp_path):
    """Parse in a child process; return the attributes of the namespace, the help, or the line of the error."""

    def parse(job, *declared, settings=""):
        environ = {"SAGEMAKER_BASE_DIR": str(tmp_path / "ml"), **job.environ}
        result = run_script(script(*declared, settings=settings), Job(environ, job.argv))
        if result.returncode == 0:
            assert result.stderr == ""
            return result.stdout if "usage:" in result.stdout else ast.literal_eval(result.stdout)
        assert result.returncode == 2, result.stderr
        assert result.stderr.startswith("usage: train.py")
        _, mark, line = result.stderr.partition("\ntrain.py: error: ")
        assert mark
        assert line.endswith("\n")
        assert line.count("\n") == 1
        return line[:-1]

    return parse


def variables(**environ):
    return Job(environ, [])


EPOCHS = "'--epochs', type=int"
LAYERS = "'--layers', type=list"
NOTE = "'--note'"
DEEP = "[" * 100_000


def test_hyperparameters_nested_deeply_are_an_error(parse):
    assert parse(variables(SM_HPS='{"layers": ' + DEEP), LAYERS) == "SM_HPS is not valid JSON: it is nested too deeply"


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("closing", ["", "]"])
def test_a_file_nested_deeply_is_an_error(parse, tmp_path, opening, closing):
    text = '{"layers": ' + opening * 100_000 + closing * 100_000
    write_files(tmp_path / "ml", {"hyperparameters.json": text})

    assert parse(variables(), LAYERS).endswith("hyperparameters.json is not valid JSON: it is nested too deeply")


def test_a_value_nested_deeply_is_text(parse):
    assert parse(variables(SM_HP_NOTE=DEEP), NOTE) == {"note": DEEP}
    assert parse(variables(SM_HP_LAYERS=DEEP), LAYERS) == {"layers": [DEEP]}
    assert parse(Job({}, ["--layers", DEEP]), LAYERS) == {"layers": [DEEP]}


def test_an_object_nested_deeply_is_an_error(parse):
    line = f"argument --opt: invalid dict value: '{DEEP}' (from SM_HP_OPT)"

    assert parse(variables(SM_HP_OPT=DEEP), "'--opt', type=dict") == line


def test_values_of_many_megabytes_arrive_whole(parse, tmp_path):
    note, layers = "no 'end' " * 2_000_000, list(range(100_000))
    write_files(tmp_path / "ml", {"hyperparameters.json": encoded({"note": note, "layers": layers})})

    assert parse(variables(), NOTE, "'--layers', nargs='+', type=int") == {"note": note, "layers": layers}


def test_ten_thousand_undeclared_hyperparameters_are_one_line(parse, tmp_path):
    write_files(tmp_path / "ml", {"hyperparameters.json": {f"name{number}": "1" for number in range(10_000)}})

    line = parse(variables(), EPOCHS)

    assert line.startswith("unrecognized hyperparameters: name0, name1, ")
    assert line.endswith(", name9999")


def test_an_unterminated_string_with_many_quotes_is_read_once(parse, tmp_path):
    """A search for the end of the string from each quote would take hours; run_script stops after a minute."""
    text = "[]" * 40 + '"' + r"\"" * 200_000
    write_files(tmp_path / "ml", {"hyperparameters.json": {"layers": text}})

    assert parse(variables(), LAYERS) == {"layers": [text]}


@pytest.mark.parametrize("count", ["1000000000", "9" * 5000, "-1", "²", "1e9"])
def test_a_count_of_more_than_four_digits_is_an_error(parse, count):
    line = f"argument --verbose: invalid count value: '{count}' (from SM_HP_VERBOSE)"

    assert parse(variables(SM_HP_VERBOSE=count), "'--verbose', action='count'") == line


def test_a_backslash_in_a_list_gives_no_warning(parse):
    """Python 3.12 warns of the backslash if the list is read as a literal."""
    assert parse(Job({}, ["--layers", r"['\d+']"]), LAYERS) == {"layers": [r"\d+"]}
    assert parse(variables(SM_HP_LAYERS=r"['\d+', 1_0or]"), LAYERS) == {"layers": [r"\d+", "1_0or"]}


def test_nan_and_infinity_are_floats_but_not_ints(parse):
    job = variables(SM_HPS='{"lr": NaN, "high": Infinity, "low": -Infinity}')
    high, low = "'--high', type=float", "'--low', type=str"

    assert parse(job, "'--lr', type=str", "'--high', type=str", low) == {
        "lr": "NaN",
        "high": "Infinity",
        "low": "-Infinity",
    }
    assert parse(job, "'--lr', type=int", high, low) == "argument --lr: invalid int value: 'NaN' (from SM_HPS)"
    assert parse(job, "'--lr', type=str", "'--high', type=int", low) == (
        "argument --high: invalid int value: 'Infinity' (from SM_HPS)"
    )


def test_the_last_of_duplicate_keys_wins(parse, tmp_path):
    """Python's json does so, and both platforms read and write with it."""
    assert parse(variables(SM_HPS='{"epochs": "many", "epochs": 3}'), EPOCHS) == {"epochs": 3}
    write_files(tmp_path / "ml", {"hyperparameters.json": '{"epochs": "1", "epochs": "4"}'})
    assert parse(variables(), EPOCHS) == {"epochs": 4}


BYTES = os.fsdecode(b"caf\xe9")


def test_bytes_that_are_not_utf_8_are_kept(parse):
    assert os.fsencode(parse(variables(SM_HP_NOTE=BYTES), NOTE)["note"]) == b"caf\xe9"
    assert parse(Job({}, ["--note", BYTES]), NOTE) == {"note": BYTES}


def test_bytes_that_are_not_utf_8_are_escaped_in_help_and_errors(parse):
    job = {"SM_HP_NOTE": BYTES, "SM_HP_EPOCHS": BYTES}

    assert r"(default: caf\udce9, from SM_HP_NOTE)" in parse(Job(job, ["--help"]), NOTE, EPOCHS)
    assert parse(variables(**job), NOTE, EPOCHS) == r"argument --epochs: invalid int value: 'caf\udce9' (from SM_HP_EPOCHS)"


def test_values_that_are_not_utf_8_can_be_printed(run_script):
    source = (
        "from smargs import SageMakerArgumentParser\nparser = SageMakerArgumentParser()\nparser.add_argument('--note')\n"
        "parser.parse_args()\nparser.print_values()\n"
    )

    assert "caf\\udce9" in run_script(source, variables(SM_HP_NOTE=BYTES)).stdout


def test_the_error_for_a_name_that_is_not_utf_8_shows_the_name(parse):
    assert parse(variables(**{f"SM_HP_{BYTES}": "1"}), EPOCHS) == r"unrecognized hyperparameter: 'caf\udce9'"


def test_files_that_are_not_utf_8_are_an_error(parse, tmp_path):
    write_files(tmp_path / "ml", {})
    (tmp_path / "ml/input/config/hyperparameters.json").write_bytes(b'{"note": "caf\xe9"}')

    assert "hyperparameters.json is not UTF-8: " in parse(variables(), NOTE)


@pytest.mark.parametrize("place", ["ml", "ml/input", "ml/input/config"])
def test_a_file_instead_of_a_directory_counts_as_an_empty_directory(parse, tmp_path, place):
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text("no directory")

    assert parse(variables(), EPOCHS) == {"epochs": None}
    assert parse(variables(SM_HP_EPOCHS="3"), EPOCHS) == {"epochs": 3}


def links_to_itself(path):
    path.symlink_to(path)


def links_to_a_device(path):
    path.symlink_to("/dev/zero")


def make_fifo(path):
    os.mkfifo(path)


NO_FILES = {
    "a directory": (os.mkdir, os.strerror(errno.EISDIR)),
    "a link to itself": (links_to_itself, os.strerror(errno.ELOOP)),
    "a FIFO that nobody writes": pytest.param(make_fifo, "it is not a file", marks=pytest.mark.needs_process),
    "a device": (links_to_a_device, "it is not a file"),
}


@pytest.mark.parametrize(("make", "why"), NO_FILES.values(), ids=NO_FILES)
def test_hyperparameters_that_are_not_a_regular_file_are_an_error(parse, tmp_path, make, why):
    path = write_files(tmp_path / "ml", {}) / "input" / "config" / "hyperparameters.json"
    make(path)

    assert parse(variables(), EPOCHS) == f"{path} cannot be read: {why}"


@pytest.mark.parametrize(("make", "why"), NO_FILES.values(), ids=NO_FILES)
def test_another_config_file_that_is_not_a_regular_file_is_a_warning(run_script, tmp_path, make, why):
    path = write_files(tmp_path, {"hyperparameters.json": {"epochs": "3"}}) / "input" / "config" / "resourceconfig.json"
    make(path)

    result = run_script(script(EPOCHS, "'--hosts'"), variables(SAGEMAKER_BASE_DIR=str(tmp_path)))

    assert result.stdout == "{'epochs': 3, 'hosts': None}\n"
    assert f"UserWarning: {path} cannot be read: {why}\n" in result.stderr


@pytest.mark.parametrize("place", ["ml", "ml/input", "ml/input/config"])
def test_a_directory_that_links_to_itself_is_an_error(parse, tmp_path, place):
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    links_to_itself(tmp_path / place)

    assert parse(variables(), EPOCHS).endswith(f"hyperparameters.json cannot be read: {os.strerror(errno.ELOOP)}")


WITHOUT_RIGHTS = f"""
import sys
sys.path.append({os.fspath(SUPPORT)!r})
import gettext, locale, rights
rights.give_up()
"""


@pytest.mark.needs_process
def test_a_process_without_rights_imports_the_package_but_reads_no_protected_file(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    (closed / "late.py").write_text("print('imported')")
    (closed / "secret").touch(0)
    source = f"{WITHOUT_RIGHTS}\nimport late\ntry: open('secret')\nexcept PermissionError: print('refused')"
    printed = subprocess.run([sys.executable, "-c", source], cwd=closed, stdout=subprocess.PIPE, check=True).stdout

    assert printed == b"imported\nrefused\n"


def test_a_file_that_may_not_be_read_is_an_error(run_script, tmp_path):
    path = write_files(tmp_path, {"hyperparameters.json": {"epochs": "3"}}) / "input" / "config" / "hyperparameters.json"
    path.chmod(0)
    source = script(EPOCHS).replace("print(", WITHOUT_RIGHTS + "print(")

    # Without its rights the process cannot write the data of coverage.
    result = run_script(source, variables(SAGEMAKER_BASE_DIR=str(tmp_path), COVERAGE_PROCESS_CONFIG=""))

    assert result.returncode == 2
    assert result.stderr.endswith(f"\ntrain.py: error: {path} cannot be read: {os.strerror(errno.EACCES)}\n")


@pytest.mark.parametrize("name", ["hyperparameters.json", "resourceconfig.json", "inputdataconfig.json"])
def test_a_file_that_is_half_written_is_named(tmp_path, name):
    whole = '{"epochs": "3", "é": "[1]"}'.encode()
    path = write_files(tmp_path, {}) / "input" / "config" / name
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        (problem,) = SageMakerEnvironment.load({"SAGEMAKER_BASE_DIR": str(tmp_path)}).problems
        assert problem.startswith((f"{path} is not valid JSON: ", f"{path} is not UTF-8: "))


def test_hyperparameters_that_are_half_written_are_an_error(parse, tmp_path):
    write_files(tmp_path / "ml", {"hyperparameters.json": '{"epochs": "3", "lay'})

    assert "hyperparameters.json is not valid JSON: Unterminated string" in parse(variables(), EPOCHS)


STRANGE_NAMES = ["a=b", "=", "a\nb", "a\0b", "%", "%s", "%(prog)s", "100%", "a b", "'", "é", "\ud800", "a[b]", "[", "a-"]


@pytest.mark.parametrize("name", STRANGE_NAMES, ids=ascii)
def test_a_strange_name_fills_its_argument_and_is_shown_in_help(parse, name):
    job = variables(SM_HPS=json.dumps({name: "5%(x)s"}))
    declared = f"{'--' + name!r}, dest='x'"

    assert parse(job, declared) == {"x": "5%(x)s"}
    assert "(default: 5%(x)s, from SM_HPS)" in parse(Job(job.environ, ["--help"]), declared)


@pytest.mark.parametrize("name", ["", *STRANGE_NAMES], ids=ascii)
def test_a_strange_name_that_nothing_declares_is_refused_in_one_line(parse, name):
    shown = name if name.isprintable() and name.split() == [name] else repr(name)

    assert parse(variables(SM_HPS=json.dumps({name: 1})), EPOCHS) == f"unrecognized hyperparameter: {shown}"


BATCH = "'--train-batch-size', type=int"


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize("on_the_command_line", [True, False])
def test_a_hyperparameter_is_never_an_abbreviation(parse, platform, on_the_command_line):
    job = SageMakerJob({"train-batch": 3}, platform=platform)

    assert parse(job if on_the_command_line else without(job), BATCH, "'--train'") == (
        "unrecognized hyperparameter: train-batch (did you mean --train-batch-size?)"
    )


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_names_with_a_common_prefix_keep_their_own_values(parse, platform):
    job = SageMakerJob({"train-batch-size": 3, "train": "t", "train-batch": 2}, platform=platform)

    assert parse(job, "'--train-batch', type=int", "'--train'", BATCH) == {
        "train_batch": 2,
        "train": "t",
        "train_batch_size": 3,
    }


def test_typed_options_may_be_abbreviated_in_a_job(parse):
    job = SageMakerJob({"train-batch-size": 3, "train": "t"})

    assert parse(Job(job.environ, [*job.argv, "--train-b", "4"]), "'--train'", BATCH) == {"train": "t", "train_batch_size": 4}
    assert parse(Job(job.environ, [*job.argv, "--tra", "4"]), "'--train'", BATCH) == (
        "ambiguous option: --tra could match --train, --train-batch-size"
    )


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_names_that_differ_in_case_are_different_if_both_are_declared(parse, platform):
    job = SageMakerJob({"lr": 1, "LR": 2}, platform=platform)

    assert parse(job, "'--LR', type=int", "'--lr', type=int") == {"lr": 1, "LR": 2}
    assert parse(job, "'--lr', type=int") == "unrecognized hyperparameter: LR (--lr already takes lr)"


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize("name", ["help", "h", "version"])
def test_a_hyperparameter_called_help_fills_an_argument_and_prints_no_help(parse, platform, name):
    job = SageMakerJob({name: "1"}, platform=platform)
    option = f"--{name}" if len(name) > 1 else f"-{name}"
    asks = "'-v', '--version', action='version', version='9'"

    assert parse(job, f"'{option}', type=int", settings="add_help=False") == {name: 1}
    assert parse(job, asks) == f"unrecognized hyperparameter: {name} ({option} cannot take it)"


def test_an_argument_stored_as_help_is_filled(parse):
    assert parse(variables(SM_HP_HELP="y"), "'--assist', dest='help'") == {"help": "y"}
    assert parse(variables(SM_HP_HELP="y"), "'help'") == {"help": "y"}
    assert "usage: train.py" in parse(Job({"SM_HP_HELP": "y"}, ["--help"]), "'help'")
