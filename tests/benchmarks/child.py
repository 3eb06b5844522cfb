"""Declare and parse repeatedly in this process, and print the seconds. ``bench.py`` starts one such process in each round."""

from __future__ import annotations

import cProfile
import gc
import json
import os
import pstats
import statistics
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Callable, Dict, List

from competitors import COMPETITORS, wrong_value

AT_LEAST, SECONDS, LONG = 7, 0.2, 1
ROUNDS = 50


def measure(label: str, work: str, count: int) -> Dict[str, object]:
    """The seconds of each declaration and of each parse, and what is wrong with the values, if anything."""
    declare = next(competitor.declare for competitor in COMPETITORS if competitor.label == label)
    declaring: List[float] = []
    parsing: List[float] = []
    started = perf_counter()
    while len(parsing) < AT_LEAST or perf_counter() - started < SECONDS:
        gc.collect()
        begun = perf_counter()
        parse = declare(count)
        declared = perf_counter()
        parse()
        parsing.append(perf_counter() - declared)
        declaring.append(declared - begun)
        if parsing[-1] > LONG:
            break
    return {"declare": declaring, "parse": parsing, "wrong": wrong_value(declare(count), count, work)}


def profile(count: int) -> Dict[str, object]:
    """How many calls smargs makes for each argument, and each module's share of the time, that of built-ins included."""
    parse = next(competitor.declare for competitor in COMPETITORS if competitor.label == "smargs")(count)
    parse()  # So that what is made only once, such as the patterns of re, is not measured.
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(ROUNDS):
        parse()
    profiler.disable()
    stats = pstats.Stats(profiler)
    own: Counter[str] = Counter()
    for (file, _, _), (_, _, seconds, _, callers) in stats.stats.items():
        shared = {caller[0]: figures[2] for caller, figures in callers.items()} if file == "~" else {file: seconds}
        for path, part in shared.items():
            own[_module(path)] += part
    total = sum(own.values())
    shares = {name: part / total for name, part in own.items()}
    return {"calls": stats.total_calls / ROUNDS / count, "shares": shares, "limit": limit(count)}


def limit(count: int) -> Dict[str, float]:
    """The seconds of the steps that every parse of a job needs, and of the whole parse."""
    empty, whole = (
        next(competitor.declare for competitor in COMPETITORS if competitor.label == label)(count)
        for label in ("argparse", "smargs")
    )
    file = Path(os.environ["SAGEMAKER_BASE_DIR"], "input", "config", "hyperparameters.json")
    typed = sys.argv[1:]

    def parse_nothing() -> None:
        sys.argv[1:] = []
        empty()
        sys.argv[1:] = typed

    steps: Dict[str, Callable[[], object]] = {
        "reading the variables from `os.environ`": lambda: {name: os.environ[name] for name in os.environ},
        "`json.loads` of `SM_HPS`": lambda: json.loads(os.environ["SM_HPS"]),
        "reading `hyperparameters.json`, and `json.loads` of it": lambda: json.loads(file.read_text(encoding="utf-8")),
        "a parse of an empty command line by argparse": parse_nothing,
        "the whole parse by smargs": whole,
    }
    return {name: statistics.median(_seconds(step) for _ in range(ROUNDS)) for name, step in steps.items()}


def _seconds(step: Callable[[], object]) -> float:
    started = perf_counter()
    step()
    return perf_counter() - started


def _module(path: str) -> str:
    """The module of a file: by its place in the package for one of smargs, else by its name or its package's."""
    *folders, name = Path(path).with_suffix("").parts
    if "smargs" in folders:
        return ".".join([*folders[folders.index("smargs") :], name])
    return "json" if folders[-1:] == ["json"] else name


if __name__ == "__main__":
    label, work, count, job = sys.argv[1:]
    job = json.loads(Path(job).read_text(encoding="utf-8"))
    if label == "sagemaker-training":
        # It reads files before there are variables, and starts processes that those of 10,000 hyperparameters would keep away.
        job["environ"] = {"SAGEMAKER_BASE_DIR": job["environ"]["SAGEMAKER_BASE_DIR"]}
    # Linux starts no process with a variable of more than 128 KiB, such as SM_HPS of 10,000 hyperparameters.
    os.environ.update(job["environ"])
    sys.argv[1:] = job["argv"]
    print(json.dumps(profile(int(count)) if work == "profile" else measure(label, work, int(count))))
