"""Predict the labels of all frames from strokes and seeds."""

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
from napari_gnn_vos.interact.identity import divide_group
from napari_gnn_vos.interact.one_vs_rest import one_vs_rest
from napari_gnn_vos.interact.superpixel_labels import label_superpixels
from napari_gnn_vos.interact.uncertainty import expected_j, expected_overlap
from napari_gnn_vos.progress import PartialResult, Pipeline, Progress
from napari_gnn_vos.structures.label_frames import LabelFrames, pack
from napari_gnn_vos.structures.session import Prediction, Session
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


class Model(Protocol):
    """A function that predicts probabilities of superpixels, such as `Predictor`."""

    def __call__(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range, /
    ) -> Iterator[F32]:
        """Predict the superpixels of some frames.

        Parameters
        ----------
        graph : VideoGraph
        node_inputs : callable
            From the index of a frame to the inputs of its n superpixels for K objects,
            (K, n, 8); columns as in `structures.feature_names.NODE_INPUT_NAMES`.
        frames : range

        Yields
        ------
        probability : (K, n) ndarray of float32
            Of each object against the rest; one array per frame, in the order of
            `frames`.
        """


FIRST_FRAME_RADIUS = 60
"""Frames on both sides of the first frame that its evidence is gathered from."""
DIVIDED_RADIUS = 10
"""Frames on both sides of the predicted ones in which groups of similar objects are
divided."""


def evidence(
    session: Session, span: range | None = None, *, group_similar: bool = False
) -> Evidence:
    """Gather the inputs of the network from the strokes of a session.

    Parameters
    ----------
    session : Session
    span : range, optional
        Frames to compute probabilities for; all by default.
    group_similar : bool
        Whether objects that the label model confuses are predicted as one.

    Returns
    -------
    evidence : Evidence

    Raises
    ------
    NoSeedsError
        If no object has a stroke.
    """
    if not (session.painted_pixels.label > 0).any():
        raise NoSeedsError(
            "A prediction needs a stroke on an object; none is drawn. Draw one first."
        )
    graph = session.graph
    points = session.painted_pixels, session.drawn_seeds, session.propagated_seeds
    node_labels = label_superpixels(graph.frames, graph.offsets, *points)
    settings, previous = session.config.label_model, session.prediction
    if previous is not None and previous.refined and session.config.refined_previous:
        previous = replace(previous, probability=previous.refined)
    group_similar = group_similar and settings.group_similar_objects
    known = graph, node_labels, previous, settings, span
    inputs = gather_evidence(*known, group_similar)
    presumes_background = session.config.seeds.background > 0
    return inputs.completed() if presumes_background else inputs


def predict(
    session: Session, model: Model, *, first: int | None = None
) -> Pipeline[Session]:
    """Predict the labels of all frames.

    Parameters
    ----------
    session : Session
        With a stroke on at least one object.
    model : Model
        From `load_model`.
    first : int, optional
        Index of a frame to predict before all others; its labels are yielded as a
        `PartialResult`. In a long video its evidence is gathered from the
        `FIRST_FRAME_RADIUS` frames on both sides only, so its labels may change.

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
        If no object has a stroke.
    """
    count = session.graph.shape[0]
    yield Progress("analyse strokes", 0, count)
    inputs = None
    if first is not None:
        first = range(count)[first]
        span = _around(first, count)
        inputs = evidence(session, span, group_similar=True)
        (rows,) = _probabilities(model, session, inputs, range(first, first + 1))
        labels, _ = _painter(model, session, inputs)(first, rows)
        yield PartialResult("label", 0, count, first, labels)
        if len(span) < count:
            inputs = None
    inputs = inputs or evidence(session, group_similar=True)
    return (yield from _predict_all(session, model, inputs))


def _predict_all(session: Session, model: Model, inputs: Evidence) -> Pipeline[Session]:
    """Predict all frames and label their pixels, in parallel with the network."""
    count = session.graph.shape[0]
    painter = _painter(model, session, inputs)

    def paint(t: int, rows: F32) -> tuple[bytes, F64, F32]:
        labels, refined = painter(t, rows)
        overlap = expected_overlap(rows, session.graph.frames[t].sizes)
        return pack(labels), overlap, refined

    probability, jobs, painted = [], [], []
    with ThreadPoolExecutor(cores(), initializer=painter.prepare_thread) as pool:
        frames = range(count)
        for t, rows in enumerate(_probabilities(model, session, inputs, frames)):
            probability.append(rows)
            jobs.append(pool.submit(paint, t, rows))
            yield Progress("label", t, 2 * count)
        for t, job in enumerate(jobs):
            painted.append(job.result())
            yield Progress("label", count + t, 2 * count)
    yield Progress("label", 2 * count, 2 * count)
    packed, overlaps, refined = zip(*painted, strict=True)
    prediction = Prediction(
        inputs.objects,
        tuple(probability),
        expected_j(np.stack(overlaps)),
        str(model),
        refined if painter.refiner is not None else (),
        inputs.groups.grouped,
    )
    labels = LabelFrames(session.graph.shape, packed)
    return replace(session, prediction=prediction, packed_labels=labels)


def _painter(model: Model, session: Session, inputs: Evidence) -> FramePainter:
    """Create the painter of a round; the decoder runs on the device of the model."""
    device = getattr(model, "device", "cpu")
    return FramePainter.of(session, inputs.objects, device)


def _around(t: int, count: int) -> range:
    """Return the frames of a video within `FIRST_FRAME_RADIUS` of frame `t`."""
    start = max(t - FIRST_FRAME_RADIUS, 0)
    return range(start, min(t + FIRST_FRAME_RADIUS + 1, count))


def _probabilities(
    model: Model, session: Session, inputs: Evidence, frames: range
) -> Iterator[F32]:
    """Run the network and combine the objects; yield (n, K) for each frame."""
    if inputs.groups.trivial:
        predictions = model(session.graph, inputs.inputs, frames)
    else:
        predictions = _divided(model, session, inputs, frames)
    for t, probabilities in zip(frames, predictions, strict=True):
        drawn = inputs.node_labels.drawn[inputs.rows(t)]
        yield one_vs_rest(probabilities, drawn, inputs.objects)


def _divided(
    model: Model, session: Session, inputs: Evidence, frames: range
) -> Iterator[F32]:
    """Predict groups and divide them among their objects; yield (K, n) per frame."""
    graph, count = session.graph, session.graph.shape[0]
    start = max(frames.start - DIVIDED_RADIUS, 0)
    around = range(start, min(frames.stop + DIVIDED_RADIUS, count))
    known = slice(graph.offsets[around.start], graph.offsets[around.stop])
    of_groups = np.zeros((len(inputs.groups.members), graph.n), np.float32)
    predictions = model(graph, inputs.inputs, around)
    of_groups[:, known] = np.concatenate(list(predictions), axis=1)
    divided = {
        label: probability
        for group, of_group in zip(inputs.groups.members, of_groups, strict=True)
        for label, probability in zip(
            group,
            divide_group(graph, inputs.node_labels, group, of_group, around),
            strict=True,
        )
    }
    for t in frames:
        rows = inputs.rows(t)
        yield np.stack([divided[label][rows] for label in inputs.objects])
