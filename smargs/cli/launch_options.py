"""The commands ``smargs export`` and ``smargs bundle``, and their options."""

from __future__ import annotations

from typing import Any

from smargs.cli.run_options import add_hyperparameter_options, add_source_option

FORMATS = ("algorithm", "json-schema", "boto3")
"""What ``smargs export`` prints."""


def add_export(commands: Any) -> None:
    """Add ``smargs export``."""
    export = commands.add_parser(
        "export",
        help="print a description of a script's hyperparameters, or the hyperparameters of a job",
        description="Print, as JSON, a description of the hyperparameters that a script accepts, or the hyperparameters of a "
        "job. The script runs up to its first parse_args(); no data is read, and nothing is trained or started.",
        epilog="Arguments after -- choose subcommands of the script, for --format boto3.",
    )
    export.set_defaults(parser=export)
    export.add_argument("script", help="the entry point, or a module that defines build_parser(); a .py file")
    export.add_argument(
        "--format",
        required=True,
        choices=FORMATS,
        help="SupportedHyperParameters of CreateAlgorithm, a JSON schema, or HyperParameters of CreateTrainingJob",
    )
    export.add_argument(
        "--channel",
        metavar="NAME[=URI]",
        action="append",
        default=[],
        help="name a channel of the job; an argument that it fills is no hyperparameter; may be repeated",
    )
    add_source_option(export)
    export.add_argument(
        "--patch", action="store_true", help="describe a script that imports argparse, which the job runs with smargs.patch"
    )
    add_hyperparameter_options(export.add_argument_group("hyperparameters, for --format boto3"))


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
