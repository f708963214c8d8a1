"""Run ablations; results of finished trainings and sequences are reused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.engine import Model
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.progress import Pipeline, Progress, nested_progress
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.study.ablation.ablation_request import Ablation, Part
from napari_gnn_vos.study.ablation.ablation_tables import Row
from napari_gnn_vos.study.ablation.variants import Table, Variant
from napari_gnn_vos.study.measure.benchmark import benchmark
from napari_gnn_vos.study.measure.benchmark_methods import Method, network_method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.benchmark_report import summarise_benchmark
from napari_gnn_vos.study.measure.sequence_result import ResultCache, SequenceResult
from napari_gnn_vos.study.training.several_trainings import (
    is_finished,
    train_all,
    weights_file,
)
from napari_gnn_vos.study.training.training_plan import Source

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class MaskedInputs:
    """Set some node inputs of a model to 0, the value for "unknown".

    Parameters
    ----------
    model : Model
    names : tuple of str
        Of `NODE_INPUT_NAMES`.
    """

    model: Model
    names: tuple[str, ...]

    def __call__(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Yield probabilities per frame, see `engine.Model`."""
        columns = [NODE_INPUT_NAMES.index(name) for name in self.names]

        def masked(t: int) -> F32:
            inputs: F32 = node_inputs(t).copy()
            inputs[..., columns] = 0
            return inputs

        return self.model(graph, masked, frames)


def ablate(
    table: Table, ablation: Ablation, only: Collection[str] = ()
) -> Pipeline[list[Row]]:
    """Train and benchmark the variants of a table.

    Parameters
    ----------
    table : Table
    ablation : Ablation
    only : collection of str
        Variants to run; all if empty.

    Yields
    ------
    step : Progress

    Returns
    -------
    rows : list of Row
        Of these variants, and of those that were finished before.

    Raises
    ------
    SettingsError
        If a variant is not known, or there is nothing to train on.
    """
    chosen, seeds = table.choose(only), range(ablation.seeds)
    trainings = [ablation.training(v, seed) for v in chosen for seed in seeds]
    training = train_all([plan for plan in trainings if plan], ablation.processes)
    done, total = 0, len(chosen) * len(seeds)
    yield from nested_progress(training, Progress("trainings", done, total))
    rows = []
    for variant in table.variants:
        reports = []
        for seed in seeds:
            requested = variant in chosen
            part = _variant_report(table, variant, ablation, seed, requested)
            report = yield from nested_progress(
                part, Progress(variant.name, done, total)
            )
            reports += [report] if report else []
            done += requested
        if reports:
            rows.append(Row(variant.name, reports))
    return rows


def _variant_report(
    table: Table, variant: Variant, ablation: Ablation, seed: int, requested: bool
) -> Pipeline[dict[str, Any] | None]:
    """Build the report of a variant; None if it is neither requested nor finished."""
    if not requested and variant.training is not None and ablation.learn is None:
        return None
    sources = [ablation.evaluated]
    sources += [ablation.composed] if table.composed and ablation.composed else []
    source_reports = []
    for source in sources:
        report = yield from _source_report(source, variant, ablation, seed, requested)
        if report is None:
            return None
        source_reports.append(report)
    composed = source_reports[1] if len(source_reports) > 1 else None
    return source_reports[0] | {"composed": composed}


def _source_report(
    source: Source, variant: Variant, ablation: Ablation, seed: int, requested: bool
) -> Pipeline[dict[str, Any] | None]:
    """Build the report on a folder; None if it is neither requested nor finished."""
    evaluated: list[tuple[BenchmarkPlan, Method]] = []
    results: list[SequenceResult] = []
    for part in ablation.parts(source, variant.config):
        method = _method(variant, ablation, seed, part)
        if method is None:
            return None
        plan = ablation.plan(part.source, part.config, seed)
        part_results = _cached_results(plan, method, ablation.result_cache)
        if part_results is None:
            if not requested:
                return None
            pipeline = benchmark(plan, [method], ablation.result_cache)
            part_results = (yield from pipeline)[method.name]
        evaluated.append((plan, method))
        results += part_results
    return _summarise(*evaluated[-1], results)


def _method(
    variant: Variant, ablation: Ablation, seed: int, part: Part
) -> Method | None:
    """Select the method of a variant; None if its training is not finished."""
    if variant.method is not None:
        return variant.method
    training = ablation.training(variant, seed)
    if training is None:
        method = network_method(part.model, load_model(part.model))
    elif is_finished(training):
        name = training.folder.name
        method = network_method(name, load_model(weights_file(training)))
    else:
        return None
    if not variant.without:
        return method
    metadata = method.metadata | {"without": variant.without}
    return Method(method.name, MaskedInputs(method.model, variant.without), metadata)


def _cached_results(
    plan: BenchmarkPlan, method: Method, result_cache: ResultCache
) -> list[SequenceResult] | None:
    """Read the results of all sequences from the cache; None if one is missing."""
    results = []
    for name in plan.names:
        result = result_cache.get(name, plan.key(method, name))
        if result is None:
            return None
        results.append(result)
    return results


def _summarise(
    plan: BenchmarkPlan, method: Method, results: Sequence[SequenceResult]
) -> dict[str, Any]:
    report = summarise_benchmark(plan, [method], {method.name: list(results)})
    return report | {"edges": float(np.mean([result.edges for result in results]))}
