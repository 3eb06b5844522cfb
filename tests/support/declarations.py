"""The settings of ``add_argument`` for each kind of argument that generated jobs declare."""

import argparse
import json
import sys
from pathlib import Path

DECLARATIONS = {
    "int": {"type": int},
    "float": {"type": float},
    "text": {},
    "str": {"type": str, "default": "x"},
    "Path": {"type": Path},
    "bool": {"type": bool},
    "flag": {"action": "store_true"},
    "const": {"action": "store_const", "const": 5},
    "count": {"action": "count"},
    "append": {"action": "append", "type": int},
    "extend": {"action": "extend", "nargs": "+", "type": int},
    "nargs +": {"nargs": "+", "type": float},
    "nargs *": {"nargs": "*"},
    "nargs 2": {"nargs": 2, "type": int},
    "nargs ?": {"nargs": "?", "const": 1, "type": int},
    "list": {"type": list},
    "tuple": {"type": tuple},
    "dict": {"type": dict},
    "callable": {"type": json.loads},
    "null": {"type": int, "default": 3},
    "null text": {"default": "x"},
    "inferred int": {"default": 3},
    "inferred float": {"default": 0.5},
    "inferred bool": {"default": True},
    "inferred list": {"default": ["x"]},
    "inferred elements": {"nargs": "+", "default": [64]},
    "inferred dict": {"default": {}},
}
if sys.version_info >= (3, 9):
    # Only a long option has a --no- form, so a name of one letter is never of this kind.
    DECLARATIONS["paired flag"] = {"action": argparse.BooleanOptionalAction}


def option(name):
    """The option string of an argument's name."""
    return f"--{name}" if len(name) > 1 else f"-{name}"


def with_types(value):
    """Pair a value with its type, at every depth, so that 1 and 1.0 differ."""
    if isinstance(value, (list, tuple)):
        return type(value), [with_types(inner) for inner in value]
    if isinstance(value, dict):
        return {key: with_types(inner) for key, inner in value.items()}
    return type(value), value
