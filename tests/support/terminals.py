"""Terminals: a test holds one end and a process the other."""

import os
import select


def read_to_end(terminal):
    """All that processes write to a terminal. The test has closed their end before."""
    seen = b""
    while True:
        assert select.select([terminal], [], [], 60)[0], seen
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux raises EIO at the end.
            return seen
        if not part:
            return seen
        seen += part
