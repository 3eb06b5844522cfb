"""The shells between a platform and a script: their effect on the variables and on the command line."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from smargs.local.job import TOOLKIT_UNQUOTED, BadJobError, TrainingJob
from smargs.local.system import has_program

SHELL = "/bin/sh"
"""The shell through which some platforms start a script."""

# Variables that a shell sets for itself, or that `_run_shell` passes to it.
_SHELL_VARIABLES = frozenset({"PATH", "PWD", "OLDPWD", "SHLVL", "_"})


def check_shell(job: TrainingJob) -> None:
    """Check that there is a shell if the job is started through one.

    Raises:
        BadJobError: If there is none.
    """
    if has_program(SHELL):
        return
    if job.platform == TOOLKIT_UNQUOTED:
        raise BadJobError(f"argument --platform: {job.platform} needs {SHELL}, which this system does not have")
    if job.script.suffix == ".sh":
        raise BadJobError(f"argument script: {job.script.name} needs {SHELL}, which this system does not have")


def quote_for_shell(tokens: Sequence[str]) -> str:
    """Quote tokens so that a shell reads them unchanged."""
    return " ".join(map(shlex.quote, tokens))


def export(variables: Dict[str, str]) -> Dict[str, str]:
    """Return the variables as SDK v3's bash exports them: it reads each text between single quotes, without escapes.

    The real bash is run only if a name or a text is special, and never with a text that it would run.

    Raises:
        BadJobError: If the platform would stop, or bash would run a part of a value.
    """
    odd_names = [name for name in variables if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name)]
    quoted_names = [name for name, text in variables.items() if "'" in text]
    if not odd_names and not quoted_names:
        return variables
    _check_nothing_is_run(odd_names, variables.values() if quoted_names else ())
    script = "".join(f"export {name}='{text}'\n" for name, text in variables.items())
    exported = _run_shell(["bash", "-e"], f"set --\n{script}", {})
    if exported is None:
        # Without the message of bash: it may contain a part of a value, which may be a secret.
        cause = [*odd_names, *quoted_names][0]
        raise BadJobError(f"SDK v3's bash cannot export {cause!r}: the job stops before the script starts")
    return exported[0]


def _check_nothing_is_run(odd_names: Sequence[str], texts: Iterable[str]) -> None:
    """Check that bash runs no part of these names, nor of these texts if one of them ends its quotes early."""
    # A quote or a # in a name makes bash read the quotes of the text as characters, and the text as commands.
    unsafe = [name for name in odd_names if re.search(r"[$`;&|<>(){}\[*?~'\"#\n]", name)]
    if unsafe:
        raise BadJobError(f"SDK v3's bash would run or expand a part of the variable name {unsafe[0]!r}")
    if any(re.search(r"[$`;&|<>()\n]", text) for text in texts):
        raise BadJobError("a value contains an apostrophe, and SDK v3's bash would run or expand the text that follows it")


def expand_unquoted(environ: Mapping[str, str], argv: Sequence[str]) -> Tuple[Dict[str, str], List[str]]:
    """Return the variables and the command line that a script receives through ``/bin/sh`` if nothing is quoted.

    Raises:
        BadJobError: If the shell cannot parse the command line.
    """
    # eval keeps a backslash at the end of the last value from joining the next line to it.
    expanded = _run_shell([SHELL], f"eval {shlex.quote(' '.join(('set --', *argv)))} || exit\n", environ)
    if expanded is None:
        raise BadJobError("toolkits before 5.1 pass the command line to a shell without quotes, and the shell cannot parse it")
    return expanded


def _run_shell(shell: Sequence[str], script: str, environ: Mapping[str, str]) -> Optional[Tuple[Dict[str, str], List[str]]]:
    """Return the variables and the arguments that a shell has after a script; None if the script fails."""
    try:
        process = subprocess.run(
            [*shell, "-c", script + 'printf "%s\\0" "$#" "$@"; exec env -0'],
            env={**environ, "PATH": os.environ.get("PATH", os.defpath)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise BadJobError(f"this platform starts scripts through {shell[0]}, which cannot be run: {error.strerror}") from None
    if process.returncode:
        return None
    count, *texts = map(os.fsdecode, process.stdout.split(b"\0")[:-1])
    variables = dict(text.split("=", 1) for text in texts[int(count) :])
    return {name: text for name, text in variables.items() if name not in _SHELL_VARIABLES}, texts[: int(count)]
