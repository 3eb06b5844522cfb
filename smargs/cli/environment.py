"""What the environment of this container says, source by source, for people and for programs, secrets masked."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Set, Tuple

from smargs.arguments import help as display
from smargs.cli.tables import print_table
from smargs.container.environment import SageMakerEnvironment, secret_texts
from smargs.container.sources import SourcedValue
from smargs.container.spelling import decode, to_text
from smargs.container.variables import BY_NAME, MASK, is_secret


def show(environ: Mapping[str, str], as_json: bool) -> None:
    """Print what an environment says of a job to standard output: a table, or JSON.

    Args:
        environ: The environment variables; the job's files are where they say.
        as_json: Whether to print one JSON object, of decoded values; else a table, of texts.
    """
    environment = SageMakerEnvironment.load(environ)
    parts = {
        "hyperparameters": environment.hyperparameter_settings,
        "channels": environment.channel_settings,
        "settings": {BY_NAME[name].attribute: setting for name, setting in environment.settings.items()},
    }
    cleaner = _Cleaner(parts.values())
    problems = [cleaner.text(problem) for problem in environment.problems]
    if as_json:
        shown: Dict[str, Any] = {
            part: {name: {"value": cleaner.value(name, it.value), "source": it.source} for name, it in settings.items()}
            for part, settings in parts.items()
        }
        print(json.dumps({**shown, "problems": problems}, indent=2))
        return
    if not environment:
        print("there is no SageMaker environment here", file=sys.stderr)
        return
    groups: Dict[str, List[Tuple[str, str, str]]] = {}
    for settings in parts.values():
        for name, setting in settings.items():
            groups.setdefault(setting.source, []).append((setting.source, name, cleaner.written(name, setting)))
    print_table(("source", "name", "value"), [row for rows in groups.values() for row in rows])
    for problem in problems:
        print(display.encodable(problem), file=sys.stderr)


class _Cleaner:
    """Shows values without the secrets of a job: those under a secret's name, and their texts wherever else they stand."""

    def __init__(self, parts: Iterable[Mapping[str, SourcedValue]]) -> None:
        self.tainted: Set[str] = set()
        self.secrets: Set[str] = set()
        for name, setting in (pair for settings in parts for pair in settings.items()):
            found = {*_nested_secrets(name, setting.value), *((setting.text,) if is_secret(name) else ())}
            self.tainted.update((name,) if found else ())
            self.secrets |= found

    def text(self, text: str) -> str:
        return display.mask(text, self.secrets)

    def written(self, name: str, setting: SourcedValue) -> str:
        """The text of a setting as it was written, if no secret is in it."""
        cleaned = self.value(name, setting.value)
        return self.text(setting.text if cleaned == setting.value else to_text(cleaned))

    def value(self, name: str, value: object) -> object:
        if is_secret(name):
            return MASK
        if isinstance(value, dict):
            return {key: self.value(key, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value("", inner) for inner in self._tokens(value)]
        if not isinstance(value, str):
            return value
        inner = decode(value)
        cleaned = self.value("", inner) if isinstance(inner, (dict, list)) else inner
        return self.text(value if cleaned == inner else to_text(cleaned))

    def _tokens(self, values: List[object]) -> Iterator[object]:
        """The values of a list, which may be a command line: what follows a name that carries a secret is masked."""
        before: object = ""
        for value in values:
            option = before if isinstance(before, str) and before[:1] == "-" else ""
            yield MASK if is_secret(option) or option.lstrip("-") in self.tainted else value
            before = value


def _nested_secrets(name: str, value: object) -> Iterator[str]:
    """The texts under a secret's name, at any depth, also inside of texts that are JSON themselves."""
    yield from secret_texts(name, value)
    if isinstance(value, str):
        inner = decode(value)
        if isinstance(inner, (dict, list)):
            yield from _nested_secrets(name, inner)
    elif isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else (("", inner) for inner in value)
        for key, inner in pairs:
            yield from _nested_secrets(name if is_secret(name) else key, inner)
