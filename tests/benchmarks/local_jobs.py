"""Measure `smargs run` beside plain tools: output beside `| cat`, a channel beside a directory, an archive beside `tar -cz`.

Each round runs both, one after the other, so a ratio compares two processes that ran at nearly the same speed of the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

import report
from bench import machine

from smargs.local.results import pack

WRITER = """
import os, sys, time
if os.environ.get("SM_CURRENT_HOST") == "algo-2":
    sys.exit()
time.sleep(0.5)  # Until the second host has ended.
kind, count = sys.argv[1], int(sys.argv[2])
lines = b"".join(b"epoch %06d step %06d loss: 0.%06d and some more words to fill the line\\n" % ((i,) * 3) for i in range(800))
chunk = {"lines": lines, "no newline": b"x" * 65536, "binary": os.urandom(65536)}[kind]
started = time.perf_counter()
for _ in range(count // len(chunk)):
    sys.stdout.buffer.write(chunk)
sys.stdout.flush()
with open(sys.argv[3], "w") as seconds:
    seconds.write(str(time.perf_counter() - started))
"""
WALKER = """
import os
for parent, _, files in os.walk(os.environ["SM_CHANNEL_TRAIN"]):
    for name in files:
        os.stat(os.path.join(parent, name))
"""

Measure = Callable[[], float]


def output(base: Path, size: int) -> Iterator[Tuple[str, float, Measure, Measure]]:
    """The seconds in which a script writes, into `smargs run` and into cat. Of two hosts, one writes lines with labels."""
    script, seconds = base / "write.py", base / "seconds"
    script.write_text(WRITER, encoding="utf-8")
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}

    def measured(command: Sequence[str], peer: bool) -> float:
        written = subprocess.PIPE if peer else subprocess.DEVNULL
        with subprocess.Popen(command, env=environ, stdout=written, stderr=subprocess.DEVNULL) as process:
            if peer:
                subprocess.run(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL, check=True)
        return float(seconds.read_text(encoding="utf-8"))

    for name, kind, hosts in (*((kind, kind, 1) for kind in ("lines", "no newline", "binary")), ("labels", "lines", 2)):
        typed = [kind, str(size), os.fspath(seconds)]
        plain = [sys.executable, os.fspath(script), *typed]
        ours = [*run(base, script, "--platform", "files", "--hosts", str(hosts)), "--", *typed]
        yield f"output, {name}: times `cat`", 2, lambda c=ours: measured(c, False), lambda c=plain: measured(c, True)


def run(base: Path, script: Path, *options: str) -> List[str]:
    """The command of a job."""
    return [sys.executable, "-m", "smargs", "run", os.fspath(script), "--output", os.fspath(base / "job"), *options]


def channels(base: Path, count: int) -> Iterator[Tuple[str, float, Measure, Measure]]:
    """The seconds of a job that walks a channel: of a glob and of a manifest, and of the directory itself."""
    data, script, manifest = base / "data", base / "walk.py", base / "manifest"
    data.mkdir()
    names = [f"{number:06d}.csv" for number in range(count)]
    for name in names:
        (data / name).touch()
    script.write_text(WALKER, encoding="utf-8")
    manifest.write_text(json.dumps([{"prefix": f"{data}/"}, *names]), encoding="utf-8")
    plain = run(base, script, "--channel", f"train={data}")
    for kind, option in (("glob", f"--channel=train={data}/*.csv"), ("manifest", f"--manifest=train={manifest}")):
        ours = run(base, script, option)
        yield f"channel, {kind} of {count:,} files: times a directory", 1.5, lambda c=ours: timed(c), lambda: timed(plain)


def archives(base: Path, size: int) -> Iterator[Tuple[str, float, Measure, Measure]]:
    """The seconds of packing half random and half equal bytes, by smargs and by tar."""
    model = base / "model"
    model.mkdir()
    (model / "weights").write_bytes(os.urandom(size // 2) + bytes(size - size // 2))

    def ours() -> float:
        started = time.perf_counter()
        pack({"algo-1": model}, base / "model.tar.gz")
        return time.perf_counter() - started

    command = ["tar", "-czf", os.fspath(base / "tar.tar.gz"), "-C", os.fspath(model), "."]
    yield "packing: times `tar -cz`", 1.1, ours, lambda: timed(command)


def timed(command: Sequence[str]) -> float:
    """The seconds of a process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Measure, and write the table of the docs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=200, help="output of a script, and a model")
    parser.add_argument("--files", type=int, default=100_000, help="files of a channel")
    parser.add_argument("--write", action="store_true", help="write the docs' numbers, instead of only printing them")
    options = parser.parse_args()
    rows: List[Tuple[str, float, float]] = []
    with tempfile.TemporaryDirectory() as directory:
        base, size = Path(directory), options.megabytes * 1_000_000
        for name, limit, ours, peer in (*output(base, size), *channels(base, options.files), *archives(base, size)):
            ratios = [ours() / peer() for _ in range(options.rounds)]
            rows.append((name, limit, statistics.median(ratios)))
    circumstances: Dict[str, str] = {
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        "machine": machine(),
    }
    table = report.reached_table(rows, circumstances)
    if options.write:
        page = report.ROOT / "docs" / "speed.md"
        page.write_text(report.between(page.read_text(encoding="utf-8"), "jobs", table), encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
