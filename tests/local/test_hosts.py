"""The processes of a job on this machine: real ones, each with a script of its own."""

import contextlib
import errno
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tarfile
import termios
import textwrap
import time
from pathlib import Path

import pytest
from paths import ROOT
from terminals import read_to_end, read_until

from smargs.local.system import write_pieces

pytestmark = pytest.mark.needs_process

SECONDS = 60

# A process in a session of its own, as torchrun's workers are. It outlives the script unless it is ended.
LEFT_BEHIND = """
import os, subprocess, sys, time
from pathlib import Path
sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
left = subprocess.Popen(sleep, start_new_session=True, stdout=subprocess.DEVNULL)
Path(f"left-{os.environ['SM_CURRENT_HOST']}").write_text(f"{left.pid} {os.getpid()}")
"""


@pytest.fixture
def started(tmp_path):
    """Start `smargs run` on the text of a script. The process is ended with the test, if not before."""
    processes = []

    def start(source, *options, name="train.py", typed=(), before=(), **settings):
        script = tmp_path / name
        script.write_text(textwrap.dedent(source), encoding="utf-8")
        script.chmod(0o755)
        environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT), **settings.pop("env", {})}
        tokens = [*map(os.fspath, options), *(("--", *typed) if typed else ())]
        run = [sys.executable, "-m", "smargs", "run", os.fspath(script), "--output", os.fspath(tmp_path / "job"), *tokens]
        settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
        process = subprocess.Popen([*before, *run], env=environ, cwd=tmp_path, **settings)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
    for pid in pids(tmp_path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def labelled(started):
    """Start a script on the first of two hosts, so that each of its lines has a label. The second host ends at once."""

    def start(source, *options, **settings):
        first = "import os, sys\nif os.environ['SM_CURRENT_HOST'] == 'algo-2': sys.exit()\n"
        return started(first + textwrap.dedent(source), "--hosts", "2", *options, **settings)

    return start


def finish(process):
    """The exit status and the lines of both outputs."""
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out.decode().splitlines(), err.decode().splitlines()


def wait_until(holds):
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def wait_for(*paths):
    """Wait until a script has written its files."""
    wait_until(lambda: all(path.exists() and path.read_text() for path in paths))


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pids(directory):
    return [int(pid) for path in sorted(directory.glob("left-*")) for pid in path.read_text().split()]


def of(host, lines):
    return [line.partition("| ")[2] for line in lines if line.startswith(f"{host} |")]


def test_each_host_has_its_name_its_variables_and_its_label(started):
    process = started(
        """
        import json, os, sys
        print(json.dumps([os.environ["SM_CURRENT_HOST"], os.environ["SM_HOSTS"], os.environ["SM_MODEL_DIR"], sys.argv]))
        print("to the other stream", file=sys.stderr)
        """,
        *("--hosts", "3", "-p", "epochs=3"),
        typed=["--typed", "two words"],
    )
    status, out, err = finish(process)
    assert (status, len(out)) == (0, 3)
    for number, below in ((1, "model"), (2, "hosts/algo-2/model"), (3, "hosts/algo-3/model")):
        host, hosts, model, argv = json.loads(of(f"algo-{number}", out)[0])
        assert (host, json.loads(hosts)) == (f"algo-{number}", ["algo-1", "algo-2", "algo-3"])
        assert model.endswith(f"/job/{below}")
        assert argv == ["train.py", "--epochs", "3", "--typed", "two words"]
        assert of(f"algo-{number}", err) == ["to the other stream"]


def test_every_host_finds_the_checkpoints_of_the_job(started, tmp_path):
    """aws/sagemaker-python-sdk #3099."""
    process = started(
        """
        from pathlib import Path
        from smargs import SageMakerArgumentParser
        parser = SageMakerArgumentParser()
        parser.add_argument("--checkpoint-dir")
        parser.add_argument("--node-rank")
        args = parser.parse_args()
        Path(args.checkpoint_dir, f"of-rank-{args.node_rank}").touch()
        """,
        "--hosts",
        "2",
    )
    status, _, err = finish(process)

    assert status == 0, err
    assert sorted(os.listdir(tmp_path / "job" / "checkpoints")) == ["of-rank-0", "of-rank-1"]


def test_variables_of_an_outer_job_do_not_reach_the_script(started):
    source = "import os; print(sorted(name for name in os.environ if name in ('SM_HP_OLD', 'SM_NEW', 'KEPT')))"
    process = started(source, env={"SM_HP_OLD": "1", "SM_NEW": "2", "KEPT": "3"})
    assert finish(process)[1] == ["['KEPT']"]


REFRESHES = """
    import sys, time
    print("first")
    sys.stdin.read()
    sys.stdout.write("10%\\r20%\\rdone\\r\\nlast"); sys.stdout.flush()
    time.sleep(300)
    """


def test_the_output_of_a_single_host_passes_unchanged_while_the_script_runs(started):
    process = started(REFRESHES)
    seen = read_until(process.stdout.fileno(), b"last")
    assert process.poll() is None
    process.terminate()
    assert seen + process.stdout.read() == b"first\n10%\r20%\rdone\r\nlast"


def test_lines_with_a_label_appear_while_the_script_runs_and_the_last_one_needs_no_newline(labelled):
    process = labelled(REFRESHES)
    seen = read_until(process.stdout.fileno(), b"done")
    assert process.poll() is None
    process.terminate()
    assert of("algo-1", (seen + process.stdout.read()).decode().splitlines()) == ["first", "done", "last"]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_byte_of_a_single_host_stays_in_each_output(started, tmp_path, encoding):
    (tmp_path / "data").write_bytes(os.urandom(5_000_000) + b"\0\r1\r2\n\n\n\xff")
    process = started(
        """
        import sys
        data = open("data", "rb").read()
        sys.stdout.buffer.write(data)
        sys.stderr.buffer.write(data[::-1])
        """,
        env={"PYTHONIOENCODING": encoding},
    )
    out, err = process.communicate(timeout=SECONDS)
    written = (tmp_path / "data").read_bytes()
    assert (process.returncode, out == written) == (0, True)
    first, _, rest = err.partition(b"\n")
    assert first.startswith(b"smargs: job in ")
    assert rest.startswith(written[::-1])


def test_a_newline_is_added_only_to_the_output_that_gets_the_last_line(started):
    process = started("import sys; sys.stdout.write('out'); sys.stderr.write('err')")
    out, err = process.communicate(timeout=SECONDS)
    assert out == b"out"
    assert err.splitlines()[1] == b"err"
    assert err.count(b"\n") == 3


def test_a_single_host_with_one_file_for_both_outputs_keeps_their_order(started):
    source = "import sys\nfor number in range(500): print(number, file=(sys.stdout, sys.stderr)[number % 2])\nprint(end='last')"
    process = started(source, stderr=subprocess.STDOUT)
    first, *lines, last = process.communicate(timeout=SECONDS)[0].decode().splitlines()
    assert first.startswith("smargs: job in ")
    assert lines == [*map(str, range(500)), "last"]
    assert last.startswith("smargs: job Completed after ")


@pytest.mark.slow
def test_the_cost_of_a_line_is_linear_in_its_length(labelled):
    # If the cost of a read grew with what was read before, this would take most of an hour.
    process = labelled("for _ in range(300): sys.stdout.write('é' * 500_000)", stdout=subprocess.DEVNULL)
    assert process.wait(SECONDS) == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_long_line_appears_in_pieces_and_complete(labelled, tmp_path, unbuffered):
    process = labelled(
        """
        sys.stdout.write("a" + "é" * 3_000_000); sys.stdout.flush()
        os.mkfifo("gate")
        open("gate")
        sys.stdout.write("last\\r\\nnext\\n")
        """,
        env={"PYTHONUNBUFFERED": unbuffered},
    )
    seen = b""
    while seen.count(b"\n") < 2:
        assert select.select([process.stdout], [], [], SECONDS)[0]
        seen += os.read(process.stdout.fileno(), 65536)
    wait_until(lambda: (tmp_path / "gate").exists())
    (tmp_path / "gate").write_text("")
    *pieces, last = of("algo-1", (seen + process.communicate(timeout=SECONDS)[0]).decode().splitlines())
    assert ("".join(pieces), last) == ("a" + "é" * 3_000_000 + "last", "next")
    assert len(pieces) > 2


def test_the_end_of_a_long_line_is_in_the_reason_of_a_failure(started):
    source = "import sys; sys.stderr.write('x' * 2_000_000 + 'Traceback (most recent call last)\\nValueError: é'); sys.exit(1)"
    assert "ValueError: é" in finish(started(source))[2][-1]


def test_an_empty_line_stays_and_has_its_label(labelled):
    process = labelled("print('a\\n\\n\\nb'); print()")
    out, _ = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (0, b"algo-1 | a\nalgo-1 | \nalgo-1 | \nalgo-1 | b\nalgo-1 | \n")


def test_binary_lines_with_a_label_keep_every_byte(labelled, tmp_path):
    (tmp_path / "data").write_bytes(os.urandom(5_000_000).replace(b"\n", b"\r") + b"\0\r1\r2\n" * 1000)
    process = labelled("sys.stdout.buffer.write(b'\\0' + open('data', 'rb').read())")
    out, _ = process.communicate(timeout=SECONDS)
    lines = out.split(b"\n")
    assert all(line.startswith(b"algo-1 | ") for line in lines[:-1])
    # A line of more than two megabytes is split.
    written = b"".join(line[len(b"algo-1 | ") :] for line in lines)
    assert (process.returncode, written) == (0, b"\0" + (tmp_path / "data").read_bytes().replace(b"\n", b""))


def test_the_lines_of_several_hosts_are_not_mixed(started):
    source = """
        import os
        for number in range(3000):
            os.write(1, f"{number} {os.environ['SM_CURRENT_HOST']} ".encode())
            os.write(1, b"x" * (number % 97) + b"\\n")
        """
    status, out, _ = finish(started(source, "--hosts", "3"))
    assert (status, len(out)) == (0, 9000)
    for host in ("algo-1", "algo-2", "algo-3"):
        assert of(host, out) == [f"{number} {host} {'x' * (number % 97)}" for number in range(3000)]


def test_a_signal_during_a_write_loses_no_output(started, tmp_path):
    process = started(
        """
        import os, sys
        if os.environ["SM_CURRENT_HOST"] == "algo-1":
            sys.stdout.write("".join(f"line {number}\\n" for number in range(100_000)))
        else:
            os.mkfifo("gate")
            open("gate")
        """,
        *("--hosts", "2"),
        env={"PYTHONUNBUFFERED": ""},
    )
    # The pipe is full, so smargs waits in its write when the other host ends and SIGCHLD arrives.
    size = fcntl.fcntl(process.stdout, 1032)  # F_GETPIPE_SZ, which Python has since 3.10.
    wait_until(lambda: struct.unpack("i", fcntl.ioctl(process.stdout, termios.FIONREAD, b"    "))[0] == size)
    wait_until(lambda: (tmp_path / "gate").exists())
    (tmp_path / "gate").write_text("")
    time.sleep(0.5)

    assert of("algo-1", finish(process)[1]) == [f"line {number}" for number in range(100_000)]


@pytest.mark.slow
@pytest.mark.parametrize("fixture", ["started", "labelled"])
@pytest.mark.parametrize("newline", ["", "\\n", "\\r"], ids=["no newline", "lines", "refreshes"])
def test_the_memory_does_not_grow_with_the_output(request, fixture, newline):
    """The peak of a run that prints 200 MB, beside that of a run that prints nothing."""
    source = f"import sys\nfor _ in range(int(sys.argv[1])): sys.stdout.write('x' * 99 + '{newline}')"
    start, peaks = request.getfixturevalue(fixture), []
    for count in ("0", "2_000_000"):
        process = start(source, stdout=subprocess.DEVNULL, typed=[count], env={"PYTHONUNBUFFERED": ""})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0
        peaks.append(usage.ru_maxrss * 1024)
    assert peaks[1] - peaks[0] < 16 << 20


@pytest.mark.slow
def test_64_hosts_start_and_end(started):
    status, out, err = finish(started("import os; print(os.environ['SM_CURRENT_HOST'])", "--hosts", "64"))
    assert (status, sorted(out)) == (0, sorted(f"algo-{number:<2} | algo-{number}" for number in range(1, 65))), err


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", b"\xff\xfe ok"), ("ascii", rb"\ufffd\ufffd ok")])
def test_bytes_that_are_not_utf_8_get_a_label_unless_the_output_is_of_another_encoding(labelled, encoding, shown):
    process = labelled("sys.stdout.buffer.write(b'\\xff\\xfe ok\\n')", env={"PYTHONIOENCODING": encoding})
    out, _ = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (0, b"algo-1 | " + shown + b"\n")


def test_characters_that_standard_output_cannot_encode_do_not_end_the_run(labelled):
    source = "sys.stdout.buffer.write('50% \\u2588 \\xe9\\n'.encode('utf-8'))"
    status, out, _ = finish(labelled(source, env={"PYTHONIOENCODING": "ascii"}))
    assert (status, of("algo-1", out)) == (0, [r"50% \u2588 \xe9"])


@pytest.mark.parametrize("plain", ["", "1"], ids=["colours", "NO_COLOR"])
def test_labels_have_colours_only_on_a_terminal(started, plain):
    ours, theirs = pty.openpty()
    process = started("print('hello')", "--hosts", "2", stdout=theirs, env={"NO_COLOR": plain})
    os.close(theirs)
    seen = read_to_end(ours).decode()
    process.wait(SECONDS)
    os.close(ours)
    assert ("\x1b[" in seen) is not bool(plain)
    assert sorted(re.sub("\x1b\\[[0-9]*m", "", seen).split("\r\n")) == ["", "algo-1 | hello", "algo-2 | hello"]


def test_a_single_host_has_a_terminal_if_the_command_has_one(started):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    source = """
        import os, sys
        print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty(), tuple(os.get_terminal_size()))
        print("10%\\r20%\\r", file=sys.stderr, end="", flush=True)
        sys.stdout.buffer.write(b"\\x1b[1m\\xff\\x1b[0m" + input("name? ").encode())
        """
    process = started(source, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = read_until(ours, b"name? ")
    os.write(ours, b"Ada\n")
    seen += read_until(ours, b".tar.gz", b"nothing in")
    process.wait(SECONDS)
    os.close(ours)
    expected = b"True True True (99, 33)\r\n10%\r20%\rname? "
    assert expected in seen
    assert b"\x1b[1m\xff\x1b[0mAda\r\n\x1b[32msmargs: job Completed" in seen


def test_a_script_sees_the_size_that_the_terminal_gets(started):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    source = """
        import os, signal, sys, time
        def resized(number, frame):
            print("now", *os.get_terminal_size())
            sys.exit()
        signal.signal(signal.SIGWINCH, resized)
        print("at first", *os.get_terminal_size())
        time.sleep(300)
        """
    process = started(source, stdout=theirs)
    assert b"at first 99 33\r\n" in read_until(ours, b"33\r\n")
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 22, 44, 0, 0))
    os.close(theirs)
    process.send_signal(signal.SIGWINCH)
    assert read_until(ours, b"22\r\n") == b"now 44 22\r\n"
    assert process.wait(SECONDS) == 0
    os.close(ours)


