"""Division of one real object into parts that touch and move together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.davis import Truth
from napari_gnn_vos.study.scenes.scene_spec import PartsSpec
from napari_gnn_vos.study.scenes.tracks import smooth_path

AXES = {"rows": 0, "columns": 1}


def cut_positions(spec: PartsSpec, truth: Truth) -> NDArray[np.float64]:
    """Locate the cuts in each frame, smoothed over time.

    Parameters
    ----------
    spec : PartsSpec
    truth : (T, H, W) ndarray of uint8
        The object has label 1 in each frame.

    Returns
    -------
    positions : (T, number of cuts) ndarray of float64
        Row or column of each cut.
    """
    axis = AXES[spec.axis]
    quantiles = [
        np.quantile(np.nonzero(mask == 1)[axis], spec.shares) for mask in truth
    ]
    return smooth_path(np.array(quantiles))


def divide_object(
    labels: NDArray[np.uint8], axis: str, positions: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Give the parts of label 1 the first labels, and raise the other labels.

    Parameters
    ----------
    labels : (H, W) ndarray of uint8
    axis : {"rows", "columns"}
    positions : (number of cuts,) ndarray of float64

    Returns
    -------
    labels : (H, W) ndarray of uint8
        Parts 1, 2, ... along the axis; label k > 1 becomes k + number of cuts.

    Examples
    --------
    >>> divide_object(np.array([[1, 1, 1, 2, 0]], np.uint8), "columns", np.array([1.5]))
    array([[1, 1, 2, 3, 0]], dtype=uint8)
    """
    along = np.arange(labels.shape[AXES[axis]])
    part = np.searchsorted(positions, along).astype(np.uint8)
    part = part[:, None] if axis == "rows" else part[None]
    cuts = np.uint8(len(positions))
    parts = np.where(labels == 1, labels + part, labels + cuts)
    return np.where(labels == 0, labels, parts)
