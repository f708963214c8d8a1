"""From pixels to superpixels, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from napari_gnn_vos.prepare.basins import sums
from napari_gnn_vos.structures.arrays import check_shape
from napari_gnn_vos.vision import cv2

CELL = 4
"""Deep features are interpolated to one cell for every 4 x 4 pixels, then averaged."""


def pool_mean(
    image: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]
) -> NDArray[np.float32]:
    """Average an image over every superpixel of a frame.

    Parameters
    ----------
    image : (H, W, C) ndarray of float
        Any per-pixel quantity; the mean keeps its unit.
    labels : (H, W) ndarray of int
        Superpixels 0 .. n - 1.

    Returns
    -------
    mean : (n, C) ndarray of float32
        Summed in float64.

    Raises
    ------
    ShapeError
        If the image is not of the same H and W.

    Examples
    --------
    >>> pool_mean(np.array([[[1.0], [3.0], [5.0]]]), np.array([[0, 0, 1]]))
    array([[2.],
           [5.]], dtype=float32)
    """
    check_shape("image", image, *labels.shape, None)
    total, size = sums(labels, image)
    mean: NDArray[np.float32] = (total / size[:, None]).astype(np.float32)
    return mean


def pool_maps(
    maps: list[NDArray[np.float32]], labels: NDArray[np.integer[Any]]
) -> NDArray[np.float16]:
    """Average coarse feature maps over every superpixel of a frame.

    Parameters
    ----------
    maps : list of (h, w, C) ndarray of float32
        Feature maps that cover the whole frame, each of its own resolution.
    labels : (H, W) ndarray of int
        Superpixels 0 .. n - 1.

    Returns
    -------
    features : (n, sum of C) ndarray of float16
    """
    h, w = -(-labels.shape[0] // CELL), -(-labels.shape[1] // CELL)
    large = [_enlarge(one, h, w).reshape(h, w, -1) for one in maps]
    some = np.bincount(labels[::2, ::2].ravel(), minlength=int(labels.max()) + 1)
    missed = np.flatnonzero(some == 0)
    rows, cols = _one_pixel(labels, missed)
    pooled = [_add_cells(one, labels, some) for one in large]
    for total, one in zip(pooled, large, strict=True):
        total[missed] = one[rows // CELL, cols // CELL]
    mean: NDArray[np.float32] = np.concatenate(pooled, axis=1)
    mean /= np.maximum(some, 1).astype(np.float32)[:, None]
    return mean.astype(np.float16)


@njit(cache=True, nogil=True, error_model="numpy")
def _add_cells(maps, labels, some):  # type: ignore[no-untyped-def]
    """Add up the cells that every second pixel each way lies in, (n, C)."""
    total = np.zeros((len(some), maps.shape[2]), np.float32)
    for r in range(0, labels.shape[0], 2):
        for c in range(0, labels.shape[1], 2):
            own, cell = total[labels[r, c]], maps[r // CELL, c // CELL]
            for d in range(len(own)):
                own[d] += cell[d]
    return total


def _one_pixel(
    labels: NDArray[np.integer[Any]], wanted: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of the first pixel of each wanted superpixel."""
    if len(wanted) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    numbers, first = np.unique(labels, return_index=True)
    rows, cols = np.divmod(first[np.searchsorted(numbers, wanted)], labels.shape[1])
    return rows, cols


def _enlarge(one: NDArray[np.float32], h: int, w: int) -> NDArray[np.float32]:
    large: NDArray[np.float32] = cv2.resize(one, (w, h), interpolation=cv2.INTER_LINEAR)
    return large
