"""Propagate seeds along optical flow to other frames (paper, III-C)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.compiler import njit
from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.structures.frame_graph import FramePair
from napari_gnn_vos.structures.seeds import Seeds

F32 = NDArray[np.float32]
NEIGHBOUR_DISTANCE = np.float32(5)
"""Distance in pixels of the four points whose flow is compared with that at a seed."""
_ZERO, _ONE, _TENTH = np.float32(0), np.float32(1), np.float32(0.1)
_HALF_TO_SINGLE = np.float32(2.0**112)  # ratio of the exponent biases, 2^(127 - 15)
NJIT_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}


def propagate_seeds(
    seeds: Seeds,
    pairs: Sequence[FramePair],
    shape: tuple[int, int, int],
    settings: SeedSettings,
) -> Seeds:
    """Propagate seeds along optical flow, forward and backward in time.

    Parameters
    ----------
    seeds : Seeds
        Drawn seeds.
    pairs : sequence of T - 1 FramePair
        Flow between consecutive frames.
    shape : (int, int, int)
        T, H and W of the video.
    settings : SeedSettings
        A track ends after `propagation_frames` frames, at the border of the frame, near
        a motion boundary, or where the forward-backward error of the flow exceeds both
        `return_error` pixels and `return_share` of the displacement.

    Returns
    -------
    propagated : Seeds
        One seed per track and frame, without the frame of the drawn seed; label, origin
        and round index are those of the drawn seed.

    References
    ----------
    Paper, III-C.
    """
    if not len(seeds):
        return Seeds.empty()
    forward = _propagate(seeds, pairs, shape, settings, forward=True)
    backward = _propagate(seeds, pairs, shape, settings, forward=False)
    return Seeds.concatenate(Seeds.empty(), *forward, *backward)


def _propagate(
    seeds: Seeds,
    pairs: Sequence[FramePair],
    shape: tuple[int, int, int],
    settings: SeedSettings,
    *,
    forward: bool,
) -> Iterator[Seeds]:
    """Propagate all seeds in one direction; yield the seeds of each frame."""
    step = 1 if forward else -1
    t = int(seeds.frame.min() if forward else seeds.frame.max())
    end = shape[0] - 1 if forward else 0
    limits = np.float32(settings.return_error), np.float32(settings.return_share)
    active, age = np.zeros(0, np.int64), np.zeros(0, np.int64)
    row, col = seeds.row[active], seeds.col[active]
    while t != end:
        new = np.flatnonzero(seeds.frame == t)
        active, age = np.append(active, new), np.append(age, np.zeros_like(new))
        row, col = np.append(row, seeds.row[new]), np.append(col, seeds.col[new])
        if len(active):
            flow = pairs[t if forward else t - 1].flow
            fields = flow.forward.view(np.uint16), flow.backward.view(np.uint16)
            flow_out, flow_back = fields if forward else fields[::-1]
            row, col, valid = advect(row, col, flow_out, flow_back, *limits, shape[1:])
            valid &= age < settings.propagation_frames
            active, age = active[valid], age[valid] + 1
            row, col = row[valid], col[valid]
            frame = np.full(len(active), t + step, np.int32)
            yield replace(seeds.take(active), frame=frame, row=row, col=col)
        t += step


@njit(**NJIT_OPTIONS)
def advect(row, col, flow_out, flow_back, max_error, max_relative_error, size):  # type: ignore[no-untyped-def]  # noqa: PLR0913
    """Advect seeds by one frame and test the forward-backward consistency.

    Parameters
    ----------
    row, col : (S,) ndarray of float32
        Positions in pixels.
    flow_out, flow_back : (h, w, 2) ndarray of uint16
        Bit patterns of float16: flow to the target frame and back, in pixels.
    max_error, max_relative_error : float32
        Largest accepted forward-backward error, in pixels and as a fraction of the
        displacement. The larger of the two limits applies.
    size : (int, int)
        H and W of the video.

    Returns
    -------
    row, col : (S,) ndarray of float32
        New positions in pixels.
    valid : (S,) ndarray of bool
        See the notes.

    Notes
    -----
    With the flow f at a seed, and the flow b back at its new position, a seed is valid
    if

    - ``|f + b| < max(max_relative_error |f|, max_error)``, the forward-backward
      consistency,
    - ``|f' - f| < 1 + 0.1 |f|`` for the flow f' at `NEIGHBOUR_DISTANCE` in the four
      directions, so that no motion boundary is near, and
    - its new position is inside the frame.
    """
    count = len(row)
    new_row, new_col = np.empty(count, np.float32), np.empty(count, np.float32)
    valid = np.empty(count, np.bool_)
    scale = np.float32(flow_out.shape[0] / size[0])
    for s in range(count):
        down, right = bilinear(flow_out, row[s] * scale, col[s] * scale)
        y, x = row[s] + down, col[s] + right
        back_down, back_right = bilinear(flow_back, y * scale, x * scale)
        error = _length(down + back_down, right + back_right)
        displacement = _length(down, right)
        accepted = error < max(max_relative_error * displacement, max_error)
        for r, c in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            near_row = row[s] + NEIGHBOUR_DISTANCE * np.float32(r)
            near_col = col[s] + NEIGHBOUR_DISTANCE * np.float32(c)
            near = bilinear(flow_out, near_row * scale, near_col * scale)
            difference = _length(near[0] - down, near[1] - right)
            accepted &= difference < _ONE + _TENTH * displacement  # motion boundary
        accepted &= 0 <= y <= size[0] - 1 and 0 <= x <= size[1] - 1
        new_row[s], new_col[s], valid[s] = y, x, accepted
    return new_row, new_col, valid


@njit(**NJIT_OPTIONS)
def bilinear(field, row, col):  # type: ignore[no-untyped-def]
    """Interpolate a flow field bilinearly at one position.

    Parameters
    ----------
    field : (h, w, 2) ndarray of uint16
        Bit patterns of float16.
    row, col : float32
        Position in cells of the field; clamped to its border.

    Returns
    -------
    down, right : float32
    """
    h, w = field.shape[0], field.shape[1]
    row = min(max(row, _ZERO), np.float32(h - 1))
    col = min(max(col, _ZERO), np.float32(w - 1))
    r0, c0 = min(int(row), max(h - 2, 0)), min(int(col), max(w - 2, 0))
    r1, c1 = min(r0 + 1, h - 1), min(c0 + 1, w - 1)
    y, x = row - np.float32(r0), col - np.float32(c0)
    w00, w01 = (_ONE - y) * (_ONE - x), (_ONE - y) * x
    w10, w11 = y * (_ONE - x), y * x
    down = w00 * _half_to_float(field[r0, c0, 0]) + w01 * _half_to_float(
        field[r0, c1, 0]
    )
    down += w10 * _half_to_float(field[r1, c0, 0]) + w11 * _half_to_float(
        field[r1, c1, 0]
    )
    right = w00 * _half_to_float(field[r0, c0, 1]) + w01 * _half_to_float(
        field[r0, c1, 1]
    )
    right += w10 * _half_to_float(field[r1, c0, 1]) + w11 * _half_to_float(
        field[r1, c1, 1]
    )
    return down, right


@njit(**NJIT_OPTIONS)
def _half_to_float(bits):  # type: ignore[no-untyped-def]
    """Convert the bit pattern of a finite float16 to float32."""
    magnitude = np.uint32((np.uint32(bits) & np.uint32(0x7FFF)) << np.uint32(13))
    value = magnitude.view(np.float32) * _HALF_TO_SINGLE
    return -value if bits & np.uint16(0x8000) else value


@njit(**NJIT_OPTIONS)
def _length(down, right):  # type: ignore[no-untyped-def]
    """Compute the Euclidean length of a vector."""
    return np.sqrt(down * down + right * right)
