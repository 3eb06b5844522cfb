"""The lines of ``requirements.txt``, as pip reads them.

Source: ``preprocess`` in req_file.py of pip, and https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from typing import Iterator

REQUIREMENTS = "requirements.txt"
"""The file in the source code whose packages a platform installs before it starts the script.

Both platforms run pip in the source directory, and pip takes a relative path from there.
Sources: ``install`` in entry_point.py and ``install_requirements`` in modules.py of the toolkit; INSTALL_AUTO_REQUIREMENTS in
templates.py and ``working_dir`` in model_trainer.py of SDK v3.
"""

# A line that ends with a backslash is joined to the next one, unless it is a comment.
_LOGICAL_LINE = r"(?:(?![^\S\n]*#)[^\n]*\\\r?\n)*(?:[^\n]*\n|[^\n]+\Z)"
_CONTINUATION = r"\\\r?\n"

# The end of a logical line to which pip would join the next one.
_UNFINISHED = r"(?:[^\n]|\\\r?\n)\Z"

# What follows a requirement: a comment, or options.
_COMMENT_OR_OPTIONS = r"(?:^|\s+)#.*|(?<=\S)\s+-.*"

# The directory of a path or of an address.
_DIRECTORY = r"\A(?:[^\s;#]*[/\\])?"

# The file name of a wheel: the name of the package and its version; after it, the fragment of an address, and the extras.
_WHEEL = _DIRECTORY + r"([A-Za-z0-9][\w.]*)-([^\s;\[/\\-]+)-[^\s;\[/\\#]*\.whl(?:#[^\s;]*)?(\[[^\]\s]*\])?"

# The name of a package and the extras in brackets.
_PACKAGE = _DIRECTORY + r"([A-Za-z0-9][\w.-]*)\s*(\[[^\]\s]*\])?"


class Line:
    """A logical line: one or more lines that pip reads as one.

    Attributes:
        text: The line as it is in the file, with its end.
        requirement: Its requirement, with ``NAME==VERSION`` instead of a wheel; empty if it has none.
        project: The normalized name of the package, which may be at the end of a path or an address; empty if there is none.
        extras: The extras of the package, in brackets; empty if there are none.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        joined = re.sub(_CONTINUATION, "", text.lstrip("\ufeff"))
        self.requirement = re.sub(_WHEEL, r"\1\3==\2", re.sub(_COMMENT_OR_OPTIONS, "", joined).strip())
        match = re.match(_PACKAGE, self.requirement)
        name, self.extras = match.groups(default="") if match else ("", "")
        self.project = re.sub(r"[-_.]+", "-", name).lower()

    @property
    def is_unfinished(self) -> bool:
        """Whether a line that is added after this one would be a part of it."""
        return re.search(_UNFINISHED, self.text) is not None


def read_lines(content: str) -> Iterator[Line]:
    """Yield the logical lines of the content of the file. It may begin with a byte order mark."""
    return map(Line, re.findall(_LOGICAL_LINE, content))
