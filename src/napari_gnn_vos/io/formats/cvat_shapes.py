"""Masks and polygons of CVAT XML, from the attributes of their elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.formats.run_lengths import (
    check_run_lengths,
    mask_from_run_lengths,
)

Attributes = dict[str, str]


def check_shape(attributes: Attributes, height: int, width: int) -> None:
    """Check that a shape can be drawn.

    Parameters
    ----------
    attributes : dict of str to str
    height, width : int
        Size of the frame.

    Raises
    ------
    ReadError, ValueError, LookupError
        If attributes are missing or damaged, or a mask is outside the frame.
    """
    if "rle" not in attributes:
        corners(attributes["points"])
        return
    top, left, rows, cols = _box(attributes)
    inside = top + rows <= height and left + cols <= width
    if not inside or min(top, left, rows - 1, cols - 1) < 0:
        raise ValueError("its box is outside the frame")
    check_run_lengths(_counts(attributes), rows * cols)


def draw_shape(labels: NDArray[Any], attributes: Attributes, label: int) -> None:
    """Draw a shape on a label image.

    Parameters
    ----------
    labels : (H, W) ndarray of uint8 or uint16
        Is changed.
    attributes : dict of str to str
        Checked by `check_shape`. Points of polygons are in pixels from the corner of
        the frame.
    label : int
    """
    from skimage.draw import polygon

    if "rle" not in attributes:
        cols, rows = corners(attributes["points"]) - 0.5  # pixel 0 is from 0 to 1
        labels[polygon(rows, cols, labels.shape)] = label
        return
    top, left, height, width = _box(attributes)
    mask = mask_from_run_lengths(_counts(attributes), height * width)
    box = labels[top : top + height, left : left + width]
    box[mask.reshape(height, width)] = label


def _box(attributes: Attributes) -> tuple[int, int, int, int]:
    names = ("top", "left", "height", "width")
    top, left, height, width = (int(attributes[name]) for name in names)
    return top, left, height, width


def _counts(attributes: Attributes) -> list[int]:
    return [int(text) for text in attributes["rle"].split(",")]


def corners(points: str) -> NDArray[np.float64]:
    """Return columns and rows of the corners of a polygon, (2, P)."""
    corners = [[float(x) for x in corner.split(",")] for corner in points.split(";")]
    if {len(corner) for corner in corners} != {2} or not np.isfinite(corners).all():
        raise ValueError("its points are not pairs of numbers")
    return np.array(corners).T
