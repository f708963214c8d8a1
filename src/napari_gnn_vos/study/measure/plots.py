"""Plot benchmark reports with matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.study.measure.reliability import ReliabilityBin

FOREGROUND, MUTED, GRID = "#22262b", "#8a929b", "#e4e7ea"
LINES = {"j": ("J", "#0b6e8a"), "jf": ("J&F", "#5b4b9a"), "f": ("F", "#c8563b")}
EARLY, LATE = "#a3cdd8", "#0b6e8a"
COMPARED_ROUNDS = (2, 8)
"""Rounds after which sequences are compared, as in the paper's figure 4."""
MIN_AXIS_SPAN = 0.1
"""Minimum range of the vertical axis, so that noise is not magnified."""
STYLE = {
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": FOREGROUND,
    "axes.labelcolor": FOREGROUND,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": FOREGROUND,
    "ytick.color": FOREGROUND,
    "ytick.left": False,
    "legend.frameon": False,
}


def require_matplotlib() -> None:
    """Raise SettingsError if matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            "Plots need matplotlib, which is not installed. Install it with "
            "pip install napari-gnn-vos[study], or omit the option for plots."
        ) from error


def plot_report(report: dict[str, Any], folder: Path) -> tuple[Path, Path]:
    """Plot the curves and the per-sequence scores of a report.

    Parameters
    ----------
    report : dict
        From `benchmark_report.summarise_benchmark` or its JSON file; curves of
        ``baselines`` are included.
    folder : Path
        Folder in which ``curve.png`` and ``sequences.png`` are written.

    Returns
    -------
    paths : tuple of Path

    Raises
    ------
    SettingsError
        If matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib import rc_context

    folder.mkdir(parents=True, exist_ok=True)
    with rc_context(STYLE):
        figures = {"curve.png": _curve(report), "sequences.png": _sequences(report)}
        for name, figure in figures.items():
            figure.savefig(folder / name, dpi=160)
    return folder / "curve.png", folder / "sequences.png"


def plot_reliability(bins: Sequence[ReliabilityBin], folder: Path) -> Path:
    """Plot the true J of frames against their expected J.

    Parameters
    ----------
    bins : sequence of ReliabilityBin
    folder : Path
        Folder in which ``reliability.png`` is written.

    Returns
    -------
    path : Path

    Raises
    ------
    SettingsError
        If matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    expected, true = ([row[key] for row in bins] for key in ("expected", "true"))
    with rc_context(STYLE):
        figure = Figure((4.8, 4.4), layout="constrained")
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=MUTED, lw=1.2, ls=(0, (4, 2)))
        axes.plot(expected, true, color=LINES["j"][1], lw=2.2, marker="o", ms=5)
        low = min(*expected, *true) - MIN_AXIS_SPAN / 2
        axes.set(xlim=(low, 1), ylim=(low, 1), aspect="equal")
        axes.set(xlabel="expected J", ylabel="true J")
        frames = sum(row["frames"] for row in bins)
        title = f"{frames} frames in {len(bins)} bins"
        figure.suptitle(title, x=0.02, ha="left", weight="bold", size=11)
        figure.savefig(folder / "reliability.png", dpi=160)
    return folder / "reliability.png"


def _curve(report: dict[str, Any]) -> Any:
    """Plot J, F and J&F of the method and J of the baselines against rounds."""
    from matplotlib.figure import Figure

    figure = Figure((7.2, 4.4), layout="constrained")
    axes = figure.add_subplot()
    rounds = np.arange(1, len(report["j"]) + 1)
    line_ends = []
    for name, j in report.get("baselines", {}).items():
        if not np.array_equal(j, report["j"]):
            axes.plot(rounds, j, color=MUTED, lw=1.2, ls=(0, (4, 2)))
            line_ends.append((j[-1], f"J, {name}", MUTED))
    for key, (name, colour) in LINES.items():
        axes.plot(rounds, report[key], color=colour, lw=2.2, marker="o", ms=5)
        line_ends.append((report[key][-1], f"{name}  {report[key][-1]:.3f}", colour))
    axes.set_xticks(rounds)
    axes.set_xlabel("round")
    axes.set_ylabel("mean over all objects")
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, high - MIN_AXIS_SPAN), high)
    figure.suptitle(_title(report), x=0.02, ha="left", weight="bold", size=11)
    _label_line_ends(axes, line_ends)
    return figure


def _label_line_ends(axes: Any, line_ends: list[tuple[float, str, str]]) -> None:
    """Label the line ends, shifted apart where labels would overlap."""
    low, high = axes.get_ylim()
    spacing, label_y = (high - low) * 0.05, -np.inf
    right = axes.get_xlim()[1]
    for y, name, colour in sorted(line_ends):
        label_y = max(y, label_y + spacing)
        axes.annotate(
            name, (right, label_y), color=colour, va="center", annotation_clip=False
        )


def _sequences(report: dict[str, Any]) -> Any:
    """Plot J per sequence after an early and the last round, best first."""
    from matplotlib.figure import Figure

    last = len(report["j"])
    early, late = (min(round_index, last) for round_index in COMPARED_ROUNDS)
    items = report["sequences"].items()
    ranked = sorted(items, key=lambda item: -item[1]["j"][late - 1])
    positions = np.arange(len(ranked))
    figure = Figure((max(5.0, 1.8 + 0.42 * len(positions)), 4.4), layout="constrained")
    axes = figure.add_subplot()
    bars = [(early, EARLY, -0.2), (late, LATE, 0.2)]
    for round_index, colour, shift in bars if early < late else [(late, LATE, 0.0)]:
        j = [scores["j"][round_index - 1] for _, scores in ranked]
        name = (
            f"after round {round_index}" if round_index > 1 else "after the first round"
        )
        axes.bar(positions + shift, j, 0.38, color=colour, label=name)
    ceiling = [scores["ceiling"] for _, scores in ranked]
    lines = axes.hlines(
        ceiling, positions - 0.42, positions + 0.42, color=FOREGROUND, lw=1.2
    )
    axes.set_xticks(positions, [name for name, _ in ranked], rotation=45, ha="right")
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.7, len(positions) - 0.3)
    axes.set_ylim(0, 1)
    axes.set_ylabel("J, mean over frames and objects")
    figure.suptitle(_title(report), x=0.02, ha="left", weight="bold", size=11)
    handles, names = axes.get_legend_handles_labels()
    figure.legend(
        [*handles, lines], [*names, "ceiling"], loc="outside lower right", ncols=3
    )
    return figure


def _title(report: dict[str, Any]) -> str:
    count = len(report["sequences"])
    sequences = f"{count} sequence{'s' if count > 1 else ''}"
    annotators = {"human": "humans", "robot": "the simulated annotator"}[
        report["first_strokes"]
    ]
    return f"{sequences}, first strokes by {annotators}"
