"""The description of a local job, the variables and command line that each platform makes of it, and each host's command."""

import errno
import json
import os
import re
import socket
import sys
from pathlib import Path

import pytest

from smargs.cli.run import preview_tokens
from smargs.container.variables import ADDED_BY_FRAMEWORKS
from smargs.local import containers, launchers, platforms
from smargs.local.channels import read_channels
from smargs.local.containers import Machine, make_container, this_machine
from smargs.local.hyperparameters import encode, read_hyperparameters
from smargs.local.job import LAUNCHERS, BadJobError, Hyperparameter, TrainingJob, name_hosts, name_job
from smargs.local.launchers import make_commands
from smargs.local.variables import read_variables

MACHINE = Machine(cpus=4, gpus=0, neurons=0, network_interface="lo")
BASE = "/base"


def job(hyperparameters=(), platform="sdk", **settings):
    typed = [f"{name}={text}" for name, text in dict(hyperparameters).items()]
    settings = {"script": Path("/src/train.py"), "channels": {}, **settings}
    return TrainingJob("a-job", hyperparameters=read_hyperparameters([], typed), platform=platform, **settings)


def start(asked, host="algo-1", machine=MACHINE):
    return platforms.start(make_container(asked, host, BASE, machine))


def test_typed_hyperparameters_win_over_files_and_a_later_file_over_an_earlier(tmp_path):
    (tmp_path / "a.json").write_text('{"a": 1, "b": 1, "c": [1, "é"]}')
    (tmp_path / "b.json").write_text('{"a": 2, "b": 2}')
    assert read_hyperparameters([str(tmp_path / "a.json"), str(tmp_path / "b.json")], ["a=3", "t=x=y", "e="]) == {
        "a": Hyperparameter(3, "3"),
        "b": Hyperparameter(2, "2"),
        "c": Hyperparameter([1, "é"], '[1, "é"]'),
        "t": Hyperparameter("x=y", "x=y"),
        "e": Hyperparameter("", ""),
    }


@pytest.mark.parametrize("name", ["hps.json", "hps.yaml"])
def test_a_file_of_the_user_may_begin_with_a_byte_order_mark(tmp_path, name):
    """Notepad and PowerShell write one."""
    (tmp_path / name).write_text('{"a": 1}', encoding="utf-8-sig")
    assert read_hyperparameters([str(tmp_path / name)], []) == {"a": Hyperparameter(1, "1")}
    (tmp_path / "job.env").write_text("A=\ufeff1\n", encoding="utf-8-sig")
    assert read_variables([str(tmp_path / "job.env")], []) == {"A": "\ufeff1"}


