"""Sessions on many sequences, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.engine import start
from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.progress import Pipeline, Progress, nested_progress
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.measure.ceiling import best_labels
from napari_gnn_vos.study.measure.methods import Method
from napari_gnn_vos.study.measure.official import ensure_official, play_official
from napari_gnn_vos.study.measure.plan import Plan
from napari_gnn_vos.study.measure.sequence_result import (
    Hand,
    ResultCache,
    SequenceResult,
)
from napari_gnn_vos.study.metrics import jaccard, objects_of
from napari_gnn_vos.study.rounds import FixedFirstRound, Score, play
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """The sequence that is being played.

    Parameters
    ----------
    footage : LabelledVideo
    first : tuple of Scribble
        What a person drew for the first round; empty if nobody did.
    ceiling, edges : float
        See `ceiling_of` and `edges_of`.
    """

    footage: LabelledVideo
    first: tuple[Scribble, ...]
    ceiling: float
    edges: float


def benchmark(
    plan: Plan, methods: Sequence[Method], kept: ResultCache
) -> Pipeline[dict[str, list[SequenceResult]]]:
    """Let methods play sequences; one sequence is in memory at a time.

    Parameters
    ----------
    plan : Plan
    methods : sequence of Method
    kept : ResultCache
        What was played before is taken from here, what is played is put here.

    Yields
    ------
    step : Progress
        One a round, and more while a sequence is opened.

    Returns
    -------
    played : dict of str to list of SequenceResult
        By a method's name, the sequences in the order of the plan.

    Raises
    ------
    ReadError, ScribbleError, VideoError
        If a sequence cannot be played; all are looked at before the first is.
    SettingsError
        If the protocol needs a package that is not installed.
    """
    done, total = 0, len(plan.names) * len(methods) * plan.rounds
    yield from nested_progress(look(plan), Progress("look at masks", done, total))
    out: dict[str, list[SequenceResult]] = {method.name: [] for method in methods}
    for name in plan.names:
        opened = None
        for method in methods:
            key, at = plan.key(method, name), Progress(name, done, total)
            played = kept.get(name, key)
            if played is None:
                opened = opened or (yield from nested_progress(_open(plan, name), at))
                played = yield from _play(plan, method, opened, at)
                kept.put(played, key)
            out[method.name].append(played)
            done += plan.rounds
            yield Progress(name, done, total)
    return out


def look(plan: Plan) -> Pipeline[None]:
    """Read all masks and strokes once, so that what is wrong is told at once."""
    if plan.protocol == "davisinteractive":
        ensure_official()
    for number, name in enumerate(plan.names):
        yield Progress(name, number, len(plan.names))
        _read(plan, name)


def _read(plan: Plan, name: str) -> tuple[Video, U8, tuple[Scribble, ...]]:
    """Open a video; read its truth, and what a person drew on it."""
    video, truth = read_davis(plan.root, name)
    if not objects_of(truth):
        raise VideoError(
            f"Masks need an object on one frame at least; those of {name!r} have "
            "none. Leave the sequence out."
        )
    return video, truth, plan.first_strokes(name, truth)


def _open(plan: Plan, name: str) -> Pipeline[Opened]:
    video, truth, first = _read(plan, name)
    footage = LabelledVideo((yield from start(video, plan.config, plan.cache)), truth)
    return Opened(footage, first, ceiling_of(footage), edges_of(footage))


def _play(
    plan: Plan, method: Method, opened: Opened, at: Progress
) -> Pipeline[SequenceResult]:
    scores = []
    for score in _scores(plan, method, opened):
        scores.append(score)
        yield Progress(
            f"{at.stage}: {method.name}", at.done + score.round_index, at.total
        )
    graph = opened.footage.session.graph
    hand: Hand = "human" if opened.first else "robot"
    about = hand, graph.n / graph.shape[0], opened.ceiling
    played = SequenceResult.of(at.stage, scores, *about)
    return played.model_copy(update={"edges": opened.edges})


def _scores(plan: Plan, method: Method, opened: Opened) -> Iterator[Score]:
    rng, footage = np.random.default_rng(plan.seed), opened.footage
    if plan.protocol == "davisinteractive":
        yield from play_official(footage, method.model, plan.rounds, rng, opened.first)
        return
    drawer = FixedFirstRound(opened.first, SimulatedAnnotator())
    session, truth, rounds = footage.session, footage.truth, plan.rounds
    for _, score in play(session, truth, drawer, method.model, rounds=rounds, rng=rng):
        yield score


def ceiling_of(footage: LabelledVideo) -> float:
    """Mean J if every superpixel got its commonest true label."""
    truth, frames = footage.truth, footage.session.graph.frames
    objects = objects_of(truth)
    js = [
        jaccard(best_labels(frame.labels, true)[None], true[None], objects).mean()
        for frame, true in zip(frames, truth, strict=True)
    ]
    return float(np.mean(js))


def edges_of(footage: LabelledVideo) -> float:
    """Mean number of directed edges a frame."""
    graph = footage.session.graph
    within = sum(frame.spatial_edges.shape[1] for frame in graph.frames)
    between = sum(pair.causal_edges.shape[1] for pair in graph.pairs)
    return float(2 * (within + between) / graph.shape[0])
