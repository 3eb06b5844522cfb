"""Write the results of a run into docs/speed.md and the README of the benchmarks: tables, plots, the targets."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path
from typing import Any, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from competitors import COMPETITORS, ENVIRONMENT_ONLY, IN_THE_JOB, NOTHING_SET, TYPED

ROOT = Path(__file__).parents[2]
WORKS = {
    IN_THE_JOB: "In the job: the toolkit's command line, variables and files",
    ENVIRONMENT_ONLY: "Environment only: the same, without a command line",
    NOTHING_SET: "Off SageMaker: nothing is set, nothing is typed",
    TYPED: "Off SageMaker: every option is typed",
}
LABELS = [competitor.label for competitor in COMPETITORS]
BARE = "bare interpreter"
SCRIPT = "whole script"


class Table:
    """The cells of a run, by their place."""

    def __init__(self, result: Mapping[str, Any]) -> None:
        self.limit = result["limit"]
        self.cells = {(cell["work"], cell["competitor"], cell["count"]): cell for cell in result["cells"]}
        self.sizes = sorted({count for work, _, count in self.cells if work in WORKS})

    def values(self, work: str, label: str, count: int, quantity: str = "parse") -> List[float]:
        """The value of each round; empty if it was not measured, or took longer than the limit."""
        seconds: List[float] = self.cells.get((work, label, count), {}).get(quantity, [])
        return seconds

    def median(self, work: str, label: str, count: int, quantity: str = "parse") -> Optional[float]:
        """The median of the rounds; None if there are none."""
        values = self.values(work, label, count, quantity)
        return statistics.median(values) if values else None

    def shown(self, work: str, label: str, count: int, quantity: str = "parse", over: float = 0) -> str:
        """A cell for people: the median of milliseconds or MiB, and the quartiles."""
        cell = self.cells.get((work, label, count))
        if cell is None:
            return "-"
        if quantity not in cell:
            return cell["wrong"] or f"> {self.limit:g} s"
        scale = 1 if quantity == "peak" else 1000
        values = cell[quantity]
        quartiles = statistics.quantiles(values, method="inclusive") if len(values) > 1 else values * 3
        low, middle, high = ((value - over) * scale for value in quartiles)
        return f"{_digits(middle)} ({_digits(low)} to {_digits(high)})" + (" wrong" if cell["wrong"] else "")


def _digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


Target = Tuple[str, float, float]


def targets(table: Table) -> Iterator[Target]:
    """Yield each target that a run measured: its text, its limit and the measured value; smaller is better.

    A ratio is the median of the ratios of each round: a machine may change its speed between two rounds, but hardly within one.
    """
    imports = [table.values("import", label, 0, "process") for label in (BARE, "ConfigArgParse", "smargs")]
    if all(imports):
        over_bare = ((ours - bare) / (floor - bare) for bare, floor, ours in zip(*imports))
        yield "import: times ConfigArgParse's", 1.35, statistics.median(over_bare)
    milliseconds = table.median(IN_THE_JOB, "smargs", 100)
    if milliseconds is not None:
        yield f"{IN_THE_JOB}, 100: milliseconds", 1, 1000 * milliseconds
    yield from _beside(table, IN_THE_JOB, 100, ["argparse"], 1)
    yield from _beside(table, IN_THE_JOB, 1000, ["argparse"], 1 / 3)
    yield from _beside(table, ENVIRONMENT_ONLY, 1000, ["ConfigArgParse"], 0.1)
    for count in table.sizes:
        yield from _beside(table, NOTHING_SET, count, ["ConfigArgParse"], 1.2)
        yield from _beside(table, TYPED, count, ["argparse"], 1.2)
    for work in (ENVIRONMENT_ONLY, IN_THE_JOB):
        few, many = (table.values(work, "smargs", count) for count in (1000, 10000))
        if few and many:
            yield f"{work}, 10,000: times 1,000", 12, _ratio(many, few)


def _beside(table: Table, work: str, count: int, labels: Sequence[str], limit: float) -> Iterator[Target]:
    """The ratio of the time of smargs to that of the fastest of some competitors."""
    ours = table.values(work, "smargs", count)
    others = {label: table.values(work, label, count) for label in labels}
    ratios = {label: _ratio(ours, theirs) for label, theirs in others.items() if ours and theirs}
    if ratios:
        fastest = max(ratios, key=lambda label: ratios[label])
        yield f"{work}, {count:,}: times {fastest}", limit, ratios[fastest]


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of the same round."""
    return statistics.median(our / their for our, their in zip(ours, theirs))


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def target_table(result: Mapping[str, Any]) -> str:
    """The targets of a run in Markdown, for docs/speed.md."""
    return reached_table(targets(Table(result)), result)


