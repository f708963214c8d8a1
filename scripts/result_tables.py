"""Generate the result tables of the documentation from ``docs/data/*.json``.

    python scripts/result_tables.py            # rewrite the tables in docs/
    python scripts/result_tables.py --check    # fail if a page is out of date
    python scripts/result_tables.py --add NAME --kind KIND --command COMMAND REPORT.json

A page contains ``<!-- table: NAME -->`` ... ``<!-- end -->``; the text between is
generated. Every row names the commit and links to the run that produced it, which
the table ``runs`` lists with machine and command. ``--add`` copies a report into
``docs/data/NAME.json`` together with date, commit, machine and command.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA, DOCS = ROOT / "docs" / "data", ROOT / "docs"
MARKED = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

Run = dict[str, Any]
Row = Iterable[object]


def main() -> None:
    """Rewrite or check the tables, or add a report."""
    parser = argparse.ArgumentParser(description="Generate the documentation's tables.")
    parser.add_argument("--check", action="store_true", help="fail if out of date")
    parser.add_argument("--add", metavar="NAME", help="name of the run to record")
    parser.add_argument(
        "--kind", choices=("benchmark", "folds", "speed", "length", "window", "soak")
    )
    parser.add_argument("--command", help="command that produced the report")
    parser.add_argument("report", nargs="?", type=Path)
    options = parser.parse_args()
    if options.add:
        report = json.loads(options.report.read_text())
        if options.kind == "folds":  # the reports of the folds are large
            report = {name: report[name] for name in ("accuracy", "seed", "rounds")}
        write_run(DATA / f"{options.add}.json", options.kind, options.command, report)
    outdated = update_pages(write=not options.check)
    if options.check and outdated:
        pages = ", ".join(outdated)
        sys.exit(f"{pages}: out of date. Run python scripts/result_tables.py.")


def write_run(path: Path, kind: str, command: str, report: Any) -> None:
    """Write a report with the date, commit, machine and command of its run."""
    head = subprocess.run(
        ["git", "rev-parse", "--short=7", "HEAD"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    run = {
        "kind": kind,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": head.stdout.strip() or "unknown",
        "machine": machine(),
        "command": command,
        "report": report,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, indent=1) + "\n")


def machine() -> str:
    """Describe processor, cores, Python and the versions that decide the speed."""
    from importlib.metadata import version

    from napari_gnn_vos.hardware import cores

    packages = "torch", "numba", "numpy", "opencv-python-headless"
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    python = f"Python {platform.python_version()}"
    return f"{processor()}, {cores()} cores; {python}, {versions}"


def processor() -> str:
    """Return the processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def update_pages(*, write: bool) -> list[str]:
    """Generate all tables; return the names of the pages that change."""
    runs = {path.stem: json.loads(path.read_text()) for path in sorted(DATA.glob("*"))}
    changed = []
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text()
        generated = MARKED.sub(
            lambda match: f"{match[1]}{TABLES[match[2]](runs)}\n{match[3]}", text
        )
        if generated != text:
            changed.append(page.name)
            if write:
                page.write_text(generated)
    return changed


