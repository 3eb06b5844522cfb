"""The files of a channel that is given by a glob, by a manifest or as a shard."""

import errno
import glob
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT, SUPPORT

from smargs.cli import main as cli
from smargs.local.channels import read_channels
from smargs.local.job import BadJobError
from smargs.local.mark import MARK

FILES = ["a.csv", ".hidden.csv", "b[1].csv", "one/c.csv", "one/.d.csv", "one/two/e.csv", ".dark/f.csv", "one/two/g.txt"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    for name in FILES:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "data" / "link.csv").symlink_to("a.csv")
    (tmp_path / "data" / "linked").symlink_to("one/two")
    monkeypatch.chdir(tmp_path / "data")
    return tmp_path / "data"


def content(*arguments):
    """The path of each member of the channel, from the working directory."""
    channel = read_channels(*arguments)["train"]
    assert all(os.path.isabs(path) for path in (*channel.files.values(), *channel.others.values()))
    assert not any(os.path.islink(path) or os.path.isdir(path) for path in channel.files.values())
    return {name: os.path.relpath(path) for name, path in (*channel.files.items(), *channel.others.items())}


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "*.csv",
        "?.csv",
        "[!a]*.csv",
        "b[[]1].csv",
        ".*",
        ".*.csv",
        "./*.csv",
        "../data/*.csv",
        "../*/*.csv",
        "one/*",
        "one/.*",
        "*/*.csv",
        "one*/",
        "*/two",
        "*/two/*",
        ".dark/*",
        ".d*/*",
        "o*/../*.csv",
        "**/e.csv",
        "**/[eg].*",
        "o**/*.csv",
    ],
)
@pytest.mark.parametrize("place", ["", "{}/"], ids=["relative", "absolute"])
def test_a_glob_matches_what_pythons_glob_matches(data, pattern, place):
    (data / "linked").unlink()
    pattern = place.format(data) + pattern
    expected = {os.path.abspath(path) for path in glob.glob(pattern, recursive=True)}
    assert set(map(os.path.abspath, content([f"train={pattern}"]).values())) == expected != set()


@pytest.mark.parametrize("pattern", ["**/*.csv", "**/**/*.csv"])
def test_two_stars_match_the_working_directory_and_each_directory_once(data, pattern):
    (data / "linked").unlink()
    assert content([f"train={pattern}"]) == {
        os.path.basename(path): path for path in ("a.csv", "b[1].csv", "link.csv", "one/c.csv", "one/two/e.csv")
    }


def test_a_glob_that_ends_with_two_stars_matches_directories_as_well(data):
    assert set(content(["train=one/**"])) == {"one", "c.csv", "two", "e.csv", "g.txt"}


