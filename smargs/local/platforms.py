"""How each platform starts a script: the environment variables and the command line that it makes."""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple

from smargs.local import sdk, shells, toolkit
from smargs.local.containers import Container
from smargs.local.job import SDK, TOOLKIT, TOOLKIT_UNQUOTED, TOOLKITS, BadJobError
from smargs.local.system import HAS_SESSIONS

# Source: ``validate_entry_point`` of the toolkit's process.py, since 5.1.4.
_ENTRY_POINT = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._+-]*(/[A-Za-z0-9._+-]+)*")

_NO_SIGTERM = "this system has no SIGTERM: the script ends at once"

_NOT_PASSED_ON = "SIGTERM does not reach the script: the training toolkit does not pass it on"

SIGTERM_NOTES = {
    TOOLKIT: _NOT_PASSED_ON,
    TOOLKIT_UNQUOTED: _NOT_PASSED_ON,
    SDK: "the script gets SIGTERM here, but SDK v3's bash does not pass it on in a container",
}
"""The note for people on SIGTERM, for each platform whose own process does not pass it on to the script.

Source: process.py of the toolkit 5.1.4 handles no SIGTERM, nor do sm_train.sh and the drivers of SDK v3. The first process of a
container gets only signals that it handles: pid_namespaces(7). ``tests/conformance/test_signals.py`` shows both.
"""


def sigterm_note(platform: str) -> str:
    """Return the note on a planned SIGTERM on a platform; empty if the script gets the signal here and in a container."""
    return SIGTERM_NOTES.get(platform, "") if HAS_SESSIONS or platform in TOOLKITS else _NO_SIGTERM


class Start(NamedTuple):
    """How a platform starts the script in a container.

    Attributes:
        container: The container.
        environ: The variables that the platform sets.
        argv: The command line that the platform makes of the hyperparameters.
    """

    container: Container
    environ: Dict[str, str]
    argv: List[str]


def start(container: Container) -> Start:
    """Return how the platform of a job starts the script in a container.

    Raises:
        BadJobError: If the platform would stop before the script starts.
    """
    job = container.job
    _check_script_name(container)
    environ: Dict[str, str] = {}
    argv: List[str] = []
    if job.platform == SDK:
        environ, argv = sdk.render(container)
    elif job.platform in TOOLKITS:
        environ, argv = toolkit.render(container)
    if job.platform == TOOLKIT_UNQUOTED:
        toolkit.check_unquoted(argv)
    name = {} if job.is_processing else {"TRAINING_JOB_NAME": job.name}
    return Start(container, {**environ, "SAGEMAKER_BASE_DIR": container.base, **name}, argv)


def start_behind_shell(container: Container) -> Start:
    """Return the variables and the command line that the script itself sees, behind the shell of some platforms.

    Raises:
        BadJobError: If the platform would stop before the script starts.
    """
    platform_start = start(container)
    if container.job.platform != TOOLKIT_UNQUOTED:
        return platform_start
    environ, argv = shells.expand_unquoted(platform_start.environ, platform_start.argv)
    return Start(container, environ, argv)


def _check_script_name(container: Container) -> None:
    name = container.job.entry_point
    if name.startswith("-"):
        raise BadJobError(
            f"argument script: Python would read {name!r} as an option: expected a name that does not start with -"
        )
    if container.job.platform == TOOLKIT and not _ENTRY_POINT.fullmatch(name):
        raise BadJobError(
            f"argument script: the toolkit does not start {name!r}: "
            "expected a name of A-Z a-z 0-9 . _ + - that does not start with +"
        )