@pytest.mark.parametrize("character", ["\f", "\v", "\r", "\x1c", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_variable_of_a_file_ends_only_at_the_end_of_the_line(tmp_path, character, end):
    (tmp_path / "job.env").write_bytes(f"A=b{character}c{end}D= e {end}".encode())
    assert read_variables([str(tmp_path / "job.env")], []) == {"A": f"b{character}c", "D": " e "}


@pytest.mark.parametrize(
    ("platform", "plain", "sent"),
    [
        ("toolkit", False, {"t": '"a"', "l": "[1]"}),
        ("files", False, {"t": '"a"', "l": "[1]"}),
        ("sdk", False, {"t": "a", "l": "[1]"}),
        ("toolkit", True, {"t": "a", "l": "[1]"}),
    ],
)
def test_hyperparameters_are_encoded_as_their_sender_does(platform, plain, sent):
    assert encode(job({"t": "a", "l": "[1]"}, platform, plain=plain)) == sent


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_apostrophes_in_pairs_vanish_in_sdk_v3s_bash():
    made = start(job({"motto": "say 'hi'", "n": "1"}))
    assert made.environ["SM_HP_MOTTO"] == "say hi"
    assert json.loads(made.environ["SM_HPS"]) == {"motto": "say hi", "n": 1}
    assert made.argv == ["--motto", "say hi", "--n", "1"]
    assert not {"PATH", "PWD", "SHLVL", "_"}.intersection(made.environ)


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_an_odd_apostrophe_stops_sdk_v3s_bash_in_one_line():
    with pytest.raises(BadJobError) as error:
        start(job({"motto": "it's"}))
    assert str(error.value) == "SDK v3's bash cannot export 'SM_HP_MOTTO': the job stops before the script starts"


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_the_message_of_bash_is_not_shown_because_it_may_contain_a_secret():
    with pytest.raises(BadJobError) as error:
        start(job({"api_key": "a' hunter-2 'b"}))
    assert str(error.value) == "SDK v3's bash cannot export 'SM_HP_API_KEY': the job stops before the script starts"


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_apostrophes_that_leave_no_json_stop_sdk_v3s_driver():
    with pytest.raises(BadJobError, match="its driver stops"):
        start(job({"motto": "a' B=1'c"}))


@pytest.mark.needs_unix
@pytest.mark.needs_process
@pytest.mark.parametrize(("name", "exported"), [("back\\", ("SM_HP_BACK", "v")), ("n b", ("B", "v"))])
def test_sdk_v3s_bash_exports_an_odd_name_as_on_the_platform(name, exported):
    made = start(job({"n": 1, name: "v"}))
    assert exported in made.environ.items()
    assert json.loads(made.environ["SM_HPS"]) == {"n": 1, name: "v"}


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_sdk_v3s_bash_adds_no_variable_of_its_own():
    assert start(job({"motto": "h''i"})).environ == start(job({"motto": "hi"})).environ


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("motto", "'; touch X; '"),
        ("motto", "'$(touch X)'"),
        ("motto", "'`touch X`'"),
        ("motto", "'\ntouch X\n'"),
        ("motto", "' && touch X '"),
        ("mot;touch X;to", "a"),
        ("a$(touch X)", "a"),
        ("a #", "b\ntouch X\n"),
        ('a"', "b; touch X; "),
        ("a{1..3}", "b"),
    ],
)
def test_sdk_v3s_bash_never_runs_a_part_of_a_hyperparameter(tmp_path, monkeypatch, name, value):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadJobError) as error:
        start(job({name: value}))
    assert "\n" not in str(error.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_a_hyperparameter_cannot_change_what_runs_behind_bash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadJobError, match="its driver stops"):
        start(job({"motto": "a' python=touch b='c"}))
    assert os.listdir(tmp_path) == []


@pytest.mark.needs_unix
@pytest.mark.needs_process
def test_a_channel_with_a_hyphen_is_refused_by_sdk_v3_alone(tmp_path):
    channels = read_channels([f"my-data={tmp_path}"])
    with pytest.raises(BadJobError) as error:
        start(job(channels=channels))
    assert str(error.value) == "SDK v3's bash cannot export 'SM_CHANNEL_MY-DATA': the job stops before the script starts"
    assert start(job(platform="toolkit", channels=channels)).environ["SM_CHANNEL_MY-DATA"] == "/base/input/data/my-data"


@pytest.mark.parametrize("value", ["a; touch X", "$(touch X)", "`touch X`", "a|b", "a && b", "a > X", "a\nb", "f(x)"])
def test_an_unquoted_command_line_that_a_shell_would_run_is_refused(value):
    with pytest.raises(BadJobError) as error:
        start(job({"motto": value}, "toolkit-unquoted"))
    message = str(error.value)
    assert message.startswith(
        "hyperparameter motto: toolkits before 5.1 pass it to a shell without quotes, and the shell would run what"
    )
    assert "\n" not in message


def test_an_unquoted_command_line_may_contain_characters_that_a_shell_expands():
    asked = job({"motto": "$HOME x"}, "toolkit-unquoted", typed=("a b",))
    made = start(asked)
    assert made.argv == ["--motto", "$HOME x"]
    (command,) = make_commands([made])
    assert command.tokens == ["/bin/sh", "-c", f"exec {sys.executable} train.py --motto $HOME x 'a b'"]


