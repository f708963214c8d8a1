"""Labels of the previous prediction on frames that have been corrected since."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels
from napari_gnn_vos.structures.scribbles import BACKGROUND

LEAST_FRAMES = 3
"""Number of corrected frames from which their labels are used."""
REVIEWED_WEIGHT = 0.04
"""Sample weight of a reviewed label in the label model; that of a stroke is 1."""
CERTAIN = 0.8
"""Least probability of a label that is presumed to be right."""


def reviewed_labels(
    node_labels: SuperpixelLabels,
    previous: Mapping[int, NDArray[np.float32]],
    offsets: NDArray[np.int64],
    frames: Collection[int],
) -> NDArray[np.int16]:
    """Return the certain labels of the previous prediction on corrected frames.

    A person who corrects a frame sees the labels of all its superpixels, so those
    without a stroke are presumed to be right. Corrections alone are a biased sample:
    they are drawn where the prediction was wrong. The labels of one or two frames are
    biased, too: a label model that is fitted to them misses new objects.

    Parameters
    ----------
    node_labels : SuperpixelLabels
        Of N superpixels.
    previous : mapping of int to (N,) ndarray of float32
        Probability of each label, without background, in the previous prediction.
    offsets : (T + 1,) ndarray of int64
        Number of the first superpixel of each frame, then N.
    frames : collection of int
        Frames that were corrected before this prediction.

    Returns
    -------
    labels : (N,) ndarray of int16
        -1 on other frames, under strokes, and where no label is certain; and everywhere
        if there are fewer than `LEAST_FRAMES` frames.
    """
    labels = np.full(int(offsets[-1]), UNLABELLED, np.int16)
    if len(frames) < LEAST_FRAMES:
        return labels
    for t in frames:
        rows = slice(int(offsets[t]), int(offsets[t + 1]))
        of_frame = {label: probability[rows] for label, probability in previous.items()}
        any_object = np.sum(list(of_frame.values()), axis=0)
        labels[rows][any_object <= 1 - CERTAIN] = BACKGROUND
        for label, probability in of_frame.items():
            labels[rows][probability >= CERTAIN] = label
    labels[node_labels.drawn != UNLABELLED] = UNLABELLED
    return labels
