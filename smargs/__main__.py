"""``python -m smargs`` is the command ``smargs``."""

import sys

from smargs.cli import main

if __name__ == "__main__":
    sys.exit(main())
