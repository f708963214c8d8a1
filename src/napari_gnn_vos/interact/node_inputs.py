"""What the network is told of the annotation, for one label against the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.marks import NOTHING, Marks

F32 = NDArray[np.float32]


def node_inputs(
    marks: Marks,
    label: int,
    chances: dict[str, F32],
    first: NDArray[np.int64],
) -> F32:
    """Compute the columns of one label against the rest.

    Parameters
    ----------
    marks : Marks
        Of N superpixels.
    label : int
    chances : dict of str to (N,) ndarray of float32
        ``label_model``, ``harmonic`` and ``previous``: probabilities of the label.
    first : (T + 1,) ndarray of int64
        Number of the first superpixel of every frame, then N.

    Returns
    -------
    inputs : (N, 8) ndarray of float32
        Columns as in `structures.input_names`; probabilities are shifted to -1 .. 1.
    """
    drawn = marks.drawn != NOTHING
    frame = np.repeat(np.arange(len(first) - 1), np.diff(first))
    has_ink = np.bincount(frame, drawn, len(first) - 1) > 0
    columns = [
        marks.drawn == label,
        drawn & (marks.drawn != label),
        marks.spread == label,
        (marks.spread != NOTHING) & (marks.spread != label),
        2 * chances["label_model"] - 1,
        2 * chances["harmonic"] - 1,
        2 * chances["previous"] - 1,
        has_ink[frame],
    ]
    return np.stack([np.asarray(c, np.float32) for c in columns], axis=1)
