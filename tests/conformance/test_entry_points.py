"""An entry point in a folder of the source code: `smargs run --source-dir` starts it as the platforms' own code does."""

import json
import os
import subprocess
import sys

import pytest
from container import JOB_NAME, SECONDS
from paths import ROOT

SCRIPT = """
import importlib.util, json, os, sys

names = ("SM_USER_ENTRY_POINT", "SM_MODULE_NAME", "SM_ENTRY_SCRIPT")
seen = {name: os.environ[name] for name in names if name in os.environ}
seen["argv"] = sys.argv
seen["directory"] = os.path.exists("root_module.py")
seen["root_module"] = importlib.util.find_spec("root_module") is not None
print("seen " + json.dumps(seen), flush=True)
"""


def write_sources(directory):
    (directory / "steps").mkdir(parents=True)
    (directory / "steps" / "train.py").write_text(SCRIPT)
    (directory / "root_module.py").touch()


def seen(command, **settings):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=SECONDS, check=True, **settings)
    (line,) = [line for line in done.stdout.splitlines() if "seen {" in line]
    return json.loads(line.partition("seen ")[2])


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
def test_an_entry_point_in_a_folder_is_started_as_on_its_platform(container, tmp_path, platform):
    container.write(container.files_of(platform, program="steps/train.py"), arguments=[], channels=[], typed=[])
    write_sources(container.code if platform == "toolkit" else container.sources)
    environ = {name: text for name, text in container.environ.items() if name != "PYTHONPATH"}
    local = {"SAGEMAKER_BASE_DIR": os.fspath(container.base), "SM_STUDIO_LOCAL_MODE": "true"}
    theirs = seen(container.command_of(platform, "steps/train.py"), env={**environ, **local}, cwd=container.base)

    write_sources(tmp_path / "src")
    options = ["--source-dir", "src", "--platform", platform, "--output", os.fspath(tmp_path / JOB_NAME)]
    command = [sys.executable, "-m", "smargs", "run", "steps/train.py", *options]
    ours = seen(command, env={**environ, "PYTHONPATH": os.fspath(ROOT)}, cwd=tmp_path)

    assert ours == theirs
