"""A script that the launcher does not import checks the hyperparameters of a job, in a process of its own."""

import argparse
import datetime
import enum
import os
import pathlib
import sys
import types
import warnings

import pytest

import smargs
from smargs import HyperparameterError, check_hyperparameters
from smargs.launch.script import check

pytestmark = pytest.mark.needs_process

SCRIPT = """
import enum, pathlib
from smargs import SageMakerArgumentParser
class Color(enum.Enum):
    RED = "red"
parser = SageMakerArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--learning-rate", default=0.1)
parser.add_argument("--layers", nargs="+", type=int, default=[64])
parser.add_argument("--augment", action="store_true")
parser.add_argument("--vocabulary", type=pathlib.Path, default=pathlib.Path("v.txt"))
parser.add_argument("--color", type=Color, default=None)
parser.add_argument("--api-key")
parser.add_argument("--train", {required})
group = parser.add_mutually_exclusive_group()
group.add_argument("--steps", type=int)
group.add_argument("--hours", type=float)
args = parser.{parse}
open("trained", "w").close()
"""


@pytest.fixture
def script(tmp_path):
    """Write the script, and return its path."""

    def write(source=SCRIPT, parse="parse_args()", required="required=False"):
        path = tmp_path / "train.py"
        path.write_text(source.replace("{parse}", parse).replace("{required}", required), encoding="utf-8")
        return path

    return write


def problems(*args, **settings):
    """The problems of a check that fails."""
    with pytest.raises(HyperparameterError) as caught:
        check_hyperparameters(*args, **settings)
    assert str(caught.value) == "\n".join(caught.value.problems)
    assert all("\n" not in problem for problem in caught.value.problems)
    return list(caught.value.problems)


@pytest.mark.parametrize("parse", ["parse_args()", "parse_known_args()[0]", "parse_intermixed_args()"])
def test_the_returned_texts_are_those_that_the_service_stores(script, tmp_path, parse):
    values = {
        "epochs": 3,
        "learning_rate": 0.5,
        "layers": [256, 128],
        "augment": True,
        "vocabulary": pathlib.Path("a b.txt"),
        "hours": None,
    }
    assert check_hyperparameters(script(parse=parse), values) == {
        "epochs": "3",
        "learning-rate": "0.5",
        "layers": "[256, 128]",
        "augment": "true",
        "vocabulary": "a b.txt",
    }
    assert sorted(os.listdir(tmp_path)) == ["train.py"]


def test_every_problem_is_raised_at_once(script):
    values = {"epoch": 3, "learning-rate": "fast", "layers": [1, "a"], "steps": 1, "hours": 2.0}
    assert set(problems(script(), values)) == {
        "argument --layers: invalid int value: 'a'",
        "argument --learning-rate: invalid float value: 'fast' "
        "(inferred from the default 0.1; infer_types=False turns this off)",
        "argument --hours: not allowed with argument --steps",
        "unrecognized hyperparameter: epoch (did you mean --epochs?)",
    }


def test_an_unknown_name_is_a_problem_where_the_script_would_ignore_it(script):
    assert problems(script(parse="parse_known_args()[0]"), {"epoch": 3}) == [
        "unrecognized hyperparameter: epoch (did you mean --epochs?)"
    ]


def test_a_namespace_is_sent_as_far_as_it_differs_from_the_defaults(script):
    namespace = argparse.Namespace(epochs=10, learning_rate=0.5, layers=[64])
    assert check_hyperparameters(script(), namespace) == {"learning-rate": "0.5"}


@pytest.mark.parametrize("channels", [["train"], ("train",), {"train": "s3://bucket/key"}, {"train": object()}])
def test_a_channel_fills_a_required_argument(script, channels):
    path = script(required="required=True")
    assert check_hyperparameters(path, {}, channels) == {}
    assert problems(path, {}) == ["argument --train: required, but missing: expected a channel train"]