def test_the_first_name_that_a_glob_matches_twice_is_reported(tmp_path):
    for path in ("x/a", "x/b", "x/c", "y/a", "y/b"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    with pytest.raises(BadJobError, match=r"^argument --channel: train: '.*' matches two files named 'a'$"):
        read_channels([f"train={tmp_path}/*/*"])


@pytest.mark.parametrize(
    "directory",
    ["job", "--a--", "---", "a" * 62 + "-b", "a" * 63 + "-b", "-" * 9 + "b" * 80, "é" * 9, "job 1 (copy)", "2026.11.25"],
)
def test_the_name_of_a_job_is_one_that_the_service_allows(directory):
    # Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name_job(Path("/data", directory)))


def test_a_platform_that_only_gives_files_sets_the_directory_and_the_name():
    assert start(job({"a": "1"}, "files"))[1:] == (
        {"SAGEMAKER_BASE_DIR": BASE, "TRAINING_JOB_NAME": "a-job"},
        [],
    )


@pytest.mark.parametrize(
    ("script", "patch", "tokens"),
    [
        ("train.py", False, [sys.executable, "train.py", "--a", "1", "b c"]),
        ("train.py", True, [sys.executable, "-m", "smargs.patch", "train.py", "--a", "1", "b c"]),
        ("train.sh", False, ["/bin/sh", "-c", "exec ./train.sh --a 1 'b c'"]),
    ],
)
def test_a_script_is_started_with_sagemakers_tokens_and_the_typed_ones(monkeypatch, script, patch, tokens):
    monkeypatch.setenv("SM_HP_OLD", "1")
    monkeypatch.setenv("CURRENT_HOST", "algo-9")
    monkeypatch.setenv("MINE", "1")
    asked = job({"a": "1"}, script=Path("/src", script), patch=patch, typed=("b c",))
    (command,) = make_commands([start(asked)])
    assert command.tokens == tokens
    assert (command.environ["MINE"], command.environ["PYTHONUNBUFFERED"]) == ("1", "1")
    assert not {"SM_HP_OLD", "CURRENT_HOST"}.intersection(command.environ)
    assert command.directory == Path("/base/input/data/code")


def test_a_clean_environment_has_no_variable_of_the_caller_that_programs_do_not_need(monkeypatch):
    monkeypatch.setenv("MINE", "1")
    (command,) = make_commands([start(job(clean_env=True))])
    assert "MINE" not in command.environ
    assert (command.environ["PATH"], command.environ["HOME"]) == (os.environ["PATH"], os.environ["HOME"])


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A path with nothing but files that have the names of both launchers."""
    for name in LAUNCHERS:
        (tmp_path / name).touch(0o755)
    monkeypatch.setattr(sys, "executable", os.fspath(tmp_path / "python"))
    return tmp_path


@pytest.mark.parametrize("count", [1, 2])
def test_torchrun_starts_each_host_and_they_meet_on_loopback(installed, count):
    asked = job({"a": "1"}, launcher="torchrun", hosts=name_hosts(count), typed=("b",))
    launchers.check_launcher(asked)
    made = make_commands([start(asked, host, MACHINE._replace(gpus=8)) for host in asked.hosts])
    for rank, command in enumerate(made):
        program, nnodes, processes, *together = command.tokens[: -len(["train.py", "--a", "1", "b"])]
        assert (program, nnodes, processes) == (f"{installed}/torchrun", f"--nnodes={count}", "--nproc_per_node=8")
        assert command.tokens[-4:] == ["train.py", "--a", "1", "b"]
        assert [token.partition("=")[0] for token in together] == (
            ["--master_addr", "--master_port", "--node_rank"] if count > 1 else []
        )
        assert together[2:] == ([f"--node_rank={rank}"] if count > 1 else [])
        assert (command.environ["NCCL_SOCKET_IFNAME"], command.environ["NCCL_PROTO"]) == ("lo", "simple")
    assert len({tuple(command.tokens[3:5]) for command in made}) == 1
    assert json.loads(made[0].environ["SM_DISTRIBUTED_CONFIG"]) == {"process_count_per_node": None, "smp": None}


def test_mpirun_starts_all_hosts_from_the_first_each_with_its_variables(installed, monkeypatch):
    monkeypatch.setattr(launchers, "find_spec", lambda name: name == "mpi4py")
    asked = job({"a": "1"}, "toolkit", launcher="mpirun", hosts=name_hosts(2), processes_per_host=3)
    launchers.check_launcher(asked)
    starts = {host: start(asked, host) for host in asked.hosts}
    (command,) = make_commands(list(starts.values()))
    first, second = " ".join(command.tokens).split(" : ")
    assert first.startswith(f"{installed}/mpirun --allow-run-as-root --oversubscribe --tag-output -np 3 -x ")
    assert "-x SM_CURRENT_HOST=algo-1 " in first
    assert second.startswith("-np 3 -x ")
    assert "-x SM_CURRENT_HOST=algo-2 " in second
    assert all(part.endswith(f" {installed}/python -m mpi4py train.py -a 1") for part in (first, second))
    assert json.loads(starts["algo-1"].environ["SM_FRAMEWORK_PARAMS"]) == {
        "sagemaker_mpi_enabled": True,
        "sagemaker_mpi_num_of_processes_per_host": 3,
    }


def test_the_launcher_of_the_toolkit_is_a_hyperparameter(installed):
    made = start(job(platform="toolkit", launcher="torchrun"))
    assert json.loads(made.environ["SM_FRAMEWORK_PARAMS"]) == {"sagemaker_torch_distributed_enabled": True}
    assert json.loads(made.environ["SM_DISTRIBUTION_INSTANCE_GROUPS"]) == ["homogeneousCluster"]


def test_the_hyperparameters_that_the_toolkit_reads_itself_are_no_framework_parameters():
    """Source: params.py of the toolkit."""
    made = start(
        job({"sagemaker_s3_output": "s3://b", "sagemaker_enable_cloudwatch_metrics": "true", "sagemaker_a": "1"}, "toolkit")
    )
    assert json.loads(made.environ["SM_FRAMEWORK_PARAMS"]) == {"sagemaker_a": 1}


@pytest.mark.parametrize(("platform", "added"), [("toolkit", ADDED_BY_FRAMEWORKS), ("sdk", ())])
def test_a_container_has_the_hyperparameters_that_the_sdk_adds(platform, added):
    assert sorted(make_container(job(platform=platform), "algo-1", BASE, MACHINE).hyperparameters) == sorted(added)


def test_the_preview_shows_the_script_with_the_same_tokens():
    asked = job({"a": "1"}, typed=("b",))
    command = [sys.executable, "-m", "smargs.launch.preview"]
    assert preview_tokens(start(asked)) == [*command, "train.py", "--a", "1", "b"]
    assert preview_tokens(start(asked._replace(patch=True))) == [*command, "--patch", "train.py", "--a", "1", "b"]


@pytest.mark.needs_process
@pytest.mark.parametrize(("listed", "gpus"), [(None, 0), ("GPU 0: A\\nGPU 1: B\\n", 2)], ids=["none", "two"])
def test_the_gpus_are_those_that_nvidia_lists(tmp_path, monkeypatch, listed, gpus):
    if listed:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n[ \"$1\" = --list-gpus ] && printf '{listed}'\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    machine = this_machine()
    assert (machine.gpus, machine.processes_per_host, machine.cpus) == (gpus, gpus or 1, os.cpu_count())
    assert machine.network_interface.startswith("lo")


@pytest.mark.needs_process
@pytest.mark.needs_unix
@pytest.mark.parametrize("program", ["not a program", "#!/bin/sh\nwhile true; do true; done"], ids=["no program", "hangs"])
def test_an_nvidia_smi_that_lists_nothing_means_no_gpu(tmp_path, monkeypatch, program):
    (tmp_path / "nvidia-smi").write_text(program)
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    monkeypatch.setattr(containers, "_LONGEST_COUNT", 0.1)
    assert this_machine().gpus == 0


def test_a_machine_that_cannot_list_its_network_interfaces_has_linuxs_name_for_loopback(monkeypatch):
    def no_network():
        raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))  # As Python in a browser does.

    monkeypatch.setattr(socket, "if_nameindex", no_network)
    assert this_machine().network_interface == "lo"
