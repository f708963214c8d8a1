"""Predict the labels of all frames from strokes and seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import instance, integer, validated
from napari_gnn_vos.engine.annotating import require_object
from napari_gnn_vos.engine.frame_labelling import FrameLabeller
from napari_gnn_vos.engine.group_prediction import MODEL, Model, predict_groups
from napari_gnn_vos.engine.joint_labelling import JointLabelling
from napari_gnn_vos.engine.joint_prediction import JointPrediction, combine_objects
from napari_gnn_vos.engine.outward_labelling import (
    OutwardLabelling,
    outward_rings,
    outward_spans,
    whole_video,
)
from napari_gnn_vos.errors import FrameIndexError
from napari_gnn_vos.interact.feature_projection import BUNDLED as BUNDLED_PROJECTION
from napari_gnn_vos.interact.node_inputs import (
    NodeInputs,
    gather_node_inputs,
    merge_all_objects,
)
from napari_gnn_vos.interact.superpixel_labels import label_superpixels
from napari_gnn_vos.interact.uncertainty import calibrate, expected_j
from napari_gnn_vos.progress import Pipeline, Progress, as_preliminary, map_steps
from napari_gnn_vos.structures.label_frames import LabelFrames, label_dtype
from napari_gnn_vos.structures.session import SESSION, Prediction, Session

F32 = NDArray[np.float32]

FIRST_FRAME_RADIUS = 60
"""Frames on both sides of the first frame that its node inputs are computed from."""
STREAMED_OBJECTS = 8
"""Largest number of objects of which both sides of the first frame are streamed at the
same time. Each stream holds the states of a receptive field, for all objects."""


@validated(session=SESSION, span=instance(range, optional=True))
def node_inputs(
    session: Session, span: range | None = None, *, group_similar: bool = False
) -> NodeInputs:
    """Compute the node inputs of the network from the strokes of a session.

    Parameters
    ----------
    session : Session
    span : range, optional
        Frames to compute probabilities for; all by default.
    group_similar : bool
        Whether objects that the label model confuses are predicted as one.

    Returns
    -------
    inputs : NodeInputs

    Raises
    ------
    NoSeedsError
        If no object has a stroke.
    """
    require_object(session.painted_pixels)
    graph = session.graph
    points = session.graph_pixels, session.drawn_seeds, session.propagated_seeds
    node_labels = label_superpixels(graph.frames, graph.offsets, *points)
    settings = session.config.label_model
    if not group_similar:
        settings = settings.model_copy(update={"group_similar_objects": False})
    inputs = gather_node_inputs(
        graph,
        node_labels,
        _previous_prediction(session),
        settings,
        span,
        session.reviewed_frames,
    )
    if session.constraints:
        inputs = replace(inputs, absent=session.constraints[-1].absent)
    presumes_background = session.config.seeds.background > 0
    return inputs.certain_if_single_label() if presumes_background else inputs


def _previous_prediction(session: Session) -> Prediction | None:
    """Return the prediction of the previous round as the settings select it."""
    previous = session.prediction
    if previous is not None and previous.refined and session.config.refined_previous:
        return replace(previous, probability=previous.refined)
    return previous


def _require_frame(arguments: Mapping[str, Any]) -> None:
    """Require that the video has the frame `first`, counted from either end."""
    session: Session = arguments["session"]
    first, count = arguments.get("first"), session.graph.shape[0]
    if first is not None and not -count <= first < count:
        raise FrameIndexError(
            f"Expected a frame from 0 to {count - 1} to predict first; got {first}. "
            "Give another one."
        )


@validated(_require_frame, session=SESSION, model=MODEL, first=integer(optional=True))
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
        Index of a frame to predict first; the others follow outwards. In a long video
        this frame and the nearest ones are first predicted from node inputs of the
        `FIRST_FRAME_RADIUS` frames on both sides. These labels are preliminary, and so
        are the first ones of several objects. The returned session does not depend on
        `first`.

    Yields
    ------
    step : Progress
        Among them a `PartialResult` for each labelled frame, and for each preliminary
        one.

    Returns
    -------
    session : Session
        With `prediction` and `labels`.

    Raises
    ------
    NoSeedsError
        If no object has a stroke.
    """
    count, projected = session.graph.shape[0], _with_projection(session, model)
    yield Progress("analyse strokes", 0, count)
    if first is None:
        inputs = node_inputs(projected, group_similar=True)
        return (yield from _predict_all(session, model, inputs, None))
    first = range(count)[first]
    span = _around(first, count)
    inputs = node_inputs(projected, span, group_similar=True)
    rings = _preview_rings(session, model, inputs, span)
    if rings:
        yield from _preview(session, model, inputs, first, rings)
    if len(span) < count:
        yield Progress("analyse strokes", 0, count)
        inputs = node_inputs(projected, group_similar=True)
    return (yield from _predict_all(session, model, inputs, first))


def _with_projection(session: Session, model: Model) -> Session:
    """Select the feature projection of a fine-tuned model.

    A label model without a projection, or with another one than the default, is kept.
    """
    projection, settings = getattr(model, "projection", ""), session.config.label_model
    if not projection or settings.projection != BUNDLED_PROJECTION:
        return session
    return replace(session, config=session.config.with_projection(projection))


