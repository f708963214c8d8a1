"""Segmentation metrics: region similarity J and boundary accuracy F."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.vision import cv2

U8 = NDArray[np.uint8]
TOLERANCE = 0.008
"""Tolerance of the boundary measure, as a share of the diagonal of a frame."""


def jaccard(labels: U8, truth: U8, objects: Sequence[int]) -> NDArray[np.float64]:
    """Compute intersection over union per frame and object.

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
            predicted, true = labels[t] == label, truth[t] == label
            union = np.count_nonzero(predicted | true)
            if union:
                out[t, k] = np.count_nonzero(predicted & true) / union
    return out


def boundary_f(labels: U8, truth: U8, objects: Sequence[int]) -> NDArray[np.float64]:
    """Compute the boundary measure F per frame and object.

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
            predicted = np.asarray(labels[t] == label, np.uint8)
            true = np.asarray(truth[t] == label, np.uint8)
            out[t, k] = _boundary_f_of_mask(predicted, true, disk)
    return out


def _disk(radius: int) -> U8:
    """Build a disk-shaped structuring element."""
    row, col = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(row**2 + col**2 <= radius**2, np.uint8)


def _boundary_f_of_mask(mask: U8, true: U8, disk: U8) -> float:
    """Compute F of one mask on one frame."""
    col, row, width, height = cv2.boundingRect(mask | true)
    crop = np.s_[max(row - 1, 0) : row + height + 1, max(col - 1, 0) : col + width + 1]
    lines = _boundary(mask[crop]), _boundary(true[crop])
    count = [np.count_nonzero(line) for line in lines]
    if not all(count):
        return float(not any(count))
    near = [cv2.dilate(line, disk) for line in lines]
    precision = np.count_nonzero(lines[0] & near[1]) / count[0]
    recall = np.count_nonzero(lines[1] & near[0]) / count[1]
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def _boundary(mask: U8) -> U8:
    """Mark pixels that differ from their right, lower or lower right neighbour."""
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    right, below, across = padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    return np.asarray((mask ^ right) | (mask ^ below) | (mask ^ across))


def objects_of(truth: U8) -> tuple[int, ...]:
    """List the object labels in the ground truth in ascending order."""
    maximum = int(truth.max(initial=0))
    return tuple(k for k in range(1, maximum + 1) if (truth == k).any())


def require_objects(truth: U8, name: str) -> tuple[int, ...]:
    """List the object labels in the ground truth of a sequence.

    Raises
    ------
    VideoError
        If there is none.
    """
    objects = objects_of(truth)
    if not objects:
        raise VideoError(
            "Expected an object on one frame or more; the ground truth of "
            f"{name!r} has none. Leave the sequence out."
        )
    return objects


def object_areas(labels: U8, objects: Sequence[int]) -> NDArray[np.int64]:
    """Count the pixels per frame and object.

    Parameters
    ----------
    labels : (T, H, W) ndarray of uint8
    objects : sequence of K int

    Returns
    -------
    area : (T, K) ndarray of int64
        In pixels.
    """
    counts = np.stack([np.bincount(frame.ravel(), minlength=256) for frame in labels])
    return np.asarray(counts[:, list(objects)], np.int64)


def present_mean(score: NDArray[np.float64], area: NDArray[np.int64]) -> list[float]:
    """Average a score per object over the frames on which the object is present.

    Parameters
    ----------
    score : (T, K) ndarray of float64
    area : (T, K) ndarray of int64
        True area of each object, 0 where it is absent. Each object is present on one
        frame or more.

    Returns
    -------
    mean : list of K float

    Examples
    --------
    >>> present_mean(np.array([[0.5], [1.0], [0.7]]), np.array([[9], [0], [8]]))
    [0.6]
    """
    present = area > 0
    mean = (score * present).sum(axis=0) / present.sum(axis=0)
    return [float(value) for value in mean]


def false_positive_share(
    predicted: NDArray[np.int64], true: NDArray[np.int64], pixels: int
) -> list[float | None]:
    """Measure the predicted area per object on the frames without the object.

    Parameters
    ----------
    predicted, true : (T, K) ndarray of int64
        Predicted and true areas of K objects in pixels.
    pixels : int
        Pixels per frame.

    Returns
    -------
    share : list of K float or None
        Pixels that have the label of an object on frames where it is absent, as a
        share of all pixels of these frames; None for an object that is never absent.

    Examples
    --------
    >>> false_positive_share(np.array([[9], [5], [1]]), np.array([[9], [0], [0]]), 100)
    [0.03]
    """
    absent = true == 0
    wrong = (predicted * absent).sum(axis=0)
    return [
        float(area / (count * pixels)) if count else None
        for area, count in zip(wrong, absent.sum(axis=0), strict=True)
    ]


def identity_switches(labels: U8, truth: U8, objects: Sequence[int]) -> list[int]:
    """Count per object how often its pixels change to labels of other objects.

    An object k is confused on frame t if more than half of its true pixels have labels
    of objects other than k; background does not count as an object. A switch is a frame
    on which k is confused while it was not confused on the previous frame. Frames on
    which k is absent are not confused, and no frame before the first one is. An object
    that stays confused is therefore counted once.

    Parameters
    ----------
    labels, truth : (T, H, W) ndarray of uint8
    objects : sequence of K int

    Returns
    -------
    switches : list of K int

    Examples
    --------
    Object 1 has three pixels, of which 0, 2, 3, 1 and 2 carry label 2:

    >>> truth = np.array([[[1, 1, 1, 2]]] * 5, np.uint8)
    >>> rows = [1, 1, 1, 2], [1, 2, 2, 2], [2, 2, 2, 2], [1, 1, 2, 2], [0, 2, 2, 2]
    >>> identity_switches(np.array(rows, np.uint8)[:, None], truth, [1, 2])
    [2, 0]
    """
    is_object = np.zeros(256, np.bool_)
    is_object[list(objects)] = True
    confused = np.zeros((len(truth) + 1, len(objects)), np.bool_)
    for t in range(len(truth)):
        for k, label in enumerate(objects):
            inside = labels[t][truth[t] == label]
            wrong = np.count_nonzero(is_object[inside] & (inside != label))
            confused[t + 1, k] = 2 * wrong > len(inside)
    starts = confused[1:] & ~confused[:-1]
    return [int(count) for count in starts.sum(axis=0)]


def harmful_rounds(j: Sequence[float], tolerance: float = 0.005) -> int:
    """Count the rounds that lower J by more than a tolerance.

    Parameters
    ----------
    j : sequence of R float
        J after each round.
    tolerance : float

    Examples
    --------
    >>> harmful_rounds([0.5, 0.8, 0.796, 0.79, 0.9])
    1
    """
    return int((np.diff(np.asarray(j, float)) < -tolerance).sum())


def strokes_to_reach(
    j: Sequence[float], strokes: Sequence[int], threshold: float
) -> int | None:
    """Count the strokes drawn until J first reaches a threshold.

    Parameters
    ----------
    j : sequence of R float
        J after each round.
    strokes : sequence of R int
        Strokes drawn per round, including corrections on background.
    threshold : float

    Returns
    -------
    count : int or None
        Strokes of all rounds up to the first with J of `threshold` or more; None if no
        round reaches it.

    Examples
    --------
    >>> strokes_to_reach([0.5, 0.85, 0.8], [2, 3, 1], 0.8)
    5
    """
    for score, count in zip(j, np.cumsum(strokes), strict=True):
        if score >= threshold:
            return int(count)
    return None
