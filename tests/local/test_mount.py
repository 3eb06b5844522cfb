"""Scripts that name /opt/ml themselves, in real mount namespaces."""

import os
import shutil
import subprocess
import sys

import pytest
from paths import ROOT


def is_allowed():
    if sys.platform != "linux" or shutil.which("unshare") is None or shutil.which("setpriv") is None:
        return False
    return subprocess.run(["unshare", "--mount", "--map-root-user", "true"], stderr=subprocess.DEVNULL).returncode == 0


pytestmark = [
    pytest.mark.needs_process,
    pytest.mark.skipif(not is_allowed(), reason="needs Linux with namespaces, unshare and setpriv"),
]

SMARGS = [sys.executable, "-m", "smargs"]

SCRIPT = """
import os, sys
from pathlib import Path

Path("/opt/ml/model/weights").write_text(os.environ["SM_CURRENT_HOST"])
Path("/opt/ml/checkpoints", os.environ["SM_CURRENT_HOST"]).touch()
print(os.getcwd(), os.environ["SM_CHANNEL_TRAIN"], os.listdir("/opt/ml/input/data/train"), sys.argv[1:], os.getuid())
"""


@pytest.fixture
def run(tmp_path):
    """Run a command in a directory with a script and data; return its status and both outputs."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").touch()
    (tmp_path / "train.py").write_text(SCRIPT)

    def run(*command):
        environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
        done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


JOB = ["run", "train.py", "--mount", "--output", "job", "--channel", "train=data", "-p", "epochs=3", "--hosts", "2"]
# This user has the ID of root, but no right of root except the one that the kernel requires here.
WITHOUT_RIGHTS = (
    ["setpriv", "--bounding-set=-all,+setfcap", "--inh-caps=-all"] if sys.platform == "linux" and os.geteuid() == 0 else []
)


@pytest.mark.parametrize("rights", [[], WITHOUT_RIGHTS], ids=["this user", "without rights"])
def test_each_host_sees_its_directory_as_opt_ml(run, tmp_path, rights):
    """aws-samples/amazon-sagemaker-local-mode #20, aws/amazon-sagemaker-examples #418, #670."""
    there = os.path.lexists("/opt/ml")
    status, out, err = run(*rights, *SMARGS, *JOB)
    line = f"/opt/ml/code /opt/ml/input/data/train ['a.csv'] ['--epochs', '3'] {os.getuid()}"
    assert (status, sorted(out.splitlines())) == (0, [f"algo-1 | {line}", f"algo-2 | {line}"]), err
    for host, directory in (("algo-1", "job"), ("algo-2", "job/hosts/algo-2")):
        assert (tmp_path / directory / "model" / "weights").read_text() == host
    assert sorted(os.listdir(tmp_path / "job" / "checkpoints")) == ["algo-1", "algo-2"]
    assert os.path.lexists("/opt/ml") is there


def test_a_dry_run_shows_the_paths_in_opt_ml(run, tmp_path):
    (tmp_path / "train.py").write_text(
        "from smargs import SageMakerArgumentParser as P\np = P()\np.add_argument('--model-dir')\np.parse_args()"
    )
    status, out, err = run(*SMARGS, "run", "train.py", "--mount", "--dry-run")
    assert (status, "'/opt/ml/model'" in out) == (0, True), err


def test_the_reason_of_a_failure_has_the_scripts_own_command(run, tmp_path):
    (tmp_path / "train.py").write_text("raise ValueError('bad')")
    status, _, err = run(*SMARGS, "run", "train.py", "--mount")
    assert status == 1
    assert f'Command "{sys.executable} train.py"' in err


def test_a_job_is_mounted_over_an_existing_opt_ml(run, tmp_path):
    (tmp_path / "outer.py").write_text(
        "import os, subprocess, sys\n"
        f"job = subprocess.run({[*SMARGS, *JOB]}, cwd={os.fspath(tmp_path)!r}, stdout=subprocess.DEVNULL)\n"
        "print(job.returncode, os.listdir('/opt/ml/model'))\n"
    )
    status, out, err = run(*SMARGS, "run", "outer.py", "--mount", "--output", "outer")
    assert (status, out) == (0, "0 []\n"), err


def test_the_other_entries_of_opt_stay_visible(run):
    show = "import os; print(sorted(os.listdir('/opt')), os.readlink('/opt/link'), open('/opt/link').read())"
    prepare = "mount -t tmpfs none /opt && echo text > /opt/file && ln -s file /opt/link && mkdir /opt/directory"
    command = f'{prepare} && exec "$0" -m smargs.local.mount . / "$0" -c "{show}"'
    assert run("unshare", "--mount", "--map-root-user", "sh", "-c", command, sys.executable) == (
        0,
        "['directory', 'file', 'link', 'ml'] file text\n\n",
        "",
    )


def test_a_system_that_does_not_allow_a_mount_gives_one_line_and_leaves_nothing(run, tmp_path):
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --bounding-set=-all --inh-caps=-all "$@"'
    status, out, err = run("unshare", "--map-root-user", "sh", "-c", forbid, "sh", *SMARGS, *JOB)
    assert (status, out, err) == (
        2,
        "",
        "smargs run: error: argument --mount: this system does not allow it: unshare: No space left on device\n",
    )
    assert not (tmp_path / "job").exists()
