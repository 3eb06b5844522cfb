"""The packages that ``requirements.txt`` asks for, compared with those of this Python."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Optional

from smargs.launch.requirements import REQUIREMENTS, read_lines


def find_differences(source_code: Path) -> Iterator[str]:
    """Yield a line for each package that is missing here, or that has another version than the platform would install.

    A wheel has the name and the version that its file name has. Lines that name no package, such as options and other paths,
    are ignored.

    Args:
        source_code: The directory of the source code.
    """
    try:
        content = (source_code / REQUIREMENTS).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    try:
        # Imported here, because packaging is optional.
        from packaging.requirements import InvalidRequirement, Requirement
    except ImportError:
        yield f"{REQUIREMENTS} is not compared with this Python: pip install packaging"
        return
    for line in read_lines(content):
        try:
            requirement = Requirement(line.requirement)
        except InvalidRequirement:
            continue
        version = _installed_version(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        if version is None:
            yield f"{REQUIREMENTS}: {requirement.name} is not installed here"
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{REQUIREMENTS}: {requirement.name} {version} is installed here: expected {requirement.specifier}"


def _installed_version(name: str) -> Optional[str]:
    # Imported here: its import is a tenth of what `smargs run` does until the script starts.
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
