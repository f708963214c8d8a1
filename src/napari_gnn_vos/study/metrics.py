"""How well labels agree with the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]


def jaccard(labels: U8, truth: U8, objects: Sequence[int]) -> NDArray[np.float64]:
    """Intersection over union of every object on every frame.

    Parameters
    ----------
    labels, truth : (T, H, W) ndarray of uint8
    objects : sequence of K int
        Labels to measure.

    Returns
    -------
    j : (T, K) ndarray of float64
        1 where an object is in neither, as in the DAVIS benchmark.

    Examples
    --------
    >>> jaccard(np.array([[[1, 1, 0]]]), np.array([[[0, 1, 1]]]), [1])
    array([[0.33333333]])
    """
    out = np.ones((len(truth), len(objects)))
    for t in range(len(truth)):
        for k, label in enumerate(objects):
            one, other = labels[t] == label, truth[t] == label
            union = np.count_nonzero(one | other)
            if union:
                out[t, k] = np.count_nonzero(one & other) / union
    return out


def objects_of(truth: U8) -> tuple[int, ...]:
    """Labels of the objects in the truth, rising, without background."""
    most = int(truth.max(initial=0))
    return tuple(k for k in range(1, most + 1) if (truth == k).any())
