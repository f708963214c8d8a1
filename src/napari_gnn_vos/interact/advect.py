"""A step of seeds along flow, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

F32 = NDArray[np.float32]
AROUND = np.float32(5)
"""Pixels from a seed at which flow must not differ from its own."""
_ZERO, _ONE, _TENTH = np.float32(0), np.float32(1), np.float32(0.1)
_HALF_TO_SINGLE = np.float32(2.0**112)
COMPILED: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}


@njit(**COMPILED)
def advect(row, col, there, back, most_error, most_share, size):  # type: ignore[no-untyped-def]  # noqa: PLR0913
    """Move seeds to the next frame, and tell which of them arrive.

    Parameters
    ----------
    row, col : (S,) ndarray of float32
    there, back : (h, w, 2) ndarray of uint16
        Bits of float16: flow to the next frame and back, in pixels of the video.
    most_error, most_share : float32
        A seed may miss itself by so many pixels, there and back, or by this share of
        its motion, if that is more.
    size : (int, int)
        H and W of the video.

    Returns
    -------
    row, col : (S,) ndarray of float32
    good : (S,) ndarray of bool
        Flow leads back, does not change around the seed, and stays in the frame.
    """
    count = len(row)
    new_row, new_col = np.empty(count, np.float32), np.empty(count, np.float32)
    good = np.empty(count, np.bool_)
    scale = np.float32(there.shape[0] / size[0])
    for s in range(count):
        down, right = bilinear(there, row[s] * scale, col[s] * scale)
        y, x = row[s] + down, col[s] + right
        home_down, home_right = bilinear(back, y * scale, x * scale)
        miss, far = _length(down + home_down, right + home_right), _length(down, right)
        fine = miss < max(most_share * far, most_error)
        for r, c in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            beside = row[s] + AROUND * np.float32(r), col[s] + AROUND * np.float32(c)
            other = bilinear(there, beside[0] * scale, beside[1] * scale)
            unlike = _length(other[0] - down, other[1] - right)
            fine &= unlike < _ONE + _TENTH * far  # no border of motion is near
        fine &= 0 <= y <= size[0] - 1 and 0 <= x <= size[1] - 1
        new_row[s], new_col[s], good[s] = y, x, fine
    return new_row, new_col, good


@njit(**COMPILED)
def bilinear(field, row, col):  # type: ignore[no-untyped-def]
    """Look up both values of a (h, w, 2) field of float16's bits between its cells.

    Outside, the nearest place inside is looked up.
    """
    h, w = field.shape[0], field.shape[1]
    row = min(max(row, _ZERO), np.float32(h - 1))
    col = min(max(col, _ZERO), np.float32(w - 1))
    top, left = min(int(row), max(h - 2, 0)), min(int(col), max(w - 2, 0))
    low, far = min(top + 1, h - 1), min(left + 1, w - 1)
    y, x = row - np.float32(top), col - np.float32(left)
    one, two = (_ONE - y) * (_ONE - x), (_ONE - y) * x
    three, four = y * (_ONE - x), y * x
    first = one * _single(field[top, left, 0]) + two * _single(field[top, far, 0])
    first += three * _single(field[low, left, 0]) + four * _single(field[low, far, 0])
    second = one * _single(field[top, left, 1]) + two * _single(field[top, far, 1])
    second += three * _single(field[low, left, 1]) + four * _single(field[low, far, 1])
    return first, second


@njit(**COMPILED)
def _single(bits):  # type: ignore[no-untyped-def]
    """Turn the bits of a float16 that is finite into a float32."""
    size = np.uint32((np.uint32(bits) & np.uint32(0x7FFF)) << np.uint32(13))
    value = size.view(np.float32) * _HALF_TO_SINGLE
    return -value if bits & np.uint16(0x8000) else value


@njit(**COMPILED)
def _length(down, right):  # type: ignore[no-untyped-def]
    return np.sqrt(down * down + right * right)
