"""Split superpixels of a session, and update the graph around them.

Features and spatial edges of the changed frames, causal edges to their neighbours, and
the appearance of the parts are computed again. `interact.split_superpixels` splits the
superpixels of one frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.hardware import cores
from napari_gnn_vos.interact.split_superpixels import split_superpixels
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.session import Prediction, Session

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RegionFunctions:
    """Functions that compute features of changed superpixels, frames and pairs.

    Parameters
    ----------
    frame_and_means : callable
        From labels (H, W), image, flow from the previous frame, flow to the next frame
        and appearance (n, A), to a frame and the means (n, 7) of colour and motion.
    mean_features : callable
        The same means of an unchanged frame, from the frame and its two flows.
    frame_pair : callable
        From a frame and its means, the next frame and its means, and the flow between
        them, to the pair.
    """

    frame_and_means: Callable[
        [NDArray[np.uint16], Rgb, Flow | None, Flow | None, NDArray[np.float16]],
        tuple[FrameGraph, F32],
    ]
    mean_features: Callable[[FrameGraph, Flow | None, Flow | None], F32]
    frame_pair: Callable[
        [tuple[FrameGraph, F32], tuple[FrameGraph, F32], Flow], FramePair
    ]


EmbedParts = Callable[[int, FrameGraph, NDArray[np.bool_]], NDArray[np.float16]]
"""From the index of a frame, the frame and a mask (n,) of superpixels to appearance
(n, A), of which the rows in the mask are used."""


@dataclass(frozen=True, slots=True, eq=False)
class SplitFrame:
    """A frame after splitting.

    Parameters
    ----------
    frame : FrameGraph
        With m superpixels; parts have the appearance of the whole.
    means : (m, 7) ndarray of float32
        Mean colour and motion.
    parents : (m,) ndarray of int64
        Superpixel before splitting that each superpixel is a part of.
    """

    frame: FrameGraph
    means: F32
    parents: NDArray[np.int64]

    @property
    def is_part(self) -> NDArray[np.bool_]:
        """Mask of the superpixels that are parts of a split one, (m,)."""
        return np.bincount(self.parents)[self.parents] > 1


def split_frames(
    session: Session,
    frames: Set[int],
    images: Sequence[Rgb],
    functions: RegionFunctions,
) -> dict[int, SplitFrame]:
    """Split the superpixels of frames that contain several labels.

    These are superpixels with strokes of several labels, and superpixels with a stroke
    that contradicts the previous prediction.

    Parameters
    ----------
    session : Session
        With the painted pixels of the newest strokes.
    frames : set of int
        Frames with new strokes.
    images : sequence of T (H, W, 3) ndarray of uint8
        Images of all frames, as they were prepared.
    functions : RegionFunctions

    Returns
    -------
    split : dict of int to SplitFrame
        Only frames with split superpixels.
    """
    split = partial(_split_frame, session, images, functions)
    with ThreadPoolExecutor(cores()) as pool:
        results = zip(sorted(frames), pool.map(split, sorted(frames)), strict=True)
        return {t: result for t, result in results if result is not None}


def apply_split(
    session: Session,
    split: Mapping[int, SplitFrame],
    functions: RegionFunctions,
    embed: EmbedParts | None,
) -> Session:
    """Replace split frames and their adjacent pairs in the graph of a session.

    Parameters
    ----------
    session : Session
    split : mapping of int to SplitFrame
    functions : RegionFunctions
    embed : EmbedParts or None
        Recomputes the appearance of the parts. None keeps the appearance of the whole.

    Returns
    -------
    session : Session
        The parts have the predicted probability of the whole.
    """
    with ThreadPoolExecutor(cores()) as pool:
        jobs = {t: pool.submit(_embed_parts, t, split[t], embed) for t in split}
        pairs = _adjacent_pairs(session, split, functions, pool)
        frames = {t: job.result() for t, job in jobs.items()}
    graph = session.graph.with_frames(frames, pairs)
    return replace(session, graph=graph, prediction=_copy_to_parts(session, split))


def _split_frame(
    session: Session, images: Sequence[Rgb], functions: RegionFunctions, t: int
) -> SplitFrame | None:
    """Split the superpixels of a frame and recompute its features."""
    frame, image = session.graph.frames[t], images[t]
    painted = session.graph_pixels
    painted = painted.take(painted.frame == t)
    contradicted = _contradicted(frame, t, session.prediction, painted)
    parts = split_superpixels(
        frame.labels, image, painted.row, painted.col, painted.label, contradicted
    )
    if parts is None:
        return None
    labels, parents = parts
    appearance = frame.appearance[parents]
    flows = flows_of_frame(session, t)
    changed, means = functions.frame_and_means(labels, image, *flows, appearance)
    return SplitFrame(changed, means, parents)


def _contradicted(
    frame: FrameGraph, t: int, prediction: Prediction | None, painted: PaintedPixels
) -> NDArray[np.bool_]:
    """Mark superpixels painted with another label than was predicted, (n,)."""
    contradicted = np.zeros(frame.n, bool)
    if prediction is not None:
        labels = np.array((0, *prediction.objects))
        predicted = labels[prediction.probability[t].argmax(axis=1)]
        nodes = frame.labels[painted.row, painted.col]
        contradicted[nodes[predicted[nodes] != painted.label]] = True
    return contradicted


def _embed_parts(t: int, split: SplitFrame, embed: EmbedParts | None) -> FrameGraph:
    """Replace the appearance of parts by that of their own pixels."""
    if embed is None:
        return split.frame
    parts = split.is_part
    appearance = split.frame.appearance.copy()
    appearance[parts] = embed(t, split.frame, parts)[parts]
    return replace(split.frame, appearance=appearance)


def flows_of_frame(session: Session, t: int) -> tuple[Flow | None, Flow | None]:
    """Return the flow from the previous frame and to the next; None at the ends."""
    pairs, count = session.graph.pairs, session.graph.shape[0]
    previous = pairs[t - 1].flow if t > 0 else None
    following = pairs[t].flow if t + 1 < count else None
    return previous, following


def _adjacent_pairs(
    session: Session,
    split: Mapping[int, SplitFrame],
    functions: RegionFunctions,
    pool: Executor,
) -> dict[int, FramePair]:
    """Recompute the causal edges of split frames to the previous and next frame."""
    graph = session.graph

    def frame_and_means(t: int) -> tuple[FrameGraph, F32]:
        if t in split:
            return split[t].frame, split[t].means
        frame = graph.frames[t]
        return frame, functions.mean_features(frame, *flows_of_frame(session, t))

    def pair(t: int) -> FramePair:
        flow = graph.pairs[t].flow
        return functions.frame_pair(frame_and_means(t), frame_and_means(t + 1), flow)

    starts = {t + d for t in split for d in (-1, 0)} & set(range(len(graph.pairs)))
    return dict(zip(sorted(starts), pool.map(pair, sorted(starts)), strict=True))


def _copy_to_parts(
    session: Session, split: Mapping[int, SplitFrame]
) -> Prediction | None:
    """Copy the predicted probability of each split superpixel to its parts."""
    if session.prediction is None:
        return None
    probability = list(session.prediction.probability)
    refined = list(session.prediction.refined)
    for t, frame in split.items():
        for rows in filter(None, (probability, refined)):
            rows[t] = rows[t][frame.parents]
    return replace(
        session.prediction, probability=tuple(probability), refined=tuple(refined)
    )
