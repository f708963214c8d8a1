"""Format ablations as Markdown tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos.study.ablation.ablation_request import Ablation
from napari_gnn_vos.study.ablation.variants import Figures, Table
from napari_gnn_vos.study.measure.report_tables import SHOWN_ROUNDS, markdown_table

SHOWN_COMPOSED_ROUNDS = (2, 8)
"""Rounds on composed scenes that a table shows."""
PUBLISHED_DATA = "DAVIS 2017 val, 30 sequences, first strokes of persons"
"""What published figures are measured on."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Reports of one variant, one per seed.

    Parameters
    ----------
    name : str
    reports : list of dict
        From `report`, one per seed, with ``edges``, directed edges per frame, and
        ``composed``, the report on composed scenes or None.
    """

    name: str
    reports: list[dict[str, Any]]

    def figures(self) -> dict[str, list[float]]:
        """Collect each figure over the seeds, keyed by column title."""
        per_seed = [figures_of(report) for report in self.reports]
        return {
            title: [figures[title] for figures in per_seed] for title in per_seed[0]
        }


def figures_of(report: dict[str, Any]) -> dict[str, float]:
    """Extract the figures of a report, keyed by column title."""
    figures: dict[str, float] = {}
    for title, key in (("J", "j"), ("F", "f"), ("J&F", "jf")):
        rounds = report[key]
        figures |= _figures_by_round(title, rounds)
        figures[f"mean {title}"] = float(np.mean(rounds))
    for title, key in (("ceiling", "ceilings"), ("superpixels", "superpixels")):
        figures |= _figures_by_round(title, report[key])
    for round_index in SHOWN_COMPOSED_ROUNDS:
        if report["composed"] and round_index <= len(report["j"]):
            figures[f"J after {round_index}, composed"] = report["composed"]["j"][
                round_index - 1
            ]
    for title, key in (("J", "j"), ("J&F", "jf")):
        figures[f"AUC {title}"] = report[f"auc_{key}"]
        figures[f"{title} at 60 s"] = report[f"{key}_at_60s"]
    seconds = np.sum([report["seconds"][key] for key in ("interact", "predict")], 0)
    return figures | {
        "seconds a round": float(np.mean(seconds)),
        "directed edges a frame": report["edges"],
    }


def _figures_by_round(title: str, rounds: Sequence[float]) -> dict[str, float]:
    shown = [r for r in SHOWN_ROUNDS if r <= len(rounds)]
    return {f"{title} after {r}": rounds[r - 1] for r in shown}


def ablation_report(
    table: Table, ablation: Ablation, rows: Sequence[Row]
) -> dict[str, Any]:
    """Convert a table into a dictionary of JSON types.

    Parameters
    ----------
    table : Table
    ablation : Ablation
    rows : sequence of Row

    Returns
    -------
    report : dict
        * ``table``, ``title``, ``about``: name, title, and conditions, see
          `collect_conditions`.
        * ``rows``: by name ``figures`` (a number per seed, by title), ``published`` (a
          number by title) and ``reports`` (one per seed, see
          `benchmark_report.summarise_benchmark`).
        * ``references``: published figures of others, by name and title.
        * ``published_on``: what published figures are measured on.
    """
    published = {variant.name: dict(variant.published) for variant in table.variants}
    return {
        "table": table.name,
        "title": table.title,
        "about": collect_conditions(table, ablation, rows),
        "rows": {
            row.name: {
                "figures": row.figures(),
                "published": published[row.name],
                "reports": row.reports,
            }
            for row in rows
        },
        "references": {name: dict(fs) for name, fs in table.references.items()},
        "published_on": PUBLISHED_DATA,
    }


def collect_conditions(
    table: Table, ablation: Ablation, rows: Sequence[Row]
) -> dict[str, Any]:
    """Collect the conditions of a table: data, seeds and training budget."""
    reports = [report for row in rows for report in row.reports]
    origins = {
        sequence["first_strokes"]
        for report in reports
        for sequence in report["sequences"].values()
    }
    trained = any(variant.training for variant in table.variants)
    composed = table.composed and ablation.composed is not None
    return {
        "davis": str(ablation.evaluated[0]),
        "sequences": ablation.evaluated[1],
        "composed": ablation.composed[1] if composed and ablation.composed else None,
        "rounds": ablation.rounds,
        "seeds": ablation.seeds,
        "first_strokes": " and ".join(sorted(origins)) or "nobody",
        "steps": ablation.steps if trained else None,
        "learn": ablation.learn[1] if trained and ablation.learn else None,
        "model": str(ablation.trained or ablation.model),
        "folds": ablation.folds,
    }


def ablation_table(table: Table, ablation: Ablation, rows: Sequence[Row]) -> str:
    """Format a table in Markdown, with a caption above it."""
    figures = {row.name: row.figures() for row in rows}
    titles = _titles(table, figures)
    published: dict[str, Figures] = {v.name: v.published for v in table.variants}
    named = [name for name in published if name in figures]
    sources = (*(published[name] for name in named), *table.references.values())
    published_titles = _in_order(
        table, (title for figures_by_title in sources for title in figures_by_title)
    )
    head = ["variant", *titles, *(f"published {title}" for title in published_titles)]
    cells = []
    for name in (*named, *table.references):
        own, theirs = figures.get(name, {}), published.get(name, {})
        theirs = theirs or table.references.get(name, {})
        measured = (own.get(title) for title in titles)
        given = ([theirs[t]] if t in theirs else None for t in published_titles)
        cells.append([name, *map(_cell, measured), *map(_cell, given)])
    return f"{caption(table, ablation, rows)}\n\n{markdown_table(head, cells)}"


def _titles(table: Table, figures: dict[str, dict[str, list[float]]]) -> list[str]:
    return _in_order(table, next(iter(figures.values()), {}))


def _in_order(table: Table, titles: Iterable[str]) -> list[str]:
    """Order column titles as the table lists their prefixes."""
    unique = list(dict.fromkeys(titles))
    return [
        title
        for start in table.columns
        for title in unique
        if title == start or title.startswith(f"{start} ")
    ]


def _cell(values: Sequence[float] | None) -> str:
    """Format the mean over seeds, with half the range if there are several."""
    if not values:
        return "-"
    digits = 3 if max(values) < 10 else 0
    mean, half = float(np.mean(values)), (max(values) - min(values)) / 2
    text = f"{mean:.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {half:.{digits}f}"


def caption(table: Table, ablation: Ablation, rows: Sequence[Row]) -> str:
    """Format title, data and training budget of a table in one line."""
    conditions = collect_conditions(table, ablation, rows)
    count = _count(conditions["sequences"], "sequence")
    data = f"{Path(conditions['davis']).name}, {count}"
    if conditions["composed"]:
        data += f" and {_count(conditions['composed'], 'composed scene')}"
    parts = [data, f"{ablation.rounds} rounds"]
    if conditions["folds"]:
        parts.append(f"each held out, {conditions['folds']} folds")
    if conditions["steps"]:
        learn = _count(conditions["learn"] or (), "sequence")
        parts.append(f"trained for {ablation.steps} steps on {learn}")
    parts.append(
        "1 seed"
        if ablation.seeds == 1
        else f"{ablation.seeds} seeds: mean ± half the range"
    )
    parts.append(f"first strokes: {conditions['first_strokes']}")
    text = f"{table.title}. {'; '.join(parts)}."
    if table.references or any(variant.published for variant in table.variants):
        text += f" Published figures are of other data: {PUBLISHED_DATA}."
    return text


def _count(items: Sequence[str], name: str) -> str:
    return f"{len(items)} {name}{'s' if len(items) != 1 else ''}"