@pytest.mark.parametrize(
    ("channels", "line"),
    [
        ("train", "argument channels: 'train' is a str: expected a list of names, or a mapping"),
        (["a b"], "argument channels: 'a b' is not a channel name: expected up to 64 of A-Z a-z 0-9 . - _"),
    ],
)
def test_channels_that_are_no_names_are_a_problem(script, channels, line):
    assert problems(script(), {}, channels) == [line]


def test_ranges_of_the_service_are_checked(script):
    ranges = {"IntegerParameterRanges": [{"Name": "epochs", "MinValue": "1", "MaxValue": "20"}]}
    assert check_hyperparameters(script(), {}, ranges=ranges) == {}
    ranges["IntegerParameterRanges"].append({"Name": "epochs", "MinValue": "1", "MaxValue": "20"})
    assert problems(script(), {}, ranges=ranges) == ["range epochs: there are 2 ranges of this name: expected one"]


class Continuous:
    """A range like those of the SDKs, of a class that the process of the script cannot import."""

    __module__ = "no_such_module"

    def __init__(self, minimum, maximum):
        self.min_value, self.max_value, self.scaling_type = minimum, maximum, "Auto"


Continuous.__name__ = "Continuous"


@pytest.fixture
def continuous():
    """An instance has the kind of its range as __name__, as in the SDKs."""

    def make(minimum, maximum):
        made = Continuous(minimum, maximum)
        made.__name__ = "Continuous"
        return made

    return make


def test_ranges_of_an_sdk_are_checked_without_the_sdk(script, continuous):
    assert check_hyperparameters(script(), {}, ranges={"learning-rate": continuous(0.1, 0.9)}) == {}
    assert "0.9" in " ".join(problems(script(), {}, ranges={"layers": continuous(0.1, 0.9)}))


class Variable:
    """A pipeline variable like those of the SDKs, which cannot be pickled."""

    def __init__(self, default_value=None):
        self.default_value = default_value

    expr = property()

    def to_string(self):
        """Pipeline variables have it."""

    def __reduce__(self):
        raise TypeError("not to be pickled")


def test_a_pipeline_variable_is_returned_unchanged(script):
    variable, with_default = Variable(), Variable(0.5)
    sent = check_hyperparameters(script(), {"epochs": variable, "learning_rate": with_default, "layers": [1]})
    assert sent == {"epochs": variable, "learning-rate": with_default, "layers": "[1]"}
    assert sent["epochs"] is variable


def test_the_default_of_a_pipeline_variable_is_checked(script):
    (line,) = problems(script(), {"learning_rate": Variable("fast")})
    assert "invalid float value: 'fast'" in line


@pytest.mark.parametrize("value", [[1, Variable()], {"a": {"b": Variable()}}], ids=["list", "dict"])
def test_a_pipeline_variable_inside_of_a_value_is_a_problem(script, value):
    (line,) = problems(script(), {"layers": value})
    assert "layers" in line


class OfThisTest(enum.Enum):
    """A class that another process cannot import."""

    ONE = 1


def test_a_value_that_cannot_be_passed_to_the_script_is_a_problem(script, monkeypatch):
    assert problems(script(), {"epochs": lambda: 3})[0].startswith(
        "hyperparameter epochs: its value cannot be passed to the script: "
    )
    monkeypatch.setitem(sys.modules, "no_such_module", types.ModuleType("no_such_module"))
    sys.modules["no_such_module"].OfThisTest = OfThisTest
    monkeypatch.setattr(OfThisTest, "__module__", "no_such_module")
    assert problems(script(), {"epochs": OfThisTest.ONE}) == [
        "hyperparameter epochs: its value cannot be passed to the script: ModuleNotFoundError: No module named 'no_such_module'"
    ]


def test_a_value_of_a_class_beside_the_script_is_passed(script, tmp_path, monkeypatch):
    (tmp_path / "colors.py").write_text("import enum\nclass Color(enum.Enum):\n    RED = 'red'\n")
    monkeypatch.syspath_prepend(tmp_path)
    import colors

    source = SCRIPT.replace('class Color(enum.Enum):\n    RED = "red"\n', "from colors import Color\n")
    assert check_hyperparameters(script(source), {"color": colors.Color.RED})["color"].lower() == "red"
    assert check_hyperparameters(script(source), argparse.Namespace(color=colors.Color.RED))["color"].lower() == "red"
    monkeypatch.delitem(sys.modules, "colors")


