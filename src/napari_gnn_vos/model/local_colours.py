"""Colour likelihoods of object and background, estimated around each pixel.

Pixels of which the prediction is certain are samples of either side. Their colours are
described by a Gaussian per window; windows of two sizes are used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.compiler import njit
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
WINDOWS = ((6.0, 4), (20.0, 8))
"""Standard deviation of a window in pixels of the maps, and how much smaller than these
its statistics are computed."""
CERTAIN = 0.8
"""Probability from which a pixel is a sample of the object; below 1 minus it, of the
background."""
VARIANCE = 16.0
"""Added to each variance of L, a and b (0 .. 255)."""
STATISTICS = 8
"""Channels per side: three means, three inverse variances, their log determinant, and
the weight of the samples."""


def colour_statistics(lab: U8, coarse: F32) -> tuple[F32, ...]:
    """Fit Gaussians to the colours of certain object and background around each pixel.

    Parameters
    ----------
    lab : (h, w, 3) ndarray of uint8
        Picture in CIE Lab, 16 pixels or more per side.
    coarse : (h, w) ndarray of float32
        Probability of the object.

    Returns
    -------
    statistics : tuple of (h / s, w / s, 16) ndarray of float32
        Per window of size `s`; 8 channels of the object, 8 of the background.
    """
    out = []
    for sigma, scale in WINDOWS:
        size = max(coarse.shape[1] // scale, 1), max(coarse.shape[0] // scale, 1)
        colour = cv2.resize(lab, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        chance = cv2.resize(coarse, size, interpolation=cv2.INTER_AREA)
        sides = [
            _gaussians(colour, weight, sigma / scale)
            for weight in (
                np.where(chance > CERTAIN, chance, 0),
                np.where(chance < 1 - CERTAIN, 1 - chance, 0),
            )
        ]
        out.append(np.concatenate(sides, axis=2))
    return tuple(out)


def _gaussians(colour: F32, weight: F32, sigma: float) -> F32:
    """Weighted mean, inverse variance, log determinant and weight, (h, w, 8)."""
    weight = (weight + 1e-4).astype(np.float32)[..., None]
    moments = np.concatenate([colour * weight, colour * colour * weight], axis=2)
    first, second = (
        cv2.GaussianBlur(m, (0, 0), sigma) for m in np.split(moments, 2, 2)
    )
    total = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None] + 1e-6
    mean = first / total
    variance = np.maximum(second / total - mean * mean, 0) + VARIANCE
    determinant = np.log(variance).sum(axis=2, keepdims=True)
    parts = [mean, 1 / variance, determinant, total]
    return np.concatenate(parts, axis=2, dtype=np.float32)


def local_colour_likelihoods(lab: U8, statistics: tuple[F32, ...]) -> F32:
    """Compute log-likelihood ratios of object against background at each pixel.

    Parameters
    ----------
    lab : (h, w, 3) ndarray of uint8
    statistics : tuple of ndarray
        From `colour_statistics`.

    Returns
    -------
    colours : (4, h, w) ndarray of float32
        Per window the ratio, and which side has more samples; both -1 .. 1.
    """
    h, w = lab.shape[:2]
    out = np.empty((1, 2 * len(statistics), h, w), np.float32)
    fill_colour_windows(lab, statistics, np.zeros((1, 2), np.int64), out)
    return np.asarray(out[0])


def fill_colour_windows(
    lab: U8, statistics: tuple[F32, ...], corners: NDArray[np.int64], out: F32
) -> None:
    """Compute the likelihood ratios in windows only, in place.

    Parameters
    ----------
    lab, statistics
        As in `local_colour_likelihoods`.
    corners : (N, 2) ndarray of int64
        First row and column of each window; windows may exceed the picture.
    out : (N, 4, a, b) ndarray of float32
        Zero outside the picture.
    """
    for number, table in enumerate(statistics):
        _fill(lab, table, corners, out[:, 2 * number : 2 * number + 2])


@njit(cache=True, nogil=True)
def _fill(lab, table, corners, out):  # type: ignore[no-untyped-def]
    """Likelihood ratio and difference of sample weights of one window size."""
    h, w, _ = lab.shape
    count, _, rows, cols = out.shape
    ratio_r, ratio_c = table.shape[0] / h, table.shape[1] / w
    mixed = np.empty(16, np.float32)
    for n in range(count):
        for i in range(rows):
            for j in range(cols):
                r, c = corners[n, 0] + i, corners[n, 1] + j
                if r < 0 or c < 0 or r >= h or c >= w:
                    out[n, 0, i, j] = 0
                    out[n, 1, i, j] = 0
                    continue
                _interpolate(
                    table,
                    np.float32((r + 0.5) * ratio_r - 0.5),
                    np.float32((c + 0.5) * ratio_c - 0.5),
                    mixed,
                )
                inside, outside = mixed[6], mixed[14]
                for k in range(3):
                    value = np.float32(lab[r, c, k])
                    inside += (value - mixed[k]) ** 2 * mixed[3 + k]
                    outside += (value - mixed[8 + k]) ** 2 * mixed[11 + k]
                out[n, 0, i, j] = np.tanh((outside - inside) * np.float32(0.125))
                out[n, 1, i, j] = np.tanh((mixed[7] - mixed[15]) * np.float32(2))


@njit(cache=True, nogil=True)
def _interpolate(table, row, col, mixed):  # type: ignore[no-untyped-def]
    """Interpolate all channels of a map at a position, bilinearly, in place."""
    h, w, channels = table.shape
    row = min(max(row, np.float32(0)), np.float32(h - 1))
    col = min(max(col, np.float32(0)), np.float32(w - 1))
    r0, c0 = int(row), int(col)
    r1, c1 = min(r0 + 1, h - 1), min(c0 + 1, w - 1)
    y, x = row - np.float32(r0), col - np.float32(c0)
    one = np.float32(1)
    a, b, c, d = (one - y) * (one - x), (one - y) * x, y * (one - x), y * x
    for k in range(channels):
        mixed[k] = (
            a * table[r0, c0, k]
            + b * table[r0, c1, k]
            + c * table[r1, c0, k]
            + d * table[r1, c1, k]
        )
