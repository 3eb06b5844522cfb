"""Start a program that sees a directory of this machine as ``/opt/ml``.

``python -m smargs.local.mount DIRECTORY WORKING_DIRECTORY PROGRAM [ARGS...]`` does so in a mount namespace of Linux, which only
the program and its child processes see.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

from smargs.container.variables import BASE_DIRECTORY
from smargs.local.job import BadJobError, TrainingJob
from smargs.local.launchers import Command
from smargs.local.system import has_mount_namespaces

# Source: unshare(2) and mount(2) of Linux.
_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18

_PROGRAM = (sys.executable, "-m", "smargs.local.mount")


def check_mount(job: TrainingJob) -> None:
    """Check that each host of a job can see its directory as ``/opt/ml``, and that this system allows it to this user.

    Raises:
        BadJobError: If not.
    """
    if job.launcher == "mpirun" and len(job.hosts) > 1:
        raise BadJobError("argument --mount: mpirun starts all hosts in one process: expected one host")
    if not has_mount_namespaces():
        raise BadJobError("argument --mount: needs Linux, which has mount namespaces")
    here = os.getcwd()
    tried = subprocess.run([*_PROGRAM, here, here, "true"], stderr=subprocess.PIPE, check=False)
    if tried.returncode:
        reason = tried.stderr.decode("utf-8", "replace").strip()
        raise BadJobError(f"argument --mount: this system does not allow it: {reason}")


def mounted(command: Command, directory: Path) -> Command:
    """Return a command that runs another one with a directory as ``/opt/ml``."""
    tokens = [*_PROGRAM, str(directory), str(command.directory), *command.tokens]
    return command._replace(tokens=tokens, directory=directory)


def main(directory: str, working_directory: str, *program: str) -> None:
    """Mount the directory in a namespace of this process, and replace this process by the program."""
    try:
        _enter_namespace()
        _mount("none", "/", _MS_REC | _MS_PRIVATE)
        if not os.path.isdir(BASE_DIRECTORY):
            _make_directory(BASE_DIRECTORY)
        _mount(directory, BASE_DIRECTORY, _MS_BIND | _MS_REC)
        os.chdir(working_directory)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    os.execvp(program[0], program)


def _enter_namespace() -> None:
    """Enter a new mount namespace. Without the right to mount, this user gets it in a user namespace of its own.

    Source: user_namespaces(7).
    """
    try:
        _call("unshare", _CLONE_NEWNS)
    except PermissionError:
        user, group = os.geteuid(), os.getegid()
        _call("unshare", _CLONE_NEWNS | _CLONE_NEWUSER)
        for name, content in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path("/proc/self", name).write_text(content)


def _make_directory(path: str) -> None:
    """Make a directory that only the namespace has: a file system in memory replaces its parent, with the parent's entries."""
    parent = os.path.dirname(path)
    original = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    names = os.listdir(parent)
    _mount("none", parent, 0, "tmpfs")
    for name in names:
        # This path leads to the entry that the new mount hides. Source: /proc/pid/fd of proc(5).
        source, target = f"/proc/self/fd/{original}/{name}", os.path.join(parent, name)
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
        elif os.path.isdir(source):
            os.mkdir(target)
            _mount(source, target, _MS_BIND | _MS_REC)
        else:
            Path(target).touch()
            _mount(source, target, _MS_BIND)
    os.close(original)
    os.mkdir(path)


def _mount(source: str, target: str, flags: int, kind: str = "none") -> None:
    _call("mount", os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), None)


def _call(function: str, *args: object) -> None:
    """Call a function of the C library.

    Raises:
        OSError: If it fails.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, function)(*args):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), function)


if __name__ == "__main__":
    main(*sys.argv[1:])
