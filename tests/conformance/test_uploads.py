"""How the packing code of both SDKs packs a source directory in which `smargs run` was used."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

HERE = Path(__file__).parent
SECONDS = 120
SCRIPT = """\
import os
from pathlib import Path
import package
for name in ("SM_MODEL_DIR", "SM_OUTPUT_DATA_DIR"):
    (Path(os.environ[name]) / "made").write_text("by the job")
if "fail" in os.environ["SM_HPS"]:
    raise SystemExit(3)
"""
SOURCES = ["notes.txt", "package/__init__.py", "train.py"]
SDKS = ["v2", "v3"]


@pytest.fixture
def source(tmp_path, monkeypatch):
    """The source directory of an estimator, which is also the working directory. A directory of data is beside it."""
    source = tmp_path / "project" / "src"
    (source / "package").mkdir(parents=True)
    (source / "package" / "__init__.py").touch()
    (source / "notes.txt").touch()
    (source / "train.py").write_text(SCRIPT)
    (tmp_path / "project" / "data").mkdir()
    (tmp_path / "project" / "data" / "a.csv").touch()
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    monkeypatch.chdir(source)
    return source


def run(*options, status=0):
    """A real job of two hosts."""
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "smargs", "run", "train.py", "--hosts", "2", *options]
    ended = subprocess.run(command, env=environ, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
    assert ended.returncode == status, ended.stderr


def pack(sdk, source):
    """The files that an SDK would upload, by its own code in a separate process, or its error."""
    python = Path(sys.prefix) / f"sdk-{sdk}" / "bin" / "python"
    environ = {**os.environ, "SAGEMAKER_SUPPRESS_V2_WARNING": "1", "AWS_DEFAULT_REGION": "us-east-1"}
    command = [python, HERE / "pack_with_sdk.py", sdk, source]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False)
    if ended.returncode:
        # v2 prints errors to standard output, v3 to standard error.
        return None, " ".join((ended.stdout + ended.stderr).split())
    return json.loads(ended.stdout.splitlines()[-1]), None


@pytest.mark.parametrize("sdk", SDKS)
def test_nothing_of_a_job_without_output_is_uploaded(source, sdk):
    run()
    run("-p", "fail=1", "--channel", "train=.", status=3)
    assert len([*(source.parent.parent / ".smargs" / "jobs").iterdir()]) == 2
    assert pack(sdk, source) == (SOURCES, None)


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize("sdk", SDKS)
def test_jobs_in_a_source_directory_are_uploaded_each_with_one_copy_of_the_sources(source, sdk, platform):
    options = ["--platform", platform, "--channel", "data=../data", "--channel", "train=.", "--channel", "all=../*"]
    for output, status in (("job", 0), ("out/first", 0), ("out/second", 3), ("out/first", 0)):
        run("--output", output, *options, *(["-p", "fail=1"] if status else []), status=status)
    names, error = pack(sdk, source)
    assert error is None
    assert [name for name in names if not re.match("job/|out/", name)] == SOURCES
    for job in ("job", "out/first", "out/second"):
        for base in (job, f"{job}/hosts/algo-2"):
            uploaded = [name[len(base) + 1 :] for name in names if name.startswith(f"{base}/")]
            copies = ["code", "input/data/train", "input/data/all/src", *(["input/data/code"] if platform == "sdk" else [])]
            for copy in copies:
                assert [name[len(copy) + 1 :] for name in uploaded if name.startswith(f"{copy}/")] == SOURCES
            assert {"input/data/data/a.csv", "input/data/all/data/a.csv"} <= {*uploaded}
        assert f"{job}/.smargs-job.json" in names
    assert sum(name.endswith("notes.txt") for name in names) == 1 + 3 * 2 * len(copies)


@pytest.mark.parametrize("sdk", SDKS)
def test_a_source_directory_that_is_the_home_directory_is_uploaded(source, sdk, monkeypatch):
    monkeypatch.setenv("HOME", os.fspath(source))
    run("--channel", "train=.")
    run()
    names, error = pack(sdk, source)
    assert error is None
    assert sum(name.endswith("notes.txt") for name in names) == 1 + 2 * (1 + 1 + 1)


@pytest.mark.parametrize("sdk", SDKS)
def test_a_link_from_a_job_back_to_its_sources_fails_the_upload(source, sdk):
    run("--output", "job")
    code = source / "job" / "code"
    shutil.rmtree(code)
    code.symlink_to(source)
    shutil.rmtree(source / "job" / "hosts")  # With a second link v3's code fills the disk before it fails.
    names, error = pack(sdk, source)
    assert names is None
    assert "Too many levels of symbolic links" in error


def test_git_ignores_the_files_of_a_job(source):
    git = ["git", "-c", "init.defaultBranch=main", "-C", os.fspath(source.parent)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    run("--output", "job")
    run("--output", "../job", "--channel", "train=.")
    subprocess.run([*git, "add", "-A"], check=True)
    listed = subprocess.run([*git, "ls-files"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    assert listed == ["data/a.csv", *(f"src/{name}" for name in SOURCES)]
