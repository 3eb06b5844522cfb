"""The checks of a job's arguments. Each error is one line that names the argument and what was expected."""

from __future__ import annotations

import os
from typing import Iterable, Mapping, Optional, Tuple

from smargs.local.job import PLATFORMS, BadJobError, name_hosts
from smargs.secrets.masking import Secrets

# A value of a wrong type is named by its type, because it may contain secrets.


def check_platform(platform: object) -> None:
    """Check that a platform is known.

    Raises:
        BadJobError: If it is not.
    """
    if platform not in PLATFORMS:
        raise BadJobError(f"platform {platform!r}: expected one of {', '.join(PLATFORMS)}")


def check_hosts(hosts: object, host: Optional[str]) -> None:
    """Check a number of hosts, and the name of one of them.

    Raises:
        BadJobError: If there is no such number or name.
    """
    if not isinstance(hosts, int) or isinstance(hosts, bool):
        raise BadJobError(f"hosts {hosts!r}: expected an int")
    if hosts < 1:
        raise BadJobError(f"hosts {hosts}: expected 1 or more")
    if host is not None and host not in name_hosts(hosts):
        raise BadJobError(f"host {host!r}: expected one of {', '.join(name_hosts(hosts))}")


def check_hyperparameters(hyperparameters: object) -> None:
    """Check that hyperparameters are a mapping.

    Raises:
        BadJobError: If they are not.
    """
    if not isinstance(hyperparameters, Mapping):
        raise BadJobError(f"hyperparameters: expected a mapping of names to values, not {type(hyperparameters).__name__}")


def check_typed(typed: Iterable[str]) -> Tuple[str, ...]:
    """Return typed tokens.

    Raises:
        BadJobError: If they are not a list of texts.
    """
    check_list("typed", typed, "a list of texts")
    tokens = tuple(typed)
    for number, token in enumerate(tokens):
        if not isinstance(token, str):
            raise BadJobError(f"typed[{number}]: expected a text, not {type(token).__name__}")
    return tokens


def check_channel(name: object, path: object) -> None:
    """Check the types of a channel's name and of its path.

    Raises:
        BadJobError: If the name is not a text, or the path is neither a path nor None.
    """
    if not isinstance(name, str):
        raise BadJobError(f"channel {name!r}: expected a str as its name")
    if path == "" or not isinstance(path, (str, os.PathLike, type(None))):
        kind = "an empty text" if path == "" else type(path).__name__
        raise BadJobError(f"channel {name}: expected a path, a glob or None, not {kind}")


def check_list(argument: str, value: object, expected: str) -> None:
    """Check that an argument is a list, and not one text, which Python would iterate by character.

    Raises:
        BadJobError: If it is not; for one text, the error shows the list to write instead.
    """
    if isinstance(value, (str, bytes)):
        texts = Secrets().mask_tokens(os.fsdecode(value).split())
        raise BadJobError(f"{argument}: expected a list of texts, not one text: write {argument}={texts!r}")
    if not isinstance(value, Iterable):
        raise BadJobError(f"{argument}: expected {expected}, not {type(value).__name__}")
