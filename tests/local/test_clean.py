"""`smargs clean` lists the jobs of `smargs run`, removes those that have ended, and removes nothing else."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from paths import ROOT, SUPPORT
from tables import read_table

from smargs.cli import main as cli
from smargs.local.mark import MARK

DAY = 86400
WAITING = "import os\nprint('waiting', flush=True)\nopen(os.environ['GATE']).read()\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The default place of a home of its own."""
    monkeypatch.setenv("HOME", os.fspath(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("")
    return tmp_path / "home" / ".smargs" / "jobs"


@pytest.fixture
def make(place):
    """Make the directory of a job that ended some seconds ago."""

    def make(name, status="Completed", age=0.0, below=place):
        job = below / name
        (job / "model").mkdir(parents=True)
        (job / "model" / "weights").write_bytes(b"w" * 1500)
        (job / MARK).write_text(status if status[:1] in ("", "{") else json.dumps({"status": status}))
        ended = time.time() - age
        os.utime(job / MARK, (ended, ended))
        return job

    return make


@pytest.fixture
def clean(capsys):
    """The status of `smargs clean` and the lines of both outputs."""

    def clean(*tokens):
        capsys.readouterr()
        try:
            status = cli.main(["clean", *map(os.fspath, tokens)])
        except SystemExit as stop:
            status = stop.code
        output = capsys.readouterr()
        return status, output.out.splitlines(), output.err.splitlines()

    return clean


@pytest.fixture
def running(place):
    """A job that runs until the test ends."""
    gate = place.parent.parent.parent / "gate"
    os.mkfifo(gate)
    (gate.parent / "waiting.py").write_text(WAITING)
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT), "GATE": os.fspath(gate)}
    command = [sys.executable, "-m", "smargs", "run", "waiting.py"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert b"waiting" in process.stdout.readline()
        with open(gate, "w"):
            yield next(place.iterdir())
        assert process.wait(60) == 0


def test_jobs_are_listed_the_oldest_first_and_nothing_is_removed(clean, make, place):
    jobs = [
        make("old", "Failed", 3 * DAY + DAY / 2),
        make("killed", "InProgress", 7200),
        make("unpacked", "Unpacked", 90),
        make("new"),
        make("from-the-future", age=-DAY),
    ]
    (jobs[0] / "model" / "weights").write_bytes(b"w" * 2_345_678)
    status, lines, err = clean()
    head, *cells = read_table(lines)
    assert (status, err, head) == (0, [], ["job", "age", "size", "status"])
    assert [(job, age, status) for job, age, _, status in cells][:3] == [
        (f"{place}/old", "3.5 d", "Failed"),
        (f"{place}/killed", "2 h", "Killed"),
        (f"{place}/unpacked", "1.5 min", "Unpacked"),
    ]
    assert sorted((job, status) for job, _, _, status in cells[3:]) == [
        (f"{place}/from-the-future", "Completed"),
        (f"{place}/new", "Completed"),
    ]
    assert [size for _, _, size, _ in cells] == ["2.3 MB", *["1.5 kB"] * 4]
    assert all(job.is_dir() for job in jobs)


@pytest.mark.needs_process
def test_a_real_job_is_listed_with_its_status(clean, place):
    (place.parent.parent.parent / "train.py").write_text("raise SystemExit(3)")
    assert cli.main(["run", "train.py"]) == 3
    _, row = read_table(clean()[1])
    assert row[0] == os.fspath(next(place.iterdir()))
    assert row[3] == "Failed"


def test_the_commands_on_the_page_do_what_their_comments_say(clean, make, place, tmp_path):
    page = (ROOT / "docs" / "local-directory.md").read_text(encoding="utf-8")
    lists, old, everything, named = re.findall(r"^\$ smargs clean *(.*?) +# (?:lists|removes)", page, re.MULTILINE)
    names = {make("old", age=8 * DAY).name, make("new").name, make("smargs-job-20261125-101500-000000").name}
    make("job", below=tmp_path / "data")
    for tokens, remaining in ((lists, names), (old, names - {"old"}), (named, {"new"}), (everything, set())):
        assert clean(*tokens.split())[0] == 0
        assert {path.name for path in place.iterdir()} == remaining
    assert not (tmp_path / "data" / "job").exists()


def test_without_jobs_one_line_says_so(clean, place):
    assert clean() == (0, [], [f"smargs: no jobs in {place}"])
    assert clean("--all") == (0, [], [])


def test_all_jobs_are_removed_except_those_with_an_unpacked_model(clean, make):
    jobs = [make("a"), make("b", "Failed"), make("c", "InProgress"), make("d", '{"stat')]
    unpacked = [make("e", "Unpacked"), make("f", "")]
    status, out, err = clean("--all")
    assert (status, sorted(out)) == (0, [f"removed {job}" for job in jobs])
    assert sorted(err) == [f"smargs: kept {job}: its model could not be packed; name the job to remove it" for job in unpacked]
    assert not any(job.exists() for job in jobs)
    assert all((job / "model" / "weights").exists() for job in unpacked)
    assert clean(*unpacked) == (0, [f"removed {job}" for job in unpacked], [])
    assert not any(job.exists() for job in unpacked)


@pytest.mark.parametrize(
    ("age", "remaining"),
    [
        ("30m", ["new"]),
        ("12h", ["hours", "new"]),
        ("7d", ["days", "hours", "new"]),
        ("0.5d", ["hours", "new"]),
        ("43200s", ["hours", "new"]),
    ],
)
def test_jobs_older_than_an_age_are_removed(clean, make, place, age, remaining):
    make("weeks", age=8 * DAY)
    make("days", age=2 * DAY)
    make("hours", age=3600)
    make("unpacked", "Unpacked", age=60)
    make("new")
    assert clean("--older-than", age)[0] == 0
    assert sorted(path.name for path in place.iterdir()) == sorted([*remaining, "unpacked"])


def test_a_job_is_removed_by_its_name_and_by_its_path(clean, make, place, tmp_path):
    named, elsewhere, other = make("named"), make("job", below=tmp_path / "src"), make("stays")
    assert clean("named", "src/job", named) == (0, [f"removed {named}", f"removed {elsewhere}"], [])
    assert [*place.iterdir()] == [other]
    assert [*(tmp_path / "src").iterdir()] == []


@pytest.mark.needs_process
def test_a_job_that_runs_is_never_removed(clean, make, running):
    other = make("other")
    assert [row[3] for row in read_table(clean()[1])[1:]] in (["InProgress", "Completed"], ["Completed", "InProgress"])
    line = f"smargs clean: error: argument JOB: {running} is in use by a smargs run"
    assert clean(other, running) == (2, [], [line])
    assert clean("--all") == (0, [f"removed {other}"], [])
    assert clean("--older-than", "0m") == (0, [], [])
    assert (running / MARK).exists()


# On a network file system, flock(2) locks only a file that is open for writing. Source: "NFS details" of flock(2).
NETWORK = """
import errno, fcntl, os
flock = fcntl.flock
def lock(file, operation):
    if fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    flock(file, operation)
fcntl.flock = lock
"""


@pytest.fixture
def clean_as_user():
    """The status of `smargs clean` and its output, as a user who obeys the modes of files."""

    def clean(setup, *tokens):
        code = f"{setup}\nimport rights, sys; from smargs.cli.main import main\nrights.give_up(); sys.exit(main(sys.argv[1:]))"
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join((os.fspath(ROOT), os.fspath(SUPPORT)))}
        command = [sys.executable, "-c", code, "clean", *tokens]
        ended = subprocess.run(command, env=environ, capture_output=True, encoding="utf-8", timeout=60, check=False)
        return ended.returncode, ended.stdout.splitlines(), ended.stderr.splitlines()

    return clean


