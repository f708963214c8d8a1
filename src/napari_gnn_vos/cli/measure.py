"""Commands that tell how good labels are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_gnn_vos.cli.app import app
from napari_gnn_vos.cli.options import (
    CACHE,
    Cache,
    Davis,
    HowWell,
    Json,
    ModelName,
    Scheduler,
    Sequences,
)
from napari_gnn_vos.cli.terminal import show, stoppable, told


@app.command()
def benchmark(
    davis: Davis,
    sequences: Sequences,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds a sequence.")] = 8,
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
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
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
    from napari_gnn_vos.study.measure.plots import plot_report, require_matplotlib
    from napari_gnn_vos.study.measure.report import report, write_json
    from napari_gnn_vos.study.measure.sequence_result import ResultCache
    from napari_gnn_vos.study.measure.together import benchmark_together

    with told():
        if plots is not None:
            require_matplotlib()
        names = tuple(layout.sequences(davis, sequences))
        plan = Plan(davis, names, rounds, seed, protocol, scribbles, cache)
        where = "cpu" if scheduler else "auto"
        methods = [network_method(model, load_model(model, where))]
        methods += simple_methods() if baselines else []
        kept = ResultCache.beside(json)
        with stoppable(kept.folder):
            played = show(benchmark_together(plan, methods, kept, scheduler))
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
    superpixels: Annotated[int, typer.Option(min=1, help="Superpixels a frame.")] = 880,
    every: Annotated[
        int, typer.Option(min=1, help="Measure one frame in so many.")
    ] = 10,
    quality: HowWell = "balanced",
) -> None:
    """Print how good labels could be at best with each over-segmentation."""
    from napari_gnn_vos.config import Config
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.study.measure.ceiling import ceiling_table, measure_ceilings

    with told():
        level = Config.at(quality).prepare.quality
        names = layout.sequences(davis, sequences)
        found = show(measure_ceilings(davis, names, superpixels, every, level))
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

    with told():
        names = layout.sequences(davis, sequences)
        found = show(measure_transfer(davis, names, load_backbone(backbone)))
    for features, j in found.items():
        typer.echo(f"{features:12s} {j:.3f}")


@app.command()
def ablate(
    table: Annotated[
        str,
        typer.Argument(
            help="curve, field, inputs, data, features, size, superpixels, edges, "
            "quality or refine."
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
    rounds: Annotated[int, typer.Option(min=1, help="Rounds a sequence.")] = 8,
    steps: Annotated[int, typer.Option(min=1, help="Steps of a training.")] = 600,
    seeds: Annotated[int, typer.Option(min=1, help="How often to repeat it.")] = 1,
    processes: Annotated[
        int, typer.Option(min=1, help="Trainings at the same time.")
    ] = 1,
    only: Annotated[str, typer.Option(help="Variants, with commas between.")] = "",
    tune: Annotated[
        bool, typer.Option(help="For `field`: try strengths of the cut on --train.")
    ] = False,
    cache: Cache = CACHE,
) -> None:
    """Print a table of the paper, measured here; stopped, ask again to go on."""
    from napari_gnn_vos.study.ablation import ablate as study
    from napari_gnn_vos.study.ablation.request import Ablation, asked_for, source
    from napari_gnn_vos.study.ablation.tables import ablation_facts, ablation_table
    from napari_gnn_vos.study.measure.report import write_json

    with told():
        learn = None if train is None else source(davis, train)
        scenes = (
            None if composed is None else source(composed, "ImageSets/2017/val.txt")
        )
        about = scenes, model, rounds, steps, seeds, processes
        plan = Ablation(source(davis, sequences), output, cache, learn, *about)
        chosen, plan = asked_for(table, plan, tune=tune)
        names = [name.strip() for name in only.split(",") if name.strip()]
        with stoppable(output):
            rows = show(study.ablate(chosen, plan, names))
        write_json(output / f"{chosen.name}.json", ablation_facts(chosen, plan, rows))
    typer.echo(ablation_table(chosen, plan, rows))