@pytest.mark.parametrize("names", [("x/n", "y/n"), ("x/n", "y/n/f"), ("x/n/f", "y/n/f")], ids=["files", "both", "directories"])
def test_two_matches_of_one_name_are_refused(tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    with pytest.raises(BadJobError, match=r"^argument --channel: train: '.*' matches two files named 'n'$"):
        read_channels([f"train={tmp_path}/*/*"])


def test_the_first_path_with_the_name_of_one_before_it_is_reported(tmp_path):
    for name in ("x/b", "y/a", "y/b", "z/a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(BadJobError, match="two files named 'b'"):
        read_channels([f"train={tmp_path}/*/*"])


def manifest(data, prefix, *suffixes):
    (data.parent / "manifest").write_text(json.dumps([{"prefix": prefix}, *suffixes]))
    return [], [], [f"train={data.parent}/manifest"]


@pytest.mark.parametrize(
    ("prefix", "suffixes", "paths"),
    [
        ("", ["a.csv", "one/two/e.csv"], ["a.csv", "one/two/e.csv"]),
        ("one/", ["two/e.csv", "c.csv", "two/g.txt"], ["one/two/e.csv", "one/c.csv", "one/two/g.txt"]),
        ("one/two/../", ["c.csv"], ["one/c.csv"]),
        ("one/t", ["wo/e.csv", "wo/../c.csv"], None),
        ("one/t", ["wo/e.csv", "wo//g.txt"], ["one/two/e.csv", "one/two/g.txt"]),
        ("one/two/", ["e.csv", "e.csv"], ["one/two/e.csv", "one/two/e.csv"]),
        ("one/two/e.", ["csv"], ["one/two/e.csv"]),
        ("b", ["[1].csv"], ["b[1].csv"]),
        ("b", ["[1].csv", ".csv"], None),
        ("", [".hidden.csv", "link.csv", "linked/e.csv"], [".hidden.csv", "link.csv", "linked/e.csv"]),
        ("", ["a.csv", "linked"], None),
        ("", ["a.csv", "one/"], None),
        ("", ["/a.csv"], None),
        ("", ["one/../a.csv"], None),
        ("gone/", ["a.csv"], None),
    ],
)
def test_a_manifest_lists_files_below_its_prefix(data, prefix, suffixes, paths):
    arguments = manifest(data, prefix, *suffixes)
    if paths is None:
        missing = os.path.abspath(prefix + suffixes[-1])
        with pytest.raises(BadJobError) as error:
            read_channels(*arguments)
        expected = f"argument --manifest: train: {missing!r} does not exist: expected a file below the prefix"
        assert str(error.value) == expected
    else:
        assert content(*arguments) == dict(zip(suffixes, paths))


def test_a_shard_is_all_files_of_the_directories_of_a_glob_but_no_jobs(data):
    (data / "one" / "old").mkdir()
    (data / "one" / "old" / MARK).touch()
    (data / "one" / "latest").symlink_to("old")
    (data / "one" / "up").symlink_to("..")
    assert content(["train=[ol]*"], ["train"]) == {
        **{name: name for name in ("one/c.csv", "one/.d.csv", "one/two/e.csv", "one/two/g.txt", "one/up")},
        **{name: name for name in ("link.csv", "linked/e.csv", "linked/g.txt")},
    }


@pytest.mark.needs_process
@pytest.mark.needs_unix
def test_a_shard_with_a_directory_that_cannot_be_read_is_refused_by_its_name(data):
    (data / "one" / "two").chmod(0)
    code = (
        "import rights, sys; from smargs.cli.main import main\n"
        "rights.give_up(); sys.exit(main(['run', '../train.py', '--output', '../job', *sys.argv[1:]]))"
    )
    (data.parent / "train.py").touch()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((os.fspath(ROOT), os.fspath(SUPPORT)))}
    command = [sys.executable, "-c", code, "--channel", "train=.", "--shard", "train"]
    ended = subprocess.run(command, env=environ, cwd=data, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    path = os.path.join(os.path.realpath(data), "one", "two")
    line = f"smargs run: error: argument --shard: train: {path!r} cannot be read: {os.strerror(errno.EACCES)}\n"
    assert (ended.returncode, ended.stderr) == (2, line)
    assert not (data.parent / "job").exists()


def test_the_parts_of_all_hosts_are_the_channel(data):
    channel = read_channels(["train=."], ["train"])["train"]
    parts = [sorted((*part.files, *part.others)) for part in channel.split(3)]
    names = sorted((*FILES, "link.csv", "linked"))
    assert parts == [names[0::3], names[1::3], names[2::3]]


@pytest.mark.needs_process
@pytest.mark.needs_unix
@pytest.mark.parametrize("options", [["--channel", "train=*.csv"], ["--manifest", "train=../manifest"]])
def test_a_directory_with_a_special_file_is_not_the_channel_of_its_files(tmp_path, monkeypatch, options):
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.chdir(data)
    Path("a.csv").touch()
    os.mkfifo("pipe")
    manifest(data, "", "a.csv")
    (tmp_path / "train.py").touch()
    assert cli.main(["run", "../train.py", "--output", "../job", *options]) == 0
    assert os.listdir(tmp_path / "job/input/data/train") == ["a.csv"]


@pytest.mark.needs_process
def test_a_directory_is_the_channel_of_its_files_and_directories(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("data/a.csv", "data/one/b.csv", "train.py"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    assert cli.main(["run", "train.py", "--output", "job", "--channel", "train=data/*"]) == 0
    assert os.readlink("job/input/data/train") == f"{tmp_path}/data"
