"""The parts of hyperparameters that are objects: ``model={"lr": 1}`` fills an argument ``--model.lr``."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, Mapping, Set, Tuple

from smargs.container.hyperparameters import Hyperparameter
from smargs.container.variables import fold
from smargs.texts import to_text


class Parts:
    """The hyperparameters of a job. An object that only dotted names declare is replaced by its parts.

    Attributes:
        values: The hyperparameters and the parts, by name.
        names: For each replaced hyperparameter, the names of its parts.
    """

    def __init__(self, values: Mapping[str, Hyperparameter], declared: Iterable[str]) -> None:
        """Split the objects.

        Args:
            values: The hyperparameters.
            declared: The names of the declared arguments, without prefix characters.
        """
        self.values = values
        self.names: Dict[str, List[str]] = {}
        self._declared = {fold(name) for name in declared}
        self._objects = set(_prefixes(self._declared)) - self._declared
        if self._objects:
            self.values = dict(part for name, value in values.items() for part in self._split(name, value))

    def _split(self, name: str, value: Hyperparameter) -> Iterator[Tuple[str, Hyperparameter]]:
        parts = dict(self._parts(name, value))
        if name not in parts:
            self.names[name] = list(parts)
        return iter(parts.items())

    def _parts(self, name: str, value: Hyperparameter) -> Iterator[Tuple[str, Hyperparameter]]:
        """Yield the parts of a value, at any depth; the value itself if it is not an object that dotted names declare."""
        if fold(name) not in self._objects or not isinstance(value.value, dict):
            yield name, value
            return
        for key, inner in value.value.items():
            yield from self._parts(f"{name}.{key}", Hyperparameter(inner, to_text(inner), value.source))


def _prefixes(names: Set[str]) -> Iterator[str]:
    """Yield ``a`` and ``a.b`` for ``a.b.c``."""
    for name in names:
        for index, character in enumerate(name):
            if character == "." and index:
                yield name[:index]