@pytest.mark.needs_process
def test_jobs_on_a_network_file_system_are_listed_and_removed_but_for_one_that_runs(clean_as_user, make, running):
    job = make("job")
    _, lines, _ = clean_as_user(NETWORK)
    assert sorted(row[3] for row in read_table(lines)[1:]) == ["Completed", "InProgress"]
    assert clean_as_user(NETWORK, "--all") == (0, [f"removed {job}"], [])
    assert (running / MARK).exists()


@pytest.mark.needs_process
@pytest.mark.parametrize(("setup", "status"), [("", "Completed"), (NETWORK, "InProgress")], ids=["local", "network"])
def test_a_mark_that_cannot_be_written_is_read_and_a_job_that_cannot_be_locked_may_run(clean_as_user, make, setup, status):
    job = make("job")
    (job / MARK).chmod(0o444)
    _, lines, _ = clean_as_user(setup)
    assert [row[3] for row in read_table(lines)[1:]] == [status]
    clean_as_user(setup, "--all")
    assert (job / MARK).exists() is (status == "InProgress")


@pytest.mark.parametrize("what", ["a directory", "a link to a job", "a link as its mark", "a directory as its mark", "nothing"])
def test_a_directory_that_is_not_a_job_is_never_removed(clean, make, place, tmp_path, what):
    job = make("job", below=tmp_path / "elsewhere")
    place.mkdir(parents=True)
    other = place / "other"
    if what == "a link to a job":
        other.symlink_to(job)
    elif what != "nothing":
        (other / "precious").mkdir(parents=True)
    if what == "a link as its mark":
        (other / MARK).symlink_to(job / MARK)
    elif what == "a directory as its mark":
        (other / MARK).mkdir()
    line = f"smargs clean: error: argument JOB: 'other' is not a job: expected a job's directory, or its name in {place}"
    assert clean("other") == (2, [], [line])
    assert clean(job, "other") == (2, [], [line])
    assert clean("--all") == (0, [], [])
    assert (job / "model" / "weights").exists()
    assert (other / "precious").exists() == (what not in ("a link to a job", "nothing"))
    assert other.is_symlink() == (what == "a link to a job")


