"""The table of a script's first parse, in real child processes. Nothing of the script runs after that parse."""

import os
import subprocess
import sys

import pytest
from paths import ROOT
from platforms import Job
from tables import read_table

from smargs.launch import preview
from smargs.testing import SageMakerJob

SCRIPT = """
import sys
from smargs import SageMakerArgumentParser, SageMakerParserMixin
{parser}
parser.add_argument("--epochs", "-e", type=int, default=10)
parser.add_argument("--learning-rate", default=0.1)
parser.add_argument("--name", default="mlp")
parser.add_argument("--api-key")
parser.add_argument("--augment", action="store_true")
try:
    print("parsed", parser.{parse})
except BaseException as error:
    print("caught", error)
print("training")
"""
OURS = "parser = SageMakerArgumentParser()"
MIXED = "import argparse\nparser = type('P', (SageMakerParserMixin, argparse.ArgumentParser), {})()"
PLAIN = "import argparse\nparser = argparse.ArgumentParser()"
CONFIG = "import configargparse\nparser = configargparse.ArgumentParser()"
PARSES = [
    "parse_args()",
    "parse_known_args()[0]",
    "parse_intermixed_args()",
    "parse_known_intermixed_args()",
    "parse_args(sys.argv[1:])",
    "parse_args(' '.join(sys.argv[1:]))",
]


@pytest.fixture
def previewed(run_script):
    """Preview the text of a script as a child process."""

    def run(source, job):
        preview = [sys.executable, "-m", "smargs.launch.preview"]
        return run_script(source, job, through=lambda script, job: [*preview, os.fspath(script), *job.argv])

    return run


def table(done):
    """The rows of a table by argument, if the script printed nothing else and did nothing after its parse."""
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = read_table(done.stdout.splitlines())
    assert head == ["argument", "value", "type", "source", "overrode"]
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def script(parser=OURS, parse="parse_args()"):
    return SCRIPT.format(parser=parser, parse=parse)


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize("parser", [OURS, MIXED], ids=["ours", "mixin"])
@pytest.mark.parametrize("parse", PARSES)
def test_each_value_has_its_source_and_the_values_that_it_replaced(previewed, platform, parser, parse):
    job = SageMakerJob({"epochs": 20, "learning-rate": 0.5, "augment": True}, platform=platform)
    job.argv.extend(["-e", "30"])
    source = "SM_HP_LEARNING-RATE" if platform == "toolkit" else "SM_HP_LEARNING_RATE"
    assert table(previewed(script(parser, parse), job)) == {
        "--epochs": ["30", "int", "command line", "20 (SM_HP_EPOCHS)"],
        "--learning-rate": ["0.5", "float", source, "0.1 (default)"],
        "--name": ["'mlp'", "str", "default", ""],
        "--api-key": ["None", "NoneType", "default", ""],
        "--augment": ["True", "bool", "SM_HP_AUGMENT", "False (default)"],
    }


@pytest.mark.parametrize("parser", [PLAIN, CONFIG, OURS, MIXED], ids=["argparse", "configargparse", "ours", "mixin"])
@pytest.mark.parametrize("parse", PARSES)
def test_off_sagemaker_the_sources_are_the_command_line_and_the_defaults(previewed, parser, parse):
    rows = table(previewed(script(parser, parse), Job({}, ["--name", "cnn", "--api-key=hunter22"])))
    assert rows["--name"] == ["'cnn'", "str", "command line", "mlp (default)"]
    assert rows["--api-key"] == ["******", "str", "command line", ""]
    assert rows["--epochs"] == ["10", "int", "default", ""]


@pytest.mark.parametrize("parser", [PLAIN, CONFIG, OURS, MIXED], ids=["argparse", "configargparse", "ours", "mixin"])
def test_an_unknown_option_is_the_parsers_own_error(previewed, parser):
    done = previewed(script(parser), Job({}, ["--epoch-count", "3"]))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "train.py: error: unrecognized arguments: --epoch-count 3"


