"""Reliability of the expected J: the true J of frames by their expected J."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

BINS = 10


class ReliabilityBin(TypedDict):
    """Frames of similar expected J.

    Keys are ``frames``, the number of pairs of a frame and an object, and the means of
    ``expected`` and ``true`` J.
    """

    frames: int
    expected: float
    true: float


def reliability_bins(
    expected: ArrayLike, true: ArrayLike, count: int = BINS
) -> list[ReliabilityBin]:
    """Divide frames into bins of equal size by expected J.

    Parameters
    ----------
    expected, true : (N,) array_like
        J per frame and object.
    count : int
        Number of bins; fewer if there are fewer frames.

    Returns
    -------
    bins : list of ReliabilityBin
        From the lowest to the highest expected J.

    Examples
    --------
    >>> bins = reliability_bins([0.5, 0.9, 0.7, 0.9], [0.25, 0.75, 0.5, 1.0], 2)
    >>> [(row["expected"], row["true"]) for row in bins]
    [(0.6, 0.375), (0.9, 0.875)]
    """
    pairs = np.stack([np.asarray(expected, float), np.asarray(true, float)], axis=1)
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    return [
        {"frames": len(part), "expected": float(means[0]), "true": float(means[1])}
        for part in np.array_split(pairs, min(count, len(pairs)) or 1)
        if len(part)
        for means in [part.mean(axis=0)]
    ]


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Compute the mean absolute difference of expected and true J over all frames.

    Examples
    --------
    >>> calibration_error(reliability_bins([0.5, 0.75], [0.25, 0.75], 2))
    0.125
    """
    differences = [abs(row["expected"] - row["true"]) for row in bins]
    return float(np.average(differences, weights=[row["frames"] for row in bins]))
