"""The place of a job and its links: no chain of links leads back into the job, and the script runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

from smargs.cli import main as cli
from smargs.testing import SageMakerJob

pytestmark = pytest.mark.needs_process

SCRIPT = """\
import json, os, sys
from pathlib import Path
import sibling
from package import inner
Path("written.txt").write_text("by the script")
base = Path(os.environ["SAGEMAKER_BASE_DIR"])
places = [os.environ[name] for name in ("SM_MODULE_DIR", "SM_SOURCE_DIR", "SM_CHANNEL_TRAIN") if name in os.environ]
print("saw", json.dumps({
    "directory": os.getcwd(),
    "file": os.path.realpath(__file__),
    "imported": sibling.NAME + inner.NAME,
    "opened": Path("package/table.csv").read_text(),
    "of the platform": [Path(place, "package", "table.csv").read_text() for place in places],
}))
"""


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A script's directory in a project, with a home beside it; the process is in the project."""
    project = tmp_path / "project"
    package = project / "src" / "package"
    package.mkdir(parents=True)
    (project / "src" / "train.py").write_text(SCRIPT)
    (project / "src" / "sibling.py").write_text("NAME = 'sibling'")
    (package / "__init__.py").touch()
    (package / "inner.py").write_text("NAME = 'inner'")
    (package / "table.csv").write_text("1,2")
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", os.fspath(tmp_path / "home"))
    monkeypatch.chdir(project)
    return project / "src"


def run(script, *options, **settings):
    """The status, what the script saw, and the lines of standard error, of a real `smargs run`."""
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "smargs", "run", os.fspath(script), *map(os.fspath, options)]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120, **settings)
    saw = [eval(line.partition("saw ")[2]) for line in ended.stdout.splitlines() if "saw " in line]
    return ended.returncode, saw, ended.stderr.splitlines()


def files_below(directory, names=()):
    """The files below a directory if every link is followed, without those of some names. A loop of links is an error."""
    paths = []
    for path, directories, files in os.walk(directory, followlinks=True, onerror=print):
        assert len(Path(path).relative_to(directory).parts) < 15, f"a loop: {path}"
        directories[:] = [name for name in directories if name not in names]
        paths += [os.path.relpath(os.path.join(path, name), directory) for name in files]
    return sorted(paths)


def links_of(job):
    return [path for path in job.rglob("*") if path.is_symlink()]


def jobs_at_home():
    return sorted(Path(os.environ["HOME"], ".smargs", "jobs").iterdir())


OWN = ["package/__init__.py", "package/inner.py", "package/table.csv", "sibling.py", "train.py"]
WRITTEN = "written.txt"  # By the script.


def test_a_job_without_output_is_created_in_the_home_directory_and_not_in_the_sources(source):
    for _ in range(2):
        assert run("src/train.py")[0] == 0
    assert files_below(source) == [*OWN, WRITTEN]
    assert len(jobs_at_home()) == 2
    assert all((job / "code").resolve() == source for job in jobs_at_home())


def test_a_failed_job_stays_in_the_home_directory(source):
    (source / "train.py").write_text("raise SystemExit(3)")
    assert run("src/train.py")[0] == 3
    assert sorted(os.listdir(source)) == ["package", "sibling.py", "train.py"]
    assert len(jobs_at_home()) == 1


# With SDK v3 the code is a channel as well.
@pytest.mark.parametrize(("platform", "copies"), [("toolkit", 2 * 3), ("sdk", 2 * 4)])
def test_links_of_jobs_in_the_source_directory_lead_only_to_the_sources(source, platform, copies):
    options = ["--platform", platform, "--hosts", "2", "--channel", "train=src", "--channel", "some=src/*"]
    for name in ("first", "out/second", "out/third"):
        status, saw, errors = run("src/train.py", "--output", f"src/{name}", *options)
        assert status == 0, errors
        assert saw == 2 * [
            {
                "directory": os.fspath(source),
                "file": os.fspath(source / "train.py"),
                "imported": "siblinginner",
                "opened": "1,2",
                "of the platform": ["1,2", "1,2"],
            }
        ]
        job = source / name
        assert not [link for link in links_of(job) if link.resolve() in job.parents]
    for name in ("first", "out/second", "out/third"):
        for base in (source / name, source / name / "hosts" / "algo-2"):
            for copy in (base / "code", base / "input/data/train", base / "input/data/some"):
                assert [file for file in files_below(copy) if file != WRITTEN] == OWN
    # Each job has its directory three times for each host, and files of its own.
    assert len([file for file in files_below(source) if file.endswith("sibling.py")]) == 1 + 3 * copies


def test_a_job_in_the_source_directory_is_reported_and_git_ignores_it(source):
    _, _, errors = run("src/train.py", "--output", "src/job")
    assert errors[0] == (f"smargs: job in {source}/job, inside the script's directory: the SDK would upload it with the script")
    assert "upload" not in run("src/train.py", "--output", "job")[2][0]
    # The job's own .gitignore keeps git from adding it; `make conformance` checks that with git itself.
    assert (source / "job" / ".gitignore").read_text() == "*\n"


def test_a_changed_gitignore_is_kept(source):
    assert run("src/train.py", "--output", "job")[0] == 0
    (source.parent / "job" / ".gitignore").write_text("*\n!model.tar.gz\n")
    assert run("src/train.py", "--output", "job")[0] == 0
    assert (source.parent / "job" / ".gitignore").read_text() == "*\n!model.tar.gz\n"


