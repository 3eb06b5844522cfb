"""``smargs bundle``: wheels of what is installed, and their lines of ``requirements.txt``."""

import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from paths import ROOT

import smargs
from smargs.cli import main as cli
from smargs.launch import bundle as bundling
from smargs.launch import wheels
from smargs.launch.bundle import add_requirements
from smargs.launch.wheels import Wheel

PACKAGE = Path(smargs.__file__).parent
CONFIGARGPARSE = f"configargparse-{metadata.version('configargparse')}-py3-none-any.whl"
SMARGS = f"smargs-{smargs.__version__}-py3-none-any.whl"
NEW = Wheel("smargs", "smargs-0.2.0-py3-none-any.whl", b"new")
HASH = hashlib.sha256(b"new").hexdigest()


@pytest.fixture
def source(tmp_path):
    """The source directory of a script."""
    directory = tmp_path / "src"
    directory.mkdir()
    (directory / "train.py").write_text("")
    return directory


def files_of(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "train.py"}


def bundle(*tokens):
    return cli.main(["bundle", *map(os.fspath, tokens)])


def test_a_source_directory_gets_both_wheels_and_their_lines(source, capsys):
    assert bundle(source) == 0

    assert set(files_of(source)) == {CONFIGARGPARSE, SMARGS, "requirements.txt"}
    assert (source / "requirements.txt").read_bytes() == f"./{CONFIGARGPARSE}\n./{SMARGS}\n".encode()
    names = [CONFIGARGPARSE, SMARGS, "requirements.txt"]
    assert capsys.readouterr() == ("".join(f"wrote {source / name}\n" for name in names), "")


def test_a_second_bundle_changes_nothing(source, capsys):
    bundle(source)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in source.iterdir()}
    capsys.readouterr()

    assert bundle(source) == 0

    assert {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in source.iterdir()} == before
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["unchanged"] * 3


def test_an_older_wheel_is_replaced(source, capsys):
    (source / "smargs-0.0.9-py3-none-any.whl").write_bytes(b"old")
    (source / "requirements.txt").write_text("pandas\n./smargs-0.0.9-py3-none-any.whl\nscipy\n")

    bundle(source)

    assert set(files_of(source)) == {CONFIGARGPARSE, SMARGS, "requirements.txt"}
    assert (source / "requirements.txt").read_text() == f"pandas\n./{SMARGS}\nscipy\n./{CONFIGARGPARSE}\n"
    assert f"removed {source / 'smargs-0.0.9-py3-none-any.whl'}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "./{wheel}\n"),
        ("pandas", "pandas\n./{wheel}\n"),
        ("pandas==2.0  # smargs\n\n# smargs==1\n", "pandas==2.0  # smargs\n\n# smargs==1\n./{wheel}\n"),
        ("# pandas \\\nsmargs \\\n==1\n", "# pandas \\\n./{wheel}\n"),
        ("pandas\r\nscipy\r\n", "pandas\r\nscipy\r\n./{wheel}\r\n"),
        ("pandas\r\nscipy", "pandas\r\nscipy\r\n./{wheel}\r\n"),
        ("\ufeffpandas\nné\n", "\ufeffpandas\nné\n./{wheel}\n"),
        ("smargs\npandas\n", "./{wheel}\npandas\n"),
        ("\ufeffsmargs\n", "./{wheel}\n"),
        ("pandas\nSmargs >= 0.1 ; python_version > '3.7'", "pandas\n./{wheel}\n"),
        ("smargs[yaml]==0.1\n", "./{wheel}[yaml]\n"),
        ("./smargs-0.1.0-py3-none-any.whl[yaml]\n", "./{wheel}[yaml]\n"),
        ("smargs @ https://host/smargs-0.1.0-py3-none-any.whl\n", "./{wheel}\n"),
        ("https://host/a/smargs-0.1.0-py3-none-any.whl#sha256=0\n", "./{wheel}\n"),
        ("wheels/smargs-0.1.0-py3-none-any.whl\n", "./{wheel}\n"),
        ("wheels\\smargs-0.1.0-py3-none-any.whl\n", "./{wheel}\n"),
        ("./smargs-0.1.0-py3-none-any.whl\nsmargs\n", "./{wheel}\n"),
        ("smargs-tools==1\nsmargs_tools-1-py3-none-any.whl\n", "smargs-tools==1\nsmargs_tools-1-py3-none-any.whl\n./{wheel}\n"),
        ("-r smargs\n--find-links ./smargs\n", "-r smargs\n--find-links ./smargs\n./{wheel}\n"),
        ("smargs==0.1 \\\n    --hash=sha256:00\n", "./{wheel} --hash=sha256:{hash}\n"),
        ("a==1 --hash=sha256:00\n", "a==1 --hash=sha256:00\n./{wheel} --hash=sha256:{hash}\n"),
        ("a==1 \\\r\n  --hash=sha256:00\r\nsmargs", "a==1 \\\r\n  --hash=sha256:00\r\n./{wheel} --hash=sha256:{hash}\r\n"),
        ("pandas \\\n", "pandas \\\n\n./{wheel}\n"),
    ],
)
def test_other_requirements_and_line_endings_are_kept(before, after):
    expected = after.replace("{wheel}", NEW.file_name).replace("{hash}", HASH)

    assert add_requirements(before, [NEW]) == expected
    assert add_requirements(expected, [NEW]) == expected


