"""Commands that tell how good labels are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
from napari_gnn_vos.errors import SettingsError


@app.command()
def benchmark(
    davis: Davis,
    sequences: Annotated[
        str | None,
        typer.Option(
            help="Names separated by commas, or a file with one name per line. With "
            "--folds: all sequences if not given."
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds per sequence.")] = 8,
    folds: Annotated[
        int | None,
        typer.Option(min=2, help="Cross-validate: train on all folds but one."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="With --folds: folder for weights and report.")
    ] = None,
    steps: Annotated[
        int, typer.Option(min=1, help="With --folds: steps per training.")
    ] = 2500,
    trained: Annotated[
        Path | None,
        typer.Option(help="With --folds: folder with fold0/last.safetensors, ..."),
    ] = None,
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
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random choices.")] = 0,
    scheduler: Scheduler = None,
    cache: Cache = CACHE,
) -> None:
    """Run simulated annotation rounds and print J and F; resumable with the same JSON.

    With --folds, each fold of the sequences is evaluated with weights trained on the
    other folds; finished trainings and sequences in --output are reused.

    The first round uses human scribbles where available; all other strokes are drawn by
    the simulated annotator.
    """
    if folds is not None:
        places = output, trained, cache
        _cross_validate(davis, sequences, folds, rounds, steps, seed, *places)
        return
    from napari_gnn_vos.model.registry import load_model
    from napari_gnn_vos.study.measure import report_tables
    from napari_gnn_vos.study.measure.benchmark_methods import (
        network_method,
        simple_methods,
    )
    from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
    from napari_gnn_vos.study.measure.benchmark_report import report
    from napari_gnn_vos.study.measure.cluster_benchmark import run_benchmark
    from napari_gnn_vos.study.measure.plots import require_matplotlib
    from napari_gnn_vos.study.measure.sequence_result import ResultCache

    with told():
        if plots is not None:
            require_matplotlib()
        names = _sequences(davis, sequences)
        plan = BenchmarkPlan(davis, names, rounds, seed, protocol, scribbles, cache)
        where = "cpu" if scheduler else "auto"
        methods = [network_method(model, load_model(model, where))]
        methods += simple_methods() if baselines else []
        result_cache = ResultCache.beside(json)
        with stoppable(result_cache.folder):
            played = show(run_benchmark(plan, methods, result_cache, scheduler))
        facts = report(plan, methods, played)
        _write_report(facts, json, plots)
        result_cache.clear()
    typer.echo(report_tables.format_report(facts))


def _sequences(davis: Path, sequences: str | None) -> tuple[str, ...]:
    """Read the option --sequences of a benchmark without folds."""
    from napari_gnn_vos.io import davis as layout

    if sequences is None:
        raise SettingsError(
            "Expected --sequences: names separated by commas, or a file; none came. It "
            "may be left out with --folds only."
        )
    return tuple(layout.sequences(davis, sequences))


def _write_report(facts: dict[str, Any], json: Path | None, plots: Path | None) -> None:
    """Write the JSON file and the plots of a benchmark, if requested."""
    from napari_gnn_vos.study.measure.benchmark_report import write_json
    from napari_gnn_vos.study.measure.plots import plot_report

    if json is not None:
        write_json(json, facts)
    if plots is not None:
        plot_report(facts, plots)


def _cross_validate(
    davis: Path,
    sequences: str | None,
    folds: int,
    rounds: int,
    steps: int,
    seed: int,
    output: Path | None,
    trained: Path | None,
    cache: Path,
) -> None:
    """Cross-validate, write ``folds.json`` and print its tables."""
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.study import cross_validation
    from napari_gnn_vos.study.measure.accuracy_report import accuracy_table
    from napari_gnn_vos.study.measure.benchmark_report import write_json

    with told():
        if output is None:
            raise SettingsError(
                "Expected --output, the folder for weights and report; none came."
            )
        names = (
            cross_validation.all_sequences(davis)
            if sequences is None
            else tuple(layout.sequences(davis, sequences))
        )
        about = folds, rounds, steps, seed, trained
        validation = cross_validation.CrossValidation(
            davis, names, output, cache, *about
        )
        with stoppable(output):
            facts = show(cross_validation.cross_validate(validation))
        table = accuracy_table(facts["accuracy"])
        write_json(output / "folds.json", facts)
        (output / "folds.md").write_text(table + "\n", encoding="utf-8")
    typer.echo(table)


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
    output: Annotated[Path, typer.Option(help="Folder for all results.")],
    train: Annotated[str | None, typer.Option(help="Sequences to train on.")] = None,
    composed: Annotated[
        Path | None, typer.Option(help="Folder of `compose`: play its scenes, too.")
    ] = None,
    model: ModelName = "gatedgcn",
    rounds: Annotated[int, typer.Option(min=1, help="Rounds per sequence.")] = 8,
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
    from napari_gnn_vos.study.ablation.ablation_request import (
        Ablation,
        resolve_table,
        source,
    )
    from napari_gnn_vos.study.ablation.ablation_tables import (
        ablation_facts,
        ablation_table,
    )
    from napari_gnn_vos.study.measure.benchmark_report import write_json

    with told():
        learn = None if train is None else source(davis, train)
        scenes = (
            None if composed is None else source(composed, "ImageSets/2017/val.txt")
        )
        about = scenes, model, rounds, steps, seeds, processes
        plan = Ablation(source(davis, sequences), output, cache, learn, *about)
        chosen, plan = resolve_table(table, plan, tune=tune)
        names = [name.strip() for name in only.split(",") if name.strip()]
        with stoppable(output):
            rows = show(study.ablate(chosen, plan, names))
        write_json(output / f"{chosen.name}.json", ablation_facts(chosen, plan, rows))
    typer.echo(ablation_table(chosen, plan, rows))
