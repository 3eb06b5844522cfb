"""The playground: what its Python answers, in real child processes, and the examples that open in it."""

import doctest
import json
import os
import re
import subprocess
import sys
from urllib.parse import parse_qsl

import pytest
from pages import DOCS, PAGES
from paths import ROOT
from playground_page import examples, to_request, with_links

PLATFORMS = ["toolkit", "toolkit-unquoted", "sdk", "files"]
SECRET = "sk-1234567890abcdef"

pytestmark = pytest.mark.needs_process


@pytest.fixture
def ask(tmp_path):
    """Send a request to the playground, and return its answer."""

    def ask(arguments, hyperparameters="", **request):
        if not isinstance(hyperparameters, str):
            hyperparameters = json.dumps(hyperparameters)
        request = {"arguments": arguments, "hyperparameters": hyperparameters, **request}
        done = subprocess.run(
            [sys.executable, os.fspath(DOCS / "playground" / "playground.py"), os.fspath(tmp_path / "ml")],
            input=json.dumps(request),
            env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout.replace(os.fspath(tmp_path / "ml"), "/opt/ml"))

    return ask


def rows(answer):
    """The rows of an answer without an error, by argument."""
    assert answer["error"] == ""
    assert answer["columns"] == ["argument", "value", "type", "source", "overrode"]
    return {name: tuple(row) for name, *row in answer["rows"]}


@pytest.mark.parametrize(
    ("platform", "source"),
    [
        ("toolkit", "SM_HP_EPOCHS"),
        ("toolkit-unquoted", "SM_HP_EPOCHS"),
        ("sdk", "SM_HP_EPOCHS"),
        ("files", "hyperparameters.json"),
    ],
)
def test_a_row_has_the_value_of_an_argument_its_type_and_its_source(ask, platform, source):
    answer = ask('parser.add_argument("--epochs", default=10)', {"epochs": 20}, platform=platform)
    assert rows(answer) == {"--epochs": ("20", "int", source, "10 (default)")}
    assert f"(default: 20, from {source})" in answer["help"]


def test_channels_are_names_with_commas_or_spaces_between_them(ask):
    answer = ask('parser.add_argument("--train")\nparser.add_argument("--test")', channels="train, test")
    assert rows(answer) == {
        "--train": ("'/opt/ml/input/data/train'", "str", "SM_CHANNEL_TRAIN", ""),
        "--test": ("'/opt/ml/input/data/test'", "str", "SM_CHANNEL_TEST", ""),
    }


def test_typed_options_win(ask):
    answer = ask('parser.add_argument("--name")', {"name": "a"}, typed="--name 'b c'")
    assert rows(answer) == {"--name": ("'b c'", "str", "command line", "a (SM_HP_NAME)")}


def test_a_whole_script_runs_up_to_its_parse_with_the_parser_of_smargs(ask):
    script = """
import argparse

def main():
    parser = argparse.ArgumentParser(prog="mine")
    parser.add_argument("--fp16", action="store_true")
    try:
        args = parser.parse_args()
    except Exception:
        pass
    raise RuntimeError("training")

if __name__ == "__main__":
    main()
"""
    answer = ask(script, {"fp16": False})
    assert rows(answer) == {"--fp16": ("False", "bool", "SM_HP_FP16", "False (default)")}
    assert answer["help"].startswith("usage: mine [-h] [--fp16]\n")


def test_an_error_is_the_line_of_the_parser_and_the_help_is_there(ask):
    answer = ask('parser.add_argument("--epochs", type=int)', {"epochs": "many"})
    assert answer["error"] == "train.py: error: argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)"
    assert answer["rows"] == []
    assert answer["help"].startswith("usage: train.py")


def test_typed_help_is_no_error(ask):
    answer = ask('parser.add_argument("--epochs")', typed="--help")
    assert (answer["error"], answer["rows"]) == ("", [])
    assert "--epochs" in answer["help"]


