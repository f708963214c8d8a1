"""Between the shapes of a napari layer and our nouns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.axes import Axes
from napari_gnn_vos.structures.scribbles import Scribble

CLOSED = ("rectangle", "polygon", "ellipse")
ELLIPSE_POINTS = 48


def lines_from_shapes(
    paths: Sequence[NDArray[Any]],
    kinds: Sequence[str],
    labels: Iterable[Any],
    axes: Axes,
) -> tuple[Scribble, ...]:
    """Read a Shapes layer.

    Parameters
    ----------
    paths : sequence of (P, D) ndarrays
        ``layer.data``: corner points in pixels of the layer.
    kinds : sequence of str
        ``layer.shape_type``. Outlines of areas are closed; ellipses are traced.
    labels : iterable of int
        ``layer.features["label"]``: what every shape marks, 0 is background.
    axes : Axes
        The axes of the layer.

    Returns
    -------
    lines : tuple of Scribble
        In drawing order; a shape's frame is that of its first point.
    """
    lines = []
    for points, kind, label in zip(paths, kinds, labels, strict=True):
        frame, path = axes.locate(points)
        lines.append(Scribble(frame, _label(label), outline(path, kind)))
    return tuple(lines)


def shapes_from_lines(
    lines: Sequence[Scribble], axes: Axes
) -> tuple[list[NDArray[np.float64]], list[int]]:
    """Undo :func:`lines_from_shapes`, all as paths."""
    paths = [axes.place(line.frame, line.path) for line in lines]
    return paths, [line.label for line in lines]


def outline(path: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """Trace a shape's edge: (P, 2) corner points in, (Q, 2) points of a path out."""
    if kind == "ellipse":
        angle = np.linspace(0, 2 * np.pi, ELLIPSE_POINTS, endpoint=False)[:, None]
        centre = path.mean(axis=0)
        right, down = (path[1] - path[0]) / 2, (path[3] - path[0]) / 2
        path = centre + np.cos(angle) * right + np.sin(angle) * down
    return np.vstack([path, path[:1]]) if kind in CLOSED else path


def _label(label: Any) -> int:
    if not np.isfinite(float(label)):
        raise ScribbleError(
            "Every line needs a number in its feature 'label'; one has none. Remove "
            "the line, or fill in the layer's table of features."
        )
    return int(label)