def test_bytes_that_are_not_utf_8_are_kept(source):
    (source / "requirements.txt").write_bytes(b"pandas # \xe9\r\n")

    bundle(source)

    assert (source / "requirements.txt").read_bytes().startswith(b"pandas # \xe9\r\n./configargparse-")


def test_the_mode_of_requirements_is_kept_and_a_link_stays_a_link(source, tmp_path):
    shared = tmp_path / "shared.txt"
    shared.write_text("pandas\n")
    shared.chmod(0o640)
    (source / "requirements.txt").symlink_to(shared)

    bundle(source)

    assert (source / "requirements.txt").is_symlink()
    assert shared.read_text().startswith("pandas\n./configargparse-")
    assert shared.stat().st_mode & 0o777 == 0o640
    assert set(tmp_path.iterdir()) == {source, shared}


def refused(capsys, directory):
    assert bundle(directory) == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    return output.err


def test_bad_input_is_one_line(source, tmp_path, capsys):
    assert refused(capsys, tmp_path / "none") == f"smargs bundle: error: '{tmp_path / 'none'}' is not a directory\n"
    assert refused(capsys, source / "train.py") == f"smargs bundle: error: '{source / 'train.py'}' is not a directory\n"
    requirements = source / "requirements.txt"
    requirements.write_bytes("smargs\n".encode("utf-16"))
    assert refused(capsys, source) == f"smargs bundle: error: {requirements} is in UTF-16: expected UTF-8\n"
    requirements.unlink()
    requirements.mkdir()
    assert refused(capsys, source) == f"smargs bundle: error: {requirements}: Is a directory\n"
    assert set(names_in(source)) == {"train.py", "requirements.txt"}


def names_in(directory):
    return [path.name for path in directory.iterdir()]


def test_nothing_is_half_written_if_the_disk_is_full(source, monkeypatch, capsys):
    (source / "requirements.txt").write_text("pandas\n")
    replace = os.replace

    def replace_wheels(new, target):
        if Path(target).name == "requirements.txt":
            raise OSError(28, "No space left on device", os.fspath(new))
        replace(new, target)

    monkeypatch.setattr(bundling.os, "replace", replace_wheels)

    assert bundle(source) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert (source / "requirements.txt").read_text() == "pandas\n"
    assert set(files_of(source)) == {CONFIGARGPARSE, SMARGS, "requirements.txt"}


def installed_smargs():
    """The metadata that an installer has written; a clone on sys.path may have metadata of its own."""
    return next(distribution for distribution in metadata.distributions(name="smargs") if distribution.read_text("WHEEL"))


