"""What the bash of SDK v3's container makes of the variables that its driver writes down."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Dict

from smargs.local.job import BadJobError

# What bash has of its own, and what is given to it.
_NOT_EXPORTED = frozenset({"PATH", "PYTHONCOERCECLOCALE", "PWD", "OLDPWD", "SHLVL", "_"})


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
    script = "".join(f"export {name}='{text}'\n" for name, text in variables.items())
    # Behind a quote or a # in a name, bash takes the quotes of what follows for text, and text for commands.
    unsafe = [name for name in odd if re.search(r"[$`;&|<>(){}\[*?~'\"#\n]", name)]
    if unsafe:
        raise BadJobError(f"SDK v3's bash would run or expand a part of the variable's name {unsafe[0]!r}")
    if quoted and any(re.search(r"[$`;&|<>()\n]", text) for text in variables.values()):
        raise BadJobError("a value has an apostrophe, and SDK v3's bash would run or expand what stands behind it")
    told = 'eval "$2"; exec "$1" -c \'import json, os; print(json.dumps(dict(os.environ)))\''
    read = subprocess.run(
        ["bash", "-e", "-c", told, "bash", sys.executable, script],
        env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=False,
        text=True,
    )
    if read.returncode:
        # What bash says may hold a part of a value, and that a secret.
        cause = [*odd, *(name for name, text in variables.items() if "'" in text)][0]
        raise BadJobError(f"SDK v3's bash cannot export {cause!r}: the job stops before the script starts")
    exported: Dict[str, str] = json.loads(read.stdout)
    return {name: text for name, text in exported.items() if name not in _NOT_EXPORTED}
