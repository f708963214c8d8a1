"""Commands that compose training scenes and train networks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
from napari_gnn_vos.errors import SettingsError
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
    output: Annotated[Path, typer.Option(help="Output folder for checkpoints.")],
    validation: Annotated[
        str,
        typer.Option(help="Sequences that select the best step; not with --decoder."),
    ] = "",
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
    decoder: Annotated[
        bool, typer.Option("--decoder", help="Train the boundary decoder instead.")
    ] = False,
    stills: Annotated[
        Path | None,
        typer.Option(help="With --decoder: folder of photographs with masks."),
    ] = None,
    model: Annotated[
        str, typer.Option(help="With --decoder: network whose predictions are refined.")
    ] = "gatedgcn",
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
        if composed is not None:
            names = layout.sequences(composed, "ImageSets/2017/train.txt")
            training.append((composed, tuple(names)))
        if decoder:
            sources = tuple(training), stills, output, cache
            weights = _train_decoder(sources, model, (steps, batch, seed), device)
            typer.echo(f"The weights of the decoder are {weights}.")
            return
        if not validation:
            raise SettingsError(
                "--validation must name sequences that select the best step; it is "
                "missing. Name some, or train the boundary decoder by --decoder."
            )
        validating = ((davis, tuple(layout.sequences(davis, validation))),)
        size = {"width": width, "depth": depth}
        settings = TrainSettings(steps=steps, seed=seed, batch=batch, **size)
        rest = cache, output, Config(), settings, choose_device(device), players
        plan = TrainingPlan(tuple(training), validating, *rest)
        run_with_progress_bar(plan.prepare())
        train_data_parallel(plan, processes)
    typer.echo(f"The best checkpoint is {output / 'best.safetensors'}.")


def _train_decoder(
    sources: tuple[Any, ...], model: str, sizes: tuple[int, int, int], device: str
) -> Path:
    """Collect predictions of a network and train the boundary decoder on them."""
    from napari_gnn_vos.model.device import choose_device
    from napari_gnn_vos.model.registry import load_model
    from napari_gnn_vos.study.training.train_decoder import DecoderPlan, DecoderSettings

    plan, (steps, batch, seed) = DecoderPlan(*sources), sizes
    device = choose_device(device)
    run_with_progress_bar(plan.collect(load_model(model, device)))
    settings = DecoderSettings(steps=steps, batch=max(batch, 4), seed=seed)
    return plan.train(settings, device)
