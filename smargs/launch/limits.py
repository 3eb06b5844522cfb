"""The limits of the service on hyperparameters, and what a script's environment can hold.

Source of the numbers and patterns: the shapes ``HyperParameters``, ``HyperParameterKey``, ``HyperParameterValue``,
``ParameterRanges`` and ``ParameterValue`` of the service's model in botocore 1.44.8, and
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

import os
import re
from typing import Collection, Iterator, Mapping

from smargs.texts import decode

MOST_HYPERPARAMETERS = 100
LONGEST_NAME = 256
LONGEST_VALUE = 2500

MOST_RANGES = 30
"""How many ranges of one kind a tuning job has, and how many values a categorical range has."""

LONGEST_BOUND = 256
"""How many characters a bound or a category of a range has."""

LONGEST_DESCRIPTION = 1024
"""How many characters the description of an algorithm's hyperparameter has. Source: ``EntityDescription`` of the same model."""

SCALING_TYPES = ("Auto", "Linear", "Logarithmic", "ReverseLogarithmic")

# The service's pattern for names and values is ".*", which matches no line terminator.
# Source: HyperParameters of CreateTrainingJob, and java.util.regex.Pattern, "Line terminators".
_LINE_BREAK = re.compile("[\n\r\u0085\u2028\u2029]")


def limit_problems(hyperparameters: Mapping[str, str], added: Collection[str] = ()) -> Iterator[str]:
    """Yield a line for each thing that the service refuses when a job is created, or that a script's environment cannot hold.

    Args:
        hyperparameters: Names and texts, as they are sent.
        added: The names of the hyperparameters that the SDK adds to them.
    """
    yield from _count_problems({*hyperparameters, *added}, added)
    for name, text in hyperparameters.items():
        yield from _length_problems(name, text)
        yield from character_problems(name, text)


def _count_problems(names: Collection[str], added: Collection[str]) -> Iterator[str]:
    if len(names) > MOST_HYPERPARAMETERS:
        including = f", including {len(added)} that the SDK adds" if added else ""
        yield f"{len(names)} hyperparameters{including}: the service allows {MOST_HYPERPARAMETERS}"


def _length_problems(name: str, text: str) -> Iterator[str]:
    if len(name) > LONGEST_NAME:
        yield f"hyperparameter {name[:20]}...: its name has {len(name)} characters: the service allows {LONGEST_NAME}"
    if len(text) > LONGEST_VALUE:
        shown = name if len(name) <= LONGEST_NAME else f"{name[:20]}..."
        yield f"hyperparameter {shown}: its value has {len(text)} characters: the service allows {LONGEST_VALUE}"


def character_problems(name: str, text: str) -> Iterator[str]:
    """Yield a line for each character of a name and its text that the service or a script's environment cannot hold."""
    # JSON escapes line breaks, so this concerns names and plain texts.
    if _LINE_BREAK.search(name + text):
        yield f"hyperparameter {name!r}: the service refuses its line break: expected one line"
    if "=" in name or not all(map(_fits_environment, (name, *_texts(decode(text))))):
        yield (
            f"hyperparameter {name!r}: an environment variable cannot hold it: "
            "expected no '=' in its name, no NUL and no half of a surrogate pair"
        )


def _texts(value: object) -> Iterator[str]:
    """Yield the texts in a decoded value."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for element in value:
            yield from _texts(element)
    elif isinstance(value, str):
        yield value


def _fits_environment(text: str) -> bool:
    """Whether a variable or an argument can hold a text: it has no NUL, and no surrogate that does not encode a byte."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False
