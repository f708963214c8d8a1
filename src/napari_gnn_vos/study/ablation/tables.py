"""Ablations as tables for people, in Markdown, and as facts for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos.study.ablation.request import Ablation
from napari_gnn_vos.study.ablation.variants import Figures, Table
from napari_gnn_vos.study.measure.tables import SHOWN

SHOWN_COMPOSED = (2, 8)
"""Rounds on composed scenes that a table shows."""
ELSEWHERE = "DAVIS 2017 val, 30 sequences, first strokes of persons"
"""What published figures are measured on."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What a variant has reached.

    Parameters
    ----------
    name : str
    reports : list of dict
        As from `report`, one a seed; with ``edges``, directed edges a frame, and
        ``composed``, the report on composed scenes or None.
    """

    name: str
    reports: list[dict[str, Any]]

    def figures(self) -> dict[str, list[float]]:
        """Every figure, a number a seed, by title of its column."""
        each = [figures_of(facts) for facts in self.reports]
        return {title: [one[title] for one in each] for title in each[0]}


def figures_of(facts: dict[str, Any]) -> dict[str, float]:
    """Take the figures of a report, by title of their columns."""
    found = {}
    for title, key in (("J", "j"), ("F", "f"), ("J&F", "jf")):
        rounds = facts[key]
        for round_index in SHOWN:
            if round_index <= len(rounds):
                found[f"{title} after {round_index}"] = rounds[round_index - 1]
        found[f"mean {title}"] = float(np.mean(rounds))
    for round_index in SHOWN_COMPOSED:
        if facts["composed"] and round_index <= len(facts["j"]):
            found[f"J after {round_index}, composed"] = facts["composed"]["j"][
                round_index - 1
            ]
    for title, key in (("J", "j"), ("J&F", "jf")):
        found[f"AUC {title}"] = facts[f"auc_{key}"]
        found[f"{title} at 60 s"] = facts[f"{key}_at_60s"]
    return found | {
        "ceiling": facts["ceiling"],
        "directed edges a frame": facts["edges"],
    }


def ablation_facts(
    table: Table, study: Ablation, rows: Sequence[Row]
) -> dict[str, Any]:
    """Put a table into a dictionary that JSON can hold.

    Parameters
    ----------
    table : Table
    study : Ablation
    rows : sequence of Row

    Returns
    -------
    facts : dict
        * ``table``, ``title``, ``about``: which it is, and how it came to be.
        * ``rows``: by name ``figures`` (a number a seed, by title), ``published`` (a
          number by title) and ``reports`` (a seed each, see `report.report`).
        * ``references``: published figures of others, by name and title.
        * ``published_on``: what published figures are measured on.
    """
    published = {variant.name: dict(variant.published) for variant in table.variants}
    return {
        "table": table.name,
        "title": table.title,
        "about": about(table, study, rows),
        "rows": {
            row.name: {
                "figures": row.figures(),
                "published": published[row.name],
                "reports": row.reports,
            }
            for row in rows
        },
        "references": {name: dict(fs) for name, fs in table.references.items()},
        "published_on": ELSEWHERE,
    }


def about(table: Table, study: Ablation, rows: Sequence[Row]) -> dict[str, Any]:
    """Say what was played, how often, and what was trained."""
    reports = [facts for row in rows for facts in row.reports]
    hands = {one["first_strokes"] for facts in reports for one in _played(facts)}
    trained = any(variant.training for variant in table.variants)
    composed = table.composed and study.composed is not None
    return {
        "davis": str(study.played[0]),
        "sequences": study.played[1],
        "composed": study.composed[1] if composed and study.composed else None,
        "rounds": study.rounds,
        "seeds": study.seeds,
        "first_strokes": " and ".join(sorted(hands)) or "nobody",
        "steps": study.steps if trained else None,
        "learn": study.learn[1] if trained and study.learn else None,
        "model": study.model,
    }


def _played(facts: dict[str, Any]) -> list[dict[str, Any]]:
    return list(facts["sequences"].values())


def ablation_table(table: Table, study: Ablation, rows: Sequence[Row]) -> str:
    """Write a table in Markdown, below what it is about."""
    figures = {row.name: row.figures() for row in rows}
    titles = _titles(table, figures)
    published: dict[str, Figures] = {v.name: v.published for v in table.variants}
    named = [name for name in published if name in figures]
    every = (*(published[name] for name in named), *table.references.values())
    beside = _in_order(table, (title for one in every for title in one))
    head = ["variant", *titles, *(f"published {title}" for title in beside)]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name in (*named, *table.references):
        own, theirs = figures.get(name, {}), published.get(name, {})
        theirs = theirs or table.references.get(name, {})
        cells = [_cell(own.get(title)) for title in titles]
        cells += [_cell([theirs[t]] if t in theirs else None) for t in beside]
        lines.append(f"| {' | '.join((name, *cells))} |")
    return "\n".join([sentence(table, study, rows), "", *lines])


def _titles(table: Table, figures: dict[str, dict[str, list[float]]]) -> list[str]:
    return _in_order(table, next(iter(figures.values()), {}))


def _in_order(table: Table, titles: Iterable[str]) -> list[str]:
    """Titles that a table shows: "J after" is for all rounds, "mean J" for itself."""
    known = list(dict.fromkeys(titles))
    return [
        title
        for start in table.columns
        for title in known
        if title == start or title.startswith(f"{start} ")
    ]


def _cell(values: Sequence[float] | None) -> str:
    """Mean over seeds, and half the range if there are several."""
    if not values:
        return "-"
    digits = 3 if max(values) < 10 else 0
    mean, half = float(np.mean(values)), (max(values) - min(values)) / 2
    text = f"{mean:.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {half:.{digits}f}"


def sentence(table: Table, study: Ablation, rows: Sequence[Row]) -> str:
    """Say in one line what a table is and what it was measured on."""
    facts = about(table, study, rows)
    data = f"{Path(facts['davis']).name}, {_count(facts['sequences'], 'sequence')}"
    if facts["composed"]:
        data += f" and {_count(facts['composed'], 'composed scene')}"
    parts = [data, f"{study.rounds} rounds"]
    if facts["steps"]:
        learn = _count(facts["learn"] or (), "sequence")
        parts.append(f"trained for {study.steps} steps on {learn}")
    parts.append(
        "1 seed" if study.seeds == 1 else f"{study.seeds} seeds: mean ± half the range"
    )
    parts.append(f"first strokes: {facts['first_strokes']}")
    text = f"{table.title}. {'; '.join(parts)}."
    known = any(variant.published for variant in table.variants) or table.references
    return (
        f"{text} Published figures are of other data: {ELSEWHERE}." if known else text
    )


def _count(things: Sequence[str], name: str) -> str:
    return f"{len(things)} {name}{'s' if len(things) != 1 else ''}"
