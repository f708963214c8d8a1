"""Ablations: a table a call, all figures kept so that it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.engine import Model
from napari_gnn_vos.model.registry import load_model
from napari_gnn_vos.progress import Pipeline, Progress, nested_progress
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.study.ablation.request import Ablation
from napari_gnn_vos.study.ablation.tables import Row
from napari_gnn_vos.study.ablation.trainings import finished, train_all, weights_of
from napari_gnn_vos.study.ablation.variants import Table, Variant
from napari_gnn_vos.study.measure.benchmark import benchmark
from napari_gnn_vos.study.measure.methods import Method, network_method
from napari_gnn_vos.study.measure.plan import Plan
from napari_gnn_vos.study.measure.report import report
from napari_gnn_vos.study.measure.sequence_result import ResultCache, SequenceResult

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class MaskedInputs:
    """A model that is not told some inputs: they are 0, as where nothing is known.

    Parameters
    ----------
    model : Model
    names : tuple of str
        Of `NODE_INPUT_NAMES`.
    """

    model: Model
    names: tuple[str, ...]

    def __call__(
        self, graph: VideoGraph, told: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Answer some frames, see `engine.Model`."""
        columns = [NODE_INPUT_NAMES.index(name) for name in self.names]

        def less(t: int) -> F32:
            inputs: F32 = told(t).copy()
            inputs[..., columns] = 0
            return inputs

        return self.model(graph, less, frames)


def ablate(
    table: Table, study: Ablation, only: Collection[str] = ()
) -> Pipeline[list[Row]]:
    """Train and play the variants of a table.

    Parameters
    ----------
    table : Table
    study : Ablation
    only : collection of str
        Variants to work on; all if empty.

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
    chosen, seeds = table.choose(only), range(study.seeds)
    trainings = [study.training(v, seed) for v in chosen for seed in seeds]
    training = train_all([plan for plan in trainings if plan], study.processes)
    done, total = 0, len(chosen) * len(seeds)
    yield from nested_progress(training, Progress("trainings", done, total))
    rows = []
    for variant in table.variants:
        reports = []
        for seed in seeds:
            asked = variant in chosen
            part = _facts(table, variant, study, seed, asked)
            facts = yield from nested_progress(
                part, Progress(variant.name, done, total)
            )
            reports += [facts] if facts else []
            done += asked
        if reports:
            rows.append(Row(variant.name, reports))
    return rows


def _facts(
    table: Table, variant: Variant, study: Ablation, seed: int, asked: bool
) -> Pipeline[dict[str, Any] | None]:
    """Report on a variant; None if it was not asked for and is not finished."""
    if not asked and variant.training is not None and study.learn is None:
        return None
    method = _method(variant, study, seed)
    sources = [study.played]
    sources += [study.composed] if table.composed and study.composed else []
    found = []
    for source in sources:
        plan = study.plan(source, variant.config, seed)
        games = _recalled(plan, method, study.kept) if method else None
        if games is None and method and asked:
            games = (yield from benchmark(plan, [method], study.kept))[method.name]
        if games is None or method is None:
            return None
        found.append(_report(plan, method, games))
    return found[0] | {"composed": found[1] if len(found) > 1 else None}


def _method(variant: Variant, study: Ablation, seed: int) -> Method | None:
    """Who plays for a variant; None if its training is not finished."""
    if variant.method is not None:
        return variant.method
    training = study.training(variant, seed)
    if training is None:
        method = network_method(study.model, load_model(study.model))
    elif finished(training):
        name = training.folder.name
        method = network_method(name, load_model(weights_of(training)))
    else:
        return None
    if not variant.without:
        return method
    facts = method.facts | {"without": variant.without}
    return Method(method.name, MaskedInputs(method.model, variant.without), facts)


def _recalled(
    plan: Plan, method: Method, kept: ResultCache
) -> list[SequenceResult] | None:
    """Sequences as they were played before; None if one is missing."""
    found = [kept.get(name, plan.key(method, name)) for name in plan.names]
    games = [one for one in found if one is not None]
    return games if len(games) == len(found) else None


def _report(
    plan: Plan, method: Method, games: Sequence[SequenceResult]
) -> dict[str, Any]:
    facts = report(plan, [method], {method.name: list(games)})
    return facts | {"edges": float(np.mean([one.edges for one in games]))}
