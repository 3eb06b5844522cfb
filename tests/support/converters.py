"""Converters that scripts bring along, and what argparse and smargs make of a value with one of them."""

import argparse
import ast
import contextlib
import datetime
import decimal
import enum
import io
import json
from pathlib import Path

from declarations import typed

FAILED = object()


class Size(enum.Enum):
    """One member's value is the other's name."""

    medium = "large"
    small = "medium"


class Level(enum.Enum):
    LOW = "1"
    HIGH = "True"


def str2bool(text):
    """As it is written in hundreds of scripts."""
    if text.lower() in ("yes", "true", "t", "y", "1"):
        return True
    if text.lower() in ("no", "false", "f", "n", "0"):
        return False
    raise argparse.ArgumentTypeError("Boolean value expected.")


class Pair:
    """A class of the script's own."""

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
    """The value of --opt, or FAILED."""
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            return parser.parse_args(argv, **env_vars).opt
        except (SystemExit, Exception):
            return FAILED


def declared(parser_class, declaration):
    parser = parser_class(prog="train.py")
    parser.add_argument("--opt", **declaration)
    return parser


def is_mended(declaration, value):
    """Whether the table of what is mended has a row for this, of the declarations that are drawn here."""
    if value is None or (isinstance(value, str) and value.strip() == "null"):
        # SDK v3 and boto3 send the text null as they send null itself.
        return True
    if declaration.get("type") in (None, str, int, float):
        # The digits of a number that is sent as text.
        with contextlib.suppress(ValueError, TypeError):
            return isinstance(value, str) and type(json.loads(value)) in (int, float)
    return False


def same(found, expected):
    """Whether two values are equal in value and in type; nan is itself."""
    return typed(found) == typed(expected) or repr(found) == repr(expected)