def test_an_undeclared_hyperparameter_is_the_parsers_own_error(previewed):
    done = previewed(script(), SageMakerJob({"epoch": 3}))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "train.py: error: unrecognized hyperparameter: epoch (did you mean --epochs?)"


@pytest.mark.parametrize("parser", [PLAIN, OURS], ids=["argparse", "ours"])
def test_what_is_not_declared_is_shown_without_secrets(previewed, parser):
    done = previewed(script(parser, "parse_known_args()"), Job({}, ["--other", "two words", "--token", "hunter22"]))
    assert table(done)["(not declared)"] == ["--other 'two words' --token '******'", "", "", ""]


def test_a_secret_is_shown_nowhere(previewed):
    job = SageMakerJob({"api_key": "hunter2-\\n\n'q", "name": "my hunter2-\\n\n'q is", "learning-rate": 1})
    done = previewed(script(), job)
    assert table(done)["--api-key"][0] == "******"
    assert "hunter2" not in done.stdout


def test_secrets_inside_of_a_value_are_masked(previewed):
    source = "from smargs import SageMakerArgumentParser\nparser = SageMakerArgumentParser()\n"
    source += "parser.add_argument('--opts', type=dict, default={'token': 'abc', 'lr': 1})\nparser.parse_args()"
    job = SageMakerJob({"opts": {"token": "xyz", "lr": 2}})
    assert table(previewed(source, job))["--opts"][0] == "{'lr': 2, 'token': '******'}"
    assert "abc" not in previewed(source, job).stdout


DECLARING = """
import argparse
from smargs import SageMakerArgumentParser
parser = {cls}()
parser.add_argument("-p", "--password")
parser.add_argument("--opt")
parser.add_argument("--tokenizer", default="bert")
parser.parse_known_args()
"""


@pytest.mark.parametrize("cls", ["SageMakerArgumentParser", "argparse.ArgumentParser"])
@pytest.mark.parametrize(
    ("argv", "row", "cells"),
    [
        (["-phunter22"], "--password", ["******", "str", "command line", ""]),
        (["--pass=hunter22"], "--password", ["******", "str", "command line", ""]),
        (["--opt", "token=hunter22,lr=1"], "--opt", ["'token=******,lr=1'", "str", "command line", ""]),
        (['--opt={"api_key": "hunter22"}'], "--opt", ["""'{"api_key": "******"}'""", "str", "command line", ""]),
        (["--opt", "https://me:hunter22@host"], "--opt", ["'https://me:******@host'", "str", "command line", ""]),
        (["-p", "hunter22", "--opt", "xhunter22x"], "--opt", ["'x******x'", "str", "command line", ""]),
        (["a", "--pasword", "hunter22"], "(not declared)", ["a --pasword '******'", "", "", ""]),
    ],
)
def test_a_typed_secret_is_shown_nowhere(previewed, cls, argv, row, cells):
    done = previewed(DECLARING.format(cls=cls), Job({}, argv))

    assert table(done)[row] == cells
    assert table(done)["--tokenizer"][0] == "'bert'"
    assert "hunter22" not in done.stdout


def test_bytes_that_are_not_utf8_are_shown(previewed):
    done = previewed(script(), Job({"SM_HP_NAME": "a\udcffb"}, []))
    assert table(done)["--name"] == [r"'a\\udcffb'".replace("\\\\", "\\"), "str", "SM_HP_NAME", "mlp (default)"]


OF_ALL = """
import configargparse
from smargs import SageMakerArgumentParser
parser = {cls}(default_config_files=["c.ini"])
for name in "abcdef":
    parser.add_argument(f"--{{name}}", env_var=f"MY_{{name.upper()}}", default=0, type=int)
parser.parse_args()
"""


