"""Entry point of ``smargs`` and ``python -m smargs``: the standard streams, and the exit status after a signal.

The command itself is in :mod:`smargs.cli`.
"""

import io
import os
import sys

# Exit statuses as shells report them: 128 plus the number of the signal. The numbers are not imported from `signal`, because
# Ctrl-C during that import would print a traceback. This module imports only modules that Python has loaded at startup.
_INTERRUPTED = 128 + 2
_BROKEN_PIPE = 128 + 13


def main() -> int:
    """Run the command ``smargs`` in a process of its own.

    Returns:
        The exit status.
    """
    try:
        _open_missing_streams()
        _buffer_streams()
        try:
            # Imported here, so that Ctrl-C during the import prints no traceback.
            from smargs.cli.main import main as run

            return run()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    except BrokenPipeError:
        # Python flushes the streams again at exit. Flushing into the broken pipe would print an error.
        null = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(null, stream.fileno())
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        command = "smargs run" if sys.argv[1:2] == ["run"] else "smargs"
        print(f"{command}: interrupted", file=sys.stderr)
        return _INTERRUPTED


def _open_missing_streams() -> None:
    """Open the null device for each closed standard stream. Otherwise the next opened file would get its descriptor."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(descriptor, True)
            setattr(sys, name, os.fdopen(descriptor, mode))


def _buffer_streams() -> None:
    """Buffer standard output and error even under PYTHONUNBUFFERED, because a signal can interrupt an unbuffered write.

    An unbuffered text stream calls ``write`` once, which may write only a part of its bytes. The remaining text would be lost.
    Source: https://docs.python.org/3/library/io.html#io.RawIOBase.write

    Characters that the encoding of the stream lacks are escaped.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream.buffer, io.RawIOBase):
            buffered = io.BufferedWriter(stream.buffer)
            wrapper = io.TextIOWrapper(buffered, stream.encoding, stream.errors, line_buffering=True)
            setattr(sys, name, wrapper)
        getattr(sys, name).reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
