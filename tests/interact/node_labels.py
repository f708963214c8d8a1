"""Known labels of superpixels, from pairs."""

import numpy as np

from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels


def known_labels(n, drawn=(), propagated=(), presumed=()):
    """Labels of `n` superpixels from pairs (superpixel, label)."""
    arrays = [np.full(n, UNLABELLED, np.int16) for _ in range(3)]
    for array, pairs in zip(arrays, (drawn, propagated, presumed), strict=True):
        for node, label in pairs:
            array[node] = label
    return SuperpixelLabels(*arrays)
