"""Read a job: environment variables first, then its files, and of each hyperparameter the least damaged copy."""

from __future__ import annotations

import json
import os
import stat
from collections import abc, namedtuple
from types import MappingProxyType

from smargs.conversion import decode, load_json, spell
from smargs.variables import (
    BASE_DIRECTORY,
    BOOLEAN,
    BY_NAME,
    CHANNEL_PREFIX,
    CHANNELS_FILE,
    HYPERPARAMETER_PREFIX,
    HYPERPARAMETERS_FILE,
    INTEGER,
    LIST,
    OBJECT,
    PREFIX,
    RESOURCE_FILE,
    Variable,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, FrozenSet, Iterable, Iterator, List, Mapping, Optional, Tuple

_PREFIXES = (PREFIX, "SAGEMAKER_BASE_DIR", "TRAINING_JOB_NAME")

# What a shell that does not quote, or quotes badly, takes out of a value.
_STRIPPED_BY_SHELLS = str.maketrans("", "", "\"'\\ \t\n\r\v\f")


class Setting(namedtuple("Setting", "value text source")):
    """One value of the platform.

    Attributes:
        value: The decoded value: JSON where it is JSON, else the text.
        text: The text as it was written, as ``type=str`` wants it.
        source: The variable or the file that it was read from.
    """

    __slots__ = ()

    value: object
    text: str
    source: str


def squash(text: str) -> str:
    """A text without what a careless shell strips: quotes, backslashes and white space."""
    return text.translate(_STRIPPED_BY_SHELLS)


if TYPE_CHECKING:
    _Settings = Mapping[str, Setting]
else:
    _Settings = abc.Mapping


class Variables(_Settings):
    """The documented variables that a job has, each read when it is asked for: a parse needs few of them."""

    def __init__(self, read: Callable[[Variable], Optional[Setting]]) -> None:
        self._read = read
        self._found: Dict[str, Optional[Setting]] = {}

    def __getitem__(self, name: str) -> Setting:
        if name not in self._found:
            self._found[name] = self._read(BY_NAME[name])
        found = self._found[name]
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name in BY_NAME if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return any(True for _ in self)


class Reading:
    """One reading of a job: what was found, where, and what could not be read."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        # os.environ decodes whatever is asked of it each time.
        self.environ = {name: environ[name] for name in environ if name.startswith(_PREFIXES)}
        self.problems: Dict[str, str] = {}
        base = self.environ.get("SAGEMAKER_BASE_DIR") or BASE_DIRECTORY
        config = os.path.join(base, "input", "config")
        if "SAGEMAKER_BASE_DIR" not in self.environ:
            config = self.environ.get("SM_INPUT_CONFIG_DIR") or config
        self.files = {
            name: content
            for name in (HYPERPARAMETERS_FILE, RESOURCE_FILE, CHANNELS_FILE)
            for content in (self._file(config, name),)
            if content is not None
        }
        self.decoded: Dict[str, object] = {}
        self.training_env = self._object("SM_TRAINING_ENV") or {}
        self.rendered: Dict[str, object] = {}
        self.lost: Optional[str] = None
        self.variables: Mapping[str, Setting] = MappingProxyType({})
        self.hyperparameters: Dict[str, Setting] = {}
        self.channels: Dict[str, Setting] = {}
        told = self.training_env.get("job_name")
        self.job_name = self.environ.get("TRAINING_JOB_NAME") or (told if isinstance(told, str) else None)
        if self.environ or self.files or self.problems:
            self.variables = Variables(lambda variable: self._documented(variable, base))
            self.hyperparameters = self._hyperparameters()
            self.channels = self._channels(base)

    def names(self, variable: str) -> List[str]:
        """The texts of a list variable."""
        found = self.variables.get(variable)
        return [name for name in found.value if isinstance(name, str)] if found and isinstance(found.value, list) else []

    def _file(self, directory: str, name: str) -> Optional[Mapping[str, object]]:
        path = os.path.join(directory, name)
        try:
            if stat.S_IFMT(os.stat(path).st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
                # A FIFO would be waited for, and a device may never end.
                self.problems[name] = f"{path} cannot be read: it is not a file"
                return None
            with open(path, encoding="utf-8") as stream:
                return self._parsed(name, path, stream.read())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.problems[name] = f"{path} cannot be read: {error.strerror}"
        except ValueError as error:
            self.problems[name] = f"{path} is not UTF-8: {error}"
        return None

    def _decoded(self, name: str) -> object:
        """What a variable's JSON stands for, read once; its text where it is none."""
        if name not in self.decoded:
            self.decoded[name] = decode(self.environ[name])
        return self.decoded[name]

    def _object(self, name: str) -> Optional[Mapping[str, object]]:
        """The JSON object in a variable; None where there is none."""
        text = self.environ.get(name)
        if not text:
            return None
        content = self._decoded(name)
        return content if isinstance(content, dict) else self._parsed(name, name, text)

    def _parsed(self, name: str, place: str, text: str) -> Optional[Mapping[str, object]]:
        try:
            content = load_json(text)
        except ValueError as error:
            self.problems[name] = f"{place} is not valid JSON: {error}"
            return None
        if isinstance(content, dict):
            return content
        self.problems[name] = f"{place} is not a JSON object"
        return None

    def _documented(self, variable: Variable, base: str) -> Optional[Setting]:
        return (
            self._variable(variable.name, variable.kind)
            or self._told(variable.attribute)
            or (self._in_file(*variable.file) if variable.file else None)
            or (self._directory(base, variable.directory) if variable.directory else None)
        )

    def _variable(self, name: str, kind: str) -> Optional[Setting]:
        # The toolkit writes an absent value as an empty variable.
        text = self.environ.get(name)
        if not text:
            return None
        return Setting(self._decoded(name) if kind in (INTEGER, BOOLEAN, LIST, OBJECT) else text, text, name)

    def _told(self, attribute: str) -> Optional[Setting]:
        value = self.training_env.get(attribute)
        return None if value is None else Setting(value, spell(value), "SM_TRAINING_ENV")

    def _in_file(self, file: str, key: str) -> Optional[Setting]:
        content = self.files.get(file, {})
        value = content.get(key) if key else content
        return Setting(value, spell(value), file) if value else None

    def _directory(self, base: str, directory: str) -> Optional[Setting]:
        # A container that has the job's files, but no variables, has the standard directories.
        if not self.files:
            return None
        path = os.path.join(base, *directory.split("/"))
        return Setting(path, path, "SAGEMAKER_BASE_DIR" if "SAGEMAKER_BASE_DIR" in self.environ else base)

    def _hyperparameters(self) -> Dict[str, Setting]:
        candidates = (
            ("SM_HPS", self._object("SM_HPS")),
            ("SM_TRAINING_ENV", self.training_env.get("hyperparameters")),
            (HYPERPARAMETERS_FILE, self.files.get(HYPERPARAMETERS_FILE)),
        )
        routes = {source: values for source, values in candidates if isinstance(values, dict)}
        # Their texts tell 1 from 1.0 and from True, which are equal.
        if repr(routes.get("SM_HPS")) == repr(routes.get("SM_TRAINING_ENV")):
            routes.pop("SM_TRAINING_ENV", None)  # It says the same again.
        written = routes.get(HYPERPARAMETERS_FILE, {})
        source, first = next(((source, values) for source, values in routes.items() if values), ("", {}))
        self.rendered = {name: _told(source, value).value for name, value in first.items()} if first is written else dict(first)
        if self._bash_took_apostrophes(written):
            return {name: _told(HYPERPARAMETERS_FILE, value) for name, value in written.items()}
        names = dict.fromkeys(name for values in routes.values() for name in values)
        own = {name: (variable, text) for name, variable, text in self._named(HYPERPARAMETER_PREFIX, names)}
        if not routes and not own:
            self.lost = next((self.problems[route] for route, _ in candidates if route in self.problems), None)
        decoded = first if len(routes.keys() - {HYPERPARAMETERS_FILE}) == 1 else {}
        found = {}
        for name in dict.fromkeys((*names, *own)):
            variable, text = own.get(name, (source, None))
            agreed = _agreed(decoded[name], (text, written.get(name)), variable) if name in decoded else None
            found[name] = agreed or _least_damaged(
                [
                    *([] if text is None else [_told(variable, text)]),
                    *(_told(route, values[name]) for route, values in routes.items() if name in values),
                ]
            )
        return found

    def _bash_took_apostrophes(self, written: Mapping[str, object]) -> bool:
        """Whether SDK v3's bash took apostrophes of the hyperparameters for quotes: then its variables may hold anything."""
        told = self.environ.get("SM_HPS", "" if "SM_MASTER_ADDR" in self.environ else None)
        whole = json.dumps(written)
        if told is None or ("'" not in whole and "u0027" not in whole):
            return False
        whole = json.dumps({name: _told(HYPERPARAMETERS_FILE, value).value for name, value in written.items()})
        return told.count("'") < whole.count("'")

    def _channels(self, base: str) -> Dict[str, Setting]:
        told = self.training_env.get("channel_input_dirs")
        directories = told if isinstance(told, dict) else {}
        inputs = self.environ.get("SM_INPUT_DIR") or os.path.join(base, "input")
        data = self.environ.get("SM_INPUT_DATA_DIR") or os.path.join(inputs, "data")
        routes: Iterable[Tuple[str, Iterable[str]]] = (
            ("SM_CHANNELS", self.names("SM_CHANNELS")),
            ("SM_TRAINING_ENV", directories),
            ("SM_INPUT_DATA_CONFIG", self._object("SM_INPUT_DATA_CONFIG") or ()),
            (CHANNELS_FILE, self.files.get(CHANNELS_FILE, ())),
        )
        channels: Dict[str, Setting] = {}
        for source, names in routes:
            for name in names:
                path = directories.get(name)
                path = path if isinstance(path, str) else os.path.join(data, name)
                channels.setdefault(name, Setting(path, path, source))
        for name, variable, path in self._named(CHANNEL_PREFIX, channels):
            channels[name] = Setting(path, path, variable)
        return channels

    def _named(self, prefix: str, names: Iterable[str]) -> Iterator[Tuple[str, str, str]]:
        """Each variable that stands for one name: the name, the variable and its text.

        The toolkit keeps a name's hyphens, SDK v3 writes them as ``_``; both write capitals. A variable that two names share
        speaks for neither; one that no known name has stands for a name in lower case.
        """
        owners: Dict[str, Optional[str]] = {}
        for name in names:
            capitals = name.upper()
            for spelling in {capitals, capitals.replace("-", "_")} if "-" in capitals else (capitals,):
                owners[spelling] = None if spelling in owners else name
        spoken = set()
        # "-" sorts before "_": the toolkit's spelling comes first.
        for variable in sorted(name for name in self.environ if name.startswith(prefix)):
            spelling = variable[len(prefix) :]
            owner = owners.get(spelling, spelling.lower())
            if owner is not None and spelling and owner not in spoken:
                spoken.add(owner)
                yield owner, variable, self.environ[variable]


def _told(source: str, value: object) -> Setting:
    """A hyperparameter as a route has it: two variables tell decoded values, any other route has texts."""
    return Setting(value, spell(value), source) if source in ("SM_HPS", "SM_TRAINING_ENV") else _read(spell(value), source)


def _agreed(value: object, copies: Iterable[object], source: str) -> Optional[Setting]:
    """A decoded value that each copy stands for, as texts show without being decoded; None where that cannot be seen."""
    text = spell(value)
    is_text = text is value
    for copy in copies:
        if copy is not None and not (_is_quoted(copy, text) if is_text else copy == text):
            return None
    return Setting(value, text, source)


def _is_quoted(copy: object, text: str) -> bool:
    """Whether a copy is a text, or a JSON text that holds it."""
    if not isinstance(copy, str):
        return False
    plain = '"' not in text and "\\" not in text and text.isprintable()
    return (plain and copy == f'"{text}"') or decode(copy) == text


def _read(text: str, source: str) -> Setting:
    """A hyperparameter that is written as text, decoded once."""
    value = decode(text)
    return Setting(value, spell(value) if isinstance(value, (str, list, dict)) else text, source)


def _least_damaged(routes: List[Setting]) -> Setting:
    """The one value of a hyperparameter that several routes carry, the most particular route first.

    Where routes differ only by what shells strip, or by what the route cannot tell (whether ``5`` was a text), the one that
    lost least, and of equals the one nearest to the origin, has the value; where they truly differ, the first has.
    """
    first = routes[0]
    if all(route.text == first.text and route.value == first.value for route in routes):
        return first
    alike = [route for route in routes if _squashed_renderings(route) & _squashed_renderings(first)]
    nearest: Dict[str, Setting] = {}
    for route in reversed(alike):
        nearest.setdefault(route.text, route)
    best = max(nearest.values(), key=_size)
    same = (route for route in alike if route.text == best.text or route.value == best.value)
    return best._replace(source=next(same).source)


def _size(route: Setting) -> int:
    """How much of a value a route carries."""
    return len(route.value if isinstance(route.value, str) else json.dumps(route.value))


def _squashed_renderings(route: Setting) -> FrozenSet[str]:
    """How the platforms may write a value into a variable, after a shell. The toolkit writes null as nothing."""
    if route.value is None:
        return frozenset(("", "null"))
    if isinstance(route.value, (dict, list)):
        sorted_keys = (json.dumps(route.value, sort_keys=True, ensure_ascii=ascii_only) for ascii_only in (True, False))
        return frozenset(map(squash, sorted_keys))
    return frozenset((squash(route.text), squash(spell(route.value))))
