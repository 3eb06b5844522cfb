"""The secrets of one parse or one job: collected once, and masked in everything that is shown."""

from __future__ import annotations

import argparse
import re
from typing import Iterable, Iterator, List, Mapping, Optional, Pattern, Sequence, Set, Tuple, Union

from smargs.secrets.names import Names
from smargs.secrets.shapes import find_shapes
from smargs.secrets.texts import Span, escaped, find_named, read_literal, strings_in, unescaped
from smargs.secrets.tokens import Options

MASK = "******"
"""The text that is shown instead of a secret. Source: ``HIDDEN_VALUE`` of SDK v3's container drivers."""

# A secret of at least this length is also masked inside a word. A shorter one may be a part of ordinary words.
_LONG = 8

# A shorter secret is masked in messages only. In a table the same text may be the value of another argument.
_SHORTEST_IN_VALUES = 4

# A secret of one character or of few digits is masked only in quotes, after `=` and after its option.
_SHORTEST_WORD = 2

_COMMON_VALUES = frozenset(
    ("", "true", "false", "yes", "no", "on", "off", "null", "none", "{}", "[]", MASK, argparse.SUPPRESS.casefold())
)
"""Values that are never masked in other texts, because many arguments have them."""


class Secrets:
    """The secrets of one parse or one job. Everything that is shown goes through one of the ``mask_`` methods."""

    def __init__(self, names: Optional[Names] = None, parsers: Iterable[argparse.ArgumentParser] = ()) -> None:
        """Begin without secrets.

        Args:
            names: Decides which names are secret; None for the table of words and the variable of this process.
            parsers: The parsers whose options may be on a command line.
        """
        self.names = Names() if names is None else names
        self._options = Options(self.names, parsers)
        self._other_options = Options(self.names)
        self._texts: Set[str] = set()
        self._searched: Set[str] = set()
        self._after_option: Set[Tuple[str, str]] = set()
        self._forms: Optional[List[Tuple[str, str, List[str]]]] = None

    def add(self, name: str, value: object, text: str = "") -> None:
        """Collect the secrets of a named value, at any depth.

        Args:
            name: The name; empty if the value has none.
            value: The decoded value.
            text: The text from which it was decoded.
        """
        self._add(self.names.is_secret(name), value, text)

    def add_argument(self, action: argparse.Action, *values: object) -> None:
        """Collect the secrets in values of an argument."""
        self._add(self.names.is_secret_argument(action), *values)

    def add_tokens(self, tokens: Sequence[object]) -> None:
        """Collect the secrets on a command line."""
        starts = self._options.find_secrets(tokens)
        for index, token in enumerate(tokens):
            if index not in starts:
                self._add(False, token)
                continue
            before, secret = str(token)[: starts[index]], str(token)[starts[index] :]
            self._add(True, secret)
            self._after_option.add((before or f"{tokens[index - 1]} ", secret))

    def mask_text(self, text: str) -> str:
        """Mask the secrets in a message for people."""
        return _masked(text, self._spans(text, is_message=True))

    def mask_start(self, text: str, length: int) -> str:
        """Mask the secrets in the first characters of a message. The message ends before a secret that the end would cut."""
        spans = _united(self._spans(text, is_message=True))
        end = min([length, *(start for start, stop in spans if start < length < stop)])
        return _masked(text[:end], [span for span in spans if span[1] <= end])

    def mask_value(self, name: str, value: object) -> object:
        """Return a named value with its secrets masked, at any depth. A value without secrets is returned as it is."""
        return MASK if value is not None and self.names.is_secret(name) else self._mask_inner(value)

    def mask_argument(self, action: argparse.Action, value: object) -> object:
        """Return a value of an argument with its secrets masked, at any depth."""
        return MASK if value is not None and self.names.is_secret_argument(action) else self._mask_inner(value)

    def describe(self, owner: Union[str, argparse.Action], value: object) -> str:
        """Return the repr of a value of a name or of an argument, with its secrets masked."""
        masked = self.mask_value(owner, value) if isinstance(owner, str) else self.mask_argument(owner, value)
        if masked is MASK:
            return MASK
        text = repr(masked)
        named = find_named(text, self.names.is_secret_key, is_message=True)
        return _masked(text, [*self._spans(text, is_message=False), *named])

    def mask_help(self, text: str) -> str:
        """Mask the secrets in a text that the script shows in its help. ``token=VALUE`` in it explains how to write a value."""
        return _masked(text, self._spans(text, is_message=False))

    def mask_tokens(self, tokens: Sequence[str]) -> List[str]:
        """Return a command line with its secrets masked."""
        return [str(token) for token in self._mask_sequence(tokens, self._options)]

    def mask_exception(self, error: BaseException) -> None:
        """Mask the secrets in an error of argparse, and remove every other exception that shows one from its chain."""
        for link in ("__cause__", "__context__"):
            linked: Optional[BaseException] = getattr(error, link)
            if isinstance(linked, (argparse.ArgumentError, SystemExit)):
                self.mask_exception(linked)
            elif linked is not None and self._chain_shows_secret(linked):
                setattr(error, link, None)
        if isinstance(error, argparse.ArgumentError) and self._shows_secret(f"{error.message} {error.args!r}"):
            error.message = self.mask_text(error.message)
            # The repr of an exception shows the arguments with which it was made.
            error.args = (None, error.message)

    def _add(self, is_secret: bool, *values: object) -> None:
        self._forms = None
        for value in values:
            texts = _leaves(value) if is_secret else self._inner_secrets(value)
            self._texts.update(form for text in texts for form in unescaped(text) if form.casefold() not in _COMMON_VALUES)

    def _inner_secrets(self, value: object) -> Iterator[str]:
        """Yield the texts of secrets inside a value that is not a secret itself."""
        if isinstance(value, str):
            # A value is in several sources of a parse: its variable, its tokens, its argument.
            if value in self._searched:
                return
            self._searched.add(value)
            for start, stop in (*find_named(value, self.names.is_secret_key), *find_shapes(value)):
                yield from _leaves(value[start:stop])
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                yield from _leaves(inner) if self.names.is_secret_key(str(key)) else self._inner_secrets(inner)
        elif isinstance(value, _SEQUENCES):
            starts = self._other_options.find_secrets(list(value))
            for index, inner in enumerate(value):
                yield from _leaves(str(inner)[starts[index] :]) if index in starts else self._inner_secrets(inner)

    def _mask_inner(self, value: object) -> object:
        if isinstance(value, str):
            return _masked(value, [*self._spans(value, is_message=False), *find_named(value, self.names.is_secret_key)])
        if isinstance(value, Mapping):
            return self._mask_mapping(value)
        if isinstance(value, _SEQUENCES):
            masked = self._mask_sequence(list(value), self._other_options)
            return value if masked == list(value) else type(value)(masked)
        return value

    def _mask_mapping(self, value: Mapping[object, object]) -> object:
        masked = {
            key: MASK if inner is not None and self.names.is_secret_key(str(key)) else self._mask_inner(inner)
            for key, inner in value.items()
        }
        return value if masked == value and isinstance(value, dict) else masked

    def _mask_sequence(self, values: Sequence[object], options: Options) -> List[object]:
        """Mask the secrets in a list, which may be a command line of these options."""
        starts = options.find_secrets(values)
        return [
            f"{str(value)[: starts[index]]}{MASK}" if index in starts else self._mask_inner(value)
            for index, value in enumerate(values)
        ]

    def _spans(self, text: str, *, is_message: bool) -> Iterator[Span]:
        """Yield where a text has a collected secret or the shape of one; in a message, also the value after a secret name."""
        for before, secret, forms in self._collected():
            # Compiling the pattern of a long secret takes far longer than searching the text for the secret.
            if (is_message or len(secret) >= _SHORTEST_IN_VALUES) and any(form in text for form in forms):
                yield from (match.span() for match in _pattern(before, secret, forms).finditer(text))
        yield from find_shapes(text)
        if is_message:
            yield from find_named(text, self.names.is_secret_key, is_message=True)

    def _collected(self) -> List[Tuple[str, str, List[str]]]:
        """Return the text before each secret that was collected, the secret, and the secret as it may be written."""
        if self._forms is None:
            pairs = (*self._after_option, *(("", secret) for secret in self._texts))
            self._forms = [(before, secret, escaped(secret)) for before, secret in pairs]
        return self._forms

    def _shows_secret(self, text: str) -> bool:
        return any(True for _ in self._spans(text, is_message=True))

    def _chain_shows_secret(self, error: Optional[BaseException]) -> bool:
        """Return whether an exception or one of its chain shows a secret."""
        if error is None:
            return False
        return self._shows_secret(f"{error} {error!r}") or self._chain_shows_secret(error.__cause__ or error.__context__)


