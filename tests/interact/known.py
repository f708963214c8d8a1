"""Superpixels whose label is known."""

import numpy as np

from napari_gnn_vos.interact.marks import NOTHING, Marks


def known(n, drawn=(), spread=(), guessed=()):
    """Marks of `n` superpixels, from (number, label) pairs."""
    parts = [np.full(n, NOTHING, np.int16) for _ in range(3)]
    for part, some in zip(parts, (drawn, spread, guessed), strict=True):
        for at, label in some:
            part[at] = label
    return Marks(*parts)
