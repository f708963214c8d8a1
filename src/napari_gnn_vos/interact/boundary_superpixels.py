"""Superpixels next to a predicted boundary, and uncertain ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.frame_graph import FrameGraph

CERTAIN = 0.9
"""Superpixels whose highest probability is lower are uncertain."""


def boundary_superpixels(
    frame: FrameGraph, probability: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Mark the superpixels on both sides of predicted boundaries, and uncertain ones.

    Parameters
    ----------
    frame : FrameGraph
        With n superpixels.
    probability : (n, K) ndarray of float32
        Of background and objects.

    Returns
    -------
    marked : (n,) ndarray of bool
    """
    marked = np.asarray(probability.max(axis=1) < CERTAIN)
    label = probability.argmax(axis=1)
    first, second = frame.spatial_edges
    differs = label[first] != label[second]
    marked[first[differs]] = marked[second[differs]] = True
    return marked
