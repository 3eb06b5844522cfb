"""Train a small network on several hosts with PyTorch's DistributedDataParallel: under torchrun, or alone."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import List, Tuple

import torch
import torch.distributed as dist
import torch.distributed.nn  # First imported after init_process_group(), its functions would hold the process group.
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset

from smargs import SageMakerArgumentParser

FEATURES, SAMPLES = 8, 512


def declare_arguments() -> SageMakerArgumentParser:
    """Declare the arguments; in a SageMaker job, their defaults come from the job."""
    parser = SageMakerArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5, help="passes over the data")
    parser.add_argument("--batch-size", type=int, default=32, help="samples per step and rank")
    parser.add_argument("--learning-rate", default=0.05, help="size of the steps")
    parser.add_argument("--model-dir", type=Path, default=Path("model"), help="where the model goes")
    parser.add_argument("--hosts", default=["localhost"], help="all hosts of the job")
    parser.add_argument("--current-host", default="localhost", help="this host")
    return parser


def join_ranks() -> Tuple[int, int, int]:
    """Join the other processes of torchrun; return the rank, the number of ranks, and the rank within the host."""
    if "WORLD_SIZE" in os.environ:
        dist.init_process_group("gloo", init_method="env://")
    else:
        dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    return dist.get_rank(), dist.get_world_size(), int(os.environ.get("LOCAL_RANK", "0"))


def make_shard() -> TensorDataset:
    """Return the samples of this rank alone: points, and the distance of each from the origin."""
    points = torch.randn(SAMPLES, FEATURES)
    return TensorDataset(points, points.norm(dim=1, keepdim=True))


def train_epoch(model: nn.Module, optimizer: torch.optim.Optimizer, batches: DataLoader[Tuple[Tensor, ...]]) -> float:
    """Train for one pass over the shards; return the mean loss of all ranks."""
    total = torch.zeros(())
    for points, distances in batches:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(points), distances)
        loss.backward()  # Here the ranks average their gradients.
        optimizer.step()
        total += loss.detach()
    dist.all_reduce(total)
    return total.item() / (len(batches) * dist.get_world_size())


def digest(network: nn.Module) -> str:
    """Return a digest of the bytes of all parameters."""
    parameters = nn.utils.parameters_to_vector(network.parameters()).detach()
    return hashlib.sha256(parameters.numpy().tobytes()).hexdigest()[:16]


def gather_digests(network: nn.Module, host: str) -> List[Tuple[str, str]]:
    """Return host and digest of each rank, in the order of the ranks; every rank gets the same list."""
    gathered = [("", "")] * dist.get_world_size()
    dist.all_gather_object(gathered, (host, digest(network)))
    return gathered


def main() -> None:
    """Train, print the loss after each epoch, check that all ranks have the same model, and save it once."""
    args = declare_arguments().parse_args()
    rank, ranks, local_rank = join_ranks()
    # One write for the line and its end: print makes two, so the lines of two processes could mix.
    sys.stdout.write(f"rank {rank} of {ranks}: local rank {local_rank} on {args.current_host} of {', '.join(args.hosts)}\n")

    # Each rank draws its own samples, the same in each run. DDP copies the initial model of rank 0 to all ranks.
    torch.manual_seed(rank)
    network = nn.Sequential(nn.Linear(FEATURES, 32), nn.ReLU(), nn.Linear(32, 1))
    model = DistributedDataParallel(network)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.learning_rate)
    batches = DataLoader(make_shard(), batch_size=args.batch_size, shuffle=True)
    for epoch in range(1, args.epochs + 1):
        loss = train_epoch(model, optimizer, batches)
        if rank == 0:
            print(f"epoch {epoch}/{args.epochs}: loss={loss:.4f}", flush=True)

    gathered = gather_digests(network, args.current_host)
    dist.barrier()  # Before this, gloo's threads may still use the gathered objects, which must not happen when Python ends.
    del model  # It holds the process group, and with it gloo's threads.
    dist.destroy_process_group()
    digests = {checksum for _, checksum in gathered}
    if len(digests) > 1:
        sys.exit(f"rank {rank}: the ranks disagree: parameters {', '.join(checksum for _, checksum in gathered)}")
    if rank == 0:
        hosts = {host for host, _ in gathered}
        print(f"{ranks} ranks on {len(hosts)} hosts agree: parameters {digests.pop()}", flush=True)
        args.model_dir.mkdir(parents=True, exist_ok=True)
        torch.save(network.state_dict(), args.model_dir / "model.pt")


if __name__ == "__main__":
    main()
