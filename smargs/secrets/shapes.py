"""Values that are secret under any name, because their shape shows what they are."""

from __future__ import annotations

import functools
import re
from typing import Iterator, NamedTuple, Pattern, Tuple


class Shape(NamedTuple):
    """The shape of a secret.

    Attributes:
        what: The kind of secret, for the docs.
        begins: The texts of which each value contains one, for the docs; separated by commas.
        pattern: The regular expression. If it has a group, only the group is secret.
    """

    what: str
    begins: str
    pattern: str


SHAPES = (
    Shape("the password in a URL", "https://user:", r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@'\"]*:([^\s/'\"]+)@"),
    Shape("an access key ID of AWS", "AKIA, ASIA", r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    Shape("a token of Hugging Face", "hf_", r"(?<![A-Za-z0-9])hf_(?:[A-Za-z0-9]{30,}|(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{16,})"),
    Shape("a token of GitHub", "ghp_, gho_, ghu_, ghs_, ghr_", r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{20,}"),
    Shape("a token of GitHub", "github_pat_", r"(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{20,}"),
    Shape("a token of GitLab", "glpat-", r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{16,}"),
    Shape(
        "a key of OpenAI or Anthropic",
        "sk-",
        r"(?<![A-Za-z0-9])sk-(?:[a-z0-9]+-){0,3}(?:[A-Za-z0-9_]{24,}|(?=[a-z_]*[A-Z0-9])[A-Za-z0-9_]{16,})[A-Za-z0-9_-]*",
    ),
    Shape("a token of Slack", "xoxb-, xoxp-", r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    Shape("a JSON Web Token", "eyJ", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"),
    Shape(
        "a private key",
        "-----BEGIN PRIVATE KEY-----",
        r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:[^\"']*?-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|[^\"']*)",
    ),
)
"""The shapes of secrets."""


@functools.lru_cache(maxsize=None)
def _pattern() -> Pattern[str]:
    # Compiled when it is first needed: most parses mask nothing.
    return re.compile("|".join(f"(?:{shape.pattern})" for shape in SHAPES))


def find_shapes(text: str) -> Iterator[Tuple[int, int]]:
    """Yield where a text has the shape of a secret: the start and the stop of each."""
    for match in _pattern().finditer(text):
        yield match.span(1) if match.group(1) else match.span()
