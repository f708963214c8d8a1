"""Upsample label images, guided by the image at full resolution.

References
----------
J. Kopf et al., "Joint Bilateral Upsampling", SIGGRAPH 2007.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.compiler import njit
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.structures.working_video import reduce_image
from napari_gnn_vos.vision import cv2

RADIUS = 2
"""Radius of the window of the filter, in reduced pixels."""
SPATIAL_SIGMA = 0.7
"""Standard deviation of the spatial weight, in reduced pixels."""
COLOUR_SIGMA = 25.0
"""Standard deviation of the weight by colour, of 255 levels per channel."""


def upsample_labels(labels: NDArray[Any], image: Rgb) -> NDArray[Any]:
    """Upsample the labels of a frame by joint bilateral upsampling.

    A pixel near a boundary gets the label with the largest sum of weights over the
    reduced pixels around it; a weight decreases with the distance and with the
    difference of colour. Other pixels get the label of the nearest reduced pixel.

    Parameters
    ----------
    labels : (h, w) ndarray of uint8 or uint16
    image : (H, W, 3) ndarray of uint8

    Returns
    -------
    upsampled : (H, W) ndarray
        Of the type of `labels`.
    """
    window = np.ones((2 * RADIUS + 1, 2 * RADIUS + 1), np.uint8)
    uniform = cv2.dilate(labels, window) == cv2.erode(labels, window)
    upsampled = np.empty(image.shape[:2], labels.dtype)
    rows, cols = labels.shape
    _upsample(labels, uniform, reduce_image(image, (rows, cols)), image, upsampled)
    return upsampled


@njit(cache=True, nogil=True)
def _upsample(labels, uniform, reduced_image, image, upsampled):  # type: ignore[no-untyped-def]
    """Label the pixels of `upsampled`, in place."""
    row_scale = np.float32(labels.shape[0] / image.shape[0])
    col_scale = np.float32(labels.shape[1] / image.shape[1])
    half, side = np.float32(0.5), 2 * RADIUS + 1
    weights = np.zeros(side * side, np.float32)
    candidates = np.zeros(side * side, labels.dtype)
    for r in range(image.shape[0]):
        y = (r + half) * row_scale - half
        i = int(y + half)
        for c in range(image.shape[1]):
            x = (c + half) * col_scale - half
            j = int(x + half)
            if uniform[i, j]:
                upsampled[r, c] = labels[i, j]
            else:
                votes = weights, candidates
                upsampled[r, c] = _vote(
                    labels, reduced_image, image[r, c], (y, x), votes
                )


@njit(cache=True, nogil=True)
def _vote(labels, reduced_image, colour, position, votes):  # type: ignore[no-untyped-def]
    """Return the label with the largest sum of weights around a position."""
    weights, candidates = votes
    y, x = position
    i, j, count = int(y + 0.5), int(x + 0.5), 0
    for a in range(max(i - RADIUS, 0), min(i + RADIUS + 1, labels.shape[0])):
        for b in range(max(j - RADIUS, 0), min(j + RADIUS + 1, labels.shape[1])):
            weight = _weight(y - a, x - b, colour, reduced_image[a, b])
            k = 0
            while k < count and candidates[k] != labels[a, b]:
                k += 1
            if k == count:
                candidates[k], weights[k], count = labels[a, b], 0, count + 1
            weights[k] += weight
    return candidates[weights[:count].argmax()]


@njit(cache=True, nogil=True)
def _weight(down, right, colour, reduced_colour):  # type: ignore[no-untyped-def]
    """Compute the bilateral weight of a reduced pixel."""
    difference = np.float32(0)
    for channel in range(3):
        d = np.float32(colour[channel]) - np.float32(reduced_colour[channel])
        difference += d * d
    spatial = (down * down + right * right) / np.float32(2 * SPATIAL_SIGMA**2)
    return np.exp(-spatial - difference / np.float32(6 * COLOUR_SIGMA**2))
