"""Conversion of arrays and shapes of napari layers into videos and scribbles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.controller.drawing import Drawing
from napari_gnn_vos.gui.layers.axes import Axes, LayerFrames
from napari_gnn_vos.structures.canvas import MAX_VALUE, Canvas, compact
from napari_gnn_vos.structures.scribbles import MAX_LABEL, Scribble
from napari_gnn_vos.structures.video import Video

VIDEO_KEY = "gnn-vos video"
"""Metadata key under which the readers store a layer's array and its video."""

PATH_KEY = "gnn-vos path"
"""Metadata key of an image layer for the path of its video."""
PROJECT_KEY = "gnn-vos project"
"""Metadata key of an image layer for the path of the project that it belongs to."""

CLOSED_SHAPES = ("rectangle", "polygon", "ellipse")
ELLIPSE_POINTS = 48


def video_of(
    data: Any, axes: Axes, name: str, metadata: dict[str, Any] | None = None
) -> Video:
    """View the array of an image layer as a video.

    Parameters
    ----------
    data : array-like
        ``layer.data``, of any size, in memory or not.
    axes : Axes
        Axes of the layer.
    name : str
        Name of the video.
    metadata : dict, optional
        ``layer.metadata``; a video stored in it by the readers is returned if the layer
        still shows its array.

    Raises
    ------
    VideoError
        If the frames are too few or too small, or are not images.
    """
    stored_data, stored_video = (metadata or {}).get(VIDEO_KEY, (None, None))
    if isinstance(stored_video, Video) and stored_data is data:
        return stored_video
    return Video.from_array(LayerFrames(data, axes), name)


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
