"""The command ``smargs bundle``: put smargs into a source directory."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from smargs.launch.bundle import BundleError, bundle
from smargs.local.job import BadJobError


def bundle_into(args: Namespace) -> int:
    """Run ``smargs bundle``.

    Returns:
        The exit status.

    Raises:
        BadJobError: If the wheel cannot be made, or the directory cannot be changed.
    """
    try:
        result = bundle(Path(args.directory))
    except BundleError as error:
        raise BadJobError(str(error)) from None
    for label, paths in (("wrote", result.written), ("removed", result.removed), ("unchanged", result.unchanged)):
        for path in paths:
            print(f"{label} {path}")
    for reason in result.missing:
        print(f"smargs: {reason}", file=sys.stderr)
    return 0
