"""Cross-validation of the benchmark: the option --folds."""

from __future__ import annotations

from pathlib import Path

import typer

from napari_gnn_vos.cli.options import config_with
from napari_gnn_vos.cli.terminal import (
    report_errors,
    report_interrupt,
    run_with_progress_bar,
)
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.storage import require_writable_folder


def run_folds(
    davis: Path,
    sequences: str | None,
    folds: int,
    rounds: int,
    steps: int,
    seed: int,
    output: Path | None,
    trained: Path | None,
    cache: Path,
    json: Path | None,
    stills: Path | None,
    refine: str,
    plots: Path | None,
) -> None:
    """Cross-validate, write report, table and plot, and print the table."""
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.study.cross_validation.cross_validate import cross_validate
    from napari_gnn_vos.study.cross_validation.fold_plan import (
        CrossValidation,
        all_sequences,
    )
    from napari_gnn_vos.study.measure.accuracy_report import accuracy_table
    from napari_gnn_vos.study.measure.benchmark_report import write_json
    from napari_gnn_vos.study.measure.plots import plot_reliability

    with report_errors():
        output = _checked_output(output, json, plots, stills)
        names = (
            all_sequences(davis)
            if sequences is None
            else tuple(layout.sequences(davis, sequences))
        )
        plan = CrossValidation(
            davis,
            names,
            output,
            cache,
            folds,
            rounds,
            steps,
            seed,
            trained,
            config_with(refine),
            stills,
        )
        with report_interrupt(output):
            report = run_with_progress_bar(cross_validate(plan))
        table = accuracy_table(report["accuracy"])
        for file in (output / "folds.json", json):
            if file is not None:
                write_json(file, report)
        reliability = report["accuracy"]["reliability"]
        if plots is not None and reliability is not None:
            plot_reliability(reliability["bins"], plots)
        (output / "folds.md").write_text(table + "\n", encoding="utf-8")
    typer.echo(table)


def _checked_output(
    output: Path | None, json: Path | None, plots: Path | None, stills: Path | None
) -> Path:
    """Check the paths before the work; return the output folder."""
    from napari_gnn_vos.study.measure.plots import require_matplotlib
    from napari_gnn_vos.study.training.photographs import photograph_names

    if output is None:
        raise SettingsError(
            "--output, the folder for weights and report, was not given."
        )
    if plots is not None:
        require_matplotlib()
    for folder in (output, json and json.parent, plots):
        if folder is not None:
            require_writable_folder(folder)
    if stills is not None:
        photograph_names(stills)
    return output
