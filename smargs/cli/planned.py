"""The end that the options of ``smargs run`` plan for a job: a spot interruption, the limit of its run time, or a stop."""

from __future__ import annotations

import signal
from argparse import Namespace
from typing import Optional

from smargs.local.hosts import PlannedEnd
from smargs.local.job import TOOLKITS, TrainingJob
from smargs.local.mark import INTERRUPTED, MAX_RUNTIME_EXCEEDED, STOPPED
from smargs.local.platforms import sigterm_note


def plan_end(args: Namespace, job: TrainingJob) -> Optional[PlannedEnd]:
    """Return the first end that the command line plans; None if it plans none."""
    times = ((args.interrupt_after, INTERRUPTED), (args.max_run, MAX_RUNTIME_EXCEEDED), (args.stop_after, STOPPED))
    sent = 0 if job.platform in TOOLKITS else signal.SIGTERM
    note = sigterm_note(job.platform)
    ends = [PlannedEnd(after, status, sent, note) for after, status in times if after is not None]
    return min(ends, key=lambda end: end.after, default=None)
