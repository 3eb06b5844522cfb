"""A drop-in argparse.ArgumentParser for training scripts on Amazon SageMaker."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from smargs.container.environment import SageMakerEnvironment
    from smargs.launch.errors import HyperparameterError
    from smargs.launch.script import check_hyperparameters
    from smargs.mixin import SageMakerParserMixin
    from smargs.parser import SageMakerArgumentParser

__all__ = [
    "HyperparameterError",
    "SageMakerArgumentParser",
    "SageMakerEnvironment",
    "SageMakerParserMixin",
    "check_hyperparameters",
]
__version__ = "0.1.0"

_MODULES = {
    "HyperparameterError": "smargs.launch.errors",
    "SageMakerArgumentParser": "smargs.parser",
    "SageMakerEnvironment": "smargs.container.environment",
    "SageMakerParserMixin": "smargs.mixin",
    "check_hyperparameters": "smargs.launch.script",
}


if not TYPE_CHECKING:  # A type checker would otherwise accept every name.

    def __getattr__(name: str) -> object:
        """Import a public name on first use, so that the command ``smargs`` can run a script without importing the parser."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(__import__(_MODULES[name], fromlist=[name]), name)
        return value


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
