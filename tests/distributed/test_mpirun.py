"""mpirun, the real Open MPI: its ranks reach each other, and each has the environment of its own host."""

import re

SCRIPT = """
import sys
from mpi4py import MPI
from smargs import SageMakerArgumentParser

parser = SageMakerArgumentParser()
parser.add_argument("--current-host")
parser.add_argument("--hosts")
parser.add_argument("--scale", type=int)
args = parser.parse_args()
world = MPI.COMM_WORLD
total = world.allreduce(args.scale * (world.rank + 1))
sys.stdout.write(f"rank {world.rank} of {world.size} on {args.current_host} of {len(args.hosts)}: {total}\\n")
"""


def test_the_ranks_of_all_hosts_reduce_what_each_has(jobs):
    job = jobs.run("mpirun", jobs.write(SCRIPT), "-p", "scale=10")

    assert job.status == 0, job.output
    assert sorted(re.findall(r"rank \d of .*", job.output)) == [
        "rank 0 of 4 on algo-1 of 2: 100",
        "rank 1 of 4 on algo-1 of 2: 100",
        "rank 2 of 4 on algo-2 of 2: 100",
        "rank 3 of 4 on algo-2 of 2: 100",
    ]
