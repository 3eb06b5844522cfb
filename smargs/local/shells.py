"""What the shells between a platform and a script make of the variables and of the command line."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from smargs.local.job import BadJobError

# What a shell has of its own, and what is given to it.
_NOT_EXPORTED = frozenset({"PATH", "PWD", "OLDPWD", "SHLVL", "_"})


def export(variables: Dict[str, str]) -> Dict[str, str]:
    """The variables as SDK v3's bash exports them, each between single quotes that nothing escapes.

    Only names and texts that are no plain ones need the real bash, and none that it would run is given to it.

    Raises:
        BadJobError: If the platform would stop, or bash would run a part of a value.
    """
    odd = [name for name in variables if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name)]
    quoted = any("'" in text for text in variables.values())
    if not odd and not quoted:
        return variables
    # Behind a quote or a # in a name, bash takes the quotes of what follows for text, and text for commands.
    unsafe = [name for name in odd if re.search(r"[$`;&|<>(){}\[*?~'\"#\n]", name)]
    if unsafe:
        raise BadJobError(f"SDK v3's bash would run or expand a part of the variable's name {unsafe[0]!r}")
    if quoted and any(re.search(r"[$`;&|<>()\n]", text) for text in variables.values()):
        raise BadJobError("a value has an apostrophe, and SDK v3's bash would run or expand what stands behind it")
    script = "".join(f"export {name}='{text}'\n" for name, text in variables.items())
    reached = _tell(["bash", "-e"], f"set --\n{script}", {})
    if reached is None:
        # What bash says may hold a part of a value, and that a secret.
        cause = [*odd, *(name for name, text in variables.items() if "'" in text)][0]
        raise BadJobError(f"SDK v3's bash cannot export {cause!r}: the job stops before the script starts")
    return reached[0]


def unquoted(environ: Mapping[str, str], argv: Sequence[str]) -> Tuple[Dict[str, str], List[str]]:
    """The variables and the command line that a script gets through this machine's ``/bin/sh``, which nothing was quoted for.

    Raises:
        BadJobError: If the shell cannot read the command line.
    """
    # By eval: the command line ends where its last value does, and a backslash there joins it to nothing.
    reached = _tell(["/bin/sh"], f"eval {shlex.quote(' '.join(('set --', *argv)))} || exit\n", environ)
    if reached is None:
        raise BadJobError("a toolkit before 5.1 hands the command line to a shell unquoted, which cannot read it")
    return reached


def _tell(shell: Sequence[str], script: str, environ: Mapping[str, str]) -> Optional[Tuple[Dict[str, str], List[str]]]:
    """The variables and the arguments that a shell has behind a script; None where it stops."""
    try:
        told = subprocess.run(
            [*shell, "-c", script + 'printf "%s\\0" "$#" "$@"; exec env -0'],
            env={**environ, "PATH": os.environ.get("PATH", os.defpath)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise BadJobError(f"{shell[0]}, through which this platform starts scripts: {error.strerror}") from None
    if told.returncode:
        return None
    count, *texts = map(os.fsdecode, told.stdout.split(b"\0")[:-1])
    variables = dict(text.split("=", 1) for text in texts[int(count) :])
    return {name: text for name, text in variables.items() if name not in _NOT_EXPORTED}, texts[: int(count)]
