"""The types of the values of the command's options."""

from __future__ import annotations

import argparse
import re

_SECONDS_PER_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

_LONGEST_RUN = 28 * 86400


def directory(text: str) -> str:
    """Read a path.

    Raises:
        argparse.ArgumentTypeError: If the text is invalid.
    """
    if not text:
        raise argparse.ArgumentTypeError("'' is not a directory: expected a path")
    return text


def count(text: str) -> int:
    """Read a number of hosts or processes.

    Raises:
        argparse.ArgumentTypeError: If the text is invalid.
    """
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise argparse.ArgumentTypeError(f"invalid count: {text!r}: expected 1 to 9999")
    return int(text)


def seconds(text: str) -> float:
    """Read a time, in seconds. A number alone is one of seconds.

    Raises:
        argparse.ArgumentTypeError: If the text is invalid.
    """
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]+)?)([smhd]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"invalid time: {text!r}: expected a time such as 20s, 5m, 12h or 7d")
    return float(match.group(1)) * _SECONDS_PER_UNIT[match.group(2)]


def run_time(text: str) -> float:
    """Read the limit of a job's run time, in seconds.

    Source of its range: MaxRuntimeInSeconds,
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html

    Raises:
        argparse.ArgumentTypeError: If the text is invalid, or the service does not allow the time.
    """
    time = seconds(text)
    if not 1 <= time <= _LONGEST_RUN:
        raise argparse.ArgumentTypeError(f"invalid time: {text!r}: the service allows 1s to 28d")
    return time


def age(text: str) -> float:
    """Read the age of a job, in seconds. A number alone is refused: who types it may mean days, and jobs are removed.

    Raises:
        argparse.ArgumentTypeError: If the text is invalid.
    """
    time = seconds(text)
    if not text[-1].isalpha():
        raise argparse.ArgumentTypeError(f"invalid time: {text!r}: expected a unit, such as {text}h or {text}d")
    return time
