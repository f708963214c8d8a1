"""What the label model learns from: drawn superpixels, guesses and seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.label_model import LabelModel
from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels
from napari_gnn_vos.structures.frame_graph import FrameGraph

F32 = NDArray[np.float32]


def disputed(
    appearance: NDArray[np.float16], labels: NDArray[np.int16]
) -> NDArray[np.bool_]:
    """Tell which superpixels look exactly like one of another label.

    The parts of a superpixel that strokes have split share the appearance of the whole:
    they would teach the label model that the same look is both.

    Parameters
    ----------
    appearance : (n, A) ndarray of float16
    labels : (n,) ndarray of int

    Returns
    -------
    disputed : (n,) ndarray of bool
    """
    _, look = np.unique(appearance, axis=0, return_inverse=True)
    pairs = np.unique(np.stack([look.ravel(), labels]), axis=1)
    both = pairs[0][1:][np.diff(pairs[0]) == 0]
    return np.isin(look.ravel(), both)


def not_slivers(frame: FrameGraph, sliver: float) -> F32:
    """How much superpixels of a frame count by their size, 0 to 1, (n,).

    Strokes leave slivers where a brush is wider than what it corrects. To the backbone,
    whose cells are larger, they look like what lies around them.
    """
    size = frame.sizes
    least = np.float32(max(sliver * size.mean(), 1))
    return np.minimum(size / least, 1).astype(np.float32)


def fit_label_model(
    frames: Sequence[FrameGraph],
    first: NDArray[np.int64],
    node_labels: SuperpixelLabels,
    settings: LabelModelSettings,
) -> LabelModel:
    """Fit on drawn superpixels, guessed background and, counting less, on seeds.

    Slivers count less, too.
    """
    known, labels, weights, reference = [], [], [], []
    for source, weight in (
        (node_labels.drawn, 1.0),
        (node_labels.guessed, 1.0),
        (node_labels.propagated, settings.propagated_weight),
    ):
        where = np.flatnonzero(source != UNLABELLED)
        at = np.searchsorted(first, where, side="right") - 1
        for t in np.unique(at):
            rows = where[at == t]
            if source is node_labels.drawn:
                looks = frames[int(t)].appearance[rows - first[t]]
                rows = rows[~disputed(looks, source[rows])]
            known.append(frames[int(t)].appearance[rows - first[t]])
            labels.append(source[rows])
            counts = np.full(len(rows), weight, np.float32)
            if source is node_labels.drawn:
                counts *= not_slivers(frames[int(t)], settings.small_superpixel)[
                    rows - first[t]
                ]
            weights.append(counts)
            if weight == 1.0:
                reference.append(frames[int(t)].appearance)
    return LabelModel(
        np.concatenate(known).astype(np.float32),
        np.concatenate(labels),
        np.concatenate(weights),
        np.concatenate(reference),
        settings,
    )
