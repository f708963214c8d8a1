"""Which superpixels strokes and seeds tell the label of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.seeds import Ink, Seeds

NOTHING = -1


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What is known of N superpixels; -1 where nothing is.

    Parameters
    ----------
    drawn : (N,) ndarray of int16
        Label drawn on a superpixel: binding.
    spread : (N,) ndarray of int16
        Label of the newest seed that flow brought, -1 where a label is drawn.
    guessed : (N,) ndarray of int16
        0 where background was guessed, for the label model only.
    """

    drawn: NDArray[np.int16]
    spread: NDArray[np.int16]
    guessed: NDArray[np.int16]

    def take(self, rows: slice) -> Marks:
        """Keep some superpixels."""
        return Marks(self.drawn[rows], self.spread[rows], self.guessed[rows])


def mark(
    frames: Sequence[FrameGraph],
    first: NDArray[np.int64],
    ink: Ink,
    drawn: Seeds,
    spread: Seeds,
) -> Marks:
    """Look up the superpixels under ink and seeds.

    Parameters
    ----------
    frames : sequence of T FrameGraph
        Superpixels hit by several labels have been split.
    first : (T + 1,) ndarray of int64
        Number of the first superpixel of every frame.
    ink : Ink
        What is drawn.
    drawn, spread : Seeds
        Seeds; of the drawn ones, only those of turn 0 say more than the ink.

    Returns
    -------
    marks : Marks
        Where several seeds meet, the newest wins, and among these the last.
    """
    n = int(first[-1])
    marks = Marks(*(np.full(n, NOTHING, np.int16) for _ in range(3)))
    _write(marks.drawn, frames, first, ink)
    newest = spread.take(np.argsort(spread.turn, kind="stable"))
    for target, seeds in (
        (marks.spread, newest),
        (marks.guessed, drawn.take(drawn.turn == 0)),
    ):
        _write(target, frames, first, seeds)
        target[marks.drawn != NOTHING] = NOTHING
    return marks


def _write(
    target: NDArray[np.int16],
    frames: Sequence[FrameGraph],
    first: NDArray[np.int64],
    points: Ink | Seeds,
) -> None:
    """Write the labels of points on the superpixels they lie on, the last on top."""
    for t in np.unique(points.frame):
        here = np.flatnonzero(points.frame == t)
        parts = frames[int(t)].below(points.row[here], points.col[here])
        target[first[t] + parts] = points.label[here]
