"""The command line: one thin function per command."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from platformdirs import user_cache_path
from tqdm import tqdm

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.progress import Pipeline, Progress, drain

R = TypeVar("R")
app = typer.Typer(no_args_is_help=True, add_completion=False)

Davis = Annotated[Path, typer.Option(help="Folder in DAVIS layout.")]
Sequences = Annotated[
    str, typer.Option(help="Names with commas between, or a file with one a line.")
]
VideoFile = Annotated[Path, typer.Argument(help="Movie, TIFF stack or frame folder.")]
Videos = Annotated[
    list[Path], typer.Argument(help="Movies, TIFF stacks or frame folders.")
]
ModelName = Annotated[str, typer.Option(help="Name, or a safetensors file.")]
Json = Annotated[Path | None, typer.Option(help="Where to write all figures.")]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help="Spread the work over a Dask cluster: its address, as tcp://host:8786, or "
        "`local` for a process a core."
    ),
]


def _place(text: str) -> Path:
    """Read the option --cache."""
    from napari_gnn_vos.io.place import place

    try:
        return place(str(text))
    except GnnVosError as error:
        raise typer.BadParameter(str(error)) from error


Cache = Annotated[
    Path,
    typer.Option(
        parser=_place,
        metavar="FOLDER",
        help="Folder for prepared graphs, or an address as s3://bucket/graphs.",
    ),
]
HowWell = Annotated[str, typer.Option(help="fast, balanced or best.")]
CACHE = user_cache_path("napari-gnn-vos")


@app.callback()
def main(verbose: Annotated[bool, typer.Option(help="Say more.")] = False) -> None:
    """Label the objects of a video from a few scribbles."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(message)s")


@contextmanager
def _told() -> Iterator[None]:
    """Turn an expected error into one red line and exit status 2."""
    try:
        yield
    except GnnVosError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error


@contextmanager
def _stoppable(folder: Path | None) -> Iterator[None]:
    """Turn Ctrl-C into a line on what is kept, and exit status 130."""
    try:
        yield
    except KeyboardInterrupt as stop:
        again = f" What is finished is in {folder}: run the same again to go on."
        typer.secho(f"Stopped.{again if folder else ''}", err=True, fg="yellow")
        raise typer.Exit(130) from stop


def _show(pipeline: Pipeline[R]) -> R:
    """Run a pipeline with a progress bar."""
    with tqdm(unit="step") as bar:

        def step(at: Progress) -> None:
            bar.set_description(at.stage)
            bar.total = at.total
            bar.update(max(at.done - bar.n, 0))

        return drain(pipeline, step)


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

    with _told(), _stoppable(cache):
        config = Config.at(quality)
        found = _show(prepare_videos(videos, cache, scheduler, config))
    for name, made in found.items():
        typer.echo(
            f"{name}: {made.superpixels} superpixels on {made.frames} frames, "
            f"in {cache}."
        )


