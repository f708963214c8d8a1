"""Benchmark methods on DAVIS sequences with simulated annotation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.engine import start
from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.progress import Pipeline, Progress, nested_progress
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.baselines import LabelModelRecorder
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.ceiling import mean_ceiling
from napari_gnn_vos.study.measure.official import ensure_official, run_official
from napari_gnn_vos.study.measure.round_details import RoundDetails, round_details
from napari_gnn_vos.study.measure.sequence_result import (
    ResultCache,
    SequenceResult,
    StrokeOrigin,
)
from napari_gnn_vos.study.metrics import require_objects
from napari_gnn_vos.study.rounds import FixedFirstRound, Score, run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class OpenedSequence:
    """A prepared sequence with its first strokes and graph statistics.

    Parameters
    ----------
    labelled_video : LabelledVideo
    first : tuple of Scribble
        Human scribbles for the first round; empty if there are none.
    ceiling, edges : float
        See `ceiling.mean_ceiling` and `edges_per_frame`.
    """

    labelled_video: LabelledVideo
    first: tuple[Scribble, ...]
    ceiling: float
    edges: float


def benchmark(
    plan: BenchmarkPlan, methods: Sequence[Method], result_cache: ResultCache
) -> Pipeline[dict[str, list[SequenceResult]]]:
    """Run annotation rounds per method and sequence, one sequence in memory at a time.

    Parameters
    ----------
    plan : BenchmarkPlan
    methods : sequence of Method
    result_cache : ResultCache
        Finished results are read from here and new ones stored here.

    Yields
    ------
    step : Progress
        One per round, and further steps while a sequence is opened.

    Returns
    -------
    results : dict of str to list of SequenceResult
        Results by method name, in the order of the plan's sequences.

    Raises
    ------
    ReadError, ScribbleError, VideoError
        If the data of a sequence is invalid; all are checked before the first round.
    SettingsError
        If the protocol needs a package that is not installed.
    """
    done, total = 0, len(plan.names) * len(methods) * plan.rounds
    yield from nested_progress(check_inputs(plan), Progress("check masks", done, total))
    out: dict[str, list[SequenceResult]] = {method.name: [] for method in methods}
    for name in plan.names:
        opened = None
        for method in methods:
            key, outer = plan.key(method, name), Progress(name, done, total)
            result = result_cache.get(name, key)
            if result is None:
                opened = opened or (
                    yield from nested_progress(_open_sequence(plan, name), outer)
                )
                result = yield from _run_sequence(plan, method, opened, outer)
                result_cache.put(result, key)
            out[method.name].append(result)
            done += plan.rounds
            yield Progress(name, done, total)
    return out


def check_inputs(plan: BenchmarkPlan) -> Pipeline[None]:
    """Read all masks and strokes once, so that errors are reported early."""
    if plan.protocol == "davisinteractive":
        ensure_official()
    for number, name in enumerate(plan.names):
        yield Progress(name, number, len(plan.names))
        _read_sequence(plan, name)


def _read_sequence(
    plan: BenchmarkPlan, name: str
) -> tuple[Video, U8, tuple[Scribble, ...]]:
    """Read the video, ground truth and human scribbles of a sequence."""
    video, truth = read_davis(plan.root, name)
    require_objects(truth, name)
    return video, truth, plan.first_strokes(name, truth)


def _open_sequence(plan: BenchmarkPlan, name: str) -> Pipeline[OpenedSequence]:
    video, truth, first = _read_sequence(plan, name)
    labelled_video = LabelledVideo(
        (yield from start(video, plan.config, plan.cache)), truth
    )
    return OpenedSequence(
        labelled_video,
        first,
        mean_ceiling(labelled_video.session.graph, labelled_video.truth),
        edges_per_frame(labelled_video),
    )


def _run_sequence(
    plan: BenchmarkPlan, method: Method, opened: OpenedSequence, outer: Progress
) -> Pipeline[SequenceResult]:
    scores, details = [], []
    for score, detail in _round_scores(plan, method, opened):
        scores.append(score)
        details += [detail] if detail else []
        done = outer.done + score.round_index
        yield Progress(f"{outer.stage}: {method.name}", done, outer.total)
    graph = opened.labelled_video.session.graph
    stroke_origin: StrokeOrigin = "human" if opened.first else "robot"
    per_frame = graph.n / graph.shape[0]
    result = SequenceResult.of(
        outer.stage, scores, stroke_origin, per_frame, opened.ceiling
    )
    statistics = {"edges": opened.edges, "details": tuple(details)}
    return result.model_copy(update=statistics)


def _round_scores(
    plan: BenchmarkPlan, method: Method, opened: OpenedSequence
) -> Iterator[tuple[Score, RoundDetails | None]]:
    rng, labelled_video = np.random.default_rng(plan.seed), opened.labelled_video
    if plan.protocol == "davisinteractive":
        for score in run_official(
            labelled_video, method.model, plan.rounds, rng, opened.first
        ):
            yield score, None
        return
    stroke_source = FixedFirstRound(opened.first, SimulatedAnnotator())
    recorder = LabelModelRecorder(method.model)
    video = labelled_video.session, labelled_video.truth
    sessions = run_rounds(*video, stroke_source, recorder, rounds=plan.rounds, rng=rng)
    annotated_rounds = 0
    for session, score in sessions:
        is_new = len(session.rounds) > annotated_rounds
        annotated_rounds = len(session.rounds)
        strokes = len(session.rounds[-1]) if is_new else 0
        yield score, round_details(session, score, recorder, video[1], strokes)


def edges_per_frame(labelled_video: LabelledVideo) -> float:
    """Compute the mean number of directed edges per frame."""
    graph = labelled_video.session.graph
    within = sum(frame.spatial_edges.shape[1] for frame in graph.frames)
    between = sum(pair.causal_edges.shape[1] for pair in graph.pairs)
    return float(2 * (within + between) / graph.shape[0])
