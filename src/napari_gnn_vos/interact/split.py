"""Superpixels hit by several labels are split between them (paper, V)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, find_objects

from napari_gnn_vos.structures.video import Rgb
from napari_gnn_vos.vision import cv2


def split_by_ink(
    labels: NDArray[np.uint16],
    picture: Rgb,
    row: NDArray[np.int32],
    col: NDArray[np.int32],
    ink: NDArray[np.uint8],
) -> tuple[NDArray[np.uint16], NDArray[np.int64]] | None:
    """Split the superpixels of a frame that carry ink of more than one label.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    picture : (H, W, 3) ndarray of uint8
    row, col : (P,) ndarray of int32
        Pixels drawn on this frame.
    ink : (P,) ndarray of uint8
        Their labels.

    Returns
    -------
    split : ((H, W) ndarray of uint16, (m,) ndarray of int64) or None
        Superpixels 0 .. m - 1, m > n, and the old number of each. The first n keep
        their number. None if no superpixel had to be split.

    Notes
    -----
    Watershed on the picture with the strokes as markers; pixels on its lines go to the
    nearest marker.
    """
    n = int(labels.max()) + 1
    at = labels[row, col].astype(np.int64)
    pairs = np.unique(np.stack([at, ink.astype(np.int64)]), axis=1)
    mixed = np.unique(pairs[0][1:][np.diff(pairs[0]) == 0])
    if len(mixed) == 0:
        return None
    out, parents = labels.copy(), list(range(n))
    boxes = find_objects(labels.astype(np.int32) + 1)
    for number in mixed:
        mine = at == number
        names = np.unique(ink[mine])
        markers = np.zeros(labels.shape, np.int32)
        markers[row[mine], col[mine]] = np.searchsorted(names, ink[mine]) + 1
        box = boxes[number]
        part = _flood(picture[box], labels[box] == number, markers[box])
        for extra in range(1, len(names)):
            out[box][part == extra + 1] = len(parents)
            parents.append(int(number))
    return out, np.array(parents)


def _flood(
    picture: Rgb, inside: NDArray[np.bool_], markers: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Part of every pixel inside, 1 .. K; 0 outside."""
    outside = int(markers.max()) + 1
    padded = cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    seeds = np.full(padded.shape[:2], outside, np.int32)
    seeds[1:-1, 1:-1] = np.where(inside, markers, outside)
    flooded: NDArray[np.int32] = cv2.watershed(padded, seeds)[1:-1, 1:-1]
    flooded = np.where(markers > 0, markers, flooded)
    known = inside & (flooded > 0) & (flooded < outside)
    nearest = distance_transform_edt(
        ~known, return_distances=False, return_indices=True
    )
    return np.where(inside, flooded[tuple(nearest)], 0).astype(np.int64)