def test_a_script_in_the_home_directory_runs_and_its_job_does_not_link_back(source, monkeypatch):
    monkeypatch.setenv("HOME", os.fspath(source))
    for _ in range(2):
        status, saw, errors = run("train.py", "--channel", "train=.", cwd=source)
        assert (status, saw[0]["directory"], saw[0]["of the platform"]) == (0, os.fspath(source), ["1,2", "1,2"]), errors
        assert errors[0].endswith(
            "/.smargs/jobs/"
            + jobs_at_home()[-1].name
            + (", inside the script's directory: the SDK would upload it with the script")
        )
    for job, written in zip(jobs_at_home(), ([], [WRITTEN])):
        assert files_below(job / "code") == files_below(job / "input/data/train") == [*OWN, *written]


def test_circular_links_are_followed_once(source):
    (source / "train.py").write_text("")
    (source / "up").symlink_to("..")
    (source / "self").symlink_to(source)
    (source.parent / "up").symlink_to("..")
    (source.parent.parent / "down").symlink_to(source)
    (source / "data").symlink_to(source.parent / "elsewhere")
    (source.parent / "elsewhere").mkdir()
    (source.parent / "elsewhere" / "a.csv").write_text("3,4")
    assert run("src/train.py", "--output", "elsewhere/job", "--channel", "train=elsewhere")[0] == 0
    assert run("src/train.py", "--output", "src/job", "--channel", "train=src")[0] == 0
    for copy in (source / "job" / "code", source / "job" / "input" / "data" / "train"):
        assert (copy / "package" / "inner.py").read_text() == "NAME = 'inner'"
        assert (copy / "up" / "elsewhere" / "a.csv").read_text() == "3,4"
        assert not (copy / "self").exists()
        assert not (copy / "up" / "src").exists()
        assert (copy / "up" / "up" / "home").exists()
        assert not (copy / "up" / "up" / "down").exists()
    assert (source.parent / "elsewhere/job/input/data/train/a.csv").read_text() == "3,4"
    assert not (source.parent / "elsewhere/job/input/data/train/job").exists()


def test_a_job_whose_path_has_a_link_has_all_sources(source):
    (source.parent / "link").symlink_to(source)
    assert run("link/train.py", "--output", "link/job", "--channel", "train=link")[0] == 0
    assert files_below(source / "job/code") == files_below(source / "job/input/data/train") == OWN


def test_a_script_in_the_jobs_own_directory_runs_there(source):
    assert run("src/train.py", "--output", "job")[0] == 0
    job = source.parent / "job"
    shutil.copytree(source, job, dirs_exist_ok=True)
    status, saw, _ = run("job/train.py", "--output", "job", "--platform", "files")
    assert (status, saw[0]["directory"]) == (0, os.fspath(job))
    assert os.listdir(job / "code") == []


def test_the_jobs_own_directory_is_no_channel(source, capsys):
    (source / "train.py").write_text("")
    assert cli.main(["run", "src/train.py", "--output", "job"]) == 0
    capsys.readouterr()
    assert cli.main(["run", "src/train.py", "--output", "job", "--channel", "train=job"]) == 2
    job = source.parent / "job"
    assert capsys.readouterr().err == (
        f"smargs run: error: argument --channel: train: '{job}' contains {job}: expected another --output\n"
    )


@pytest.mark.parametrize("make", [Path.touch, lambda home: home.symlink_to("gone/gone")], ids=["a file", "a link to nothing"])
def test_the_error_for_an_unusable_home_directory_names_the_option(source, capsys, monkeypatch, make):
    home = source.parent / "no-home"
    make(home)
    monkeypatch.setenv("HOME", os.fspath(home))
    assert cli.main(["run", "src/train.py"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"smargs run: error: argument --output: {home}/.smargs/jobs/smargs-job-")
    assert error.count("\n") == 1


def test_the_error_for_a_missing_home_directory_names_the_option(source, capsys, monkeypatch):
    monkeypatch.setenv("HOME", "no/path")
    assert cli.main(["run", "src/train.py"]) == 2
    assert capsys.readouterr().err == ("smargs run: error: there is no home directory for the jobs: use --output DIR\n")


def test_a_job_in_a_test_may_be_beside_the_script(source):
    job = SageMakerJob(channels={"train": source}, script=os.fspath(source / "train.py"), directory=source / "job")
    with job:
        assert (Path(os.environ["SM_MODULE_DIR"]) / "sibling.py").exists()
        assert files_below(Path(os.environ["SM_CHANNEL_TRAIN"])) == OWN
    assert job.run().status == "Completed"


def test_a_glob_skips_the_files_of_jobs_unless_it_names_their_directory(source):
    (source / "train.py").write_text("import os; open(os.environ['SM_MODEL_DIR'] + '/weights', 'w')")
    for _ in range(2):
        status, _, errors = run(
            "src/train.py", "--output", "src/job", "--channel", "all=src/*", "--channel", "deep=src/**/*.csv"
        )
        assert status == 0, errors
    assert sorted(os.listdir(source / "job/input/data/all")) == ["package", "sibling.py", "train.py"]
    assert os.listdir(source / "job/input/data/deep") == ["table.csv"]
    assert run("src/train.py", "--output", "src/next", "--channel", "models=src/job/model/*")[0] == 0
    assert os.listdir(source / "next/input/data/models") == ["weights"]
