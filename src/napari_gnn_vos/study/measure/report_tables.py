"""Format benchmark reports as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

SHOWN_ROUNDS = (1, 2, 4, 8)
"""Rounds that a table shows."""


def format_report(report: dict[str, Any]) -> str:
    """Format all tables of a report and its summary."""
    methods = rounds_table(report["baselines"], SHOWN_ROUNDS)
    return "\n\n".join([methods, sequences_table(report), summary(report)])


def rounds_table(results: dict[str, list[float]], shown: Sequence[int]) -> str:
    """Format mean J as a table with one row per method and one column per round.

    Parameters
    ----------
    results : dict of str to list of float
        J after each round, by name of the method.
    shown : sequence of int
        Rounds to show, from 1; rounds beyond the last one are omitted.
    """
    count = min(map(len, results.values()))
    shown = [round_index for round_index in shown if round_index <= count]
    head = ["method", *(f"J after {round_index}" for round_index in shown)]
    rows = [
        [name, *(f"{j[round_index - 1]:.3f}" for round_index in shown)]
        for name, j in results.items()
    ]
    return markdown_table(head, rows)


def sequences_table(report: dict[str, Any]) -> str:
    """Format a table with one row per sequence and the mean over all objects."""
    last = len(report["j"])
    names = "sequence", "objects", "first strokes", "J after 1"
    titles = *names, f"J after {last}", f"F after {last}", "ceiling"
    objects = sum(scores["objects"] for scores in report["sequences"].values())
    total = "all objects", report | {"objects": objects}
    rows = [
        [
            *(name, str(scores["objects"]), str(scores["first_strokes"])),
            *(f"{scores['j'][0]:.3f}", f"{scores['j'][-1]:.3f}"),
            *(f"{scores['f'][-1]:.3f}", f"{scores['ceiling']:.3f}"),
        ]
        for name, scores in (*report["sequences"].items(), total)
    ]
    return markdown_table(titles, rows)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a table in Markdown.

    Examples
    --------
    >>> print(markdown_table(["method", "J"], [["graph cut", "0.700"]]))
    | method | J |
    |---|---|
    | graph cut | 0.700 |
    """
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def summary(report: dict[str, Any]) -> str:
    """Format the area under the curve and the mean times of a report."""
    interact, predict = (np.mean(report["seconds"][k]) for k in ("interact", "predict"))
    return (
        f"AUC J {report['auc_j']:.3f}, AUC J&F {report['auc_jf']:.3f}; after 60 s "
        f"J {report['j_at_60s']:.3f}, J&F {report['jf_at_60s']:.3f}. "
        f"First strokes: {report['first_strokes']}; protocol: {report['protocol']}.\n"
        f"{interact:.2f} s to annotate and {predict:.2f} s to predict, mean per round; "
        f"{report['hardware']}.{_presence_and_identity(report)}"
    )


def _presence_and_identity(report: dict[str, Any]) -> str:
    """Format J where objects are present, and the identity switches."""
    shown = [r for r in SHOWN_ROUNDS if r <= len(report["present_j"])]
    if not shown:
        return ""
    js, switches = (
        " / ".join(f"{report[key][r - 1]:{form}}" for r in shown)
        for key, form in (("present_j", ".3f"), ("identity_switches", "d"))
    )
    rounds = " / ".join(map(str, shown))
    return (
        f"\nOn the frames with the object after {rounds} rounds: J {js}, identity "
        f"switches {switches}."
    )
