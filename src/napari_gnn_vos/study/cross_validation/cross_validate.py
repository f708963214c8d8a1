"""Run a cross-validation."""

from __future__ import annotations

from typing import Any

from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.progress import Pipeline, Progress, nested_progress
from napari_gnn_vos.study.cross_validation.fold_plan import CrossValidation
from napari_gnn_vos.study.measure.accuracy_report import accuracy_report
from napari_gnn_vos.study.measure.benchmark import benchmark
from napari_gnn_vos.study.measure.benchmark_methods import network_method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.benchmark_report import summarise_benchmark
from napari_gnn_vos.study.measure.sequence_result import ResultCache, SequenceResult
from napari_gnn_vos.study.training.several_trainings import train_all


def cross_validate(validation: CrossValidation) -> Pipeline[dict[str, Any]]:
    """Train on all folds but one and evaluate on that one, for each fold.

    Finished trainings and sequences are read from the output folder.

    Parameters
    ----------
    validation : CrossValidation

    Yields
    ------
    step : Progress

    Returns
    -------
    report : dict
        * ``accuracy``: over all sequences, see `accuracy_report`.
        * ``folds``: by number ``held_out``, ``accuracy``, and the ``report`` of the
          benchmark, see `benchmark_report.summarise_benchmark`.
        * ``steps``, ``seed``, ``rounds``: as given; ``trained``: where given weights
          came from.

    Raises
    ------
    ReadError, VideoError, CheckpointError
        If data or weights cannot be used.
    """
    folds = range(validation.folds)
    yield from validation.collect_projection_samples()
    if validation.trained is None:
        plans = [validation.training(fold) for fold in folds]
        yield from nested_progress(
            train_all(plans, 1), Progress("train", 0, len(folds))
        )
    for fold in folds:
        validation.weights(fold)  # raises an error before the first evaluation
    yield from validation.train_decoders()
    results: list[SequenceResult] = []
    fold_reports = {}
    for fold in folds:
        pipeline = _evaluate_fold(validation, fold)
        outer = Progress(f"fold {fold}", fold, len(folds))
        fold_results, fold_report = yield from nested_progress(pipeline, outer)
        results += fold_results
        fold_reports[str(fold)] = fold_report
    return {
        "accuracy": accuracy_report(results),
        "folds": fold_reports,
        "steps": validation.steps if validation.trained is None else None,
        "trained": None if validation.trained is None else str(validation.trained),
        "seed": validation.seed,
        "rounds": validation.rounds,
    }


def _evaluate_fold(
    validation: CrossValidation, fold: int
) -> Pipeline[tuple[list[SequenceResult], dict[str, Any]]]:
    """Benchmark the weights of a fold on its held-out sequences."""
    names = validation.held_out(fold)
    plan = BenchmarkPlan(
        validation.root,
        names,
        validation.rounds,
        validation.seed,
        cache=validation.cache,
        config=validation.config_of(fold),
    )
    method = network_method(f"fold{fold}", load_model(validation.weights(fold), "cpu"))
    cache = ResultCache(validation.output / "results")
    results = (yield from benchmark(plan, [method], cache))[method.name]
    fold_report = {
        "held_out": names,
        "accuracy": accuracy_report(results),
        "report": summarise_benchmark(plan, [method], {method.name: results}),
    }
    return results, fold_report
