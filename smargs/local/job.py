"""What is asked of a training job on this machine, checked as the service checks it before anything starts."""

from __future__ import annotations

import glob
import json
import os
import re
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Set, Tuple

from smargs.container.spelling import decode, load_json, to_text
from smargs.container.variables import PLATFORM_CHANNELS, is_secret

TOOLKIT = "toolkit"
TOOLKIT_UNQUOTED = "toolkit-unquoted"
SDK = "sdk"
FILES = "files"
PLATFORMS = (TOOLKIT, TOOLKIT_UNQUOTED, SDK, FILES)

MARK = ".smargs-job.json"
"""The file that tells the directory of a job from others, and how the job ended."""

# Limits of the service. Source: HyperParameters of CreateTrainingJob,
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
MOST_HYPERPARAMETERS = 100
LONGEST_NAME = 256
LONGEST_VALUE = 2500

# What a regular expression of the service does not take for any character; its pattern of names and of values is ".*".
# Source: HyperParameters of CreateTrainingJob, and java.util.regex.Pattern, "Line terminators".
_LINE_BREAK = re.compile("[\n\r\u0085\u2028\u2029]")

# Source: ChannelName, https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html
_CHANNEL_NAME = re.compile(r"[A-Za-z0-9.\-_]{1,64}")


class BadJobError(ValueError):
    """A job that cannot be started; its text is one line for people."""


class Hyperparameter(NamedTuple):
    """One hyperparameter as it was asked for.

    Attributes:
        value: The value: JSON where it is JSON, else the text.
        text: The text, as boto3 would send it.
    """

    value: object
    text: str


class Channel(NamedTuple):
    """What a channel holds.

    Attributes:
        paths: Absolute paths: the one directory that is the channel, or the files and directories that are in it.
        is_directory: Whether the one path is the channel itself.
    """

    paths: Tuple[Path, ...]
    is_directory: bool


class TrainingJob(NamedTuple):
    """A training job as it was asked for.

    Attributes:
        name: The name of the training job.
        script: The entry point, an absolute path; its directory is the source directory.
        hyperparameters: Names and values, without the platform's own.
        channels: Names of the channels and what each holds.
        hosts: Names of the hosts.
        platform: Which of :data:`PLATFORMS` renders the job.
        plain: Whether hyperparameters are sent as text (boto3, Step Functions), or as JSON (the SDK's estimators).
        typed: What the script is given on its command line beside SageMaker's tokens.
        launcher: ``torchrun``, ``mpirun`` or None: what starts the script on each host.
        processes_per_host: How many processes the launcher starts on each host; None for one a GPU, else one.
        patch: Whether the script's ``argparse.ArgumentParser`` is replaced.
    """

    name: str
    script: Path
    hyperparameters: Mapping[str, Hyperparameter]
    channels: Mapping[str, Channel]
    hosts: Tuple[str, ...] = ("algo-1",)
    platform: str = TOOLKIT
    plain: bool = False
    typed: Tuple[str, ...] = ()
    launcher: Optional[str] = None
    processes_per_host: Optional[int] = None
    patch: bool = False


def find_script(path: str) -> Path:
    """The entry point of a job.

    Raises:
        BadJobError: If there is no such file, or it is no entry point.
    """
    script = Path(path)
    if not os.path.isfile(path):
        what = "a directory" if os.path.isdir(path) else "not there"
        raise BadJobError(f"argument script: {path!r} is {what}: expected a .py or .sh")
    if script.suffix not in (".py", ".sh"):
        raise BadJobError(f"argument script: {path!r} is not an entry point: expected a .py or .sh")
    if script.suffix == ".sh" and not os.access(script, os.X_OK):
        raise BadJobError(f"argument script: {path!r} may not be executed: expected what chmod +x {path} makes of it")
    return script.resolve()


def contains(directory: Path, path: Path) -> bool:
    """Whether a path is a directory or below it, through whatever links."""
    real = Path(os.path.realpath(path))
    return Path(os.path.realpath(directory)) in (real, *real.parents)


def is_job(path: Path) -> bool:
    """Whether a path is the directory of a job."""
    return os.path.lexists(os.path.join(path, MARK))


def default_place() -> Path:
    """The directory of the jobs that are given none, below the home directory and so outside of most source directories.

    Raises:
        BadJobError: If there is no home directory.
    """
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        raise BadJobError("there is no home directory for the jobs: expected --output DIR")
    return Path(home, ".smargs", "jobs")


def name_job(directory: Path) -> str:
    """The name of a job in a directory, which is the directory's as far as the service takes it."""
    return re.sub(r"[^A-Za-z0-9]+", "-", directory.name).strip("-")[:63] or "job"


def name_hosts(count: int) -> Tuple[str, ...]:
    """The names of so many hosts, as the service gives them."""
    return tuple(f"algo-{number}" for number in range(1, count + 1))


def read_hyperparameters(files: Iterable[str], typed: Iterable[str]) -> Dict[str, Hyperparameter]:
    """The hyperparameters of a job.

    Args:
        files: Paths of files that hold a JSON object; a later one wins.
        typed: Texts such as ``epochs=3``, which win over the files.

    Raises:
        BadJobError: If a file cannot be read, or a text has no name.
    """
    found: Dict[str, Hyperparameter] = {}
    for path in files:
        for name, value in _read_object(path).items():
            found[name] = Hyperparameter(value, to_text(value))
    for pair in typed:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise BadJobError(f"argument -p: {_without_secret(pair)!r} is no hyperparameter: expected NAME=VALUE")
        found[name] = Hyperparameter(decode(text), text)
    return found


