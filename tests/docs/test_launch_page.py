"""The page "From this machine to `fit()`": a project is made of its blocks, and its commands print what the page shows."""

import json
import os
import re
import shlex
import subprocess
import sys
from importlib import metadata

import pytest
from paths import ROOT

import smargs

pytestmark = [pytest.mark.slow, pytest.mark.needs_process]

PAGE = ROOT / "docs" / "launch.md"
HOME = ".../digits"  # Where the page has the project.
FEW_EXAMPLES = """
from hypothesis import settings
settings.register_profile("few", max_examples=20, deadline=None)
settings.load_profile("few")
"""


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def sessions():
    """Each command of the page with what it shows, in the order of the page."""
    for block in blocks("console"):
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            if not command.startswith("pip "):
                yield command, shown


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project of the page."""
    directory = tmp_path_factory.mktemp("project").resolve()
    for name in ("src", "data"):
        (directory / name).mkdir()
    for source in blocks("python"):
        named = re.match(r"# (\S+\.py)\n", source)
        if named:
            (directory / named.group(1)).write_text(source, encoding="utf-8")
    for name in ("a.csv", "b.csv"):
        (directory / "data" / name).write_text("1,2\n")
    (directory / "conftest.py").write_text(FEW_EXAMPLES)
    return directory


def run(project, command):
    words = shlex.split(command)
    programs = {"smargs": [sys.executable, "-m", "smargs"], "python": [sys.executable]}
    environ = {
        **os.environ,
        "PYTHONPATH": os.fspath(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }
    return subprocess.run(
        [*programs.get(words[0], words[:1]), *words[1:]],
        cwd=project,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def output_of(project, command):
    """The output of a command, with the directory and the durations of the page."""
    text = run(project, command).stdout.replace(os.fspath(project), HOME)
    return re.sub(r"\d+\.\d+ ?s\b", "TIME", text)


def test_each_command_of_the_page_prints_what_the_page_shows(project):
    tried = list(sessions())
    for command, shown in tried:
        shown = shown.replace("configargparse-1.9.0-", f"configargparse-{metadata.version('configargparse')}-")
        shown = shown.replace("smargs-0.1.0-", f"smargs-{smargs.__version__}-")
        assert output_of(project, command) == re.sub(r"\d+\.\d+ ?s\b", "TIME", shown), command
    assert len(tried) == 6


def test_the_lines_that_start_a_job_get_the_hyperparameters_of_the_page(project, monkeypatch):
    """tests/conformance/ runs the lines themselves, with the real SDKs and a session that sends nothing."""
    launches = re.findall(
        r"^<!-- launch: (\S+) -->\n\n```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )

    assert [name for name, _ in launches] == ["sdk-v2", "sdk-v3", "boto3"]
    for _, source in launches:
        compile(source, "launch.py", "exec")
        (call,) = re.findall(r"build_parser\(\)\.to_hyperparameters\(.*\)(?=,\n)", source)
        program = f"from src.arguments import build_parser\nimport json\nsource = {{}}\nprint(json.dumps({call}))"
        done = run(project, f"python -c {shlex.quote(program)}")
        sent = json.loads(done.stdout)
        expected = {"epochs": 3, "layers": [256, 128]}
        assert sent == (expected if "encoded=False" in call else {name: json.dumps(value) for name, value in expected.items()})


# A command for each line of the tables of errors, in the order of the page. It prints that error.
COMMANDS = [
    "smargs check src/train.py --channel train=s3://b/k -p epoch=3",
    "smargs check src/train.py --channel train=s3://b/k -p epochs=many",
    "smargs check src/train.py --channel train=s3://b/k -p optimizer=adm",
    "smargs check src/train.py --channel train=s3://b/k -p epochs=0",
    "smargs check src/train.py",
    "smargs check broken.py",
    "smargs run src/train.py --channel train=dta",
    "smargs bundle scr",
    "smargs run src/train.py --channel train=data -p epochs=many --output many",
    "smargs run src/train.py --output missing",
    "python -I -S -c 'import smargs'",
    "python -m pip install --no-index ./smargs-0.1.0-py3-none-any.whl",
]


def test_a_command_says_each_error_of_the_page(project):
    (project / "broken.py").write_text("import digits\n")
    tables = PAGE.read_text(encoding="utf-8").partition("## What an error means")[2]
    lines = re.findall(r"^\| `(.+?)` \| ", tables, re.MULTILINE)

    assert len(lines) == len(COMMANDS)
    for line, command in zip(lines, COMMANDS):
        # Python 3.12 shows choices without quotes.
        assert line.replace("'", "") in output_of(project, command).replace("'", ""), command
