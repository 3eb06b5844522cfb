"""``python -m smargs`` is the command ``smargs``."""

import sys

from smargs.cli import main

sys.exit(main())
