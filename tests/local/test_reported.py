"""Problems that users reported of jobs on their own machine: one test for each thread, with a real `smargs run`."""

import json
import os
import pty
import subprocess
import sys
import tarfile
import textwrap
from importlib import metadata

import pytest
from paths import ROOT
from terminals import read_to_end, read_until

from smargs.local.mark import read_ending

pytestmark = pytest.mark.needs_process


@pytest.fixture
def run(tmp_path):
    """Run `smargs run` in a directory of its own; return its status, and the lines of both outputs."""

    def run(*tokens, env=None):
        environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT), **(env or {})}
        command = [sys.executable, "-m", "smargs", "run", "--output", "job", *map(os.fspath, tokens)]
        done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()

    return run


def of_first(lines):
    """The lines of the first of several hosts."""
    return [line.partition("| ")[2] for line in lines if line.startswith("algo-1 |")]


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))

    return write


SHOWS_SOURCE = """
    import os, sys
    print(os.path.realpath(os.getcwd()), sys.argv)
    import root_module
    """


@pytest.mark.parametrize("script", ["src/steps/train.py", "steps/train.py"], ids=["from here", "from the source directory"])
@pytest.mark.parametrize("flags", [[], ["--patch"]], ids=["unpatched", "patched"])
def test_an_entry_point_in_a_folder_of_the_source_directory_runs_in_that_directory(run, write, tmp_path, script, flags):
    """aws/sagemaker-python-sdk #1597, #4081, #966, #1325; aws/sagemaker-scikit-learn-container #29; local-mode #10."""
    write("src/steps/train.py", SHOWS_SOURCE)
    write("src/root_module.py", "")
    status, lines, err = run(script, "--source-dir", "src", *flags)
    assert (status, lines) == (0, [f"{tmp_path.resolve() / 'src'} ['steps/train.py']"]), err


@pytest.mark.parametrize(("platform", "is_found"), [("toolkit", True), ("sdk", False), ("files", False)])
def test_modules_of_the_source_directory_are_found_where_the_platform_finds_them(run, write, platform, is_found):
    """aws/sagemaker-python-sdk #4081."""
    write("steps/train.py", SHOWS_SOURCE)
    write("root_module.py", "")
    status, _, err = run("steps/train.py", "--source-dir", ".", "--platform", platform)
    assert (status == 0) is is_found, err


def test_a_variable_of_the_job_reaches_the_script_and_a_platforms_own_wins(run, write):
    """aws/sagemaker-python-sdk #2930, #2207; aws/sagemaker-training-toolkit #97."""
    source = """
        import os
        print([os.environ.get(name) for name in "ABCD"], os.path.basename(os.environ["SM_MODEL_DIR"]))
        """
    write("train.py", source)
    write("job.env", "# the job's\n\nA=file\nB=two words # and all\nC\n")
    options = ["--env-file", "job.env", "--env", "A=typed", "-e", "D", "--env", "SM_MODEL_DIR=/nowhere"]
    assert run("train.py", *options, env={"C": "c", "D": "d"})[:2] == (0, ["['typed', 'two words # and all', 'c', 'd'] model"])


def test_a_secret_in_a_variable_of_the_job_is_not_shown(run, write):
    """llama-2-samples #19."""
    write("train.py", "raise ValueError(__import__('os').environ['HF_TOKEN'])")
    assert "hunter2" not in run("train.py", "--env", "HF_TOKEN=hunter2-hunter2")[2][-1]


def test_hyperparameters_are_read_from_yaml(run, write):
    """aws/sagemaker-python-sdk #4197, #5059."""
    write("train.py", "import sys; print(sys.argv[1:])")
    write("hp.yaml", "epochs: 3\nlayers: [256, 128]\nname: cnn\n")
    assert run("train.py", "--hyperparameters", "hp.yaml", "-p", "epochs=4")[:2] == (
        0,
        [str(["--epochs", "4", "--layers", "[256, 128]", "--name", "cnn"])],
    )


