"""Estimate the noise level of an image, and denoise images that exceed a limit."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.vision import cv2

U8 = NDArray[np.uint8]
MAX_UNFILTERED_NOISE = 4.0
"""Noise standard deviation (of 255) up to which an image is not changed; compressed
videos and photographs have 0.5 to 3."""
FILTER_STRENGTH = 2.5
"""Filter parameter h of non-local means, in standard deviations of the noise."""
PATCH_SIZE, SEARCH_SIZE = 5, 11
"""Side lengths in pixels of the compared patches and of the search window."""
NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Difference of two Laplacians: no response to linear ramps and straight edges. Its
response to white noise has 6 times the standard deviation of the noise."""
RESPONSE_BINS = 255 * 8 + 1
"""Number of possible absolute responses of the kernel to uint8 images."""
NORMAL_MAD = 0.6745
"""Median absolute value of the standard normal distribution."""


def noise_level(grey: U8) -> float:
    """Estimate the standard deviation of white noise in an image.

    White noise of variance s^2 has the variance s^2 / 4 after the image was reduced by
    2 with averaging. Fine texture (grass, gravel), of variance t^2, is not weakened. So
    the variances measured before and after the reduction are ``f = s^2 + t^2`` and
    ``c = s^2 / 4 + t^2``, and ``s^2 = 4/3 (f - c)``.

    Parameters
    ----------
    grey : (H, W) ndarray of uint8

    Returns
    -------
    level : float
        On the scale 0 to 255. Saturated pixels (0 and 255) are ignored.

    References
    ----------
    J. Immerkaer, "Fast Noise Variance Estimation", Computer Vision and Image
    Understanding 64, 1996; here with the median, which is less sensitive to texture
    than the mean.
    """
    height, width = (size // 2 * 2 for size in grey.shape)
    half = cv2.resize(
        grey[:height, :width], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
    )
    fine, coarse = _median_response(grey), _median_response(half)
    return sqrt(min(max(4 / 3 * (fine**2 - coarse**2), 0), fine**2))


def _median_response(grey: U8) -> float:
    """Estimate the standard deviation of noise from the median absolute response."""
    response = np.abs(cv2.filter2D(grey, cv2.CV_16S, NOISE_KERNEL)).view(np.uint16)
    saturated = cv2.inRange(grey, 1, 254) == 0
    response += saturated * np.uint16(RESPONSE_BINS)  # outside of the histogram
    counts = cv2.calcHist([response], [0], None, [RESPONSE_BINS], [0, RESPONSE_BINS])
    cumulative = counts.cumsum()
    median = np.searchsorted(cumulative, cumulative[-1] / 2)
    return float(median / (NORMAL_MAD * 6))


def denoised(image: U8) -> U8:
    """Denoise an image by non-local means if its noise exceeds the limit.

    Parameters
    ----------
    image : (H, W, 3) ndarray of uint8

    Returns
    -------
    image : (H, W, 3) ndarray of uint8
        The same array if the noise is at most `MAX_UNFILTERED_NOISE`.

    References
    ----------
    A. Buades, B. Coll and J.-M. Morel, "A non-local algorithm for image denoising",
    CVPR 2005.
    """
    level = noise_level(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    if level <= MAX_UNFILTERED_NOISE:
        return image
    grey = bool((image == image[..., :1]).all())
    noisy = np.ascontiguousarray(image[..., 0]) if grey else image
    clean = cv2.fastNlMeansDenoising(
        noisy, None, FILTER_STRENGTH * level, PATCH_SIZE, SEARCH_SIZE
    )
    return np.repeat(clean[..., None], 3, axis=2) if grey else np.asarray(clean)
