"""The ranges of a tuning job: those of SDK v2, of SDK v3 and of the service's JSON, and the texts that a tuner sends."""

from __future__ import annotations

import json
import math
from typing import Any, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from smargs.launch.limits import LONGEST_BOUND, MOST_RANGES, SCALING_TYPES, character_problems
from smargs.launch.pipelines import default_text, is_pipeline_variable

INTEGER = "Integer"
CONTINUOUS = "Continuous"
CATEGORICAL = "Categorical"
AUTO = "Auto"
KINDS = (INTEGER, CONTINUOUS, CATEGORICAL)

_NUMERIC_KEYS = ("Name", "MinValue", "MaxValue")

_KINDS_OF_KEYS = {**{f"{kind}ParameterRanges": kind for kind in KINDS}, "AutoParameters": AUTO}

_REQUIRED_KEYS = {
    INTEGER: _NUMERIC_KEYS,
    CONTINUOUS: _NUMERIC_KEYS,
    CATEGORICAL: ("Name", "Values"),
    AUTO: ("Name", "ValueHint"),
}
"""The keys of an entry of each kind. One with bounds may also have a ScalingType. Source: ``ParameterRanges`` in botocore."""

# The place of the interior value in a continuous range. It is irrational, so that the value is hardly ever a whole number.
_INTERIOR = (math.sqrt(5) - 1) / 2


class Range(NamedTuple):
    """The range of one hyperparameter.

    Attributes:
        name: The hyperparameter; empty if it is unknown.
        kind: ``Integer``, ``Continuous``, ``Categorical`` or ``Auto``; empty if it is unknown.
        texts: The texts of values that the tuner sends: each bound and an interior value, or each category. Empty if they are
            unknown.
        problems: What the service would refuse, one line each. They may show secrets.
        sources: Every value of the range as the caller has it, as a text, because it may be a secret.
    """

    name: str
    kind: str
    texts: Tuple[str, ...]
    problems: Tuple[str, ...]
    sources: Tuple[str, ...] = ()


def read_ranges(ranges: Mapping[str, Any], *, encoded: bool) -> List[Range]:
    """Read ranges.

    Args:
        ranges: Names with the SDKs' ``ContinuousParameter``, ``IntegerParameter`` or ``CategoricalParameter``, or the service's
            ``ParameterRanges``. A :class:`Range` is returned unchanged, because another process may have no SDK.
        encoded: Whether the hyperparameters are sent as texts. Otherwise SDK v2's tuner may encode categories as JSON.

    Raises:
        TypeError: If the ranges are no mapping.
    """
    if not isinstance(ranges, Mapping):
        raise TypeError(f"ranges: expected a mapping, not {type(ranges).__name__}")
    if not ranges.keys().isdisjoint(_KINDS_OF_KEYS):
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
    names = [range_.name for range_ in ranges if range_.name]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f"range {name}: there are {names.count(name)} ranges of this name: expected one"


def _read_request(request: Mapping[str, Any]) -> Iterator[Range]:
    """Read the service's ``ParameterRanges``, in which every value is a text. Source: its shape of that name."""
    yield Range("", "", (), tuple(_request_problems(request)))
    for key, entries in request.items():
        if key in _KINDS_OF_KEYS and isinstance(entries, (list, tuple)):
            yield from (_read_entry(_KINDS_OF_KEYS[key], entry) for entry in entries if _is_named(entry))


def _request_problems(request: Mapping[str, Any]) -> Iterator[str]:
    for key, entries in request.items():
        if key not in _KINDS_OF_KEYS:
            yield f"ranges: {key!r} is no key: expected one of {', '.join(_KINDS_OF_KEYS)}"
        elif not isinstance(entries, (list, tuple)):
            yield f"ranges: {key}: {type(entries).__name__} is not a list"
        else:
            for number, entry in enumerate(entries, 1):
                if not _is_named(entry):
                    yield f"ranges: {key}: entry {number}: expected an object with a Name"


def _is_named(entry: object) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("Name"), str)


def _read_entry(kind: str, entry: Mapping[str, Any]) -> Range:
    """Read the range of one hyperparameter."""
    name, required = entry["Name"], _REQUIRED_KEYS[kind]
    problems = tuple(_key_problems(name, required, entry))
    sources = tuple(str(value) for key in entry for value in _values_of(entry, key) if key != "Name")
    if any(key not in entry for key in required) or not isinstance(entry.get("Values", []), (list, tuple)):
        return Range(name, kind, (), problems, sources)
    if kind == AUTO:
        read = Range(name, AUTO, (str(entry["ValueHint"]),), tuple(character_problems(name, str(entry["ValueHint"]))))
    elif kind == CATEGORICAL:
        read = _categorical(name, entry["Values"])
    else:
        read = _numeric(name, kind, (entry["MinValue"], entry["MaxValue"]), entry.get("ScalingType", "Auto"))
    return read._replace(problems=(*problems, *read.problems), sources=sources)


