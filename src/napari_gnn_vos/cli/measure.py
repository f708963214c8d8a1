"""Commands that evaluate labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from napari_gnn_vos.cli.app import app
from napari_gnn_vos.cli.folds import run_folds
from napari_gnn_vos.cli.options import (
    CACHE,
    Cache,
    Composed,
    Davis,
    Json,
    ModelName,
    QualityOption,
    Rounds,
    Scheduler,
    Seed,
    Sequences,
    config_with,
    path_option,
    session_config,
)
from napari_gnn_vos.cli.terminal import (
    report_errors,
    report_interrupt,
    run_with_progress_bar,
)
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.storage import require_writable_folder


@app.command()
def benchmark(
    davis: Davis,
    sequences: Annotated[
        str | None,
        typer.Option(
            help="Names separated by commas, or a file with one per line. With "
            "--folds: all if omitted."
        ),
    ] = None,
    rounds: Rounds = 8,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Cross-validate with this many folds.")
    ] = None,
    output: Annotated[Path | None, path_option("With --folds: output folder.")] = None,
    steps: Annotated[
        int, typer.Option(min=1, help="With --folds: training steps per fold.")
    ] = 2500,
    trained: Annotated[
        Path | None,
        path_option(
            "With --folds: folder with the weights fold0/last.safetensors, ..."
        ),
    ] = None,
    stills: Annotated[
        Path | None,
        path_option(
            "With --folds: folder of photographs with masks, to train a boundary "
            "decoder for each fold."
        ),
    ] = None,
    refine: Annotated[
        str,
        typer.Option(help="Refinement of boundaries: decoder, guided or none."),
    ] = "decoder",
    json: Json = None,
    model: ModelName = "gatedgcn",
    baselines: Annotated[
        bool, typer.Option(help="Also evaluate baseline methods.")
    ] = False,
    protocol: Annotated[
        str, typer.Option(help="Protocol: ours or davisinteractive.")
    ] = "ours",
    scribbles: Annotated[
        Path | None,
        path_option(
            "Folder of first-round scribbles, SEQUENCE/001.json. "
            "Default: Scribbles in the dataset."
        ),
    ] = None,
    plots: Annotated[Path | None, path_option("Output folder for plots.")] = None,
    seed: Seed = 0,
    scheduler: Scheduler = None,
    cache: Cache = CACHE,
) -> None:
    """Run the interactive benchmark and print J and F.

    The first round uses recorded human scribbles where the dataset has them. All other
    scribbles are drawn by the simulated annotator. An interrupted run is resumed if it
    is started again with the same --json file.

    With --folds, each fold is evaluated with weights trained on the other folds.
    Finished trainings and sequences in --output are reused.
    """
    if folds is not None:
        training = folds, rounds, steps, seed
        last = json, stills, refine, plots
        run_folds(davis, sequences, *training, output, trained, cache, *last)
        return
    from napari_gnn_vos.model.loading import load_model
    from napari_gnn_vos.study.measure import report_tables
    from napari_gnn_vos.study.measure.benchmark_methods import (
        network_method,
        simple_methods,
    )
    from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
    from napari_gnn_vos.study.measure.benchmark_report import summarise_benchmark
    from napari_gnn_vos.study.measure.cluster_benchmark import run_benchmark
    from napari_gnn_vos.study.measure.plots import require_matplotlib
    from napari_gnn_vos.study.measure.sequence_result import ResultCache

    with report_errors():
        if plots is not None:
            require_matplotlib()
        _check_outputs(json, plots)
        names = _sequences(davis, sequences)
        plan = BenchmarkPlan(
            davis,
            names,
            rounds,
            seed,
            protocol,
            scribbles,
            cache,
            config_with(refine),
        )
        device = "cpu" if scheduler else "auto"
        methods = [network_method(model, load_model(model, device))]
        methods += simple_methods() if baselines else []
        results = ResultCache.beside(json)
        pipeline = run_benchmark(plan, methods, results, scheduler)
        with report_interrupt(results.folder):
            by_method = run_with_progress_bar(pipeline)
        report = summarise_benchmark(plan, methods, by_method)
        _write_report(report, json, plots)
        results.clear()
    typer.echo(report_tables.format_report(report))


def _write_report(
    report: dict[str, Any], json: Path | None, plots: Path | None
) -> None:
    """Write the JSON file and the plots of a benchmark, if requested."""
    from napari_gnn_vos.study.measure.benchmark_report import write_json
    from napari_gnn_vos.study.measure.plots import plot_report

    if json is not None:
        write_json(json, report)
    if plots is not None:
        plot_report(report, plots)


def _sequences(davis: Path, sequences: str | None) -> tuple[str, ...]:
    """Read the option --sequences of a benchmark without folds."""
    from napari_gnn_vos.io import davis as layout

    if sequences is None:
        raise SettingsError(
            "--sequences, names separated by commas or a file, was not given. It may "
            "be left out with --folds only."
        )
    return tuple(layout.sequences(davis, sequences))


def _check_outputs(json: Path | None, plots: Path | None) -> None:
    for folder in (json and json.parent, plots):
        if folder is not None:
            require_writable_folder(folder)


@app.command()
def ceiling(
    davis: Davis,
    sequences: Sequences,
    superpixels: Annotated[
        int, typer.Option(min=16, max=60_000, help="Superpixels per frame.")
    ] = 880,
    every: Annotated[int, typer.Option(min=1, help="Evaluate every n-th frame.")] = 10,
    quality: QualityOption = None,
) -> None:
    """Print the highest J that each superpixel method allows."""
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.study.measure.ceiling import ceiling_table, measure_ceilings

    with report_errors():
        level = session_config(None, quality).prepare.quality
        names = layout.sequences(davis, sequences)
        pipeline = measure_ceilings(davis, names, superpixels, every, level)
        ceilings = run_with_progress_bar(pipeline)
    typer.echo(ceiling_table(ceilings))


@app.command()
def transfer(
    davis: Davis,
    sequences: Sequences,
    backbone: Annotated[
        str, typer.Option(help="Name of the backbone.")
    ] = "mobilenetv2",
) -> None:
    """Print how well backbone features transfer a mask over five frames."""
    from napari_gnn_vos.io import davis as layout
    from napari_gnn_vos.model.loading import load_backbone
    from napari_gnn_vos.study.measure.transfer import measure_transfer

    with report_errors():
        names = layout.sequences(davis, sequences)
        transfer = run_with_progress_bar(
            measure_transfer(davis, names, load_backbone(backbone))
        )
    for features, j in transfer.items():
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
    output: Annotated[Path, path_option("Output folder for results and checkpoints.")],
    train: Annotated[str | None, typer.Option(help="Training sequences.")] = None,
    composed: Composed = None,
    model: ModelName = "gatedgcn",
    rounds: Rounds = 8,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 600,
    seeds: Annotated[int, typer.Option(min=1, help="Number of random seeds.")] = 1,
    processes: Annotated[int, typer.Option(min=1, help="Parallel trainings.")] = 1,
    folds: Annotated[
        int,
        typer.Option(
            min=0,
            help="Evaluate each sequence with the weights of the fold that it is held "
            "out of.",
        ),
    ] = 0,
    trained: Annotated[
        Path | None,
        path_option("With --folds: folder with the weights fold0/last.safetensors ..."),
    ] = None,
    only: Annotated[str, typer.Option(help="Variants separated by commas.")] = "",
    tune: Annotated[
        bool,
        typer.Option(
            help="For `field`: tune the strength of the graph cut on --train."
        ),
    ] = False,
    cache: Cache = CACHE,
) -> None:
    """Print an ablation table; an interrupted run can be resumed."""
    from napari_gnn_vos.study.ablation import ablate as study
    from napari_gnn_vos.study.ablation.ablation_request import (
        Ablation,
        resolve_table,
        source,
    )
    from napari_gnn_vos.study.ablation.ablation_tables import (
        ablation_report,
        ablation_table,
    )
    from napari_gnn_vos.study.measure.benchmark_report import write_json

    with report_errors():
        learn = None if train is None else source(davis, train)
        scenes = (
            None if composed is None else source(composed, "ImageSets/2017/val.txt")
        )
        settings = model, rounds, steps, seeds, processes, folds, trained
        evaluated = source(davis, sequences)
        plan = Ablation(evaluated, output, cache, learn, scenes, *settings)
        chosen, plan = resolve_table(table, plan, tune=tune)
        names = [name.strip() for name in only.split(",") if name.strip()]
        require_writable_folder(output)
        with report_interrupt(output):
            rows = run_with_progress_bar(study.ablate(chosen, plan, names))
        write_json(output / f"{chosen.name}.json", ablation_report(chosen, plan, rows))
    typer.echo(ablation_table(chosen, plan, rows))
