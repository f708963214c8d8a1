"""How well labels agree with the truth: regions (J) and boundaries (F)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.vision import cv2

U8 = NDArray[np.uint8]
TOLERANCE = 0.008
"""Share of a frame's diagonal that a boundary may be off by."""


def jaccard(labels: U8, truth: U8, objects: Sequence[int]) -> NDArray[np.float64]:
    """Intersection over union of every object on every frame.

    Parameters
    ----------
    labels, truth : (T, H, W) ndarray of uint8
    objects : sequence of K int
        Labels to measure.

    Returns
    -------
    j : (T, K) ndarray of float64
        1 where an object is in neither, as in the DAVIS benchmark.

    Examples
    --------
    >>> jaccard(np.array([[[1, 1, 0]]]), np.array([[[0, 1, 1]]]), [1])
    array([[0.33333333]])
    """
    out = np.ones((len(truth), len(objects)))
    for t in range(len(truth)):
        for k, label in enumerate(objects):
            one, other = labels[t] == label, truth[t] == label
            union = np.count_nonzero(one | other)
            if union:
                out[t, k] = np.count_nonzero(one & other) / union
    return out


def boundary_f(labels: U8, truth: U8, objects: Sequence[int]) -> NDArray[np.float64]:
    """Boundary measure F of every object on every frame.

    Precision P is the share of the boundary in the labels that lies no farther than a
    tolerance from the true one, recall R the reverse; F = 2 P R / (P + R). The
    tolerance is a disk of 0.008 of the frame's diagonal, rounded up to whole pixels.

    Parameters
    ----------
    labels, truth : (T, H, W) ndarray of uint8
    objects : sequence of K int
        Labels to measure.

    Returns
    -------
    f : (T, K) ndarray of float64
        1 where neither has a boundary, 0 where only one has, as in the DAVIS benchmark.

    References
    ----------
    F. Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object
    Segmentation", CVPR 2016, section 5.

    Examples
    --------
    >>> truth = np.zeros((1, 40, 40), np.uint8)
    >>> truth[0, 10:30, 10:30] = 1
    >>> boundary_f(np.roll(truth, 1, axis=2), truth, [1])
    array([[1.]])
    >>> boundary_f(np.roll(truth, 5, axis=2), truth, [1]).round(2)
    array([[0.45]])
    """
    disk = _disk(int(np.ceil(TOLERANCE * np.hypot(*truth.shape[1:]))))
    out = np.ones((len(truth), len(objects)))
    for t in range(len(truth)):
        for k, label in enumerate(objects):
            mask, true = (
                np.asarray(of[t] == label, np.uint8) for of in (labels, truth)
            )
            out[t, k] = _agreement(mask, true, disk)
    return out


def _disk(radius: int) -> U8:
    """Pixels no farther than `radius` from the middle one."""
    row, col = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(row**2 + col**2 <= radius**2, np.uint8)


def _agreement(mask: U8, true: U8, disk: U8) -> float:
    """F of one mask on one frame."""
    col, row, width, height = cv2.boundingRect(mask | true)
    crop = np.s_[max(row - 1, 0) : row + height + 1, max(col - 1, 0) : col + width + 1]
    lines = _boundary(mask[crop]), _boundary(true[crop])
    count = [np.count_nonzero(line) for line in lines]
    if not all(count):
        return float(not any(count))
    near = [cv2.dilate(line, disk) for line in lines]
    precision = np.count_nonzero(lines[0] & near[1]) / count[0]
    recall = np.count_nonzero(lines[1] & near[0]) / count[1]
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0


def _boundary(mask: U8) -> U8:
    """Pixels that differ from the one to the right, below, or right below."""
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    right, below, across = padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    return np.asarray((mask ^ right) | (mask ^ below) | (mask ^ across))


def objects_of(truth: U8) -> tuple[int, ...]:
    """Labels of the objects in the truth, rising, without background."""
    most = int(truth.max(initial=0))
    return tuple(k for k in range(1, most + 1) if (truth == k).any())
