"""From superpixels back to pixels, along the edges of the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
RADIUS = 3
"""Pixels around each that the filter looks at."""
SMOOTH = 4e-4
"""Variance of grey (0 to 1) below which the filter blurs."""
MARGIN = 3 * RADIUS + 2
UNLIKELY = 0.05
"""Probability up to which an object need not be looked for at pixels."""


def paint_labels(
    labels: NDArray[np.uint16],
    probability: F32,
    objects: tuple[int, ...],
    grey: NDArray[np.uint8] | None,
) -> NDArray[np.uint8]:
    """Give every pixel of a frame the likeliest label.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    probability : (n, K) ndarray of float32
        Column 0 is background.
    objects : tuple of K - 1 int
        Labels of the other columns.
    grey : (H, W) ndarray of uint8, optional
        If given, probabilities follow its edges (guided filter).

    Returns
    -------
    painted : (H, W) ndarray of uint8
    """
    names = np.array((0, *objects), np.uint8)
    flat: NDArray[np.uint8] = np.take(names[probability.argmax(axis=1)], labels)
    if grey is None:
        return flat
    whole, found = flat.copy(), []
    rest = np.ones(labels.shape, np.float32)
    for name, column in zip(objects, probability.T[1:], strict=True):
        box = _box((column > UNLIKELY)[labels[::2, ::2]])
        if box is not None:
            guide = grey[box].astype(np.float32) / np.float32(255)
            soft = guided_filter(guide, np.take(column, labels[box]))
            rest[box] -= soft
            found.append((name, box, soft))
            flat[box] = 0
    for name, box, soft in found:  # rest becomes the chance of the likeliest so far
        more = soft > rest[box]
        flat[box][more] = name
        np.maximum(rest[box], soft, out=rest[box])
    for name, box, _ in found:
        _drop_specks(flat[box], whole[box], name)
        _drop_specks(flat[box], whole[box], 0)
    return flat


def _drop_specks(painted: U8, whole: U8, name: int) -> None:
    """Undo pieces of a label, in place, which no superpixel with that label touches.

    Parameters
    ----------
    painted, whole : (H, W) ndarray of uint8
        Labels with the filter, and of whole superpixels.
    name : int
    """
    count, pieces = cv2.connectedComponents((painted == name).view(np.uint8))
    held = np.bincount(pieces[whole == name], minlength=count) > 0
    held[0] = True
    if not held.all():
        specks = ~held[pieces]
        painted[specks] = whole[specks]


def _box(some: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """Find the rows and columns with something, from every second of both."""
    rows, cols = np.flatnonzero(some.any(axis=1)), np.flatnonzero(some.any(axis=0))
    if len(rows) == 0:
        return None
    begins = [max(2 * int(some[0]) - MARGIN, 0) for some in (rows, cols)]
    ends = [2 * int(some[-1]) + MARGIN + 1 for some in (rows, cols)]
    return slice(begins[0], ends[0]), slice(begins[1], ends[1])


def paint_frame(
    session: Session, t: int, probability: F32, objects: tuple[int, ...]
) -> NDArray[np.uint8]:
    """Label all pixels of a frame; pixels under a stroke get its label.

    Parameters
    ----------
    session : Session
    t : int
        Number of the frame.
    probability : (n, K) ndarray of float32
        Of its superpixels, see `paint_labels`.
    objects : tuple of K - 1 int

    Returns
    -------
    painted : (H, W) ndarray of uint8
    """
    grey = session.video.greys[t] if session.config.refine else None
    labels = session.graph.frames[t].labels
    painted = paint_labels(labels, probability, objects, grey)
    ink = session.ink
    here = ink.frame == t
    painted[ink.row[here], ink.col[here]] = ink.label[here]
    return painted


def guided_filter(guide: F32, soft: F32) -> F32:
    """Smooth `soft` (H, W) except across the edges of `guide` (H, W, 0 to 1).

    References
    ----------
    K. He et al., "Guided Image Filtering", PAMI 2013.
    """
    mean_g, mean_s = _mean(guide), _mean(soft)
    both = _mean(guide * soft) - mean_g * mean_s
    variance = _mean(guide * guide) - mean_g * mean_g
    slope = np.asarray(both / (variance + np.float32(SMOOTH)), np.float32)
    offset = mean_s - slope * mean_g
    return _mean(slope) * guide + _mean(offset)


def _mean(image: F32) -> F32:
    out: F32 = cv2.blur(image, (2 * RADIUS + 1, 2 * RADIUS + 1))
    return out