@app.command()
def segment(
    video: VideoFile,
    strokes: Annotated[Path, typer.Argument(help="Strokes, a JSON file.")],
    output: Annotated[Path, typer.Argument(help="Folder for PNGs, or a .tif.")],
    model: Annotated[
        str, typer.Option(help="Name, or a safetensors file.")
    ] = "gatedgcn",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    seed: Annotated[int, typer.Option(help="Of the sampling of strokes.")] = 0,
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

    with _told():
        drawn, network = read_strokes(strokes), load_model(model, device)
        session = _show(start(read_video(video), Config.at(quality), cache))
        session = annotate(session, drawn, rng=np.random.default_rng(seed))
        session = _show(predict(session, network))
        count = export_labels(session.painted or (), output)
    typer.echo(f"{count} frames of labels in {output}.")


@app.command()
def train(
    davis: Davis,
    sequences: Sequences,
    validation: Annotated[str, typer.Option(help="Sequences to choose by.")],
    output: Annotated[Path, typer.Option(help="Folder for checkpoints.")],
    steps: Annotated[int, typer.Option(help="Steps to take.")] = 2500,
    composed: Annotated[
        Path | None, typer.Option(help="Folder of `compose`: train on its scenes, too.")
    ] = None,
    width: Annotated[int, typer.Option(help="Channels of the network.")] = 20,
    depth: Annotated[int, typer.Option(help="Layers, and reach in hops.")] = 12,
    processes: Annotated[int, typer.Option(help="Processes, one core each.")] = 2,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "cpu",
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    cache: Cache = CACHE,
) -> None:
    """Train a network with the robot in the loop; run again to go on."""
    from napari_gnn_vos.config import Config
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.model.device import choose_device
    from napari_gnn_vos.study.training.course_plan import CoursePlan
    from napari_gnn_vos.study.training.train import TrainSettings, train_together

    with _told():
        learn = [(davis, tuple(layout.sequences(davis, sequences)))]
        check = ((davis, tuple(layout.sequences(davis, validation))),)
        if composed is not None:
            names = layout.sequences(composed, "ImageSets/2017/train.txt")
            learn.append((composed, tuple(names)))
        size = {"width": width, "depth": depth}
        settings = TrainSettings(steps=steps, seed=seed, **size)
        where = choose_device(device)
        about = cache, output, Config(), settings, where
        plan = CoursePlan(tuple(learn), check, *about)
        _show(plan.prepare())
        train_together(plan, processes)
    typer.echo(f"The best checkpoint is {output / 'best.safetensors'}.")


@app.command()
def benchmark(
    davis: Davis,
    sequences: Sequences,
    rounds: Annotated[int, typer.Option(help="Rounds a sequence.")] = 8,
    json: Json = None,
    model: Annotated[
        str, typer.Option(help="Name, or a safetensors file.")
    ] = "gatedgcn",
    baselines: Annotated[bool, typer.Option(help="Simpler methods, too.")] = False,
    protocol: Annotated[str, typer.Option(help="ours or davisinteractive.")] = "ours",
    scribbles: Annotated[
        Path | None,
        typer.Option(help="First strokes, SEQUENCE/001.json; else ROOT/Scribbles."),
    ] = None,
    plots: Annotated[Path | None, typer.Option(help="Folder for pictures.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    scheduler: Scheduler = None,
    cache: Cache = CACHE,
) -> None:
    """Play rounds on sequences, print J and F; stopped, it goes on with the same JSON.

    In the first round the strokes are those that persons drew, where there are any;
    all others are drawn by a robot.
    """
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.model.registry import load_model
    from napari_gnn_vos.study.measure import tables
    from napari_gnn_vos.study.measure.methods import network_method, simple_methods
    from napari_gnn_vos.study.measure.plan import Plan
    from napari_gnn_vos.study.measure.played import Kept
    from napari_gnn_vos.study.measure.plots import plot_report, require_matplotlib
    from napari_gnn_vos.study.measure.report import report, write_json
    from napari_gnn_vos.study.measure.together import benchmark_together

    with _told():
        if plots is not None:
            require_matplotlib()
        names = tuple(layout.sequences(davis, sequences))
        plan = Plan(davis, names, rounds, seed, protocol, scribbles, cache)
        where = "cpu" if scheduler else "auto"
        methods = [network_method(model, load_model(model, where))]
        methods += simple_methods() if baselines else []
        kept = Kept.beside(json)
        with _stoppable(kept.folder):
            played = _show(benchmark_together(plan, methods, kept, scheduler))
        facts = report(plan, methods, played)
        if json is not None:
            write_json(json, facts)
            kept.clear()
        if plots is not None:
            plot_report(facts, plots)
    typer.echo(tables.whole(facts))


@app.command()
def ceiling(
    davis: Davis,
    sequences: Sequences,
    superpixels: Annotated[int, typer.Option(help="Superpixels a frame.")] = 880,
    every: Annotated[int, typer.Option(help="Measure one frame in so many.")] = 10,
    quality: HowWell = "balanced",
) -> None:
    """Print how good labels could be at best with each over-segmentation."""
    from napari_gnn_vos.config import Config
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.study.measure.ceiling import ceiling_table, measure_ceilings

    with _told():
        level = Config.at(quality).prepare.quality
        names = layout.sequences(davis, sequences)
        found = _show(measure_ceilings(davis, names, superpixels, every, level))
    typer.echo(ceiling_table(found))


@app.command()
def transfer(
    davis: Davis,
    sequences: Sequences,
    backbone: Annotated[str, typer.Option(help="See `load_backbone`.")] = "mobilenetv2",
) -> None:
    """Print how well a backbone's features carry a mask over five frames."""
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.model.registry import load_backbone
    from napari_gnn_vos.study.measure.transfer import measure_transfer

    with _told():
        names = layout.sequences(davis, sequences)
        found = _show(measure_transfer(davis, names, load_backbone(backbone)))
    for features, j in found.items():
        typer.echo(f"{features:12s} {j:.3f}")


@app.command()
def compose(
    davis: Davis,
    output: Annotated[Path, typer.Option(help="A new folder, or one to go on with.")],
) -> None:
    """Compose scenes of two to five objects out of real sequences with one each."""
    from napari_gnn_vos.study.scenes import compose as study

    with _told():
        count = _show(study.compose(davis, output))
    typer.echo(f"{count} scenes in {output}.")


@app.command()
def ablate(
    table: Annotated[
        str,
        typer.Argument(
            help="curve, field, inputs, data, features, size, superpixels, edges or "
            "refine."
        ),
    ],
    davis: Davis,
    sequences: Sequences,
    output: Annotated[Path, typer.Option(help="Folder for all that is found.")],
    train: Annotated[str | None, typer.Option(help="Sequences to train on.")] = None,
    composed: Annotated[
        Path | None, typer.Option(help="Folder of `compose`: play its scenes, too.")
    ] = None,
    model: ModelName = "gatedgcn",
    rounds: Annotated[int, typer.Option(help="Rounds a sequence.")] = 8,
    steps: Annotated[int, typer.Option(help="Steps of a training.")] = 600,
    seeds: Annotated[int, typer.Option(help="How often to repeat it.")] = 1,
    processes: Annotated[int, typer.Option(help="Trainings at the same time.")] = 1,
    only: Annotated[str, typer.Option(help="Variants, with commas between.")] = "",
    tune: Annotated[
        bool, typer.Option(help="For `field`: try strengths of the cut on --train.")
    ] = False,
    cache: Cache = CACHE,
) -> None:
    """Print a table of the paper, measured here; stopped, it goes on with the same."""
    from napari_gnn_vos.study.ablation import ablate as study
    from napari_gnn_vos.study.ablation.request import Ablation, asked_for, source
    from napari_gnn_vos.study.ablation.tables import ablation_facts, ablation_table
    from napari_gnn_vos.study.measure.report import write_json

    with _told():
        learn = None if train is None else source(davis, train)
        scenes = (
            None if composed is None else source(composed, "ImageSets/2017/val.txt")
        )
        about = scenes, model, rounds, steps, seeds, processes
        plan = Ablation(source(davis, sequences), output, cache, learn, *about)
        chosen, plan = asked_for(table, plan, tune=tune)
        names = [name.strip() for name in only.split(",") if name.strip()]
        with _stoppable(output):
            rows = _show(study.ablate(chosen, plan, names))
        write_json(output / f"{chosen.name}.json", ablation_facts(chosen, plan, rows))
    typer.echo(ablation_table(chosen, plan, rows))
