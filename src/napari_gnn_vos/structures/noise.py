"""How noisy a picture is, and the same picture without its noise."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.vision import cv2

U8 = NDArray[np.uint8]
QUIET = 4.0
"""Standard deviation, of 255, up to which a picture is left as it is: compressed films
and photographs have .5 to 3."""
STRENGTH = 2.5
"""Of the filter, in standard deviations of the noise."""
PATCH, SEARCH = 5, 11
"""Pixels across of what is compared, and of where it is looked for."""
KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Answers to noise, but not to edges and slopes; 6 times as wide as the noise."""
LOUDEST = 255 * 8 + 1
"""More than its answer ever is."""
MEDIAN = 0.6745
"""Median of the absolute values of a normal distribution of width 1."""


def noise_level(grey: U8) -> float:
    """Estimate the standard deviation of the noise of a picture.

    White noise is half as wide where pixels are averaged in fours; fine texture, grass
    or gravel, stays as it is or rises. What stays is taken off.

    Parameters
    ----------
    grey : (H, W) ndarray of uint8

    Returns
    -------
    level : float
        Of 255. Where pixels are black or white to the end nothing is measured.

    References
    ----------
    J. Immerkaer, "Fast Noise Variance Estimation", Computer Vision and Image
    Understanding 64, 1996; with the median in place of the mean, which texture raises.
    """
    high, wide = (size // 2 * 2 for size in grey.shape)
    half = cv2.resize(
        grey[:high, :wide], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
    )
    fine, coarse = _roughness(grey), _roughness(half)
    return sqrt(min(max(4 / 3 * (fine**2 - coarse**2), 0), fine**2))


def _roughness(grey: U8) -> float:
    """Measure what would be the width of the noise, if there were nothing else."""
    answer = np.abs(cv2.filter2D(grey, cv2.CV_16S, KERNEL)).view(np.uint16)
    cut_off = cv2.inRange(grey, 1, 254) == 0
    answer += cut_off * np.uint16(LOUDEST)
    counts = cv2.calcHist([answer], [0], None, [LOUDEST], [0, LOUDEST])
    below = counts.cumsum()
    median = np.searchsorted(below, below[-1] / 2)
    return float(median / (MEDIAN * 6))


def denoised(picture: U8) -> U8:
    """Take the noise out of a picture that has more than films and photographs do.

    Parameters
    ----------
    picture : (H, W, 3) ndarray of uint8

    Returns
    -------
    picture : (H, W, 3) ndarray of uint8
        By non-local means; the same one where there is little noise.

    References
    ----------
    A. Buades, B. Coll and J.-M. Morel, "A non-local algorithm for image denoising",
    CVPR 2005.
    """
    level = noise_level(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    if level <= QUIET:
        return picture
    grey = bool((picture == picture[..., :1]).all())
    noisy = np.ascontiguousarray(picture[..., 0]) if grey else picture
    clean = cv2.fastNlMeansDenoising(noisy, None, STRENGTH * level, PATCH, SEARCH)
    return np.repeat(clean[..., None], 3, axis=2) if grey else np.asarray(clean)