def _without_secret(pair: str) -> str:
    """A text without what may be the value of a secret in it."""
    return re.sub(r"[^\w-].*", "...", pair, flags=re.DOTALL) if is_secret(pair) else pair


def _read_object(path: str) -> Mapping[str, object]:
    try:
        content = load_json(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadJobError(f"argument --hyperparameters: {path!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadJobError(f"argument --hyperparameters: {path!r} is not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise BadJobError(f"argument --hyperparameters: {path!r} holds no JSON object: expected {{NAME: VALUE, ...}}")
    return content


def read_channels(typed: Iterable[str], may_be_elsewhere: bool = False) -> Dict[str, Channel]:
    """The channels of a job, of texts such as ``train=data/train``: a file, a directory or a glob.

    Args:
        typed: The texts.
        may_be_elsewhere: Whether a channel whose place is not on this machine, such as one in S3, is empty.

    Raises:
        BadJobError: If a text names no channel, or nothing that is there.
    """
    channels: Dict[str, Channel] = {}
    for pair in typed:
        name, equals, place = pair.partition("=")
        if not equals or not place:
            raise BadJobError(f"argument --channel: {pair!r} is no channel: expected NAME=PATH")
        if check_channel_name(name) in channels:
            raise BadJobError(f"argument --channel: {name!r} is there twice")
        paths = [place] if os.path.exists(place) else _matches(place) or [place]
        # A glob finds links that lead nowhere, too.
        missing = [path for path in paths if not os.path.exists(path)]
        if missing and may_be_elsewhere:
            channels[name] = Channel((), is_directory=False)
            continue
        if missing:
            what = "not on this machine: expected a local path:" if "://" in place else "not there: expected"
            raise BadJobError(f"argument --channel: {name}: {missing[0]!r} is {what} a file, a directory or a glob")
        channels[name] = Channel(tuple(Path(os.path.abspath(path)) for path in paths), os.path.isdir(place))
        twice = _twice(path.name for path in channels[name].paths)
        if twice:
            raise BadJobError(f"argument --channel: {name}: {place!r} matches two files called {twice!r}")
    return channels


def _matches(pattern: str) -> List[str]:
    """What a glob finds, without the directories of jobs and what is in them, unless the pattern names these outright."""
    outright = Path(os.path.dirname(re.split(r"[*?[]", pattern)[0]))
    return [
        path
        for path in sorted(glob.glob(pattern, recursive=True))
        if not any(is_job(part) for part in (Path(path), *Path(path).parents) if outright in part.parents)
    ]


def check_channel_name(name: str) -> str:
    """A channel's name as it is.

    Raises:
        BadJobError: If the service takes no such name, or the channel is the platform's own.
    """
    if not _CHANNEL_NAME.fullmatch(name) or set(name) == {"."}:
        raise BadJobError(f"argument --channel: {name!r} is no name of a channel: expected up to 64 of A-Z a-z 0-9 . - _")
    if name in PLATFORM_CHANNELS:
        raise BadJobError(f"argument --channel: {name!r} is a channel of SageMaker's own")
    return name


def _twice(names: Iterable[str]) -> Optional[str]:
    seen: Set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def check_limits(hyperparameters: Mapping[str, str]) -> None:
    """Check what the service checks when it is asked for a job.

    Args:
        hyperparameters: The content of hyperparameters.json, the platform's own among them.

    Raises:
        BadJobError: If there are too many, one is too long, or has a line break as it is sent: there is none in JSON.
    """
    if len(hyperparameters) > MOST_HYPERPARAMETERS:
        own = [name for name in hyperparameters if name.startswith("sagemaker_")]
        counted = f", {len(own)} of the SDK's own among them" if own else ""
        raise BadJobError(f"{len(hyperparameters)} hyperparameters{counted}: the service takes {MOST_HYPERPARAMETERS}")
    for name, text in hyperparameters.items():
        if len(name) > LONGEST_NAME:
            raise BadJobError(
                f"hyperparameter {name[:20]}...: its name has {len(name)} characters: the service takes {LONGEST_NAME}"
            )
        if len(text) > LONGEST_VALUE:
            raise BadJobError(f"hyperparameter {name}: a value of {len(text)} characters: the service takes {LONGEST_VALUE}")
        if _LINE_BREAK.search(name + text):
            raise BadJobError(
                f"hyperparameter {name!r}: a line break in what is sent, which the service refuses: expected one line"
            )
        if "=" in name or not all(map(_is_carried, (name, *_texts(decode(text))))):
            raise BadJobError(
                f"hyperparameter {name!r}: no variable can carry it: "
                "expected no '=' in its name, and no NUL or half a character"
            )


def _texts(value: object) -> Iterator[str]:
    """The texts in a decoded value."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def _is_carried(text: str) -> bool:
    """Whether a variable or an argument can be this text: no NUL, and no surrogate that stands for no byte."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def encode(job: TrainingJob) -> Dict[str, str]:
    """The hyperparameters as they are sent to the service: text, or JSON in it.

    Sources: ``_json_encode_hyperparameters`` of the SDK's framework estimators; ``safe_serialize`` of SDK v3's ModelTrainer,
    which leaves a text as it is, as whoever calls boto3 does.
    """
    if job.plain:
        return {name: sent.text for name, sent in job.hyperparameters.items()}
    if job.platform == SDK:
        return {name: _safe_serialized(sent.value) for name, sent in job.hyperparameters.items()}
    return {name: json.dumps(sent.value) for name, sent in job.hyperparameters.items()}


def _safe_serialized(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
