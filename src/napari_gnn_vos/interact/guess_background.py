"""Background where nobody has drawn any: guessed, far from objects and unlike them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.scribbles import BACKGROUND
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds

F32 = NDArray[np.float32]


def guess_background(
    painted_pixels: PaintedPixels,
    shape: tuple[int, int, int],
    settings: SeedSettings,
    *,
    rng: Generator,
) -> Seeds:
    """Sample background far from all strokes on objects, as a first guess.

    Parameters
    ----------
    painted_pixels : PaintedPixels
        What is drawn.
    shape : (int, int, int)
        T, H and W of the video.
    settings : SeedSettings
        `background` seeds, `clearance` pixels or more from any stroke on their frame;
        fewer pixels where a small frame leaves no such place.
    rng : numpy.random.Generator

    Returns
    -------
    seeds : Seeds
        Of turn 0, on the frames that have strokes on objects.

    Notes
    -----
    They help the label model where background was drawn, too: one stroke shows little
    of what background looks like. Some may lie on a large object; that is why nothing
    but the label model sees them, and why any stroke over them takes them back.
    """
    painted_pixels = painted_pixels.take(painted_pixels.label != BACKGROUND)
    if not len(painted_pixels):
        return Seeds.none()
    rows = []
    frames = np.unique(painted_pixels.frame)
    for frame in frames:
        blank = np.ones(shape[1:], bool)
        here = painted_pixels.frame == frame
        blank[painted_pixels.row[here], painted_pixels.col[here]] = False
        away = distance_transform_edt(blank)
        far = np.argwhere(away >= min(settings.clearance, 0.6 * float(away.max())))
        count = min(len(far), -(-settings.background // len(frames)))
        chosen = far[rng.choice(len(far), count, replace=False)]
        rows.append(Seeds.at(int(frame), chosen, BACKGROUND, 0))
    return Seeds.join(Seeds.none(), *rows).numbered(0)


def unlike_objects(
    frames: Sequence[FrameGraph],
    guess: Seeds,
    painted_pixels: PaintedPixels,
    share: float,
) -> Seeds:
    """Leave out the guesses that look most like objects.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    guess : Seeds
        Background that was guessed, on frames with ink on objects.
    painted_pixels : PaintedPixels
        What is drawn. On frames where background is, no guess is left out: a person
        has shown what is not the object.
    share : float
        Of the guesses on a frame, how many to leave out, 0 to 1.

    Returns
    -------
    guess : Seeds

    Notes
    -----
    A short stroke on a large object leaves room on that object itself, where some
    guesses fall; to the backbone they look like the stroke.
    """
    kept = np.ones(len(guess), bool)
    for t in np.unique(guess.frame):
        here, drawn = (
            np.flatnonzero(guess.frame == t),
            painted_pixels.take(painted_pixels.frame == t),
        )
        if (drawn.label == BACKGROUND).any():
            continue
        frame = frames[int(t)]
        below = frame.below(guess.row[here], guess.col[here])
        far = _distance(frame, below, np.unique(frame.below(drawn.row, drawn.col)))
        order = np.argsort(far, kind="stable")
        kept[here[order[: round(share * len(here))]]] = False
    return guess.take(kept)


def _distance(
    frame: FrameGraph, some: NDArray[np.uint16], others: NDArray[np.uint16]
) -> F32:
    """From every superpixel to the one of `others` that looks most like it, squared."""
    look = frame.appearance.astype(np.float32)
    far = np.stack([((look[some] - look[k]) ** 2).mean(axis=1) for k in others])
    nearest: F32 = far.min(axis=0)
    return nearest
