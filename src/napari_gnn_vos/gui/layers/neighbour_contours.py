"""Contours of the labels of the frames before and after."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.vision import cv2

DOT = 3
"""Length of the dots of the contours of the next frame, in pixels."""


def neighbour_contours(
    before: NDArray[Any] | None, after: NDArray[Any] | None, shape: tuple[int, ...]
) -> NDArray[np.uint16]:
    """Draw the contours of two label images; those of the second are dotted.

    Parameters
    ----------
    before, after : (H, W) ndarray of uint8 or uint16, optional
        Labels of the previous and of the next frame; None beyond the ends.
    shape : (int, int)
        H, W.

    Returns
    -------
    contours : (H, W) ndarray of uint16
        The label of an object on its contours, two pixels wide; 0 elsewhere.
    """
    contours = np.zeros(shape, np.uint16)
    if after is not None:
        rows, cols = np.indices(shape, sparse=True)
        dotted = (rows // DOT + cols // DOT) % 2 == 0
        contours = np.where(dotted, _contours(after), np.uint16(0))
    if before is not None:
        drawn = _contours(before)
        np.copyto(contours, drawn, where=drawn > 0)
    return contours


def _contours(labels: NDArray[Any]) -> NDArray[np.uint16]:
    kernel = np.ones((3, 3), np.uint8)
    labels = np.ascontiguousarray(labels, np.uint16)
    largest, smallest = cv2.dilate(labels, kernel), cv2.erode(labels, kernel)
    return np.asarray(np.where(largest != smallest, largest, 0), np.uint16)