def table(head: Row, rows: Iterable[Row]) -> str:
    """Format a Markdown table."""
    cells = [[str(cell) for cell in head]]
    cells += [["---"] * len(cells[0])]
    cells += [[str(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def source(runs: dict[str, Run], name: str) -> tuple[str, str]:
    """Return the last two cells of a row: link to the run, and commit."""
    return f"[{name}](#run-{name})", f"`{runs[name]['commit']}`"


def runs_table(runs: dict[str, Run], kinds: tuple[str, ...]) -> str:
    """List the runs with date, commit, machine and command."""
    rows = [
        (
            f'<span id="run-{name}"></span>{name}',
            run["date"],
            f"`{run['commit']}`",
            run["machine"],
            f"`{run['command']}`",
        )
        for name, run in runs.items()
        if run["kind"] in kinds
    ]
    return table(("run", "date", "commit", "machine", "command"), rows)


FOLD_ROUNDS = (1, 2, 4, 8)
"""Annotation rounds that the table of the cross-validation shows."""


def folds(runs: dict[str, Run]) -> str:
    """Tabulate the cross-validations, and the mean over seeds (NAME-seed0, ...)."""
    by_settings: dict[str, list[str]] = {}
    for name in (name for name, run in runs.items() if run["kind"] == "folds"):
        by_settings.setdefault(name.rsplit("-seed", 1)[0], []).append(name)
    rows = []
    for names in by_settings.values():
        figures = [fold_figures(runs[name]["report"]["accuracy"]) for name in names]
        for name, row in zip(names, figures, strict=True):
            rows.append((*(f"{value:.3f}" for value in row), *source(runs, name)))
        if len(names) > 1:
            means = [sum(column) / len(column) for column in zip(*figures, strict=True)]
            rows.append((*(f"**{value:.3f}**" for value in means), "mean", ""))
    head = *(f"J, {r}" for r in FOLD_ROUNDS), f"J&F, {FOLD_ROUNDS[-1]}"
    shares = "harmful rounds", "J .80 reached", "J .90 reached"
    return table((*head, *shares, "run", "commit"), rows)


def fold_figures(accuracy: dict[str, Any]) -> list[float]:
    """Select the figures of a row of the table of cross-validations."""
    return [
        *(accuracy["j"][r - 1] for r in FOLD_ROUNDS),
        accuracy["jf"][FOLD_ROUNDS[-1] - 1],
        accuracy["harmful_share"],
        *(accuracy["strokes_to"][level]["reached"] for level in ("0.80", "0.90")),
    ]


def reliability(runs: dict[str, Run]) -> str:
    """Tabulate expected and true J of the cross-validations that report it."""
    rows = []
    for name, run in runs.items():
        bins = run["kind"] == "folds" and run["report"]["accuracy"].get("reliability")
        if bins:
            for key in ("expected", "true"):
                values = (f"{row[key]:.3f}" for row in bins["bins"])
                rows.append((f"{key} J", *values, *source(runs, name)))
    if not rows:
        return "No recorded run has this table."
    titles = (f"{number}" for number in range(1, len(rows[0]) - 2))
    return table(("bin", *titles, "run", "commit"), rows)


def curve(runs: dict[str, Run]) -> str:
    """Tabulate J, F and J&F per round."""
    rows = []
    for name in accuracy_runs(runs):
        report = runs[name]["report"]
        for title, key in (("J", "j"), ("F", "f"), ("J&F", "jf")):
            values = [f"{value:.3f}" for value in report[key]]
            rows.append((title, *values, *source(runs, name)))
    rounds = len(rows[0]) - 3
    return table(("measure", *range(1, rounds + 1), "run", "commit"), rows)


def summary(runs: dict[str, Run]) -> str:
    """Tabulate areas under the curve, means and ceilings."""
    keys = "auc_j", "auc_jf", "j_at_60s", "jf_at_60s", "mean_j", "ceiling"
    rows = [
        (
            *(f"{runs[name]['report'][key]:.3f}" for key in keys),
            *source(runs, name),
        )
        for name in accuracy_runs(runs)
    ]
    head = "AUC J", "AUC J&F", "J at 60 s", "J&F at 60 s", "mean J", "ceiling J"
    return table((*head, "run", "commit"), rows)


def sequences(runs: dict[str, Run]) -> str:
    """Tabulate the scores per sequence."""
    rows = []
    for name in accuracy_runs(runs):
        for sequence, values in runs[name]["report"]["sequences"].items():
            figures = (
                values["j"][0],
                values["j"][-1],
                values["f"][-1],
                values["ceiling"],
            )
            cells = (f"{figure:.3f}" for figure in figures)
            row = sequence, values["objects"], *cells
            rows.append((*row, *source(runs, name)))
    head = "sequence", "objects", "J, round 1", "J, round 8", "F, round 8"
    return table((*head, "ceiling J", "run", "commit"), rows)


def round_times(runs: dict[str, Run]) -> str:
    """Tabulate the mean time of the two steps of a round, from round 2 on."""
    rows = []
    for name in accuracy_runs(runs):
        seconds = runs[name]["report"]["seconds"]
        steps = seconds["interact"][1:], seconds["predict"][1:]
        means = [f"{sum(step) / len(step):.2f} s" for step in steps]
        rows.append((*means, *source(runs, name)))
    return table(("`annotate`", "`predict`", "run", "commit"), rows)


def speed(runs: dict[str, Run]) -> str:
    """Tabulate the figures of ``make bench``."""
    rows = []
    for name, run in runs.items():
        if run["kind"] != "speed":
            continue
        for title, figure in run["report"].items():
            unit, single = figure["unit"], figure["runs"] == 1
            target = "" if figure["target"] is None else f"{figure['target']:g} {unit}"
            spread = "" if single else f"{figure['spread']:.2g}"
            median = f"{figure['median']:.3g} {unit}"
            row = title, median, spread, figure["runs"], target
            rows.append((*row, *source(runs, name)))
    head = "operation", "median", "range", "repetitions", "target"
    return table((*head, "run", "commit"), rows) if rows else MISSING_SPEED


def length(runs: dict[str, Run]) -> str:
    """Tabulate time and memory by the length of a video."""
    rows = [
        (frames, *(f"{value:.4g}" for value in figures.values()), *source(runs, name))
        for name, run in runs.items()
        if run["kind"] == "length"
        for frames, figures in run["report"].items()
    ]
    titles = next(
        (
            list(next(iter(run["report"].values())))
            for run in runs.values()
            if run["kind"] == "length"
        ),
        [],
    )
    return table(("frames", *titles, "run", "commit"), rows) if rows else MISSING_LENGTH


def window(runs: dict[str, Run]) -> str:
    """Tabulate the latencies and blocks of the window."""
    keys = "block_wall", "block_own", "block_processor"
    rows = []
    for name, run in runs.items():
        if run["kind"] != "window":
            continue
        for title, row in run["report"].items():
            target = "" if row["target"] is None else f"{row['target']} s"
            blocks = (f"{row[key]:.3f}" if row["block_wall"] else "" for key in keys)
            cells = title, f"{row['seconds']:.2f} s", target, *blocks
            rows.append((*cells, *source(runs, name)))
    titles = "block, wall, s", "own, s", "processor, s"
    head = "operation", "median", "target", *titles, "run", "commit"
    return table(head, rows) if rows else MISSING_WINDOW


def accuracy_runs(runs: dict[str, Run]) -> list[str]:
    """Names of the benchmark runs, the validation sequences first."""
    names = [name for name, run in runs.items() if run["kind"] == "benchmark"]
    return sorted(names, key=lambda name: not name.startswith("validation"))


MISSING_SPEED = (
    "No run of `make bench` is recorded for the current code.\n"
    "Earlier measurements are listed under [experiments](../experiments/index.md)."
)
MISSING_LENGTH = (
    "No run of `benchmarks/length.py` is recorded for the current code.\n"
    "Earlier measurements are listed under [experiments](../experiments/index.md)."
)
MISSING_WINDOW = (
    "No run of `benchmarks/window.py` is recorded for the current code.\n"
    "Earlier measurements are listed under [experiments](../experiments/index.md)."
)
SPEED_KINDS = "benchmark", "speed", "length", "window"
TABLES: dict[str, Callable[[dict[str, Run]], str]] = {
    "folds": folds,
    "reliability": reliability,
    "curve": curve,
    "summary": summary,
    "sequences": sequences,
    "round-times": round_times,
    "speed": speed,
    "length": length,
    "window": window,
    "accuracy-runs": lambda runs: runs_table(runs, ("benchmark", "folds")),
    "speed-runs": lambda runs: runs_table(runs, SPEED_KINDS),
}

if __name__ == "__main__":
    main()
