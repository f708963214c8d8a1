"""Which superpixels strokes and seeds tell the label of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds

UNLABELLED = -1


@dataclass(frozen=True, slots=True, eq=False)
class SuperpixelLabels:
    """What is known of N superpixels; -1 where nothing is.

    Parameters
    ----------
    drawn : (N,) ndarray of int16
        Label drawn on a superpixel: binding.
    propagated : (N,) ndarray of int16
        Label of the newest seed that flow brought, -1 where a label is drawn.
    guessed : (N,) ndarray of int16
        0 where background was guessed, for the label model only.
    """

    drawn: NDArray[np.int16]
    propagated: NDArray[np.int16]
    guessed: NDArray[np.int16]

    def take(self, rows: slice) -> SuperpixelLabels:
        """Keep some superpixels."""
        return SuperpixelLabels(
            self.drawn[rows], self.propagated[rows], self.guessed[rows]
        )


def label_superpixels(
    frames: Sequence[FrameGraph],
    first: NDArray[np.int64],
    painted_pixels: PaintedPixels,
    drawn: Seeds,
    propagated: Seeds,
) -> SuperpixelLabels:
    """Look up the superpixels under ink and seeds.

    Parameters
    ----------
    frames : sequence of T FrameGraph
        Superpixels hit by several labels have been split.
    first : (T + 1,) ndarray of int64
        Number of the first superpixel of every frame.
    painted_pixels : PaintedPixels
        What is drawn.
    drawn, propagated : Seeds
        Seeds; of the drawn ones, only those of turn 0 say more than the ink.

    Returns
    -------
    node_labels : SuperpixelLabels
        Where several seeds meet, the newest wins, and among these the last.
    """
    n = int(first[-1])
    node_labels = SuperpixelLabels(
        *(np.full(n, UNLABELLED, np.int16) for _ in range(3))
    )
    _write(node_labels.drawn, frames, first, painted_pixels)
    newest = propagated.take(np.argsort(propagated.round_index, kind="stable"))
    for target, seeds in (
        (node_labels.propagated, newest),
        (node_labels.guessed, drawn.take(drawn.round_index == 0)),
    ):
        _write(target, frames, first, seeds)
        target[node_labels.drawn != UNLABELLED] = UNLABELLED
    return node_labels


def _write(
    target: NDArray[np.int16],
    frames: Sequence[FrameGraph],
    first: NDArray[np.int64],
    points: PaintedPixels | Seeds,
) -> None:
    """Write the labels of points on the superpixels they lie on, the last on top."""
    for t in np.unique(points.frame):
        here = np.flatnonzero(points.frame == t)
        parts = frames[int(t)].below(points.row[here], points.col[here])
        target[first[t] + parts] = points.label[here]
