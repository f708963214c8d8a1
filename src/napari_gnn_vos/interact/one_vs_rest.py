"""One-vs-rest: network inputs of each object, and combination of their probabilities.

The network predicts one object against the rest, once for each object with the inputs
of that object. The probabilities of all objects are then combined.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES

F32 = NDArray[np.float32]
MIN_COMPLEMENT = np.float32(1e-6)
"""Lower limit of ``1 - p`` in the odds ``p / (1 - p)``."""
DRAWN_TARGET, DRAWN_REST, FRAME_ANNOTATED = (
    NODE_INPUT_NAMES.index(name)
    for name in ("drawn_target", "drawn_rest", "frame_annotated")
)
"""Columns of the node inputs that an absent object changes."""


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


def mark_absent(inputs: F32) -> F32:
    """Set the node inputs of a frame as if another label were drawn everywhere.

    Parameters
    ----------
    inputs : (n, 8) ndarray of float32
        Node inputs of an object that is annotated as absent, by `assemble_inputs`.

    Returns
    -------
    inputs : (n, 8) ndarray of float32
        Superpixels under strokes of the object stay as they are.
    """
    marked = inputs.copy()
    marked[:, DRAWN_REST] = 1 - inputs[:, DRAWN_TARGET]
    marked[:, FRAME_ANNOTATED] = 1
    return marked


def zero_absent_objects(
    probabilities: F32, objects: Sequence[int], absent: Collection[int]
) -> F32:
    """Set the probability of absent objects to 0.

    Parameters
    ----------
    probabilities : (K - 1, n) ndarray of float32
        Probability of each object against the rest in one frame.
    objects : sequence of K - 1 int
        Their labels.
    absent : collection of int
        Labels that are annotated as absent in the frame.

    Returns
    -------
    probabilities : (K - 1, n) ndarray of float32
    """
    present = np.array([label not in absent for label in objects], np.float32)
    return np.asarray(probabilities * present[:, None], np.float32)


def odds(probability: F32) -> F32:
    """Compute ``p / (1 - p)`` element by element."""
    return np.asarray(probability / np.maximum(1 - probability, MIN_COMPLEMENT))


def one_vs_rest(
    probabilities: F32, drawn: NDArray[np.int16], objects: tuple[int, ...]
) -> F32:
    r"""Combine one-vs-rest probabilities of all objects into one distribution.

    With the odds :math:`o_k = p_k / (1 - p_k)` of each object k against the rest, the
    probabilities of background and of object k are

    .. math:: \frac{1}{1 + \sum_j o_j} \quad\text{and}\quad
              \frac{o_k}{1 + \sum_j o_j}.

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
    of_objects = odds(probabilities)
    background = np.ones_like(of_objects[:1])
    joint = np.concatenate([background, of_objects]).T.astype(np.float32)
    joint /= joint.sum(axis=1, keepdims=True)
    for column, label in enumerate((0, *objects)):
        joint[drawn == label] = np.eye(len(objects) + 1, dtype=np.float32)[column]
    return np.ascontiguousarray(joint)
