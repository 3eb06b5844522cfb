"""Secrets in a text: the values of named parts, in JSON, in Python's spelling, as ``name=value``, or cut anywhere."""

from __future__ import annotations

import ast
import functools
import json
import re
from typing import Callable, Iterator, List, Match, Optional, Pattern, Set, Tuple

from smargs.texts import decode, is_deep

Span = Tuple[int, int]

# How many characters before a value are searched for a quote or a bracket around it.
_NEAR = 4096

# Compiled when they are first needed: most parses mask nothing.
_QUOTE = r"""(?<!\\)\\*["']"""
_PREFIX = r"""[bBfFrRuU]{1,2}(?=\\*["'])"""
_YAML_BLOCK = r"[|>][-+\d]*[ \t]*\n+([ \t]+)[^\n]*(?:\n+\1[^\n]*)*"
_WARNED_OF = r"""\\[^\n\\'"abfnrtvxuUN0-3]|\d(?:and|else|for|if|in|is|not|or)"""
_BRACKET_OR_QUOTE = r"""(?<!\\)\\*["']|[\[{(\]})]"""


@functools.lru_cache(maxsize=None)
def _named() -> Pattern[str]:
    """Return the pattern of a name and of the separator between it and its value.

    A name in quotes is that of JSON or Python, also if the quotes are escaped, or an option in a list of tokens. Another name
    stands before ``=``, before ``:`` as in YAML, or is an option of a command line.
    """
    return re.compile(
        r"""(?P<quote>(?<!\\)\\*["'])(?P<quoted>[^"'\\\n]{1,256})(?P=quote)\s*(?:[:=]|(?P<comma>,))\s*"""
        r"""|(?<![\w.\-])(?P<bare>(?P<dash>-{1,2})?[^\W\d][\w.\-]{0,255})"""
        r"""(?:\s*=\s*|(?P<colon>:\s*(?!//))|(?(dash)(?P<space>\s+(?=\S))|(?!)))"""
    )


def find_named(text: str, is_secret: Callable[[str], bool], *, is_message: bool = False) -> Iterator[Span]:
    """Yield where the values of secrets are in a text: the start and the stop of each.

    Args:
        text: A value, or a message for people.
        is_secret: Whether a name is secret.
        is_message: Whether only names before ``=`` and names in quotes count. ``argument --token: invalid`` has no value.
    """
    position = 0
    while True:
        match = _named().search(text, position)
        if match is None:
            return
        if _has_value(match, is_message) and is_secret(match["quoted"] or match["bare"]):
            start, stop = _value_at(text, match, is_message)
            position = max(stop, match.end())
            if start < stop:
                yield start, stop
        else:
            # A text in quotes may have names in it. A separator may belong to the next name.
            position = match.end("quote") if match["quote"] else match.end("bare")


def _has_value(match: Match[str], is_message: bool) -> bool:
    """Return whether the text after a name is its value."""
    if match["comma"]:
        return match["quoted"][0] == "-"
    if match["space"]:
        return not is_message
    if match["colon"]:
        # Not the end of `s3://bucket/key:1`.
        before = match.string[max(0, match.start() - 1) : match.start()]
        return not is_message and (match["colon"][-1].isspace() or before in ("", *" \n,;{[("))
    return True


def _value_at(text: str, match: Match[str], is_message: bool) -> Span:
    """Return where the value after a name stands, without its quotes."""
    start = match.end()
    prefix = re.compile(_PREFIX).match(text, start)
    quote = re.compile(_QUOTE).match(text, prefix.end() if prefix else start)
    if quote:
        return quote.end(), _end_of_string(text, quote)[0]
    if text[start : start + 1] in ("[", "{", "("):
        return start, _end_of_brackets(text, start)
    block = re.compile(_YAML_BLOCK).match(text, start)
    if block and match["colon"]:
        return block.span()
    return start, _end_of_bare(text, start, match, is_message)


