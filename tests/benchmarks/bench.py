"""Measure smargs and its peers side by side: ``make bench``.

Every round starts a child process for each competitor, one after the other, so that what else the machine does meets all of
them alike, and the values of one round can be compared. What takes little time is asked several times in a round. A competitor
that takes longer than the limit is said so, and not asked again; so is one that fails, or does not parse what it was given.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from competitors import COMPETITORS, ENVIRONMENT_ONLY, IN_THE_JOB, NOTHING_SET, TYPED, Competitor, arguments

HERE = Path(__file__).parent
# Linux starts no process with a variable of more than 128 KiB, and SM_TRAINING_ENV of 10,000 hyperparameters has more.
LARGEST_PROCESS = 1000
# How often a round measures works with at most as many arguments as a job has, and how often the imports.
OFTEN, SMALL = 3, 100
IMPORTS = 3

# The toolkit itself makes the job, as it does before it starts a script.
RENDER = """
import json
from sagemaker_training import environment
job = environment.Environment()
print(json.dumps({"environ": job.to_env_vars(), "argv": job.to_cmd_args()}))
"""

Cell = Dict[str, Any]


def quiet(**more: str) -> Dict[str, str]:
    """The environment of a child process, with only those variables of this process that it needs."""
    return {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": os.fspath(HERE), **more}


def jobs(base: Path, count: int) -> Dict[str, Dict[str, Any]]:
    """The environment and the command line of each work; the job's files are where the environment says."""
    values = {name: value for name, _, _, value in arguments(count)}
    config = base / str(count) / "input" / "config"
    config.mkdir(parents=True)
    files = {
        "hyperparameters": {name: json.dumps(value) for name, value in values.items()},
        "resourceconfig": {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "eth0"},
        "inputdataconfig": {"train": {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated"}},
    }
    for name, content in files.items():
        (config / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    place = {"SAGEMAKER_BASE_DIR": os.fspath(base / str(count))}
    rendered = subprocess.run([sys.executable, "-c", RENDER], env=quiet(**place), stdout=subprocess.PIPE, check=True).stdout
    job = json.loads(rendered.splitlines()[-1])
    job["environ"] = {name: str(text) for name, text in {**job["environ"], **place}.items()}
    typed = [token for name, value in values.items() for token in (f"--{name}", str(value))]
    return {
        IN_THE_JOB: job,
        ENVIRONMENT_ONLY: {**job, "argv": []},
        NOTHING_SET: {"environ": {}, "argv": []},
        TYPED: {"environ": {}, "argv": typed},
    }


def run(command: Sequence[str], environ: Mapping[str, str], limit: float) -> Optional[Tuple[float, str, str]]:
    """The seconds that a Python process took, its last line and its standard error; None if it takes longer than the limit."""
    started = perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, *command], env=environ, timeout=limit, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    seconds = perf_counter() - started
    if done.returncode:
        raise ChildProcessError(f"{' '.join(command[:4])}: {done.stderr.strip().splitlines()[-1]}")
    return seconds, (done.stdout.splitlines() or [""])[-1], done.stderr


def run_warm(command: Sequence[str], environ: Mapping[str, str], limit: float) -> Optional[Tuple[float, str, str]]:
    """The second of two runs. The first one reads the modules into the system's cache, for all competitors that share them."""
    return run(command, environ, limit) and run(command, environ, limit)


def parse_round(competitor: Competitor, work: str, count: int, job: Path, limit: float) -> Optional[Cell]:
    """One round of one competitor in a process of its own: the medians of its parses there."""
    output = run([os.fspath(HERE / "child.py"), competitor.label, work, str(count), os.fspath(job)], quiet(), limit)
    if output is None:
        return None
    result = json.loads(output[1])
    return {name: statistics.median(result[name]) for name in ("declare", "parse")} | {"wrong": result["wrong"]}


def import_round(imports: str, limit: float) -> Optional[Cell]:
    """One round of one import: the seconds of the process, and the seconds that Python says its modules took."""
    whole = run_warm(["-c", imports], quiet(), limit)
    profile = run(["-X", "importtime", "-c", imports], quiet(), limit)
    if whole is None or profile is None:
        return None
    return {
        "process": whole[0],
        "modules": sum(map(int, re.findall(r"^import time:\s*(\d+) \|", profile[2], re.MULTILINE))) / 1e6,
    }


def script_round(label: str, count: int, job: Mapping[str, Any], limit: float) -> Optional[Cell]:
    """One round of a whole script, from the start of its process to the end after its parse."""
    code = "import competitors; competitors.once()" if label else "import competitors; print(competitors.peak())"
    arguments = [label, str(count), *job["argv"]] if label else []
    output = run_warm(["-c", code, *arguments], quiet(**job["environ"]), limit)
    return None if output is None else {"process": output[0], "peak": int(output[1]) / 1024}


def rows(sizes: Sequence[int], works: Mapping[int, Any], files: Mapping[Tuple[int, str], Path], limit: float) -> Iterator[Any]:
    """Everything that a round measures: each place in the table, with the function that measures it."""
    for _ in range(IMPORTS):
        yield ("import", "bare interpreter", 0), partial(import_round, "pass", limit)
        for competitor in COMPETITORS:
            yield ("import", competitor.label, 0), partial(import_round, competitor.imports, limit)
    for count in sizes:
        for work in works[count]:
            for competitor in COMPETITORS:
                if work in competitor.works:
                    measured = partial(parse_round, competitor, work, count, files[count, work], limit)
                    yield (work, competitor.label, count), measured
        if count <= LARGEST_PROCESS:
            for label in ("", *(competitor.label for competitor in COMPETITORS)):
                measured = partial(script_round, label, count, works[count][IN_THE_JOB], limit)
                yield ("whole script", label or "bare interpreter", count), measured


def measure(sizes: Sequence[int], rounds: int, limit: float) -> Tuple[List[Cell], Optional[Dict[str, Any]]]:
    """Each cell with its value in every round, and the profile of a parse of 1,000 arguments in the job."""
    with tempfile.TemporaryDirectory() as directory:
        works = {count: jobs(Path(directory), count) for count in sizes}
        files = {}
        for count, by_work in works.items():
            for work, job in by_work.items():
                files[count, work] = Path(directory, f"{count} {work}.json")
                files[count, work].write_text(json.dumps(job), encoding="utf-8")
        cells_by_place: Dict[Tuple[str, str, int], List[Cell]] = {}
        given_up = set()
        for done in range(rounds * OFTEN):
            for place, measured in rows(sizes, works, files, limit):
                if place in given_up or (done % OFTEN and place[2] > SMALL):
                    continue
                cells = cells_by_place.setdefault(place, [])
                try:
                    cell = measured()
                except ChildProcessError as error:
                    print(error, file=sys.stderr)
                    cell = {"wrong": "fails"}
                if cell is None or cell.get("wrong") == "fails":
                    given_up.add(place)
                    cells.clear()
                cells.extend([cell] if cell else [])
            print(f"{done + 1} of {rounds * OFTEN}", file=sys.stderr, flush=True)
        profiled = 1000 in sizes and run(
            [os.fspath(HERE / "child.py"), "smargs", "profile", "1000", os.fspath(files[1000, IN_THE_JOB])], quiet(), 60
        )
    return [summary(place, cells) for place, cells in cells_by_place.items()], json.loads(profiled[1]) if profiled else None


def summary(place: Tuple[str, str, int], cells: Sequence[Cell]) -> Cell:
    """One cell of the table: the value of each quantity in each round; empty if it took longer than the limit."""
    work, label, count = place
    values = {name: [round(cell[name], 7) for cell in cells] for name in (cells[0] if cells else ()) if name != "wrong"}
    return {
        "work": work,
        "competitor": label,
        "count": count,
        "wrong": next((cell["wrong"] for cell in cells if cell.get("wrong")), ""),
        **values,
    }


def machine() -> str:
    """The cores, the architecture, the processor and the system of this machine."""
    model = ""
    if os.path.exists("/proc/cpuinfo"):
        model = next(iter(re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())), "")
    return ", ".join(filter(None, (f"{os.cpu_count()} cores", platform.machine(), model, platform.system())))


def main() -> None:
    """Measure, and write the results into the docs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000, 10000], help="numbers of arguments")
    parser.add_argument("--rounds", type=int, default=5, help=f"rounds; each has {OFTEN} of up to {SMALL} arguments")
    parser.add_argument("--limit", type=float, default=10, help="seconds that a process may take")
    parser.add_argument("--write", action="store_true", help="write the docs' numbers, instead of only printing them")
    options = parser.parse_args()
    started = perf_counter()
    cells, profile = measure(options.sizes, options.rounds, options.limit)
    result = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "python": platform.python_version(),
        "versions": {competitor.label: _version(competitor.label) for competitor in COMPETITORS},
        "rounds": [options.rounds * OFTEN, options.rounds],
        "limit": options.limit,
        "minutes": round((perf_counter() - started) / 60, 1),
        "profile": profile,
        "cells": cells,
    }
    import report

    if options.write:
        report.write(result)
    print(report.tables(result))


def _version(label: str) -> str:
    return platform.python_version() if label == "argparse" else version(label)


if __name__ == "__main__":
    main()
