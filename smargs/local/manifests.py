"""The channel of a manifest: the files that a JSON file lists."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Tuple

from smargs.local import trees
from smargs.local.job import BadJobError, Channel
from smargs.texts import load_json


def read_manifest(name: str, file: str, directory: Optional[str]) -> Channel:
    """Read the channel of a manifest such as ``[{"prefix": "data/"}, "a.csv", "b/c.csv"]``.

    Source: S3Uri, https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html

    Args:
        name: The name of the channel.
        file: The path of the manifest.
        directory: The directory in the place of the prefix; None if the prefix is a directory of this machine.

    Raises:
        BadJobError: If the file is no manifest, or a file that it lists does not exist.
    """
    prefix, suffixes = _load(name, file)
    if directory is None and "://" in prefix:
        raise BadJobError(
            f"argument --manifest: {name}: the prefix {prefix!r} is not on this machine: "
            f"expected --channel {name}=DIR with the directory in its place"
        )
    channel = _find(prefix if directory is None else os.path.join(directory, ""), suffixes)
    for suffix, path in channel.others.items():
        if not (_is_below(suffix) and os.path.isfile(path)):
            raise BadJobError(f"argument --manifest: {name}: {path!r} does not exist: expected a file below the prefix")
    return channel


def _find(start: str, suffixes: Iterable[str]) -> Channel:
    """Find the regular files of a manifest in one pass over each directory. Other paths may be of any kind, or not exist."""
    siblings: Dict[str, List[str]] = {}
    for suffix in suffixes:
        siblings.setdefault(suffix[: suffix.rfind("/") + 1], []).append(suffix)
    files: Dict[str, str] = {}
    others: Dict[str, str] = {}
    for parent, members in siblings.items():
        # The prefix of a manifest may end with the start of a file's name.
        directory, stem = os.path.split(start + parent)
        base = os.path.join(os.path.abspath(directory), "")
        names = set(trees.list_readable(directory).files if _is_below(parent) else ())
        for suffix in members:
            name = f"{stem}{suffix[len(parent) :]}"
            if name in names:
                files[suffix] = f"{base}{name}"
            else:
                others[suffix] = os.path.abspath(start + suffix)
    return Channel(files, others)


def _is_below(suffix: str) -> bool:
    return not suffix.startswith("/") and ".." not in suffix.split("/")


def _load(name: str, file: str) -> Tuple[str, List[str]]:
    """Return the prefix and the suffixes of a manifest."""
    try:
        content = load_json(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadJobError(f"argument --manifest: {name}: {file!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadJobError(f"argument --manifest: {name}: {file!r} is not valid JSON: {error}") from None
    try:
        return _split(content)
    except ValueError:
        raise BadJobError(
            f'argument --manifest: {name}: {file!r} is not a manifest: expected [{{"prefix": PREFIX}}, SUFFIX, ...]'
        ) from None


def _split(content: object) -> Tuple[str, List[str]]:
    """Split the content of a manifest into the prefix and the suffixes.

    Raises:
        ValueError: If it is no manifest.
    """
    first, *suffixes = content if isinstance(content, list) else []
    prefix = first.get("prefix") if isinstance(first, dict) else None
    names = [suffix for suffix in suffixes if isinstance(suffix, str) and suffix]
    if not isinstance(prefix, str) or len(names) < len(suffixes):
        raise ValueError
    return prefix, names
