"""Conversion between the axes of a layer and (time, row, column)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.structures.label_frames import LabelFrames

TIME_NAMES = ("t", "time", "frame", "frames")


@dataclass(frozen=True, slots=True)
class Axes:
    """Positions of time, rows and columns among the axes of a layer.

    Parameters
    ----------
    time, row, col : int
        Axis numbers; colour channels are not an axis in napari.
    fixed : tuple of (int, int)
        Number of each other axis, and the index of the labelled slice; ascending.
    """

    time: int = 0
    row: int = 1
    col: int = 2
    fixed: tuple[tuple[int, int], ...] = ()

    @classmethod
    def guess(cls, labels: Sequence[str], current: Sequence[int]) -> Axes:
        """Take the time axis by its name, or the first; rows and columns are last.

        Parameters
        ----------
        labels : sequence of str
            Name of each axis of the layer.
        current : sequence of int
            Position of the viewer's sliders in pixels of the layer.

        Raises
        ------
        VideoError
            If there are fewer than three axes.
        """
        if len(labels) < 3:
            raise VideoError(
                "A video has an axis for time, then rows and columns; this layer has "
                f"{len(labels)} axes. Choose an image layer with a time slider."
            )
        is_time = [name.lower() in TIME_NAMES for name in labels]
        time = is_time.index(True) if any(is_time) else 0
        *fixed_axes, row, col = (i for i in range(len(labels)) if i != time)
        fixed = tuple((i, int(current[i])) for i in fixed_axes)
        return cls(time, row, col, fixed)

    @property
    def ndim(self) -> int:
        """Number of axes of the layer."""
        return 3 + len(self.fixed)

    def index(self, t: int) -> tuple[int | slice, ...]:
        """Return the index of frame `t` in the layer's array, with all channels."""
        index: list[int | slice] = [slice(None)] * self.ndim
        index[self.time] = t
        for axis, position in self.fixed:
            index[axis] = position
        return tuple(index)

    def layer_index(self, t: int) -> tuple[int | slice, ...]:
        """Return the index of frame `t` in a labels layer; fixed axes have length 1."""
        return replace(self, fixed=tuple((a, 0) for a, _ in self.fixed)).index(t)

    def to_layer(self, stack: NDArray[Any]) -> NDArray[Any]:
        """View a (T, H, W) stack with the layer's axes; fixed axes have length 1."""
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
        return np.moveaxis(array, self._order(), range(self.ndim))[
            (0,) * len(self.fixed)
        ]

    def split_points(self, points: NDArray[Any]) -> tuple[int, NDArray[np.float64]]:
        """Split the (P, ndim) points of a shape into frame and (P, 2) path.

        The frame is that of the first point; the path has (row, column) points.
        """
        path = np.asarray(points, float)
        frame = int(np.rint(path[0, self.time]))
        return frame, path[:, [self.row, self.col]]

    def join_points(self, frame: int, path: NDArray[Any]) -> NDArray[np.float64]:
        """Invert :meth:`split_points`; fixed axes are 0."""
        points = np.zeros((len(path), self.ndim))
        points[:, self.time] = frame
        points[:, [self.row, self.col]] = path
        return points

    def _order(self) -> list[int]:
        return [*(axis for axis, _ in self.fixed), self.time, self.row, self.col]


class LayerFrames:
    """Array of a layer as the frames of a video, read on access.

    Parameters
    ----------
    data : array-like
        NumPy, dask or zarr array, with or without colour channels as the last axis.
    axes : Axes
        Axes of the layer.
    """

    def __init__(self, data: Any, axes: Axes) -> None:
        self._data, self._axes = data, axes
        lengths = tuple(data.shape)
        ordered = [lengths[i] for i in (axes.time, axes.row, axes.col)]
        self.shape = (*ordered, *lengths[axes.ndim :])
        self.dtype = np.dtype(data.dtype)

    def __getitem__(self, t: int, /) -> NDArray[Any]:
        """Return frame `t`, (H, W) or (H, W, C)."""
        return np.asarray(self._data[self._axes.index(t)])
