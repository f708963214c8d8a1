"""Commands for those who label videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_gnn_vos.cli.app import app
from napari_gnn_vos.cli.options import (
    CACHE,
    Cache,
    HowWell,
    Scheduler,
    VideoFile,
    Videos,
)
from napari_gnn_vos.cli.terminal import show, stoppable, told


@app.command()
def prepare(
    videos: Videos,
    quality: HowWell = "balanced",
    scheduler: Scheduler = None,
    cache: Cache = CACHE,
) -> None:
    """Prepare the superpixel graphs of videos, once; stopped, it goes on."""
    from napari_gnn_vos.batch import prepare_videos
    from napari_gnn_vos.config import Config

    with told(), stoppable(cache):
        config = Config.at(quality)
        found = show(prepare_videos(videos, cache, scheduler, config))
    for name, made in found.items():
        typer.echo(
            f"{name}: {made.superpixels} superpixels on {made.frames} frames, "
            f"in {cache}."
        )


@app.command()
def segment(
    video: VideoFile,
    strokes: Annotated[Path, typer.Argument(help="Strokes, a JSON file.")],
    output: Annotated[
        Path, typer.Argument(help="Folder for PNGs, .tif, or .json (COCO).")
    ],
    model: Annotated[
        str, typer.Option(help="Name, or a safetensors file.")
    ] = "gatedgcn",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    backend: Annotated[
        str, typer.Option(help="auto, fused, torch, triton, half or dgl.")
    ] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Of the sampling of strokes.")] = 0,
    quality: HowWell = "balanced",
    cache: Cache = CACHE,
) -> None:
    """Label a whole video from strokes in a file."""
    import numpy as np

    from napari_gnn_vos.config import Config
    from napari_gnn_vos.engine import annotate, predict, start
    from napari_gnn_vos.io.export import export_labels
    from napari_gnn_vos.io.read import read_video
    from napari_gnn_vos.io.strokes_file import read_strokes
    from napari_gnn_vos.model.registry import load_model

    with told():
        drawn, network = read_strokes(strokes), load_model(model, device, backend)
        session = show(start(read_video(video), Config.at(quality), cache))
        session = annotate(session, drawn, rng=np.random.default_rng(seed))
        session = show(predict(session, network))
        count = export_labels(session.packed_labels or (), output)
    typer.echo(f"{count} frames of labels in {output}, by {network}.")
