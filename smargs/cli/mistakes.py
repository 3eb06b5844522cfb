"""Suggestions for arguments that the command does not know: what to type instead."""

from __future__ import annotations

import difflib
import itertools
import re
import shlex
from typing import Iterable, Optional, Sequence

from smargs.container.variables import fold

# How similar an option must be: "--chanel" is like --channel, and "--patience" is not like --patch.
_SIMILARITY = 0.8


def suggest_option(token: str, options: Iterable[str]) -> Optional[str]:
    """Return the option that a mistyped token resembles; None if there is none."""
    by_name = {fold(option): option for option in options}
    nearest = difflib.get_close_matches(fold(token.partition("=")[0]), by_name, n=1, cutoff=_SIMILARITY)
    return f"did you mean {by_name[nearest[0]]}?" if nearest else None


def suggest_hyperparameter(unknown: Sequence[str], tokens: Sequence[str], *, runs_script: bool) -> Optional[str]:
    """Return how to send unknown tokens as a hyperparameter or to the script; None if they are neither.

    Args:
        unknown: The tokens that the command does not know.
        tokens: All tokens of its command line.
        runs_script: Whether the script may get them as its own arguments.
    """
    return _suggest_one_token(tokens) or _suggest_target(unknown[0], tokens, runs_script)


def _suggest_one_token(tokens: Sequence[str]) -> Optional[str]:
    """Suggest a hyperparameter in one token for one in several.

    Examples are ``-p epochs 3``, ``-p epochs = 3``, and ``-p layers=[64, 32]`` without quotes.
    """
    for index, token in enumerate(tokens):
        if token == "-p":
            values = list(itertools.takewhile(_is_value, tokens[index + 1 :]))
            if not all("=" in value[1:] for value in values[1:]):
                return _suggest_p("=".join(re.split(" *= *| ", " ".join(values), maxsplit=1)))
    return None


def _suggest_target(token: str, tokens: Sequence[str], runs_script: bool) -> Optional[str]:
    """Suggest a hyperparameter or an argument of the script for an option, and a hyperparameter for ``NAME=VALUE``."""
    option = _find_option(token, tokens)
    if option is None:
        return _suggest_p(token) if re.match(r"\w[\w-]*=", token) else None
    name, equals, text = option.partition("=")
    following = tokens[tokens.index(option) + 1 :][:1]
    values = [text] if equals else [value for value in following if _is_value(value)]
    pair = f"{name.lstrip('-')}={''.join(values) or 'true'}"
    if not runs_script:
        return _suggest_p(pair)
    argument = " ".join(map(shlex.quote, (name, *values)))
    return f"write -p {shlex.quote(pair)} for a hyperparameter, or at the end -- {argument} for the script"


def _find_option(token: str, tokens: Sequence[str]) -> Optional[str]:
    """Return the option that an unknown token is or follows; None if there is none.

    Of ``-epochs 3``, only ``3`` is unknown: argparse reads ``-e pochs``.
    """
    if re.match(r"-+[^\W\d]", token):
        return token
    before = "".join(tokens[: tokens.index(token)][-1:])
    return before if re.fullmatch(r"-\w[\w-]+", before) else None


def _suggest_p(pair: str) -> str:
    """Suggest a hyperparameter after ``-p``."""
    return f"did you mean -p {shlex.quote(pair)}?"


def _is_value(token: str) -> bool:
    """Whether a token is neither an option nor a script."""
    return not token.endswith((".py", ".sh")) and (not token.startswith("-") or token[1:2].isdigit())
