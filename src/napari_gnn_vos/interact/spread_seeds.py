"""Seeds carried to other frames by flow, as long as flow agrees with itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.structures.frame_graph import FramePair
from napari_gnn_vos.structures.seeds import Seeds

F32 = NDArray[np.float32]
AROUND = 5
"""Pixels from a seed at which flow must not differ from its own."""


def spread_seeds(
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
        A seed stops after `spread_frames` frames, at the frame's border, or where flow
        there and back misses it by more than `return_error` pixels and more than
        `return_share` of its motion.

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
) -> list[Seeds]:
    """Carry all seeds in one direction, a frame at a time."""
    step = 1 if forward else -1
    t = int(seeds.frame.min() if forward else seeds.frame.max())
    end = shape[0] - 1 if forward else 0
    held, age = Seeds.none(), np.zeros(0, np.int32)
    out = []
    while t != end:
        fresh = seeds.take(seeds.frame == t)
        held = Seeds.join(held, fresh)
        age = np.concatenate([age, np.zeros(len(fresh), np.int32)])
        if len(held):
            flow = pairs[t if forward else t - 1].flow
            ways = (flow.forward, flow.backward)
            there, back = ways if forward else ways[::-1]
            row, col, good = _carry(held, there, back, shape, settings)
            good &= age < settings.spread_frames
            frame = np.full(len(held), t + step, np.int32)
            moved = Seeds(frame, row, col, held.label, held.origin, held.turn)
            held, age = moved.take(good), age[good] + 1
            out.append(held)
        t += step
    return out


def _carry(
    held: Seeds,
    there: NDArray[np.float16],
    back: NDArray[np.float16],
    shape: tuple[int, int, int],
    settings: SeedSettings,
) -> tuple[F32, F32, NDArray[np.bool_]]:
    """One step: new rows, new columns, and which seeds arrived."""
    scale = there.shape[0] / shape[1]
    move = bilinear(there, held.row * scale, held.col * scale)
    row, col = held.row + move[:, 0], held.col + move[:, 1]
    home = bilinear(back, row * scale, col * scale)
    miss = np.linalg.norm(move + home, axis=1)
    bound = settings.return_share * np.linalg.norm(move, axis=1)
    good = miss < np.maximum(bound, settings.return_error)
    good &= _calm(there, held, move, scale)
    good &= (row >= 0) & (row <= shape[1] - 1) & (col >= 0) & (col <= shape[2] - 1)
    return row.astype(np.float32), col.astype(np.float32), good


def _calm(
    there: NDArray[np.float16], held: Seeds, move: F32, scale: float
) -> NDArray[np.bool_]:
    """Whether flow around a seed is like its own: no border of motion is near, (S,)."""
    bound = 1 + 0.1 * np.linalg.norm(move, axis=1)
    calm = np.ones(len(held), bool)
    for down, right in ((AROUND, 0), (-AROUND, 0), (0, AROUND), (0, -AROUND)):
        beside = bilinear(there, (held.row + down) * scale, (held.col + right) * scale)
        calm &= np.linalg.norm(beside - move, axis=1) < bound
    return calm


def bilinear(field: NDArray[np.float16], row: F32, col: F32) -> F32:
    """Look up a (h, w, C) field at S fractional positions, (S, C).

    Positions outside are moved to the border.
    """
    h, w = field.shape[:2]
    row, col = np.clip(row, 0, h - 1), np.clip(col, 0, w - 1)
    top = np.minimum(row.astype(np.int64), max(h - 2, 0))
    left = np.minimum(col.astype(np.int64), max(w - 2, 0))
    down, right = np.minimum(top + 1, h - 1), np.minimum(left + 1, w - 1)
    y, x = (row - top)[:, None], (col - left)[:, None]
    corners: NDArray[np.float64] = (
        (1 - y) * (1 - x) * field[top, left].astype(np.float32)
        + (1 - y) * x * field[top, right].astype(np.float32)
        + y * (1 - x) * field[down, left].astype(np.float32)
        + y * x * field[down, right].astype(np.float32)
    )
    return corners.astype(np.float32)
