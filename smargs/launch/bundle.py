"""Put wheels of smargs and of what it needs into a source directory, with their lines of ``requirements.txt``."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from typing import Iterator, List, NamedTuple, Sequence, Set

from smargs.launch.requirements import REQUIREMENTS, Line, read_lines
from smargs.launch.wheels import Wheel, WheelError, wheel_of, wheel_of_smargs

_DEPENDENCY = "configargparse"

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
    replaced: Set[str] = set()
    for line in read_lines(requirements):
        if line.project in replaced:
            continue
        wheel = remaining.pop(line.project, None)
        if wheel is None:
            lines.append(line.text)
        else:
            lines.append(_line(wheel, line.extras, hashed) + end)
            replaced.add(line.project)
    if lines and remaining and Line(lines[-1]).is_unfinished:
        lines.append(end)
    return "".join((*lines, *(_line(wheel, "", hashed) + end for wheel in remaining.values())))


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
