"""A job that Hypothesis draws. Only the failing job of a test shows what its script writes to standard error."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from types import TracebackType
from typing import Any, Iterator, Optional, Type

from hypothesis import currently_in_test_context, note

from smargs.testing.job import SageMakerJob


class DrawnJob(SageMakerJob):
    """A job of a Hypothesis test.

    Within a test, standard error becomes a note, which Hypothesis shows for the failing job alone. A stream with which the test
    itself has replaced standard error stays.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._stderr = sys.stderr
        self._notes = contextlib.ExitStack()

    def __enter__(self) -> DrawnJob:
        super().__enter__()
        if currently_in_test_context() and sys.stderr is self._stderr:
            self._notes.enter_context(_stderr_as_note())
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._notes.close()
        super().__exit__(kind, error, trace)


@contextlib.contextmanager
def _stderr_as_note() -> Iterator[None]:
    # A file, because a script may use the descriptor of its standard error.
    with tempfile.TemporaryFile("w+", buffering=1, encoding="utf-8", errors="backslashreplace") as stream:
        with contextlib.redirect_stderr(stream):
            yield
        stream.seek(0)
        text = stream.read().rstrip("\n")
    if text:
        note(text)
