"""The results of a job: the archives after a success, the reason after a failure."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import tarfile
import time
from pathlib import Path
from typing import IO, AbstractSet, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple, cast

from smargs.local.hyperparameters import secrets_of
from smargs.local.job import FILES, PROCESSING, SDK, TrainingJob
from smargs.local.progress import Progress
from smargs.local.trees import walk
from smargs.secrets.masking import Secrets

LONGEST_REASON = 1024
"""How many characters of the failure file become the job's ``FailureReason``. Source: "How Amazon SageMaker Processes Training
Output", https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html"""

# A secret of a hyperparameter is at most 2,500 characters long. JSON writes six for some of them.
_LONGEST_SECRET = 6 * 2500

# mpirun writes this before each line of a process. The toolkit removes it as well. Source: ``watch`` in its process.py.
_RANK = re.compile(r"^\[\d+,\d+\]<std(?:out|err)>: ?", re.MULTILINE)
# Python 3.13 and newer write a traceback to a terminal in colours. Source: ECMA-48, "SGR - Select Graphic Rendition".
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Iteration)\b.*", re.MULTILINE | re.DOTALL)


class PackResult(NamedTuple):
    """The result of packing the same directory of all hosts.

    Attributes:
        archive: The archive; None if there was nothing to pack.
        collisions: A line for each file that has another name in the archive, with the reason.
    """

    archive: Optional[Path]
    collisions: List[str]


class FailedProcess(NamedTuple):
    """The process of the host that failed first.

    Attributes:
        tokens: Its command.
        status: Its exit status.
        errors: The end of its standard error.
    """

    tokens: List[str]
    status: int
    errors: str


class _Member(NamedTuple):
    """A path to pack, with its name in the directory of its host."""

    name: str
    host: str
    path: Path
    is_directory: bool


def pack(directories: Mapping[str, Path], archive: Path, clock: Callable[[], float] = time.monotonic) -> PackResult:
    """Pack the content of the same directory of all hosts, as the platform does when a job ends.

    Source: "How Amazon SageMaker Processes Training Output",
    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html

    Args:
        directories: For each host its directory. Of files with the same name, that of the last host is packed. If the name is a
            directory on another host, the file is packed under another name.
        archive: The path of the archive. It is made, or replaced in one step.
        clock: Returns the time in seconds. If packing takes longer than three, a line every three seconds shows the progress.

    Raises:
        OSError: If the archive cannot be written, or a file cannot be read. The directories are unchanged.
    """
    members, collisions = _name_members(list(_find_members(directories)))
    if not members:
        return PackResult(None, [])
    unfinished = archive.with_name(f"{archive.name}.part")
    progress = Progress(archive.name, sum(os.lstat(path).st_size for path in members.values()), clock)
    try:
        # The default of gzip. tarfile's own default is 9, which takes longer for nearly the same size.
        with tarfile.open(unfinished, "w:gz", compresslevel=6) as file:
            for name, path in members.items():
                _add(file, name, path, progress)
        os.replace(unfinished, archive)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    return PackResult(archive, collisions)


class _CountedFile:
    """A file whose bytes are counted when they are read."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self._file = file
        self._progress = progress

    def read(self, size: int) -> bytes:
        """Read and count bytes."""
        read = self._file.read(size)
        self._progress.add(len(read))
        return read


def _add(archive: tarfile.TarFile, name: str, path: Path, progress: Progress) -> None:
    """Add a path to an archive. A socket is left out, because tar has no entry for it."""
    member = archive.gettarinfo(path, name)
    if member is not None and member.isreg():
        with open(path, "rb") as file:
            archive.addfile(member, cast(IO[bytes], _CountedFile(file, progress)))
    elif member is not None:
        archive.addfile(member)


def _find_members(directories: Mapping[str, Path]) -> Iterator[_Member]:
    for host, directory in directories.items():
        if directory.is_dir():
            for path, is_directory in walk(directory):
                if path != directory:
                    yield _Member(str(path.relative_to(directory)), host, path, is_directory)


def _name_members(members: List[_Member]) -> Tuple[Dict[str, Path], List[str]]:
    """Return the path for each name in the archive, and a line for each file whose name collides with a directory's."""
    directory_hosts = {member.name: member.host for member in members if member.is_directory}
    names = {member.name for member in members}
    paths: Dict[str, Path] = {}
    collisions = []
    for member in members:
        directory_host = None if member.is_directory else directory_hosts.get(member.name)
        name = member.name if directory_host is None else _free_name(member, names)
        paths[name] = member.path
        if directory_host is not None:
            kind = "link" if member.path.is_symlink() else "file"
            collisions.append(
                f"{member.name!r} is a directory on {directory_host} and a {kind} on {member.host}: kept as {name!r}"
            )
    return paths, collisions


def _free_name(member: _Member, names: AbstractSet[str]) -> str:
    """Return a name for a file that no other member has."""
    numbered = (f"{member.name}.{member.host}.{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([f"{member.name}.{member.host}"], numbered) if name not in names)


def failure_reason(job: TrainingJob, failure: Path, process: FailedProcess) -> str:
    """Return the ``FailureReason`` of a job, as the console shows it, with secrets masked.

    Args:
        job: The job.
        failure: The failure file of the host that failed first. If it does not exist, the platform's text is written to it.
        process: The process of that host.
    """
    text, secrets = "", secrets_of(job)
    with contextlib.suppress(OSError):
        with contextlib.suppress(FileExistsError), open(failure, "x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(secrets.mask_text(_platform_text(job, process)))
        # Not a FIFO: reading it would wait for a writer.
        if failure.is_file():
            text = _read_reason(failure, secrets)
    return f"AlgorithmError: {text}, exit code: {process.status}"


def _read_reason(failure: Path, secrets: Secrets) -> str:
    """Read the characters of a failure file that the service keeps, but not a part of a secret."""
    with open(failure, encoding="utf-8", errors="replace") as file:
        text = file.read(LONGEST_REASON + _LONGEST_SECRET)
    return secrets.mask_start(text, LONGEST_REASON).strip()


def _platform_text(job: TrainingJob, process: FailedProcess) -> str:
    """Return the text that a platform writes to the failure file if the script writes none.

    Source: errors.py of the toolkit, ``handle_error`` in sm_train.sh of SDK v3.
    """
    if job.platform in (FILES, PROCESSING):
        return ""
    if job.platform == SDK:
        return (
            "Training Execution failed. For more details, see CloudWatch logs at 'aws/sagemaker/TrainingJobs'.\n"
            f"TrainingJob - {job.name}"
        )
    exception = _EXCEPTION.search(
        _RANK.sub("", _STYLE.sub("", process.errors)).rpartition("Traceback (most recent call last)")[2]
    )
    message = exception.group().strip() if exception else ""
    command = " ".join(process.tokens)
    return f'ExecuteUserScriptError:\nExitCode {process.status}\nErrorMessage "{message}"\nCommand "{command}"'
