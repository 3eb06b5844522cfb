"""Read a job: environment variables first, then its files, and of each hyperparameter the least damaged copy."""

from __future__ import annotations

import json
import os
import stat
from functools import cached_property
from typing import Dict, FrozenSet, Iterable, List, Mapping, Optional, Tuple

from smargs.container.spelling import decode, load_json, to_text
from smargs.container.variables import (
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
    SDK,
    TOOLKIT,
    Variable,
    is_internal,
)

_FILES = (HYPERPARAMETERS_FILE, RESOURCE_FILE, CHANNELS_FILE)
_OBJECTS = ("SM_HPS", "SM_TRAINING_ENV", "SM_INPUT_DATA_CONFIG")
_MPI = "OMPI_COMM_WORLD_RANK"  # Open MPI sets it for each process.
_OTHER_VARIABLES = ("SAGEMAKER_BASE_DIR", "TRAINING_JOB_NAME", _MPI)

# Between the texts of a list, as the toolkit writes it.
_COMMA = '","'

# What a shell that does not quote, or quotes badly, takes out of a value.
_STRIPPED_BY_SHELLS = str.maketrans("", "", "\"'\\ \t\n\r\v\f")


class SourcedValue:
    """One value of the platform.

    Attributes:
        value: The decoded value: JSON where it is JSON, else the text.
        text: The text as it was written, as ``type=str`` wants it.
        source: The variable or the file that it was read from.
    """

    # There is one for each hyperparameter, and a named tuple takes three times as long to make.
    __slots__ = ("source", "text", "value")

    def __init__(self, value: object, text: str, source: str) -> None:
        self.value = value
        self.text = text
        self.source = source


class Hyperparameter(SourcedValue):
    """The value of one hyperparameter, which the platform spells in its own way on the script's command line."""

    __slots__ = ()


def strip_shell_quoting(text: str) -> str:
    """A text without what a careless shell strips: quotes, backslashes and white space."""
    return text.translate(_STRIPPED_BY_SHELLS)


