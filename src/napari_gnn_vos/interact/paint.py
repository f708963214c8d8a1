"""From superpixels back to pixels, along the edges of the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.pixels import (
    drop_specks,
    fit_lines,
    follow_lines,
    labels_to_pixels,
    products,
    take_likelier,
)
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Box = tuple[slice, slice]
RADIUS = 3
"""Pixels around each that the filter looks at."""
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
    names = np.array((0, *objects), np.uint8)[probability.argmax(axis=1)]
    flat = np.empty(labels.shape, np.uint8)
    boxes = labels_to_pixels(labels, names, probability[:, 1:] > UNLIKELY, flat)
    if grey is None:
        return flat
    whole, found = flat.copy(), []
    rest = np.ones(labels.shape, np.float32)
    for name, column, some in zip(objects, probability.T[1:], boxes, strict=True):
        box = _around(*some)
        if box is not None:
            chance = np.ascontiguousarray(column)
            found.append(
                (name, box, follow_edges(labels[box], chance, grey[box], rest[box]))
            )
            flat[box] = 0
    for name, box, soft in found:  # rest becomes the chance of the likeliest so far
        take_likelier(soft, name, rest[box], flat[box])
    for name, box, _ in found:
        drop_specks(flat[box], whole[box], name)
        drop_specks(flat[box], whole[box], 0)
    return flat


def _around(top: int, bottom: int, left: int, right: int) -> Box | None:
    """Widen a box by what the filter looks at; none if there is nothing in it."""
    if bottom < top:
        return None
    rows = slice(max(top - MARGIN, 0), bottom + MARGIN + 1)
    return rows, slice(max(left - MARGIN, 0), right + MARGIN + 1)


def follow_edges(labels: NDArray[np.uint16], chance: F32, grey: U8, rest: F32) -> F32:
    """Smooth an object's chance except across the edges of grey; `rest` loses it.

    Parameters
    ----------
    labels : (h, w) ndarray of uint16
        Superpixels.
    chance : (n,) ndarray of float32
        Of every superpixel.
    grey : (h, w) ndarray of uint8
    rest : (h, w) ndarray of float32
        The chance is taken from it.

    Returns
    -------
    soft : (h, w) ndarray of float32

    References
    ----------
    K. He et al., "Guided Image Filtering", PAMI 2013.
    """
    lines = fit_lines(_mean(products(grey, labels, chance)))
    soft: F32 = follow_lines(_mean(lines), grey, rest)
    return soft


def _mean(image: F32) -> F32:
    out: F32 = cv2.blur(image, (2 * RADIUS + 1, 2 * RADIUS + 1))
    return out


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
    guided = session.config.refine == "guided"
    grey = session.video.greys[t] if guided else None
    labels = session.graph.frames[t].labels
    painted = paint_labels(labels, probability, objects, grey)
    return bind_painted_pixels(session, t, painted)


def bind_painted_pixels(session: Session, t: int, painted: U8) -> U8:
    """Give pixels of frame `t` under a stroke its label, in place."""
    painted_pixels = session.painted_pixels
    here = painted_pixels.frame == t
    rows, cols = painted_pixels.row[here], painted_pixels.col[here]
    painted[rows, cols] = painted_pixels.label[here]
    return painted
