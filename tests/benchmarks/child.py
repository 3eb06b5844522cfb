"""Declare and parse in this process, again and again for a while, and print what it took: the harness starts one a round."""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Dict, List

from competitors import COMPETITORS, found

AT_LEAST, SECONDS, LONG = 3, 0.2, 1


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


if __name__ == "__main__":
    label, work, count, job = sys.argv[1:]
    job = json.loads(Path(job).read_text(encoding="utf-8"))
    if label == "sagemaker-training":
        # It reads files before there are variables, and starts processes that those of 10,000 hyperparameters would keep away.
        job["environ"] = {"SAGEMAKER_BASE_DIR": job["environ"]["SAGEMAKER_BASE_DIR"]}
    # Linux starts no process with a variable of more than 128 KiB, such as SM_HPS of 10,000 hyperparameters.
    os.environ.update(job["environ"])
    sys.argv[1:] = job["argv"]
    print(json.dumps(measure(label, work, int(count))))
