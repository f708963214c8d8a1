"""Seeds that newer strokes prove wrong are taken back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.seed_paths import up_to
from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds


def discard_contradicted(
    frames: Sequence[FrameGraph],
    painted_pixels: PaintedPixels,
    drawn: Seeds,
    spread: Seeds,
) -> tuple[Seeds, Seeds]:
    """Take back seeds that what is drawn now contradicts.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    painted_pixels : PaintedPixels
        What is drawn.
    drawn, spread : Seeds
        Seeds of earlier rounds.

    Returns
    -------
    drawn, spread : Seeds
        Without the drawn seeds whose pixel was erased or drawn over and all that they
        led to; without guessed seeds under a stroke; and without spread seeds on a
        superpixel with another label drawn, from there on away from their origin.
    """
    whole = _whole(frames, painted_pixels, drawn)
    met = _label_below(frames, painted_pixels, spread)
    keep = np.isin(spread.origin, drawn.origin[whole])
    wrong = keep & (met >= 0) & (met != spread.label)
    keep &= up_to(wrong, spread, drawn)
    return drawn.take(whole), spread.take(keep)


def _whole(
    frames: Sequence[FrameGraph], painted_pixels: PaintedPixels, drawn: Seeds
) -> NDArray[np.bool_]:
    """Drawn seeds that still stand: same label below, or guessed and nothing below."""
    label = {
        (int(f), int(r), int(c)): int(k)
        for f, r, c, k in zip(
            painted_pixels.frame,
            painted_pixels.row,
            painted_pixels.col,
            painted_pixels.label,
            strict=True,
        )
    }
    pixels = zip(drawn.frame, np.rint(drawn.row), np.rint(drawn.col), strict=True)
    below = np.array(
        [label.get((int(f), int(r), int(c)), -1) for f, r, c in pixels], int
    )
    under = _label_below(frames, painted_pixels, drawn)
    guessed = drawn.round_index == 0
    stands: NDArray[np.bool_] = np.where(
        guessed, (under < 0) | (under == drawn.label), below == drawn.label
    ).astype(bool)
    return stands


def _label_below(
    frames: Sequence[FrameGraph], painted_pixels: PaintedPixels, seeds: Seeds
) -> NDArray[np.int64]:
    """Label drawn on the superpixel of each seed, -1 where none is, (S,)."""
    met = np.full(len(seeds), -1, np.int64)
    for t in np.intersect1d(painted_pixels.frame, seeds.frame):
        frame, here = frames[int(t)], painted_pixels.frame == t
        known = np.full(frame.n, -1, np.int64)
        known[frame.below(painted_pixels.row[here], painted_pixels.col[here])] = (
            painted_pixels.label[here]
        )
        at = np.flatnonzero(seeds.frame == t)
        met[at] = known[frame.below(seeds.row[at], seeds.col[at])]
    return met
