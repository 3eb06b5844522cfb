"""Entry point of ``smargs`` and ``python -m smargs``: the standard streams, and the exit status after a signal.

The command itself is in :mod:`smargs.cli`.
"""

import os
import sys

# The exit status as shells report it: 128 plus the number of the signal. The number is not imported from `signal`, because
# Ctrl-C during that import would print a traceback. This module imports only modules that Python has loaded at startup.
_INTERRUPTED = 128 + 2


def main() -> int:
    """Run the command ``smargs`` in a process of its own.

    Returns:
        The exit status.
    """
    try:
        _open_missing_streams()
        # Imported here, so that Ctrl-C during the import prints no traceback.
        from smargs.cli.main import main as run
        from smargs.output import print_all

        return print_all(run)
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


if __name__ == "__main__":
    sys.exit(main())