class JobSources:
    """One reading of a job: what was found, where, and what could not be read.

    Variables are taken over and the hyperparameters read at once; what else the job has is read when it is asked for.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = _platform_variables(environ)
        self.problems: Dict[str, str] = {}
        # Source: MasterRunner in mpi.py of the toolkit, which exports the variables of the first host to all (mpirun -x).
        self.is_under_mpi = self.environ.pop(_MPI, None) is not None
        self.base = self.environ.get("SAGEMAKER_BASE_DIR") or BASE_DIRECTORY
        self.config = os.path.join(self.base, "input", "config")
        if "SAGEMAKER_BASE_DIR" not in self.environ:
            self.config = self.environ.get("SM_INPUT_CONFIG_DIR") or self.config
        self._files: Dict[str, Optional[Mapping[str, object]]] = {}
        self._values: Dict[str, object] = {}
        self._variables: Dict[str, Optional[SourcedValue]] = {}
        self._written = ""
        self.rendered: Mapping[str, object] = {}
        self.lost: Optional[str] = None
        # Where there are neither variables nor files there is no job, and nothing to look for.
        self.is_empty = not self.environ and _is_absent(self.config)
        self.hyperparameters = {} if self.is_empty else self._hyperparameters()

    def __bool__(self) -> bool:
        return not self.is_empty and bool(self.hyperparameters or self.variables or self.channels or self.problems)

    def read_all(self) -> None:
        """Read what nobody asked for yet, so that what changes later is not seen, and what cannot be read is."""
        for file in _FILES:
            self.file(file)
        for variable in _OBJECTS:
            self.json_object(variable)

    @cached_property
    def variables(self) -> Mapping[str, SourcedValue]:
        """The documented variables that there are."""
        return {name: setting for name in BY_NAME for setting in (self.variable(name),) if setting}

    def variable(self, name: str) -> Optional[SourcedValue]:
        """One documented variable, read once; None where there is none, nor what stands for it."""
        if name not in self._variables:
            variable = BY_NAME.get(name)
            self._variables[name] = self._documented(variable) if variable and not self.is_empty else None
        return self._variables[name]

    @cached_property
    def channels(self) -> Mapping[str, SourcedValue]:
        """The channels with their directories."""
        return {} if self.is_empty else self._channels()

    @cached_property
    def internal(self) -> FrozenSet[str]:
        """The platform's own hyperparameters."""
        return frozenset(filter(is_internal, self.hyperparameters))

    @cached_property
    def training_env(self) -> Mapping[str, object]:
        """What ``SM_TRAINING_ENV`` says."""
        return self.json_object("SM_TRAINING_ENV") or {}

    @cached_property
    def platform(self) -> Optional[str]:
        """Who started the script, as variables show that only one platform sets; None if there are none."""
        set_by = {BY_NAME[name].platforms for name in self.environ.keys() & BY_NAME.keys()}
        if (TOOLKIT,) in set_by:
            return TOOLKIT
        return SDK if (SDK,) in set_by else None

    @property
    def master(self) -> Optional[str]:
        """The name of the host that leads, where the toolkit says it: of the instance groups that train together."""
        name = self.training_env.get("master_hostname")
        return name if isinstance(name, str) else None

    @property
    def job_name(self) -> Optional[str]:
        """The name of the training job."""
        told = self.training_env.get("job_name")
        return self.environ.get("TRAINING_JOB_NAME") or (told if isinstance(told, str) else None)

    def lists(self, variable: str, texts: List[str]) -> bool:
        """Whether a list variable has just these texts."""
        told = self.environ.get(variable, "")
        is_plain = told.isprintable() and "\\" not in told and told.count('"') == 2 * len(texts)
        if is_plain and told == f'["{_COMMA.join(texts)}"]':
            return True  # A look at the text: it need not be decoded.
        found = self.variable(variable)
        return found is not None and found.value == texts

    def names(self, variable: str) -> List[str]:
        """The texts of a list variable."""
        found = self.variable(variable)
        return [name for name in found.value if isinstance(name, str)] if found and isinstance(found.value, list) else []

    def file(self, name: str) -> Optional[Mapping[str, object]]:
        """What a file of the job holds, read once; None where there is none."""
        if name not in self._files:
            self._files[name] = self._read_file(name, os.path.join(self.config, name))
        return self._files[name]

    def json_object(self, name: str) -> Optional[Mapping[str, object]]:
        """The JSON object in a variable; None where there is none."""
        text = self.environ.get(name)
        if not text:
            return None
        content = self._decoded(name)
        return content if isinstance(content, dict) else self._parsed(name, name, text)

    def _has_files(self) -> bool:
        return any(self.file(name) is not None for name in _FILES)

    def _read_file(self, name: str, path: str) -> Optional[Mapping[str, object]]:
        try:
            if stat.S_IFMT(os.stat(path).st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
                # A FIFO would be waited for, and a device may never end.
                self.problems[name] = f"{path} cannot be read: it is not a file"
                return None
            with open(path, "rb", buffering=0) as stream:
                text = stream.read().decode("utf-8")
            if name == HYPERPARAMETERS_FILE:
                self._written = text
            return self._parsed(name, path, text)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.problems[name] = f"{path} cannot be read: {error.strerror}"
        except ValueError as error:
            self.problems[name] = f"{path} is not UTF-8: {error}"
        return None

    def _decoded(self, name: str) -> object:
        """What a variable's JSON stands for, read once; its text where it is none."""
        if name not in self._values:
            self._values[name] = decode(self.environ[name])
        return self._values[name]

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

    def _documented(self, variable: Variable) -> Optional[SourcedValue]:
        return (
            self._of_this_host(variable)
            or self._in_environ(variable.name, variable.kind)
            or self._told(variable.attribute)
            or (self._in_file(*variable.file) if variable.file else None)
            or (self._directory(variable.directory) if variable.directory else None)
        )

    def _of_this_host(self, variable: Variable) -> Optional[SourcedValue]:
        """What this host's own file says where the variables are those of another host."""
        if not self.is_under_mpi:
            return None
        if variable.file and variable.file[0] == RESOURCE_FILE:
            return self._in_file(*variable.file)
        resources = self.file(RESOURCE_FILE) or {}
        hosts, current = resources.get("hosts"), resources.get("current_host")
        if variable.name != "SM_CURRENT_HOST_RANK" or not isinstance(hosts, list) or current not in hosts:
            return None
        rank = sorted(map(str, hosts)).index(str(current))
        return SourcedValue(rank, str(rank), RESOURCE_FILE)

    def _in_environ(self, name: str, kind: str) -> Optional[SourcedValue]:
        # The toolkit writes an absent value as an empty variable.
        text = self.environ.get(name)
        if not text:
            return None
        return SourcedValue(self._decoded(name) if kind in (INTEGER, BOOLEAN, LIST, OBJECT) else text, text, name)

    def _told(self, attribute: str) -> Optional[SourcedValue]:
        if f'"{attribute}"' not in self.environ.get("SM_TRAINING_ENV", ""):
            return None  # A look at the text: it need not be decoded.
        value = self.training_env.get(attribute)
        return None if value is None else SourcedValue(value, to_text(value), "SM_TRAINING_ENV")

    def _in_file(self, file: str, key: str) -> Optional[SourcedValue]:
        content = self.file(file) or {}
        value = content.get(key) if key else content
        return SourcedValue(value, to_text(value), file) if value else None

    def _directory(self, directory: str) -> Optional[SourcedValue]:
        # A container that has the job's files, but no variables, has the standard directories.
        if not self._has_files():
            return None
        path = os.path.join(self.base, *directory.split("/"))
        return SourcedValue(path, path, "SAGEMAKER_BASE_DIR" if "SAGEMAKER_BASE_DIR" in self.environ else self.base)

    def _hyperparameters(self) -> Dict[str, Hyperparameter]:
        candidates = (
            ("SM_HPS", self.json_object("SM_HPS")),
            ("SM_TRAINING_ENV", None if self._is_told_again() else self.training_env.get("hyperparameters")),
            (HYPERPARAMETERS_FILE, self.file(HYPERPARAMETERS_FILE)),
        )
        routes = {source: values for source, values in candidates if isinstance(values, dict)}
        written = routes.get(HYPERPARAMETERS_FILE, {})
        source, first = next(((source, values) for source, values in routes.items() if values), ("", {}))
        self.rendered = {name: _told(source, value).value for name, value in first.items()} if first is written else first
        if self._bash_took_apostrophes(written):
            return {name: _told(HYPERPARAMETERS_FILE, value) for name, value in written.items()}
        names: Dict[str, object] = {}
        for values in routes.values():
            names.update(values)
        is_decoded_once = len(routes.keys() - {HYPERPARAMETERS_FILE}) == 1
        agreed = self._agreed(source, first, written) if is_decoded_once else {}
        spoken = {setting.source for setting in agreed.values()}
        strange = [name for name in self.environ if name not in spoken and name.startswith(HYPERPARAMETER_PREFIX)]
        own = self._own_variables(HYPERPARAMETER_PREFIX, names) if strange else {}
        names.update(own)
        if not names and not routes:
            self.lost = next((self.problems[route] for route, _ in candidates if route in self.problems), None)
        if len(agreed) == len(names):
            return agreed
        return {name: agreed.get(name) or _least_damaged(_copies(name, own.get(name), routes)) for name in names}

    def _agreed(self, source: str, values: Mapping[str, object], written: Mapping[str, object]) -> Dict[str, Hyperparameter]:
        """The decoded values that each copy repeats, as a look at the texts shows: then no copy need be decoded."""
        agreed = {}
        environ = self.environ
        for name, value in values.items():
            text = to_text(value)
            variable = HYPERPARAMETER_PREFIX + name.upper()
            copy = environ.get(variable)
            if copy is None:
                variable = variable.replace("-", "_")
                copy = environ.get(variable)
            if text is value:
                in_variable = copy is None or copy == text or _is_text(copy, text)
                same = in_variable and (name not in written or _is_text(written[name], text))
            else:
                same = (copy is None or copy == text) and (name not in written or written[name] == text)
            if same:
                agreed[name] = Hyperparameter(value, text, source if copy is None else variable)
        return agreed

    def _is_told_again(self) -> bool:
        """Whether ``SM_TRAINING_ENV`` repeats ``SM_HPS``, as both platforms write it: then it need not be decoded."""
        told, whole = self.environ.get("SM_HPS", ""), self.environ.get("SM_TRAINING_ENV", "")
        return told[:1] == "{" and (f'"hyperparameters":{told}' in whole or f'"hyperparameters": {told}' in whole)

    def _bash_took_apostrophes(self, written: Mapping[str, object]) -> bool:
        """Whether SDK v3's bash took apostrophes of the hyperparameters for quotes: then its variables may hold anything."""
        if "SM_HPS" not in self.environ and self.platform != SDK:
            return False
        if "'" not in self._written and "u0027" not in self._written:
            return False
        exported = self.json_object("SM_HPS") or {}
        decoded = {name: _told(HYPERPARAMETERS_FILE, value).value for name, value in written.items()}
        return any("'" in name + to_text(value) and exported.get(name) != value for name, value in decoded.items())

    def _channels(self) -> Dict[str, SourcedValue]:
        told = self.training_env.get("channel_input_dirs")
        directories = told if isinstance(told, dict) else {}
        inputs = self.environ.get("SM_INPUT_DIR") or os.path.join(self.base, "input")
        data = self.environ.get("SM_INPUT_DATA_DIR") or os.path.join(inputs, "data")
        routes: Iterable[Tuple[str, Iterable[str]]] = (
            ("SM_CHANNELS", self.names("SM_CHANNELS")),
            ("SM_TRAINING_ENV", directories),
            ("SM_INPUT_DATA_CONFIG", self.json_object("SM_INPUT_DATA_CONFIG") or ()),
            (CHANNELS_FILE, self.file(CHANNELS_FILE) or ()),
        )
        channels: Dict[str, SourcedValue] = {}
        for source, names in routes:
            for name in names:
                path = directories.get(name)
                path = path if isinstance(path, str) else os.path.join(data, name)
                channels.setdefault(name, SourcedValue(path, path, source))
        for name, (variable, path) in self._own_variables(CHANNEL_PREFIX, channels).items():
            channels[name] = SourcedValue(path, path, variable)
        return channels

    def _own_variables(self, prefix: str, names: Iterable[str]) -> Dict[str, Tuple[str, str]]:
        """The variable that stands for one name alone, and its text, by name.

        The toolkit keeps a name's hyphens, SDK v3 writes them as ``_``; both write capitals. A variable that two names share
        speaks for neither; one that no known name has stands for a name in lower case.
        """
        owners: Dict[str, Optional[str]] = {}
        for name in names:
            variable = prefix + name.upper()
            owners[variable] = None if variable in owners else name
            if "-" in variable:
                variable = variable.replace("-", "_")
                owners[variable] = None if variable in owners else name
        found: Dict[str, Tuple[str, str]] = {}
        for variable, owner in owners.items():
            # The toolkit's spelling comes first.
            if owner is not None and owner not in found and variable in self.environ:
                found[owner] = variable, self.environ[variable]
        strange = (name for name in self.environ if name.startswith(prefix) and name not in owners and name != prefix)
        for variable in sorted(strange):
            found.setdefault(variable[len(prefix) :].lower(), (variable, self.environ[variable]))
        return found


def _platform_variables(environ: Mapping[str, str]) -> Dict[str, str]:
    """The variables that the platform may have set, as they are now."""
    if type(environ) is not type(os.environ) or not hasattr(environ, "_data"):
        return {name: environ[name] for name in environ if name[:3] == PREFIX or name in _OTHER_VARIABLES}
    # To be asked for a variable, os.environ calls five functions of Python; a job has hundreds. This is what they end in.
    # The content is taken over at once, for another thread may set a variable, and decoded at once: none has a NUL in it.
    held = environ._data.copy()
    texts = environ.decodevalue(environ.encodevalue("\0").join([*held, *held.values()])).split("\0")
    return {name: text for name, text in zip(texts, texts[len(held) :]) if name[:3] == PREFIX or name in _OTHER_VARIABLES}


def _is_absent(path: str) -> bool:
    """Whether there is nothing; what cannot be looked at is there."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _told(source: str, value: object) -> Hyperparameter:
    """A hyperparameter as a route has it: two variables tell decoded values, any other route has texts."""
    if source in ("SM_HPS", "SM_TRAINING_ENV"):
        return Hyperparameter(value, to_text(value), source)
    return _read(to_text(value), source)


def _copies(name: str, own: Optional[Tuple[str, str]], routes: Mapping[str, Mapping[str, object]]) -> List[Hyperparameter]:
    """The copies of a hyperparameter: the one in its own variable, given with that, then those of other routes."""
    copies = [_told(route, values[name]) for route, values in routes.items() if name in values]
    if own is None:
        return copies
    variable, text = own
    # A variable does not tell a text that is JSON from the value that it stands for; another copy does.
    was_text = any(copy.value == text for copy in copies)
    return [Hyperparameter(text, text, variable) if was_text else _told(variable, text), *copies]


def _is_text(copy: object, text: str) -> bool:
    """Whether a copy stands for a text: it is no JSON, or JSON that holds it."""
    if copy != text and copy == f'"{text}"' and '"' not in text and "\\" not in text and text.isprintable():
        return True
    return isinstance(copy, str) and decode(copy) == text


def _read(text: str, source: str) -> Hyperparameter:
    """A hyperparameter that is written as text, decoded once."""
    value = decode(text)
    return Hyperparameter(value, to_text(value) if isinstance(value, (str, list, dict)) else text, source)


def _least_damaged(routes: List[Hyperparameter]) -> Hyperparameter:
    """The one value of a hyperparameter that several routes carry, the most particular route first.

    Where routes differ only by what shells strip, or by what the route cannot tell (whether ``5`` was a text), the one that
    lost least, and of equals the one nearest to the origin, has the value; where they truly differ, the first has.
    """
    first = routes[0]
    if all(route.text == first.text and route.value == first.value for route in routes):
        return first
    alike = [route for route in routes if _squashed_renderings(route) & _squashed_renderings(first)]
    nearest: Dict[str, Hyperparameter] = {}
    for route in reversed(alike):
        nearest.setdefault(route.text, route)
    best = max(nearest.values(), key=_size)
    same = (route for route in alike if route.text == best.text or route.value == best.value)
    return Hyperparameter(best.value, best.text, next(same).source)


def _size(route: SourcedValue) -> int:
    """How much of a value a route carries."""
    return len(route.value if isinstance(route.value, str) else json.dumps(route.value))


def _squashed_renderings(route: SourcedValue) -> FrozenSet[str]:
    """How the platforms may write a value into a variable, after a shell. The toolkit writes null as nothing."""
    if route.value is None:
        return frozenset(("", "null"))
    if isinstance(route.value, (dict, list)):
        sorted_keys = (json.dumps(route.value, sort_keys=True, ensure_ascii=ascii_only) for ascii_only in (True, False))
        return frozenset(map(strip_shell_quoting, sorted_keys))
    return frozenset((strip_shell_quoting(route.text), strip_shell_quoting(to_text(route.value))))
