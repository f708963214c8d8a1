"""Objects that are annotated as absent in a frame."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES

F32 = NDArray[np.float32]
DRAWN_TARGET, DRAWN_REST, FRAME_ANNOTATED = (
    NODE_INPUT_NAMES.index(name)
    for name in ("drawn_target", "drawn_rest", "frame_annotated")
)


def mark_absent(inputs: F32) -> F32:
    """Set the node inputs of a frame as if another label were drawn everywhere.

    Parameters
    ----------
    inputs : (n, 8) ndarray of float32
        Node inputs of an object, see `one_vs_rest.assemble_inputs`.

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
        Labels that are absent in the frame.
    """
    present = np.array([label not in absent for label in objects], np.float32)
    return np.asarray(probabilities * present[:, None], np.float32)
