r"""The promise, held against any bytes: whatever the job, a namespace, or one line and status 2.

An input is a parser and a job, written line by line, so that what the fuzzer finds can be read, and written by hand:

    @i--epochs -e           declares an argument: its kind (of KINDS), then its option strings, or its name
    ~                       the arguments that follow exclude each other
    &fit                    the arguments that follow belong to a subcommand
    #a                      gives the parser a setting (of PARSERS)
    $SM_HPS={"epochs": 3}   sets a variable
    >h{"epochs": "3"}       writes a file (of PLACES)
    /h                      makes a directory in the place of a file; so <h makes a link to itself, |h a FIFO and
                            %h a file that may not be read
    !v                      puts a secret into the job (on a route of SECRETS)
    --epochs                any other line is a token of the command line

A line that starts with a tab goes on with the one before it, after a newline. [{9000} is 9000 times [. A letter that is in no
table stands for one that is, so every byte means something; what is declared or put a second time is passed over.
"""

import argparse
import contextlib
import enum
import functools
import io
import json
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import configargparse

from smargs import SageMakerArgumentParser, SageMakerEnvironment
from smargs.container.environment import failure_file

SECRET = "planted-and-never-shown"


class Optimizer(enum.Enum):
    ADAM = "adam"
    SGD = 2


KINDS: Dict[str, Dict[str, Any]] = {
    "t": {},
    "i": {"type": int},
    "f": {"type": float},
    "b": {"type": bool},
    "p": {"type": Path},
    "l": {"type": list},
    "u": {"type": tuple},
    "s": {"type": set},
    "d": {"type": dict},
    "e": {"type": Optimizer},
    "I": {"default": 10},
    "F": {"default": 0.1, "help": "100%% of %(default)s"},
    "B": {"default": True},
    "P": {"default": Path("here")},
    "L": {"default": ["x"]},
    "D": {"default": {}},
    "E": {"default": Optimizer.ADAM},
    "?": {"nargs": "?", "const": "c"},
    "*": {"nargs": "*"},
    "+": {"nargs": "+", "type": int},
    "2": {"nargs": 2, "type": float},
    ".": {"nargs": argparse.REMAINDER},
    "y": {"action": "store_true"},
    "n": {"action": "store_false", "dest": "shared"},
    "k": {"action": "store_const", "const": 5, "dest": "shared"},
    "q": {"action": argparse.BooleanOptionalAction if sys.version_info >= (3, 9) else "store_true"},
    "c": {"action": "count"},
    "a": {"action": "append", "type": int},
    "A": {"action": "append", "nargs": "+"},
    "x": {"action": "extend", "nargs": "+", "type": int},
    "h": {"action": "help"},
    "o": {"choices": ["a", "b", ""]},
    "O": {"choices": [1, 2], "type": int, "default": 1},
    "r": {"required": True, "help": "needed"},
    "S": {"default": argparse.SUPPRESS},
    "H": {"help": argparse.SUPPRESS, "dest": "help"},
    "j": {"type": json.loads},
    "T": {"type": lambda text: text == "True", "default": "unconverted"},
    "C": {"type": lambda text: text.split(",")},
    "N": {"action": "store_false", "dest": "shared", "default": "default"},
    "m": {"choices": ["True", "false"]},
    "v": {"env_var": "SM_HP_EPOCHS"},
    "V": {"env_var": "MY_SECRET", "type": int},
}

PARSERS: Dict[str, Dict[str, Any]] = {
    "a": {"auto_env_var_prefix": "MY_"},
    "b": {"allow_abbrev": False},
    "h": {"add_help": False},
    "i": {"infer_types": False},
    "p": {"prefix_chars": "-+"},
    "s": {"argument_default": argparse.SUPPRESS},
    "d": {"formatter_class": argparse.ArgumentDefaultsHelpFormatter},
}

PLACES = {
    "h": "input/config/hyperparameters.json",
    "r": "input/config/resourceconfig.json",
    "c": "input/config/inputdataconfig.json",
    "i": "input/config",
    "o": "output",
    "f": "output/failure",
}