def _values_of(entry: Mapping[str, Any], key: str) -> Sequence[Any]:
    value = entry[key]
    return value if key == "Values" and isinstance(value, (list, tuple)) else [value]


def _key_problems(name: str, required: Sequence[str], entry: Mapping[str, Any]) -> Iterator[str]:
    known = (*required, "ScalingType") if required == _NUMERIC_KEYS else required
    for key in entry:
        if key not in known:
            yield f"range {name}: {key!r} is no key: expected one of {', '.join(known)}"
        elif key == "Values" and not isinstance(entry[key], (list, tuple)):
            yield f"range {name}: {key}: {type(entry[key]).__name__} is not a list"
        else:
            for value in _values_of(entry, key):
                if not isinstance(value, str):
                    shown = f"range {name}: {key}: {type(value).__name__}"
                    yield f"{shown} is not a text: the service expects {json.dumps(str(value))}"
    for key in required:
        if key not in entry:
            yield f"range {name}: expected a {key}"


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
    problems = _category_problems(name, values, sent)
    return Range(name, CATEGORICAL, tuple(dict.fromkeys(sent)), tuple(problems), tuple(texts))


def _category_problems(name: str, values: Sequence[Any], texts: Sequence[str]) -> Iterator[str]:
    if len(values) > MOST_RANGES:
        yield f"range {name}: {len(values)} categories: the service allows {MOST_RANGES}"
    if len({value if isinstance(value, str) else id(value) for value in values}) < 2:
        yield f"range {name}: {len(values)} categories: the service refuses a range with one value: expected a fixed value"
    yield from _text_problems(name, texts)


def _numeric(name: str, kind: str, bounds: Tuple[Any, Any], scaling: Any) -> Range:
    """Return a range of numbers. A bound may be a pipeline variable, whose default counts."""
    texts = [text for text in map(_bound_text, bounds) if text is not None]
    numbers = [_number(kind, text) for text in texts]
    problems = [f"range {name}: {text!r}: expected a bound of the kind {kind}" for text in texts if _number(kind, text) is None]
    valid = [number for number in numbers if number is not None]
    sent = list(texts)
    if len(valid) == len(bounds):
        shown = f"range {name}: from {texts[0]!r} to {texts[1]!r}"
        problems += _bound_problems(shown, valid[0], valid[1], scaling)
        sent.append(_interior(kind, *valid))
    problems += [*_scaling_problems(name, scaling), *_text_problems(name, texts)]
    return Range(name, kind, tuple(dict.fromkeys(sent)), tuple(problems), tuple(texts))


def _bound_text(bound: object) -> Optional[str]:
    return default_text(bound) if is_pipeline_variable(bound) else str(bound)


def _number(kind: str, text: str) -> Optional[float]:
    """Return the number in a text; None if there is none."""
    try:
        number = int(text) if kind == INTEGER else float(text)
    except ValueError:
        return None
    return number if isinstance(number, int) or math.isfinite(number) else None


def _interior(kind: str, minimum: float, maximum: float) -> str:
    """Return the text of a value between the bounds."""
    if kind == INTEGER:
        return str((int(minimum) + int(maximum)) // 2)
    return str(minimum + (maximum - minimum) * _INTERIOR)


def _bound_problems(shown: str, minimum: float, maximum: float, scaling: Any) -> Iterator[str]:
    """Yield what is wrong with the bounds.

    Source: "Define Hyperparameter Ranges",
    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html; issue 195 of
    amazon-sagemaker-feedback for a range with one value.
    """
    if minimum == maximum:
        yield f"{shown}: the service refuses a range with one value: expected a fixed value"
    if minimum > maximum:
        yield f"{shown}: expected a minimum that is less than the maximum"
    if is_pipeline_variable(scaling):
        return
    if scaling == "Logarithmic" and minimum <= 0:
        yield f"{shown}: Logarithmic scaling needs values greater than 0"
    if scaling == "ReverseLogarithmic" and not 0 <= minimum <= maximum < 1:
        yield f"{shown}: ReverseLogarithmic scaling needs values from 0 to less than 1"


def _scaling_problems(name: str, scaling: Any) -> Iterator[str]:
    if not is_pipeline_variable(scaling) and scaling not in SCALING_TYPES:
        yield f"range {name}: scaling type {scaling!r}: expected one of {', '.join(SCALING_TYPES)}"


def _text_problems(name: str, texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        if len(text) > LONGEST_BOUND:
            yield f"range {name}: a value has {len(text)} characters: the service allows {LONGEST_BOUND}"
        yield from character_problems(name, text)
