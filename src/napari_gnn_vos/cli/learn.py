"""Commands that compose training scenes and train networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    path_option,
)
from napari_gnn_vos.cli.terminal import report_errors, run_with_progress_bar
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.storage import require_writable_folder

if TYPE_CHECKING:
    from napari_gnn_vos.study.training.train_projection import ProjectionPlan


Sources = tuple[tuple[Path, tuple[str, ...]], ...]
"""Folders in DAVIS layout, and names of sequences in each."""


@app.command()
def compose(
    davis: Davis,
    output: Annotated[
        Path, path_option("Output folder; an interrupted run can be resumed.")
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
    output: Annotated[Path, path_option("Output folder for checkpoints.")],
    validation: Annotated[
        str,
        typer.Option(
            help="Sequences that select the best step; without them, the weights of "
            "the last step are kept."
        ),
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
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            "--players",
            min=0,
            help="Additional processes that generate samples, one core each.",
        ),
    ] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Samples per training step.")] = 1,
    device: Device = "cpu",
    seed: Seed = 0,
    cache: Cache = CACHE,
    decoder: Annotated[
        bool, typer.Option("--decoder", help="Train the boundary decoder instead.")
    ] = False,
    projection: Annotated[
        bool,
        typer.Option(
            "--projection",
            help="Train the feature projection of the label model instead.",
        ),
    ] = False,
    stills: Annotated[
        Path | None,
        path_option("With --decoder: folder of photographs with masks."),
    ] = None,
    model: Annotated[
        str, typer.Option(help="With --decoder: network whose predictions are refined.")
    ] = "gatedgcn",
) -> None:
    """Train a network on simulated annotation; an interrupted run can be resumed.

    The feature projection of the label model is trained first, several times, so that
    no training sequence is projected by weights that were trained on it.
    """
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.model.device import choose_device
    from napari_gnn_vos.study.training.photographs import photograph_names

    with report_errors():
        require_writable_folder(output)
        sources: Sources = ((davis, tuple(layout.sequences(davis, sequences))),)
        if composed is not None:
            names = layout.sequences(composed, "ImageSets/2017/train.txt")
            sources += ((composed, tuple(names)),)
        device = choose_device(device)
        if decoder and projection:
            raise SettingsError("--decoder and --projection exclude each other.")
        if stills is not None:
            photograph_names(stills)
        if decoder:
            decoder_paths = sources, stills, output, cache
            weights = _train_decoder(decoder_paths, model, (steps, batch, seed), device)
        elif projection:
            weights = _projections(sources, cache, output, steps, seed).train()
        else:
            validating: Sources = ()
            if validation:
                validating = ((davis, tuple(layout.sequences(davis, validation))),)
            sizes = {"width": width, "depth": depth, "batch": batch}
            settings = {"steps": steps, "seed": seed, **sizes}
            paths = sources, validating, cache, output
            weights = _train_network(paths, settings, device, workers, processes)
    typer.echo(f"The weights are {weights}.")


def _train_network(
    paths: tuple[Sources, Sources, Path, Path],
    settings: dict[str, int],
    device: str,
    workers: int,
    processes: int,
) -> Path:
    """Train a network with cross-fitted projections; return the checkpoint."""
    from napari_gnn_vos.config import Config
    from napari_gnn_vos.study.training.data_parallel import train_data_parallel
    from napari_gnn_vos.study.training.training_plan import TrainingPlan
    from napari_gnn_vos.study.training.training_run import TrainSettings

    (sources, validating, cache, output), config = paths, Config()
    rounds = {} if validating else {"validation_rounds": 0}
    projections: tuple[tuple[str, Path], ...] = ()
    if config.label_model.projection:
        sizes = settings["steps"], settings["seed"]
        projections = _projections(sources, cache, output, *sizes).cross_fit()
    train_settings = TrainSettings.model_validate({**settings, **rounds})
    plan = TrainingPlan(*paths, config, train_settings, device, workers, projections)
    run_with_progress_bar(plan.prepare())
    train_data_parallel(plan, processes)
    return output / ("best.safetensors" if validating else "last.safetensors")


def _projections(
    sources: Sources, cache: Path, output: Path, steps: int, seed: int
) -> ProjectionPlan:
    """Gather the samples for trainings of the feature projection."""
    from napari_gnn_vos.study.training.projection_network import ProjectionSettings
    from napari_gnn_vos.study.training.train_projection import ProjectionPlan

    settings = ProjectionSettings.for_network(steps, seed)
    plan = ProjectionPlan(sources, cache, output / "projections", settings)
    run_with_progress_bar(plan.collect())
    return plan


def _train_decoder(
    paths: tuple[Sources, Path | None, Path, Path],
    model: str,
    settings: tuple[int, int, int],
    device: str,
) -> Path:
    """Collect predictions of a network and train the boundary decoder on them."""
    from napari_gnn_vos.model.loading import load_model
    from napari_gnn_vos.study.training.train_decoder import DecoderPlan, DecoderSettings

    plan, (steps, batch, seed) = DecoderPlan(*paths), settings
    run_with_progress_bar(plan.collect(load_model(model, device)))
    decoder_settings = DecoderSettings(steps=steps, batch=max(batch, 4), seed=seed)
    return plan.train(decoder_settings, device)
