"""What strokes say of every superpixel, as columns for the network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.marks import NOTHING, Marks


def node_inputs(
    marks: Marks, label: int, chances: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Gather the columns of one frame for one label against the rest.

    Parameters
    ----------
    marks : Marks
        What is known of the n superpixels of the frame.
    label : int
    chances : dict of str to (n,) ndarray of float32
        ``label_model``, ``harmonic`` and ``previous``: probabilities of the label.

    Returns
    -------
    inputs : (n, 8) ndarray of float32
        Columns as in `structures.input_names`; probabilities are shifted to -1 .. 1.
    """
    drawn = marks.drawn != NOTHING
    columns = [
        marks.drawn == label,
        drawn & (marks.drawn != label),
        marks.spread == label,
        (marks.spread != NOTHING) & (marks.spread != label),
        2 * chances["label_model"] - 1,
        2 * chances["harmonic"] - 1,
        2 * chances["previous"] - 1,
        np.full(len(drawn), drawn.any()),
    ]
    return np.stack([np.asarray(c, np.float32) for c in columns], axis=1)
