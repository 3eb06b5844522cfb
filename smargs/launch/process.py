"""Ask the parser of a script: run the script in a process of its own, up to its first parse of the command line."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Dict, Iterable, Iterator, Sequence, Tuple

import smargs
from smargs.launch.child import Request
from smargs.launch.container import container_variables
from smargs.launch.entry_point import EntryPoint
from smargs.local.containers import environ_outside_job
from smargs.local.system import HAS_SESSIONS, kill_session

LONGEST = 120.0
"""How many seconds a script may take up to its first parse. To import a large framework takes up to half a minute."""

# The child imports the package of this process, even if another version is installed. Its parent directory is on sys.path only
# for that import, and typing is imported before, so that no other module comes from there. None comes from the directory of the
# source code either, which may have a random.py.
_CODE = """
import sys
started_with = set(sys.modules)
path, sys.path = sys.path, [entry for entry in sys.path if entry not in ("", {source!r})]
import typing
sys.path.insert(0, {root!r})
import smargs
del sys.path[0]
import smargs.launch.child
smargs.launch.child.main(path, started_with)
"""


class ScriptError(ValueError):
    """A script whose parser cannot be asked; its text is one line for people."""


def ask(
    entry_point: EntryPoint,
    question: str,
    details: object,
    channels: Iterable[str] = (),
    *,
    arguments: Sequence[str] = (),
    is_patched: bool = False,
) -> Any:
    """Run a script in a process of its own up to its first parse, and return what a function makes of its parser.

    The process has the variables of a training container without hyperparameters, no standard input, and no terminal. If the
    script does not parse but defines ``build_parser()``, that function makes the parser.

    Args:
        entry_point: The script.
        question: The name of a module; its function ``answer`` is called in the process, with the parser, a function that
            parses the command line, and the details. It returns what JSON can represent.
        details: What the function needs; it must be possible to pickle it.
        channels: The names of the job's channels.
        arguments: The command line of the script.
        is_patched: Whether the script's ``argparse.ArgumentParser`` is replaced.

    Raises:
        BadJobError: If the toolkit would not start the script.
        ScriptError: If the script cannot be run, or ends, fails or waits before it parses.
    """
    environ = {**environ_outside_job(), **container_variables(entry_point, {}, channels)}
    # Source: ``write_env_vars`` of the toolkit's environment.py.
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (os.fspath(entry_point.source), environ.get("PYTHONPATH"))))
    try:
        with _pipes() as pipes:
            request = Request(entry_point.name, tuple(arguments), is_patched, question, details, pipes)
            reply = _run(request, entry_point.source, environ)
    except OSError as error:
        raise ScriptError(f"{entry_point.name} cannot be run: {error}") from None
    if "problem" in reply:
        raise ScriptError(f"{entry_point.name} {' '.join(reply['problem'].splitlines())}")
    return reply["answer"]


@contextlib.contextmanager
def _pipes() -> Iterator[Tuple[int, ...]]:
    """Yield the reading end of a pipe that has a byte afterwards, and ends without one if this process is killed."""
    read, write = os.pipe()
    try:
        yield (read,) if HAS_SESSIONS else ()
    finally:
        os.write(write, b".")
        os.close(write)
        os.close(read)


def _run(request: Request, directory: Path, environ: Dict[str, str]) -> Dict[str, Any]:
    """Run the process, and return its reply."""
    # Files instead of pipes: a process that the script leaves behind may keep a pipe open.
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as reply, tempfile.TemporaryFile() as errors:
        pickle.dump(request, asked)
        asked.seek(0)
        root = os.path.dirname(os.path.dirname(os.path.abspath(smargs.__file__)))
        code = _CODE.format(root=root, source=os.fspath(directory))
        # A session of its own has no terminal, from which getpass would read.
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=asked,
            stdout=reply,
            stderr=errors,
            cwd=directory,
            env=environ,
            start_new_session=True,
            pass_fds=request.pipes,
        )
        try:
            status = process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            return {"problem": f"has not parsed its arguments after {LONGEST:g} seconds"}
        finally:
            _kill(process)
        return _read(reply) or {"problem": f"{_end(status)} before it parses its arguments{_last_line(errors)}"}


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with those that it started, and wait for it."""
    with contextlib.suppress(OSError):
        kill_session(process)
    process.wait()


def _read(reply: IO[bytes]) -> Dict[str, Any]:
    reply.seek(0)
    content = reply.read()
    return dict(json.loads(content)) if content else {}


def _end(status: int) -> str:
    if status >= 0:
        return f"ends with exit status {status}"
    try:
        return f"ends with {signal.Signals(-status).name}"
    except ValueError:  # Most real-time signals have no name.
        return f"ends with signal {-status}"


def _last_line(errors: IO[bytes]) -> str:
    """Return the last line that the script printed, after a colon; an empty text if there is none."""
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").split("\n")
    return next((f": {line.strip()}" for line in reversed(lines) if line.strip()), "")