def test_a_value_of_a_class_of_the_checked_module_is_passed(tmp_path, monkeypatch):
    source = SCRIPT.replace("args = parser.{parse}\nopen", "def build_parser():\n    return parser\n0 and open")
    (tmp_path / "arguments.py").write_text(source.replace("{required}", "required=False"))
    monkeypatch.syspath_prepend(tmp_path)
    import arguments

    namespace = argparse.Namespace(color=arguments.Color.RED)
    assert check_hyperparameters(tmp_path / "arguments.py", namespace)["color"].lower() == "red"
    monkeypatch.delitem(sys.modules, "arguments")


def test_a_script_that_cannot_be_run_is_a_problem(script, tmp_path):
    assert problems(tmp_path / "none.py", {}) == [
        f"argument script: {str(tmp_path / 'none.py')!r} does not exist: expected a .py or .sh file"
    ]
    (tmp_path / "train.sh").touch(0o755)
    assert problems(tmp_path / "train.sh", {}) == [
        f"argument script: {str(tmp_path / 'train.sh')!r} is not a Python script: expected a .py file"
    ]
    (tmp_path / "-c.py").touch()
    assert problems(tmp_path / "-c.py", {}) == [
        "argument script: Python would read '-c.py' as an option: expected a name that does not start with -"
    ]
    assert problems(script("import no_such_module"), {}) == [
        "train.py fails before it parses its arguments: line 1: ModuleNotFoundError: No module named 'no_such_module' "
        "(name the job's source_dir with --source-dir, or put the parser into a module with a function build_parser(), "
        "and check that module)"
    ]


STEP = """
import digits
from smargs import SageMakerArgumentParser
parser = SageMakerArgumentParser()
parser.add_argument("--epochs", type=int, default=digits.EPOCHS)
args = parser.parse_args()
"""


@pytest.fixture
def source_dir(tmp_path):
    """A source directory whose entry point is in a folder, and imports a module that is beside the folder."""
    (tmp_path / "src" / "steps").mkdir(parents=True)
    (tmp_path / "src" / "digits.py").write_text("EPOCHS = 10\n", encoding="utf-8")
    (tmp_path / "src" / "steps" / "train.py").write_text(STEP, encoding="utf-8")
    return tmp_path / "src"


@pytest.mark.parametrize("script", ["steps/train.py", "src/steps/train.py"])
def test_an_entry_point_in_a_folder_imports_modules_of_the_source_directory(source_dir, script, monkeypatch):
    monkeypatch.chdir(source_dir.parent)
    assert check_hyperparameters(script, {"epochs": 3}, source_dir="src") == {"epochs": "3"}
    assert problems(script, {"epochs": "many"}, source_dir=source_dir) == ["argument --epochs: invalid int value: 'many'"]
    assert "No module named 'digits' (name the job's source_dir with --source-dir, or" in problems("src/steps/train.py", {})[0]


def test_a_script_is_in_the_source_directory(source_dir, script):
    outside = script()
    assert problems(outside, {}, source_dir=source_dir) == [
        f"argument script: {str(outside)!r} is not in {str(source_dir)!r}: expected a path inside --source-dir"
    ]


