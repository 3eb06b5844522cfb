"""Pipeline variables of the SDKs, whose value is known only when the pipeline runs."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from smargs.container.rendering import json_unless_text


def is_pipeline_variable(value: object) -> bool:
    """Return whether a value is a pipeline variable of SDK v2 or v3. Neither SDK is imported.

    Sources: ``PipelineVariable``, which has ``expr`` and ``to_string``, in ``sagemaker/workflow/entities.py`` of v2 and in
    ``sagemaker/core/helper/pipeline_variable.py`` of v3.
    """
    return hasattr(type(value), "expr") and hasattr(type(value), "to_string")


def default_text(variable: Any) -> Optional[str]:
    """Return the text of a pipeline parameter's default; None if the variable has none.

    Both SDKs send a pipeline variable as it is or as its ``to_string()``, never as JSON. Sources:
    ``_json_encode_hyperparameters`` of v2, ``safe_serialize`` of v3.
    """
    default = getattr(variable, "default_value", None)
    return None if default is None else json_unless_text(default)


def has_inner_variable(value: object) -> bool:
    """Return whether a collection contains a pipeline variable, which no SDK can send."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, (list, tuple, set, frozenset)):
        return False
    return any(is_pipeline_variable(element) or has_inner_variable(element) for element in value)
