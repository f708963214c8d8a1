"""Commands that compose training scenes and train networks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_gnn_vos.cli.app import app
from napari_gnn_vos.cli.options import (
    CACHE,
    Cache,
    Composed,
    Davis,
    Device,
    Seed,
    Sequences,
)
from napari_gnn_vos.cli.terminal import report_errors, run_with_progress_bar
from napari_gnn_vos.storage import require_writable_folder


@app.command()
def compose(
    davis: Davis,
    output: Annotated[
        Path, typer.Option(help="Output folder; an interrupted run can be resumed.")
    ],
) -> None:
    """Compose scenes of two to five objects from sequences with one object."""
    from napari_gnn_vos.study.scenes import compose as study

    with report_errors():
        require_writable_folder(output)
        count = run_with_progress_bar(study.compose(davis, output))
    typer.echo(f"Wrote {count} scenes to {output}.")


@app.command()
def train(
    davis: Davis,
    sequences: Sequences,
    validation: Annotated[
        str, typer.Option(help="Sequences that select the best step.")
    ],
    output: Annotated[Path, typer.Option(help="Output folder for checkpoints.")],
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 2500,
    composed: Composed = None,
    width: Annotated[
        int, typer.Option(min=1, help="Hidden channels of the network.")
    ] = 20,
    depth: Annotated[int, typer.Option(min=1, help="Layers of the network.")] = 12,
    processes: Annotated[
        int, typer.Option(min=1, help="Training processes, one core each.")
    ] = 2,
    players: Annotated[
        int,
        typer.Option(min=0, help="Additional rollout processes, one core each."),
    ] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Samples per training step.")] = 1,
    device: Device = "cpu",
    seed: Seed = 0,
    cache: Cache = CACHE,
) -> None:
    """Train a network on simulated annotation; an interrupted run can be resumed."""
    from napari_gnn_vos.config import Config
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.model.device import choose_device
    from napari_gnn_vos.study.training.data_parallel import train_data_parallel
    from napari_gnn_vos.study.training.training_plan import TrainingPlan
    from napari_gnn_vos.study.training.training_run import TrainSettings

    with report_errors():
        require_writable_folder(output)
        training = [(davis, tuple(layout.sequences(davis, sequences)))]
        validating = ((davis, tuple(layout.sequences(davis, validation))),)
        if composed is not None:
            names = layout.sequences(composed, "ImageSets/2017/train.txt")
            training.append((composed, tuple(names)))
        size = {"width": width, "depth": depth}
        settings = TrainSettings(steps=steps, seed=seed, batch=batch, **size)
        rest = cache, output, Config(), settings, choose_device(device), players
        plan = TrainingPlan(tuple(training), validating, *rest)
        run_with_progress_bar(plan.prepare())
        train_data_parallel(plan, processes)
    typer.echo(f"The best checkpoint is {output / 'best.safetensors'}.")
