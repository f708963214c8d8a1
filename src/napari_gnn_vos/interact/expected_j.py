"""How right an answer is, by its own account."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
SMALL = 0.1
"""Part of an object's mean area by which areas are enlarged, so that a frame on which
next to nothing is seen of it is no frame on which next to nothing is right."""


def overlap(probability: F32, size: NDArray[np.number]) -> F64:
    """Pixels that masks and objects of a frame may be expected to share, and to cover.

    Parameters
    ----------
    probability : (n, K) ndarray of float32
        Of its superpixels; column 0 is background, rows sum to 1.
    size : (n,) ndarray
        Pixels of every superpixel.

    Returns
    -------
    expected : (2, K - 1) ndarray of float64
        Of every object, the intersection with its mask, and their union. A mask is
        where its object is likeliest.

    Examples
    --------
    >>> sure, unsure = [0.0, 1.0], [0.5, 0.5]
    >>> overlap(np.array([sure, unsure], np.float32), np.array([30, 20])).ravel()
    array([30., 40.])
    """
    chance = probability[:, 1:] * np.asarray(size, np.float64)[:, None]
    mask = probability.argmax(axis=1)[:, None] == np.arange(1, probability.shape[1])
    area = np.asarray(size, np.float64) @ mask
    outside = np.sum(chance, axis=0, where=~mask)
    return np.stack([np.sum(chance, axis=0, where=mask), area + outside])


def expected_j(overlaps: F64) -> F32:
    """Intersection over union that the masks of a video may be expected to have.

    Parameters
    ----------
    overlaps : (T, 2, K - 1) ndarray of float64
        Of every frame, by :func:`overlap`.

    Returns
    -------
    expected : (T, K - 1) ndarray of float32
    """
    shared, covered = np.moveaxis(overlaps, 1, 0)
    more = np.maximum(SMALL * covered.mean(axis=0), 1)
    expected: F32 = ((shared + more) / (covered + more)).astype(np.float32)
    return expected
