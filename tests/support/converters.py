"""Converters, the functions for ``type=``, as scripts have them, and helpers that parse a value with one."""

import argparse
import ast
import contextlib
import datetime
import decimal
import enum
import io
import json
from pathlib import Path

from declarations import with_types

FAILED = object()


class Size(enum.Enum):
    """The value of one member is the name of another."""

    medium = "large"
    small = "medium"


class Level(enum.Enum):
    LOW = "1"
    HIGH = "True"


def str2bool(text):
    """Convert a boolean, as many scripts do."""
    if text.lower() in ("yes", "true", "t", "y", "1"):
        return True
    if text.lower() in ("no", "false", "f", "n", "0"):
        return False
    raise argparse.ArgumentTypeError("Boolean value expected.")


class Pair:
    """A class that a script uses as a converter."""

    def __init__(self, text):
        self.text = text

    def __eq__(self, other):
        return type(other) is Pair and self.text == other.text

    def __hash__(self):
        return hash(self.text)


CONVERTERS = {
    "none": None,
    "str": str,
    "int": int,
    "float": float,
    "complex": complex,
    "eval": eval,
    "literal_eval": ast.literal_eval,
    "json.loads": json.loads,
    "str.lower": str.lower,
    "str.split": str.split,
    "split at commas": lambda text: text.split(","),
    "equals True": lambda text: text == "True",
    "equals true": lambda text: text == "true",
    "lower equals true": lambda text: text.lower() == "true",
    "str2bool": str2bool,
    "bool of int": lambda text: bool(int(text)),
    "strtobool": lambda text: {"true": 1, "false": 0, "1": 1, "0": 0}[text.lower()],
    "pairs": lambda text: dict(pair.split("=") for pair in text.split(",")),
    "none or int": lambda text: None if text == "None" else int(text),
    "Path": Path,
    "Enum": Size,
    "Enum of texts": Level,
    "Decimal": decimal.Decimal,
    "date": datetime.datetime.fromisoformat,
    "len": len,
    "class": Pair,
}


def outcome(parser, argv, **env_vars):
    """Parse a command line; return the value of ``--opt``, or FAILED."""
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            return parser.parse_args(argv, **env_vars).opt
        except (SystemExit, Exception):
            return FAILED


def declared(parser_class, declaration):
    """Make a parser with the argument ``--opt``."""
    parser = parser_class(prog="train.py")
    parser.add_argument("--opt", **declaration)
    return parser


def is_changed_on_purpose(declaration, value):
    """Whether smargs changes this value on purpose: docs/differences.md has a row for it."""
    if value is None or (isinstance(value, str) and value.strip() == "null"):
        # SDK v3 and boto3 send the text null in the same way as null.
        return True
    if declaration.get("type") in (None, str, int, float):
        # A number that is sent as text keeps its digits.
        with contextlib.suppress(ValueError, TypeError):
            return isinstance(value, str) and type(json.loads(value)) in (int, float)
    return False


def same(actual, expected):
    """Whether two values have the same value and type; NaN is the same as NaN."""
    return with_types(actual) == with_types(expected) or repr(actual) == repr(expected)
