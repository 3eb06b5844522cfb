"""Put wheels of smargs and of what it needs into a source directory, with their lines of ``requirements.txt``."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

from smargs.launch.wheels import Wheel, WheelError, wheel_of, wheel_of_smargs

REQUIREMENTS = "requirements.txt"
"""The file whose packages a platform installs before it starts the script.

Both platforms run pip in the source directory, and pip takes a relative path from there.
Source: ``install_requirements`` in modules.py of the toolkit, ``working_dir`` in model_trainer.py of SDK v3.
"""

_DEPENDENCY = "configargparse"

# A logical line: lines that end with a backslash are joined to the next one.
_LOGICAL_LINE = r"(?:[^\n]*\\\r?\n)*(?:[^\n]*\n|[^\n]+\Z)"

# The end of a logical line to which pip would join the next one.
_UNFINISHED = r"(?:[^\n]|\\\r?\n)\Z"

# The name of a wheel or of a project, perhaps at the end of a path or an address, and the extras after it.
_REQUIREMENT = r"\ufeff?\s*(?:[^\s;#]*[/\\])?(?:([A-Za-z0-9][\w.]*)-[^\s;\[/\\]*\.whl|([A-Za-z0-9][\w.-]*))\s*(\[[^\]\s]*\])?"

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class BundleError(ValueError):
    """A directory that smargs cannot be bundled into."""


class Bundle(NamedTuple):
    """The changes of a directory.

    Attributes:
        written: The files that are new or have changed.
        removed: Older wheels, which have been removed.
        unchanged: The files that already had this content.
        missing: A line for each package that was not bundled, with the reason.
    """

    written: List[Path]
    removed: List[Path]
    unchanged: List[Path]
    missing: List[str]


def bundle(directory: Path) -> Bundle:
    """Put the wheels and their lines of ``requirements.txt`` into a directory. A second call changes nothing.

    Args:
        directory: The source directory of a job.

    Raises:
        BundleError: If the wheel of smargs cannot be made, or the directory cannot be changed.
    """
    result = Bundle([], [], [], [])
    try:
        wheels = _wheels(result)
        before = _read_requirements(directory)
        for wheel in wheels:
            _write(directory / wheel.file_name, wheel.content, result)
        _write(directory / REQUIREMENTS, add_requirements(before, wheels).encode("utf-8", "surrogateescape"), result)
        for path in _older(directory, wheels):
            path.unlink()
            result.removed.append(path)
    except WheelError as error:
        raise BundleError(str(error)) from None
    except OSError as error:
        raise BundleError(f"{error.filename}: {error.strerror}") from None
    return result


def add_requirements(requirements: str, wheels: Sequence[Wheel]) -> str:
    """Return requirements with a line for each wheel: it replaces the line that names the package, or is added at the end.

    Other lines stay. If one of them has a hash, the new lines have hashes, too, because pip then requires one for each line.
    """
    remaining = {wheel.project: wheel for wheel in wheels}
    hashed = "--hash=" in requirements
    end = "\r\n" if "\r\n" in requirements else "\n"
    lines: List[str] = []
    replaced: Dict[str, str] = {}
    for line in re.findall(_LOGICAL_LINE, requirements):
        project, extras = _required(line)
        if project in replaced:
            continue
        wheel = remaining.pop(project, None)
        if wheel is not None:
            line = replaced[project] = _line(wheel, extras, hashed) + end
        lines.append(line)
    if lines and remaining and re.search(_UNFINISHED, lines[-1]):
        lines.append(end)
    return "".join((*lines, *(_line(wheel, "", hashed) + end for wheel in remaining.values())))


def _required(line: str) -> Tuple[str, str]:
    """Return the normalized name of the package that a line requires, and the extras in brackets."""
    match = re.match(_REQUIREMENT, line)
    wheel, name, extras = match.groups(default="") if match else ("", "", "")
    return re.sub(r"[-_.]+", "-", wheel or name).lower(), extras


def _line(wheel: Wheel, extras: str, hashed: bool) -> str:
    digest = f" --hash=sha256:{hashlib.sha256(wheel.content).hexdigest()}" if hashed else ""
    return f"./{wheel.file_name}{extras}{digest}"


def _wheels(result: Bundle) -> List[Wheel]:
    wheels = [wheel_of_smargs()]
    try:
        wheels.insert(0, wheel_of(_DEPENDENCY))
    except (WheelError, OSError) as error:
        result.missing.append(f"{error}: pip installs {_DEPENDENCY} from the index")
    return wheels


def _read_requirements(directory: Path) -> str:
    if not directory.is_dir():
        raise BundleError(f"{str(directory)!r} is not a directory")
    path = directory / REQUIREMENTS
    content = path.read_bytes() if os.path.lexists(path) else b""
    if content.startswith(_UTF_16):
        raise BundleError(f"{path} is in UTF-16: expected UTF-8")
    return content.decode("utf-8", "surrogateescape")


def _write(path: Path, content: bytes, result: Bundle) -> None:
    """Write a file whole or not at all. A link stays a link."""
    if path.is_file() and path.read_bytes() == content:
        result.unchanged.append(path)
        return
    target = Path(os.path.realpath(path))
    new = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        new.write_bytes(content)
        if target.exists():
            shutil.copymode(target, new)
        os.replace(new, target)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    result.written.append(path)


def _older(directory: Path, wheels: Sequence[Wheel]) -> Iterator[Path]:
    """Yield the wheels of other versions that an earlier call has written."""
    for wheel in wheels:
        for path in sorted(directory.glob(f"{wheel.project}-*-py3-none-any.whl")):
            if path.name != wheel.file_name:
                yield path