def reached_table(rows: Iterable[Target], result: Mapping[str, Any]) -> str:
    """Targets in Markdown, and when and where they were measured."""
    reached = [[text, f"{limit:.3g}", f"{value:.3g}", "yes" if value <= limit else "**no**"] for text, limit, value in rows]
    return f"{_rows(['target', 'at most', 'measured', 'reached'], reached)}\n\n{_circumstances(result)}"


def _circumstances(result: Mapping[str, Any]) -> str:
    return f"{result['date']}, Python {result['python']}, {result['machine']}."


def tables(result: Mapping[str, Any]) -> str:
    """All measurements of a run in Markdown, for the README of the benchmarks."""
    table = Table(result)
    versions = ", ".join(f"{label} {version}" for label, version in result["versions"].items())
    rounds = "Each cell is the median of {} rounds ({} above 100 arguments), with the quartiles.".format(*result["rounds"])
    parts = [
        f"{_circumstances(result)} {versions}.",
        f"{rounds} A process is stopped after {result['limit']:g} s.",
    ]
    for quantity, heading in (("parse", "{}"), ("declare", "Declaring the arguments")):
        for work in WORKS if quantity == "parse" else (NOTHING_SET,):
            labels = [label for label in LABELS if any((work, label, count) in table.cells for count in table.sizes)]
            rows = [[label, *(table.shown(work, label, count, quantity) for count in table.sizes)] for label in labels]
            parts += [f"## {heading.format(WORKS[work])}", _rows(["ms", *(f"{count:,}" for count in table.sizes)], rows)]
    bare = [table.median("import", BARE, 0, quantity) or 0 for quantity in ("process", "modules")]
    rows = [
        [label, *(table.shown("import", label, 0, name, over) for name, over in zip(("process", "modules"), bare))]
        for label in LABELS
    ]
    parts += ["## Import, over a bare interpreter", _rows(["ms", "process", "`-X importtime`"], rows)]
    sizes = sorted({count for work, _, count in table.cells if work == SCRIPT})
    for quantity, heading in (
        ("process", "Whole script in the job, from start to end of the process"),
        ("peak", "Peak memory of the whole script"),
    ):
        unit = "ms" if quantity == "process" else "MiB"
        rows = [[label, *(table.shown(SCRIPT, label, count, quantity) for count in sizes)] for label in (BARE, *LABELS)]
        parts += [f"## {heading}", _rows([unit, *(f"{count:,}" for count in sizes)], rows)]
    if result.get("profile"):
        parts += ["## Where the time goes, in the job with 1,000 hyperparameters", profiles(result["profile"])]
        limit = [[name, _digits(1000 * seconds)] for name, seconds in result["profile"]["limit"].items()]
        parts += ["## The lower limit, in the same job", _rows(["ms", "repeated in one process"], limit)]
    return "\n\n".join(parts)


def profiles(now: Mapping[str, Any]) -> str:
    """Each module's share of a parse according to cProfile, beside its share in the version that was measured first."""
    before = json.loads((Path(__file__).parent / "before.json").read_text(encoding="utf-8"))
    shares = (before["shares"], now["shares"])
    modules = sorted(set().union(*shares), key=lambda module: -shares[1].get(module, 0))
    rows = [["calls of functions for each hyperparameter", f"{before['calls']:.0f}", f"{now['calls']:.0f}"]]
    for module in modules:
        if max(share.get(module, 0) for share in shares) >= 0.01:
            rows.append([f"`{module}`", *(f"{share.get(module, 0):.0%}" for share in shares)])
    return _rows(["", "before", "now"], rows)