_SCHEMES = ("basic", "bearer", "token")
"""The words before the secret in the header ``Authorization``. Source: RFC 7617, RFC 6750, and GitHub's API."""

_SEQUENCES = (list, tuple, set, frozenset)


def _leaves(value: object) -> Iterator[str]:
    """Yield each text in a value that is a secret: the value itself, and its elements at any depth, also of JSON and Python."""
    if isinstance(value, str):
        yield value
        value = _parts(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, _SEQUENCES):
        for element in value:
            yield from _leaves(element)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(value)


def _parts(text: str) -> List[object]:
    """Return the parts of a secret text: the elements of JSON or Python, or the text after the scheme of a header."""
    if text[:1] in ("[", "{", "("):
        value = read_literal(text)
        return [value] if isinstance(value, (dict, *_SEQUENCES)) else list(strings_in(text))
    scheme, _, rest = text.partition(" ")
    return [rest] if scheme.casefold() in _SCHEMES else []


def _pattern(before: str, secret: str, texts: Iterable[str]) -> Pattern[str]:
    """Return the pattern that finds a secret in a text.

    Args:
        before: The text that must precede the secret; empty for any text.
        secret: The secret.
        texts: The secret as it may be written.
    """
    forms = "|".join(re.escape(form) for form in sorted(texts, reverse=True))
    if before:
        pattern = rf"(?<={re.escape(before)})(?:{forms})(?!\w)"
    elif len(secret) >= _LONG:
        pattern = forms
    elif len(secret) >= _SHORTEST_IN_VALUES:
        pattern = rf"(?<!\w)(?:{forms})(?!\w)"
    elif len(secret) >= _SHORTEST_WORD and not secret.isdigit():
        # Not a part of a number, of a path or of an option.
        pattern = rf"(?<![\w-])(?<!\w[./:+@])(?:{forms})(?![\w-]|[./:+@]\w)"
    else:
        pattern = rf"""(?<=["'=])(?:{forms})(?=["'\s,;)\]]|\Z)"""
    return re.compile(pattern)


def _united(spans: Iterable[Span]) -> List[Span]:
    """Return spans in order, with those that overlap or touch each other united."""
    united: List[Span] = []
    for start, stop in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = united[-1][0], max(stop, united[-1][1])
        else:
            united.append((start, stop))
    return united


def _masked(text: str, spans: Iterable[Span]) -> str:
    """Return a text with the mask instead of each of these spans."""
    shown, position = [], 0
    for start, stop in _united(spans):
        shown += [text[position:start], MASK]
        position = stop
    return "".join((*shown, text[position:]))
