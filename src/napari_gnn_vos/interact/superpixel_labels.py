"""Assign the labels of strokes and seeds to superpixels."""

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
    """Known labels of N superpixels; -1 where none is known.

    Parameters
    ----------
    drawn : (N,) ndarray of int16
        Label painted on a superpixel. The prediction must agree with it.
    propagated : (N,) ndarray of int16
        Label of the newest propagated seed; -1 where a label is painted.
    presumed : (N,) ndarray of int16
        0 at presumed background, which only the label model uses; else -1.
    """

    drawn: NDArray[np.int16]
    propagated: NDArray[np.int16]
    presumed: NDArray[np.int16]

    def take(self, rows: slice) -> SuperpixelLabels:
        """Select superpixels."""
        return SuperpixelLabels(
            self.drawn[rows], self.propagated[rows], self.presumed[rows]
        )

    def without(self, label: int) -> SuperpixelLabels:
        """Remove a label."""
        return SuperpixelLabels(
            *(
                np.where(labels == label, np.int16(UNLABELLED), labels)
                for labels in (self.drawn, self.propagated, self.presumed)
            )
        )


def label_superpixels(
    frames: Sequence[FrameGraph],
    offsets: NDArray[np.int64],
    painted_pixels: PaintedPixels,
    drawn: Seeds,
    propagated: Seeds,
) -> SuperpixelLabels:
    """Assign labels to the superpixels under painted pixels and seeds.

    Parameters
    ----------
    frames : sequence of T FrameGraph
        Superpixels with several labels have been split.
    offsets : (T + 1,) ndarray of int64
        Number of the first superpixel of each frame, then N.
    painted_pixels : PaintedPixels
        Pixels labelled by strokes.
    drawn, propagated : Seeds
        Of the drawn seeds only presumed background is used: all others lie on painted
        pixels.

    Returns
    -------
    node_labels : SuperpixelLabels
        Of several seeds on a superpixel the one of the latest round is used.
    """
    n = int(offsets[-1])
    node_labels = SuperpixelLabels(
        *(np.full(n, UNLABELLED, np.int16) for _ in range(3))
    )
    _assign(node_labels.drawn, frames, offsets, painted_pixels)
    by_round = propagated.take(np.argsort(propagated.round_index, kind="stable"))
    for target, seeds in (
        (node_labels.propagated, by_round),
        (node_labels.presumed, drawn.take(drawn.round_index == 0)),
    ):
        _assign(target, frames, offsets, seeds)
        target[node_labels.drawn != UNLABELLED] = UNLABELLED
    return node_labels


def _assign(
    target: NDArray[np.int16],
    frames: Sequence[FrameGraph],
    offsets: NDArray[np.int64],
    points: PaintedPixels | Seeds,
) -> None:
    """Write the labels of points to their superpixels, in place; the last one wins."""
    for t in np.unique(points.frame):
        on_frame = np.flatnonzero(points.frame == t)
        nodes = frames[int(t)].nodes_at(points.row[on_frame], points.col[on_frame])
        target[offsets[t] + nodes] = points.label[on_frame]
