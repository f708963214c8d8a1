"""Seeds carried to other frames by flow, as long as flow agrees with itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.advect import advect
from napari_gnn_vos.structures.frame_graph import FramePair
from napari_gnn_vos.structures.seeds import Seeds


def propagate_seeds(
    seeds: Seeds,
    pairs: Sequence[FramePair],
    shape: tuple[int, int, int],
    settings: SeedSettings,
) -> Seeds:
    """Carry seeds through the video in both directions.

    Parameters
    ----------
    seeds : Seeds
        Drawn seeds.
    pairs : sequence of T - 1 FramePair
        Flow between consecutive frames.
    shape : (int, int, int)
        T, H and W of the video.
    settings : SeedSettings
        A seed stops after `propagation_frames` frames, at the border of the frame, or
        where the forward-backward error of the flow exceeds both `return_error`
        pixels and `return_share` of its motion.

    Returns
    -------
    spread : Seeds
        Seeds on other frames than their own, with the same label, origin and turn.

    References
    ----------
    Paper, III-C.
    """
    if not len(seeds):
        return Seeds.none()
    ahead = _sweep(seeds, pairs, shape, settings, forward=True)
    behind = _sweep(seeds, pairs, shape, settings, forward=False)
    return Seeds.join(Seeds.none(), *ahead, *behind)


def _sweep(
    seeds: Seeds,
    pairs: Sequence[FramePair],
    shape: tuple[int, int, int],
    settings: SeedSettings,
    *,
    forward: bool,
) -> Iterator[Seeds]:
    """Carry all seeds in one direction, a frame at a time."""
    step = 1 if forward else -1
    t = int(seeds.frame.min() if forward else seeds.frame.max())
    end = shape[0] - 1 if forward else 0
    limits = np.float32(settings.return_error), np.float32(settings.return_share)
    held, age = np.zeros(0, np.int64), np.zeros(0, np.int64)
    row, col = seeds.row[held], seeds.col[held]
    while t != end:
        fresh = np.flatnonzero(seeds.frame == t)
        held, age = np.append(held, fresh), np.append(age, np.zeros_like(fresh))
        row, col = np.append(row, seeds.row[fresh]), np.append(col, seeds.col[fresh])
        if len(held):
            flow = pairs[t if forward else t - 1].flow
            ways = flow.forward.view(np.uint16), flow.backward.view(np.uint16)
            there, back = ways if forward else ways[::-1]
            row, col, good = advect(row, col, there, back, *limits, shape[1:])
            good &= age < settings.propagation_frames
            held, age, row, col = held[good], age[good] + 1, row[good], col[good]
            frame = np.full(len(held), t + step, np.int32)
            yield replace(seeds.take(held), frame=frame, row=row, col=col)
        t += step
