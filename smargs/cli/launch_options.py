"""The command ``smargs bundle``, and its options."""

from __future__ import annotations

from typing import Any


def add_bundle(commands: Any) -> None:
    """Add ``smargs bundle``."""
    bundle = commands.add_parser(
        "bundle",
        help="put smargs into a source directory, for the container to install",
        description="Put wheels of the installed smargs and of ConfigArgParse into a source directory, with their lines in "
        "requirements.txt. The platform installs them before it starts the script. Run it again after each update of smargs.",
    )
    bundle.set_defaults(parser=bundle)
    bundle.add_argument("directory", metavar="DIR", help="the source directory, which has the script")
