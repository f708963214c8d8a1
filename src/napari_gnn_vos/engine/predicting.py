"""From seeds to labels of the whole video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.engine.refining import FramePainter
from napari_gnn_vos.errors import NoSeedsError
from napari_gnn_vos.hardware import cores
from napari_gnn_vos.interact.evidence import Evidence, gather_evidence
from napari_gnn_vos.interact.expected_j import expected_j, overlap
from napari_gnn_vos.interact.one_vs_rest import one_vs_rest
from napari_gnn_vos.interact.superpixel_labels import label_superpixels
from napari_gnn_vos.progress import PartialResult, Pipeline, Progress
from napari_gnn_vos.structures.label_frames import LabelFrames, pack
from napari_gnn_vos.structures.session import Prediction, Session
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


class Model(Protocol):
    """Whatever gives superpixels a probability; `model.predictor.Predictor` does."""

    def __call__(
        self, graph: VideoGraph, told: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Answer some frames, one after the other.

        Parameters
        ----------
        graph : VideoGraph
        told : callable
            From the number of a frame to the (K, n, 8) inputs of K objects.
        frames : range

        Yields
        ------
        probability : (K, n) ndarray of float32
            Of the superpixels of the next frame, every object against the rest.
        """


NEAR = 60
"""Frames to either side whose evidence is gathered for the frame that comes first."""


def evidence(session: Session, span: range | None = None) -> Evidence:
    """Gather all that strokes say of superpixels.

    Parameters
    ----------
    session : Session
    span : range, optional
        Frames to gather it for; all if not given.

    Raises
    ------
    NoSeedsError
        If no object is drawn.
    """
    if not (session.painted_pixels.label > 0).any():
        raise NoSeedsError(
            "A prediction needs a stroke on an object; none is drawn. Draw one first."
        )
    graph = session.graph
    points = session.painted_pixels, session.drawn_seeds, session.propagated_seeds
    node_labels = label_superpixels(graph.frames, graph.offsets, *points)
    settings, previous = session.config.label_model, session.prediction
    if previous is not None and previous.refined and session.config.feed_back:
        previous = replace(previous, probability=previous.refined)
    return gather_evidence(graph, node_labels, previous, settings, span)


def predict(
    session: Session, model: Model, *, first: int | None = None
) -> Pipeline[Session]:
    """Label every frame of the video at once.

    Parameters
    ----------
    session : Session
        With a stroke on one object at least.
    model : Model
        From `load_model`.
    first : int, optional
        Frame to predict before all others, yielded as a `PartialResult`. In a long
        video it is predicted from the frames around it only.

    Yields
    ------
    step : Progress

    Returns
    -------
    session : Session
        With `prediction` and `labels`.

    Raises
    ------
    NoSeedsError
        If no object is drawn.
    """
    count = session.graph.shape[0]
    yield Progress("look at strokes", 0, count)
    near = range(count)
    if first is not None:
        t = near[first]
        near = near[max(t - NEAR, 0) : t + NEAR + 1]
        found = evidence(session, near)
        (rows,) = _answer(model, session, found, range(t, t + 1))
        painted, _ = painter_of(model, session, found)(t, rows)
        yield PartialResult("label", 0, count, t, painted)
    if first is None or len(near) < count:
        found = evidence(session)

    painter = painter_of(model, session, found)

    def paint(t: int, rows: F32) -> tuple[bytes, F64, F32]:
        painted, refined = painter(t, rows)
        return pack(painted), overlap(rows, session.graph.frames[t].sizes), refined

    probability, jobs = [], []
    with ThreadPoolExecutor(cores(), initializer=painter.prepare_thread) as pool:
        for t, rows in enumerate(_answer(model, session, found, range(count))):
            probability.append(rows)
            jobs.append(pool.submit(paint, t, rows))
            yield Progress("label", t, 2 * count)
        results = []
        for t, job in enumerate(jobs):
            results.append(job.result())
            yield Progress("label", count + t, 2 * count)
    packed, overlaps, refined = zip(*results, strict=True)
    yield Progress("label", 2 * count, 2 * count)
    prediction = Prediction(
        found.objects,
        tuple(probability),
        expected_j(np.stack(overlaps)),
        str(model),
        refined if session.config.refine == "decoder" else (),
    )
    frames = LabelFrames(session.graph.shape, packed)
    return replace(session, prediction=prediction, packed_labels=frames)


def painter_of(model: Model, session: Session, found: Evidence) -> FramePainter:
    """Make what labels pixels; a decoder computes where the model does."""
    device = getattr(model, "device", "cpu")
    return FramePainter.of(session, found.objects, device)


def _answer(
    model: Model, session: Session, found: Evidence, frames: range
) -> Iterator[F32]:
    """Ask a model, and put the answers for all objects together; (n, K) a frame."""
    answers = model(session.graph, found.inputs, frames)
    for t, probabilities in zip(frames, answers, strict=True):
        drawn = found.node_labels.drawn[found.rows(t)]
        yield one_vs_rest(probabilities, drawn, found.objects)
