"""Secrets on a command line: the tokens that are values of secret options."""

from __future__ import annotations

import argparse
import math
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from smargs import _argparse
from smargs.secrets.names import Names

_COUNTS = {None: 1.0, argparse.OPTIONAL: 1.0}
"""How many values an option takes, by ``nargs``. One that takes any number takes all tokens up to the next option."""


class Options:
    """The options that may be on a command line. An option that no parser declares takes one value."""

    def __init__(self, names: Names, parsers: Iterable[argparse.ArgumentParser] = ()) -> None:
        """Collect the declared options.

        Args:
            names: The names of secrets.
            parsers: The parsers that may parse the command line.
        """
        self._names = names
        parsers = list(_argparse.all_parsers(parsers))
        self._prefix_chars = "".join(parser.prefix_chars for parser in parsers) or "-"
        self._actions: Dict[str, List[argparse.Action]] = {}
        self._has_positionals = any(not action.option_strings for parser in parsers for action in _argparse.actions(parser))
        for parser in parsers:
            for option, action in _argparse.options(parser).items():
                self._actions.setdefault(option.replace("_", "-"), []).append(action)

    def find_secrets(self, tokens: Sequence[object]) -> Dict[int, int]:
        """Find the secrets on a command line.

        Returns:
            The index of each token that is or ends with a secret, and where in the token the secret begins.
        """
        starts: Dict[int, int] = {}
        remaining = 0.0
        for index, token in enumerate(tokens):
            text = token if isinstance(token, str) else ""
            if remaining and not self._is_option(text):
                starts[index] = 0
                remaining -= 1
                continue
            start, remaining = self._read(text)
            if start is not None and start < len(text):
                starts[index] = start
        return starts

    def _is_option(self, token: str) -> bool:
        """Return whether a token cannot be the value of the option before it."""
        if token[:1] == "" or token[0] not in self._prefix_chars:
            return False
        name = token.partition("=")[0]
        is_long = token[1:2] == token[0] and (token[2:3].isalpha() or len(token) == 2)
        return is_long or name.replace("_", "-") in self._actions

    def _read(self, token: str) -> Tuple[Optional[int], float]:
        """Return where the secret in a token begins, if it has one, and how many of the next tokens are secret."""
        if len(token) < 2 or token[0] not in self._prefix_chars:
            return None, 0
        name, equals, _ = token.partition("=")
        actions = self._find(name)
        if not self._is_secret(name, actions):
            return self._read_short(token)
        if equals:
            return len(name) + 1, 0
        return None, self._count_values(actions)

    def _read_short(self, token: str) -> Tuple[Optional[int], float]:
        """Read ``-pS``, or ``-vpS`` if ``-v`` takes no value."""
        for index, character in enumerate(token[1:], 2):
            actions = self._actions.get(token[0] + character, [])
            if any(map(self._names.is_secret_argument, actions)):
                return (None, self._count_values(actions)) if index == len(token) else (index, 0)
            if not any(action.nargs == 0 for action in actions):
                break
        return None, 0

    def _count_values(self, actions: Sequence[argparse.Action]) -> float:
        """Return how many values follow the option that names one of these arguments."""
        counts = [_COUNTS.get(action.nargs, math.inf) for action in actions if not isinstance(action.nargs, int)]
        counts += [action.nargs for action in actions if isinstance(action.nargs, int)]
        # What follows a flag is a positional, or else a mistake.
        return max(counts, default=1) or (0 if self._has_positionals else 1)

    def _find(self, name: str) -> List[argparse.Action]:
        """Return the arguments that a token names as an option, or as the abbreviation of one."""
        name = name.replace("_", "-")
        if name in self._actions:
            return self._actions[name]
        if len(name) < 3:
            return []
        return [action for option, actions in self._actions.items() if option.startswith(name) for action in actions]

    def _is_secret(self, name: str, actions: Sequence[argparse.Action]) -> bool:
        if any(map(self._names.is_secret_argument, actions)):
            return True
        # A secret may follow `--token`, even if argparse reads it as an abbreviation of `--tokenizer`.
        bare = name.lstrip(self._prefix_chars)
        return self._names.is_secret(bare) or (not actions and self._names.resembles_secret(bare))
