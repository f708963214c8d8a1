"""Commands that prepare and segment videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_gnn_vos.cli.app import app
from napari_gnn_vos.cli.options import (
    CACHE,
    Cache,
    Device,
    ModelName,
    QualityOption,
    Scheduler,
    Seed,
    VideoFile,
    Videos,
)
from napari_gnn_vos.cli.terminal import (
    report_errors,
    report_interrupt,
    run_with_progress_bar,
)


@app.command()
def prepare(
    videos: Videos,
    quality: QualityOption = "balanced",
    scheduler: Scheduler = None,
    cache: Cache = CACHE,
) -> None:
    """Prepare the superpixel graphs of videos; an interrupted run can be resumed."""
    from napari_gnn_vos.batch import prepare_videos
    from napari_gnn_vos.config import Config

    with report_errors(), report_interrupt(cache):
        config = Config.at(quality)
        sizes = run_with_progress_bar(prepare_videos(videos, cache, scheduler, config))
    for name, size in sizes.items():
        typer.echo(
            f"{name}: {size.superpixels} superpixels in {size.frames} frames, "
            f"stored in {cache}."
        )


@app.command()
def segment(
    video: VideoFile,
    strokes: Annotated[Path, typer.Argument(help="JSON file with the strokes.")],
    output: Annotated[
        Path,
        typer.Argument(help="Output: a folder for PNG files, .tif, or .json (COCO)."),
    ],
    model: ModelName = "gatedgcn",
    device: Device = "auto",
    backend: Annotated[
        str, typer.Option(help="Backend: auto, fused, torch, triton, half or dgl.")
    ] = "auto",
    seed: Seed = 0,
    overwrite: Annotated[bool, typer.Option(help="Replace existing output.")] = False,
    quality: QualityOption = "balanced",
    cache: Cache = CACHE,
) -> None:
    """Segment all frames of a video from strokes in a JSON file."""
    import numpy as np

    from napari_gnn_vos.config import Config
    from napari_gnn_vos.engine import annotate, predict, start
    from napari_gnn_vos.io.export import export_labels
    from napari_gnn_vos.io.output_path import check_label_output
    from napari_gnn_vos.io.read import frame_names, read_video
    from napari_gnn_vos.io.strokes_file import read_strokes
    from napari_gnn_vos.model.registry import load_model

    with report_errors():
        scribbles = read_strokes(strokes)
        frames = read_video(video)
        names, inputs = frame_names(frames), (video, strokes)
        check_label_output(output, inputs, overwrite=overwrite, frame_names=names)
        network = load_model(model, device, backend)
        session = run_with_progress_bar(start(frames, Config.at(quality), cache))
        session = annotate(session, scribbles, rng=np.random.default_rng(seed))
        session = run_with_progress_bar(predict(session, network))
        output.parent.mkdir(parents=True, exist_ok=True)
        count = export_labels(
            session.packed_labels or (),
            output,
            overwrite=overwrite,
            frame_names=names,
            video_name=frames.name,
        )
    typer.echo(f"Wrote labels of {count} frames to {output}, predicted by {network}.")
