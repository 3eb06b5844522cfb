r"""Check a promise with any bytes as input: a parse returns a namespace, or it prints one line and exits with status 2.

An input describes a parser and a job, line by line. People can read what the fuzzer finds, and write inputs by hand:

    @i--epochs -e           declares an argument: its kind (a key of KINDS), then its option strings, or its name
    ~                       the arguments that follow exclude each other
    &fit                    the arguments that follow belong to a subcommand
    #a                      gives the parser a setting (a key of PARSERS)
    $SM_HPS={"epochs": 3}   sets a variable
    >h{"epochs": "3"}       writes a file (a key of PLACES)
    /h                      makes a directory instead of a file; <h makes a link to itself, |h a FIFO, and
                            %h a file that the process cannot read
    !v                      puts a secret into the job (where: a key of SECRETS)
    --epochs                any other line is a token of the command line

A line that starts with a tab continues the line before it, after a newline. ``[{9000}`` repeats ``[`` 9000 times. A letter
that is not a key of its table selects an entry as well, so that every input is valid. A second argument of the same name, or a
second file of the same path, is ignored.
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

from smargs import SageMakerArgumentParser
from smargs.container.job import Job

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

# At this width argparse has to wrap the usage, and for some names it fails.
NARROW = {"formatter_class": functools.partial(argparse.HelpFormatter, width=24)}


class Input(NamedTuple):
    """The declarations of a parser, and a job whose files are below a base directory."""

    base: Path
    settings: Dict[str, Any]
    declared: List[Tuple[str, str]]
    environ: Dict[str, str]
    argv: List[str]


class Outcome(NamedTuple):
    """The result of a parse and all of its output; ``status`` is None if the parse returned."""

    status: object
    result: str
    values: str
    out: str
    err: str
    warned: List[Tuple[type, str]]


def check(data: bytes) -> None:
    """Check the promise for an input; raise whatever breaks it."""
    with tempfile.TemporaryDirectory() as directory:
        case = read_input(data, Path(directory))
        parser = SageMakerArgumentParser(prog="prog", **case.settings)
        accepted = _declare(parser, case.declared)
        job = Job(case.environ)
        failure = Path(job.failure_file or case.base / "failure")
        # Do not parse if the failure file is outside of the base directory: the parse would write it.
        if case.base in failure.parents:
            existed = os.path.lexists(failure)
            settings = {**case.settings, **NARROW}
            settings.pop("infer_types", None)
            base_class = configargparse.ArgumentParser(**settings)
            assert set(_declare(base_class, case.declared)) <= set(accepted)
            try:
                _check_parser(parser, case, bool(job))
                assert existed or not os.path.exists(failure) or _is_one_line(failure.read_text(encoding="utf-8"))
            except Exception:
                # The declarations are wrong if ConfigArgParse fails with them, too.
                if _can_be_used(base_class, case.argv):
                    raise


def _check_parser(parser: SageMakerArgumentParser, case: Input, in_job: bool) -> None:
    before = dict(os.environ), list(sys.argv)
    outcomes = [
        _parse(parser, how, argv, case.environ)
        for how, argv in (
            ("parse_args", case.argv),
            ("parse_known_args", case.argv),
            ("parse_args", ["--help"]),
            ("parse_args", case.argv),
        )
    ]
    assert outcomes[0] == outcomes[-1]
    assert (dict(os.environ), sys.argv) == before
    for outcome in outcomes:
        # Off SageMaker the error is argparse's, which repeats typed tokens with their newlines.
        _check_outcome(outcome, one_line=in_job)


def _check_outcome(outcome: Outcome, one_line: bool) -> None:
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
    """Parse with output streams that encode as those of a process do."""
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
    messages = [(warning.category, str(warning.message)) for warning in warned]
    return Outcome(status, result, values, out.buffer.getvalue().decode(), err.buffer.getvalue().decode(), messages)


def _declare(parser: argparse.ArgumentParser, declared: List[Tuple[str, str]]) -> List[Tuple[str, str]]:
    """Declare the arguments that the parser accepts, and return them."""
    accepted = []
    commands: Any = None
    place: Any = parser
    for kind, names in declared:
        # argparse refuses some declarations, with various exceptions. These are left out.
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


def _can_be_used(parser: argparse.ArgumentParser, argv: List[str]) -> bool:
    """Return whether a parser can format its help, and parse a command line or refuse it."""
    try:
        parser.format_help().encode()
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(
            io.StringIO()
        ):
            parser.parse_known_args(list(argv), env_vars={})
    except Exception:
        return False
    return True


def read_input(data: bytes, base: Path) -> Input:
    """Read the parser and the job from bytes, and make the job's files."""
    case = Input(base, {}, [], {"SAGEMAKER_BASE_DIR": os.fspath(base)}, [])
    data = data.replace(b"/opt/ml", os.fsencode(base))
    data = re.sub(rb"(?s)(.)\{(\d{1,4})\}", lambda match: match[1] * int(match[2]), data)
    for line in re.split(rb"\n(?!\t)", data) if data else ():
        text = line.replace(b"\n\t", b"\n").decode("utf-8", "surrogateescape")
        READERS.get(text[:1], _read_token)(text, case)
    return case


def _look_up(table: Dict[str, Any], letter: str) -> Any:
    """Look up a letter in a table; any other character, or none, selects an entry as well."""
    return table[letter] if letter in table else list(table.values())[ord(letter or "\0") % len(table)]


def _read_token(text: str, case: Input) -> None:
    case.argv.append(text)


def _read_argument(text: str, case: Input) -> None:
    case.declared.append((text[1:2], text[2:]))


def _read_place_of_arguments(text: str, case: Input) -> None:
    case.declared.append((text[0], text[1:]))


def _read_setting(text: str, case: Input) -> None:
    case.settings.update(_look_up(PARSERS, text[1:2]))


def _read_variable(text: str, case: Input) -> None:
    name, _, value = text[1:].partition("=")
    case.environ[name] = value


def _read_secret(text: str, case: Input) -> None:
    _look_up(SECRETS, text[1:2])(case)


def _read_file(text: str, case: Input) -> None:
    path = case.base / _look_up(PLACES, text[1:2])
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
    "v": lambda case: case.environ.update(SM_HP_API_KEY=SECRET),
    "p": lambda case: case.environ.update(SM_HPS=json.dumps({"api_key": SECRET})),
    "n": lambda case: case.environ.update(SM_HP_OPT=json.dumps({"login": {"secret_key": [SECRET]}})),
    "m": lambda case: case.environ.update(MY_SECRET=SECRET),
    "f": lambda case: _read_file(">h" + json.dumps({"api_key": SECRET}), case),
    "t": lambda case: case.argv.extend(["--api-key", SECRET]),
    "=": lambda case: case.argv.append(f"--api-key={SECRET}"),
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
        check(Path(path).read_bytes())
