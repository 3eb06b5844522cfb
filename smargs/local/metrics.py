"""The metrics of a job: the values that regular expressions find in the output of its hosts."""

from __future__ import annotations

import re
from typing import Iterable, List, Optional, Pattern

from smargs.local.job import BadJobError

# Limits of the service. Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MetricDefinition.html, and
# MetricDefinitions of https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AlgorithmSpecification.html
MOST_METRICS = 40
LONGEST_NAME = 255
LONGEST_REGEX = 500


class Metric:
    """A metric and the values of it that were found so far.

    Attributes:
        name: The name of the metric.
        pattern: The regular expression, whose first group is the value.
        count: How many values were found.
        last: The last value; None if there is none.
    """

    def __init__(self, name: str, pattern: Pattern[str]) -> None:
        self.name = name
        self.pattern = pattern
        self.count = 0
        self.last: Optional[float] = None

    def search(self, line: str) -> None:
        """Search a line of the output for a value.

        Source: "Define metrics", https://docs.aws.amazon.com/sagemaker/latest/dg/define-train-metrics.html
        """
        match = self.pattern.search(line)
        if match:
            try:
                self.last = float(match.group(1) or "")
            except ValueError:
                return
            self.count += 1


def read_metrics(typed: Iterable[str]) -> List[Metric]:
    """Read the metrics of a job.

    Args:
        typed: Texts such as ``loss=loss: ([0-9.]+)``.

    Raises:
        BadJobError: If a text is no metric, or the service does not allow it.
    """
    metrics = {}
    for text in typed:
        name, _, regex = text.partition("=")
        if not (name and regex):
            raise BadJobError(f"argument --metric: {text!r} is not a metric: expected NAME=REGEX")
        if name in metrics:
            raise BadJobError(f"argument --metric: {name!r} is repeated: expected each name once")
        _check_lengths(name, regex)
        metrics[name] = Metric(name, _compile(name, regex))
    if len(metrics) > MOST_METRICS:
        raise BadJobError(f"argument --metric: {len(metrics)} metrics: the service allows {MOST_METRICS}")
    return list(metrics.values())


def _check_lengths(name: str, regex: str) -> None:
    for part, text, longest in (("name", name, LONGEST_NAME), ("regular expression", regex, LONGEST_REGEX)):
        if len(text) > longest:
            raise BadJobError(
                f"argument --metric: {name[:20]}: its {part} has {len(text)} characters: the service allows {longest}"
            )


def _compile(name: str, regex: str) -> Pattern[str]:
    try:
        pattern = re.compile(regex)
    except re.error as error:
        raise BadJobError(f"argument --metric: {name}: {regex!r} is not a regular expression: {error}") from None
    if not pattern.groups:
        raise BadJobError(f"argument --metric: {name}: {regex!r} has no group: expected brackets around the value")
    return pattern
