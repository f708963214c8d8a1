"""From superpixels back to pixels, along the edges of the picture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.session import Prediction, Session
from napari_gnn_vos.structures.video import Rgb
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
RADIUS = 3
"""Pixels around each that the filter looks at."""
SMOOTH = 4e-4
"""Variance of grey (0 to 1) below which the filter blurs."""
MARGIN = 3 * RADIUS


def paint_labels(
    labels: NDArray[np.uint16],
    probability: F32,
    objects: tuple[int, ...],
    picture: Rgb | None,
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
    picture : (H, W, 3) ndarray of uint8, optional
        If given, probabilities follow its edges (guided filter).

    Returns
    -------
    painted : (H, W) ndarray of uint8
    """
    names = np.array((0, *objects), np.uint8)
    flat: NDArray[np.uint8] = names[probability.argmax(axis=1)][labels]
    if picture is None:
        return flat
    some = np.any(probability[:, 1:] > 0.05, axis=1)[labels]
    rows, cols = np.flatnonzero(some.any(axis=1)), np.flatnonzero(some.any(axis=0))
    if len(rows) == 0:
        return flat
    box = (
        slice(max(rows[0] - MARGIN, 0), rows[-1] + MARGIN + 1),
        slice(max(cols[0] - MARGIN, 0), cols[-1] + MARGIN + 1),
    )
    soft = probability[:, 1:][labels[box]]
    grey = cv2.cvtColor(np.ascontiguousarray(picture[box]), cv2.COLOR_RGB2GRAY)
    guide = grey.astype(np.float32) / np.float32(255)
    smooth = [guided_filter(guide, soft[..., k]) for k in range(soft.shape[2])]
    rest = 1 - np.sum(smooth, axis=0)
    flat[box] = names[np.argmax([rest, *smooth], axis=0)]
    return flat


def paint_session(session: Session, prediction: Prediction) -> NDArray[np.uint8]:
    """Label all pixels of a video; pixels under a stroke get its label.

    Parameters
    ----------
    session : Session
        T frames of H x W pixels.
    prediction : Prediction
        Of all its superpixels.

    Returns
    -------
    painted : (T, H, W) ndarray of uint8
    """
    out = np.empty(session.graph.shape, np.uint8)

    def paint(t: int) -> None:
        picture = session.video.rgb(t) if session.config.refine else None
        labels = session.graph.frames[t].labels
        out[t] = paint_labels(
            labels, prediction.probability[t], prediction.objects, picture
        )

    with ThreadPoolExecutor() as pool:
        list(pool.map(paint, range(len(out))))
    ink = session.ink
    out[ink.frame, ink.row, ink.col] = ink.label
    return out


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