def _preview_rings(
    session: Session, model: Model, inputs: NodeInputs, span: range
) -> int:
    """Return the number of rings around the displayed frame to predict beforehand.

    It is 0 if the prediction of all frames begins with them.
    """
    if len(span) < session.graph.shape[0] or _device(model) != "cpu":
        return 2
    return 1 if _is_joint(session, inputs) and not _streams(model, inputs) else 0


def _preview(
    session: Session, model: Model, inputs: NodeInputs, first: int, rings: int
) -> Pipeline[None]:
    """Predict and label some frames around frame `first` preliminarily."""
    count = session.graph.shape[0]
    if _is_joint(session, inputs):
        labelling = _joint_labelling(session, model, inputs, first)
        spans = islice(outward_spans(first, count), rings)
        yield from labelling.preview(first, spans)
    else:
        near = islice(outward_rings(first, count), rings)
        preview = _labelling(session, model, inputs).run(near)
        yield from map_steps(preview, partial(as_preliminary, total=count))


def _predict_all(
    session: Session, model: Model, inputs: NodeInputs, first: int | None
) -> Pipeline[Session]:
    """Predict all frames, outwards from `first` if it is given, and label their pixels.

    Several objects are predicted by windows of frames. A single object is streamed
    frame by frame, except on a GPU, which is faster with all frames.
    """
    count = session.graph.shape[0]
    if _is_joint(session, inputs):
        joint = _joint_labelling(session, model, inputs, first)
        yield from joint.run(first)
        labelling = joint.final
    else:
        labelling = _labelling(session, model, inputs)
        if first is None or _device(model) != "cpu":
            yield from labelling.run([whole_video(count)])
        elif labelling.streams:
            yield from labelling.run([whole_video(count, first)])
        else:
            yield from labelling.run(outward_rings(first, count))
    frames = [labelling.results[t] for t in range(count)]
    prediction = Prediction(
        inputs.objects,
        tuple(frame.probability for frame in frames),
        calibrate(expected_j(np.stack([frame.overlap for frame in frames]))),
        str(model),
        tuple(frame.refined for frame in frames) if labelling.refines else (),
        inputs.groups.grouped,
    )
    packed = [frame.packed for frame in frames]
    dtype = label_dtype(max(inputs.objects, default=0))
    labels = LabelFrames(session.video.shape, packed, dtype)
    return replace(session, prediction=prediction, packed_labels=labels)


def _is_joint(session: Session, inputs: NodeInputs) -> bool:
    """Return whether objects are predicted jointly, see `JointPrediction`."""
    return not inputs.groups.all_single or _divides_any_object(session, inputs)


def _divides_any_object(session: Session, inputs: NodeInputs) -> bool:
    return session.config.identity_labelling and len(inputs.groups.members) > 1


def _joint_labelling(
    session: Session, model: Model, inputs: NodeInputs, first: int | None
) -> JointLabelling:
    any_object = partial(
        merge_all_objects,
        session.graph,
        inputs,
        _previous_prediction(session),
        _with_projection(session, model).config.label_model,
    )
    prediction = JointPrediction(
        model,
        session.graph,
        inputs,
        any_object if _divides_any_object(session, inputs) else None,
        first or 0,
        streams=first is not None and _streams(model, inputs),
    )
    return JointLabelling(session, prediction, _labeller(model, session, inputs))


def _streams(model: Model, inputs: NodeInputs) -> bool:
    """Return whether both sides of a frame are streamed at the same time."""
    is_small = len(inputs.groups.members) <= STREAMED_OBJECTS
    return getattr(model, "streams", False) and is_small


def _labelling(session: Session, model: Model, inputs: NodeInputs) -> OutwardLabelling:
    """Label objects that are predicted independently of each other."""
    probabilities = partial(_probabilities, model, session, inputs)
    labeller, streams = _labeller(model, session, inputs), _streams(model, inputs)
    return OutwardLabelling(session, probabilities, labeller, streams=streams)


def _labeller(model: Model, session: Session, inputs: NodeInputs) -> FrameLabeller:
    """Select how pixels are labelled; a decoder runs on the device of the model."""
    return FrameLabeller.of(session, inputs.groups, _device(model))


def _device(model: Model) -> str:
    return getattr(model, "device", "cpu")


def _around(t: int, count: int) -> range:
    """Return the frames of a video within `FIRST_FRAME_RADIUS` of frame `t`."""
    start = max(t - FIRST_FRAME_RADIUS, 0)
    return range(start, min(t + FIRST_FRAME_RADIUS + 1, count))


def _probabilities(
    model: Model, session: Session, inputs: NodeInputs, frames: range
) -> Iterator[F32]:
    """Run the network and combine the objects; yield (n, K) for each frame."""
    predictions = predict_groups(model, session.graph, inputs, frames)
    for t, probabilities in zip(frames, predictions, strict=True):
        yield combine_objects(inputs, t, probabilities)
