"""Axes of a layer that shows a video, and its array as frames."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.deprecation import renamed_attribute
from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.structures.label_frames import LabelFrames

TIME_NAMES = ("t", "time", "frame", "frames")
ROW_NAMES, COLUMN_NAMES = ("y", "row", "rows"), ("x", "col", "column", "columns")
CHANNEL_NAMES = ("c", "ch", "channel", "channels")
UNNAMED = re.compile(r"(axis )?-?\d*")
"""Labels that napari gives to axes without a name."""


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
        lengths: Sequence[int] = (),
    ) -> Axes:
        """Find the axes by their names, by what the viewer shows, or by their order.

        Time is the axis with its name, or the first that the viewer does not show;
        axes with other names and of length 1 are used if there is no other. Rows
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
        lengths : sequence of int
            Length of each axis, if known.

        Raises
        ------
        VideoError
            If there are fewer than two axes, or several axes without names, behind rows
            or columns, may be time.
        """
        if len(labels) < 2:
            raise VideoError(
                "A video has an axis for time, then rows and columns; this layer has "
                f"{len(labels)} axis. Choose an image layer."
            )
        row, col = _named(labels, ROW_NAMES), _named(labels, COLUMN_NAMES)
        if len(labels) == 2:
            is_transposed = col == 0
            return cls(None, int(is_transposed), int(not is_transposed))
        shown = sorted(displayed) if len(displayed) == 2 else []
        time = _named(labels, TIME_NAMES)
        if time is None:
            time = _unnamed_time(labels, lengths, shown, {row, col})
        if shown and time not in shown and shown != [col, row]:
            row, col = shown
        elif row is None or col is None:
            rest = [i for i in range(len(labels)) if i not in (time, row, col)]
            col = rest.pop() if col is None else col
            row = rest.pop() if row is None else row
        others = (i for i in range(len(labels)) if i not in (time, row, col))
        return cls(time, row, col, tuple((i, int(current[i])) for i in others))

    @property
    def ndim(self) -> int:
        """Number of axes of the layer."""
        return (2 if self.time is None else 3) + len(self.fixed)

    def video_shape(self, lengths: tuple[int, ...]) -> tuple[int, int, int]:
        """Return T, H and W of a layer with the given length of each axis."""
        frames = 1 if self.time is None else lengths[self.time]
        return frames, lengths[self.row], lengths[self.col]

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

    def on_slice(self, point: NDArray[np.float64]) -> bool:
        """Whether a (D,) point in pixels of the layer is on the labelled slice."""
        return all(np.rint(point[axis]) == position for axis, position in self.fixed)

    def pixel_indices(
        self, frame: int, rows: NDArray[np.intp], cols: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], ...]:
        """Return the indices of (P,) pixels of a frame in a labels layer."""
        indices = [np.zeros_like(rows)] * self.ndim
        if self.time is not None:
            indices[self.time] = np.full_like(rows, frame)
        indices[self.row], indices[self.col] = rows, cols
        return tuple(indices)

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


def _named(labels: Sequence[str], names: Sequence[str]) -> int | None:
    """Return the first axis that has one of the names."""
    return next((i for i, label in enumerate(labels) if label.lower() in names), None)


def _unnamed_time(
    labels: Sequence[str],
    lengths: Sequence[int],
    shown: Sequence[int],
    named: Collection[int | None],
) -> int:
    """Return the axis that is time if none has its name.

    Raises
    ------
    VideoError
        If several are possible behind rows or columns.
    """
    image = [*shown] or [axis for axis in named if axis is not None]
    free = [i for i in range(len(labels)) if i not in named]
    free = [i for i in free if i not in shown] or free
    free = free[: len(image) - 2 or None]  # the last ones are rows and columns
    if lengths:
        free = [i for i in free if lengths[i] > 1] or free
    unnamed = [i for i in free if UNNAMED.fullmatch(labels[i].strip())]
    if len(unnamed) > 1 and min(image, default=unnamed[0]) < unnamed[0]:
        axes = " and ".join(map(str, unnamed))
        raise VideoError(
            f"Expected one axis that may be time; axes {axes} of the layer have no "
            "name. Type t as the name of the time axis on the left of its slider."
        )
    no_channels = [i for i in free if labels[i].lower() not in CHANNEL_NAMES]
    return (unnamed or no_channels or free)[0]
