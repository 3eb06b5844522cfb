"""The error for hyperparameters that a job would refuse."""

from __future__ import annotations

from typing import Iterable, Tuple

OTHER_PARSER = (
    "the script's parser is argparse's own: use the parser of smargs, or --patch (patch=True) if the job runs the script with "
    "smargs.patch"
)
"""The problem of a script whose parser is not that of smargs."""


class HyperparameterError(ValueError):
    """Hyperparameters that the service, the platform or the script's parser would refuse. Secrets are masked.

    Attributes:
        problems: Every problem, one line each. They are also the text of the error.
    """

    problems: Tuple[str, ...]

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> Tuple[type, Tuple[Tuple[str, ...]]]:
        """Pickle the problems, because an exception's own arguments are its text."""
        return type(self), (self.problems,)
