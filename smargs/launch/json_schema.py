"""The JSON schema of a parser's hyperparameters, for front ends and tuners.

Source: https://json-schema.org/draft/2020-12/schema
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import PurePath
from typing import Any, Dict, List, Sequence, Tuple

from smargs.launch.declared import DeclaredHyperparameter
from smargs.secrets.masking import Secrets

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# The greatest value of a hyperparameter that an argument with action="count" accepts.
_MOST_COUNTED = 9999

_TYPES: Dict[Any, str] = {
    None: "string",
    str: "string",
    int: "integer",
    float: "number",
    list: "array",
    tuple: "array",
    set: "array",
    dict: "object",
}

Schema = Dict[str, Any]

Group = Tuple[Sequence[DeclaredHyperparameter], bool]
"""The hyperparameters of a mutually exclusive group, and whether one of them is required."""


def json_schema(
    title: str,
    description: str,
    hyperparameters: Sequence[DeclaredHyperparameter],
    groups: Sequence[Group],
    secrets: Secrets,
) -> Schema:
    """Return a schema of a JSON object with hyperparameters. The parser accepts every object that the schema accepts.

    If the ``type`` of an argument is the script's own, any value fits the schema: only the script knows which are valid.

    Args:
        title: The name of the script.
        description: What the script does.
        hyperparameters: The hyperparameters of the script's parser.
        groups: Those of each mutually exclusive group.
        secrets: The secrets, which are masked.
    """
    properties: Dict[str, Schema] = {}
    for each in hyperparameters:
        property_ = _property(each, secrets)
        earlier = properties.get(each.name, property_)
        properties[each.name] = property_ if earlier == property_ else {"anyOf": [earlier, property_]}
    schema: Schema = {"$schema": DIALECT, "title": title, "type": "object"}
    if description:
        schema["description"] = description
    schema.update(properties=properties, additionalProperties=False)
    schema["required"] = list(dict.fromkeys(each.name for each in hyperparameters if each.is_required))
    conditions = [condition for group in groups for condition in _conditions(*group)]
    return {**schema, "allOf": conditions} if conditions else schema


def _property(declared: DeclaredHyperparameter, secrets: Secrets) -> Schema:
    schema = _values(declared)
    description = " ".join(secrets.mask_text(declared.help()).split())
    if description:
        schema["description"] = description
    if secrets.names.is_secret_argument(declared.action):
        return {**schema, "writeOnly": True}
    default = declared.default(secrets)
    if default is not None and _is_json(default[0]):
        schema["default"] = default[0]
    return schema


def _values(declared: DeclaredHyperparameter) -> Schema:
    action = declared.action
    one = _one_value(declared)
    if not declared.takes_list:
        return one
    if isinstance(action.nargs, int):
        return {"type": "array", "items": one, "minItems": action.nargs, "maxItems": action.nargs}
    return (
        {"type": "array", "items": one, "minItems": 1}
        if action.nargs == argparse.ONE_OR_MORE
        else {"type": "array", "items": one}
    )


def _one_value(declared: DeclaredHyperparameter) -> Schema:
    if declared.is_count:
        return {"type": "integer", "minimum": 0, "maximum": _MOST_COUNTED}
    # An infinite number is sent as a text.
    values = [value if _is_json(value) else text for value, text in declared.categories()]
    if values == [True, False] and values[0] is True:  # Not for [1, 0].
        return {"type": "boolean"}
    if values:
        return {"enum": values}
    return {**_type(declared), **_limits(declared)}


def _limits(declared: DeclaredHyperparameter) -> Schema:
    return {
        name: bound if isinstance(bound, (int, float)) else float(bound)
        for name, bound in zip(("minimum", "maximum"), declared.bounds or ())
        if bound is not None
    }


def _type(declared: DeclaredHyperparameter) -> Schema:
    if declared.action.nargs == 0:
        # A job sets the flag with `true`, too.
        return {"const": declared.action.const if _is_json(declared.action.const) else True}
    type_ = declared.type
    if isinstance(type_, type) and issubclass(type_, PurePath):
        return {"type": "string"}
    return {"type": _TYPES[type_]} if type_ in _TYPES else {}


def _is_json(value: object) -> bool:
    """Return whether JSON has a value. It has no infinite numbers, for which Python writes a text that is not JSON."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _conditions(group: Sequence[DeclaredHyperparameter], is_required: bool) -> List[Schema]:
    names = list(dict.fromkeys(each.name for each in group))
    conditions: List[Schema] = [{"not": {"required": list(pair)}} for pair in itertools.combinations(names, 2)]
    return [*conditions, {"anyOf": [{"required": [name]} for name in names]}] if is_required else conditions