SAVES_ON_SIGTERM = """
    import os, signal, sys, time
    from pathlib import Path

    model = Path(os.environ["SAGEMAKER_BASE_DIR"], "model")
    (model / "epoch-1").touch()

    def save(number, frame):
        (model / "last").touch()
        sys.exit()

    signal.signal(signal.SIGTERM, save)
    time.sleep(300)
    """


def packed(directory):
    archive = directory / "job" / "model.tar.gz"
    if not archive.exists():
        return None
    with tarfile.open(archive) as model:
        return sorted(model.getnames())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("platform", "exit_status", "model", "note"),
    [
        ("toolkit", 137, ["epoch-1"], "SIGTERM does not reach the script: the training toolkit does not pass it on"),
        ("toolkit-unquoted", 137, ["epoch-1"], "SIGTERM does not reach the script: the training toolkit does not pass it on"),
        ("sdk", 0, ["epoch-1", "last"], "the script gets SIGTERM here, but SDK v3's bash does not pass it on in a container"),
        ("files", 0, ["epoch-1", "last"], None),
    ],
)
def test_sigterm_reaches_the_script_unless_it_is_the_toolkits(run, write, tmp_path, platform, exit_status, model, note):
    """aws/sagemaker-training-toolkit #173."""
    write("train.py", SAVES_ON_SIGTERM)
    status, _, err = run("train.py", "--platform", platform, "--stop-after", "2s", "--grace", "0.5s")
    assert (status, packed(tmp_path)) == (exit_status, model), err
    assert err[1:-1] == ([f"smargs: {note}"] if note else [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "job_status", "model"),
    [
        ("--max-run", "MaxRuntimeExceeded", ["epoch-1", "last"]),
        ("--stop-after", "Stopped", ["epoch-1", "last"]),
        ("--interrupt-after", "Interrupted", None),
    ],
)
def test_a_job_that_is_stopped_or_over_its_time_keeps_its_model(run, write, tmp_path, option, job_status, model):
    """aws/amazon-sagemaker-examples #588."""
    write("train.py", SAVES_ON_SIGTERM)
    later = [token for each in ("--max-run", "--stop-after", "--interrupt-after") if each != option for token in (each, "1h")]
    status, _, err = run("train.py", "--platform", "files", option, "2s", *later)
    assert (status, packed(tmp_path)) == (0, model)
    assert f"job {job_status} after" in err[-1]
    assert read_ending(tmp_path / "job").status == job_status


def test_a_job_that_ends_before_its_planned_end_is_complete(run, write):
    """aws/amazon-sagemaker-examples #588."""
    write("train.py", "")
    status, _, err = run("train.py", "--max-run", "1h")
    assert (status, "job Completed after" in err[-1]) == (0, True)


PRINTS_METRICS = """
    import sys
    for epoch in range(3):
        print(f"epoch {epoch}: loss={1 / (epoch + 1):.2f};", flush=True)
    print("10%\\r100% speed=7\\r", file=sys.stderr)
    print("accuracy=unknown rate=nan")
    """


@pytest.mark.parametrize(("flags", "exit_status"), [([], 0), (["--strict-metrics"], 1)], ids=["warned", "strict"])
def test_the_values_of_metrics_are_counted_and_a_metric_without_any_is_named(run, write, flags, exit_status):
    """aws/amazon-sagemaker-examples #1920, #463, #1207; aws/sagemaker-python-sdk #3932, #3208, #221."""
    write("train.py", PRINTS_METRICS)
    metrics = {
        "loss": "loss=(.*?);",
        "speed": "speed=([0-9]+)",
        "accuracy": "accuracy=(.*) r",
        "rate": "rate=(.*)",
        "f1": "f1=(.*)",
    }
    options = [token for name, regex in metrics.items() for token in ("--metric", f"{name}={regex}")]
    status, _, err = run("train.py", *options, *flags)
    assert (status, err[-6:-1]) == (
        exit_status,
        [
            "smargs: metric loss: 3 values, the last 0.33",
            "smargs: metric speed: 1 value, the last 7",
            "smargs: warning: metric accuracy: no line of the output has a value of it",
            "smargs: metric rate: 1 value, the last nan",
            "smargs: warning: metric f1: no line of the output has a value of it",
        ],
    )
    assert "job Completed after" in err[-1]
    assert err[-1].endswith(", metrics without a value: accuracy, f1") is bool(flags)