def _end_of_string(text: str, opening: Match[str]) -> Span:
    """Return where the quote stands that closes a string; the end of the text if none does.

    A quote inside of the string has more backslashes than the quotes around it. Two backslashes stand for one, and in JSON in
    JSON four for one, so a pair of them before the closing quote belongs to the string.
    """
    level = len(opening.group()) - 1
    for quote in re.compile(_QUOTE).finditer(text, opening.end()):
        more = len(quote.group()) - 1 - level
        if quote.group()[-1] == opening.group()[-1] and more % (2 * (level + 1)) == 0:
            return quote.start() + more, quote.end()
    return len(text), len(text)


def _end_of_brackets(text: str, start: int) -> int:
    """Return the index after the bracket that closes the one at an index; the end of the text if none does."""
    depth, position = 0, start
    while True:
        token = re.compile(_BRACKET_OR_QUOTE).search(text, position)
        if token is None:
            return len(text)
        if token.group()[-1] in "\"'":
            _, position = _end_of_string(text, token)
            continue
        position = token.end()
        depth += 1 if token.group() in "[{(" else -1
        if depth == 0:
            return position


def _end_of_bare(text: str, start: int, match: Match[str], is_message: bool) -> int:
    """Return the end of a value without quotes."""
    if match["space"]:
        stops = r"\s"
    elif match["quoted"] or is_message:
        stops = r"""[\s,;&"'\])}]"""
    else:
        # The value may have spaces and commas. The next name ends it, and so does what closes a quote or a bracket around it.
        stops = (
            rf"[,;&\s]-{{0,2}}[^\W\d][\w.\-]*\s*=|\s-{{1,2}}[^\W\d]|\n{_closing_around(text[max(0, start - _NEAR) : start])}"
        )
    end = re.compile(stops).search(text, start)
    return start + len(text[start : end.start() if end else len(text)].rstrip(" \t,;&"))


def _closing_around(before: str) -> str:
    """Return the pattern, as one more alternative, of what closes the quotes and brackets that a text leaves open."""
    quotes = [rf"\\*{quote}" for quote in "\"'" if before.count(quote) % 2]
    brackets = [rf"\{closing}" for opening, closing in ("[]", "{}", "()") if before.count(opening) > before.count(closing)]
    return "".join(f"|{closing}" for closing in (*quotes, *brackets))


def strings_in(text: str) -> Iterator[str]:
    """Yield each text in quotes in a text that is cut or broken."""
    position = 0
    while True:
        opening = re.compile(_QUOTE).search(text, position)
        if opening is None:
            return
        stop, position = _end_of_string(text, opening)
        yield text[opening.end() : stop]


def unescaped(text: str) -> Set[str]:
    """Return a text, and the texts that it encodes as a part of JSON, of Python, or of JSON in JSON."""
    forms = {text}
    inner: Optional[str] = text
    while inner is not None and "\\" in inner:
        inner = _unescape(inner)
        if inner is None or inner in forms:
            break
        forms.add(inner)
    return forms


def _unescape(text: str) -> Optional[str]:
    for quoted in (f'"{text}"', f"'{text}'"):
        value = read_literal(quoted)
        if isinstance(value, str):
            return value
    return None


def read_literal(text: str) -> object:
    """Return the value of JSON or of a Python literal; None if a text is neither, or nested too deeply."""
    value = decode(text)
    if value is not text:
        return value
    # Python prints a warning about such a text.
    if is_deep(text) or re.search(_WARNED_OF, text):
        return None
    try:
        literal: object = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return literal


def escaped(text: str) -> List[str]:
    """Return a text as it may be written in messages: as it is, and as JSON and Python escape it, once or twice."""
    forms = [text]
    for _ in range(2):
        forms += [form(known)[1:-1] for known in forms for form in (json.dumps, _to_json, repr)]
    return list(dict.fromkeys(forms))


def _to_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
