"""The answers for every object, put together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.evidence import Evidence
from napari_gnn_vos.structures.session import Prediction


def one_vs_rest(
    chances: Mapping[int, NDArray[np.float32]], found: Evidence
) -> Prediction:
    """Put the answers for every object together; what is drawn is binding.

    Parameters
    ----------
    chances : mapping of int to (N,) ndarray of float32
        Probability of every object against the rest.
    found : Evidence
        What the answers were given from.

    Returns
    -------
    prediction : Prediction
        Background is as likely as that no object is there; rows are divided by their
        sum.
    """
    columns = np.stack([chances[label] for label in found.objects], axis=1)
    rest = np.prod(1 - columns, axis=1, keepdims=True)
    joined = np.concatenate([rest, columns], axis=1).astype(np.float32)
    joined /= joined.sum(axis=1, keepdims=True)
    drawn = found.marks.drawn
    for column, label in enumerate((0, *found.objects)):
        joined[drawn == label] = np.eye(joined.shape[1], dtype=np.float32)[column]
    rows = np.split(joined, found.first[1:-1])
    return Prediction(found.objects, tuple(rows))
