"""Points of known label: painted pixels, and seeds sampled from them or propagated."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.arrays import check_shape, frozen
from napari_gnn_vos.structures.label_frames import Labels, label_dtype


@dataclass(frozen=True, slots=True, eq=False)
class PaintedPixels:
    """Pixels labelled by strokes; each pixel has the label of the newest stroke on it.

    Parameters
    ----------
    frame, row, col : (P,) ndarray of int32
        Positions of distinct pixels.
    label : (P,) ndarray of uint8 or uint16
        Their labels; 0 is background.
    """

    frame: NDArray[np.int32]
    row: NDArray[np.int32]
    col: NDArray[np.int32]
    label: Labels

    def __post_init__(self) -> None:
        _check_rows(self)

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: NDArray[Any]) -> PaintedPixels:
        """Select rows by a mask or by indices."""
        return PaintedPixels(*(getattr(self, f.name)[rows] for f in fields(self)))

    @classmethod
    def empty(cls) -> PaintedPixels:
        """Return an empty set of pixels."""
        empty = np.zeros(0, np.int32)
        return cls(empty, empty, empty, np.zeros(0, np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """S points of known label.

    Parameters
    ----------
    frame : (S,) ndarray of int32
        Index of the frame.
    row, col : (S,) ndarray of float32
        Position in pixels, with fractions.
    label : (S,) ndarray of uint8 or uint16
        0 is background.
    origin : (S,) ndarray of int32
        Identifier of the drawn seed that a seed was propagated from; a drawn seed has
        its own identifier.
    round_index : (S,) ndarray of int32
        Round of the stroke, from 1; 0 for presumed background, which has no stroke.
    """

    frame: NDArray[np.int32]
    row: NDArray[np.float32]
    col: NDArray[np.float32]
    label: Labels
    origin: NDArray[np.int32]
    round_index: NDArray[np.int32]

    def __post_init__(self) -> None:
        _check_rows(self)

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: NDArray[Any]) -> Seeds:
        """Select rows by a mask or by indices."""
        return Seeds(*(getattr(self, f.name)[rows] for f in fields(self)))

    def numbered(self, start: int) -> Seeds:
        """Return the seeds with `origin` numbered consecutively from `start`."""
        origin = np.arange(start, start + len(self), dtype=np.int32)
        return replace(self, origin=origin)

    @classmethod
    def at(
        cls, frame: int, pixels: NDArray[Any], label: int, round_index: int
    ) -> Seeds:
        """Create a seed at each of (S, 2) pixels of a frame, with `origin` 0."""
        count = len(pixels)
        return cls(
            np.full(count, frame, np.int32),
            pixels[:, 0].astype(np.float32),
            pixels[:, 1].astype(np.float32),
            np.full(count, label, label_dtype(label)),
            np.zeros(count, np.int32),
            np.full(count, round_index, np.int32),
        )

    @classmethod
    def empty(cls) -> Seeds:
        """Return an empty set of seeds."""
        i, f = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return cls(i, f, f, np.zeros(0, np.uint8), i, i)

    @classmethod
    def concatenate(cls, *parts: Seeds) -> Seeds:
        """Concatenate sets of seeds."""
        return cls(
            *(
                np.concatenate([getattr(part, f.name) for part in parts])
                for f in fields(cls)
            )
        )


def _check_rows(rows: PaintedPixels | Seeds) -> None:
    count = len(getattr(rows, fields(rows)[0].name))
    for field in fields(rows):
        array = getattr(rows, field.name)
        check_shape(field.name, array, count)
        object.__setattr__(rows, field.name, frozen(array))
