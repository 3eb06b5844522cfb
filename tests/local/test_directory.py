"""The directory of a job during and after it: the tree, the archives, the reason of a failure."""

import errno
import itertools
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import pytest
from paths import ROOT, SUPPORT

from smargs.cli import main as cli
from smargs.cli.signals import interrupt
from smargs.local.channels import read_channels
from smargs.local.directory import JobDirectory
from smargs.local.job import BadJobError, TrainingJob, name_hosts
from smargs.local.locks import try_lock
from smargs.local.mark import MARK
from smargs.local.results import FailedProcess, failure_reason, pack
from smargs.local.signals import handle_signals

pytestmark = pytest.mark.needs_process

NOBODY = 65534
WRITES_ALL = """\
import os, pathlib
base, host = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"]), os.environ["SM_CURRENT_HOST"]
(base / "model" / "deep" / "er").mkdir(parents=True)
(base / "model" / "deep" / "er" / "weights").write_text(host)
(base / "model" / host).touch()
(base / "output" / "data" / host).touch()
(base / "checkpoints" / host).touch()
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(WRITES_ALL)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1,2\n")
    (tmp_path / "data" / "b.csv").write_text("3,4\n")
    return tmp_path


def run(*tokens, limit=None):
    """The status and the last line of a job in a real child process, with a limit of the bytes in each file."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); " if limit else ""
    code = f"{limited}import sys; from smargs.cli.main import main; sys.exit(main(['run', *sys.argv[1:]]))"
    # Coverage would write files of its own under that limit.
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE_")}
    environ["PYTHONPATH"] = os.fspath(ROOT)
    ended = subprocess.run([sys.executable, "-c", code, *tokens], env=environ, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr.splitlines()[-1]


def members(archive):
    with tarfile.open(archive) as packed:
        return sorted(packed.getnames())


def content(archive, name):
    with tarfile.open(archive) as packed:
        return packed.extractfile(name).read()


@pytest.mark.parametrize(
    ("flags", "sent"),
    [
        ([], {"n": "3", "t": '"text"'}),
        (["--plain"], {"n": "3", "t": "text"}),
        (["--platform", "sdk"], {"n": "3", "t": "text"}),
    ],
    ids=["JSON", "plain", "SDK v3"],
)
def test_hyperparameters_are_written_as_they_are_sent(here, flags, sent):
    assert run("src/train.py", "--output", "job", "-p", "n=3", "-p", "t=text", *flags)[0] == 0
    written = json.loads((here / "job/input/config/hyperparameters.json").read_text())
    assert {name: text for name, text in written.items() if not name.startswith("sagemaker_")} == sent


def test_each_host_has_a_tree_and_all_have_the_checkpoints(here):
    channels = ["--channel", "all=data", "--channel", "one=data/a.csv", "--channel", "many=data/*.csv"]
    assert cli.main(["run", "src/train.py", "--output", "job", "--hosts", "2", *channels]) == 0
    for base, host in ((here / "job", "algo-1"), (here / "job/hosts/algo-2", "algo-2")):
        assert json.loads((base / "input/config/resourceconfig.json").read_text())["current_host"] == host
        assert set(json.loads((base / "input/config/inputdataconfig.json").read_text())) == {"all", "one", "many"}
        assert (base / "input/data/all").resolve() == here / "data"
        assert os.listdir(base / "input/data/one") == ["a.csv"]
        assert sorted(os.listdir(base / "input/data/many")) == ["a.csv", "b.csv"]
        assert (base / "input/data/many/b.csv").read_text() == "3,4\n"
        assert (base / "code").resolve() == here / "src"
        assert (base / "output/intermediate").is_dir()
        assert sorted(os.listdir(base / "checkpoints")) == ["algo-1", "algo-2"]


WHOLE = [
    (["--channel", "many=data/*"], []),
    (["--channel", "many=data/*.csv"], []),
    (["--channel", "many=data", "--shard", "many"], ["deep/er/c.csv"]),
    (["--manifest", "many=manifest"], ["deep/er/c.csv"]),
]


def lay_out_many(here, options, deep):
    (here / "manifest").write_text(json.dumps([{"prefix": "data/"}, "a.csv", "b.csv", *deep]))
    for name in deep:
        (here / "data" / name).parent.mkdir(parents=True)
        (here / "data" / name).touch()
    assert cli.main(["run", "src/train.py", "--output", "job", *options]) == 0
    return here / "job/input/data/many"


@pytest.mark.parametrize(("options", "deep"), WHOLE)
def test_a_channel_of_all_files_of_a_directory_is_one_link(here, options, deep):
    assert os.readlink(lay_out_many(here, options, deep)) == str(here / "data")


@pytest.mark.parametrize(("options", "deep"), WHOLE)
def test_a_channel_of_a_directory_with_a_job_has_a_link_for_each_file(here, options, deep):
    (here / "data" / "old").mkdir()
    (here / "data" / "old" / MARK).touch()
    many = lay_out_many(here, options, deep)
    names = sorted(str(path.relative_to(many)) for path in many.rglob("*") if path.is_file())
    assert (many.is_symlink(), names) == (False, ["a.csv", "b.csv", *deep])


@pytest.mark.parametrize("pattern", ["data/*", "data/[ab].csv"], ids=["all, one is a link", "some"])
def test_a_channel_of_links_or_of_some_files_has_a_link_for_each(here, pattern):
    os.symlink("a.csv", here / "data" / "c.csv")
    many = lay_out_many(here, ["--channel", f"many={pattern}"], [])
    assert not many.is_symlink()
    assert all(path.is_symlink() for path in many.iterdir())


def test_a_channel_of_files_of_two_directories_has_a_link_for_each(here):
    (here / "more").mkdir()
    (here / "more" / "c.csv").touch()
    many = lay_out_many(here, ["--channel", "many=[dm]*/*.csv"], [])
    assert sorted(os.listdir(many)) == ["a.csv", "b.csv", "c.csv"]
    assert all(path.is_symlink() for path in many.iterdir())


def test_a_copied_channel_has_no_links(here):
    channels = ["--channel", "all=data", "--channel", "one=data/a.csv"]
    assert cli.main(["run", "src/train.py", "--platform", "sdk", "--output", "job", "--copy", *channels]) == 0
    copied = here / "job/input/data"
    assert not any(path.is_symlink() for path in (copied / "all", copied / "one" / "a.csv"))
    assert (copied / "one/a.csv").read_text() == (copied / "all/a.csv").read_text() == "1,2\n"
    assert (copied / "sm_drivers").is_dir()
    assert (copied / "code").resolve() == here / "src"


def test_a_second_job_keeps_checkpoints_and_archives_and_touches_no_source(here, capsys):
    job = ["src/train.py", "--output", "job", "--hosts", "2", "--channel", "all=data", "--channel", "one=data/a.csv"]
    assert cli.main(["run", *job]) == 0
    for stale in ("model/stale", "input/config/stale", "output/data/stale", "hosts/algo-2/model/stale"):
        (here / "job" / stale).touch()
    archive = (here / "job/model.tar.gz").read_bytes()
    (here / "src/train.py").write_text("pass\n")
    assert cli.main(["run", "src/train.py", "--output", "job"]) == 0
    kept = "kept from an earlier job: model.tar.gz and output.tar.gz"
    assert capsys.readouterr().err.endswith(f" s, nothing in SM_MODEL_DIR, {kept}\n")
    assert not list((here / "job").rglob("stale"))
    assert not (here / "job/hosts").exists()
    assert sorted(os.listdir(here / "job/checkpoints")) == ["algo-1", "algo-2"]
    assert (here / "job/model.tar.gz").read_bytes() == archive
    assert {path.name: path.read_text() for path in (here / "data").iterdir()} == {"a.csv": "1,2\n", "b.csv": "3,4\n"}
    assert (here / "src/train.py").read_text() == "pass\n"


@pytest.mark.parametrize(("seconds", "lines"), [(0.01, 0), (1, 12)], ids=["short", "long"])
def test_what_takes_longer_than_three_seconds_to_pack_shows_its_progress(here, capsys, seconds, lines):
    (here / "data" / "weights").write_bytes(bytes(600_000))
    readings = itertools.count()
    result = pack({"algo-1": here / "data"}, here / "model.tar.gz", lambda: next(readings) * seconds)
    shown = capsys.readouterr().err.splitlines()
    assert content(result.archive, "weights") == bytes(600_000)
    assert [line for line in shown if not line.startswith("smargs: packing model.tar.gz: ")] == []
    assert (len(shown) >= lines, shown[-1:]) == (True, ["smargs: packing model.tar.gz: 1 of 1 MB"] if lines else [])


def test_a_socket_is_not_packed(here):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("data/socket")
        assert members(pack({"algo-1": here / "data"}, here / "model.tar.gz").archive) == ["a.csv", "b.csv"]


@pytest.mark.skipif(sys.version_info < (3, 9), reason="older versions of gzip note the highest level for any")
def test_an_archive_is_compressed_as_gzip_compresses(here):
    assert cli.main(["run", "src/train.py", "--output", "job"]) == 0
    # Source: XFL of RFC 1952, which is 2 for the highest level.
    assert (here / "job/model.tar.gz").read_bytes()[8] == 0


def test_archives_contain_the_files_of_all_hosts_and_the_last_host_wins(here):
    assert cli.main(["run", "src/train.py", "--output", "job", "--hosts", "2"]) == 0
    assert members("job/model.tar.gz") == ["algo-1", "algo-2", "deep", "deep/er", "deep/er/weights"]
    assert content("job/model.tar.gz", "deep/er/weights") == b"algo-2"
    assert members("job/output.tar.gz") == ["algo-1", "algo-2"]


def content_of(archive):
    """The members of an archive with the text of each file, the target of each link, and None for each directory."""
    with tarfile.open(archive) as packed:
        return {
            member.name: member.linkname
            if member.issym()
            else packed.extractfile(member).read().decode()
            if member.isfile()
            else None
            for member in packed
        }


@pytest.mark.parametrize(
    ("files", "archived", "messages"),
    [
        (
            {"algo-1": {"a": None}, "algo-2": {"a": "2"}},
            {"a": None, "a.algo-2": "2"},
            ["'a' is a directory on algo-1 and a file on algo-2: kept as 'a.algo-2'"],
        ),
        (
            {"algo-1": {"a": "1"}, "algo-2": {"a": None, "a/b": "2"}},
            {"a": None, "a/b": "2", "a.algo-1": "1"},
            ["'a' is a directory on algo-2 and a file on algo-1: kept as 'a.algo-1'"],
        ),
        (
            {"algo-1": {"x": None, "x/a": "-> ../b"}, "algo-2": {"x": None, "x/a": None, "x/a/b": "2"}},
            {"x": None, "x/a": None, "x/a/b": "2", "x/a.algo-1": "../b"},
            ["'x/a' is a directory on algo-2 and a link on algo-1: kept as 'x/a.algo-1'"],
        ),
        (
            {"algo-1": {"a": "1", "a.algo-1": "taken"}, "algo-2": {"a": None, "a.algo-1.2": None}},
            {"a": None, "a.algo-1": "taken", "a.algo-1.2": None, "a.algo-1.3": "1"},
            ["'a' is a directory on algo-2 and a file on algo-1: kept as 'a.algo-1.3'"],
        ),
        (
            {"algo-1": {"a": "1"}, "algo-2": {"a": "2"}, "algo-3": {"a": None}},
            {"a": None, "a.algo-1": "1", "a.algo-2": "2"},
            [
                "'a' is a directory on algo-3 and a file on algo-1: kept as 'a.algo-1'",
                "'a' is a directory on algo-3 and a file on algo-2: kept as 'a.algo-2'",
            ],
        ),
    ],
    ids=["a file of the last", "a file of the first", "a link below", "names that are taken", "two files"],
)
def test_a_directory_and_a_file_of_one_name_are_both_kept_and_the_hosts_are_named(here, capsys, files, archived, messages):
    (here / "src/train.py").write_text(
        "import os\nos.chdir(os.environ['SM_MODEL_DIR'])\n"
        f"for name, text in {files!r}[os.environ['SM_CURRENT_HOST']].items():\n"
        "    if text is None: os.mkdir(name)\n"
        "    elif text.startswith('-> '): os.symlink(text[3:], name)\n"
        "    else: open(name, 'w').write(text)\n"
    )
    assert cli.main(["run", "src/train.py", "--output", "job", "--hosts", str(len(files))]) == 0
    assert capsys.readouterr().err.splitlines()[1:-1] == [f"smargs: model.tar.gz: {line}" for line in messages]
    assert content_of("job/model.tar.gz") == archived
    with tarfile.open("job/model.tar.gz") as packed:
        packed.extractall("unpacked", **({"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}))
    assert len(list((here / "unpacked").rglob("*"))) == len(archived)


def test_a_model_of_a_thousand_nested_directories_is_packed_and_removed(here):
    (here / "src/train.py").write_text(
        "import os\nplace = os.environ['SM_MODEL_DIR']\n"
        "for _ in range(1100):\n    place += '/d'\n    os.mkdir(place)\nopen(place + '/w', 'w')\n"
    )
    try:
        status, last_line = run("src/train.py", "--output", "job")
        assert (status, "Completed" in last_line) == (0, True)
        assert len(members("job/model.tar.gz")) == 1101
        (here / "src/train.py").write_text("pass\n")
        assert run("src/train.py", "--output", "job")[0] == 0
        assert os.listdir(here / "job/model") == []
    finally:
        # pytest itself could not remove it.
        subprocess.run(["rm", "-rf", here / "job"], check=True)


@pytest.fixture
def without_rights():
    """A directory of a user who is not root. This process runs as that user."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as place:
        if is_root:
            os.chown(place, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, 0)
        yield Path(os.path.realpath(place))
        if is_root:
            os.setresuid(0, 0, 0)


def test_read_only_files_of_a_script_are_removed_without_the_rights_of_root(without_rights):
    (without_rights / "train.py").touch()
    asked, base = TrainingJob("job", without_rights / "train.py", {}, {}), without_rights / "job"
    with JobDirectory(base) as directory:
        directory.lay_out(asked, {"algo-1": {}}, copy=False)
    (base / "model/deep/er").mkdir(parents=True)
    (base / "model/deep/er/w").touch()
    (base / "model/empty").mkdir()
    for name in ("model/deep/er", "model/deep", "model/empty", "model", "."):
        (base / name).chmod(0o500)
    (base / "output/data").chmod(0)
    with JobDirectory(base) as directory:
        directory.lay_out(asked, {"algo-1": {}}, copy=False)
    assert os.listdir(base / "model") == []


def test_a_file_that_cannot_be_removed_is_named_and_nothing_is_changed(here, capsys):
    assert cli.main(["run", "src/train.py", "--output", "job"]) == 0
    capsys.readouterr()
    before = sorted((here / "job").rglob("*")), (here / "job" / MARK).read_bytes()
    # The absolute path of the last one is longer than the system allows.
    os.chdir(here / "job/output/data")
    for _ in range(25):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    os.chdir(here)
    try:
        assert cli.main(["run", "src/train.py", "--output", "job"]) == 2
        error = capsys.readouterr().err
        why = f"[Errno {errno.ENAMETOOLONG}] File name too long: "
        assert error.startswith(f"smargs run: error: argument --output: {here}/job cannot be created: {why}")
        assert error.count("\n") == 1
        assert f"'{here}/job/output/data/{'d' * 200}/" in error
    finally:
        subprocess.run(["rm", "-r", here / "job/output/data" / ("d" * 200)], check=True)
    assert (sorted((here / "job").rglob("*")), (here / "job" / MARK).read_bytes()) == before


def test_an_empty_model_directory_makes_no_archive(here):
    (here / "src/train.py").write_text("pass\n")
    status, last_line = run("src/train.py", "--output", "job")
    assert (status, last_line.endswith(" s, nothing in SM_MODEL_DIR")) == (0, True)
    assert not list((here / "job").glob("*.tar.gz*"))
    assert pack({"algo-1": here / "job/model"}, here / "model.tar.gz") == (None, [])


def test_a_removed_model_directory_makes_no_archive(here, capsys):
    (here / "src/train.py").write_text("import os\nos.rmdir(os.environ['SM_MODEL_DIR'])\n")
    assert cli.main(["run", "src/train.py", "--output", "job"]) == 0
    assert capsys.readouterr().err.endswith(" s, nothing in SM_MODEL_DIR\n")


def test_on_a_full_disk_the_model_is_kept_and_the_next_job_refuses_the_directory(here):
    job = ["src/train.py", "--output", "job"]
    (here / "src/train.py").write_text("import os\nopen(os.environ['SM_MODEL_DIR'] + '/w', 'wb').write(b'old')\n")
    assert run(*job)[0] == 0
    old = (here / "job/model.tar.gz").read_bytes()
    (here / "src/train.py").write_text(
        "import os\nfor name in 'abc': open(os.environ['SM_MODEL_DIR'] + '/' + name, 'wb').write(os.urandom(30000))\n"
    )
    status, last_line = run(*job, limit=40000)
    assert status == 1
    assert last_line.startswith("smargs: job Unpacked after ")
    assert last_line.endswith(f"model.tar.gz cannot be written: File too large: the model is complete in {here}/job/model")
    assert (here / "job/model.tar.gz").read_bytes() == old
    assert not list((here / "job").glob("*.part"))
    assert {path.name: path.stat().st_size for path in (here / "job/model").iterdir()} == dict.fromkeys("abc", 30000)
    assert run(*job) == (
        2,
        f"smargs run: error: argument --output: {here}/job contains a model or an output that could not be packed: "
        f"move it away, then run `smargs clean {here}/job`",
    )
    assert (here / "job/model/c").stat().st_size == 30000


def test_a_directory_whose_model_was_moved_away_can_be_used_after_the_command_in_the_error(here, capsys):
    job = ["run", "src/train.py", "--output", "my job"]
    assert cli.main(job) == 0
    (here / "my job" / MARK).write_text('{"status": "Unpacked"}')
    (here / "my job" / "model").rename(here / "kept")
    capsys.readouterr()
    assert cli.main(job) == 2
    (command,) = re.findall("`smargs (.*)`", capsys.readouterr().err)
    assert cli.main(shlex.split(command)) == 0
    assert cli.main(job) == 0


def test_an_unreadable_part_of_the_model_is_an_error(tmp_path):
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep").chmod(0)
    code = (
        "import gzip, rights; from pathlib import Path; from smargs.local.results import pack\n"
        "rights.give_up()\n"
        "try: print(pack({'algo-1': Path('model')}, Path('model.tar.gz')))\n"
        "except PermissionError as error: print(error.filename)"
    )
    path = os.pathsep.join((os.fspath(ROOT), os.fspath(SUPPORT)))
    environ = {**os.environ, "PYTHONPATH": path, "COVERAGE_PROCESS_CONFIG": ""}
    tmp_path.chmod(0o777)
    printed = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, stdout=subprocess.PIPE, check=True)
    assert printed.stdout == b"model/deep\n"
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("part", ["model", "output"])
def test_a_directory_in_the_way_of_an_archive_is_named(here, capsys, part):
    job = ["run", "src/train.py", "--output", "job"]
    assert cli.main(job) == 0
    (here / f"job/{part}.tar.gz").unlink()
    (here / f"job/{part}.tar.gz").mkdir()
    assert cli.main(job) == 1
    place = {"model": "model", "output": "output/data"}[part]
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .endswith(f"{part}.tar.gz cannot be written: Is a directory: the {part} is complete in {here}/job/{place}")
    )
    assert not list((here / "job").glob("*.part"))
    assert cli.main(job) == 2
    assert "could not be packed: move it away" in capsys.readouterr().err
    assert (here / "job" / place / "algo-1").exists()


@pytest.mark.parametrize(("begin", "length"), [(0, 1020), (1014, 1020), (1015, 1015), (1023, 1023), (1024, 1024)])
def test_a_secret_that_the_reasons_end_cuts_is_not_shown_in_part(here, capsys, begin, length):
    (here / "src/train.py").write_text(
        "import os, sys\nopen(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w').write(\n"
        f"    '.' * {begin} + os.environ['SM_HP_API_KEY'] + '.' * 2000)\nsys.exit(3)\n"
    )
    assert cli.main(["run", "src/train.py", "--output", "job", "-p", "api_key=QWERTZUIOP"]) == 3
    reason = capsys.readouterr().err.partition("AlgorithmError: ")[2]
    assert not set("QWERTZUIOP") & set(reason)
    assert len(reason.partition(",")[0]) == length


@pytest.mark.parametrize(
    "written", ["os.environ['SM_HP_API_KEY']", "os.environ['SM_HPS']", "repr(os.environ['SM_HP_API_KEY'])"]
)
def test_a_secret_of_special_characters_is_not_shown_in_a_reason(here, capsys, written):
    (here / "src/train.py").write_text(
        f"import os, sys\nopen(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w').write({written})\nsys.exit(3)\n"
    )
    assert cli.main(["run", "src/train.py", "--output", "job", "-p", 'api_key=SEC  RET\n"\u00e9\\']) == 3
    reason = capsys.readouterr().err.partition("AlgorithmError: ")[2]
    assert "******" in reason
    assert not set("SECRT") & set(reason)


def test_a_failed_job_packs_nothing_and_tells_the_scripts_reason_without_its_secrets(here, capsys):
    (here / "src/train.py").write_text(
        "import os, sys\nopen(os.environ['SM_MODEL_DIR'] + '/half', 'w')\n"
        "open(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w').write('no luck\\nwith ' + os.environ['SM_HP_API_KEY'])\n"
        "sys.exit(3)\n"
    )
    assert cli.main(["run", "src/train.py", "--output", "job", "-p", "api_key=hunter2"]) == 3
    assert capsys.readouterr().err.endswith(", FailureReason: AlgorithmError: no luck with ******, exit code: 3\n")
    assert not (here / "job/model.tar.gz").exists()
    assert (here / "job/model/half").exists()


def test_a_host_that_cannot_be_started_is_one_line_and_leaves_nothing(here, capsys, monkeypatch):
    monkeypatch.setattr(sys, "executable", os.fspath(here / "gone"))
    assert cli.main(["run", "src/train.py", "--output", "new/job"]) == 2
    assert capsys.readouterr().err.splitlines()[1:] == [
        f"smargs run: error: a host cannot be started: [Errno 2] No such file or directory: '{here}/gone'"
    ]
    assert sorted(os.listdir(here)) == ["data", "src"]


def test_a_host_that_cannot_be_started_keeps_the_results_of_the_job_before(here, monkeypatch):
    assert cli.main(["run", "src/train.py", "--output", "job"]) == 0
    monkeypatch.setattr(sys, "executable", os.fspath(here / "gone"))
    assert cli.main(["run", "src/train.py", "--output", "job"]) == 2
    assert os.listdir(here / "job/checkpoints") == ["algo-1"]
    assert members("job/model.tar.gz") == ["algo-1", "deep", "deep/er", "deep/er/weights"]


def test_an_interrupt_while_the_model_is_packed_leaves_it_whole(here, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("smargs.local.results.os.replace", interrupted)
    assert cli.main(["run", "src/train.py", "--output", "job"]) == 130
    line = f"model.tar.gz cannot be written: interrupted: the model is complete in {here}/job/model\n"
    assert capsys.readouterr().err.endswith(line)
    assert (here / "job/model/deep/er/weights").read_text() == "algo-1"
    assert not list((here / "job").glob("*.part"))


@pytest.fixture
def packing(here):
    """A job whose model a real process packs. The archive's unfinished file is a FIFO, so the process waits for a reader."""
    (here / "src/train.py").write_text(
        "import os\nopen(os.environ['SM_MODEL_DIR'] + '/w', 'wb').write(os.urandom(1 << 20))\n"
        "os.mkfifo(os.environ['SAGEMAKER_BASE_DIR'] + '/model.tar.gz.part')\n"
    )

    def start(handler):
        def handle():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, handler)

        environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
        command = [sys.executable, "-m", "smargs", "run", "src/train.py", "--output", "job"]
        process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, preexec_fn=handle)
        assert process.stderr.readline() == f"smargs: job in {here}/job\n".encode()
        until = time.monotonic() + 60
        while not (here / "job/model.tar.gz.part").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        return process, open(here / "job/model.tar.gz.part", "rb")

    return start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_a_signal_while_the_model_is_packed_leaves_it_whole(here, packing, number, times):
    process, unfinished = packing(signal.SIG_DFL)
    with process, unfinished:
        for _ in range(times):
            process.send_signal(number)
        while unfinished.read(65536):
            pass
        line = process.stderr.read().decode()
    assert process.returncode == 128 + number
    assert line.startswith("smargs: job Unpacked after ")
    assert line.endswith(f", model.tar.gz cannot be written: interrupted: the model is complete in {here}/job/model\n")
    assert sorted(os.listdir(here / "job/model")) == ["w"]
    assert not list((here / "job").glob("*.part"))
    assert json.loads((here / "job" / MARK).read_text())["status"] == "Unpacked"
    assert "could not be packed: move it away" in run("src/train.py", "--output", "job")[1]


def test_a_second_signal_does_not_interrupt_the_cleanup_after_the_first():
    cleaned = []

    def end_twice():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append("all")

    with pytest.raises(KeyboardInterrupt) as stop, handle_signals(interrupt):
        end_twice()
    assert (stop.value.args, cleaned) == ((signal.SIGTERM,), ["all"])
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_signal_after_the_hosts_have_ended_changes_no_status(here, capsys, monkeypatch):
    record_status = JobDirectory.record_status

    def signalled(directory, status, *reason):
        if status != "InProgress":
            os.kill(os.getpid(), signal.SIGTERM)
        record_status(directory, status, *reason)

    monkeypatch.setattr(JobDirectory, "record_status", signalled)
    (here / "src/train.py").write_text("raise SystemExit(3)\n")
    assert cli.main(["run", "src/train.py", "--output", "job"]) == 3
    assert "job Failed after" in capsys.readouterr().err.splitlines()[-1]
    assert json.loads((here / "job" / MARK).read_text())["status"] == "Failed"


def test_a_signal_that_is_ignored_from_the_start_does_not_end_the_packing(here, packing):
    process, unfinished = packing(signal.SIG_IGN)
    with process, unfinished:
        process.send_signal(signal.SIGHUP)
        while unfinished.read(65536):
            pass
        assert "job Completed" in process.stderr.read().decode()
    assert process.returncode == 0


def test_a_directory_that_cannot_be_created_is_removed(here):
    job = TrainingJob("job", here / "src/train.py", {}, read_channels([f"gone={here}/data/a.csv"]))
    (here / "data/a.csv").unlink()
    with pytest.raises(BadJobError) as error, JobDirectory(here / "job") as directory:
        directory.lay_out(job, {"algo-1": {}}, copy=True)
    why = f"[Errno 2] No such file or directory: '{here}/data/a.csv'"
    assert str(error.value) == f"argument --output: {here}/job cannot be created: {why}"
    assert not (here / "job").exists()


def test_a_job_that_cannot_be_created_keeps_the_checkpoints_of_the_job_before(here):
    job = TrainingJob("job", here / "src/train.py", {}, {}, hosts=name_hosts(2))
    with JobDirectory(here / "job") as directory:
        directory.lay_out(job, {"algo-1": {}, "algo-2": {}}, copy=False)
    (here / "job/checkpoints/kept").touch()
    without_channel = job._replace(channels=read_channels([f"gone={here}/data"]))
    (here / "data").rename(here / "moved")
    with pytest.raises(BadJobError, match="cannot be created"), JobDirectory(here / "job") as directory:
        directory.lay_out(without_channel, {"algo-1": {}, "algo-2": {}}, copy=True)
    assert (here / "job/checkpoints/kept").exists()


def test_a_job_directory_that_was_not_entered_is_not_created(here):
    directory = JobDirectory(here / "job")
    directory.record_status("Completed")
    directory.__exit__(None, None, None)
    assert not (here / "job").exists()


JOB = TrainingJob("a-job", Path("/train.py"), {}, {})
TRACEBACK = "noise\nTraceback (most recent call last):\n  File ...\nValueError: first\nand second\n"


@pytest.mark.parametrize("platform", ["toolkit", "sdk", "files"])
def test_the_scripts_own_reason_wins_with_its_first_1024_characters(tmp_path, platform):
    failure = tmp_path / "failure"
    failure.write_text("é" * 1030, encoding="utf-8")
    reason = failure_reason(JOB._replace(platform=platform), failure, FailedProcess(["python"], 3, TRACEBACK))
    assert reason == f"AlgorithmError: {'é' * 1024}, exit code: 3"


@pytest.mark.parametrize(
    ("platform", "output", "message"),
    [
        (
            "toolkit",
            TRACEBACK,
            'ExecuteUserScriptError:\nExitCode 1\nErrorMessage "ValueError: first\nand second"\nCommand "python train.py"',
        ),
        (
            "toolkit",
            "".join(f"[1,0]<stderr>: {line}\n" for line in TRACEBACK.splitlines()),
            'ExecuteUserScriptError:\nExitCode 1\nErrorMessage "ValueError: first\nand second"\nCommand "python train.py"',
        ),
        ("toolkit-unquoted", "no trace", 'ExecuteUserScriptError:\nExitCode 1\nErrorMessage ""\nCommand "python train.py"'),
        (
            "sdk",
            TRACEBACK,
            "Training Execution failed. For more details, see CloudWatch logs at 'aws/sagemaker/TrainingJobs'.\n"
            "TrainingJob - a-job",
        ),
        ("files", TRACEBACK, ""),
    ],
)
def test_without_a_reason_from_the_script_the_platform_writes_one(tmp_path, platform, output, message):
    failure = tmp_path / "failure"
    reason = failure_reason(JOB._replace(platform=platform), failure, FailedProcess(["python", "train.py"], 1, output))
    assert (reason, failure.read_text()) == (f"AlgorithmError: {message}, exit code: 1", message)


def test_a_failure_file_that_cannot_be_written_or_read_gives_no_reason(tmp_path):
    (tmp_path / "failure").mkdir()
    for failure in (tmp_path / "failure", tmp_path / "gone" / "failure"):
        assert failure_reason(JOB, failure, FailedProcess(["python"], 7, TRACEBACK)) == "AlgorithmError: , exit code: 7"


def test_an_empty_mark_of_a_full_disk_protects_the_model(tmp_path, monkeypatch):
    (tmp_path / "job" / "model").mkdir(parents=True)
    (tmp_path / "job" / "model" / "weights").write_text("years of work")
    (tmp_path / "job" / MARK).touch()
    with pytest.raises(BadJobError, match="could not be packed"), JobDirectory(tmp_path / "job"):
        pass


def test_a_status_that_cannot_be_written_is_no_error(tmp_path):
    resource = pytest.importorskip("resource", reason="Python as WebAssembly has no limits of resources")
    directory = JobDirectory(tmp_path / "job")
    with directory:
        directory.record_status("InProgress")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        try:
            directory.record_status("Completed")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
    assert (tmp_path / "job" / MARK).read_bytes() == b""


def test_a_fifo_as_failure_file_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "failure")
    asked = TrainingJob("job", tmp_path / "train.py", {}, {})
    assert failure_reason(asked, tmp_path / "failure", FailedProcess([], 3, "")) == "AlgorithmError: , exit code: 3"


@pytest.mark.needs_unix
@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="needs a descriptor that the system refuses to lock, as Linux has")
def test_a_file_that_cannot_be_locked_is_not_taken_for_a_file_in_use(tmp_path):
    (tmp_path / MARK).touch()
    reason = os.strerror(errno.EBADF)
    with open(os.open(tmp_path / MARK, os.O_PATH), "rb", buffering=0) as file, pytest.raises(OSError, match=reason):
        try_lock(file)
