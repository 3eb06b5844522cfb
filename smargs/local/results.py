"""What is kept of a job: the archives of a success, the reason of a failure."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import tarfile
from pathlib import Path
from typing import Collection, Dict, List, Mapping, NamedTuple, Optional, Tuple

from smargs.local.job import FILES, SDK, TrainingJob
from smargs.local.trees import walk

LONGEST_REASON = 1024
"""How many characters of the failure file become the job's ``FailureReason``. Source: "How Amazon SageMaker Processes Training
Output", https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html"""

# Before each line of a process under mpirun. Source: ``watch`` in process.py of the toolkit, which takes it away as well.
_RANK = re.compile(r"^\[\d+,\d+\]<std(?:out|err)>: ?", re.MULTILINE)
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Iteration)\b.*", re.MULTILINE | re.DOTALL)


class Packed(NamedTuple):
    """What became of the same directory of all hosts.

    Attributes:
        archive: The archive; None where there is nothing to pack.
        collisions: For each file that is in the archive under another name, a line that says why.
    """

    archive: Optional[Path]
    collisions: List[str]


def pack(directories: Mapping[str, Path], archive: Path) -> Packed:
    """Pack what is in the same directory of all hosts, as the platform does when a job ends.

    Args:
        directories: For each host its directory. Of files with the same name that of the last host stays. What is a directory
            on one host and none on another stays as well, under its name and the host's.
        archive: The archive that is made, or replaced in one step.

    Raises:
        OSError: If the archive cannot be written, or what it should hold not be read, which stays where it is.

    Source: "How Amazon SageMaker Processes Training Output",
    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
    """
    members, collisions = _members(directories)
    if not members:
        return Packed(None, [])
    unfinished = archive.with_name(f"{archive.name}.part")
    try:
        with tarfile.open(unfinished, "w:gz") as packed:
            for name, path in members.items():
                packed.add(path, arcname=name, recursive=False)
        os.replace(unfinished, archive)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    return Packed(archive, collisions)


def _members(directories: Mapping[str, Path]) -> Tuple[Dict[str, Path], List[str]]:
    """The names in an archive with the path of each, and what is said of the names that are new."""
    found = [
        (str(path.relative_to(directory)), host, path, is_directory)
        for host, directory in directories.items()
        if directory.is_dir()
        for path, is_directory in walk(directory)
        if path != directory
    ]
    directory_hosts = {name: host for name, host, _, is_directory in found if is_directory}
    taken = {name for name, *_ in found}
    members: Dict[str, Path] = {}
    collisions = []
    for name, host, path, is_directory in found:
        if is_directory or name not in directory_hosts:
            members[name] = path
            continue
        names = itertools.chain([f"{name}.{host}"], (f"{name}.{host}.{number}" for number in itertools.count(2)))
        beside = next(each for each in names if each not in taken)
        members[beside] = path
        kind = "link" if path.is_symlink() else "file"
        collisions.append(f"{name!r} is a directory on {directory_hosts[name]} and a {kind} on {host}: kept as {beside!r}")
    return members, collisions


def failure_reason(
    job: TrainingJob, failure: Path, status: int, said: str, tokens: List[str], secrets: Collection[str] = ()
) -> str:
    """The ``FailureReason`` of a job, as the console shows it.

    Args:
        job: The job.
        failure: The failure file of the host that failed first. Where it has none, the platform's is written.
        status: The exit status.
        said: The end of what it wrote to standard error.
        tokens: Its command.
        secrets: Texts that are to be masked: none of them is cut through.
    """
    with contextlib.suppress(OSError):
        with contextlib.suppress(FileExistsError), open(failure, "x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(_platforms_words(job, status, said, tokens))
        if failure.is_file():
            with open(failure, encoding="utf-8", errors="replace") as file:
                text = file.read(LONGEST_REASON + max(map(len, secrets), default=0))
            cuts = [text.find(secret, max(0, LONGEST_REASON + 1 - len(secret))) for secret in secrets]
            shown = text[: min([LONGEST_REASON, *(cut for cut in cuts if cut >= 0)])]
            return f"AlgorithmError: {shown.strip()}, exit code: {status}"
    return f"AlgorithmError: , exit code: {status}"


def _platforms_words(job: TrainingJob, status: int, said: str, tokens: List[str]) -> str:
    """What a platform writes where the script wrote nothing.

    Source: errors.py of the toolkit, ``handle_error`` in sm_train.sh of SDK v3.
    """
    if job.platform == FILES:
        return ""
    if job.platform == SDK:
        return (
            "Training Execution failed. For more details, see CloudWatch logs at 'aws/sagemaker/TrainingJobs'.\n"
            f"TrainingJob - {job.name}"
        )
    found = _EXCEPTION.search(_RANK.sub("", said).rpartition("Traceback (most recent call last)")[2])
    message = found.group().strip() if found else ""
    return f'ExecuteUserScriptError:\nExitCode {status}\nErrorMessage "{message}"\nCommand "{" ".join(tokens)}"'
