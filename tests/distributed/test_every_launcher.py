"""What holds of each launcher: scripts of plain argparse, and how a job ends of which a process fails, or that is stopped."""

import re
import signal
from pathlib import Path

import pytest

WORLDS = {
    "torchrun": """
import torch.distributed as dist

dist.init_process_group("gloo")
rank, wait_for_all = dist.get_rank(), dist.barrier
""",
    "mpirun": """
from mpi4py import MPI

rank, wait_for_all = MPI.COMM_WORLD.rank, MPI.COMM_WORLD.Barrier
""",
}
# Each rank prints the ID of its process and of its parent, and then runs longer than any test. It writes the line in one piece:
# print() writes the newline separately, so the lines of two processes could mix.
RUNNING = """
import argparse, os, sys, time

parser = argparse.ArgumentParser()
parser.add_argument("--failing-rank", type=int)
args = parser.parse_args()
sys.stdout.write(f"rank {rank} is {os.getpid()}, started by {os.getppid()}.\\n")
wait_for_all()
if rank == args.failing_rank:
    sys.exit(7)
time.sleep(600)
"""
PATCHED = """
import argparse, sys

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument("--current-host", default="unknown")
args = parser.parse_args()
sys.stdout.write(f"{args.epochs + 1} epochs on {args.current_host}\\n")
"""
STARTED = r"rank \d is (\d+), started by (\d+)\."
of_each_launcher = pytest.mark.parametrize("launcher", WORLDS)


def processes(output):
    """The processes of the ranks and their launchers."""
    return {int(pid) for pids in re.findall(STARTED, output) for pid in pids}


def is_running(pid):
    try:
        # A process that has ended is a zombie until its parent, perhaps process 1, waits for it.
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def running(pids):
    return sorted(filter(is_running, pids))


@of_each_launcher
def test_a_script_of_plain_argparse_is_patched_in_every_process(jobs, launcher):
    job = jobs.run(launcher, jobs.write(PATCHED), "--patch", "-p", "epochs=2")

    assert job.status == 0, job.output
    assert sorted(re.findall(r"\d epochs on .*", job.output)) == ["3 epochs on algo-1"] * 2 + ["3 epochs on algo-2"] * 2


@of_each_launcher
@pytest.mark.parametrize("rank", [0, 3], ids=["the first", "the last"])
def test_a_rank_that_fails_ends_the_job_and_all_of_its_processes(jobs, launcher, rank):
    job = jobs.run(launcher, jobs.write(WORLDS[launcher] + RUNNING), "-p", f"failing-rank={rank}")

    assert job.status not in (0, 2), job.output
    assert len(re.findall(STARTED, job.output)) == 4, job.output
    assert running(processes(job.output)) == []


@of_each_launcher
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_job_that_is_stopped_leaves_no_process(jobs, launcher, number):
    with jobs.start(launcher, jobs.write(WORLDS[launcher] + RUNNING), "-p", "failing-rank=-1") as process:
        output = ""
        while len(re.findall(STARTED, output)) < 4:
            line = process.stdout.readline()
            assert line, output
            output += line
        before = running(processes(output))
        process.send_signal(number)
        rest, _ = process.communicate()

    assert process.returncode not in (0, 2), output + rest
    assert len(before) >= 4
    assert running(processes(output)) == []
