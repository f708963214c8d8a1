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
BESIDE = AROUND * np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)], np.float32)
"""A seed, and where to look around it: rows and columns."""


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
    at = np.stack([held.row, held.col]) + BESIDE[:, :, None]  # (5, 2, S)
    moves = bilinear(there, *(at.transpose(1, 0, 2).reshape(2, -1) * scale))
    move, *beside = moves.reshape(len(BESIDE), -1, 2)
    row, col = held.row + move[:, 0], held.col + move[:, 1]
    home = bilinear(back, row * scale, col * scale)
    miss, far = np.linalg.norm(move + home, axis=1), np.linalg.norm(move, axis=1)
    good = miss < np.maximum(settings.return_share * far, settings.return_error)
    unlike = np.linalg.norm(np.stack(beside) - move, axis=2)
    good &= (unlike < 1 + 0.1 * far).all(axis=0)  # no border of motion is near
    good &= (row >= 0) & (row <= shape[1] - 1) & (col >= 0) & (col <= shape[2] - 1)
    return row.astype(np.float32), col.astype(np.float32), good


def bilinear(field: NDArray[np.float16], row: F32, col: F32) -> F32:
    """Look up a (h, w, C) field at S fractional positions, (S, C).

    Positions outside are moved to the border.
    """
    h, w, depth = field.shape
    row, col = np.clip(row, 0, h - 1), np.clip(col, 0, w - 1)
    top = np.minimum(row.astype(np.int64), max(h - 2, 0))
    left = np.minimum(col.astype(np.int64), max(w - 2, 0))
    y, x = row - top, col - left
    down, right = w * (h > 1), int(w > 1)
    at = top * w + left + np.array([[0], [right], [down], [down + right]])
    corners = field.reshape(-1, depth)[at].astype(np.float32)
    share = np.stack([(1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x])
    mixed: F32 = np.einsum(
        "ks,ksc->sc", share, corners, dtype=np.float32, casting="same_kind"
    )
    return mixed
