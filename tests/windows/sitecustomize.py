"""A Python that lacks what Windows lacks: with this directory in PYTHONPATH it runs when Python starts, in child processes too.

What it takes away and replaces are functions of Python, so this shows what the package does without them, and not what Windows
does. The package's page of platforms names what this leaves out.
"""

import errno
import functools
import locale
import os
import pathlib
import select
import selectors
import shutil  # noqa: F401 - When it is imported, it looks whether os has the functions that are replaced here.
import signal
import stat
import subprocess
import sys
import types

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
# Without os.WNOHANG, os.getuid and os.geteuid, which subprocess, pytest and tarfile need on this system. mypy looks for them.
FUNCTIONS = {
    os: ("fork", "forkpty", "getpgid", "getsid", "killpg", "mkfifo", "mknod", "openpty", "setpgid", "setsid", "wait", "wait3"),
    select: ("epoll", "poll"),
    signal: (
        *("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2", "SIGWINCH"),
        *("SIG_BLOCK", "SIG_SETMASK", "alarm", "pthread_kill", "pthread_sigmask", "setitimer", "sigwait"),
    ),
}
HIDDEN = ("sh", "bash", "env", "mnt")  # Programs, and the file that shows mount namespaces.
KILL, HANG_UP = signal.SIGKILL, signal.SIGHUP
NEW_GROUP = 0x200
EXISTS = "Cannot create a file when that file already exists"


def replace(owner, name):
    """Replace a function by one that takes the original one first."""

    def decorate(function):
        original = getattr(owner, name)

        @functools.wraps(original)
        def replaced(*args, **settings):
            return function(original, *args, **settings)

        setattr(owner, name, replaced)
        # Before Python 3.11, pathlib has copies.
        accessor = getattr(pathlib, "_NormalAccessor", None)
        if owner is os and name in vars(accessor or object) and name != "symlink":
            setattr(accessor, name, staticmethod(replaced))
        return function

    return decorate


def is_open(path):
    """Whether this process has a file open."""
    place = os.path.realpath(path)
    for number in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{number}") == place:
                return True
        except OSError:
            pass
    return False


@replace(os, "symlink")
def symlink(original, source, target, *args, **settings):
    """Windows allows it to administrators and developers."""
    raise OSError(errno.EINVAL, "A required privilege is not held by the client", os.fspath(source), None, os.fspath(target))


@replace(os, "unlink")
def unlink(original, path, **settings):
    """Windows removes no open and no read-only file."""
    if not settings and os.path.lexists(path) and (is_open(path) or not os.lstat(path).st_mode & stat.S_IWUSR):
        raise PermissionError(errno.EACCES, "Access is denied", os.fspath(path))
    return original(path, **settings)


os.remove = os.unlink


@replace(os, "rename")
def rename(original, source, target, **settings):
    """Windows renames to no existing file."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, EXISTS, os.fspath(source), None, os.fspath(target))
    return original(source, target, **settings)


@replace(os, "mkdir")
def mkdir(original, path, *args, **settings):
    """Windows does not distinguish upper and lower case in names."""
    parent, name = os.path.split(os.fspath(path))
    if isinstance(name, str) and os.path.isdir(parent):
        same = [entry for entry in os.listdir(parent) if entry != name and entry.lower() == name.lower()]
        if same:
            raise FileExistsError(errno.EEXIST, EXISTS, os.fspath(path))
    return original(path, *args, **settings)


@replace(os, "stat")
def hide(original, path, *args, **settings):
    """Windows has no shell of Unix."""
    if isinstance(path, (str, bytes, os.PathLike)) and os.path.basename(os.fsdecode(path)) in HIDDEN:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    return original(path, *args, **settings)


@replace(subprocess.Popen, "__init__")
def start(original, self, args, *rest, **settings):
    """Start a process with the settings that Windows knows. The variables' names become upper case, and some are needed."""
    if settings.get("preexec_fn") is not None:
        raise ValueError("preexec_fn is not supported on Windows platforms")
    assert not settings.get("pass_fds"), "pass_fds not supported on Windows."
    program = os.path.basename(os.fspath(args if isinstance(args, (str, bytes)) else args[0]))
    if program in HIDDEN or settings.get("shell"):
        raise FileNotFoundError(errno.ENOENT, "The system cannot find the file specified")
    environ = {name.upper(): text for name, text in (settings.get("env") or os.environ).items()}
    if "SYSTEMROOT" not in environ:
        raise OSError(errno.EINVAL, "Python cannot start without SYSTEMROOT")
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (HERE, environ.get("PYTHONPATH"))))
    settings.update(env=environ, start_new_session=settings.pop("creationflags", 0) == NEW_GROUP)
    return original(self, args, *rest, **settings)


@replace(subprocess.Popen, "send_signal")
def send_signal(original, self, number):
    """Windows sends Ctrl-Break to a group; what sends SIGTERM there ends a process at once."""
    if number not in (signal.SIGTERM, signal.CTRL_BREAK_EVENT):
        raise ValueError(f"Unsupported signal: {number}")
    return original(self, HANG_UP if number == signal.CTRL_BREAK_EVENT else KILL)


@replace(subprocess.Popen, "_handle_exitstatus")
def set_returncode(original, self, status, *args):
    """Windows gives a process that is ended the status 1."""
    original(self, status, *args)
    if self.returncode == -KILL:
        self.returncode = 1


subprocess.Popen.terminate = subprocess.Popen.kill = lambda self: self.send_signal(signal.SIGTERM)


class SocketSelector(selectors.SelectSelector):
    """Waits for sockets only."""

    def register(self, fileobj, *args, **settings):
        key = super().register(fileobj, *args, **settings)
        if not stat.S_ISSOCK(os.fstat(key.fd).st_mode):
            raise OSError(errno.ENOTSOCK, "An operation was attempted on something that is not a socket")
        return key


def locking(descriptor, mode, count):
    """Lock bytes; fcntl stands in for Windows."""
    assert os.lseek(descriptor, 0, os.SEEK_CUR) > os.fstat(descriptor).st_size, "another process could not read this byte"
    FCNTL.flock(descriptor, FCNTL.LOCK_EX | FCNTL.LOCK_NB)


FCNTL = sys.modules.get("fcntl") or __import__("fcntl")
for module in MODULES:
    sys.modules[module] = None
for owner, names in FUNCTIONS.items():
    for name in names:
        if hasattr(owner, name):
            delattr(owner, name)
sys.modules["msvcrt"] = types.SimpleNamespace(locking=locking, LK_NBLCK=2)
selectors.DefaultSelector = SocketSelector
subprocess.CREATE_NEW_PROCESS_GROUP = NEW_GROUP
signal.SIGBREAK = signal.CTRL_BREAK_EVENT = HANG_UP

# Without PYTHONUTF8, Python reads and writes files and pipes in the encoding of Windows, and ends lines as there.
if os.environ.get("PYTHONUTF8") != "1":
    locale.getpreferredencoding = lambda do_setlocale=True: "cp1252"
    encoding = os.environ.get("PYTHONIOENCODING") or "cp1252"
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding=encoding, newline="\r\n")

os.environ.setdefault("SYSTEMROOT", "C:\\Windows")