def test_every_source_is_distinguished(previewed, tmp_path):
    (tmp_path / "c.ini").write_text("a = 1\nb = 1\nc = 1\nd = 1\n")
    environ = {"SM_HPS": '{"a": 2, "b": 2, "c": 2, "e": 2}', "MY_A": "3", "MY_B": "3"}
    rows = table(previewed(OF_ALL.format(cls="SageMakerArgumentParser"), Job(environ, ["--a", "4"])))
    assert rows == {
        "--a": ["4", "int", "command line", "3 (MY_A)"],
        "--b": ["3", "int", "MY_B", "2 (SM_HPS)"],
        "--c": ["2", "int", "SM_HPS", "1 (c.ini)"],
        "--d": ["1", "int", "c.ini", "0 (default)"],
        "--e": ["2", "int", "SM_HPS", "0 (default)"],
        "--f": ["0", "int", "default", ""],
    }


def test_the_sources_of_configargparse_are_distinguished(previewed, tmp_path):
    (tmp_path / "c.ini").write_text("a = 1\nb = 1\nc = 1\n")
    rows = table(previewed(OF_ALL.format(cls="configargparse.ArgumentParser"), Job({"MY_B": "3"}, ["--a", "4"])))
    assert [rows[name][2:] for name in ("--a", "--b", "--c", "--d")] == [
        ["command line", "1 (c.ini)"],
        ["MY_B", "1 (c.ini)"],
        ["c.ini", "0 (default)"],
        ["default", ""],
    ]


def test_the_arguments_of_a_subcommand_are_shown(previewed):
    source = (
        "from smargs import SageMakerArgumentParser\nparser = SageMakerArgumentParser()\n"
        "parser.add_argument('--seed', type=int)\nsub = parser.add_subparsers(dest='command')\n"
        "sub.add_parser('fit').add_argument('--epochs', type=int)\nsub.add_parser('test').add_argument('--other')\n"
        "parser.parse_args()\n"
    )
    environ = {"SM_HPS": '{"epochs": 2, "seed": 1}'}
    assert table(previewed(source, Job(environ, ["fit"]))) == {
        "--seed": ["1", "int", "SM_HPS", ""],
        "command": ["'fit'", "str", "command line", ""],
        "--epochs": ["2", "int", "SM_HPS", ""],
    }


def test_a_positional_without_tokens_has_its_default(previewed):
    source = (
        "import argparse\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('data', nargs='?', default='d')\nparser.parse_args()\n"
    )
    assert table(previewed(source, Job({}, []))) == {"data": ["'d'", "str", "default", ""]}
    assert table(previewed(source, Job({}, ["e"]))) == {"data": ["'e'", "str", "command line", "d (default)"]}


def test_a_default_may_have_no_single_truth_value(previewed):
    source = (
        "class Array:\n    def __eq__(self, other): return Array()\n    def __bool__(self): raise ValueError('ambiguous')\n"
        "    def __repr__(self): return '[1. 2.]'\n"
        f"from smargs import SageMakerArgumentParser\n{OURS}\n"
        "parser.add_argument('--weights', default=Array())\nparser.parse_args()\n"
    )
    assert table(previewed(source, Job({}, []))) == {"--weights": ["[1. 2.]", "Array", "default", ""]}


def test_the_typed_flag_is_shown_if_two_have_one_dest(previewed):
    source = (
        "import argparse\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--amp', action='store_true')\n"
        "parser.add_argument('--no-amp', action='store_false', dest='amp')\nparser.parse_args()\n"
    )
    assert list(table(previewed(source, Job({}, ["--no-amp"])))) == ["--no-amp"]
    assert list(table(previewed(source, Job({}, [])))) == ["--amp"]


@pytest.mark.skipif(sys.version_info < (3, 9), reason="BooleanOptionalAction came with Python 3.9")
def test_a_pair_of_flags_has_the_name_of_the_one_that_sets_it(previewed):
    source = (
        "import argparse\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--amp', action=argparse.BooleanOptionalAction)\nparser.parse_args()\n"
    )
    assert list(table(previewed(source, Job({}, ["--no-amp"])))) == ["--amp"]


