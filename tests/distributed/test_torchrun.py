"""torchrun: the example with DistributedDataParallel, and where its processes meet."""

import hashlib
import re
import tarfile
from pathlib import Path

import torch

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "train_ddp.py"
RENDEZVOUS = """
import os, sys

names = ("MASTER_ADDR", "MASTER_PORT", "WORLD_SIZE", "RANK", "LOCAL_RANK", "GROUP_RANK")
sys.stdout.write(" ".join(f"{name}={os.environ.get(name)}" for name in names) + "\\n")
"""


def digest(parameters):
    return hashlib.sha256(torch.cat([tensor.flatten() for tensor in parameters.values()]).numpy().tobytes()).hexdigest()


def test_the_ranks_of_all_hosts_train_one_model_and_leave_it_once(jobs, tmp_path):
    job = jobs.run("torchrun", EXAMPLE, "-p", "epochs=2")

    assert job.status == 0, job.output
    assert job.lines("rank .*") == [
        ("algo-1", "rank 0 of 4: local rank 0 on algo-1 of algo-1, algo-2"),
        ("algo-1", "rank 1 of 4: local rank 1 on algo-1 of algo-1, algo-2"),
        ("algo-2", "rank 2 of 4: local rank 0 on algo-2 of algo-1, algo-2"),
        ("algo-2", "rank 3 of 4: local rank 1 on algo-2 of algo-1, algo-2"),
    ]
    assert [line.partition(":")[0] for _, line in job.lines("epoch .*")] == ["epoch 1/2", "epoch 2/2"]
    (agreed,) = job.lines("4 ranks on 2 hosts agree: parameters [0-9a-f]{16}")
    with tarfile.open(jobs.output / "model.tar.gz") as archive:
        archive.extractall(tmp_path / "extracted", filter="data")
    for path in (jobs.output / "model" / "model.pt", tmp_path / "extracted" / "model.pt"):
        assert agreed[1].endswith(digest(torch.load(path, weights_only=True))[:16])


def test_the_example_fails_where_its_ranks_do_not_agree(jobs):
    source = EXAMPLE.read_text(encoding="utf-8")
    alone = source.replace("model = DistributedDataParallel(network)", "model = network")
    assert alone != source

    job = jobs.run("torchrun", jobs.write(alone), "-p", "epochs=1")

    assert job.status != 0
    assert job.lines("rank 0: the ranks disagree: parameters .*")
    assert not (jobs.output / "model" / "model.pt").exists()


def test_every_process_is_told_where_to_meet(jobs):
    job = jobs.run("torchrun", jobs.write(RENDEZVOUS))

    assert job.status == 0, job.output
    environments = [(host, dict(pair.split("=") for pair in line.split())) for host, line in job.lines("MASTER_ADDR=.*")]
    ranks = [(host, *(one[name] for name in ("WORLD_SIZE", "RANK", "GROUP_RANK", "LOCAL_RANK"))) for host, one in environments]
    assert sorted(ranks) == [
        ("algo-1", "4", "0", "0", "0"),
        ("algo-1", "4", "1", "0", "1"),
        ("algo-2", "4", "2", "1", "0"),
        ("algo-2", "4", "3", "1", "1"),
    ]
    assert {one["MASTER_ADDR"] for _, one in environments} <= {"127.0.0.1", "localhost"}
    (port,) = {one["MASTER_PORT"] for _, one in environments}
    assert re.fullmatch(r"\d+", port)
