"""Steps of a layer on one block of edges.

Edges are processed in blocks of `BLOCK_EDGES`. Terms of nodes are gathered by row; all
other steps are vectorised over the edges of a block, which fits into the L1 cache.
Array sizes are those of `layout`. `source_terms` are B h and F h, `target_terms` A h
and D h of `model.gatedgcn`.
"""

from __future__ import annotations

import numpy as np

from napari_gnn_vos.model.backends.compiled.intrinsics import (
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
from napari_gnn_vos.model.backends.compiled.jit import FINITE, kernel
from napari_gnn_vos.model.backends.compiled.layout import BLOCK_EDGES
from napari_gnn_vos.model.gatedgcn import NORM_EPS

_ONE, _ZERO = np.float32(1), np.float32(0)
_NORM_EPS = np.float32(NORM_EPS)
_LOG2_E = np.float32(1.4426950408889634)
_MAX_EXPONENT = np.float32(126)
# minimax approximation 1 + P1 q + ... + P5 q^5 of 2^q on [-1/2, 1/2]
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
def gather(source, target, source_terms, target_terms, rows):  # type: ignore[no-untyped-def]
    """Sum D h of the target and F h of the source of each edge.

    Parameters
    ----------
    source, target : (up to BLOCK_EDGES,) ndarray of uint32
        Rows of `source_terms` and of `target_terms`.
    source_terms, target_terms : (n, 2, P) ndarray of float32
        See `layer.pass_messages`.
    rows : (BLOCK_EDGES, P) ndarray of float32
        Overwritten by the sums, one row per edge.
    """
    p = rows.shape[1]
    for x in range(len(source)):
        i = np.intp(target[x]) * 2 * p + p
        j = np.intp(source[x]) * 2 * p + p
        for k in range(0, p, VECTOR):
            set_sum(rows, x * p + k, target_terms, i + k, source_terms, j + k)


@kernel()
def scatter(source, target, source_terms, rows, sums):  # type: ignore[no-untyped-def]
    """Add gates and gated messages to the sums of the targets of the edges.

    Edges with the same target are consecutive; each such run is summed in registers.

    Parameters
    ----------
    source, target, source_terms
        See `gather`; target refers to rows of `sums`.
    rows : (BLOCK_EDGES, P) ndarray of float32
        Gates, one row per edge.
    sums : (n, 2, P) ndarray of float32
        Sums of gated messages and of gates; updated.
    """
    p, count, x = rows.shape[1], len(source), 0
    while x < count:
        i, end = target[x], x + 1
        while end < count and target[end] == i:
            end += 1
        to = np.intp(i) * 2 * p
        for k in range(0, p - LONG_RUN + 1, LONG_RUN):
            add_long_run(sums, to, rows, source_terms, p, k, source, x, end)
        for k in range(p // LONG_RUN * LONG_RUN, p, VECTOR):
            add_run(sums, to, rows, source_terms, p, k, source, x, end)
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


@kernel(fastmath=FINITE)
def update_edges(block, logits, norm, mean, inverse_std):  # type: ignore[no-untyped-def]
    """Add the rectified layer norm of gate logits to the edge states of a block.

    Parameters
    ----------
    block : (H, BLOCK_EDGES) ndarray of float32
        Edge states; updated in place.
    logits : (H, BLOCK_EDGES) ndarray of float32
        Gate logits.
    norm : (2, H) ndarray of float32
        Weight and bias of the layer norm.
    mean, inverse_std : (BLOCK_EDGES,) ndarray of float32
        Scratch memory.
    """
    h = len(logits)
    share = _ONE / np.float32(h)
    for x in range(BLOCK_EDGES):
        mean[x] = _ZERO
        inverse_std[x] = _ZERO
    for k in range(h):
        for x in range(BLOCK_EDGES):
            value = logits[k, x]
            mean[x] += value
            inverse_std[x] += value * value  # the sum of squares, until it is complete
    for x in range(BLOCK_EDGES):
        m = mean[x] * share
        mean[x] = m
        variance = max(inverse_std[x] * share - m * m, _ZERO)
        inverse_std[x] = _ONE / np.sqrt(variance + _NORM_EPS)
    for k in range(h):
        scale, shift = norm[0, k], norm[1, k]
        for x in range(BLOCK_EDGES):
            y = (logits[k, x] - mean[x]) * inverse_std[x] * scale + shift
            block[k, x] += max(y, _ZERO)


@kernel(inline="always")
def prefetch_part(block, source, source_terms, part, parts):  # type: ignore[no-untyped-def]
    """Prefetch one of `parts` parts of the inputs of the next block.

    The rows of source terms are scattered over memory: each would be a cache miss.
    """
    for x in range(0, BLOCK_EDGES, CACHE_LINE):
        prefetch(block, part * BLOCK_EDGES + x)
    width = source_terms.shape[1] * source_terms.shape[2]
    for x in range(part, len(source), parts):
        for k in range(0, width, CACHE_LINE):
            prefetch(source_terms, np.intp(source[x]) * width + k)


@kernel(fastmath=FINITE)
def sigmoid(logits, next_block, next_source, source_terms):  # type: ignore[no-untyped-def]
    """Apply the sigmoid to gate logits in place, and prefetch the next block.

    The exponential is 2 to the power of an integer, written into the exponent bits,
    times a polynomial in the fraction with a relative error of 1.1e-7.

    Parameters
    ----------
    logits : (H, BLOCK_EDGES) ndarray of float32
        Gate logits; overwritten by the gates.
    next_block : (H, BLOCK_EDGES) ndarray of float32
        Edge states of the next block.
    next_source : (up to BLOCK_EDGES,) ndarray of uint32
        Rows of `source_terms` that the next block gathers.
    source_terms : (rows, 2, P) ndarray of float32
    """
    h = len(logits)
    for k in range(h):
        prefetch_part(next_block, next_source, source_terms, k, h)
        for x in range(BLOCK_EDGES):
            power = min(max(-logits[k, x] * _LOG2_E, -_MAX_EXPONENT), _MAX_EXPONENT)
            integer = np.rint(power)
            q = power - integer
            fraction = _P2 + q * (_P3 + q * (_P4 + q * _P5))
            fraction = _ONE + q * (_P1 + q * fraction)
            exponent = (np.int32(integer) + np.int32(127)) << np.int32(23)
            exponential = fraction * np.int32(exponent).view(np.float32)
            logits[k, x] = _ONE / (_ONE + exponential)