def test_typed_values_are_added_to_those_of_the_job(previewed):
    source = (
        "from smargs import SageMakerArgumentParser\nparser = SageMakerArgumentParser()\n"
        "parser.add_argument('--tag', action='append')\nparser.parse_args()\n"
    )
    rows = table(previewed(source, Job({"SM_HP_TAG": '["a"]'}, ["--tag", "b"])))
    assert rows == {"--tag": ["['a', 'b']", "list", "command line, added to SM_HP_TAG", ""]}


def test_only_the_first_parse_of_the_command_line_counts(previewed):
    source = "import argparse\nother = argparse.ArgumentParser()\nother.add_argument('--x')\nother.parse_args(['--x', '1'])\n"
    assert list(table(previewed(source + script(), Job({}, ["--epochs", "3"])))) == [
        "--epochs",
        "--learning-rate",
        "--name",
        "--api-key",
        "--augment",
    ]


def test_a_script_that_parses_in_steps_is_shown_with_the_arguments_of_all_steps(previewed):
    source = (
        "from smargs import SageMakerArgumentParser\nfirst = SageMakerArgumentParser(add_help=False)\n"
        "first.add_argument('--model', default='small')\nknown, rest = first.parse_known_args()\n"
        "parser = SageMakerArgumentParser()\nif known.model == 'large':\n    parser.add_argument('--depth', type=int)\n"
        "parser.parse_args(rest)\nprint('training')\n"
    )
    rows = table(previewed(source, SageMakerJob({"model": "large", "depth": 3})))
    assert {name: row[:3] for name, row in rows.items()} == {
        "--model": ["'large'", "str", "SM_HP_MODEL"],
        "--depth": ["3", "int", "SM_HP_DEPTH"],
    }


def test_a_step_that_prints_its_help_prints_it_once(previewed):
    source = (
        "from smargs import SageMakerArgumentParser\nparser = SageMakerArgumentParser()\n"
        "known, rest = parser.parse_known_args()\nparser.parse_args(rest)\n"
    )
    done = previewed(source, Job({}, ["--help"]))
    assert (done.returncode, done.stdout.count("usage: "), done.stderr) == (0, 1, "")


@pytest.mark.parametrize("literal", ["[]", "()", "''"])
def test_an_empty_list_of_a_library_is_not_the_command_line(previewed, literal):
    source = f"import argparse\nother = argparse.ArgumentParser()\nother.add_argument('--x')\nother.parse_args({literal})\n"
    rows = table(previewed(source + script(), Job({}, [])))
    assert "--x" not in rows
    assert rows["--epochs"] == ["10", "int", "default", ""]


@pytest.mark.parametrize("passed", ["", "sys.argv[1:]", "list(sys.argv[1:])", "sys.argv[1:] + []", "[] + sys.argv[1:]"])
def test_a_command_line_without_tokens_is_the_command_line_in_every_way_of_passing_it(previewed, passed):
    done = previewed(
        f"import argparse, sys\nparser = argparse.ArgumentParser()\nparser.add_argument('files', nargs='*')\n"
        f"parser.parse_args({passed})\nprint('training')\n",
        Job({}, []),
    )
    assert table(done) == {"files": ["[]", "list", "default", ""]}


def test_an_argument_of_an_earlier_parse_is_not_shown(previewed):
    source = (
        "import argparse\nother = argparse.ArgumentParser()\nother.add_argument('--x')\nother.parse_args(['--x', '1'])\n"
        "parser = argparse.ArgumentParser()\nparser.add_argument('--y')\nparser.set_defaults(x=2)\nparser.parse_args()\n"
    )
    assert list(table(previewed(source, Job({}, [])))) == ["--y"]


