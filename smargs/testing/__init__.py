"""Tests of training scripts: jobs that run a script, strategies that generate jobs, and assertions about its parser."""

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


if not TYPE_CHECKING:  # A type checker would otherwise accept every name.

    def __getattr__(name: str) -> object:
        """Import a public name on first use. Only the strategies need Hypothesis, whose import takes 70 ms."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_MODULES[name]), name)
        return value


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
