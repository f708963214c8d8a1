"""Guesses of background that look like what is drawn are taken back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.scribbles import BACKGROUND
from napari_gnn_vos.structures.seeds import Ink, Seeds

F32 = NDArray[np.float32]


def unlike_objects(
    frames: Sequence[FrameGraph], guess: Seeds, ink: Ink, share: float
) -> Seeds:
    """Leave out the guesses that look most like objects.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    guess : Seeds
        Background that was guessed, on frames with ink on objects.
    ink : Ink
        What is drawn. On frames where background is, no guess is left out: a person
        has shown what is not the object.
    share : float
        Of the guesses on a frame, how many to leave out, 0 to 1.

    Returns
    -------
    guess : Seeds

    Notes
    -----
    A short stroke on a large object leaves room on that object itself, where some
    guesses fall; to the backbone they look like the stroke.
    """
    kept = np.ones(len(guess), bool)
    for t in np.unique(guess.frame):
        here, drawn = np.flatnonzero(guess.frame == t), ink.take(ink.frame == t)
        if (drawn.label == BACKGROUND).any():
            continue
        frame = frames[int(t)]
        row, col = np.rint(guess.row[here]), np.rint(guess.col[here])
        below = frame.labels[row.astype(int), col.astype(int)]
        far = _distance(frame, below, np.unique(frame.labels[drawn.row, drawn.col]))
        order = np.argsort(far, kind="stable")
        kept[here[order[: round(share * len(here))]]] = False
    return guess.take(kept)


def _distance(
    frame: FrameGraph, some: NDArray[np.uint16], others: NDArray[np.uint16]
) -> F32:
    """From every superpixel to the one of `others` that looks most like it, squared."""
    look = frame.appearance.astype(np.float32)
    far = np.stack([((look[some] - look[k]) ** 2).mean(axis=1) for k in others])
    nearest: F32 = far.min(axis=0)
    return nearest
