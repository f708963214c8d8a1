"""Average images and feature maps over superpixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.compiler import njit
from napari_gnn_vos.prepare.region_adjacency import region_sums
from napari_gnn_vos.structures.arrays import check_shape
from napari_gnn_vos.vision import cv2

CELL_SIZE = 4
"""Feature maps are interpolated to cells of 4 x 4 pixels before averaging."""
SAMPLING_STRIDE = 2
"""Pixels are sampled at this distance, in rows and columns."""


def pool_mean(
    image: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]
) -> NDArray[np.float32]:
    """Average an image over the superpixels of a frame.

    Parameters
    ----------
    image : (H, W, C) ndarray of float
        Any quantity per pixel; the mean has the same unit.
    labels : (H, W) ndarray of int
        Superpixels 0 .. n - 1.

    Returns
    -------
    mean : (n, C) ndarray of float32
        Accumulated in float64.

    Raises
    ------
    ShapeError
        If the image and the labels differ in H or W.

    Examples
    --------
    >>> pool_mean(np.array([[[1.0], [3.0], [5.0]]]), np.array([[0, 0, 1]]))
    array([[2.],
           [5.]], dtype=float32)
    """
    check_shape("image", image, *labels.shape, None)
    total, size = region_sums(labels, image)
    mean: NDArray[np.float32] = (total / size[:, None]).astype(np.float32)
    return mean


def pool_maps(
    maps: list[NDArray[np.float32]], labels: NDArray[np.integer[Any]]
) -> NDArray[np.float16]:
    """Average coarse feature maps over the superpixels of a frame.

    Parameters
    ----------
    maps : list of (h, w, C) ndarray of float32
        Feature maps of the whole frame, each with its own resolution.
    labels : (H, W) ndarray of int
        Superpixels 0 .. n - 1.

    Returns
    -------
    features : (n, sum of C) ndarray of float16
        Means over every second pixel in rows and columns. Superpixels without such a
        pixel get the value at their first pixel.
    """
    h, w = -(-labels.shape[0] // CELL_SIZE), -(-labels.shape[1] // CELL_SIZE)
    cells = [_resize_map(feature_map, h, w).reshape(h, w, -1) for feature_map in maps]
    sampled = labels[::SAMPLING_STRIDE, ::SAMPLING_STRIDE]
    counts = np.bincount(sampled.ravel(), minlength=int(labels.max()) + 1)
    unsampled = np.flatnonzero(counts == 0)
    rows, cols = _first_pixels(labels, unsampled)
    sums = [_sum_cells(feature_map, labels, len(counts)) for feature_map in cells]
    for total, feature_map in zip(sums, cells, strict=True):
        total[unsampled] = feature_map[rows // CELL_SIZE, cols // CELL_SIZE]
    mean: NDArray[np.float32] = np.concatenate(sums, axis=1)
    mean /= np.maximum(counts, 1).astype(np.float32)[:, None]
    return mean.astype(np.float16)


@njit(cache=True, nogil=True, error_model="numpy")
def _sum_cells(cells, labels, n):  # type: ignore[no-untyped-def]
    """Sum the cells of all sampled pixels of each superpixel, (n, C)."""
    total = np.zeros((n, cells.shape[2]), np.float32)
    for r in range(0, labels.shape[0], SAMPLING_STRIDE):
        for c in range(0, labels.shape[1], SAMPLING_STRIDE):
            node_total = total[labels[r, c]]
            cell = cells[r // CELL_SIZE, c // CELL_SIZE]
            for d in range(len(node_total)):
                node_total[d] += cell[d]
    return total


def _first_pixels(
    labels: NDArray[np.integer[Any]], nodes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find row and column of the first pixel of each superpixel in `nodes`."""
    if len(nodes) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    numbers, first = np.unique(labels, return_index=True)
    rows, cols = np.divmod(first[np.searchsorted(numbers, nodes)], labels.shape[1])
    return rows, cols


def _resize_map(
    feature_map: NDArray[np.float32], h: int, w: int
) -> NDArray[np.float32]:
    """Resize a feature map to h x w cells by bilinear interpolation."""
    resized: NDArray[np.float32] = cv2.resize(
        feature_map, (w, h), interpolation=cv2.INTER_LINEAR
    )
    return resized
