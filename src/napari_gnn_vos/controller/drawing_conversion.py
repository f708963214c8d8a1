"""Conversion of arrays and shapes to the strokes of a drawing, and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.palette import LAST_OBJECT
from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.structures.canvas import (
    BACKGROUND_VALUE,
    MAX_VALUE,
    Canvas,
    compact,
    constant,
    value_of,
)
from napari_gnn_vos.structures.label_frames import label_dtype
from napari_gnn_vos.structures.scribbles import MAX_LABEL, Scribble
from napari_gnn_vos.vision import cv2

CLOSED_SHAPES = ("rectangle", "polygon", "ellipse")
ELLIPSE_POINTS = 48


def brush_from_strokes(
    stack: Any, shape: tuple[int, int, int], last: Drawing | None = None
) -> dict[int, Canvas]:
    """Read the painted frames of a strokes layer.

    All frames are compared, because strokes may come from the mouse, a script or a
    file.

    Parameters
    ----------
    stack : (T, H, W) array-like of integer
        With the values of `structures.canvas`.
    shape : (int, int, int)
        Expected T, H and W.
    last : Drawing, optional
        An earlier drawing; frames that are equal are shared with it.

    Returns
    -------
    brush : dict of int to (H, W) ndarray of uint8 or uint16
        Painted frames by number.

    Raises
    ------
    ScribbleError
        If the layer has another shape, or values that are not labels.
    """
    if tuple(stack.shape) != shape:
        raise ScribbleError(
            f"The strokes must be as large as the video, {shape}; the layer has "
            f"{tuple(stack.shape)}. Choose the video again to get a new layer."
        )
    last_brush = last.brush if last is not None else {}
    brush = {}
    for t in range(shape[0]):
        frame = np.asarray(stack[t])
        if _is_painted(frame):
            same = t in last_brush and np.array_equal(frame, last_brush[t])
            brush[t] = last_brush[t] if same else checked_canvas(frame, t)
    return brush


def _is_painted(frame: NDArray[Any]) -> bool:
    """Whether a frame has strokes; the maximum is found faster than `any`."""
    return bool(frame.max(initial=0) if frame.dtype.kind == "u" else frame.any())


def lines_from_shapes(
    paths: Sequence[NDArray[Any]],
    kinds: Sequence[str],
    labels: Iterable[Any],
    axes: Axes,
) -> tuple[Scribble, ...]:
    """Convert the shapes of a layer into scribbles.

    Parameters
    ----------
    paths : sequence of (P, D) ndarrays
        ``layer.data``: corner points in pixels of the layer.
    kinds : sequence of str
        ``layer.shape_type``. Outlines of areas are closed; ellipses are traced.
    labels : iterable of int
        ``layer.features["label"]``: label of each shape, 0 is background.
    axes : Axes
        Axes of the layer.

    Returns
    -------
    lines : tuple of Scribble
        In drawing order; the frame of a shape is that of its first point.

    Raises
    ------
    ScribbleError
        If a shape has no label.
    """
    lines = []
    for points, kind, label in zip(paths, kinds, labels, strict=True):
        frame, path = axes.split_points(points)
        lines.append(Scribble(frame, _label(label), outline(path, kind)))
    return tuple(lines)


def shapes_from_lines(
    lines: Sequence[Scribble], axes: Axes
) -> tuple[list[NDArray[np.float64]], list[int]]:
    """Convert scribbles into paths of a layer and their labels."""
    paths = [axes.join_points(line.frame, line.path) for line in lines]
    return paths, [line.label for line in lines]


def outline(path: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """Trace the edge of a shape: (P, 2) corner points to (Q, 2) points of a path."""
    if kind == "ellipse":
        angle = np.linspace(0, 2 * np.pi, ELLIPSE_POINTS, endpoint=False)[:, None]
        centre = path.mean(axis=0)
        right, down = (path[1] - path[0]) / 2, (path[3] - path[0]) / 2
        path = centre + np.cos(angle) * right + np.sin(angle) * down
    return np.vstack([path, path[:1]]) if kind in CLOSED_SHAPES else path


def drawing_from_shapes(
    paths: Iterable[NDArray[np.float64]],
    kinds: Iterable[str],
    label: int,
    axes: Axes,
    shape: tuple[int, int, int],
    *,
    fill: bool,
) -> Drawing:
    """Convert shapes to strokes of a label.

    Shapes on other slices than the labelled one, and outside the video, are skipped.

    Parameters
    ----------
    paths : iterable of (P, D) ndarray
        Corner points in pixels of the image layer.
    kinds : iterable of str
        ``"point"``, which becomes a disc, or a type of napari's shapes.
    label : int
    axes : Axes
        Axes of the image layer, and its labelled slice.
    shape : (int, int, int)
        T, H and W of the video.
    fill : bool
        Whether polygons, rectangles and ellipses are filled; otherwise their outlines
        are strokes.
    """
    canvases: dict[int, Canvas] = {}
    lines, value = [], value_of(label)
    for points, kind in zip(paths, kinds, strict=True):
        frame, path = axes.split_points(points)
        if not (axes.on_slice(points[0]) and 0 <= frame < shape[0]):
            continue
        if kind == "point" or (fill and kind in CLOSED_SHAPES):
            blank = np.zeros(shape[1:], constant(value).dtype)
            _paint(canvases.setdefault(frame, blank), path, kind, value)
        else:
            lines.append(Scribble(frame, label, outline(path, kind)))
    drawn = {t: canvas for t, canvas in canvases.items() if canvas.any()}
    return Drawing(drawn, tuple(lines))


def _paint(canvas: Canvas, path: NDArray[np.float64], kind: str, value: int) -> None:
    """Fill an area, or paint a disc at a point, in place."""
    if kind == "point":
        row, col = np.rint(path[0]).astype(int).tolist()
        radius = brush_size((1, *canvas.shape)) // 2
        cv2.circle(canvas, (col, row), radius, value, cv2.FILLED)
    else:
        corners = np.rint(outline(path, kind)[:, ::-1]).astype(np.int32)
        cv2.fillPoly(canvas, [corners], value)


def brush_size(shape: tuple[int, int, int]) -> int:
    """Return a brush diameter in pixels: 1/60 of the shorter side, at least 3."""
    return max(3, round(min(shape[1:]) / 60))


def checked_canvas(frame: NDArray[Any], t: int) -> Canvas:
    """Copy frame `t` of a strokes layer, (H, W).

    Raises
    ------
    ScribbleError
        If it has values that are not those of strokes.
    """
    if frame.dtype == np.uint8:
        return frame.copy()
    if not (frame.min() >= 0 and frame.max() <= MAX_VALUE):
        raise ScribbleError(
            f"Strokes have the values 0 (nothing), 255 (background) and 1 to "
            f"{MAX_LABEL} (objects); frame {t} has {frame.min()} to {frame.max()}. "
            "Paint with the labels of the list."
        )
    canvas = compact(frame)
    return canvas.copy() if canvas is frame else canvas


def _label(label: Any) -> int:
    if not np.isfinite(float(label)):
        raise ScribbleError(
            "Each line needs a number in its feature 'label'; one has none. Remove "
            "the line, or complete the layer's table of features."
        )
    return int(label)


def object_numbers(ids: NDArray[Any]) -> dict[int, int]:
    """Assign an object to each id of a labels layer.

    Parameters
    ----------
    ids : ndarray of int
        Any values; 0 is background.

    Returns
    -------
    objects : dict of int to int
        The ids themselves if all are between 1 and 32 767, otherwise 1, 2, 3, ... in
        ascending order of the ids.

    Raises
    ------
    ScribbleError
        If there are no ids, or more than 32 767.

    Examples
    --------
    >>> object_numbers(np.array([0, 3, 7]))
    {3: 3, 7: 7}
    >>> object_numbers(np.array([0, 3, 40_000]))
    {3: 1, 40000: 2}
    """
    values = [int(value) for value in np.unique(ids) if value != 0]
    if not 1 <= len(values) <= LAST_OBJECT:
        raise ScribbleError(
            f"A video has 1 to {LAST_OBJECT} objects; these labels have {len(values)}. "
            "Choose another layer or another frame."
        )
    if values[0] > 0 and values[-1] <= LAST_OBJECT:
        return {value: value for value in values}
    return {value: number for number, value in enumerate(values, 1)}


def require_labels(labels: Collection[int]) -> None:
    """Raise ScribbleError if labels are not objects, or if there are none."""
    if not labels or not all(0 < label <= LAST_OBJECT for label in labels):
        raise ScribbleError(
            f"Objects are numbered 1 to {LAST_OBJECT}; got {sorted({*labels})}. Choose "
            "an object for at least one label."
        )


def canvases_from_labels(
    frames: Mapping[int, NDArray[Any]], objects: Mapping[int, int]
) -> dict[int, Canvas]:
    """Convert label images to canvases of a drawing; all other ids are background.

    Parameters
    ----------
    frames : mapping of int to (H, W) ndarray of int
        Label images by frame.
    objects : mapping of int to int
        By :func:`object_numbers`.
    """
    ids = np.array(sorted(objects))
    values = np.array([value_of(objects[value]) for value in ids.tolist()])
    values = values.astype(label_dtype(int(values.max())))
    canvases = {}
    for t, labels in frames.items():
        position = np.minimum(np.searchsorted(ids, labels), len(ids) - 1)
        is_object = ids[position] == labels
        background = np.uint8(BACKGROUND_VALUE)
        canvases[t] = compact(np.where(is_object, values[position], background))
    return canvases
