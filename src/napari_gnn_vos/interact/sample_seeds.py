"""From strokes to seeds: a random sample of their pixels (paper, III-C)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.scribbles import ERASED, Scribble
from napari_gnn_vos.structures.seeds import Seeds


def sample_seeds(
    scribbles: Sequence[Scribble],
    shape: tuple[int, int, int],
    round_index: int,
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
    round_index : int
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
            rows.append(Seeds.at(frame, chosen, label, round_index))
    return Seeds.join(Seeds.none(), *rows).numbered(0)
