"""The answers for every object, put together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
LEAST = np.float32(1e-6)
"""Probability below which none is told from 0."""


def one_vs_rest(
    probabilities: F32, drawn: NDArray[np.int16], objects: tuple[int, ...]
) -> F32:
    """Put the answers for the objects of a frame together; what is drawn is binding.

    Parameters
    ----------
    probabilities : (K - 1, n) ndarray of float32
        Probability of every object against the rest.
    drawn : (n,) ndarray of int16
        Label drawn on a superpixel, -1 where none is.
    objects : tuple of K - 1 int
        Labels of the objects.

    Returns
    -------
    probability : (n, K) ndarray of float32
        Column 0 is background. Every object has against it the odds that it has
        against the rest; rows sum to 1.
    """
    odds = probabilities / np.maximum(1 - probabilities, LEAST)
    joined = np.concatenate([np.ones_like(odds[:1]), odds]).T.astype(np.float32)
    joined /= joined.sum(axis=1, keepdims=True)
    for column, label in enumerate((0, *objects)):
        joined[drawn == label] = np.eye(len(objects) + 1, dtype=np.float32)[column]
    return np.ascontiguousarray(joined)