@pytest.mark.needs_process
def test_the_targets_of_links_in_a_job_are_kept(clean, place, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").touch()
    assert cli.main(["run", "train.py", "--hosts", "2", "--channel", "train=data", "--channel", "some=data/*"]) == 0
    assert cli.main(["run", "train.py", "--output", "job", "--channel", "train=."]) == 0
    assert clean("--all")[0] == clean("job")[0] == 0
    assert [*place.iterdir()] == []
    assert sorted(os.listdir(tmp_path)) == ["data", "home", "train.py"]
    assert os.listdir(tmp_path / "data") == ["a.csv"]


def test_a_job_that_cannot_be_removed_is_one_line_and_stays_a_job(clean, make, monkeypatch):
    job = make("job")
    unlink = os.unlink

    def refuse(path, *args, **settings):
        if Path(path).name == "weights":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return unlink(path, *args, **settings)

    monkeypatch.setattr(os, "unlink", refuse)
    status, out, err = clean("job")
    assert (status, out, len(err)) == (2, [], 1)
    assert err[0].startswith(f"smargs clean: error: argument JOB: {job} cannot be removed: [Errno 13] Permission denied")
    monkeypatch.setattr(os, "unlink", unlink)
    assert clean("job") == (0, [f"removed {job}"], [])


def test_a_link_that_cannot_be_removed_is_not_followed(clean, make, tmp_path, monkeypatch):
    job, data = make("job"), tmp_path / "data.csv"
    data.write_text("1,2")
    data.chmod(0o400)
    (job / "link").symlink_to(data)
    unlink = os.unlink

    def refuse(path, *args, **settings):
        if Path(path).name == "link":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return unlink(path, *args, **settings)

    monkeypatch.setattr(os, "unlink", refuse)
    assert clean("job")[0] == 2
    assert data.stat().st_mode & 0o777 == 0o400


def test_a_directory_with_an_unreadable_mark_is_kept(clean, make, monkeypatch):
    job = make("job")
    monkeypatch.setattr(Path, "is_file", lambda path: (_ for _ in ()).throw(PermissionError(path)))
    assert clean("--all") == (0, [], [])
    monkeypatch.undo()
    assert (job / "model").exists()


@pytest.mark.parametrize(
    ("tokens", "line"),
    [
        (["--older-than", "soon"], "argument --older-than: invalid time: 'soon': expected a time such as 20s, 5m, 12h or 7d"),
        (["--older-than", "20"], "argument --older-than: invalid time: '20': expected a unit, such as 20h or 20d"),
        (["--all", "--older-than", "7d"], "argument --older-than: not allowed with argument --all"),
        (["--all", "job"], "argument JOB: not allowed with argument --all"),
    ],
)
def test_bad_input_is_one_line_and_removes_nothing(clean, make, tokens, line):
    job = make("job", age=10 * DAY)
    assert clean(*tokens) == (2, [], [f"smargs clean: error: {line}"])
    assert job.is_dir()


def test_without_a_home_directory_a_job_is_removed_by_its_path(clean, make, tmp_path, monkeypatch):
    job = make("job", below=tmp_path / "src")
    monkeypatch.setenv("HOME", "no/path")
    line = "smargs clean: error: there is no home directory for the jobs: use --output DIR"
    assert clean("--all") == clean("job") == (2, [], [line])
    assert clean("src/job") == (0, [f"removed {job}"], [])
