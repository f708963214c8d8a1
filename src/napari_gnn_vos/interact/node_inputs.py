"""What strokes say of every superpixel, as columns for the network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels


def node_inputs(
    node_labels: SuperpixelLabels,
    label: int,
    probabilities: Mapping[str, NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Gather the columns of one frame for one label against the rest.

    Parameters
    ----------
    node_labels : SuperpixelLabels
        What is known of the n superpixels of the frame.
    label : int
    probabilities : dict of str to (n,) ndarray of float32
        ``label_model``, ``harmonic`` and ``previous``: probabilities of the label.

    Returns
    -------
    inputs : (n, 8) ndarray of float32
        Columns as in `structures.feature_names`; probabilities are shifted to -1 .. 1.
    """
    drawn = node_labels.drawn != UNLABELLED
    columns = [
        node_labels.drawn == label,
        drawn & (node_labels.drawn != label),
        node_labels.propagated == label,
        (node_labels.propagated != UNLABELLED) & (node_labels.propagated != label),
        2 * probabilities["label_model"] - 1,
        2 * probabilities["harmonic"] - 1,
        2 * probabilities["previous"] - 1,
        np.full(len(drawn), drawn.any()),
    ]
    return np.stack([np.asarray(c, np.float32) for c in columns], axis=1)
