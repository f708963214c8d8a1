"""Points of known label: sampled from strokes, and carried along by flow."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.arrays import check_shape, frozen


@dataclass(frozen=True, slots=True, eq=False)
class PaintedPixels:
    """What is drawn at present: at most one label for every pixel, the newest.

    Parameters
    ----------
    frame, row, col : (P,) ndarray of int32
        Where the pixels are.
    label : (P,) ndarray of uint8
        What they mark; 0 is background.
    """

    frame: NDArray[np.int32]
    row: NDArray[np.int32]
    col: NDArray[np.int32]
    label: NDArray[np.uint8]

    def __post_init__(self) -> None:
        _check_rows(self)

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: NDArray[Any]) -> PaintedPixels:
        """Keep some rows, by mask or by number."""
        return PaintedPixels(*(getattr(self, f.name)[rows] for f in fields(self)))

    @classmethod
    def none(cls) -> PaintedPixels:
        """Nothing drawn."""
        empty = np.zeros(0, np.int32)
        return cls(empty, empty, empty, np.zeros(0, np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """S points of known label.

    Parameters
    ----------
    frame : (S,) ndarray of int32
        Frame a point is on.
    row, col : (S,) ndarray of float32
        Where it is, in pixels; fractions are kept.
    label : (S,) ndarray of uint8
        0 is background.
    origin : (S,) ndarray of int32
        Number of the drawn seed that a spread seed comes from; its own if drawn.
    round_index : (S,) ndarray of int32
        Round in which the seed was drawn, from 1; 0 if it was guessed, not drawn.
    """

    frame: NDArray[np.int32]
    row: NDArray[np.float32]
    col: NDArray[np.float32]
    label: NDArray[np.uint8]
    origin: NDArray[np.int32]
    round_index: NDArray[np.int32]

    def __post_init__(self) -> None:
        _check_rows(self)

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: NDArray[Any]) -> Seeds:
        """Keep some rows, by mask or by number."""
        return Seeds(*(getattr(self, f.name)[rows] for f in fields(self)))

    def numbered(self, start: int) -> Seeds:
        """Count `origin` from `start`, as seeds that were drawn, not spread."""
        origin = np.arange(start, start + len(self), dtype=np.int32)
        return replace(self, origin=origin)

    @classmethod
    def at(
        cls, frame: int, pixels: NDArray[Any], label: int, round_index: int
    ) -> Seeds:
        """Make a seed of each of (S, 2) pixels of a frame; `numbered` counts them."""
        count = len(pixels)
        return cls(
            np.full(count, frame, np.int32),
            pixels[:, 0].astype(np.float32),
            pixels[:, 1].astype(np.float32),
            np.full(count, label, np.uint8),
            np.zeros(count, np.int32),
            np.full(count, round_index, np.int32),
        )

    @classmethod
    def none(cls) -> Seeds:
        """No seed at all."""
        i, f = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return cls(i, f, f, np.zeros(0, np.uint8), i, i)

    @classmethod
    def join(cls, *parts: Seeds) -> Seeds:
        """One after the other."""
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
