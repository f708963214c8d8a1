"""Steps of a layer on one block of edges.

Edges are processed in blocks of `BLOCK_EDGES`. Node states are gathered by row;
all other steps are vectorised over the edges of a block, which fits into the L1 cache.
Array sizes are those of `layout`.
"""

from __future__ import annotations

import numpy as np

from napari_gnn_vos.model.backends.compiled.jit import kernel
from napari_gnn_vos.model.backends.compiled.layout import BLOCK_EDGES
from napari_gnn_vos.model.backends.compiled.vectors import (
    CACHE_LINE,
    LONG_RUN,
    TILE_ROWS,
    VECTOR,
    WIDE_TILE,
    add_long_run,
    add_run,
    multiply_tile,
    prefetch,
    set_sum,
    transpose_tile,
)
from napari_gnn_vos.model.gatedgcn import NORM_EPS

_ONE, _ZERO = np.float32(1), np.float32(0)
_NORM_EPS = np.float32(NORM_EPS)
_LOG2_E = np.float32(1.4426950408889634)
_MAX_EXPONENT = np.float32(126)
_P1, _P2, _P3 = np.float32(0.69314698), np.float32(0.24022242), np.float32(0.05550734)
_P4, _P5 = np.float32(0.00967151), np.float32(0.00132647)


@kernel()
def transpose(rows, columns):  # type: ignore[no-untyped-def]
    """Transpose (n, m) `rows` into (m, n) `columns`."""
    n, m = rows.shape
    for r in range(0, n, VECTOR):
        for c in range(0, m, VECTOR):
            transpose_tile(rows, r * m + c, m, columns, c * n + r, n)


@kernel()
def gather(source, target, projected, own, rows):  # type: ignore[no-untyped-def]
    """Sum the gate terms of both ends of each edge into (BLOCK_EDGES, P) rows."""
    p = rows.shape[1]
    for x in range(len(source)):
        i = np.intp(target[x]) * 2 * p + p
        j = np.intp(source[x]) * 2 * p + p
        for k in range(0, p, VECTOR):
            set_sum(rows, x * p + k, own, i + k, projected, j + k)


@kernel()
def scatter(source, target, projected, rows, total):  # type: ignore[no-untyped-def]
    """Add gates, (BLOCK_EDGES, P) rows, and gated messages to the sums of targets.

    Edges with the same target are consecutive; each such run is summed in registers.
    """
    p, count, x = rows.shape[1], len(source), 0
    while x < count:
        i, end = target[x], x + 1
        while end < count and target[end] == i:
            end += 1
        to = np.intp(i) * 2 * p
        for k in range(0, p - LONG_RUN + 1, LONG_RUN):
            add_long_run(total, to, rows, projected, p, k, source, x, end)
        for k in range(p // LONG_RUN * LONG_RUN, p, VECTOR):
            add_run(total, to, rows, projected, p, k, source, x, end)
        x = end


@kernel()
def multiply(block, weight, out, h):  # type: ignore[no-untyped-def]
    """Add ``weight.T @ block`` to the first H rows of `out`.

    Parameters
    ----------
    block : (G, BLOCK_EDGES) ndarray of float32
    weight : (G, P) ndarray of float32
    out : (P, BLOCK_EDGES) ndarray of float32
        Padding rows up to the end of the last tile change, too.
    h : int
    """
    g, p = weight.shape
    for x in range(0, BLOCK_EDGES, WIDE_TILE):
        for k in range(0, h, TILE_ROWS):
            to = k * BLOCK_EDGES + x
            multiply_tile(weight, k, p, 1, block, x, BLOCK_EDGES, g, out, to)


@kernel(fastmath=True)
def update_edges(block, gate, norm, mean, inverse_std):  # type: ignore[no-untyped-def]
    """Add the rectified layer norm of gate logits to the edge states of a block.

    Parameters
    ----------
    block, gate : (H, BLOCK_EDGES) ndarray of float32
        Edge states, updated in place; gate logits.
    norm : (2, H) ndarray of float32
        Weight and bias of the layer norm.
    mean, inverse_std : (BLOCK_EDGES,) ndarray of float32
        Scratch memory.
    """
    h = len(gate)
    share = _ONE / np.float32(h)
    for x in range(BLOCK_EDGES):
        mean[x] = _ZERO
        inverse_std[x] = _ZERO
    for k in range(h):
        for x in range(BLOCK_EDGES):
            g = gate[k, x]
            mean[x] += g
            inverse_std[x] += g * g
    for x in range(BLOCK_EDGES):
        m = mean[x] * share
        mean[x] = m
        variance = max(inverse_std[x] * share - m * m, _ZERO)
        inverse_std[x] = _ONE / np.sqrt(variance + _NORM_EPS)
    for k in range(h):
        scale, shift = norm[0, k], norm[1, k]
        for x in range(BLOCK_EDGES):
            y = (gate[k, x] - mean[x]) * inverse_std[x] * scale + shift
            block[k, x] += max(y, _ZERO)


@kernel(inline="always")
def prefetch_part(block, source, projected, part, parts):  # type: ignore[no-untyped-def]
    """Prefetch one of several parts of the inputs of the next block.

    The rows of projected states are scattered over memory: each would be a cache miss.
    """
    for x in range(0, BLOCK_EDGES, CACHE_LINE):
        prefetch(block, part * BLOCK_EDGES + x)
    width = projected.shape[1] * projected.shape[2]
    for x in range(part, len(source), parts):
        for k in range(0, width, CACHE_LINE):
            prefetch(projected, np.intp(source[x]) * width + k)


@kernel(fastmath=True)
def sigmoid(gate, next_block, next_source, projected):  # type: ignore[no-untyped-def]
    """Apply the sigmoid to gate logits in place; prefetch the next block meanwhile.

    The exponential is 2 to the power of an integer, written into the exponent bits,
    times a polynomial in the fraction with a relative error of 1.1e-7.

    Parameters
    ----------
    gate : (H, BLOCK_EDGES) ndarray of float32
    next_block : (H, BLOCK_EDGES) ndarray of float32
        Edge states of the next block.
    next_source : (up to BLOCK_EDGES,) ndarray of uint32
        Rows of `projected` that it will gather.
    projected : (rows, 2, P) ndarray of float32
    """
    h = len(gate)
    for k in range(h):
        prefetch_part(next_block, next_source, projected, k, h)
        for x in range(BLOCK_EDGES):
            power = min(max(-gate[k, x] * _LOG2_E, -_MAX_EXPONENT), _MAX_EXPONENT)
            whole = np.rint(power)
            q = power - whole
            part = _P2 + q * (_P3 + q * (_P4 + q * _P5))
            part = _ONE + q * (_P1 + q * part)
            exponent = (np.int32(whole) + np.int32(127)) << np.int32(23)
            gate[k, x] = _ONE / (_ONE + part * np.int32(exponent).view(np.float32))
