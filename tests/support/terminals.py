"""Terminals and pipes: a test reads what processes write."""

import os
import select


def read_to_end(terminal):
    """All that processes write. The test has closed its copy of their end."""
    seen = b""
    while part := _next(terminal, seen):
        seen += part
    return seen


def read_until(terminal, *texts):
    """What processes write until one of these texts is there."""
    seen = b""
    while not any(text in seen for text in texts):
        part = _next(terminal, seen)
        assert part, seen
        seen += part
    return seen


def _next(terminal, seen):
    """What processes write after what was seen; nothing at the end."""
    assert select.select([terminal], [], [], 60)[0], seen
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux raises EIO at the end of a terminal.
        return b""
