"""The ranges of a tuning job: those of SDK v2, of SDK v3 and of the service's JSON, and the texts that a tuner sends."""

from __future__ import annotations

import json
import math
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from smargs.launch.limits import LONGEST_BOUND, MOST_RANGES, SCALING_TYPES
from smargs.launch.pipelines import default_text, is_pipeline_variable

INTEGER = "Integer"
CONTINUOUS = "Continuous"
CATEGORICAL = "Categorical"
AUTO = "Auto"
KINDS = (INTEGER, CONTINUOUS, CATEGORICAL)

_REQUEST_KEYS = (*(f"{kind}ParameterRanges" for kind in KINDS), "AutoParameters")

# The place of the interior value in a continuous range. It is irrational, so that the value is hardly ever a whole number.
_INTERIOR = (math.sqrt(5) - 1) / 2


class Range(NamedTuple):
    """The range of one hyperparameter.

    Attributes:
        name: The hyperparameter; empty if it is unknown.
        kind: ``Integer``, ``Continuous``, ``Categorical`` or ``Auto``; empty if it is unknown.
        texts: The texts of values that the tuner sends: each bound and an interior value, or each category. Empty if they are
            unknown.
        problems: What the service would refuse, one line each.
    """

    name: str
    kind: str
    texts: Tuple[str, ...]
    problems: Tuple[str, ...]


def read_ranges(ranges: Mapping[str, Any], *, encoded: bool) -> List[Range]:
    """Read ranges.

    Args:
        ranges: Names with the SDKs' ``ContinuousParameter``, ``IntegerParameter`` or ``CategoricalParameter``, or the service's
            ``ParameterRanges``. A :class:`Range` is returned unchanged, because another process may have no SDK.
        encoded: Whether the hyperparameters are sent as texts. Otherwise SDK v2's tuner may encode categories as JSON.
    """
    if not ranges.keys().isdisjoint(_REQUEST_KEYS):
        return list(_read_request(ranges))
    return [_read_object(name, value, encoded) for name, value in ranges.items()]


def range_problems(ranges: Sequence[Range]) -> Iterator[str]:
    """Yield a line for each thing that the service refuses in ranges."""
    for range_ in ranges:
        yield from range_.problems
    for kind in KINDS:
        count = sum(range_.kind == kind for range_ in ranges)
        if count > MOST_RANGES:
            yield f"ranges: {count} {kind} ranges: the service allows {MOST_RANGES} of a kind"
    names = [range_.name for range_ in ranges]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f"range {name}: there are {names.count(name)} ranges of this name: expected one"


def _read_request(request: Mapping[str, Any]) -> Iterator[Range]:
    """Read the service's ``ParameterRanges``, in which every value is a text. Source: its shape of that name."""
    for key in _REQUEST_KEYS:
        for entry in request.get(key) or ():
            if isinstance(entry, Mapping) and isinstance(entry.get("Name"), str):
                read = _READERS[key](entry)
                yield read._replace(problems=(*_text_problems(read.name, entry), *read.problems))
            else:
                yield Range("", "", (), (f"ranges: {key}: {entry!r}: expected an object with a Name",))