def test_strict_metrics_leave_the_status_of_a_job_that_fails(run, write):
    """aws/amazon-sagemaker-examples #1920."""
    write("train.py", "raise SystemExit(3)")
    assert run("train.py", "--metric", "f1=f1=(.*)", "--strict-metrics")[0] == 3


def test_metrics_are_found_on_every_host(run, write):
    """aws/amazon-sagemaker-examples #1920."""
    write("train.py", PRINTS_METRICS)
    assert "smargs: metric loss: 6 values, the last 0.33" in run("train.py", "--hosts", "2", "--metric", "loss=loss=(.*?);")[2]


def test_requirements_that_differ_here_are_named_before_the_start(run, write):
    """aws/sagemaker-python-sdk #911, #816, #839, #966; aws/sagemaker-scikit-learn-container #41."""
    write("train.py", "import sys; print('started', file=sys.stderr)")
    write(
        "requirements.txt",
        """
        # what the container installs
        pytest>=1  # has it
        no-such-package-of-anybody==1.0
        hypothesis \\
            <1 --hash=sha256:00
        pytest<1; python_version < "3"
        -r other.txt
        -e ./package
        ./smargs-0.0.1-py3-none-any.whl[yaml]
        wheels/pytest-1-py3-none-any.whl ; python_version < "3"
        """,
    )
    installed, smargs = metadata.version("hypothesis"), metadata.version("smargs")
    assert run("train.py")[2][1:-1] == [
        "smargs: requirements.txt: no-such-package-of-anybody is not installed here",
        f"smargs: requirements.txt: hypothesis {installed} is installed here: expected <1",
        f"smargs: requirements.txt: smargs {smargs} is installed here: expected ==0.0.1",
        "started",
    ]


def test_a_note_says_that_the_requirements_cannot_be_compared(run, write):
    """aws/sagemaker-python-sdk #911."""
    write("train.py", "")
    write("requirements.txt", "pytest\n")
    write("without/packaging/__init__.py", "raise ImportError")
    environ = {"PYTHONPATH": os.pathsep.join(("without", os.fspath(ROOT)))}
    assert run("train.py", env=environ)[2][1:-1] == [
        "smargs: requirements.txt is not compared with this Python: pip install packaging"
    ]


def test_a_debugger_runs_in_the_terminal(tmp_path, write):
    """aws/sagemaker-python-sdk #2729, aws-samples/sagemaker-101-workshop #33, local-mode (PyCharm sample)."""
    write("train.py", "answer = 6 * 7\nbreakpoint()\nprint('after it')\n")
    ours, theirs = pty.openpty()
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT), "TERM": "dumb"}
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    command = [sys.executable, "-m", "smargs", "run", "--output", "job", "train.py"]
    with subprocess.Popen(command, env=environ, cwd=tmp_path, **streams) as process:
        os.close(theirs)
        for prompt, typed in ((b"(Pdb) ", b"p answer\n"), (b"42\r\n(Pdb) ", b"c\n")):
            read_until(ours, prompt)
            os.write(ours, typed)
        last = read_to_end(ours)
    os.close(ours)
    assert process.returncode == 0
    assert b"\r\nafter it\r\n" in last


SHOWS_CHANNEL = """
    import json, os
    from pathlib import Path
    train = Path(os.environ["SM_CHANNEL_TRAIN"])
    config = json.loads(os.environ["SM_INPUT_DATA_CONFIG"])["train"]["S3DistributionType"]
    print(config, sorted(str(path.relative_to(train)) for path in train.rglob("*") if path.is_file()))
    """


