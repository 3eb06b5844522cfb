"""``sys.argv`` as a list that smargs recognizes among equal lists, such as the empty list of a library's ``parse_args([])``."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, List, Optional


class ProcessTokens(List[str]):
    """``sys.argv`` or a slice of it. An equal list that a library has made is of another type."""

    def __init__(self, tokens: Iterable[str], whole: Optional[ProcessTokens] = None) -> None:
        super().__init__(tokens)
        self._whole = whole or self
        self._was_read = False

    @property
    def is_copied(self) -> bool:
        """Whether the script may have copied the tokens into another list, a tuple or a text."""
        return self._whole._was_read

    def plain(self) -> List[str]:
        """Return the tokens as a plain list, which does not count as a copy of the script's own."""
        return super().copy()

    def copy(self) -> ProcessTokens:
        """Return a copy that smargs recognizes, too."""
        return ProcessTokens(self.plain(), self._whole)

    def __getitem__(self, place: Any) -> Any:
        item = super().__getitem__(place)
        return ProcessTokens(item, self._whole) if isinstance(place, slice) else item

    def __iter__(self) -> Iterator[str]:
        self._whole._was_read = True
        return super().__iter__()

    def __add__(self, others: Any) -> Any:
        return list(self) + others

    def __radd__(self, others: Any) -> Any:
        return others + list(self)

    def __reduce__(self) -> Any:
        # Another process, which receives sys.argv, may not have this package.
        return list, (list(self),)
