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
    FormatName,
    ModelName,
    Overwrite,
    QualityOption,
    Scheduler,
    Seed,
    SettingsFile,
    VideoFile,
    Videos,
    path_argument,
    path_option,
    session_config,
)
from napari_gnn_vos.cli.terminal import (
    report_errors,
    report_interrupt,
    report_requirements,
    run_with_progress_bar,
)


@app.command()
def prepare(
    videos: Videos,
    quality: QualityOption = None,
    settings: SettingsFile = None,
    scheduler: Scheduler = None,
    cache: Cache = CACHE,
) -> None:
    """Prepare the superpixel graphs of videos; an interrupted run can be resumed.

    All videos are opened before the first one is prepared. A video that cannot be
    prepared does not stop the others.
    """
    from napari_gnn_vos.batch import GraphSize, prepare_videos

    with report_errors(), report_interrupt(cache):
        config, paths = session_config(settings, quality), list(dict.fromkeys(videos))
        if scheduler is None:
            report_requirements(paths, config)
        prepared: dict[str, GraphSize] = {}
        pipeline = prepare_videos(paths, cache, scheduler, config, prepared.__setitem__)
        try:
            run_with_progress_bar(pipeline)
        finally:
            for name, size in prepared.items():
                typer.echo(
                    f"{name}: {size.superpixels} superpixels in {size.frames} frames, "
                    f"stored in {cache}."
                )
            if len(paths) > 1:
                typer.echo(f"Prepared {len(prepared)} of {len(paths)} videos.")


@app.command()
def segment(
    video: VideoFile,
    strokes: Annotated[Path, path_argument("STROKES", "JSON file with the strokes.")],
    output: Annotated[
        Path,
        path_argument("OUTPUT", "Output: a folder, or a file of a supported format."),
    ],
    model: ModelName = "gatedgcn",
    device: Device = "auto",
    backend: Annotated[
        str, typer.Option(help="Backend: auto, fused, torch, triton, half or dgl.")
    ] = "auto",
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quality: QualityOption = None,
    settings: SettingsFile = None,
    cache: Cache = CACHE,
    format_name: FormatName = None,
) -> None:
    """Segment all frames of a video from strokes in a JSON file."""
    import numpy as np

    from napari_gnn_vos.engine import annotate, check_strokes, predict, start
    from napari_gnn_vos.io.export import export_labels
    from napari_gnn_vos.io.formats.video_labels import VideoLabels
    from napari_gnn_vos.io.output_path import check_label_output
    from napari_gnn_vos.io.read import frame_names, read_video
    from napari_gnn_vos.io.strokes_file import read_strokes
    from napari_gnn_vos.model.loading import load_model
    from napari_gnn_vos.prepare.requirements import preparation_requirements

    with report_errors(), report_interrupt(cache):
        config, scribbles = session_config(settings, quality), read_strokes(strokes)
        frames = read_video(video)
        names, inputs = frame_names(frames), (video, strokes)
        check_label_output(
            output,
            inputs,
            format_name=format_name,
            overwrite=overwrite,
            frame_names=names,
            largest_label=max((scribble.label for scribble in scribbles), default=0),
        )
        check_strokes(scribbles, frames)
        network = load_model(model, device, backend)
        typer.echo(
            f"{video}: {preparation_requirements(frames, config.prepare)}.", err=True
        )
        session = run_with_progress_bar(start(frames, config, cache))
        session = annotate(session, scribbles, rng=np.random.default_rng(seed))
        session = run_with_progress_bar(predict(session, network))
        labels = VideoLabels(
            session.packed_labels or (),
            frame_names=names,
            video_name=frames.name,
            image=frames.rgb,
        )
        count = export_labels(labels, output, format_name, overwrite=overwrite)
    typer.echo(f"Wrote labels of {count} frames to {output}, predicted by {network}.")


@app.command()
def convert(
    source: Annotated[
        Path,
        path_argument("SOURCE", "Labels in a supported format: a file or a folder."),
    ],
    output: Annotated[
        Path,
        path_argument("OUTPUT", "Output: a folder, or a file of a supported format."),
    ],
    source_format: Annotated[
        str | None,
        typer.Option("--from", metavar="NAME", help="Format of the input."),
    ] = None,
    format_name: FormatName = None,
    video: Annotated[
        Path | None,
        path_option("The video, for overlays and intensities."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Convert labels from one format to another."""
    from dataclasses import replace

    from napari_gnn_vos.io.export import export_labels, import_labels
    from napari_gnn_vos.io.output_path import check_label_output
    from napari_gnn_vos.io.read import read_video

    with report_errors():
        labels = import_labels(source, source_format)
        if video is not None:
            labels = replace(labels, image=read_video(video).rgb)
        check_label_output(
            output,
            (source,) if video is None else (source, video),
            format_name=format_name,
            overwrite=overwrite,
            frame_names=labels.frame_names,
        )
        count = export_labels(labels, output, format_name, overwrite=overwrite)
    typer.echo(f"Wrote labels of {count} frames to {output}.")
