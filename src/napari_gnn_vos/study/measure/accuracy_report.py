"""Summarise the accuracy of annotation rounds, for cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_gnn_vos.study.measure.benchmark_report import mean_over_objects
from napari_gnn_vos.study.measure.reliability import (
    calibration_error,
    reliability_bins,
)
from napari_gnn_vos.study.measure.report_tables import markdown_table
from napari_gnn_vos.study.measure.round_details import RoundDetails
from napari_gnn_vos.study.measure.sequence_result import SequenceResult
from napari_gnn_vos.study.metrics import harmful_rounds, strokes_to_reach

LEVELS = (0.80, 0.90, 0.95)
"""Values of J for which the number of strokes is reported."""
SHOWN_AFTER = (1, 2, 4, 8, 16)
"""Rounds that the table shows."""


def accuracy_report(results: Sequence[SequenceResult]) -> dict[str, Any]:
    """Summarise results that have details.

    Means are over all objects of all sequences. Harmful rounds and strokes refer to
    the mean J over the objects of a sequence.

    Parameters
    ----------
    results : sequence of SequenceResult
        All of R rounds, with details.

    Returns
    -------
    report : dict
        * ``j``, ``f``, ``jf``, ``label_model_j``, ``present_j``: R numbers each, see
          `round_details.RoundDetails`.
        * ``false_positive``: R numbers, means over the objects that are absent on a
          frame or more; None if there is no such object.
        * ``identity_switches``: R numbers, totals over all objects.
        * ``harmful_share``: rounds that lower J by more than .005, as a share of all
          rounds after the first; ``harmful_sequences``: their number by sequence.
        * ``strokes``: total per sequence after R rounds, mean over sequences.
        * ``strokes_to``: by level of J ``median`` (over the sequences that reach it,
          None if none does) and ``reached`` (share of the sequences).
        * ``reliability``: of the expected J of all frames after all rounds, ``bins``
          and ``error``, see `reliability`; None if the results do not have it.
        * ``objects``: number of objects.
    """
    details = [result.details for result in results]
    j, f = (mean_over_objects([getattr(r, name) for r in results]) for name in "jf")
    by_sequence = {r.sequence: mean_over_objects([r.j]) for r in results}
    harmful = {name: harmful_rounds(js) for name, js in by_sequence.items()}
    later = sum(len(js) - 1 for js in by_sequence.values())
    return {
        "j": j,
        "f": f,
        "jf": [(a + b) / 2 for a, b in zip(j, f, strict=True)],
        "label_model_j": _object_means(details, "label_model_j"),
        "present_j": _object_means(details, "present_j"),
        "false_positive": _object_means(details, "false_positive"),
        "identity_switches": [
            sum(sum(rounds[r].switches) for rounds in details) for r in range(len(j))
        ],
        "harmful_share": sum(harmful.values()) / later if later else 0.0,
        "harmful_sequences": {name: count for name, count in harmful.items() if count},
        "strokes": float(np.mean([sum(r.strokes for r in rs) for rs in details])),
        "strokes_to": {
            f"{level:.2f}": _strokes_to_level(results, level) for level in LEVELS
        },
        "reliability": _reliability(details),
        "objects": sum(result.objects for result in results),
    }


def _reliability(details: Sequence[Sequence[RoundDetails]]) -> dict[str, Any] | None:
    expected, true = (
        np.concatenate([getattr(r, name) for rounds in details for r in rounds])
        for name in ("expected_j", "frame_j")
    )
    if not len(expected):
        return None
    bins = reliability_bins(expected, true)
    return {"bins": bins, "error": calibration_error(bins)}


def _object_means(
    details: Sequence[Sequence[RoundDetails]], name: str
) -> list[float | None]:
    """Average a figure over all objects for which it is defined, per round."""
    means: list[float | None] = []
    for rounds in zip(*details, strict=True):
        values = [
            value
            for of_sequence in rounds
            for value in getattr(of_sequence, name)
            if value is not None
        ]
        means.append(float(np.mean(values)) if values else None)
    return means


def _strokes_to_level(
    results: Sequence[SequenceResult], level: float
) -> dict[str, float | None]:
    """Summarise the number of strokes per sequence until a level of J."""
    counts = [
        strokes_to_reach(
            mean_over_objects([result.j]), [d.strokes for d in result.details], level
        )
        for result in results
    ]
    reached = [count for count in counts if count is not None]
    median = float(np.median(reached)) if reached else None
    return {"median": median, "reached": len(reached) / len(counts)}


def accuracy_table(report: dict[str, Any]) -> str:
    """Format an accuracy report in Markdown.

    Parameters
    ----------
    report : dict
        From `accuracy_report`.
    """
    shown = [r for r in SHOWN_AFTER if r <= len(report["j"])]
    values_by_name = {
        "J": report["j"],
        "F": report["f"],
        "J&F": report["jf"],
        "J of the label model alone": report["label_model_j"],
        "J on frames with the object": report["present_j"],
        "false positive share without it": report["false_positive"],
        "identity switches (total)": report["identity_switches"],
    }
    rows = [
        [name, *(_format_number(values[r - 1]) for r in shown)]
        for name, values in values_by_name.items()
    ]
    table = markdown_table(["mean over objects", *(f"after {r}" for r in shown)], rows)
    costs = [
        f"J {level}: {_format_number(cost['median'])} ({cost['reached']:.0%} reach it)"
        for level, cost in report["strokes_to"].items()
    ]
    summary = (
        f"Rounds that lower J by more than .005: {report['harmful_share']:.1%}. "
        f"Median strokes until {', '.join(costs)}."
    )
    return f"{table}\n\n{summary}"


def _format_number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if float(value).is_integer() else f"{value:.3f}"
