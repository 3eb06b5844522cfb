"""What is secret, and how a secret is masked: names, values, texts and tokens."""

from __future__ import annotations

import argparse
from types import MappingProxyType
from typing import Iterable, Iterator, List, Mapping, Sequence, Set, Tuple

from smargs.texts import decode, to_text

MASK = "******"
"""The text that is shown instead of a secret. Source: ``HIDDEN_VALUE`` of SDK v3's container drivers."""

_WORDS = ("secret", "password", "passwd", "token", "key", "private", "credential", "creds")

# A shorter secret may be a part of ordinary words. It is replaced only in quotes.
_SHORTEST_TO_REPLACE = 4


def is_secret(*names: str) -> bool:
    """Return whether one of these names is the name of a secret.

    Source: ``SENSITIVE_KEYWORDS`` of SDK v3's container drivers, with ``PASSWD`` and ``CREDENTIAL`` added.
    """
    together = "\n".join(names).casefold()
    return any(word in together for word in _WORDS)


def is_secret_argument(action: argparse.Action) -> bool:
    """Return whether an argument has a secret's name: its dest, an option string or its environment variable."""
    return is_secret(action.dest, *action.option_strings, getattr(action, "env_var", None) or "")


def masked(name: str, value: object) -> object:
    """Return a value in which each part with a secret's name is replaced, at any depth."""
    if is_secret(name):
        return MASK
    if isinstance(value, (dict, MappingProxyType)):
        return {key: masked(key, inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked("", inner) for inner in value]
    return value


def secret_texts(name: str, value: object) -> Iterator[str]:
    """Yield the texts in a value that have a secret's name, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from secret_texts(name if is_secret(name) else key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from secret_texts(name, inner)
    elif is_secret(name) and value is not None:
        yield to_text(value)


def mask(message: str, secrets: Iterable[str]) -> str:
    """Return a message with the texts of secrets replaced."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        message = message.replace(repr(secret), repr(MASK))
        if len(secret) >= _SHORTEST_TO_REPLACE:
            message = message.replace(secret, MASK)
    return message


def secret_tokens(tokens: Sequence[str], prefix_chars: str) -> Set[str]:
    """Return the values on a command line of options with a secret's name: ``x`` of ``--token x`` and of ``--token=x``."""
    secrets: Set[str] = set()
    follows_secret_option = False
    for token in tokens if is_secret(*tokens) else ():
        if token and token[0] in prefix_chars:
            name, _, value = token.partition("=")
            follows_secret_option = is_secret(name)
            secrets.update((value,) if follows_secret_option and value else ())
        elif follows_secret_option:
            secrets.add(token)
    return secrets


def mask_tokens(tokens: Iterable[str], prefix_chars: str) -> List[str]:
    """Return a command line in which the values of options with a secret's name are replaced."""
    tokens = list(tokens)
    secrets = secret_tokens(tokens, prefix_chars)
    return [_mask_token(token, secrets) for token in tokens]


def _mask_token(token: str, secrets: Set[str]) -> str:
    name, equals, value = token.partition("=")
    if token in secrets:
        return MASK
    return f"{name}={MASK}" if equals and value in secrets else token


class Masking:
    """Masks the secrets of a job: the values with a secret's name, and the same texts in other values."""

    def __init__(self, values: Iterable[Tuple[str, object, str]]) -> None:
        """Collect the secrets.

        Args:
            values: Each name with its decoded value and the text of that value.
        """
        self._secrets: Set[str] = set()
        self._names_with_secrets: Set[str] = set()
        for name, value, text in values:
            secrets = {*_nested_secrets(name, value), *((text,) if is_secret(name) else ())}
            if secrets:
                self._names_with_secrets.add(name)
            self._secrets |= secrets

    def mask_text(self, text: str) -> str:
        """Mask the secrets in a text."""
        return mask(text, self._secrets)

    def mask_sourced(self, name: str, value: object, text: str) -> str:
        """Return the text of a value if it contains no secret, otherwise the text of the masked value."""
        masked_value = self.mask_value(name, value)
        return self.mask_text(text if masked_value == value else to_text(masked_value))

    def mask_value(self, name: str, value: object) -> object:
        """Mask the secrets in a value, at any depth."""
        if is_secret(name):
            return MASK
        if isinstance(value, dict):
            return {key: self.mask_value(key, element) for key, element in value.items()}
        if isinstance(value, list):
            return [self.mask_value("", element) for element in self._mask_tokens(value)]
        return self._mask_json(value) if isinstance(value, str) else value

    def _mask_json(self, text: str) -> str:
        """Mask the secrets in a text that may be JSON."""
        decoded = decode(text)
        masked_value = self.mask_value("", decoded) if isinstance(decoded, (dict, list)) else decoded
        return self.mask_text(text if masked_value == decoded else to_text(masked_value))

    def _mask_tokens(self, values: List[object]) -> Iterator[object]:
        """Mask each value of a list that follows the name of a secret, because the list may be a command line."""
        previous: object = ""
        for value in values:
            option = previous if isinstance(previous, str) and previous[:1] == "-" else ""
            yield MASK if is_secret(option) or option.lstrip("-") in self._names_with_secrets else value
            previous = value


def _nested_secrets(name: str, value: object) -> Iterator[str]:
    """Yield the texts of secrets in a value, at any depth, including texts that are JSON."""
    yield from secret_texts(name, value)
    if isinstance(value, str):
        decoded = decode(value)
        if isinstance(decoded, (dict, list)):
            yield from _nested_secrets(name, decoded)
    else:
        for key, element in _named_parts(value):
            yield from _nested_secrets(name if is_secret(name) else key, element)


def _named_parts(value: object) -> Iterable[Tuple[str, object]]:
    if isinstance(value, Mapping):
        return value.items()
    return [("", inner) for inner in value] if isinstance(value, list) else ()