# Help so narrow that argparse must break its lines, which for some names it cannot.
NARROW = {"formatter_class": functools.partial(argparse.HelpFormatter, width=24)}


class Input(NamedTuple):
    """A parser, as it is declared, and the job that it parses, with its files below a base directory."""

    base: Path
    settings: Dict[str, Any]
    declared: List[Tuple[str, str]]
    environ: Dict[str, str]
    argv: List[str]


class Outcome(NamedTuple):
    """What a parse gives, and everything that it shows; the status is None where it returns."""

    status: object
    result: str
    values: str
    out: str
    err: str
    warned: List[Tuple[type, str]]


def hold(data: bytes) -> None:
    """Hold the promise against an input; what breaks it is raised."""
    with tempfile.TemporaryDirectory() as directory:
        given = read_input(data, Path(directory))
        parser = SageMakerArgumentParser(prog="prog", **given.settings)
        accepted = _declare(parser, given.declared)
        environment = SageMakerEnvironment.load(given.environ)
        failure = Path(failure_file(environment) or given.base / "failure")
        # A failure file that an input names elsewhere would be written there.
        if given.base in failure.parents:
            stays = os.path.lexists(failure)
            settings = {**given.settings, **NARROW}
            settings.pop("infer_types", None)
            base_class = configargparse.ArgumentParser(**settings)
            assert set(_declare(base_class, given.declared)) <= set(accepted)
            try:
                _hold_for_parser(parser, given, bool(environment))
                assert stays or not failure.exists() or _is_one_line(failure.read_text(encoding="utf-8"))
            except Exception:
                # What the base class cannot show is the script's own mistake.
                if _can_be_shown(base_class):
                    raise


def _hold_for_parser(parser: SageMakerArgumentParser, given: Input, in_job: bool) -> None:
    before = dict(os.environ), list(sys.argv)
    outcomes = [
        _parse(parser, how, argv, given.environ)
        for how, argv in (
            ("parse_args", given.argv),
            ("parse_known_args", given.argv),
            ("parse_args", ["--help"]),
            ("parse_args", given.argv),
        )
    ]
    assert outcomes[0] == outcomes[-1]
    assert (dict(os.environ), sys.argv) == before
    for outcome in outcomes:
        # Off SageMaker it is argparse, which repeats what was typed, newlines and all.
        _hold_for_outcome(outcome, one_line=in_job)


def _hold_for_outcome(outcome: Outcome, one_line: bool) -> None:
    shown = "".join((outcome.values, outcome.out, outcome.err, *(message for _, message in outcome.warned)))
    assert SECRET not in shown, shown
    assert {category for category, _ in outcome.warned} <= {UserWarning}, outcome.warned
    if outcome.status in (None, 0):
        assert outcome.err == ""
        return
    assert outcome.status == 2, outcome.status
    assert outcome.err.startswith("usage: "), outcome.err
    assert outcome.err.endswith("\n"), outcome.err
    if one_line:
        *usage, line = outcome.err.splitlines()
        assert re.match(r"prog\b.*: error: .", line), outcome.err
        assert not any(": error: " in other for other in usage), outcome.err


def _is_one_line(text: str) -> bool:
    return text.endswith("\n") and len(text.splitlines()) == 1 and SECRET not in text


