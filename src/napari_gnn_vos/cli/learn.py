"""Commands that make data, and networks from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_gnn_vos.cli.app import app
from napari_gnn_vos.cli.options import CACHE, Cache, Davis, Sequences
from napari_gnn_vos.cli.terminal import show, told


@app.command()
def compose(
    davis: Davis,
    output: Annotated[Path, typer.Option(help="A new folder, or one to go on with.")],
) -> None:
    """Compose scenes of two to five objects out of real sequences with one each."""
    from napari_gnn_vos.study.scenes import compose as study

    with told():
        count = show(study.compose(davis, output))
    typer.echo(f"{count} scenes in {output}.")


@app.command()
def train(
    davis: Davis,
    sequences: Sequences,
    validation: Annotated[str, typer.Option(help="Sequences to choose by.")],
    output: Annotated[Path, typer.Option(help="Folder for checkpoints.")],
    steps: Annotated[int, typer.Option(min=1, help="Steps to take.")] = 2500,
    composed: Annotated[
        Path | None, typer.Option(help="Folder of `compose`: train on its scenes, too.")
    ] = None,
    width: Annotated[int, typer.Option(min=1, help="Channels of the network.")] = 20,
    depth: Annotated[int, typer.Option(min=1, help="Layers, and reach in hops.")] = 12,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes, one core each.")
    ] = 2,
    workers: Annotated[
        int,
        typer.Option(min=0, help="More processes, a core each, that play for a GPU."),
    ] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Samples of a step.")] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "cpu",
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random choices.")] = 0,
    cache: Cache = CACHE,
) -> None:
    """Train a network with the robot in the loop; run again to go on."""
    from napari_gnn_vos.config import Config
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.model.device import choose_device
    from napari_gnn_vos.study.training.data_parallel import train_data_parallel
    from napari_gnn_vos.study.training.training_plan import TrainingPlan
    from napari_gnn_vos.study.training.training_run import TrainSettings

    with told():
        learn = [(davis, tuple(layout.sequences(davis, sequences)))]
        check = ((davis, tuple(layout.sequences(davis, validation))),)
        if composed is not None:
            names = layout.sequences(composed, "ImageSets/2017/train.txt")
            learn.append((composed, tuple(names)))
        size = {"width": width, "depth": depth}
        settings = TrainSettings(steps=steps, seed=seed, batch=batch, **size)
        about = cache, output, Config(), settings, choose_device(device), workers
        plan = TrainingPlan(tuple(learn), check, *about)
        show(plan.prepare())
        train_data_parallel(plan, processes)
    typer.echo(f"The best checkpoint is {output / 'best.safetensors'}.")
