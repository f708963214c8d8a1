"""Masks and outlines of CVAT XML, from the attributes of their elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.formats.run_lengths import (
    check_run_lengths,
    mask_from_run_lengths,
)

Attributes = dict[str, str]
COARSE = ("box", "ellipse")
"""Shapes that are filled, below masks and polygons of the same order."""
ELLIPSE_CORNERS = 128


def with_outline(tag: str, attributes: Attributes) -> Attributes:
    """Return the attributes of a box or an ellipse as those of a polygon.

    Parameters
    ----------
    tag : str
        Name of the element; others than `COARSE` are returned as they are.
    attributes : dict of str to str
        A rotation is in degrees clockwise, around the centre.

    Raises
    ------
    ValueError, LookupError
        If attributes are missing or no numbers.
    """
    if tag not in COARSE:
        return attributes
    names = (
        ("cx", "cy", "rx", "ry") if tag == "ellipse" else ("xtl", "ytl", "xbr", "ybr")
    )
    a, b, c, d = (float(attributes[name]) for name in names)
    if tag == "ellipse":
        centre, radii = (a, b), (c, d)
        angles = np.linspace(0, 2 * np.pi, ELLIPSE_CORNERS, endpoint=False)
        unit = np.stack([np.cos(angles), np.sin(angles)])
    else:
        centre, radii = ((a + c) / 2, (b + d) / 2), ((c - a) / 2, (d - b) / 2)
        unit = np.array([[-1, 1, 1, -1], [-1, -1, 1, 1]])
    turn = np.deg2rad(float(attributes.get("rotation", 0)))
    cos, sin = np.cos(turn), np.sin(turn)
    points = np.array([[cos, -sin], [sin, cos]]) @ (unit * np.array([radii]).T)
    points += np.array([centre]).T
    text = ";".join(f"{x:.6g},{y:.6g}" for x, y in points.T)
    return {**attributes, "points": text, "shape": tag}


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


def drawing_order(attributes: Attributes) -> tuple[int, bool]:
    """Return the position of a shape above others."""
    text = attributes.get("z_order", "")
    order = int(text) if text.lstrip("-").isdecimal() else 0
    return order, attributes.get("shape") not in COARSE


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
