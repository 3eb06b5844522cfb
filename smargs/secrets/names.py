"""The names of secrets: a table of words, the names that a user lists, and the declarations of arguments."""

from __future__ import annotations

import argparse
import difflib
import functools
import os
import re
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Set, Tuple

from smargs import _argparse

VARIABLE = "SMARGS_SECRET_NAMES"
"""The environment variable with the names of an organisation's secrets; ``!`` before a name says that it is not secret."""


class Rule(NamedTuple):
    """When a word makes a name the name of a secret.

    Attributes:
        words: The words.
        alone: Whether the word alone is the name of a secret.
        beside: The words of which one must stand before or after it; None if it needs none.
        unless: The words of which none may stand before or after it.
    """

    words: str
    alone: bool = True
    beside: Optional[str] = None
    unless: str = ""


RULES = (
    Rule("secret secrets password passwords passwd pwd passphrase passcode credential credentials cred creds dsn jwt bearer"),
    Rule("apikey apikeys apitoken accesskey accesstoken authkey authtoken privatekey secretkey sshkey connstr"),
    Rule(
        "auth oauth authorization cookie cookies",
        unless="backend domain enabled endpoint mode provider required scheme url",
    ),
    Rule(
        "token",
        unless="audio begin bos budget char class classification classifier cls count cross dim drop dropout dummy "
        "embedding embeddings end eos first ids image index last length level limit loss mask max merging min next num number "
        "pad padding per position previous pruning rate ratio sep separator size sos special start stop sub subword type unk "
        "unknown video vision word",
    ),
    Rule("tokens", alone=False, beside="access api auth bearer hub refresh secret session"),
    Rule(
        "key",
        beside="access account admin aes anthropic api app auth aws azure client comet consumer databricks decryption deploy "
        "dsa encryption fernet gcp github gitlab google hf hmac huggingface jwt kaggle license master my neptune openai pgp "
        "private rsa sas secret service session shared sign signing snowflake ssh ssl storage subscription tls wandb",
    ),
    Rule(
        "keys",
        alone=False,
        beside="access account api auth client consumer decryption encryption master private rsa secret signing ssh",
    ),
    Rule("pass pw", beside="admin database db email ftp login mail my mysql phrase postgres proxy redis root smtp user word"),
    Rule("private", unless="dataset dns hub ip is link model network repo repos subnet subnets vpc"),
    Rule("str string", alone=False, beside="conn connection"),
)
"""The words of secrets' names."""

ENDINGS = ("password", "passwd", "passphrase", "secret")
"""A word that ends with one of these is secret, such as ``dbpassword``."""

DESCRIBING = "arn count dir directory file length limit method mode name path size type"
"""The last words of names whose value only describes a secret: ``secret_arn``, ``token_file``."""

ABBREVIATED = ("password", "passphrase", "token", "secret", "credentials")
"""Words of which an unknown option may be an abbreviation or a misspelling: ``--passw``, ``--pasword``."""

_SHORTEST_ABBREVIATION = 4

# The least similarity of a misspelling, as difflib measures it. That of `passwrod` and `password`, 0.875, is more; that of
# `tokenize` and `token`, which are two words, is less.
_TYPING_ERROR = 0.85

# The similarity of two names of four letters that differ in one letter.
_NEARLY = 0.75

# The prefix of a variable: SM_HP_KEY is the variable of the hyperparameter `key`.
_PREFIXES = frozenset(("sm", "hp"))


@functools.lru_cache(maxsize=None)
def _rules() -> Mapping[str, Rule]:
    return {word: rule for rule in RULES for word in rule.words.split()}


