"""The entry point of a job that is to be launched: its script, and the directory of its source code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Optional, Union

from smargs.local.job import BadJobError, find_script, find_source

AnyPath = Union[str, "os.PathLike[str]"]


class EntryPoint(NamedTuple):
    """The Python script of a job.

    Attributes:
        script: Its absolute path.
        source: The absolute path of the directory of the source code, which contains the script.
    """

    script: Path
    source: Path

    @property
    def name(self) -> str:
        """The path of the script in the source code, with ``/`` between its parts."""
        return self.script.relative_to(self.source).as_posix()


def find_entry_point(script: AnyPath, source_dir: Optional[AnyPath]) -> EntryPoint:
    """Return the entry point of a job.

    Args:
        script: The path of the script, from the working directory or from the source directory.
        source_dir: The path of the directory of the source code; None for the directory that the script is in.

    Raises:
        BadJobError: If there is no such script, it is not a Python script, or it is not in the source directory.
    """
    source = None if source_dir is None else find_source(os.fspath(source_dir))
    path = find_script(os.fspath(script), source)
    if path.suffix != ".py":
        raise BadJobError(f"argument script: {os.fspath(script)!r} is not a Python script: expected a .py file")
    return EntryPoint(path, source or path.parent)
