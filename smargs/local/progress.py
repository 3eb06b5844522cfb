"""The progress of what takes long: a line of it on the standard error every few seconds."""

from __future__ import annotations

import sys
import time
from typing import Callable

_SECONDS = 3


class Progress:
    """Prints how much is done, every three seconds. What takes less time prints nothing."""

    def __init__(self, name: str, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin.

        Args:
            name: What is made, for people.
            total: How many bytes are read for it.
            clock: Returns the time in seconds.
        """
        self._name = name
        self._total = total
        self._clock = clock
        self._done = 0
        self._next = clock() + _SECONDS

    def add(self, count: int) -> None:
        """Count bytes that were read, and print a line if it is time for it."""
        self._done += count
        now = self._clock()
        if now >= self._next:
            self._next = now + _SECONDS
            size = f"{self._done / 1e6:,.0f} of {self._total / 1e6:,.0f} MB"
            print(f"smargs: packing {self._name}: {size}", file=sys.stderr, flush=True)
