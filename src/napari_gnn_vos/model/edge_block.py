"""Steps on a block of edges, as `fused` takes them.

Edges are processed in blocks of `BLOCK_EDGES`. Node states are gathered by row;
all other steps are vectorised over the edges of a block, which fits into the L1 cache.
Array sizes are those of `layout`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from napari_gnn_vos.model.kernels import NORM_EPS
from napari_gnn_vos.model.layout import BLOCK_EDGES
from napari_gnn_vos.model.vectors import (
    LINE,
    LONG,
    TALL,
    VECTOR,
    WIDE,
    add_long_run,
    add_run,
    fetch,
    multiply_tile,
    set_sum,
    transpose_tile,
)

_ONE, _ZERO = np.float32(1), np.float32(0)
_NORM_EPS = np.float32(NORM_EPS)
_LOG2_E = np.float32(1.4426950408889634)
_FAR = np.float32(126)
_P1, _P2, _P3 = np.float32(0.69314698), np.float32(0.24022242), np.float32(0.05550734)
_P4, _P5 = np.float32(0.00967151), np.float32(0.00132647)
FUSED: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "fastmath": True,
    "error_model": "numpy",  # else every division asks whether it is by zero
}
EXACT = FUSED | {"fastmath": False}
"""Rounds one way only; else sums are reordered or not by where arrays lie in memory."""


@njit(**EXACT)
def transpose(rows, columns):  # type: ignore[no-untyped-def]
    """Put the rows of one array, (n, m), into the columns of another, (m, n)."""
    n, m = rows.shape
    for r in range(0, n, VECTOR):
        for c in range(0, m, VECTOR):
            transpose_tile(rows, r * m + c, m, columns, c * n + r, n)


@njit(**EXACT)
def gather(source, target, sent, own, rows):  # type: ignore[no-untyped-def]
    """Sum the gate terms of both ends of each edge into (BLOCK_EDGES, P) rows."""
    p = rows.shape[1]
    for x in range(len(source)):
        i = np.intp(target[x]) * 2 * p + p
        j = np.intp(source[x]) * 2 * p + p
        for k in range(0, p, VECTOR):
            set_sum(rows, x * p + k, own, i + k, sent, j + k)


@njit(**EXACT)
def scatter(source, target, sent, rows, total):  # type: ignore[no-untyped-def]
    """Add gates, (BLOCK_EDGES, P) rows, and the messages they let through, at targets.

    Edges with one target follow each other.
    """
    p, count, x = rows.shape[1], len(source), 0
    while x < count:
        i, end = target[x], x + 1
        while end < count and target[end] == i:
            end += 1
        to = np.intp(i) * 2 * p
        for k in range(0, p - LONG + 1, LONG):
            add_long_run(total, to, rows, sent, p, k, source, x, end)
        for k in range(p // LONG * LONG, p, VECTOR):
            add_run(total, to, rows, sent, p, k, source, x, end)
        x = end


@njit(**EXACT)
def multiply(block, weight, out, h):  # type: ignore[no-untyped-def]
    """Add the product of (G, P) weights and a (G, BLOCK_EDGES) block to H rows.

    That has as many rows more as fill the last tile.
    """
    g, p = weight.shape
    for x in range(0, BLOCK_EDGES, WIDE):
        for k in range(0, h, TALL):
            to = k * BLOCK_EDGES + x
            multiply_tile(weight, k, p, 1, block, x, BLOCK_EDGES, g, out, to)


@njit(**FUSED)
def renew_states(block, gate, norm, middle, steep):  # type: ignore[no-untyped-def]
    """Add the rectified layer norm of the gates to the edge states of a block."""
    h = len(gate)
    share = _ONE / np.float32(h)
    for x in range(BLOCK_EDGES):
        middle[x] = _ZERO
        steep[x] = _ZERO
    for k in range(h):
        for x in range(BLOCK_EDGES):
            g = gate[k, x]
            middle[x] += g
            steep[x] += g * g
    for x in range(BLOCK_EDGES):
        m = middle[x] * share
        middle[x] = m
        steep[x] = _ONE / np.sqrt(max(steep[x] * share - m * m, _ZERO) + _NORM_EPS)
    for k in range(h):
        scale, shift = norm[0, k], norm[1, k]
        for x in range(BLOCK_EDGES):
            y = (gate[k, x] - middle[x]) * steep[x] * scale + shift
            block[k, x] += max(y, _ZERO)


@njit(**EXACT, inline="always")
def _ask_for(block, source, sent, part, parts):  # type: ignore[no-untyped-def]
    """Ask for a part of what a block will be made of, so that it is near by then.

    Edges gather rows hither and thither, each of which would be waited for.
    """
    for x in range(0, BLOCK_EDGES, LINE):
        fetch(block, part * BLOCK_EDGES + x)
    width = sent.shape[1] * sent.shape[2]
    for x in range(part, len(source), parts):
        for k in range(0, width, LINE):
            fetch(sent, np.intp(source[x]) * width + k)


@njit(**FUSED)
def open_gates(gate, block, source, sent):  # type: ignore[no-untyped-def]
    """Sigmoid of the gates of a block, in place; meanwhile, ask for the next block.

    2 to the power of a fraction by a polynomial, good to 1.1e-7, times a power of two
    that is written into the exponent of a float.
    """
    h = len(gate)
    for k in range(h):
        _ask_for(block, source, sent, k, h)
        for x in range(BLOCK_EDGES):
            power = min(max(-gate[k, x] * _LOG2_E, -_FAR), _FAR)
            whole = np.rint(power)
            q = power - whole
            part = _P2 + q * (_P3 + q * (_P4 + q * _P5))
            part = _ONE + q * (_P1 + q * part)
            double = (np.int32(whole) + np.int32(127)) << np.int32(23)
            gate[k, x] = _ONE / (_ONE + part * np.int32(double).view(np.float32))
