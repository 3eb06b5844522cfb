"""The command ``smargs``, also as ``python -m smargs``: its standard streams and how it ends; ``cli`` does the rest.

It imports next to nothing, so that Ctrl-C while the rest is imported is no traceback.
"""

import io
import os
import sys

# As shells say it: 128 and the number of the signal. To import the module of their names takes longer than all of this.
_INTERRUPTED = 128 + 2
_NOT_READ = 128 + 13


def main() -> int:
    """Run the command ``smargs`` in a process of its own.

    Returns:
        The exit status.
    """
    try:
        _open_missing_streams()
        _buffer_streams()
        try:
            from smargs.cli.main import main as run

            return run()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    except BrokenPipeError:
        # Python flushes the streams once more, and would say that it cannot.
        null = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(null, stream.fileno())
        return _NOT_READ
    except KeyboardInterrupt:
        command = "smargs run" if sys.argv[1:2] == ["run"] else "smargs"
        print(f"{command}: interrupted", file=sys.stderr)
        return _INTERRUPTED


def _open_missing_streams() -> None:
    """Open the null device in the place of a closed standard stream: the next file that is opened would be in that place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(descriptor, True)
            setattr(sys, name, os.fdopen(descriptor, mode))


def _buffer_streams() -> None:
    """Buffer standard output and error also under PYTHONUNBUFFERED, where a write that a signal cuts short loses its rest.

    Source: https://docs.python.org/3/library/io.html#io.RawIOBase.write may write less; a text stream calls it once.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream.buffer, io.RawIOBase):
            buffered = io.BufferedWriter(stream.buffer)
            wrapper = io.TextIOWrapper(buffered, stream.encoding, stream.errors, line_buffering=True)
            setattr(sys, name, wrapper)


if __name__ == "__main__":
    sys.exit(main())