def plot(result: Mapping[str, Any], directory: Path) -> None:
    """Draw the time of a parse over the number of arguments, for each work: one picture for each colour scheme of a reader."""
    import matplotlib

    matplotlib.use("svg")
    light = matplotlib.colormaps["tab20"].colors
    # On white, the colours of tab10 are too bright for thin lines.
    dark = [[0.7 * part for part in colour] for colour in matplotlib.colormaps["tab10"].colors]
    for scheme, ink, colours in (("light", "#242424", dark), ("dark", "#dedede", light[1::2])):
        parts = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color")
        settings = {
            "svg.hashsalt": "smargs",
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "font.size": 9,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            **dict.fromkeys(parts, ink),
        }
        with matplotlib.rc_context(settings):
            _figure(Table(result), dict(zip(LABELS, colours))).savefig(
                directory / f"speed-{scheme}.svg", metadata={"Date": None, "Creator": None}
            )


def _figure(table: Table, colours: Mapping[str, Any]) -> Any:
    """The figure of `plot`, in the current settings of matplotlib."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(10, 7.5), sharex=True, sharey=True)
    for axis, (work, title) in zip(axes.flat, WORKS.items()):
        for label, marker in zip(LABELS, "osD^v<>pPX"):
            points = [(count, table.median(work, label, count)) for count in table.sizes]
            points = [(count, 1000 * median) for count, median in points if median]
            if points:
                ours = label == "smargs"
                axis.plot(
                    *zip(*points),
                    marker=marker,
                    markersize=4,
                    color=colours[label],
                    lw=2.5 if ours else 1,
                    zorder=2 + ours,
                    label=label,
                )
        axis.set(xscale="log", yscale="log", title=title)
        axis.grid(alpha=0.3)
    for axis in axes[1]:
        axis.set_xlabel("arguments")
    for axis in axes[:, 0]:
        axis.set_ylabel("milliseconds of a parse")
    handles = {label: handle for axis in axes.flat for handle, label in zip(*axis.get_legend_handles_labels())}
    figure.legend(handles.values(), handles.keys(), loc="lower center", ncols=5, frameon=False)
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    return figure


def headline(result: Mapping[str, Any]) -> str:
    """The times of smargs and of well-known packages in Markdown, for docs/speed.md."""
    table = Table(result)
    counts = [count for count in (100, 1000) if count in table.sizes]
    labels = ("smargs", "argparse", "ConfigArgParse", "click", "pydantic-settings", "jsonargparse")
    rows = []
    for label in labels:
        cells = [
            table.shown(work, label, count).partition(" (")[0] for work in (IN_THE_JOB, ENVIRONMENT_ONLY) for count in counts
        ]
        rows.append([label, *cells])
    head = ["ms", *(f"{work}, {count:,}" for work in (IN_THE_JOB, ENVIRONMENT_ONLY) for count in counts)]
    return f"{_rows(head, rows)}\n\n{_circumstances(result)}"


def between(text: str, name: str, content: str) -> str:
    """A text with other content between two markers.

    Raises:
        ValueError: If it has no such markers.
    """
    pattern = rf"(<!-- {name}: written by make bench -->\n).*?(<!-- end of {name} -->)"
    if not re.search(pattern, text, re.DOTALL):
        raise ValueError(f"there are no markers of {name}")
    return re.sub(pattern, lambda match: f"{match[1]}\n{content}\n\n{match[2]}", text, flags=re.DOTALL)


def write(result: Mapping[str, Any]) -> None:
    """Write the results of a run into the pages."""
    docs = ROOT / "docs"
    text = re.sub(r"\[[^][{}]*\]", lambda match: " ".join(match[0].split()), json.dumps(result, indent=1))
    (docs / "speed.json").write_text(f"{text}\n", encoding="utf-8")
    plot(result, docs)
    for path, name, content in (
        (docs / "speed.md", "competitors", headline(result)),
        (docs / "speed.md", "numbers", target_table(result)),
        (Path(__file__).parent / "README.md", "numbers", tables(result)),
    ):
        path.write_text(between(path.read_text(encoding="utf-8"), name, content), encoding="utf-8")