@functools.lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Return whether a word of a name makes it the name of a secret.

    SDK v3 looks for SECRET, PASSWORD, KEY, TOKEN, PRIVATE and CREDS anywhere in a name, also within a word such as
    ``tokenizer``. Source: ``SENSITIVE_KEYWORDS`` of its container drivers.
    """
    # In `apiKey` a capital begins a word; in `PassWord` it does not.
    return any(map(_are_secret_words, {_words_of(name), _words_of(name.casefold())}))


class Names:
    """Decides which names are secret: by the declarations of arguments, by the names that a user lists, and by their words."""

    def __init__(self, environ: Mapping[str, str] = os.environ, parsers: Iterable[argparse.ArgumentParser] = ()) -> None:
        """Read what a user lists, and what arguments declare.

        Args:
            environ: The environment variables, of which SMARGS_SECRET_NAMES lists names.
            parsers: The parsers whose arguments have names of their own.
        """
        self._listed = re.findall(r"!?[\w.-]*\w", environ.get(VARIABLE, ""))
        self._declared: Dict[str, bool] = {}
        for action in _argparse.all_actions(parsers):
            is_secret = self.is_secret_argument(action)
            if is_secret or getattr(action, "secret", None) is False:
                for name in map(_folded, _names_of(action)):
                    self._declared[name] = is_secret or self._declared.get(name, False)

    def is_secret(self, name: str) -> bool:
        """Return whether the value of an option, a hyperparameter, a variable or a key of a config file is secret."""
        declared = self._declared.get(_folded(name))
        return self.is_secret_key(name) if declared is None else declared

    def is_secret_key(self, name: str) -> bool:
        """Return whether the value of a key inside another value is secret. What arguments declare does not count."""
        listed = [entry for entry in self._listed if _contains(name, entry.lstrip("!-"))]
        return is_secret_name(name) if not listed else not any(entry.startswith("!") for entry in listed)

    def is_secret_argument(self, action: argparse.Action) -> bool:
        """Return whether an argument is secret: by its declaration, else by its names (option strings, dest and variable)."""
        declared: Optional[bool] = getattr(action, "secret", None)
        return any(map(self.is_secret_key, _names_of(action))) if declared is None else declared

    def resembles_secret(self, name: str) -> bool:
        """Return whether an unknown option may be an abbreviation or a typing error of a secret's name."""
        if _resembles_word((_words_of(name) or ("",))[-1]):
            return True
        secrets = [declared for declared, is_secret in self._declared.items() if is_secret]
        return bool(difflib.get_close_matches(_folded(name), secrets, cutoff=_NEARLY))


def _names_of(action: argparse.Action) -> List[str]:
    """Return the names of an argument as they were declared, without leading prefix characters."""
    names = (*action.option_strings, action.dest, getattr(action, "env_var", None) or "")
    return [name.lstrip("-+/") for name in filter(None, names)]


def _folded(name: str) -> str:
    return name.replace("-", "_").casefold()


def _contains(name: str, listed: str) -> bool:
    """Return whether a name contains the words of a listed name, side by side."""
    forms = (*_spellings(name), "_".join(_words_of(name)))
    return any(f"_{words}_" in f"_{form}_" for words in _spellings(listed) for form in forms)


def _spellings(name: str) -> Tuple[str, str]:
    """Return a name in lower case with ``_`` for ``-``: as it is, and with ``_`` also for ``.`` and before capitals."""
    return _folded(name), _folded(re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\.", "_", name))


def _words_of(name: str) -> Tuple[str, ...]:
    """Split a name at ``_``, ``-``, ``.``, digits and capitals."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+", name)
    return tuple(word.casefold() for word in words if word.casefold() not in _PREFIXES)


def _resembles_word(word: str) -> bool:
    """Return whether a word may be an abbreviation or a typing error of a secret's word. A word of the table is neither."""
    if len(word) < _SHORTEST_ABBREVIATION or word in _rules():
        return False
    is_abbreviation = any(secret.startswith(word) for secret in ABBREVIATED)
    return is_abbreviation or bool(difflib.get_close_matches(word, ABBREVIATED, n=1, cutoff=_TYPING_ERROR))


def _are_secret_words(words: Tuple[str, ...]) -> bool:
    if not words or (len(words) > 1 and words[-1] in DESCRIBING.split()):
        return False
    neighbours = zip(words, ("", *words), (*words[1:], ""))
    return any(_is_secret_word(word, {before, after} - {""}) for word, before, after in neighbours)


def _is_secret_word(word: str, neighbours: Set[str]) -> bool:
    if word.endswith(ENDINGS):
        return True
    rule = _rules().get(word)
    if rule is None:
        return False
    if not neighbours:
        return rule.alone
    if not neighbours.isdisjoint(rule.unless.split()):
        return False
    return rule.beside is None or not neighbours.isdisjoint(rule.beside.split())