def _parse(parser: SageMakerArgumentParser, how: str, argv: List[str], environ: Dict[str, str]) -> Outcome:
    """What a parse gives, on streams that encode as those of a process do."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", "strict")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")
    status, result, values = None, "", ""
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            result = repr(getattr(parser, how)(list(argv), env_vars=dict(environ)))
            values = parser.format_values()
        except SystemExit as stop:
            status = stop.code
        out.flush()
        err.flush()
    told = [(warning.category, str(warning.message)) for warning in warned]
    return Outcome(status, result, values, out.buffer.getvalue().decode(), err.buffer.getvalue().decode(), told)


def _declare(parser: argparse.ArgumentParser, declared: List[Tuple[str, str]]) -> List[Tuple[str, str]]:
    """Declare what the parser accepts, and say what that is."""
    accepted = []
    commands: Any = None
    place: Any = parser
    for kind, names in declared:
        # A script that declares what argparse refuses, by whatever it raises, has not begun to parse.
        with contextlib.suppress(Exception, SystemExit):
            if kind == "~":
                place = parser.add_mutually_exclusive_group()
            elif kind == "&":
                commands = commands or parser.add_subparsers(dest="command")
                place = commands.add_parser(names)
            else:
                place.add_argument(*names.split(" "), **_look_up(KINDS, kind))
            accepted.append((kind, names))
    return accepted


def _can_be_shown(parser: argparse.ArgumentParser) -> bool:
    try:
        return bool(parser.format_help().encode())
    except Exception:
        return False


def read_input(data: bytes, base: Path) -> Input:
    """The parser and the job that bytes describe; the files are made."""
    given = Input(base, {}, [], {"SAGEMAKER_BASE_DIR": os.fspath(base)}, [])
    data = data.replace(b"/opt/ml", os.fsencode(base))
    data = re.sub(rb"(?s)(.)\{(\d{1,5})\}", lambda found: found[1] * int(found[2]), data)
    for line in re.split(rb"\n(?!\t)", data) if data else ():
        text = line.replace(b"\n\t", b"\n").decode("utf-8", "surrogateescape")
        READERS.get(text[:1], _read_token)(text, given)
    return given


def _look_up(table: Dict[str, Any], letter: str) -> Any:
    """What a letter stands for in a table, as does any other character, or none."""
    return table[letter] if letter in table else list(table.values())[ord(letter or "\0") % len(table)]


def _read_token(text: str, given: Input) -> None:
    given.argv.append(text)


def _read_argument(text: str, given: Input) -> None:
    given.declared.append((text[1:2], text[2:]))


def _read_place_of_arguments(text: str, given: Input) -> None:
    given.declared.append((text[0], text[1:]))


def _read_setting(text: str, given: Input) -> None:
    given.settings.update(_look_up(PARSERS, text[1:2]))


def _read_variable(text: str, given: Input) -> None:
    name, _, value = text[1:].partition("=")
    given.environ[name] = value


def _read_secret(text: str, given: Input) -> None:
    _look_up(SECRETS, text[1:2])(given)


def _read_file(text: str, given: Input) -> None:
    path = given.base / _look_up(PLACES, text[1:2])
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(path):
            MAKERS[text[0]](path, text[2:].encode("utf-8", "surrogateescape"))


def _make_unreadable_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0)


MAKERS: Dict[str, Callable[[Path, bytes], object]] = {
    ">": Path.write_bytes,
    "/": lambda path, _: path.mkdir(),
    "<": lambda path, _: path.symlink_to(path),
    "|": lambda path, _: os.mkfifo(path),
    "%": _make_unreadable_file,
}

SECRETS: Dict[str, Callable[[Input], object]] = {
    "v": lambda given: given.environ.update(SM_HP_API_KEY=SECRET),
    "p": lambda given: given.environ.update(SM_HPS=json.dumps({"api_key": SECRET})),
    "n": lambda given: given.environ.update(SM_HP_OPT=json.dumps({"login": {"secret_key": [SECRET]}})),
    "m": lambda given: given.environ.update(MY_SECRET=SECRET),
    "f": lambda given: _read_file(">h" + json.dumps({"api_key": SECRET}), given),
    "t": lambda given: given.argv.extend(["--api-key", SECRET]),
    "=": lambda given: given.argv.append(f"--api-key={SECRET}"),
}

READERS: Dict[str, Callable[[str, Input], None]] = {
    "@": _read_argument,
    **dict.fromkeys("~&", _read_place_of_arguments),
    "#": _read_setting,
    "$": _read_variable,
    "!": _read_secret,
    **dict.fromkeys(MAKERS, _read_file),
}


if __name__ == "__main__":
    for path in sys.argv[1:]:
        hold(Path(path).read_bytes())
