"""How a parse with an error ends: without secrets, without a long usage, and with the job's failure file."""

from __future__ import annotations

import contextlib
import functools
from typing import Any, Callable, NoReturn, Optional

from smargs import _argparse

_LONGEST_USAGE = 10  # Lines.


def masked(error: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    """Wrap a parser's method ``error``: mask the secrets in the message, and in the exceptions that the method raises."""

    @functools.wraps(error)
    def error_without_secrets(self: Any, message: str, *args: Any, **settings: Any) -> NoReturn:
        secrets = self._secrets_to_mask()
        try:
            error(self, secrets.mask_text(message), *args, **settings)
        except BaseException as raised:
            secrets.mask_exception(raised)
            raise

    vars(error_without_secrets)["masks_secrets"] = True
    return error_without_secrets


def with_short_usage(parser: Any) -> Any:
    """Return a copy of a parser whose error shows no long usage, because a job's log should show the error itself."""
    lines, count = parser.format_usage().count("\n"), len(_argparse.actions(parser))
    copied = _argparse.bare_copy(parser)
    if lines > _LONGEST_USAGE:
        vars(copied)["format_usage"] = lambda: f"usage: {parser.prog} ... (--help shows all {count} arguments)\n"
    return copied


def write_failure(path: Optional[str], message: str) -> None:
    """Write the error into the job's failure file. Do nothing if the job has none, or if it exists or cannot be written."""
    if path:
        with contextlib.suppress(OSError, ValueError), open(path, "x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{message}\n")