def test_a_script_may_change_the_directory_before_it_parses(script, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    path = script("import os\nos.chdir('elsewhere')\n" + SCRIPT.replace("open(", "0 and open("))
    assert check(path, {"epochs": 3}, shows_arguments=True).hyperparameters == {"epochs": "3"}


def test_a_script_of_argparse_is_checked_as_smargs_patch_runs_it(script):
    source = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--epochs', type=int)\nparser.{parse}\n"
    assert check_hyperparameters(script(source), {"epochs": 3}, patch=True) == {"epochs": "3"}
    assert problems(script(source), {"epochs": 3}) == [
        "the script's parser is argparse's own: use the parser of smargs, or --patch (patch=True) if the job runs the script "
        "with smargs.patch"
    ]


def test_a_module_with_build_parser_is_checked(script):
    source = SCRIPT.replace("args = parser.{parse}\nopen", "def build_parser():\n    return parser\n0 and open")
    assert check_hyperparameters(script(source), {"epochs": 3}) == {"epochs": "3"}
    assert problems(script(source), {"epoch": 3}) == ["unrecognized hyperparameter: epoch (did you mean --epochs?)"]


SUBCOMMANDS = """
from smargs import SageMakerArgumentParser
parser = SageMakerArgumentParser()
commands = parser.add_subparsers(dest="command", required=True)
commands.add_parser("fit").add_argument("--epochs", type=int)
commands.add_parser("test").add_argument("--metric")
parser.parse_args()
"""


def test_a_subcommand_is_the_value_of_its_dest(script):
    assert check_hyperparameters(script(SUBCOMMANDS), {"command": "fit", "epochs": 3}) == {"epochs": "3"}
    assert problems(script(SUBCOMMANDS), {"command": "test", "epochs": 3}) == ["unrecognized hyperparameter: epochs"]


def test_a_warning_points_at_the_launcher(script):
    with pytest.warns(UserWarning, match="hyperparameter api-key looks like a secret") as caught:
        check_hyperparameters(script(), {"api-key": "hunter22x"})
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("source", "values"),
    [
        (SCRIPT, {"api-key": "hunter22x", "epochs": "hunter22x"}),
        ("raise ValueError('hunter22x')", {"api-key": "hunter22x"}),
        ("print('hunter22x')\nraise SystemExit(3)", {"api-key": "hunter22x"}),
        ("print('hunter22x')\nraise SystemExit(3)", argparse.Namespace(api_key="hunter22x")),
    ],
)
def test_no_secret_is_in_a_problem(script, source, values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lines = problems(script(source), values)
    assert lines
    assert "hunter22x" not in "".join(lines)


class ShowsItself:
    """A value whose class shows it in the error of pickling or of unpickling."""

    def __init__(self, text, is_pickled=False):
        self.text, self.is_pickled = text, is_pickled

    def __str__(self):
        return f"<{self.text}>"

    def __reduce__(self):
        if self.is_pickled:
            return float, (f"<{self.text}>",)
        raise TypeError(f"cannot pickle {self.text}")


@pytest.mark.parametrize("is_pickled", [False, True], ids=["pickling", "unpickling"])
def test_the_error_of_a_secret_that_cannot_be_passed_is_not_shown(script, is_pickled):
    (line,) = problems(script(), {"api-key": ShowsItself("hunter22x", is_pickled)})
    error = "ValueError" if is_pickled else "TypeError"
    assert line == f"hyperparameter api-key: its value cannot be passed to the script: {error}"


def test_a_secret_in_the_error_of_another_value_is_masked(script):
    (line,) = problems(script(), {"api-key": "hunter22x", "epochs": ShowsItself("hunter22x")})
    assert line == "hyperparameter epochs: its value cannot be passed to the script: TypeError: cannot pickle ******"


@pytest.mark.parametrize("values", [None, "epochs=3", [("epochs", 3)]])
def test_values_are_a_namespace_or_a_mapping(script, values):
    with pytest.raises(TypeError, match=f"^values: expected a namespace or a mapping, not {type(values).__name__}$"):
        check_hyperparameters(script(), values)


def test_the_function_is_public_and_imported_on_first_use():
    assert "check_hyperparameters" in smargs.__all__
    assert smargs.check_hyperparameters is check_hyperparameters


def test_dates_are_passed(script):
    source = (
        "import datetime\nfrom smargs import SageMakerArgumentParser\nparser = SageMakerArgumentParser()\n"
        "parser.add_argument('--since', type=datetime.date.fromisoformat)\nparser.{parse}\n"
    )
    assert check_hyperparameters(script(source), {"since": datetime.date(2026, 1, 2)}) == {"since": "2026-01-02"}
