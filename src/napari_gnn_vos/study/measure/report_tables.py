"""Format benchmark reports as Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

SHOWN_ROUNDS = (1, 2, 4, 8)
"""Rounds that a table shows."""


def format_report(facts: dict[str, Any]) -> str:
    """Format all tables of a report and its summary."""
    methods = rounds_table(facts["baselines"], SHOWN_ROUNDS)
    return "\n\n".join([methods, sequences_table(facts), summary(facts)])


def rounds_table(results: dict[str, list[float]], shown: Sequence[int]) -> str:
    """Format mean J as a table with one row per method and one column per round.

    Parameters
    ----------
    results : dict of str to list of float
        J after each round, by name of the method.
    shown : sequence of int
        Rounds to show, from 1; rounds beyond the last one are omitted.
    """
    shown = [
        round_index
        for round_index in shown
        if round_index <= min(map(len, results.values()))
    ]
    rows = [
        "| method | "
        + " | ".join(f"J after {round_index}" for round_index in shown)
        + " |",
        "|---|" + "---|" * len(shown),
    ]
    for name, j in results.items():
        rows.append(
            f"| {name} | " + " | ".join(f"{j[r - 1]:.3f}" for r in shown) + " |"
        )
    return "\n".join(rows)


def sequences_table(facts: dict[str, Any]) -> str:
    """Format a table with one row per sequence and the mean over all objects."""
    last = len(facts["j"])
    names = "sequence", "objects", "first strokes", "J after 1"
    titles = *names, f"J after {last}", f"F after {last}", "ceiling"
    rows = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    objects = sum(scores["objects"] for scores in facts["sequences"].values())
    total = "all objects", facts | {"objects": objects}
    for name, scores in (*facts["sequences"].items(), total):
        rows.append(
            f"| {name} | {scores['objects']} | {scores['first_strokes']} "
            f"| {scores['j'][0]:.3f} | {scores['j'][-1]:.3f} | {scores['f'][-1]:.3f} "
            f"| {scores['ceiling']:.3f} |"
        )
    return "\n".join(rows)


def summary(facts: dict[str, Any]) -> str:
    """Format the area under the curve and the mean times of a report."""
    interact, predict = (np.mean(facts["seconds"][k]) for k in ("interact", "predict"))
    return (
        f"AUC J {facts['auc_j']:.3f}, AUC J&F {facts['auc_jf']:.3f}; after 60 s "
        f"J {facts['j_at_60s']:.3f}, J&F {facts['jf_at_60s']:.3f}. "
        f"First strokes: {facts['first_strokes']}; protocol: {facts['protocol']}.\n"
        f"{interact:.2f} s to annotate and {predict:.2f} s to predict, mean per round; "
        f"{facts['hardware']}."
    )