def test_the_wheel_of_smargs_has_all_its_modules_and_its_installed_metadata():
    with zipfile.ZipFile(io.BytesIO(wheels.wheel_of_smargs().content)) as wheel:
        contents = {name: wheel.read(name) for name in wheel.namelist()}
    modules = {f"smargs/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes() for path in PACKAGE.rglob("*.py")}

    assert {name: content for name, content in contents.items() if name.endswith(".py")} == modules
    assert "smargs/py.typed" in contents
    directory = f"smargs-{smargs.__version__}.dist-info"
    assert contents[f"{directory}/METADATA"].decode() == installed_smargs().read_text("METADATA")
    assert b"smargs = smargs.__main__:main" in contents[f"{directory}/entry_points.txt"]
    assert b"\nTag: py3-none-any\n" in contents[f"{directory}/WHEEL"]
    assert not {f"{directory}/{name}" for name in ("direct_url.json", "INSTALLER", "REQUESTED")} & set(contents)


@pytest.mark.parametrize("make", [wheels.wheel_of_smargs, lambda: wheels.wheel_of("configargparse")])
def test_the_record_of_a_wheel_has_each_file_and_its_hash(make):
    with zipfile.ZipFile(io.BytesIO(make().content)) as wheel:
        contents = {name: wheel.read(name) for name in wheel.namelist()}
    (record,) = [name for name in contents if name.endswith(".dist-info/RECORD")]
    rows = {name: (digest, size) for name, digest, size in csv.reader(contents[record].decode().splitlines())}

    assert set(rows) == set(contents)
    assert rows.pop(record) == ("", "")
    for name, (digest, size) in rows.items():
        expected = base64.urlsafe_b64encode(hashlib.sha256(contents[name]).digest()).decode().rstrip("=")
        assert (digest, size) == (f"sha256={expected}", str(len(contents[name])))


def test_equal_files_make_equal_wheels():
    assert wheels.wheel_of_smargs() == wheels.wheel_of_smargs()


class Installed:
    """A package in a directory of its own, with the metadata that an installer writes."""

    def __init__(self, directory):
        self.directory = directory
        self.metadata = directory / "Config_Arg.Parse-1.7.dist-info"
        self.metadata.mkdir(parents=True)
        (self.metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: Config_Arg.Parse\nVersion: 1.7\n")
        (self.metadata / "WHEEL").write_text(
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n"
        )
        (self.metadata / "INSTALLER").write_text("pip\n")
        (directory / "a,b.py").write_text("A = 1\n")
        self.record("a,b.py", "__pycache__/a,b.cpython-311.pyc", "../../bin/tool")

    def record(self, *names):
        names = (*names, *(f"{self.metadata.name}/{path.name}" for path in self.metadata.iterdir()))
        (self.metadata / "RECORD").write_text("".join(f'"{name}",,\n' for name in names))


@pytest.fixture
def installed(tmp_path, monkeypatch):
    installed = Installed(tmp_path / "site-packages")
    monkeypatch.setattr(sys, "path", [os.fspath(installed.directory)])
    return installed


@pytest.fixture
def project(installed):
    """The name by which this version of Python finds the package."""
    return "config-arg-parse" if sys.version_info >= (3, 10) else "config_arg.parse"


def test_the_wheel_of_a_dependency_has_its_recorded_files(installed, project):
    wheel = wheels.wheel_of(project)

    with zipfile.ZipFile(io.BytesIO(wheel.content)) as archive:
        base = f"{project.replace('-', '_')}-1.7"
        assert archive.namelist() == ["a,b.py", *(f"{base}.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD"))]
    assert wheel.file_name == f"{base}-py3-none-any.whl"


def test_a_package_that_is_not_pure_or_not_in_site_packages_has_no_wheel(installed, project):
    installed.record("__editable__.pth")
    with pytest.raises(wheels.WheelError, match="are not in site-packages"):
        wheels.wheel_of(project)
    (installed.metadata / "WHEEL").write_text("Root-Is-Purelib: true\nTag: cp311-cp311-linux_x86_64\n")
    with pytest.raises(wheels.WheelError, match="is not in pure Python here"):
        wheels.wheel_of(project)
    (installed.metadata / "WHEEL").unlink()
    with pytest.raises(wheels.WheelError, match="is not installed from a wheel here"):
        wheels.wheel_of(project)


def test_a_dependency_that_cannot_be_bundled_is_left_to_the_index(source, tmp_path, monkeypatch, capsys):
    own = installed_smargs().locate_file("")
    site = tmp_path / "site-packages"
    site.mkdir()
    for path in Path(str(own)).glob("smargs-*.dist-info"):
        shutil.copytree(path, site / path.name)
    monkeypatch.setattr(sys, "path", [os.fspath(site), *(path for path in sys.path if "site-packages" not in path)])

    assert bundle(source) == 0

    assert (source / "requirements.txt").read_text() == f"./{SMARGS}\n"
    message = "smargs: configargparse is not installed from a wheel here: pip installs configargparse from the index\n"
    assert capsys.readouterr().err == message


def test_metadata_of_another_version_is_refused(source, monkeypatch, capsys):
    monkeypatch.setattr(smargs, "__version__", "9.9")

    installed = metadata.version("smargs")
    message = f"the installed metadata of smargs is of {installed}: expected 9.9: install it again"
    assert refused(capsys, source) == f"smargs bundle: error: {message}\n"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """An environment with pip alone."""
    directory = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", os.fspath(directory)], check=True)
    return directory / "bin"


SCRIPT = """
from smargs import SageMakerArgumentParser
parser = SageMakerArgumentParser()
parser.add_argument("--epochs", type=int)
print("epochs:", parser.parse_args().epochs)
"""


@pytest.mark.slow
@pytest.mark.needs_process
@pytest.mark.parametrize(
    "requirements", ["", f"pip==1 ; python_version < '3' --hash=sha256:{64 * '0'}\r\n"], ids=["alone", "with hashes"]
)
def test_pip_installs_the_bundle_without_an_index_and_the_script_runs(source, tmp_path, fresh, requirements):
    (source / "requirements.txt").write_bytes(requirements.encode())
    (source / "train.py").write_text(SCRIPT)
    assert bundle(source) == 0
    environ = {"PATH": os.environ["PATH"], "HOME": os.fspath(tmp_path), "PIP_CONFIG_FILE": os.devnull}

    def run(*command, cwd=source):
        done = subprocess.run(command, env=environ, cwd=cwd, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    install = (fresh / "python", "-m", "pip", "install", "--no-index", "--force-reinstall", "-r", "requirements.txt")
    run(*install)
    run(fresh / "python", "-m", "pip", "check")
    job = (fresh / "smargs", "run", "train.py", "--source-dir", source, "-p", "epochs=3", "--output", tmp_path / "job")
    assert "epochs: 3" in run(*job)

    again = tmp_path / "again"
    again.mkdir()
    run(fresh / "smargs", "bundle", again, cwd=ROOT.parent)
    assert {path.name: path.read_bytes() for path in again.glob("*.whl")} == {
        path.name: path.read_bytes() for path in source.glob("*.whl")
    }
