"""Split superpixels that contain several labels, and update the graph around them.

A superpixel with strokes of several labels is divided among them (paper, V). If the
previous prediction of a superpixel contradicts a stroke, it is divided into a region
near the stroke and the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, find_objects
from skimage.segmentation import watershed

from napari_gnn_vos.hardware import cores
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.session import Prediction, Session
from napari_gnn_vos.structures.video import Rgb
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
STROKE_DISTANCE = 5
"""Distance in pixels from a stroke beyond which a contradicted superpixel may keep its
predicted label."""
MIN_REST_PIXELS = 12
"""Minimum number of pixels beyond this distance for such a superpixel to be split."""


@dataclass(frozen=True, slots=True)
class RegionFunctions:
    """Functions that compute features of changed superpixels, frames and pairs.

    Parameters
    ----------
    describe_frame : callable
        From labels (H, W), image, flow from the previous frame, flow to the next frame
        and appearance (n, A), to a frame and the means (n, 7) of colour and motion.
    mean_features : callable
        The same means of an unchanged frame, from the frame and its two flows.
    describe_pair : callable
        From a frame and its means, the next frame and its means, and the flow between
        them, to the pair.
    """

    describe_frame: Callable[
        [NDArray[np.uint16], Rgb, Flow | None, Flow | None, NDArray[np.float16]],
        tuple[FrameGraph, F32],
    ]
    mean_features: Callable[[FrameGraph, Flow | None, Flow | None], F32]
    describe_pair: Callable[
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
        """Superpixels that are smaller than before, (m,)."""
        return np.bincount(self.parents)[self.parents] > 1


def split_frames(
    session: Session,
    frames: Set[int],
    images: Sequence[Rgb],
    functions: RegionFunctions,
) -> dict[int, SplitFrame]:
    """Split the superpixels of some frames as far as strokes require it.

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
    """Exchange split frames and the pairs next to them in the graph of a session.

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
    graph = session.graph.exchange(frames, pairs)
    return replace(session, graph=graph, prediction=_inherit(session, split))


def _split_frame(
    session: Session, images: Sequence[Rgb], functions: RegionFunctions, t: int
) -> SplitFrame | None:
    """Split the superpixels of a frame and recompute its features."""
    frame, image = session.graph.frames[t], images[t]
    painted = session.painted_pixels.take(session.painted_pixels.frame == t)
    contradicted = _contradicted(frame, t, session.prediction, painted)
    parts = split_mixed_superpixels(
        frame.labels, image, painted.row, painted.col, painted.label, contradicted
    )
    if parts is None:
        return None
    labels, parents = parts
    appearance = frame.appearance[parents]
    flows = _flows(session, t)
    changed, means = functions.describe_frame(labels, image, *flows, appearance)
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


def _embed_parts(
    t: int,
    split: SplitFrame,
    embed: EmbedParts | None,
) -> FrameGraph:
    """Replace the appearance of parts by that of their own pixels."""
    if embed is None:
        return split.frame
    part = split.is_part
    appearance = split.frame.appearance.copy()
    appearance[part] = embed(t, split.frame, part)[part]
    return replace(split.frame, appearance=appearance)


def _flows(session: Session, t: int) -> tuple[Flow | None, Flow | None]:
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
        return frame, functions.mean_features(frame, *_flows(session, t))

    def pair(t: int) -> FramePair:
        flow = graph.pairs[t].flow
        return functions.describe_pair(frame_and_means(t), frame_and_means(t + 1), flow)

    starts = {t + d for t in split for d in (-1, 0)} & set(range(len(graph.pairs)))
    return dict(zip(sorted(starts), pool.map(pair, sorted(starts)), strict=True))


def _inherit(session: Session, split: Mapping[int, SplitFrame]) -> Prediction | None:
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


def split_mixed_superpixels(
    labels: NDArray[np.uint16],
    image: Rgb,
    row: NDArray[np.int32],
    col: NDArray[np.int32],
    painted: NDArray[np.uint8],
    contradicted: NDArray[np.bool_],
) -> tuple[NDArray[np.uint16], NDArray[np.int64]] | None:
    """Split superpixels with several labels by a marker-based watershed.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    image : (H, W, 3) ndarray of uint8
    row, col : (P,) ndarray of int32
        Painted pixels of this frame.
    painted : (P,) ndarray of uint8
        Their labels.
    contradicted : (n,) ndarray of bool
        Superpixels painted with another label than was predicted. The stroke may be
        valid for a part of them only.

    Returns
    -------
    split : ((H, W) ndarray of uint16, (m,) ndarray of int64) or None
        Superpixels 0 .. m - 1, m > n, and the previous number of each; the first n keep
        their number. None if no superpixel is split.

    Notes
    -----
    Watershed of the image gradient inside each superpixel, with the strokes as markers.
    """
    n = int(labels.max()) + 1
    nodes = labels[row, col].astype(np.int64)
    pairs = np.unique(np.stack([nodes, painted.astype(np.int64)]), axis=1)
    mixed = pairs[0][1:][np.diff(pairs[0]) == 0]
    split, parents = labels.copy(), list(range(n))
    boxes = find_objects(labels.astype(np.int32) + 1)
    for node in np.union1d(mixed, np.unique(nodes[contradicted[nodes]])):
        on_node, box = nodes == node, boxes[node]
        inside = labels[box] == node
        markers = np.zeros(inside.shape, np.int32)
        pixels = row[on_node] - box[0].start, col[on_node] - box[1].start
        markers[pixels] = np.unique(painted[on_node], return_inverse=True)[1] + 1
        if contradicted[node]:
            markers = _mark_rest(inside, markers)
        parts = _watershed(image[box], inside, markers)
        for part in range(2, int(markers.max()) + 1):
            split[box][parts == part] = len(parents)
            parents.append(int(node))
    return (split, np.array(parents)) if len(parents) > n else None


def _mark_rest(
    inside: NDArray[np.bool_], markers: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Add a marker for the pixels far from strokes, if they are numerous enough."""
    rest = inside & (distance_transform_edt(markers == 0) > STROKE_DISTANCE)
    if np.count_nonzero(rest) < MIN_REST_PIXELS:
        return markers
    return np.where(rest, markers.max() + 1, markers)


def _watershed(
    image: Rgb, inside: NDArray[np.bool_], markers: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Assign each pixel inside to a marker, 1 .. K; 0 outside.

    Regions that no marker reaches are assigned to the nearest one.
    """
    cross = np.ones((3, 3), np.uint8)
    gradient = cv2.morphologyEx(image, cv2.MORPH_GRADIENT, cross).max(axis=2)
    parts: NDArray[np.int64] = watershed(gradient, markers, connectivity=2, mask=inside)
    if (parts[inside] == 0).any():
        nearest = distance_transform_edt(
            parts == 0, return_distances=False, return_indices=True
        )
        parts = np.where(inside, parts[tuple(nearest)], 0)
    return parts.astype(np.int64)
