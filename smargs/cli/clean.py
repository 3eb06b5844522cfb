"""The command ``smargs clean``: list the jobs that remain on this machine, or remove them."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import List, Sequence, Tuple

from smargs.local.clean import find_job, list_jobs, remove_jobs
from smargs.local.directory import default_place
from smargs.tables import print_table

_TIMES = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SIZES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"), (1, "B"))


def clean(args: Namespace) -> int:
    """Run ``smargs clean``.

    Returns:
        The exit status.

    Raises:
        BadJobError: If a job does not exist, runs, or cannot be removed.
    """
    if args.jobs:
        _remove(list(dict.fromkeys(map(find_job, args.jobs))))
    elif args.all or args.older_than is not None:
        _remove_old(args.older_than or 0.0)
    else:
        _print_jobs()
    return 0


def _print_jobs() -> None:
    rows = [(str(job.path), _with_unit(job.age, _TIMES), _with_unit(job.size(), _SIZES), job.status) for job in list_jobs()]
    if not rows:
        print(f"smargs: no jobs in {default_place()}", file=sys.stderr)
        return
    print_table(("job", "age", "size", "status"), rows)


def _remove_old(minimum_age: float) -> None:
    """Remove jobs of at least this age in seconds, except running jobs and those whose model could not be packed."""
    for job in list_jobs():
        if job.age < minimum_age or job.is_running:
            continue
        if job.is_unpacked:
            print(f"smargs: kept {job.path}: its model could not be packed; name the job to remove it", file=sys.stderr)
        else:
            _remove([job.path])


def _remove(paths: List[Path]) -> None:
    for path in remove_jobs(paths):
        print(f"removed {path}", flush=True)


def _with_unit(amount: float, units: Sequence[Tuple[int, str]]) -> str:
    """Format an amount in the largest unit that is not larger than the amount."""
    size, name = next((unit for unit in units if amount >= unit[0]), units[-1])
    return f"{round(amount / size, 1):g} {name}"
