"""Which axes of a layer are time, rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.structures.label_frames import LabelFrames

TIME_NAMES = ("t", "time", "frame", "frames")


@dataclass(frozen=True, slots=True)
class Axes:
    """How (time, row, column) lie in a layer of more or other axes.

    Parameters
    ----------
    time, row, col : int
        Their places among the layer's axes; colour channels are no axis in napari.
    fixed : tuple of (int, int)
        Every other axis, and the position on it that is looked at; rising.
    """

    time: int = 0
    row: int = 1
    col: int = 2
    fixed: tuple[tuple[int, int], ...] = ()

    @classmethod
    def guess(cls, labels: Sequence[str], current: Sequence[int]) -> Axes:
        """Find time by its name, else take the first axis; rows and columns are last.

        Parameters
        ----------
        labels : sequence of str
            Name of every axis of the layer.
        current : sequence of int
            Position of the viewer's sliders in the layer's pixels.

        Raises
        ------
        VideoError
            With fewer than three axes.
        """
        if len(labels) < 3:
            raise VideoError(
                "A video has an axis for time, then rows and columns; this layer has "
                f"{len(labels)} axes. Choose an image layer with a time slider."
            )
        named = [i for i, name in enumerate(labels) if name.lower() in TIME_NAMES]
        time = named[0] if named else 0
        others = [i for i in range(len(labels)) if i != time]
        fixed = tuple((i, int(current[i])) for i in others[:-2])
        return cls(time, others[-2], others[-1], fixed)

    @property
    def ndim(self) -> int:
        """Number of the layer's axes."""
        return 3 + len(self.fixed)

    def index(self, t: int) -> tuple[int | slice, ...]:
        """Index of frame `t` in the layer's array; colour channels stay whole."""
        places: list[int | slice] = [slice(None)] * self.ndim
        places[self.time] = t
        for axis, position in self.fixed:
            places[axis] = position
        return tuple(places)

    def spread(self, stack: NDArray[Any]) -> NDArray[Any]:
        """View a (T, H, W) stack with the layer's axes; fixed ones have length 1."""
        full = stack[(None,) * len(self.fixed)]
        return np.moveaxis(full, range(self.ndim), self._order())

    def spread_labels(self, labels: LabelFrames) -> LabelFrames | NDArray[Any]:
        """View labels with the layer's axes; they stay packed if these are the same."""
        if self._order() == [0, 1, 2]:
            return labels
        return self.spread(np.asarray(labels))

    def stack(self, array: Any) -> Any:
        """View a layer's array as (T, H, W); undoes :meth:`spread`."""
        return np.moveaxis(array, self._order(), range(self.ndim))[
            (0,) * len(self.fixed)
        ]

    def locate(self, points: NDArray[Any]) -> tuple[int, NDArray[np.float64]]:
        """Split (P, ndim) points of a drawn shape into its frame and (row, column)."""
        path = np.asarray(points, float)
        frame = int(np.rint(path[0, self.time]))
        return frame, path[:, [self.row, self.col]]

    def place(self, frame: int, path: NDArray[Any]) -> NDArray[np.float64]:
        """Undo :meth:`locate`; fixed axes get 0."""
        points = np.zeros((len(path), self.ndim))
        points[:, self.time] = frame
        points[:, [self.row, self.col]] = path
        return points

    def _order(self) -> list[int]:
        return [*(axis for axis, _ in self.fixed), self.time, self.row, self.col]


class LayerFrames:
    """A layer's array as the frames of a video; nothing is read before it is asked for.

    Parameters
    ----------
    data : array-like
        Of a NumPy, dask or zarr array, with or without colour channels last.
    axes : Axes
        Where time, rows and columns are.
    """

    def __init__(self, data: Any, axes: Axes) -> None:
        self._data, self._axes = data, axes
        lengths = tuple(data.shape)
        ordered = [lengths[i] for i in (axes.time, axes.row, axes.col)]
        self.shape = (*ordered, *lengths[axes.ndim :])
        self.dtype = np.dtype(data.dtype)

    def __getitem__(self, t: int, /) -> NDArray[Any]:
        """Frame `t`, (H, W) or (H, W, C)."""
        return np.asarray(self._data[self._axes.index(t)])
