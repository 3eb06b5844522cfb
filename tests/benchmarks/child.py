"""Declare and parse in this process, again and again for a while, and print what it took: the harness starts one a round."""

from __future__ import annotations

import cProfile
import gc
import json
import os
import pstats
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Dict, List

from competitors import COMPETITORS, found

AT_LEAST, SECONDS, LONG = 3, 0.2, 1
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
    return {"declare": declaring, "parse": parsing, "wrong": found(declare(count), count, work)}


def profile(count: int) -> Dict[str, object]:
    """How many calls smargs makes for each argument, and each module's share of the time, that of built-ins included."""
    parse = next(competitor.declare for competitor in COMPETITORS if competitor.label == "smargs")(count)
    parse()  # What is made once, such as the patterns of re, is there then.
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(ROUNDS):
        parse()
    profiler.disable()
    stats = pstats.Stats(profiler)
    own: Counter[str] = Counter()
    for (file, _, _), (_, _, seconds, _, callers) in stats.stats.items():
        shared = {caller[0]: told[2] for caller, told in callers.items()} if file == "~" else {file: seconds}
        for path, part in shared.items():
            own[_module(path)] += part
    total = sum(own.values())
    return {"calls": stats.total_calls / ROUNDS / count, "shares": {name: part / total for name, part in own.items()}}


def _module(path: str) -> str:
    folder, name = Path(path).parent.name, Path(path).stem
    return f"{folder}.{name}" if folder == "smargs" else folder if folder == "json" else name


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
