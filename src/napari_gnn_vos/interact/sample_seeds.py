"""From strokes to seeds: a random sample of their pixels (paper, III-C)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.scribbles import BACKGROUND, ERASED, Scribble
from napari_gnn_vos.structures.seeds import Ink, Seeds


def sample_seeds(
    scribbles: Sequence[Scribble],
    shape: tuple[int, int, int],
    turn: int,
    settings: SeedSettings,
    *,
    rng: Generator,
) -> Seeds:
    """Sample seeds from new strokes.

    Parameters
    ----------
    scribbles : sequence of Scribble
        Strokes of one round.
    shape : (int, int, int)
        T, H and W of the video.
    turn : int
        Number of the round, from 1.
    settings : SeedSettings
        `per_label` seeds are sampled for each label, one from each stroke at least.
    rng : numpy.random.Generator

    Returns
    -------
    seeds : Seeds
        Their `origin` counts from 0.
    """
    strokes: dict[int, list[tuple[int, NDArray[np.int64]]]] = {}
    for scribble in scribbles:
        if scribble.label != ERASED:
            drawn = scribble.frame, rasterise(scribble, shape)
            strokes.setdefault(scribble.label, []).append(drawn)
    rows = []
    for label, parts in sorted(strokes.items()):
        total = sum(len(pixels) for _, pixels in parts)
        for frame, pixels in parts:
            share = round(settings.per_label * len(pixels) / total)
            count = min(len(pixels), max(1, share))
            chosen = pixels[rng.choice(len(pixels), count, replace=False)]
            rows.append(_rows(frame, chosen, label, turn))
    return Seeds.join(Seeds.none(), *rows).numbered(0)


def guess_background(
    ink: Ink, shape: tuple[int, int, int], settings: SeedSettings, *, rng: Generator
) -> Seeds:
    """Sample background far from all strokes on objects, as a first guess.

    Parameters
    ----------
    ink : Ink
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
    ink = ink.take(ink.label != BACKGROUND)
    if not len(ink):
        return Seeds.none()
    rows = []
    frames = np.unique(ink.frame)
    for frame in frames:
        blank = np.ones(shape[1:], bool)
        here = ink.frame == frame
        blank[ink.row[here], ink.col[here]] = False
        away = distance_transform_edt(blank)
        far = np.argwhere(away >= min(settings.clearance, 0.6 * float(away.max())))
        count = min(len(far), -(-settings.background // len(frames)))
        chosen = far[rng.choice(len(far), count, replace=False)]
        rows.append(_rows(int(frame), chosen, BACKGROUND, 0))
    return Seeds.join(Seeds.none(), *rows).numbered(0)


def _rows(frame: int, pixels: NDArray[np.int64], label: int, turn: int) -> Seeds:
    count = len(pixels)
    return Seeds(
        np.full(count, frame, np.int32),
        pixels[:, 0].astype(np.float32),
        pixels[:, 1].astype(np.float32),
        np.full(count, label, np.uint8),
        np.zeros(count, np.int32),
        np.full(count, turn, np.int32),
    )
