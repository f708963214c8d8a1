"""Split some superpixels of a prepared frame into finer ones (paper, section V)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.prepare.graph_construction import FrameAndMeans, graph_of_view
from napari_gnn_vos.prepare.node_features import FrameView
from napari_gnn_vos.prepare.superpixels import (
    MAX_SUPERPIXELS,
    METHODS,
    superpixel_budget,
)
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph
from napari_gnn_vos.structures.rgb import Rgb

Mask = NDArray[np.bool_]
FINER_SIZE = 150
"""Mean size in pixels of the finer superpixels: about 2 700 per frame of 480p."""
LARGE = 2.0
"""A superpixel is split if it is larger than this many finer ones."""
MIN_PART_PIXELS = 12
"""A smaller part of a superpixel is merged with its largest one."""
MIN_SHARE = 0.02
"""A frame is not split if the number of its superpixels would grow by less than this
share."""
MAX_GROWTH, UNLIMITED_OBJECTS = 1.5, 8
"""Largest number of additional superpixels of a frame, as a share of the prepared ones,
for up to so many objects. With K objects it is multiplied by UNLIMITED_OBJECTS / K,
because time and memory of a round are proportional to superpixels times objects."""
MARGIN = 8
"""Pixels around the split superpixels that are segmented, too."""


def split_into_finer(
    frame: FrameGraph,
    marked: Mask,
    image: Rgb,
    flows: tuple[Flow | None, Flow | None],
    settings: PrepareSettings,
    objects: int = 1,
) -> tuple[FrameAndMeans, NDArray[np.int64]] | None:
    """Split the marked superpixels of a frame that are large, and build its graph.

    Parameters
    ----------
    frame : FrameGraph
        With n superpixels.
    marked : (n,) ndarray of bool
    image : (H, W, 3) ndarray of uint8
        As it was prepared.
    flows : (Flow or None, Flow or None)
        From the previous frame and to the next one, see `build_frame_graph`.
    settings : PrepareSettings
        The method of over-segmentation, and the number of prepared superpixels.
    objects : int
        Number of predicted objects. With more than `UNLIMITED_OBJECTS`, fewer
        superpixels are split, the largest first.

    Returns
    -------
    split : ((FrameGraph, (m, 7) ndarray of float32), (m,) ndarray of int64) or None
        The frame with the means of colour and motion of its m superpixels, and the
        superpixel that each is a part of; the parts have its appearance. None if there
        are hardly any parts, or more superpixels than `MAX_SUPERPIXELS`.
    """
    marked = marked & (frame.sizes > LARGE * FINER_SIZE)
    growth = frame.sizes / FINER_SIZE - 1
    limit = _largest_count(frame.labels.size, settings, objects) - frame.n
    marked &= _largest_within(growth * marked, limit)
    if growth[marked].sum() < max(MIN_SHARE * frame.n, 1):
        return None
    view = FrameView(frame.labels, image, *flows)
    inside = marked[frame.labels]
    finer = _segment_box(view, inside, settings)
    labels, parents = intersect_superpixels(frame.labels, finer, marked)
    if not (1 + MIN_SHARE) * frame.n <= len(parents) <= MAX_SUPERPIXELS:
        return None
    appearance = frame.appearance[parents]
    return graph_of_view(view.with_labels(labels), appearance), parents


def _largest_count(pixels: int, settings: PrepareSettings, objects: int) -> float:
    """Return the largest expected number of superpixels of a split frame."""
    prepared = superpixel_budget(pixels, settings.superpixels, settings.quality)
    return prepared * (1 + MAX_GROWTH * min(1, UNLIMITED_OBJECTS / objects))


def _largest_within(values: NDArray[np.float64], limit: float) -> Mask:
    """Mark the largest values whose sum is within a limit."""
    descending = np.argsort(-values, kind="stable")
    inside = np.empty(len(values), np.bool_)
    inside[descending] = np.cumsum(values[descending]) <= limit
    return inside


def _segment_box(
    view: FrameView, inside: Mask, settings: PrepareSettings
) -> NDArray[np.int32]:
    """Segment the bounding box of a mask into finer superpixels, (H, W); -1 outside."""
    box = tuple(
        slice(max(int(used[0]) - MARGIN, 0), int(used[-1]) + 1 + MARGIN)
        for used in (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    )
    finer = np.full(inside.shape, -1, np.int32)
    image = np.ascontiguousarray(view.image[box])
    motions = [np.ascontiguousarray(motion[box]) for motion in view.motions]
    budget = max(image.shape[0] * image.shape[1] // FINER_SIZE, 1)
    finer[box] = METHODS[settings.superpixels.method](image, motions, budget)
    return finer


def intersect_superpixels(
    labels: NDArray[np.uint16], finer: NDArray[np.int32], marked: Mask
) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Intersect superpixels with those of a finer segmentation.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    finer : (H, W) ndarray of int32
        Finer superpixels, 0 or more where `marked` superpixels are.
    marked : (n,) ndarray of bool
        Superpixels to split.

    Returns
    -------
    split : (H, W) ndarray of uint16
        Superpixels 0 .. m - 1. The largest part of each keeps its number.
    parents : (m,) ndarray of int64
        The superpixel that each is a part of.
    """
    n, inside = len(marked), marked[labels]
    finer_count = int(finer.max(initial=0)) + 1
    codes = labels[inside].astype(np.int64) * finer_count + finer[inside]
    codes, part, size = np.unique(codes, return_inverse=True, return_counts=True)
    parent = codes // finer_count
    largest = np.zeros(n, np.int64)
    ascending = np.argsort(size, kind="stable")
    largest[parent[ascending]] = ascending  # the last part of each parent remains
    is_new = (size >= MIN_PART_PIXELS) & (largest[parent] != np.arange(len(codes)))
    number = np.where(is_new, n - 1 + np.cumsum(is_new), parent)
    split = labels.copy()
    split[inside] = number[part]
    return split, np.concatenate([np.arange(n), parent[is_new]])
