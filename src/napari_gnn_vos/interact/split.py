"""Superpixels are split where strokes show that they hold more than one label.

Those hit by several labels are split between them (paper, V); those hit by a label that
the last answer did not give them, between what is near the stroke and the rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, find_objects
from skimage.segmentation import watershed

from napari_gnn_vos.structures.video import Rgb
from napari_gnn_vos.vision import cv2

REACH = 5
"""Pixels from ink at which a superpixel in doubt may have another label."""
LEAST_REST = 12
"""Pixels that must lie further away for a superpixel in doubt to be split."""


def split_mixed_superpixels(
    labels: NDArray[np.uint16],
    picture: Rgb,
    row: NDArray[np.int32],
    col: NDArray[np.int32],
    painted_pixels: NDArray[np.uint8],
    doubted: NDArray[np.bool_],
) -> tuple[NDArray[np.uint16], NDArray[np.int64]] | None:
    """Split the superpixels of a frame that strokes show to be of several labels.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    picture : (H, W, 3) ndarray of uint8
    row, col : (P,) ndarray of int32
        Pixels drawn on this frame.
    painted_pixels : (P,) ndarray of uint8
        Their labels.
    doubted : (n,) ndarray of bool
        Superpixels that ink claims for another label than they had: the ink may be
        right about a part of them only.

    Returns
    -------
    split : ((H, W) ndarray of uint16, (m,) ndarray of int64) or None
        Superpixels 0 .. m - 1, m > n, and the old number of each. The first n keep
        their number. None if no superpixel had to be split.

    Notes
    -----
    Watershed on the gradient of the picture, with the strokes as markers.
    """
    n = int(labels.max()) + 1
    at = labels[row, col].astype(np.int64)
    pairs = np.unique(np.stack([at, painted_pixels.astype(np.int64)]), axis=1)
    mixed = pairs[0][1:][np.diff(pairs[0]) == 0]
    out, parents = labels.copy(), list(range(n))
    boxes = find_objects(labels.astype(np.int32) + 1)
    for number in np.union1d(mixed, np.unique(at[doubted[at]])):
        mine, box = at == number, boxes[number]
        inside = labels[box] == number
        marked = np.zeros(inside.shape, np.int32)
        drawn = row[mine] - box[0].start, col[mine] - box[1].start
        marked[drawn] = np.unique(painted_pixels[mine], return_inverse=True)[1] + 1
        if doubted[number]:
            marked = _mark_rest(inside, marked)
        part = _flood(picture[box], inside, marked)
        for extra in range(2, int(marked.max()) + 1):
            out[box][part == extra] = len(parents)
            parents.append(int(number))
    return (out, np.array(parents)) if len(parents) > n else None


def _mark_rest(
    inside: NDArray[np.bool_], markers: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Mark what lies further from ink as one part more, if there is enough of it."""
    rest = inside & (distance_transform_edt(markers == 0) > REACH)
    if np.count_nonzero(rest) < LEAST_REST:
        return markers
    return np.where(rest, markers.max() + 1, markers)


def _flood(
    picture: Rgb, inside: NDArray[np.bool_], markers: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Part of every pixel inside, 1 .. K; 0 outside."""
    cross = np.ones((3, 3), np.uint8)
    steep = cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, cross).max(axis=2)
    part: NDArray[np.int64] = watershed(steep, markers, connectivity=2, mask=inside)
    if (part[inside] == 0).any():  # a piece on its own, without a marker
        nearest = distance_transform_edt(
            part == 0, return_distances=False, return_indices=True
        )
        part = np.where(inside, part[tuple(nearest)], 0)
    return part.astype(np.int64)
