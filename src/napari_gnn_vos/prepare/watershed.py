"""Over-segmentation by a watershed from a regular grid of markers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.compiler import njit
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.vision import cv2


def watershed_basins(
    image: Rgb, lab: NDArray[np.float32], spacing: int, passes: int
) -> NDArray[np.int32]:
    """Segment an image into the watershed basins of a regular grid of markers.

    Parameters
    ----------
    image : (H, W, 3) ndarray of uint8
    lab : (H, W, 3) ndarray of float32
        Result of `lab_colours`.
    spacing : int
        Distance of adjacent markers in pixels.
    passes : int
        Number of passes of `relax`.

    Returns
    -------
    labels : (H, W) ndarray of int32
        Basins 0 .. n - 1.

    Notes
    -----
    OpenCV labels the lines between basins with -1. They are assigned to the adjacent
    basin with the closest colour. This and the passes of `relax` increase the ceiling,
    the highest J that a labelling of the superpixels can have.
    """
    h, w = image.shape[:2]
    rows, cols = (np.arange(min(spacing, size) // 2, size, spacing) for size in (h, w))
    markers = np.zeros((h, w), np.int32)
    markers[np.ix_(rows, cols)] = np.arange(1, len(rows) * len(cols) + 1).reshape(
        len(rows), len(cols)
    )
    labels: NDArray[np.int32] = cv2.watershed(
        cv2.GaussianBlur(image, (3, 3), 0), markers
    )
    labels[[0, -1]] = labels[:, [0, -1]] = -1
    labels = _fill_lines(labels, lab)
    for _ in range(passes):
        labels = relax(labels, lab)
    return relabel_consecutively(labels)


def lab_colours(image: Rgb) -> NDArray[np.float32]:
    """Convert an RGB image to CIELAB, (H, W, 3) float32, each channel 0 to 255."""
    lab: NDArray[np.uint8] = cv2.cvtColor(image, cv2.COLOR_RGB2Lab)
    return lab.astype(np.float32)


def relabel_consecutively(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Renumber labels consecutively from 0."""
    used = np.bincount(labels.ravel()) > 0
    number = (np.cumsum(used) - 1).astype(np.int32)
    renumbered: NDArray[np.int32] = number[labels]
    return renumbered


def relax(labels: NDArray[np.int32], colours: NDArray[np.float32]) -> NDArray[np.int32]:
    """Relax borders: assign border pixels to the adjacent superpixel of closest colour.

    Parameters
    ----------
    labels : (H, W) ndarray of int32
    colours : (H, W, 3) ndarray of float32

    Returns
    -------
    labels : (H, W) ndarray of int32
        Some superpixels may be empty.
    """
    relaxed: NDArray[np.int32] = _relax(labels, colours, _mean_colours(labels, colours))
    return relaxed


@njit(cache=True, nogil=True, error_model="numpy")
def _mean_colours(labels, colours):  # type: ignore[no-untyped-def]
    """Average (H, W, 3) colours over each superpixel, (n, 3); 0 for empty ones."""
    n = labels.max() + 1
    total = np.zeros((n, 3), np.float32)
    count = np.zeros(n, np.float32)
    h, w = labels.shape
    for r in range(h):
        for c in range(w):
            k = labels[r, c]
            count[k] += 1
            for d in range(3):
                total[k, d] += colours[r, c, d]
    for k in range(n):
        for d in range(3):
            total[k, d] /= max(count[k], 1)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _relax(labels, colours, means):  # type: ignore[no-untyped-def]
    """Assign pixels with another label among their 4 neighbours to the closest mean."""
    h, w = labels.shape
    out = labels.copy()
    for r in range(h):
        for c in range(w):
            own = labels[r, c]
            right, left = labels[r, min(c + 1, w - 1)], labels[r, max(c - 1, 0)]
            below, above = labels[min(r + 1, h - 1), c], labels[max(r - 1, 0), c]
            if own == right and own == left and own == below and own == above:
                continue
            lowest = _squared_distance(means, own, colours, r, c)
            for adjacent in (right, left, below, above):
                if adjacent != own:
                    distance = _squared_distance(means, adjacent, colours, r, c)
                    if distance < lowest:
                        lowest, out[r, c] = distance, adjacent
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _squared_distance(means, k, colours, r, c):  # type: ignore[no-untyped-def]
    """Compute the squared distance of a pixel to the mean colour of a superpixel."""
    distance = np.float32(0)
    for d in range(3):
        distance += (means[k, d] - colours[r, c, d]) ** 2
    return distance


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_lines(labels, colours):  # type: ignore[no-untyped-def]
    """Assign watershed lines (-1) to the adjacent basin with the closest colour."""
    out = labels.copy()
    w = labels.shape[1]
    flat = out.ravel()
    lines = np.flatnonzero(flat <= 0)
    while len(lines) > 0:
        assigned = np.empty(len(lines), np.int32)
        for k in range(len(lines)):
            assigned[k] = _closest_label(out, colours, lines[k] // w, lines[k] % w)
        flat[lines] = assigned
        lines = lines[assigned <= 0]
    return out - 1


@njit(cache=True, nogil=True, error_model="numpy")
def _closest_label(labels, colours, r, c):  # type: ignore[no-untyped-def]
    """Find the label of the neighbour with the closest colour; -1 if there is none."""
    h, w = labels.shape
    lowest, label = np.float32(np.inf), np.int32(-1)
    for rr in range(max(r - 1, 0), min(r + 2, h)):
        for cc in range(max(c - 1, 0), min(c + 2, w)):
            if labels[rr, cc] <= 0:
                continue
            distance = np.float32(0)
            for d in range(3):
                distance += (colours[rr, cc, d] - colours[r, c, d]) ** 2
            if distance < lowest:
                lowest, label = distance, labels[rr, cc]
    return label