def test_the_signal_of_a_terminal_reaches_a_script_whose_output_is_a_pipe(started):
    source = """
        import signal, sys, time
        signal.signal(signal.SIGWINCH, lambda number, frame: sys.exit("resized"))
        print("ready", flush=True)
        time.sleep(300)
        """
    process = started(source)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGWINCH)
    assert "resized" in finish(process)[2]


def test_an_output_to_a_file_stays_unchanged_beside_an_output_to_a_terminal(started, tmp_path):
    ours, theirs = pty.openpty()
    with open(tmp_path / "err", "wb") as err:
        process = started("import sys; print('out'); print('err', file=sys.stderr)", stdout=theirs, stderr=err)
    os.close(theirs)
    assert read_to_end(ours) == b"out\r\n"
    process.wait(SECONDS)
    os.close(ours)
    assert (tmp_path / "err").read_text().splitlines()[1:-1] == ["err"]


def test_the_reason_of_a_failure_on_a_terminal_has_no_colours(started):
    ours, theirs = pty.openpty()
    source = "import sys; sys.exit('Traceback (most recent call last)\\n\\x1b[1;35mValueError\\x1b[0m: \\x1b[35mbad\\x1b[0m')"
    process = started(source, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = read_to_end(ours)
    process.wait(SECONDS)
    os.close(ours)
    assert b'ErrorMessage "ValueError: bad"' in seen


def test_a_single_host_reads_the_standard_input_and_several_hosts_do_not(started):
    source = "import sys; print(repr(sys.stdin.read()))"
    for hosts, lines in (("1", ["'data'"]), ("2", ["algo-1 | ''", "algo-2 | ''"])):
        process = started(source, "--hosts", hosts, stdin=subprocess.PIPE)
        out, _ = process.communicate(b"data", timeout=SECONDS)
        assert sorted(out.decode().splitlines()) == lines


@pytest.mark.parametrize(("source", "colour"), [("pass", 32), ("raise SystemExit(3)", 31)], ids=["green", "red"])
@pytest.mark.parametrize("plain", ["", "1"], ids=["colours", "NO_COLOR"])
def test_on_a_terminal_the_last_line_is_green_after_a_success_and_red_after_a_failure(started, source, colour, plain):
    ours, theirs = pty.openpty()
    process = started(source, stderr=theirs, env={"NO_COLOR": plain})
    os.close(theirs)
    last = read_to_end(ours).decode().splitlines()[-1]
    process.wait(SECONDS)
    os.close(ours)
    assert re.fullmatch(r"smargs: job .*" if plain else rf"\x1b\[{colour}msmargs: job .*\x1b\[0m", last)


def test_the_first_host_that_fails_gives_the_status_and_stops_the_others(started, tmp_path):
    process = started(
        f"""
        {textwrap.indent(LEFT_BEHIND, " " * 8).strip()}
        host = os.environ["SM_CURRENT_HOST"]
        if host == "algo-2":
            while not Path("left-algo-1").exists() or not Path("left-algo-1").read_text():
                time.sleep(0.02)
            raise KeyError("the data")
        time.sleep(300)
        """,
        *("--hosts", "2"),
    )
    status, _, err = finish(process)
    assert status == 1
    assert err[-1].endswith(
        "FailureReason: AlgorithmError: ExecuteUserScriptError: ExitCode 1 ErrorMessage \"KeyError: 'the data'\" "
        f'Command "{sys.executable} train.py", exit code: 1'
    )
    assert "job Failed after" in err[-1]
    assert len(pids(tmp_path)) == 4
    assert not any(map(is_alive, pids(tmp_path)))


def test_a_script_that_a_signal_ends_has_the_status_of_a_shell(started):
    assert finish(started("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))[0] == 137


def test_a_process_that_outlives_a_successful_script_is_ended(started, tmp_path):
    status, _, err = finish(started(LEFT_BEHIND))
    assert (status, len(pids(tmp_path))) == (0, 2)
    assert "Completed" in err[-1]
    assert not any(map(is_alive, pids(tmp_path)))


# Without /proc, as on macOS, a process that has left its session is not found.
NO_PROC = """
import os.path
isdir = os.path.isdir
os.path.isdir = lambda path: path != "/proc/self" and isdir(path)
"""


@pytest.mark.parametrize("pause", ["0.01", "0"])
def test_a_run_ends_even_if_a_process_that_cannot_be_found_writes_on(started, tmp_path, pause):
    (tmp_path / "sitecustomize.py").write_text(NO_PROC)
    source = f"""
        import subprocess, sys
        from pathlib import Path
        writer = "import time\\nwhile True: print('x' * 999, flush=True); time.sleep({pause})"
        left = subprocess.Popen([sys.executable, "-c", writer], start_new_session=True)
        Path("left-1").write_text(str(left.pid))
        print("done")
        """
    process = started(source, env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})
    status, out, err = finish(process)
    assert (status, "done" in out) == (0, True)
    assert "job Completed after" in err[-1]


def test_processes_that_were_there_before_the_run_stay(started, tmp_path):
    # The second one becomes a child of smargs as soon as the shell between them ends; the third one starts a session later.
    shell = f"""
        mkfifo gate-2 gate-3
        sleep 300 > /dev/null 2>&1 & echo $! > left-1
        sh -c 'sleep 300 > /dev/null 2>&1 & echo $! > left-2; read line < gate-2' &
        {sys.executable} -c 'import os, time; open("gate-3").read(); os.setsid(); time.sleep(300)' > /dev/null 2>&1 &
        echo $! > left-3
        exec "$@"
        """
    source = """
        import os, time
        from pathlib import Path

        def stat(number, field):
            return int(Path(f"/proc/{pids[number]}/stat").read_text().rpartition(")")[2].split()[field])

        Path("gate-2").write_text("end\\n")
        Path("gate-3").write_text("")
        pids = {number: int(Path(f"left-{number}").read_text()) for number in (2, 3)}
        while stat(2, 1) != os.getppid() or stat(3, 3) != pids[3]:
            time.sleep(0.02)
        """
    status, _, err = finish(started(source, before=["sh", "-c", shell, "sh"]))
    assert status == 0, err
    assert [is_alive(pid) for pid in pids(tmp_path)] == [True, True, True]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_after_a_signal_no_process_of_a_job_remains(started, tmp_path, number):
    process = started(f"{LEFT_BEHIND}\ntime.sleep(300)", "--hosts", "2")
    wait_for(tmp_path / "left-algo-1", tmp_path / "left-algo-2")
    process.send_signal(number)
    status, _, err = finish(process)
    assert status == 128 + number
    assert "job Stopped after" in err[-1]
    assert len(pids(tmp_path)) == 4
    assert not any(map(is_alive, pids(tmp_path)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_that_is_ignored_from_the_start_ends_neither_the_run_nor_the_script(started, tmp_path, number):
    source = f"""
        import os, signal
        from pathlib import Path
        print(signal.getsignal({int(number)}) == signal.SIG_IGN, flush=True)
        os.mkfifo("gate")
        Path("ready").write_text("yes")
        open("gate")
        """
    process = started(source, preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
    wait_for(tmp_path / "ready")
    process.send_signal(number)
    (tmp_path / "gate").write_text("")
    status, out, err = finish(process)
    assert (status, out) == (0, ["True"])
    assert "job Completed after" in err[-1]


@pytest.mark.parametrize(
    ("number", "of_the_child", "is_first"),
    [(signal.SIGINT, signal.SIGINT, True), (signal.SIGTERM, signal.SIGTERM, False), (signal.SIGHUP, signal.SIGTERM, False)],
    ids=["SIGINT", "SIGTERM", "SIGHUP"],
)
def test_the_child_processes_of_a_script_get_ctrl_c_with_it_and_sigterm_after_it(
    started, tmp_path, number, of_the_child, is_first
):
    notes = """
        import os, signal, sys, time
        from pathlib import Path
        def note(number, frame):
            with open("notes", "a") as notes:
                print(sys.argv[0], number, file=notes)
            {}
            sys.exit()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(number, note)
        {}
        time.sleep(300)
        """
    child = notes.format("", "Path('left-1').write_text(str(os.getpid()))")
    (tmp_path / "child.py").write_text(textwrap.dedent(child))
    # After Ctrl-C the script waits for the child's note. After another signal it has a chance to be first.
    wait = "while 'child' not in Path('notes').read_text(): time.sleep(0.02)" if is_first else "time.sleep(0.3)"
    process = started(notes.format(wait, "import subprocess; subprocess.Popen([sys.executable, 'child.py'])"))
    wait_for(tmp_path / "left-1")
    process.send_signal(number)
    assert finish(process)[0] == 128 + number
    noted = (tmp_path / "notes").read_text().splitlines()
    expected = [f"train.py {int(number)}", f"child.py {int(of_the_child)}"]
    assert sorted(noted) == sorted(expected) if is_first else noted == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_script_behind_a_shell_gets_the_signal_as_well(started, tmp_path, number):
    (tmp_path / "inner.py").write_text(
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "def save(number, frame):\n"
        "    Path('saved').write_text(str(number)); sys.exit()\n"
        "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, save)\n"
        "Path('left-1').write_text(str(os.getpid()))\n"
        "time.sleep(300)\n"
    )
    process = started(f"#!/bin/sh\n{sys.executable} inner.py\necho behind it\n", name="train.sh")
    wait_for(tmp_path / "left-1")
    process.send_signal(number)
    assert finish(process)[0] == 128 + number
    assert (tmp_path / "saved").read_text() == str(int(number))
    assert not any(map(is_alive, pids(tmp_path)))


STUBBORN = f"""{LEFT_BEHIND}
import signal
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: Path("signalled").write_text("yes"))
Path("ready").write_text("yes")
while True:
    time.sleep(0.1)
"""


def test_the_second_signal_ends_a_script_that_does_not_listen(started, tmp_path):
    process = started(STUBBORN)
    wait_for(tmp_path / "ready")
    process.send_signal(signal.SIGINT)
    wait_for(tmp_path / "signalled")
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == 130
    assert not any(map(is_alive, pids(tmp_path)))


@pytest.mark.parametrize("option", ["--max-run", "--stop-after", "--interrupt-after"])
def test_an_end_may_be_planned_for_the_longest_time_that_the_service_allows(started, option):
    status, _, err = finish(started("pass", option, "672h"))
    assert (status, len(err)) == (0, 2), err


# Record the process groups that get a signal. Python reports each call to audit hooks.
RECORDS_GROUPS = """
import sys
def record(event, arguments):
    if event == "os.killpg":
        with open({path!r}, "a") as groups:
            print(*arguments, file=groups)
sys.addaudithook(record)
"""


@pytest.fixture
def sent_to(tmp_path):
    """The signals that the process group of a process has got from smargs."""
    groups = tmp_path / "groups"
    (tmp_path / "sitecustomize.py").write_text(RECORDS_GROUPS.format(path=os.fspath(groups)))

    def sent_to(leader):
        return [int(number) for group, number in map(str.split, groups.read_text().splitlines()) if int(group) == leader]

    return sent_to


def test_the_group_of_a_host_that_has_ended_gets_no_signal(started, tmp_path, sent_to):
    """Another process group may have its number."""
    source = """
        import os, signal, sys, time
        from pathlib import Path
        Path("left-" + os.environ["SM_CURRENT_HOST"]).write_text(str(os.getpid()))
        if os.environ["SM_CURRENT_HOST"] == "algo-2":
            sys.exit()
        while not (Path("groups").exists() and Path("left-algo-2").read_text() in Path("groups").read_text()):
            time.sleep(0.02)
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(300)
        """
    process = started(source, "--hosts", "2", env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})
    assert finish(process)[0] == 128 + signal.SIGINT
    first, second = pids(tmp_path)
    assert sent_to(second) == [signal.SIGKILL]
    assert sent_to(first)[:2] == [signal.SIGINT, signal.SIGTERM]


def test_the_group_of_a_host_that_was_killed_gets_no_signal(started, tmp_path, sent_to):
    process = started(STUBBORN, env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})
    wait_for(tmp_path / "ready")
    process.send_signal(signal.SIGINT)
    wait_for(tmp_path / "signalled")
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == 128 + signal.SIGINT
    assert sent_to(pids(tmp_path)[-1]) == [signal.SIGINT, signal.SIGKILL]


@pytest.mark.slow
def test_after_the_grace_period_a_script_that_does_not_listen_is_killed(started, tmp_path):
    status, _, err = finish(started(STUBBORN, "--platform", "sdk", "--interrupt-after", "5", "--grace", "0.5s"))
    assert status == 137
    assert (tmp_path / "signalled").exists()
    assert "job Interrupted after" in err[-1]
    assert not any(map(is_alive, pids(tmp_path)))


@pytest.mark.slow
def test_an_interrupted_script_saves_a_checkpoint_and_the_next_run_finds_it(started, tmp_path):
    source = """
        import os, signal, sys, time
        from pathlib import Path

        checkpoint = Path(os.environ["SAGEMAKER_BASE_DIR"], "checkpoints", "step")
        print("found", checkpoint.read_text() if checkpoint.exists() else None)

        def save(number, frame):
            checkpoint.write_text("41")
            sys.exit()

        signal.signal(signal.SIGTERM, save)
        time.sleep(0 if checkpoint.exists() else 300)
        """
    status, out, err = finish(started(source, "--platform", "files", "--interrupt-after", "5s"))
    assert (status, out) == (0, ["found None"])
    assert err[-1].endswith(f"checkpoints: {tmp_path.resolve()}/job/checkpoints")
    status, out, err = finish(started(source, "--interrupt-after", "1h"))
    assert (status, out) == (0, ["found 41"])
    assert "Completed" in err[-1]


# Two processes that never stop writing: one in the script's process group, one in a session of its own, as torchrun's workers.
WRITES_ON = """
import os, subprocess, sys, time
from pathlib import Path
place = os.path.join(os.environ["SM_MODEL_DIR"], "orphan")
writer = f"import itertools\\nfor number in itertools.count(): open({place!r} + str(number % 9), 'w').write('late')"
writers = [subprocess.Popen([sys.executable, "-c", writer], start_new_session=own) for own in (False, True)]
pids = " ".join(str(pid) for pid in (os.getpid(), *(writer.pid for writer in writers)))
Path(f"left-{os.environ['SM_CURRENT_HOST']}").write_text(pids)
time.sleep(300)
"""


def children(parent):
    """The ID and the name of each child process of a process."""
    names = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name, _, rest = (place / "stat").read_text().partition("(")[2].rpartition(")")
            if int(rest.split()[1]) == parent:
                names[int(place.name)] = name
    return names


def guardian_of(process):
    return next(pid for pid, name in children(process.pid).items() if name == "job-guardian")


def wait_until_ended(*expected):
    wait_until(lambda: not any(map(is_alive, expected)))


def members(archive):
    with tarfile.open(archive) as packed:
        return sorted(packed.getnames())


@pytest.mark.parametrize("hosts", ["1", "2"])
def test_a_run_that_is_killed_leaves_no_process_and_the_next_run_has_only_its_own_files(started, tmp_path, hosts):
    process = started(WRITES_ON, "--hosts", hosts)
    wait_for(*(tmp_path / f"left-algo-{number + 1}" for number in range(int(hosts))))
    guardian = guardian_of(process)
    process.kill()
    assert finish(process)[0] == -signal.SIGKILL
    wait_until_ended(guardian, *pids(tmp_path))
    assert len(pids(tmp_path)) == 3 * int(hosts)
    status, _, err = finish(started("import os\nopen(os.environ['SM_MODEL_DIR'] + '/own', 'w')"))
    assert (status, "Completed" in err[-1]) == (0, True)
    assert members(tmp_path / "job" / "model.tar.gz") == ["own"]


def test_a_run_that_is_killed_before_its_script_has_begun_leaves_no_process(started, tmp_path):
    process = started(f"#!/bin/sh\necho $$ > left-1\nkill -9 $PPID\nexec {sys.executable} writes.py\n", name="train.sh")
    (tmp_path / "writes.py").write_text(WRITES_ON)
    process.wait(SECONDS)
    wait_for(tmp_path / "left-1")
    wait_until_ended(*pids(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_to_the_guardian_leaves_the_job_guarded(started, tmp_path, number):
    process = started(WRITES_ON)
    wait_for(tmp_path / "left-algo-1")
    guardian = guardian_of(process)
    os.kill(guardian, number)
    process.kill()
    process.wait()
    wait_until_ended(guardian, *pids(tmp_path))


def test_a_directory_is_in_use_as_long_as_any_process_of_its_job(started, tmp_path):
    process = started("import os, time\nfrom pathlib import Path\nPath('left-1').write_text(str(os.getpid()))\ntime.sleep(300)")
    wait_for(tmp_path / "left-1")
    os.kill(guardian_of(process), signal.SIGKILL)
    process.kill()
    process.wait()
    (survivor,) = pids(tmp_path)
    try:
        assert is_alive(survivor)
        _, _, err = finish(started("pass"))
        assert err == [f"smargs run: error: argument --output: {tmp_path}/job is in use by another smargs run"]
    finally:
        os.kill(survivor, signal.SIGKILL)
    wait_until_ended(survivor)
    assert finish(started("pass"))[0] == 0


def test_the_guardian_ends_with_the_run_and_does_not_keep_its_output_open(started, tmp_path):
    process = started(
        "import os, time\nfrom pathlib import Path\nPath('ready').write_text('yes')\nos.mkfifo('gate')\nopen('gate')"
    )
    wait_for(tmp_path / "ready")
    guardian = guardian_of(process)
    assert os.getsid(guardian) == guardian
    open_files = {os.readlink(place) for place in Path(f"/proc/{guardian}/fd").iterdir()}
    assert {os.readlink(f"/proc/{process.pid}/fd/{number}") for number in (1, 2)}.isdisjoint(open_files)
    wait_until(lambda: (tmp_path / "gate").exists())
    (tmp_path / "gate").write_text("")
    assert finish(process)[0] == 0
    assert not is_alive(guardian)


def test_the_guardian_forgets_a_host_that_has_ended(tmp_path):
    # Another process may get the ID of a process that has ended.
    code = (
        "import os, subprocess; from smargs.local.guardian import Guardian\n"
        "guardian = Guardian()\n"
        "sleep = {'args': ['sleep', '300'], 'start_new_session': True, 'preexec_fn': guardian.announce}\n"
        "ended, left = subprocess.Popen(**sleep), subprocess.Popen(**sleep)\n"
        "guardian.announce()\n"
        "for pid in (ended.pid, os.getpid()): guardian.forget(pid)\n"
        "print(ended.pid, left.pid, guardian.pid, flush=True)\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE) as process:
        ended, running, guardian = map(int, process.stdout.readline().split())
    try:
        wait_until_ended(running, guardian)
        assert is_alive(ended)
    finally:
        os.kill(ended, signal.SIGKILL)


def test_the_hosts_are_stopped_if_nobody_reads_the_output(started, tmp_path):
    process = started(f"{LEFT_BEHIND}\nwhile True:\n    print('more')\n    time.sleep(0.01)")
    assert process.stdout.read(1) == b"m"
    process.stdout.close()
    process.stdout = None
    assert process.wait(SECONDS) == 128 + signal.SIGPIPE
    assert b"Traceback" not in process.stderr.read()
    assert not any(map(is_alive, pids(tmp_path)))


def test_the_hosts_are_stopped_if_the_output_cannot_be_written(started, tmp_path):
    with open("/dev/full", "wb") as full:
        process = started(f"{LEFT_BEHIND}\nprint('more')\ntime.sleep(300)", stdout=full)
        assert process.wait(SECONDS) == 1
    lines = process.stderr.read().decode().splitlines()
    assert len(lines) == 3
    assert lines[1] == f"smargs: the output cannot be written: {os.strerror(errno.ENOSPC)}"
    assert "job Stopped after" in lines[2]
    assert not any(map(is_alive, pids(tmp_path)))


@pytest.mark.parametrize("fixture", ["started", "labelled"])
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_an_output_that_does_not_block_loses_nothing_while_it_is_full(request, tmp_path, fixture, unbuffered):
    read, write = os.pipe()
    os.set_blocking(write, False)
    source = """
        for number in range(100_000): print(number)
        """
    process = request.getfixturevalue(fixture)(source, stdout=write, stderr=write, env={"PYTHONUNBUFFERED": unbuffered})
    # The pipe is full before it is read for the first time.
    wait_until(lambda: not select.select([], [write], [], 0)[1])
    os.close(write)
    with open(read, encoding="utf-8") as output:
        first, *lines, last = output.read().splitlines()
    label = "algo-1 | " if fixture == "labelled" else ""
    assert (process.wait(SECONDS), lines == [f"{label}{number}" for number in range(100_000)]) == (0, True)
    assert "job in" in first
    assert "job Completed after" in last


def test_no_piece_is_written_to_an_output_that_does_not_block_and_is_full():
    read, write = os.pipe()
    os.set_blocking(write, False)
    os.write(write, b"." * (1 << 20))
    assert write_pieces(write, [b"label ", b"line"]) == 0
    os.close(read)
    os.close(write)


def test_a_command_that_cannot_be_started_is_one_line(started, tmp_path):
    status, _, err = finish(started("#!/nowhere/shell\n", name="train.sh"))
    assert status in (126, 127)
    assert "Failed" in err[-1]


def test_a_secret_does_not_get_into_the_reason_of_a_failure(started):
    _, _, err = finish(started("raise ValueError('x')", "-p", "api_key=hunter2-hunter2"))
    assert "hunter2" not in err[-1]
    assert "--api_key ******" in err[-1]


@pytest.mark.parametrize("platform", ["toolkit", "sdk", "files"])
@pytest.mark.parametrize("is_clean", [True, False], ids=["--clean-env", "without"])
def test_a_clean_environment_has_only_the_callers_variables_that_each_program_needs(started, platform, is_clean):
    source = "import json, os; print(json.dumps(sorted(os.environ)))"
    callers = {"AWS_SECRET_ACCESS_KEY": "x", "MINE": "1", "LANG": "C.UTF-8", "HOME": "/tmp"}
    options = ["--platform", platform, "-p", "lr=1", *(["--clean-env"] if is_clean else [])]
    status, out, _ = finish(started(source, *options, env=callers))
    names = set(json.loads(out[0]))
    of_the_platform = {name for name in names if name.startswith(("SM_", "SAGEMAKER_"))} | {
        "TRAINING_JOB_NAME",
        "PYTHONUNBUFFERED",
        *(["PYTHONPATH"] if platform == "toolkit" else []),
    }

    assert status == 0
    assert {"PATH", "HOME", "LANG", "TRAINING_JOB_NAME"} <= names
    assert ("SM_HP_LR" in names) is (platform != "files")
    assert ({"AWS_SECRET_ACCESS_KEY", "MINE"} <= names) is not is_clean
    if is_clean:
        assert names - of_the_platform - {"CURRENT_HOST"} == {"PATH", "HOME", "LANG"}


def test_an_unchanged_script_is_filled(started):
    source = """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--fp16", action="store_true")
        parser.add_argument("--train", required=True)
        print(parser.parse_args())
        """
    status, out, _ = finish(started(source, "--patch", "-p", "fp16=true", "--channel", f"train={ROOT / 'docs'}"))
    assert status == 0
    assert re.fullmatch(r"Namespace\(fp16=True, train='.*/job/input/data/train'\)", out[0])


DECLARES = """
    from smargs import SageMakerArgumentParser
    parser = SageMakerArgumentParser()
    parser.add_argument("--epochs", type=int, default=1)
    parser.parse_args()
    raise AssertionError("it went on")
    """


def test_a_dry_run_shows_the_arguments_and_leaves_no_directory(started, tmp_path):
    status, out, err = finish(started(DECLARES, "--dry-run", "-p", "epochs=3", "--hosts", "2", typed=["--epochs", "5"]))
    assert (status, err) == (0, [])
    row = next(line for line in out if "--epochs" in line)
    assert re.findall(r"[-\w()]+", row) == ["--epochs", "5", "int", "command", "line", "3", "(SM_HP_EPOCHS)"]
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


def test_a_dry_run_reads_no_data_so_its_channels_may_be_anywhere(started):
    source = """
    from smargs import SageMakerArgumentParser
    parser = SageMakerArgumentParser()
    parser.add_argument("--train")
    parser.add_argument("--test")
    parser.parse_args()
    """
    channels = ["--channel", "train=s3://bucket/key", "--channel", "test=no/data"]
    status, out, err = finish(started(source, "--dry-run", *channels))
    assert (status, err) == (0, [])
    assert [re.search(r"SM_CHANNEL_\w+", row).group() for row in out if "SM_" in row] == ["SM_CHANNEL_TRAIN", "SM_CHANNEL_TEST"]


def test_a_dry_run_of_an_unchanged_script_shows_the_values_of_the_patched_one(started):
    source = """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--fp16", action="store_true")
        parser.parse_args()
        """
    status, out, _ = finish(started(source, "--dry-run", "--patch", "-p", "fp16=true"))
    assert status == 0
    row = next(line for line in out if "--fp16" in line)
    assert re.findall(r"[-\w()]+", row) == ["--fp16", "True", "bool", "SM_HP_FP16", "False", "(default)"]


def test_a_dry_run_shows_the_parsers_own_error(started, tmp_path):
    status, out, err = finish(started(DECLARES, "--dry-run", "-p", "epochs=many"))
    assert (status, out) == (2, [])
    assert err[-1] == "train.py: error: argument --epochs: invalid int value: 'many' (from SM_HP_EPOCHS)"
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


@pytest.mark.parametrize(
    ("source", "expected", "last"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL, []),
        ("\nraise KeyboardInterrupt", 128 + signal.SIGINT, ["KeyboardInterrupt"]),
        ("\nraise KeyError", 1, ["KeyError"]),
    ],
    ids=["signal", "interrupt", "exception"],
)
def test_a_dry_run_ends_as_the_script_does_before_it_parses(started, source, expected, last):
    status, out, err = finish(started(source, "--dry-run"))
    assert (status, out, err[-1:]) == (expected, [], last)
    assert [line.split('"')[1].endswith("train.py") for line in err if "File" in line] == [True] * len(last)


@pytest.mark.parametrize("option", ["--dry-run", "--patch"])
def test_options_for_python_refuse_a_shell_script(started, option):
    status, _, err = finish(started("#!/bin/sh\n", option, name="train.sh"))
    assert status == 2
    assert len(err) == 1
    assert re.fullmatch(
        rf"smargs run: error: argument {option}: '.*/train.sh' is not a Python script: expected a .py file", err[0]
    )


def test_the_variables_of_a_container_are_shown_by_the_command(started):
    process = started(
        "import os, subprocess, sys; subprocess.run([sys.executable, '-m', 'smargs', 'env', '--json'])", "-p", "epochs=3"
    )
    status, out, _ = finish(process)
    assert status == 0
    environment = json.loads("\n".join(out))
    assert environment["hyperparameters"]["epochs"] == {"value": 3, "source": "SM_HP_EPOCHS"}