def test_a_parser_class_of_the_script_parses_to_its_end(previewed):
    source = (
        "import argparse\nclass Own(argparse.ArgumentParser):\n    def parse_args(self, args=None):\n"
        "        found = super().parse_args(args)\n        found.x += 1\n        return found\n"
        "parser = Own()\nparser.add_argument('--x', type=int)\nparser.parse_args()\n"
    )
    assert table(previewed(source, Job({}, ["--x", "1"])))["--x"][0] == "2"


def test_a_script_that_does_not_parse_is_reported(previewed):
    for end in ("", "raise SystemExit", "import sys; sys.exit(0)"):
        done = previewed(f"print('trained')\n{end}\n", Job({}, ["--x"]))
        assert (done.returncode, done.stdout, done.stderr) == (2, "trained\n", "train.py ended without parsing its arguments\n")


def test_a_script_that_fails_before_has_its_own_traceback(previewed):
    done = previewed("def f():\n    raise KeyError('x')\nf()\n", Job({}, []))
    assert done.returncode == 1
    assert done.stderr.splitlines()[1].endswith('train.py", line 3, in <module>')
    assert done.stderr.splitlines()[-1] == "KeyError: 'x'"


def test_a_script_that_exits_before_has_its_own_status(previewed):
    assert previewed("raise SystemExit(7)", Job({}, [])).returncode == 7


def test_an_exit_of_the_parsers_own_has_its_status(previewed):
    source = (
        "import argparse\nclass P(argparse.ArgumentParser):\n    def error(self, message):\n        raise SystemExit('own')\n"
    )
    done = previewed(f"{source}try:\n    P().parse_args()\nexcept SystemExit:\n    print('on')\n", Job({}, ["x"]))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "own\n")


def test_help_is_the_scripts_own(previewed):
    done = previewed(script(), Job({}, ["--help"]))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: train.py")
    assert "caught" not in done.stdout


FACTS = """
import os, sys
os.chdir(os.sep)
print(sys.argv, sys.path[0], __name__, __file__, __spec__, sys.modules["__main__"].__dict__ is globals())
raise ValueError(__file__)
"""


def test_a_script_starts_as_python_starts_it(run_script):
    def run(*module):
        return run_script(FACTS, Job({}, ["--x"]), lambda script, job: [sys.executable, *module, script.name, *job.argv])

    here, there = run("-m", "smargs.launch.preview"), run()
    assert "__main__" in there.stdout
    assert (here.stdout, here.stderr, here.returncode) == (there.stdout, there.stderr, there.returncode)


def test_the_script_imports_modules_beside_it(previewed, tmp_path):
    (tmp_path / "beside.py").write_text("")
    done = previewed("import beside, sys\nassert __name__ == '__main__'\nprint(sys.argv)", Job({}, ["a"]))
    assert done.stdout == f"{[os.fspath(tmp_path / 'train.py'), 'a']}\n"


def test_a_script_that_replaces_its_streams_is_shown(previewed):
    log = (
        "import sys\nclass Log:\n    def write(self, text): pass\n    def flush(self): pass\nsys.stdout = sys.stderr = Log()\n"
    )
    done = previewed(log + script(), Job({}, ["--epochs", "3"]))
    assert table(done)["--epochs"][:3] == ["3", "int", "command line"]


BROKEN = {
    "a stream without flush": "class Log:\n    write = lambda self, text: None\nsys.stdout = sys.stderr = Log()",
    "no streams": "sys.stdout = sys.stderr = None",
    "a full file": "sys.stdout = open('/dev/full', 'w')\nprint('x')",
    "a fork": "os.fork()",
    "a closed output": "sys.stdout.close()",
    "a closed error output": "sys.stderr.close()",
}
"""What scripts do to their process before they parse."""


