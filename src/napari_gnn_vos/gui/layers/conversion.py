"""Axes of a layer, and conversion of its data to videos and strokes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.deprecation import renamed_attribute
from napari_gnn_vos.errors import ScribbleError, VideoError
from napari_gnn_vos.structures.canvas import MAX_VALUE, Canvas, compact
from napari_gnn_vos.structures.label_frames import LabelFrames
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

TIME_NAMES = ("t", "time", "frame", "frames")
ROW_NAMES, COLUMN_NAMES = ("y", "row", "rows"), ("x", "col", "column", "columns")


@dataclass(frozen=True, slots=True)
class Axes:
    """Positions of time, rows and columns among the axes of a layer.

    Parameters
    ----------
    time : int or None
        Axis number; None for a single image, (H, W), which is a video of one frame.
    row, col : int
        Axis numbers; colour channels are not an axis in napari.
    fixed : tuple of (int, int)
        Number of each other axis, and the index of the labelled slice; ascending.
    """

    time: int | None = 0
    row: int = 1
    col: int = 2
    fixed: tuple[tuple[int, int], ...] = ()

    @classmethod
    def guess(
        cls,
        labels: Sequence[str],
        current: Sequence[int],
        displayed: Sequence[int] = (),
    ) -> Axes:
        """Find the axes by their names, by what the viewer shows, or by their order.

        Time is the axis with its name, or the first that the viewer does not show. Rows
        and columns are the axes with these names, or those that the viewer shows, or
        the last two. A layer of two axes is a single image.

        Parameters
        ----------
        labels : sequence of str
            Name of each axis of the layer.
        current : sequence of int
            Position of the viewer's sliders in pixels of the layer.
        displayed : sequence of int
            Axes of the layer that the viewer shows. They are ignored if there are more
            than two, or if time is one of them.

        Raises
        ------
        VideoError
            If there are fewer than two axes.
        """
        if len(labels) < 2:
            raise VideoError(
                "A video has an axis for time, then rows and columns; this layer has "
                f"{len(labels)} axis. Choose an image layer."
            )
        if len(labels) == 2:
            is_transposed = _named(labels, COLUMN_NAMES) == 0
            return cls(None, int(is_transposed), int(not is_transposed))
        time = _named(labels, TIME_NAMES)
        shown = sorted(displayed) if len(displayed) == 2 else []
        if time is None:
            time = next(i for i in range(len(labels)) if i not in shown)
        row, col = _named(labels, ROW_NAMES), _named(labels, COLUMN_NAMES)
        if shown and time not in shown and shown != [col, row]:
            row, col = shown
        elif row is None or col is None:
            row, col = [i for i in range(len(labels)) if i != time][-2:]
        others = (i for i in range(len(labels)) if i not in (time, row, col))
        return cls(time, row, col, tuple((i, int(current[i])) for i in others))

    @property
    def ndim(self) -> int:
        """Number of axes of the layer."""
        return (2 if self.time is None else 3) + len(self.fixed)

    def index(self, t: int) -> tuple[int | slice, ...]:
        """Return the index of frame `t` in the layer's array, with all channels."""
        index: list[int | slice] = [slice(None)] * self.ndim
        if self.time is not None:
            index[self.time] = t
        for axis, position in self.fixed:
            index[axis] = position
        return tuple(index)

    def layer_index(self, t: int) -> tuple[int | slice, ...]:
        """Return the index of frame `t` in a labels layer; fixed axes have length 1."""
        return replace(self, fixed=tuple((a, 0) for a, _ in self.fixed)).index(t)

    def to_layer(self, stack: NDArray[Any]) -> NDArray[Any]:
        """View a (T, H, W) stack with the layer's axes; fixed axes have length 1.

        The array of a single image, without an axis for time, is (H, W).
        """
        if self.time is None:
            stack = stack[0]
        expanded = stack[(None,) * len(self.fixed)]
        return np.moveaxis(expanded, range(self.ndim), self._order())

    def labels_to_layer(self, labels: LabelFrames) -> LabelFrames | NDArray[Any]:
        """View labels with the layer's axes, writable without changing `labels`.

        They stay packed if the axes are equal.
        """
        if self._order() == [0, 1, 2]:
            return labels.editable()
        return self.to_layer(np.asarray(labels))

    def to_stack(self, array: Any) -> Any:
        """View a layer's array as (T, H, W); the inverse of :meth:`to_layer`."""
        stack = np.moveaxis(array, self._order(), range(self.ndim))
        return stack[None] if self.time is None else stack[(0,) * len(self.fixed)]

    def split_points(self, points: NDArray[Any]) -> tuple[int, NDArray[np.float64]]:
        """Split the (P, ndim) points of a shape into frame and (P, 2) path.

        The frame is that of the first point; the path has (row, column) points.
        """
        path = np.asarray(points, float)
        frame = 0 if self.time is None else int(np.rint(path[0, self.time]))
        return frame, path[:, [self.row, self.col]]

    def join_points(self, frame: int, path: NDArray[Any]) -> NDArray[np.float64]:
        """Invert :meth:`split_points`; fixed axes are 0."""
        points = np.zeros((len(path), self.ndim))
        if self.time is not None:
            points[:, self.time] = frame
        points[:, [self.row, self.col]] = path
        return points

    spread = renamed_attribute("spread", "to_layer")

    def _order(self) -> list[int]:
        time = () if self.time is None else (self.time,)
        return [*(axis for axis, _ in self.fixed), *time, self.row, self.col]

    def video_shape(self, lengths: tuple[int, ...]) -> tuple[int, int, int]:
        """Return T, H and W of a layer with the given length of each axis."""
        frames = 1 if self.time is None else lengths[self.time]
        return frames, lengths[self.row], lengths[self.col]


class LayerFrames:
    """Array of a layer as the frames of a video, read on access.

    Parameters
    ----------
    data : array-like
        NumPy, dask or zarr array, with or without colour channels as the last axis.
    axes : Axes
        Axes of the layer.

    Attributes
    ----------
    in_memory : bool
        Whether all frames can be read fast, for `Video.fingerprint`.
    """

    def __init__(self, data: Any, axes: Axes) -> None:
        self._data, self._axes = data, axes
        lengths = tuple(data.shape)
        self.shape = (*axes.video_shape(lengths), *lengths[axes.ndim :])
        self.dtype = np.dtype(data.dtype)
        self.in_memory = type(data) is np.ndarray

    def __getitem__(self, t: int, /) -> NDArray[Any]:
        """Return frame `t`, (H, W) or (H, W, C)."""
        frame = np.asarray(self._data[self._axes.index(t)])
        return frame.swapaxes(0, 1) if self._axes.col < self._axes.row else frame


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


def _named(labels: Sequence[str], names: Sequence[str]) -> int | None:
    """Return the first axis that has one of the names."""
    return next((i for i, label in enumerate(labels) if label.lower() in names), None)
