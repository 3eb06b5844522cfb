"""``SupportedHyperParameters`` of ``CreateAlgorithm``: the hyperparameters of a parser as the service describes them.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterSpecification.html
"""

from __future__ import annotations

import math
import unicodedata
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from smargs.arguments.bounds import Bounds
from smargs.launch.declared import DeclaredHyperparameter
from smargs.launch.errors import HyperparameterError
from smargs.launch.limits import (
    LONGEST_BOUND,
    LONGEST_DESCRIPTION,
    MOST_HYPERPARAMETERS,
    MOST_RANGES,
    limit_problems,
)
from smargs.secrets.masking import Secrets

INTEGER, CONTINUOUS, CATEGORICAL, FREE_TEXT = "Integer", "Continuous", "Categorical", "FreeText"

Range = Dict[str, Dict[str, Any]]

_NUMBERS: Dict[Any, str] = {int: INTEGER, float: CONTINUOUS}

# The service's pattern of a description has every category of Unicode but this one, "other", such as control characters.
_OTHER = "C"


def supported_hyperparameters(
    hyperparameters: Sequence[DeclaredHyperparameter], exclusive: Sequence[DeclaredHyperparameter], secrets: Secrets
) -> List[Dict[str, Any]]:
    """Return a specification for each hyperparameter.

    Args:
        hyperparameters: The hyperparameters of the parser.
        exclusive: Those of mutually exclusive groups. They get no default, because a job cannot send two of them.
        secrets: The secrets, which are masked.

    Raises:
        HyperparameterError: If the service does not accept the specifications, with every problem.
    """
    specifications: Dict[str, Dict[str, Any]] = {}
    for each in hyperparameters:
        specification = _specification(each, secrets)
        if each in exclusive:
            specification.pop("DefaultValue", None)
        earlier = specifications.get(each.name, specification)
        specifications[each.name] = specification if earlier == specification else _merge(earlier, specification)
    problems = list(_problems(specifications))
    if problems:
        raise HyperparameterError(problems)
    return list(specifications.values())


def _specification(declared: DeclaredHyperparameter, secrets: Secrets) -> Dict[str, Any]:
    kind, allowed = _range(declared)
    is_secret = secrets.names.is_secret_argument(declared.action)
    values = allowed.get(f"{kind}ParameterRangeSpecification", {})
    # A tuning job refuses a range of one value. Source: amazon-sagemaker-feedback#195.
    is_tunable = len(set(values.get("Values", values.values()))) > 1 and not is_secret
    specification: Dict[str, Any] = {
        "Name": declared.name,
        "Type": kind,
        "IsTunable": is_tunable,
        "IsRequired": declared.is_required,
    }
    description = _one_line(secrets.mask_text(declared.help()))
    if description:
        specification["Description"] = description
    if allowed:
        specification["Range"] = allowed
    # "If a default value is specified, a hyperparameter cannot be required."
    default = None if declared.is_required else declared.default(secrets)
    if default is not None:
        specification["DefaultValue"] = default[1]
    return specification


def _range(declared: DeclaredHyperparameter) -> Tuple[str, Range]:
    """Return the type, and the range; the range is empty if the service cannot represent what the argument accepts."""
    texts = [] if declared.takes_list else [text for _, text in declared.categories()]
    if 1 <= len(texts) <= MOST_RANGES and all(len(text) <= LONGEST_BOUND for text in texts):
        return CATEGORICAL, {"CategoricalParameterRangeSpecification": {"Values": texts}}
    kind = INTEGER if declared.is_count else _NUMBERS.get(declared.type, FREE_TEXT)
    if declared.takes_list:
        return FREE_TEXT, {}
    return kind, {} if texts else _range_of_numbers(kind, declared.bounds)


def _range_of_numbers(kind: str, bounds: Optional[Bounds]) -> Range:
    # The service has no range that is open at one end.
    if bounds is None or None in bounds:
        return {}
    low, high = (math.ceil(bounds.low), math.floor(bounds.high)) if kind == INTEGER else bounds
    return {f"{kind}ParameterRangeSpecification": {"MinValue": str(low), "MaxValue": str(high)}}


def _one_line(text: str) -> str:
    shown = (character for character in text if character.isspace() or unicodedata.category(character)[0] != _OTHER)
    return " ".join("".join(shown).split())[:LONGEST_DESCRIPTION].rstrip()


def _merge(first: Dict[str, Any], second: Dict[str, Any]) -> Dict[str, Any]:
    """Return the specification of a hyperparameter for several arguments that accept different values: any text."""
    is_required = first["IsRequired"] or second["IsRequired"]
    return {"Name": first["Name"], "Type": FREE_TEXT, "IsTunable": False, "IsRequired": is_required}


def _problems(names: Dict[str, Any]) -> Iterator[str]:
    if len(names) > MOST_HYPERPARAMETERS:
        yield f"{len(names)} hyperparameters: the service describes at most {MOST_HYPERPARAMETERS} of an algorithm"
    for name in names:
        yield from limit_problems({name: ""})
