"""For tests of training scripts: jobs to run them in, strategies that draw such jobs, and laws that a script may state."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from smargs.local.job import BadJobError
    from smargs.testing.job import SageMakerJob
    from smargs.testing.laws import assert_parses_like_argparse, assert_same_on_every_platform
    from smargs.testing.processes import Finished
    from smargs.testing.strategies import hyperparameters, invalid_hyperparameters, jobs

__all__ = [
    "BadJobError",
    "Finished",
    "SageMakerJob",
    "assert_parses_like_argparse",
    "assert_same_on_every_platform",
    "hyperparameters",
    "invalid_hyperparameters",
    "jobs",
]

_MODULES = {
    "BadJobError": "smargs.local.job",
    "Finished": "smargs.testing.processes",
    "SageMakerJob": "smargs.testing.job",
    **dict.fromkeys(("assert_parses_like_argparse", "assert_same_on_every_platform"), "smargs.testing.laws"),
    **dict.fromkeys(("hyperparameters", "invalid_hyperparameters", "jobs"), "smargs.testing.strategies"),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: only the strategies need Hypothesis."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return value


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
