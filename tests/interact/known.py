"""Superpixels whose label is known."""

import numpy as np

from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels


def known(n, drawn=(), propagated=(), guessed=()):
    """Marks of `n` superpixels, from (number, label) pairs."""
    parts = [np.full(n, UNLABELLED, np.int16) for _ in range(3)]
    for part, some in zip(parts, (drawn, propagated, guessed), strict=True):
        for at, label in some:
            part[at] = label
    return SuperpixelLabels(*parts)
