"""Command that fine-tunes a model on the user's own videos."""

from __future__ import annotations

from typing import Annotated

import typer

from napari_gnn_vos.cli.app import app
from napari_gnn_vos.cli.options import CACHE, Cache, Seed
from napari_gnn_vos.cli.terminal import (
    report_errors,
    report_interrupt,
    run_with_progress_bar,
)


@app.command("fine-tune")
def fine_tune(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="PROJECT...",
            help="Projects, or VIDEO=LABELS: a video and its labels on some frames.",
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the new model.")],
    model: Annotated[
        str, typer.Option(help="Name of the model to start from.")
    ] = "gatedgcn",
    merge: Annotated[
        bool, typer.Option(help="Train and evaluate on all objects as one.")
    ] = False,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 300,
    seed: Seed = 0,
    overwrite: Annotated[
        bool, typer.Option(help="Replace a model of this name.")
    ] = False,
    cache: Cache = CACHE,
) -> None:
    """Fine-tune a model on accepted and corrected frames of your videos.

    A part of the frames is held out. The model is saved if its J on these frames,
    measured with simulated strokes, is higher than before.
    """
    with report_errors(), report_interrupt(cache):
        from napari_gnn_vos.model.named_models import find_model, require_free_name
        from napari_gnn_vos.study.fine_tuning.annotated_video import (
            read_annotated_video,
        )
        from napari_gnn_vos.study.fine_tuning.fine_tune import fine_tune as pipeline
        from napari_gnn_vos.study.fine_tuning.fine_tune_settings import (
            FineTuneSettings,
        )

        require_free_name(name, overwrite=overwrite)
        find_model(model)
        videos = [read_annotated_video(source) for source in sources]
        settings = FineTuneSettings(
            steps=steps, projection_steps=steps, seed=seed, merge_objects=merge
        )
        tuned = run_with_progress_bar(pipeline(videos, settings, cache, model))
        typer.echo(f"{tuned}.")
        if not tuned.better:
            typer.echo(f"{tuned.reason_not_to_save}; nothing is saved.")
            raise typer.Exit(1)
        folder = tuned.save(name, overwrite=overwrite)
    typer.echo(f"The model is saved in {folder}. Use it with --model {name!r}.")