def _text_problems(name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    for key, value in entry.items():
        for inner in value if isinstance(value, (list, tuple)) else [value]:
            if not isinstance(inner, str):
                yield f"range {name}: {key}: {inner!r} is not a text: the service expects {json.dumps(str(inner))}"


def _read_numeric_entry(kind: str) -> Callable[[Mapping[str, Any]], Range]:
    return lambda entry: _numeric(
        entry["Name"], kind, (entry.get("MinValue"), entry.get("MaxValue")), entry.get("ScalingType", "Auto")
    )


def _read_categorical_entry(entry: Mapping[str, Any]) -> Range:
    return _categorical(entry["Name"], list(entry.get("Values") or ()))


def _read_hint(entry: Mapping[str, Any]) -> Range:
    return Range(entry["Name"], AUTO, (str(entry.get("ValueHint")),), ())


_READERS: Dict[str, Callable[[Mapping[str, Any]], Range]] = {
    "IntegerParameterRanges": _read_numeric_entry(INTEGER),
    "ContinuousParameterRanges": _read_numeric_entry(CONTINUOUS),
    "CategoricalParameterRanges": _read_categorical_entry,
    "AutoParameters": _read_hint,
}


def _read_object(name: str, value: Any, encoded: bool) -> Range:
    """Read a range of an SDK. Its class has the kind as ``__name__``.

    Sources: ``sagemaker/parameter.py`` of v2, ``sagemaker/core/parameter.py`` of v3. The tuner of v3, and that of v2 for an
    ``Estimator``, send a category as text; that of v2 for a framework's estimator sends it as JSON (``as_json_range``).
    """
    if isinstance(value, Range):
        return value
    kind = getattr(value, "__name__", None)
    if kind == CATEGORICAL:
        is_of_v2 = any(base.__module__ == "sagemaker.parameter" for base in type(value).__mro__)
        return _categorical(str(name), list(value.values), may_be_json=is_of_v2 and not encoded)
    if kind in KINDS:
        return _numeric(str(name), kind, (value.min_value, value.max_value), value.scaling_type)
    expected = "a ContinuousParameter, an IntegerParameter or a CategoricalParameter"
    return Range(str(name), "", (), (f"range {name}: {type(value).__name__} is not a range: expected {expected}",))


def _categorical(name: str, values: Sequence[Any], may_be_json: bool = False) -> Range:
    texts = [value for value in values if isinstance(value, str)]
    sent = [*texts, *(json.dumps(text) for text in texts)] if may_be_json else texts
    return Range(name, CATEGORICAL, tuple(dict.fromkeys(sent)), tuple(_category_problems(name, values, sent)))


def _category_problems(name: str, values: Sequence[Any], texts: Sequence[str]) -> Iterator[str]:
    if len(values) > MOST_RANGES:
        yield f"range {name}: {len(values)} categories: the service allows {MOST_RANGES}"
    if len({value if isinstance(value, str) else id(value) for value in values}) < 2:
        yield f"range {name}: {len(values)} categories: the service refuses a range with one value: expected a fixed value"
    yield from _length_problems(name, texts)


def _numeric(name: str, kind: str, bounds: Tuple[Any, Any], scaling: Any) -> Range:
    """Return a range of numbers. A bound may be a pipeline variable, whose default counts."""
    texts = [text for text in map(_bound_text, bounds) if text is not None]
    numbers = {text: _number(kind, text) for text in texts}
    problems = [f"range {name}: {text!r}: expected a bound of the kind {kind}" for text in texts if numbers[text] is None]
    valid = [number for number in map(numbers.get, texts) if number is not None]
    if len(valid) == len(bounds):
        problems += _bound_problems(name, *valid, scaling=scaling)
        texts.append(_interior(kind, *valid))
    return Range(name, kind, tuple(dict.fromkeys(texts)), (*problems, *_length_problems(name, texts)))


def _bound_text(bound: object) -> Optional[str]:
    return default_text(bound) if is_pipeline_variable(bound) else str(bound)


def _number(kind: str, text: str) -> Optional[float]:
    """Return the number in a text; None if there is none."""
    try:
        number = (int if kind == INTEGER else float)(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _interior(kind: str, minimum: float, maximum: float) -> str:
    """Return the text of a value between the bounds."""
    if kind == INTEGER:
        return str((int(minimum) + int(maximum)) // 2)
    return str(minimum + (maximum - minimum) * _INTERIOR)


def _bound_problems(name: str, minimum: float, maximum: float, *, scaling: Any) -> Iterator[str]:
    """Yield the problems of the bounds and the scaling type.

    Source: "Define Hyperparameter Ranges",
    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html; issue 195 of
    amazon-sagemaker-feedback for a range with one value.
    """
    shown = f"range {name}: from {minimum} to {maximum}"
    if minimum == maximum:
        yield f"{shown}: the service refuses a range with one value: expected a fixed value"
    if minimum > maximum:
        yield f"{shown}: expected a minimum that is less than the maximum"
    if is_pipeline_variable(scaling):
        return
    if scaling not in SCALING_TYPES:
        yield f"range {name}: scaling type {scaling!r}: expected one of {', '.join(SCALING_TYPES)}"
    if scaling == "Logarithmic" and minimum <= 0:
        yield f"{shown}: Logarithmic scaling needs values greater than 0"
    if scaling == "ReverseLogarithmic" and not 0 <= minimum <= maximum < 1:
        yield f"{shown}: ReverseLogarithmic scaling needs values from 0 to less than 1"


def _length_problems(name: str, texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        if len(text) > LONGEST_BOUND:
            yield f"range {name}: {text[:20]}... has {len(text)} characters: the service allows {LONGEST_BOUND}"