@pytest.mark.parametrize("flags", [[], ["--copy"]], ids=["linked", "copied"])
def test_each_host_gets_its_part_of_a_sharded_channel(run, write, tmp_path, flags):
    """aws/sagemaker-python-sdk #420; aws/amazon-sagemaker-examples #1075, #2852, #3947."""
    write("train.py", SHOWS_CHANNEL)
    for name in ("b.csv", "a/1.csv", "a/2.csv", "c.csv"):
        write(f"data/{name}", name)
    write("data/old-job/.smargs-job.json", "{}")
    options = ["--channel", "train=data", "--shard", "train", "--hosts", "2", *flags]
    status, lines, err = run("train.py", *options)
    assert (status, of_first(lines)) == (0, ["ShardedByS3Key ['a/1.csv', 'b.csv']"]), err
    assert (tmp_path / "job/hosts/algo-2/input/data/train/a/2.csv").read_text() == "a/2.csv"
    assert (tmp_path / "job/hosts/algo-2/input/data/train/c.csv").is_symlink() is not bool(flags)


def test_a_link_of_a_sharded_channel_is_one_of_its_files(run, write, tmp_path):
    """aws/sagemaker-python-sdk #420."""
    write("train.py", "import os; print(sorted(os.listdir(os.environ['SM_CHANNEL_TRAIN'])))")
    write("data/a.csv", "")
    (tmp_path / "data" / "loop").symlink_to(tmp_path / "data")
    status, lines, err = run("train.py", "--channel", "train=data", "--shard", "train")
    assert (status, lines) == (0, ["['a.csv', 'loop']"]), err


def test_a_host_without_a_file_of_a_sharded_channel_is_named(run, write):
    """aws/amazon-sagemaker-examples #1075."""
    write("train.py", "")
    write("data/a.csv", "")
    err = run("train.py", "--channel", "train=data/*", "--shard", "train", "--hosts", "3")[2]
    assert "smargs: channel train has too few files for 3 hosts (1): none for algo-2, algo-3" in err


@pytest.mark.parametrize(
    ("prefix", "channel"), [("data/", []), ("s3://bucket/key/", ["--channel", "train=data"])], ids=["here", "in S3"]
)
@pytest.mark.parametrize(("shard", "seen"), [([], ["a/1.csv", "b.csv"]), (["--shard", "train"], ["a/1.csv"])])
def test_a_manifest_is_a_channel_of_the_files_that_it_lists(run, write, prefix, channel, shard, seen):
    """aws/amazon-sagemaker-feedback #201."""
    write("train.py", SHOWS_CHANNEL)
    for name in ("a/1.csv", "a/2.csv", "b.csv"):
        write(f"data/{name}", name)
    write("train.manifest", json.dumps([{"prefix": prefix}, "b.csv", "a/1.csv", "b.csv"]))
    options = ["--manifest", "train=train.manifest", *channel, *shard, "--hosts", "2"]
    status, lines, err = run("train.py", *options)
    assert (status, of_first(lines)) == (0, [f"{'ShardedByS3Key' if shard else 'FullyReplicated'} {seen}"]), err


def test_a_dry_run_looks_at_no_manifest(run, write):
    """aws/amazon-sagemaker-feedback #201."""
    write("train.py", "from smargs import SageMakerArgumentParser as P; p = P(); p.add_argument('--train'); p.parse_args()")
    assert run("train.py", "--dry-run", "--manifest", "train=s3://bucket/key", "--shard", "train")[0] == 0


def test_instance_groups_are_a_heterogeneous_cluster(run, write):
    """aws/amazon-sagemaker-examples PR #3599; aws/sagemaker-python-sdk #5225, #5555, #6089."""
    write(
        "train.py",
        """
        import json, os
        names = ("HOSTS", "CURRENT_INSTANCE_GROUP", "CURRENT_INSTANCE_GROUP_HOSTS", "INSTANCE_GROUPS", "IS_HETERO")
        print(*(os.environ["SM_" + name] for name in names))
        """,
    )
    status, lines, err = run("train.py", "--group", "data=1", "--group", "train=2")
    hosts = '["algo-1","algo-2","algo-3"]'
    assert (status, of_first(lines)) == (0, [f'{hosts} data ["algo-1"] ["data","train"] true']), err


