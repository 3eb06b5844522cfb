"""The parts of hyperparameters that are objects: ``model={"lr": 1}`` fills an argument ``--model.lr``."""

from __future__ import annotations

from bisect import bisect_left
from typing import Dict, Iterable, Iterator, List, Mapping, Tuple

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
        self.names: Dict[str, List[str]] = {}
        self._declared = set(map(fold, declared))
        self._in_order = sorted(self._declared)
        self.values = dict(part for name, value in values.items() for part in self._split(name, value))

    def _split(self, name: str, value: Hyperparameter) -> Iterator[Tuple[str, Hyperparameter]]:
        parts = dict(self._parts(name, value))
        if name not in parts:
            self.names[name] = list(parts)
        return iter(parts.items())

    def _parts(self, name: str, value: Hyperparameter) -> Iterator[Tuple[str, Hyperparameter]]:
        """Yield the parts of a value, at any depth; the value itself if it is not an object that dotted names declare."""
        if not isinstance(value.value, dict) or not self._only_parts_are_declared(fold(name)):
            yield name, value
            return
        for key, inner in value.value.items():
            yield from self._parts(f"{name}.{key}", Hyperparameter(inner, to_text(inner), value.source))

    def _only_parts_are_declared(self, name: str) -> bool:
        """Return whether there are declared names such as ``a.b`` for ``a``, and no ``a``."""
        start = f"{name}."
        index = bisect_left(self._in_order, start)
        declared = index < len(self._in_order) and self._in_order[index].startswith(start)
        return declared and bool(name) and name not in self._declared