def test_warnings_are_part_of_the_answer(ask):
    answer = ask('parser.add_argument("--train-dir")', channels="images")
    assert any("images" in warning for warning in answer["warnings"])


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    "code",
    [
        'parser.add_argument("--api-key")',
        'parser.add_argument("--api-key", type=int)',
        'import os\nraise ValueError(os.environ.get("SM_HP_API_KEY") or os.environ["SM_HPS"])',
        f'raise ValueError("{SECRET}")',
    ],
    ids=["value", "error", "exception", "text"],
)
def test_secrets_are_masked(ask, platform, code):
    answer = ask(code, {"api_key": SECRET}, platform=platform)
    assert SECRET not in json.dumps(answer)


@pytest.mark.parametrize(
    ("code", "hyperparameters", "request_", "error"),
    [
        ("x = (", "", {}, "line 1: SyntaxError: "),
        ("\nimport no_such_package", "", {}, "line 2: ModuleNotFoundError: No module named 'no_such_package'"),
        ("def f():\n    1 / 0\n\nf()", "", {}, "line 2: ZeroDivisionError: division by zero"),
        ("raise KeyError", "", {}, "line 1: KeyError"),
        ("x = 1", "", {}, "the code parses nothing: expected lines such as parser.add_argument('--epochs', type=int)"),
        ("parser = None", "", {}, "the code parses nothing: expected lines such as"),
        ("raise SystemExit(3)", "", {}, "the code ended before it parsed its arguments"),
        ("\0", "", {}, ""),
        ("parser.add_argument('--e', help='%')\nparser.parse_args()", "", {"typed": "--help"}, ""),
        ("parser.add_argument('--e')", "{a", {}, "hyperparameters: line 1, column 2: "),
        ("parser.add_argument('--e')", "[1]", {}, "hyperparameters: expected a JSON object"),
        ("parser.add_argument('--e')", "", {"typed": "'a"}, "typed arguments: No closing quotation"),
        ("parser.add_argument('--e')", "", {"channels": "a/b"}, "argument --channel: 'a/b' is not a channel name"),
        ("parser.add_argument('--e')", "", {"platform": "x"}, "platform 'x': expected one of toolkit"),
    ],
)
def test_an_error_of_the_reader_is_one_line(ask, code, hyperparameters, request_, error):
    answer = ask(code, hyperparameters, **request_)
    assert answer["error"].startswith(error)
    assert len(answer["error"].splitlines()) == 1
    assert answer["rows"] == []


def marked():
    """Each example that opens in the playground, with the page that shows it."""
    for page in PAGES:
        for block in examples(page.read_text(encoding="utf-8")):
            yield pytest.param(block, id=f"{page.stem}: {block.splitlines()[1]}")


@pytest.mark.parametrize("block", [*marked()])
def test_an_example_that_opens_in_the_playground_gives_what_its_page_shows(ask, block):
    wanted = [example.want for example in doctest.DocTestParser().get_examples(block) if example.want]
    shown = eval(wanted[0], {"Namespace": dict})
    request = to_request(block)
    answer = ask(request.pop("arguments"), **request)
    assert {name.lstrip("-").replace("-", "_"): eval(value) for name, (value, *_) in rows(answer).items()} == shown


def test_an_example_has_a_link_whose_fragment_is_its_request():
    example = '>>> _ = parser.add_argument("--a")\n>>> parser.parse_args(["--a", "b"], env_vars={})\n'
    linked = with_links(f"<!-- playground -->\n```python\n{example}```\n", "folder/page")
    assert linked.startswith(f"```python\n{example}```\n")
    (fragment,) = re.findall(r'href="\.\./playground\.html#([^"]+)"', linked)
    assert dict(parse_qsl(fragment, keep_blank_values=True)) == {
        "arguments": 'parser.add_argument("--a")\n',
        "hyperparameters": "{}",
        "channels": "",
        "platform": "toolkit",
        "typed": "--a b",
    }


def test_each_page_of_the_rules_has_an_example_that_opens_in_the_playground():
    pages = [DOCS / name for name in ("rules.md", "routes.md", "values.md")]
    assert all([*examples(page.read_text(encoding="utf-8"))] for page in pages)
