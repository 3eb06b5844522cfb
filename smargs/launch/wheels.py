"""Wheels of installed packages in pure Python, made from their installed files.

``pip wheel`` needs the sources of a package, or an index to download it from. An installation has neither.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Dict, Mapping, NamedTuple

import smargs

_TAG = "py3-none-any"

# The earliest time that a zip file can hold. One time for every file, so that equal files make equal wheels.
_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644

# What an installer writes beside the files of a wheel, and what this module writes itself.
# Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
_OMITTED_METADATA = frozenset(("INSTALLER", "RECORD", "REQUESTED", "WHEEL", "direct_url.json", "uv_cache.json"))


class WheelError(ValueError):
    """A package whose wheel cannot be made from its installed files."""


class Wheel(NamedTuple):
    """A wheel.

    Attributes:
        project: The normalized name of the package.
        file_name: The name of the file.
        content: The content of the file.
    """

    project: str
    file_name: str
    content: bytes


def wheel_of_smargs() -> Wheel:
    """Make a wheel of the running smargs. Its files need not be in site-packages, as those of an editable installation are not.

    Raises:
        WheelError: If smargs has no metadata here, or the metadata of another version.
        OSError: If a file cannot be read.
    """
    package = Path(smargs.__file__).parent
    modules = [path for path in package.rglob("*") if path.suffix == ".py" or path.name == "py.typed"]
    distribution = _distribution("smargs")
    if distribution.version != smargs.__version__:
        raise WheelError(
            f"the installed metadata of smargs is of {distribution.version}: expected {smargs.__version__}: install it again"
        )
    return _pack(
        "smargs", distribution, {f"smargs/{path.relative_to(package).as_posix()}": path.read_bytes() for path in modules}
    )


def wheel_of(project: str) -> Wheel:
    """Make a wheel of an installed package.

    Args:
        project: The normalized name of the package.

    Raises:
        WheelError: If the package is not installed from a wheel, not in pure Python, or editable.
        OSError: If a file cannot be read.
    """
    distribution = _distribution(project)
    files = [
        file for file in distribution.files or () if file.suffix != ".pyc" and ".." not in file.parts and not _is_metadata(file)
    ]
    if not files or any(file.suffix == ".pth" for file in files):
        raise WheelError(f"the files of {project} are not in site-packages")
    return _pack(
        project, distribution, {file.as_posix(): Path(str(distribution.locate_file(file))).read_bytes() for file in files}
    )


def _distribution(project: str) -> metadata.Distribution:
    """Return the metadata of a package that was installed from a wheel in pure Python."""
    # A directory of sources on sys.path may have metadata of its own, which an installer has not checked.
    for distribution in metadata.distributions(name=project):
        settings = distribution.read_text("WHEEL")
        if settings is not None:
            if re.search(r"(?m)^Root-Is-Purelib: *true\s*$", settings) and not re.search(
                r"(?m)^Tag: (?!.*-none-any\s*$)", settings
            ):
                return distribution
            raise WheelError(f"{project} is not in pure Python here")
    raise WheelError(f"{project} is not installed from a wheel here")


def _is_metadata(file: metadata.PackagePath) -> bool:
    return file.parts[0].endswith(".dist-info")


def _pack(project: str, distribution: metadata.Distribution, files: Mapping[str, bytes]) -> Wheel:
    """Make a wheel of the files of a package and of its metadata.

    Source: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    name = f"{project.replace('-', '_')}-{distribution.version}"
    directory = f"{name}.dist-info"
    contents = dict(sorted(files.items()))
    for file in sorted(filter(_is_metadata, distribution.files or ())):
        if file.name not in _OMITTED_METADATA:
            contents["/".join((directory, *file.parts[1:]))] = Path(str(distribution.locate_file(file))).read_bytes()
    tags = f"Wheel-Version: 1.0\nGenerator: smargs ({smargs.__version__})\nRoot-Is-Purelib: true\nTag: {_TAG}\n"
    contents[f"{directory}/WHEEL"] = tags.encode()
    contents[f"{directory}/RECORD"] = _record(contents, f"{directory}/RECORD")
    return Wheel(project, f"{name}-{_TAG}.whl", _archive(contents))


def _record(contents: Mapping[str, bytes], own_name: str) -> bytes:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for name, content in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        writer.writerow((name, f"sha256={digest}", len(content)))
    writer.writerow((own_name, "", ""))
    return lines.getvalue().encode()


def _archive(contents: Dict[str, bytes]) -> bytes:
    """Return a zip file. It is not compressed, because the result of a compression depends on the version of zlib."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system, entry.external_attr = _UNIX, _MODE << 16
            file.writestr(entry, content)
    return archive.getvalue()
