"""Split the superpixels of one frame that contain several labels.

A superpixel with strokes of several labels is split among them (paper, V). If the
previous prediction of a superpixel contradicts a stroke, it is split into a region
near the stroke and the rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, find_objects
from skimage.segmentation import watershed

from napari_gnn_vos.structures.label_frames import Labels
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.vision import cv2

STROKE_DISTANCE = 5
"""Distance in pixels from a stroke beyond which a contradicted superpixel may keep its
predicted label."""
MIN_REST_PIXELS = 12
"""Minimum number of pixels beyond this distance for such a superpixel to be split."""


def split_superpixels(
    labels: NDArray[np.uint16],
    image: Rgb,
    row: NDArray[np.int32],
    col: NDArray[np.int32],
    painted: Labels,
    contradicted: NDArray[np.bool_],
) -> tuple[NDArray[np.uint16], NDArray[np.int64]] | None:
    """Split superpixels that contain several labels by a marker-based watershed.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    image : (H, W, 3) ndarray of uint8
    row, col : (P,) ndarray of int32
        Painted pixels of this frame.
    painted : (P,) ndarray of uint8 or uint16
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
    selected = np.union1d(_mixed_nodes(nodes, painted), nodes[contradicted[nodes]])
    split, parents = labels.copy(), list(range(n))
    boxes = find_objects(labels.astype(np.int32) + 1)
    order = np.argsort(nodes, kind="stable")
    first, end = (
        np.searchsorted(nodes, selected, side, sorter=order)
        for side in ("left", "right")
    )
    for node, start, stop in zip(selected, first, end, strict=True):
        on_node, box = order[start:stop], boxes[node]
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


def _mixed_nodes(nodes: NDArray[np.int64], painted: Labels) -> NDArray[np.int64]:
    """Find the superpixels with painted pixels of several labels."""
    shape = int(nodes.max(initial=-1)) + 1, int(painted.max(initial=0)) + 1
    occurs = np.zeros(shape, bool)
    occurs[nodes, painted] = True
    return np.flatnonzero(occurs.sum(axis=1) > 1)


def _mark_rest(
    inside: NDArray[np.bool_], markers: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Add a marker for the pixels far from strokes, if there are enough of them.

    Parameters
    ----------
    inside : (h, w) ndarray of bool
        Pixels of the superpixel.
    markers : (h, w) ndarray of int32
        1 .. K at the strokes, 0 elsewhere.

    Returns
    -------
    markers : (h, w) ndarray of int32
    """
    rest = inside & (distance_transform_edt(markers == 0) > STROKE_DISTANCE)
    if np.count_nonzero(rest) < MIN_REST_PIXELS:
        return markers
    return np.where(rest, markers.max() + 1, markers)


def _watershed(
    image: Rgb, inside: NDArray[np.bool_], markers: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Assign each pixel inside to a marker, 1 .. K; 0 outside, (h, w).

    Regions that no marker reaches are assigned to the nearest one.
    """
    window = np.ones((3, 3), np.uint8)
    gradient = cv2.morphologyEx(image, cv2.MORPH_GRADIENT, window).max(axis=2)
    parts: NDArray[np.int64] = watershed(gradient, markers, connectivity=2, mask=inside)
    if (parts[inside] == 0).any():
        nearest = distance_transform_edt(
            parts == 0, return_distances=False, return_indices=True
        )
        parts = np.where(inside, parts[tuple(nearest)], 0)
    return parts.astype(np.int64)
