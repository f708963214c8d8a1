"""One-vs-rest: network inputs of each object, and combination of their probabilities.

The network predicts one object against the rest, once for each object with the inputs
of that object. The probabilities of all objects are then combined.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels

F32 = NDArray[np.float32]
MIN_COMPLEMENT = np.float32(1e-6)
"""Lower limit of ``1 - p`` in the odds ``p / (1 - p)``."""


def assemble_inputs(
    node_labels: SuperpixelLabels, label: int, probabilities: Mapping[str, F32]
) -> F32:
    """Assemble the node inputs of one frame for one label against the rest.

    Parameters
    ----------
    node_labels : SuperpixelLabels
        Known labels of the n superpixels of the frame.
    label : int
    probabilities : dict of str to (n,) ndarray of float32
        ``label_model``, ``harmonic`` and ``previous``: probabilities of the label.

    Returns
    -------
    inputs : (n, 8) ndarray of float32
        Columns as in `structures.feature_names.NODE_INPUT_NAMES`. Probabilities are
        mapped to -1 .. 1.
    """
    drawn = node_labels.drawn != UNLABELLED
    propagated = node_labels.propagated != UNLABELLED
    columns = [
        node_labels.drawn == label,
        drawn & (node_labels.drawn != label),
        node_labels.propagated == label,
        propagated & (node_labels.propagated != label),
        2 * probabilities["label_model"] - 1,
        2 * probabilities["harmonic"] - 1,
        2 * probabilities["previous"] - 1,
        np.full(len(drawn), drawn.any()),
    ]
    return np.stack([np.asarray(c, np.float32) for c in columns], axis=1)


def one_vs_rest(
    probabilities: F32, drawn: NDArray[np.int16], objects: tuple[int, ...]
) -> F32:
    """Combine one-vs-rest probabilities of all objects into one distribution.

    The odds of each object against background are ``p / (1 - p)``; the probabilities of
    background and objects are proportional to 1 and these odds.

    Parameters
    ----------
    probabilities : (K - 1, n) ndarray of float32
        Probability of each object against the rest.
    drawn : (n,) ndarray of int16
        Label painted on each superpixel, -1 if none; it gets probability 1.
    objects : tuple of K - 1 int
        Labels of the objects.

    Returns
    -------
    probability : (n, K) ndarray of float32
        Column 0 is background; rows sum to 1.
    """
    odds = probabilities / np.maximum(1 - probabilities, MIN_COMPLEMENT)
    joint = np.concatenate([np.ones_like(odds[:1]), odds]).T.astype(np.float32)
    joint /= joint.sum(axis=1, keepdims=True)
    for column, label in enumerate((0, *objects)):
        joint[drawn == label] = np.eye(len(objects) + 1, dtype=np.float32)[column]
    return np.ascontiguousarray(joint)