SHOWS_PROCESSING = """
    import json, os, sys
    from pathlib import Path

    config = Path(os.environ["SAGEMAKER_BASE_DIR"], "config")
    job = json.loads((config / "processingjobconfig.json").read_text())
    inputs = {each["InputName"]: each["S3Input"] for each in job["ProcessingInputs"]}
    (output,) = job["ProcessingOutputConfig"]["Outputs"]
    raw = Path(inputs["raw"]["LocalPath"])
    names = sorted(path.name for path in raw.iterdir())
    resources = json.loads((config / "resourceconfig.json").read_text())
    Path(output["S3Output"]["LocalPath"], "names.json").write_text(json.dumps(names))
    print(resources["current_host"], resources["hosts"], inputs["raw"]["S3DataDistributionType"], names, sys.argv)
    print(Path(inputs["code"]["LocalPath"], "train.py").exists(), [name for name in os.environ if name[:3] == "SM_"])
    """


def test_a_processing_job_has_its_inputs_and_outputs_by_their_names(run, write, tmp_path):
    """aws/sagemaker-python-sdk #1278, #3422, #1248, #5224; aws/amazon-sagemaker-feedback #153; local-mode #7, #19."""
    write("train.py", SHOWS_PROCESSING)
    for name in "abc":
        write(f"data/{name}.csv", "")
    job = ["--platform", "processing", "--input", "raw=data", "--shard", "raw", "--processing-output", "clean", "--hosts", "2"]
    status, lines, err = run("train.py", *job, "--", "--format", "csv")
    assert (status, of_first(lines)) == (
        0,
        [
            "algo-1 ['algo-1', 'algo-2'] ShardedByS3Key ['a.csv', 'c.csv'] ['train.py', '--format', 'csv']",
            "True []",
        ],
    ), err
    outputs = [tmp_path.resolve() / f"job/{host}processing/output" for host in ("", "hosts/algo-2/")]
    assert [json.loads((output / "clean" / "names.json").read_text()) for output in outputs] == [["a.csv", "c.csv"], ["b.csv"]]
    assert err[-1].endswith(f", outputs: {outputs[0]}, {outputs[1]}")
    assert "job Completed" in err[-1]
    assert not (tmp_path / "job" / "checkpoints").exists()


def test_inputs_and_outputs_of_a_processing_job_fill_arguments(run, write, tmp_path):
    """aws/amazon-sagemaker-examples #2852."""
    source = """
        from smargs import SageMakerArgumentParser
        parser = SageMakerArgumentParser()
        for name in ("raw", "clean", "current-host"):
            parser.add_argument(f"--{name}")
        print(*vars(parser.parse_args()).values())
        """
    write("train.py", source)
    write("data/a.csv", "")
    job = ["--platform", "processing", "--input", "raw=data", "--processing-output", "clean"]
    places = tmp_path.resolve() / "job" / "processing"
    assert run("train.py", *job)[:2] == (0, [f"{places}/input/raw {places}/output/clean algo-1"])


def test_the_message_of_a_processing_job_is_the_reason_of_its_failure(run, write, tmp_path):
    """aws/sagemaker-python-sdk #1278."""
    source = "import os; open(os.environ['SAGEMAKER_BASE_DIR'] + '/output/message', 'w').write('no rows'); exit(3)"
    write("train.py", source)
    status, _, err = run("train.py", "--platform", "processing")
    assert (status, err[-1].partition(", ")[2]) == (3, "FailureReason: AlgorithmError: no rows, exit code: 3")
    write("train.py", "")
    assert run("train.py", "--platform", "processing")[0] == 0
    assert not (tmp_path / "job" / "output" / "message").exists()


def test_a_processing_job_that_is_stopped_keeps_its_outputs(run, write):
    """aws/sagemaker-python-sdk #1278."""
    write("train.py", "import time; time.sleep(300)")
    status, _, err = run("train.py", "--platform", "processing", "--stop-after", "1s")
    assert (status, "job Stopped after" in err[-1], "/job/processing/output" in err[-1]) == (143, True, True)
