"""Local colour models of object and background around each pixel.

The samples are pixels whose predicted probability is near 0 or 1. In Gaussian windows
of two sizes, a Gaussian with diagonal covariance is fitted to the colours of the object
and another to those of the background.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.compiler import njit
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
WINDOWS = ((6.0, 4), (20.0, 8))
"""Standard deviation of each window in pixels, and the factor by which the image is
reduced for its statistics."""
CERTAIN = 0.8
"""Pixels above this probability are samples of the object, pixels below 1 minus it of
the background."""
VARIANCE = 16.0
"""Added to each variance of L, a and b (0 .. 255)."""
MEAN, INVERSE_VARIANCE, LOG_DETERMINANT, WEIGHT, STATISTICS = 0, 3, 6, 7, 8
"""First channel of the mean (3), of the inverse variance (3), of the log determinant of
the covariance and of the sample weight; number of channels of a Gaussian."""


def colour_statistics(lab: U8, coarse: F32) -> tuple[F32, ...]:
    """Fit Gaussians to the colours of object and background around each pixel.

    Parameters
    ----------
    lab : (h, w, 3) ndarray of uint8
        Image in CIELAB, at least 16 pixels in each direction.
    coarse : (h, w) ndarray of float32
        Probability of the object.

    Returns
    -------
    statistics : tuple of (h / s, w / s, 2 * STATISTICS) ndarray of float32
        For each entry (sigma, s) of `WINDOWS`; channels of the object, then those of
        the background.
    """
    out = []
    for sigma, scale in WINDOWS:
        size = max(coarse.shape[1] // scale, 1), max(coarse.shape[0] // scale, 1)
        colour = cv2.resize(lab, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        probability = cv2.resize(coarse, size, interpolation=cv2.INTER_AREA)
        gaussians = [
            _fit_gaussians(colour, weight, sigma / scale)
            for weight in (
                np.where(probability > CERTAIN, probability, 0),
                np.where(probability < 1 - CERTAIN, 1 - probability, 0),
            )
        ]
        out.append(np.concatenate(gaussians, axis=2))
    return tuple(out)


def _fit_gaussians(colour: F32, weight: F32, sigma: float) -> F32:
    """Fit a Gaussian to the weighted colours around each pixel, (h, w, STATISTICS)."""
    weight = (weight + 1e-4).astype(np.float32)[..., None]
    moments = np.concatenate([colour * weight, colour * colour * weight], axis=2)
    first, second = (
        cv2.GaussianBlur(moment, (0, 0), sigma) for moment in np.split(moments, 2, 2)
    )
    total = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None] + 1e-6
    mean = first / total
    variance = np.maximum(second / total - mean * mean, 0) + VARIANCE
    log_determinant = np.log(variance).sum(axis=2, keepdims=True)
    statistics = [mean, 1 / variance, log_determinant, total]
    return np.concatenate(statistics, axis=2, dtype=np.float32)


def local_colour_likelihoods(lab: U8, statistics: tuple[F32, ...]) -> F32:
    """Compute log-likelihood ratios of object against background at each pixel.

    Parameters
    ----------
    lab : (h, w, 3) ndarray of uint8
        Image in CIELAB.
    statistics : tuple of ndarray
        From `colour_statistics`.

    Returns
    -------
    colours : (4, h, w) ndarray of float32
        For each window ``tanh(r / 4)`` of the log-likelihood ratio r, and ``tanh(2 d)``
        of the difference d of the sample weights of object and background.
    """
    h, w = lab.shape[:2]
    out = np.empty((1, 2 * len(statistics), h, w), np.float32)
    fill_colour_windows(lab, statistics, np.zeros((1, 2), np.int64), out)
    return np.asarray(out[0])


def fill_colour_windows(
    lab: U8, statistics: tuple[F32, ...], corners: NDArray[np.int64], out: F32
) -> None:
    """Compute the result of `local_colour_likelihoods` in rectangles only, in place.

    Parameters
    ----------
    lab, statistics
        See `local_colour_likelihoods`.
    corners : (N, 2) ndarray of int64
        First row and column of each rectangle; rectangles may exceed the image.
    out : (N, 4, a, b) ndarray of float32
        Overwritten; zero outside the image.
    """
    for number, gaussians in enumerate(statistics):
        _fill(lab, gaussians, corners, out[:, 2 * number : 2 * number + 2])


@njit(cache=True, nogil=True)
def _fill(lab, gaussians, corners, out):  # type: ignore[no-untyped-def]
    """Compute likelihood ratio and difference of weights of one window, in place."""
    h, w, _ = lab.shape
    count, _, rows, cols = out.shape
    scale_r, scale_c = gaussians.shape[0] / h, gaussians.shape[1] / w
    local = np.empty(2 * STATISTICS, np.float32)
    for n in range(count):
        for i in range(rows):
            for j in range(cols):
                r, c = corners[n, 0] + i, corners[n, 1] + j
                if r < 0 or c < 0 or r >= h or c >= w:
                    out[n, 0, i, j] = 0
                    out[n, 1, i, j] = 0
                    continue
                _interpolate(
                    gaussians,
                    np.float32((r + 0.5) * scale_r - 0.5),
                    np.float32((c + 0.5) * scale_c - 0.5),
                    local,
                )
                of_object = _deviance(lab[r, c], local[:STATISTICS])
                of_background = _deviance(lab[r, c], local[STATISTICS:])
                ratio = (of_background - of_object) * np.float32(0.125)
                weights = local[WEIGHT] - local[STATISTICS + WEIGHT]
                out[n, 0, i, j] = np.tanh(ratio)
                out[n, 1, i, j] = np.tanh(weights * np.float32(2))


@njit(cache=True, nogil=True)
def _deviance(colour, gaussian):  # type: ignore[no-untyped-def]
    """Compute -2 log-likelihood of a colour under a Gaussian, up to a constant.

    With means m and variances v it is ``sum_k (c_k - m_k)^2 / v_k + log v_k``.
    """
    deviance = gaussian[LOG_DETERMINANT]
    for k in range(3):
        difference = np.float32(colour[k]) - gaussian[MEAN + k]
        deviance += difference**2 * gaussian[INVERSE_VARIANCE + k]
    return deviance


@njit(cache=True, nogil=True)
def _interpolate(maps, row, col, out):  # type: ignore[no-untyped-def]
    """Interpolate all channels of (h, w, C) maps bilinearly at a position, in place."""
    h, w, channels = maps.shape
    row = min(max(row, np.float32(0)), np.float32(h - 1))
    col = min(max(col, np.float32(0)), np.float32(w - 1))
    r0, c0 = int(row), int(col)
    r1, c1 = min(r0 + 1, h - 1), min(c0 + 1, w - 1)
    y, x = row - np.float32(r0), col - np.float32(c0)
    one = np.float32(1)
    a, b, c, d = (one - y) * (one - x), (one - y) * x, y * (one - x), y * x
    for k in range(channels):
        out[k] = (
            a * maps[r0, c0, k]
            + b * maps[r0, c1, k]
            + c * maps[r1, c0, k]
            + d * maps[r1, c1, k]
        )
