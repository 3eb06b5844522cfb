"""The benchmark itself, in a run of one round: it measures what it names, and writes the results to the right places."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import competitors
import pytest
import report

BENCHMARKS = Path(__file__).parent


def child(tmp_path, label, work, environ, argv):
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"environ": environ, "argv": argv}), encoding="utf-8")
    command = [sys.executable, os.fspath(BENCHMARKS / "child.py"), label, work, "3", os.fspath(job)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout)


JOB = {"SM_HP_NUMBER_0": "0", "SM_HP_RATE_1": "1.5", "SM_HP_TEXT_2": "text 2"}
ARGV = ["--number_0", "0", "--rate_1", "1.5", "--text_2", "text 2"]


@pytest.mark.needs_process
@pytest.mark.parametrize("label", ["smargs", "argparse", "ConfigArgParse"])
@pytest.mark.parametrize(
    ("work", "environ", "argv"),
    [
        (competitors.IN_THE_JOB, JOB, ARGV),
        (competitors.ENVIRONMENT_ONLY, JOB, []),
        (competitors.NOTHING_SET, {}, []),
        (competitors.TYPED, {}, ARGV),
    ],
)
def test_each_competitor_does_the_work_that_it_can_do(tmp_path, label, work, environ, argv):
    works = next(competitor.works for competitor in competitors.COMPETITORS if competitor.label == label)
    result = child(tmp_path, label, work, environ, argv)
    assert (result["wrong"] == "") == (work in works)
    assert len(result["parse"]) == len(result["declare"]) >= 1
    assert min(result["parse"]) > 0


@pytest.mark.needs_process
def test_a_wrong_value_is_reported(tmp_path):
    result = child(tmp_path, "smargs", competitors.IN_THE_JOB, {**JOB, "SM_HP_RATE_1": "2.5"}, [])
    assert result["wrong"] == "rate_1 is 2.5, not 1.5"


def cell(work, label, count, **quantities):
    return {"work": work, "competitor": label, "count": count, "wrong": "", **quantities}


@pytest.fixture
def result():
    ours = {"parse": [0.001, 0.002, 0.009], "declare": [0.1, 0.1, 0.1]}
    return {
        "date": "2026-01-02",
        "machine": "2 cores",
        "python": "3.11.7",
        "versions": {"smargs": "0.1.0"},
        "rounds": [9, 3],
        "limit": 10,
        "cells": [
            cell(competitors.IN_THE_JOB, "smargs", 1000, **ours),
            cell(competitors.IN_THE_JOB, "argparse", 1000, parse=[0.002, 0.016, 0.018], declare=[0.1, 0.1, 0.1]),
            cell(competitors.IN_THE_JOB, "jsonargparse", 1000),
        ],
    }


def test_the_table_has_medians_quartiles_and_the_packages_that_took_too_long(result):
    tables = report.tables(result)
    assert "| smargs | 2 (1.5 to 5.5) |\n| argparse | 16 (9 to 17) |\n| jsonargparse | > 10 s |" in tables
    assert (
        "Each cell is the median of 9 rounds (3 above 100 arguments), with the quartiles. A process is stopped after 10 s."
        in tables
    )
    assert "2026-01-02, Python 3.11.7, 2 cores. smargs 0.1.0." in tables


def test_a_missed_target_is_reported_with_the_ratios_within_the_rounds(result):
    # The ratio of the two medians would be an eighth.
    assert "| in the job, 1,000: times argparse | 0.333 | 0.5 | **no** |" in report.target_table(result)


def test_the_numbers_are_written_between_their_markers_alone():
    text = "before\n<!-- numbers: written by make bench -->\nold\n<!-- end of numbers -->\nafter\n"
    written = report.between(text, "numbers", "| new |")
    assert written == "before\n<!-- numbers: written by make bench -->\n\n| new |\n\n<!-- end of numbers -->\nafter\n"
    with pytest.raises(ValueError, match="no markers"):
        report.between("nothing", "numbers", "| new |")


@pytest.mark.needs_process
@pytest.mark.slow
def test_a_job_is_measured_beside_plain_tools():
    options = ["--rounds", "1", "--megabytes", "1", "--files", "10"]
    command = [sys.executable, os.fspath(BENCHMARKS / "local_jobs.py"), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=60)
    names = [line.split("|")[1].strip() for line in done.stdout.splitlines() if "times" in line]
    assert names == [
        *(f"output, {kind}: times `cat`" for kind in ("lines", "no newline", "binary", "labels")),
        *(f"channel, {kind} of 10 files: times a directory" for kind in ("glob", "manifest")),
        "packing: times `tar -cz`",
    ]


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("docs/speed.md", "competitors"),
        ("docs/speed.md", "numbers"),
        ("docs/speed.md", "jobs"),
        ("tests/benchmarks/README.md", "numbers"),
    ],
)
def test_the_pages_have_the_markers(page, name):
    text = (report.ROOT / page).read_text(encoding="utf-8")
    assert report.between(text, name, "x").count(f"<!-- {name}: written by make bench -->\n\nx\n") == 1


def luminance(colour):
    """The relative luminance of a colour such as ``#dedede``, as WCAG 2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear))


@pytest.mark.parametrize(("scheme", "paper"), [("light", "#ffffff"), ("dark", "#131416")])
def test_a_plot_has_no_paper_and_readable_colours(scheme, paper):
    drawn = (report.ROOT / "docs" / f"speed-{scheme}.svg").read_text(encoding="utf-8")
    texts = set(re.findall(r'<text style="[^"]*fill: (#\w{6})', drawn))
    colours = set(re.findall(r"(?:fill|stroke): (#\w{6})", drawn))

    assert texts
    assert len(colours) > len(report.LABELS)
    for colour, contrast in [*((text, 4.5) for text in texts), *((colour, 3) for colour in colours)]:
        darker, lighter = sorted(map(luminance, (colour, paper)))
        assert (lighter + 0.05) / (darker + 0.05) >= contrast, colour
