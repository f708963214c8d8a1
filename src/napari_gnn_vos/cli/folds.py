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
) -> None:
    """Cross-validate, write ``folds.json`` and ``folds.md``, and print the table."""
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.study.cross_validation.cross_validate import cross_validate
    from napari_gnn_vos.study.cross_validation.fold_plan import (
        CrossValidation,
        all_sequences,
    )
    from napari_gnn_vos.study.measure.accuracy_report import accuracy_table
    from napari_gnn_vos.study.measure.benchmark_report import write_json
    from napari_gnn_vos.study.training.decoder_samples import photograph_names

    with report_errors():
        if output is None:
            raise SettingsError(
                "--output, the folder for weights and report, was not given."
            )
        require_writable_folder(output)
        if json is not None:
            require_writable_folder(json.parent)
        if stills is not None:
            photograph_names(stills)
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
        (output / "folds.md").write_text(table + "\n", encoding="utf-8")
    typer.echo(table)