@pytest.mark.parametrize("before", BROKEN.values(), ids=BROKEN)
def test_nothing_runs_after_the_first_parse(previewed, tmp_path, before):
    source = f"import os, sys\n{before}\n{script()}"
    done = previewed(source + "open('trained', 'w')\n", Job({}, []))
    assert table(done)["--epochs"] == ["10", "int", "default", ""]
    assert not (tmp_path / "trained").exists()


def test_an_exception_of_the_parse_does_not_reach_the_script(previewed, tmp_path):
    source = (
        "from smargs import SageMakerArgumentParser\ndef layers(text):\n    return {}[text]\n"
        "parser = SageMakerArgumentParser()\nparser.add_argument('--layers', type=layers)\n"
        "try:\n    parser.parse_args()\nexcept KeyError:\n    pass\nopen('trained', 'w')\n"
    )
    done = previewed(source, Job({}, ["--layers", "2"]))
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (1, "", "KeyError: '2'")
    assert not (tmp_path / "trained").exists()


def test_a_warning_points_at_the_scripts_line(previewed):
    done = previewed(script(), Job({"SM_HPS": '{"epochs": 2}', "SM_TRAINING_ENV": "{"}, []))
    assert "train.py:" in done.stderr
    assert "preview.py" not in done.stderr


def test_a_file_that_a_reader_of_the_script_reads_is_a_config_file(previewed, tmp_path):
    (tmp_path / "c.ini").write_text("")
    source = OF_ALL.replace("(default_config", "(config_file_parser_class=Reader, default_config").replace("default=0, ", "")
    source = source.replace(
        "parser =",
        "class Reader(configargparse.ConfigFileParser):\n    def get_syntax_description(self):\n        return ''\n"
        "    def parse(self, stream):\n        return {{'a': '1'}}\nparser =",
    )
    rows = table(previewed(source.format(cls="SageMakerArgumentParser"), Job({}, [])))
    assert rows["--a"] == ["1", "int", "c.ini", ""]


def test_the_source_of_a_config_file_that_the_job_names_is_its_variable(previewed, tmp_path):
    (tmp_path / "c.ini").write_text("lr = 3\n")
    (tmp_path / "d.ini").write_text("lr = 4\n")
    source = (
        "from smargs import SageMakerArgumentParser\nparser = SageMakerArgumentParser()\n"
        "parser.add_argument('--config', is_config_file=True)\nparser.add_argument('--lr', type=int)\nparser.parse_args()\n"
    )
    environ = {"SM_HPS": '{"config": "c.ini"}'}
    assert table(previewed(source, Job(environ, [])))["--config"] == ["'c.ini'", "str", "SM_HPS", ""]
    typed = table(previewed(source, Job(environ, ["--config", "d.ini"])))
    assert typed["--config"] == ["'d.ini'", "str", "command line", ""]
    assert typed["--lr"] == ["4", "int", "d.ini", ""]


def test_a_config_file_is_a_source_for_any_class_that_reads_it(previewed, tmp_path):
    (tmp_path / "c.ini").write_text("epochs = 1\n")
    source = (
        "import configargparse\n"
        "class Reader(configargparse.DefaultConfigFileParser): pass\n"
        "parser = configargparse.ArgumentParser(default_config_files=['c.ini'], config_file_parser_class=Reader)\n"
        "parser.add_argument('--epochs', type=int)\n"
        "parser.parse_args()\n"
    )
    assert table(previewed(source, Job({}, [])))["--epochs"] == ["1", "int", "c.ini", ""]


@pytest.mark.needs_process
@pytest.mark.parametrize("tokens", [["nowhere.py"], []])
def test_a_missing_script_is_one_line(tokens):
    command = [sys.executable, "-m", "smargs.launch.preview", *tokens]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"script {''.join(tokens)!r} does not exist\n"


def test_a_missing_script_is_reported_before_methods_are_replaced(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["preview", "nowhere.py"])
    assert preview.main() == 2
    assert capsys.readouterr().err == "script 'nowhere.py' does not exist\n"
