"""A layer of the network for one frame, fused, without gradients.

Edges are taken `LANES` at a time. Their ends are read row by row, an edge each; the
rest is done channel by channel within such a block, so that every step works on whole
vectors, and what a block needs stays in the nearest cache. Sizes as in `layout`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from napari_gnn_vos.model.kernels import EPS, NORM_EPS
from napari_gnn_vos.model.layout import LANES
from napari_gnn_vos.model.vectors import (
    LINE,
    LONG,
    NARROW,
    TALL,
    VECTOR,
    WIDE,
    add_long_run,
    add_run,
    fetch,
    multiply_narrow_tile,
    multiply_tile,
    set_sum,
    transpose_tile,
)

_ONE, _ZERO = np.float32(1), np.float32(0)
_EPS, _NORM_EPS = np.float32(EPS), np.float32(NORM_EPS)
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
def _transpose(rows, columns):  # type: ignore[no-untyped-def]
    """Put the rows of one array, (n, m), into the columns of another, (m, n)."""
    n, m = rows.shape
    for r in range(0, n, VECTOR):
        for c in range(0, m, VECTOR):
            transpose_tile(rows, r * m + c, m, columns, c * n + r, n)


@njit(**EXACT)
def _gather(source, target, sent, own, rows):  # type: ignore[no-untyped-def]
    """Add up what both ends of edges give to their gates, into (LANES, P) rows."""
    p = rows.shape[1]
    for x in range(len(source)):
        i = np.intp(target[x]) * 2 * p + p
        j = np.intp(source[x]) * 2 * p + p
        for k in range(0, p, VECTOR):
            set_sum(rows, x * p + k, own, i + k, sent, j + k)


@njit(**EXACT)
def _scatter(source, target, sent, rows, total):  # type: ignore[no-untyped-def]
    """Add gates, (LANES, P) rows, and the messages they let through, at targets.

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
def _multiply(block, weight, out, h):  # type: ignore[no-untyped-def]
    """Add the product of a block, (G, LANES), and (G, P) weights to H rows of another.

    That has as many rows more as fill the last tile.
    """
    g, p = weight.shape
    for x in range(0, LANES, WIDE):
        for k in range(0, h, TALL):
            to = k * LANES + x
            multiply_tile(weight, k, p, 1, block, x, LANES, g, out, to)


@njit(**EXACT)
def project(states, projection, out):  # type: ignore[no-untyped-def]
    """Apply a linear layer to the states of nodes.

    Parameters
    ----------
    states : (n, H) ndarray of float32
    projection : Linear
        To M channels, a multiple of `NARROW`.
    out : (n, M) ndarray of float32
    """
    weight, offset = projection
    (n, h), m = states.shape, len(offset)
    for i in range(n):
        for c in range(m):
            out[i, c] = offset[c]
    tiled = n // TALL * TALL
    for i in range(0, tiled, TALL):
        for x in range(0, m, NARROW):
            multiply_narrow_tile(states, i * h, 1, h, weight, x, m, h, out, i * m + x)
    for i in range(tiled, n):
        for k in range(h):
            for c in range(m):
                out[i, c] += states[i, k] * weight[k, c]


@njit(**EXACT)
def embed_edges(links, embedding, blocks):  # type: ignore[no-untyped-def]
    """Make the first states of edges.

    Parameters
    ----------
    links : (e, G) ndarray of float32
        What edges are like.
    embedding : Linear
    blocks : (K, b, H, LANES) ndarray of float32
        Gets the states, the same for K labels.
    """
    (e, g), (labels, count, h, _) = links.shape, blocks.shape
    flat, told = links.reshape(-1), np.zeros((g, LANES), np.float32)
    made = np.empty((embedding.weight.shape[1], LANES), np.float32)
    for number in range(count):
        first = number * LANES
        for k in range(g):
            for x in range(min(LANES, e - first)):
                told[k, x] = flat[np.uintp((first + x) * g + k)]
        for k in range(h):
            made[k] = embedding.offset[k]
        _multiply(told, embedding.weight, made, h)
        for label in range(labels):
            blocks[label, number] = made[:h]


@njit(**FUSED)
def _renew(block, gate, norm, middle, steep):  # type: ignore[no-untyped-def]
    """Add the rectified layer norm of the gates to the edge states of a block."""
    h = len(gate)
    share = _ONE / np.float32(h)
    for x in range(LANES):
        middle[x] = _ZERO
        steep[x] = _ZERO
    for k in range(h):
        for x in range(LANES):
            g = gate[k, x]
            middle[x] += g
            steep[x] += g * g
    for x in range(LANES):
        m = middle[x] * share
        middle[x] = m
        steep[x] = _ONE / np.sqrt(max(steep[x] * share - m * m, _ZERO) + _NORM_EPS)
    for k in range(h):
        scale, shift = norm[0, k], norm[1, k]
        for x in range(LANES):
            y = (gate[k, x] - middle[x]) * steep[x] * scale + shift
            block[k, x] += max(y, _ZERO)


@njit(**EXACT, inline="always")
def _ask_for(block, source, sent, part, parts):  # type: ignore[no-untyped-def]
    """Ask for a part of what a block will be made of, so that it is near by then.

    Edges gather rows hither and thither, each of which would be waited for.
    """
    for x in range(0, LANES, LINE):
        fetch(block, part * LANES + x)
    width = sent.shape[1] * sent.shape[2]
    for x in range(part, len(source), parts):
        for k in range(0, width, LINE):
            fetch(sent, np.intp(source[x]) * width + k)


@njit(**FUSED)
def _open(gate, block, source, sent):  # type: ignore[no-untyped-def]
    """Sigmoid of the gates of a block, in place; meanwhile, ask for the next block.

    2 to the power of a fraction by a polynomial, good to 1.1e-7, times a power of two
    that is written into the exponent of a float.
    """
    h = len(gate)
    for k in range(h):
        _ask_for(block, source, sent, k, h)
        for x in range(LANES):
            power = min(max(-gate[k, x] * _LOG2_E, -_FAR), _FAR)
            whole = np.rint(power)
            q = power - whole
            part = _P2 + q * (_P3 + q * (_P4 + q * _P5))
            part = _ONE + q * (_P1 + q * part)
            double = (np.int32(whole) + np.int32(127)) << np.int32(23)
            gate[k, x] = _ONE / (_ONE + part * np.int32(double).view(np.float32))


@njit(**EXACT)
def _span(source, target, number):  # type: ignore[no-untyped-def]
    """Give the ends of the edges of a block."""
    span = slice(number * LANES, (number + 1) * LANES)
    return source[span], target[span]


@njit(**FUSED)
def pass_messages(blocks, source, target, sent, own, weights, total):  # type: ignore[no-untyped-def]  # noqa: PLR0913
    """Gather messages for the targets of one frame, and renew its edges in place.

    Parameters
    ----------
    blocks : (b, H, LANES) ndarray of float32
        Edge states.
    source : (e,) ndarray of uint32
        Row of `sent` that an edge comes from.
    target : (e,) ndarray of uint32
        Row of `own` that it goes to.
    sent : (rows, 2, P) ndarray of float32
        Projected node states: B h, F h.
    own : (n, 2, P) ndarray of float32
        A h, D h.
    weights : LayerWeights
    total : (n, 2, P) ndarray of float32
        Gets the sums of messages weighted by their gates, and of gates.
    """
    h, p = weights.edge.shape
    rows, gate = np.zeros((LANES, p), np.float32), np.zeros((p, LANES), np.float32)
    middle, steep = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    total[:, 0] = _ZERO
    total[:, 1] = _EPS
    for number in range(len(blocks)):
        block, then = blocks[number], min(number + 1, len(blocks) - 1)
        ends, near = _span(source, target, number), _span(source, target, then)
        _gather(*ends, sent, own, rows)
        _transpose(rows, gate)
        _multiply(block, weights.edge, gate, h)
        _renew(block, gate[:h], weights.edge_norm, middle, steep)
        _open(gate[:h], blocks[then], near[0], sent)
        _transpose(gate, rows)
        _scatter(*ends, sent, rows, total)


@njit(**EXACT)
def update_nodes(states, own, total, norm):  # type: ignore[no-untyped-def]
    """Add the rectified layer norm of what nodes keep and get to their states."""
    n, h = states.shape
    row = np.empty(h, np.float32)
    for i in range(n):
        first, second = _ZERO, _ZERO
        for k in range(h):
            value = own[i, 0, k] + total[i, 0, k] / total[i, 1, k]
            row[k] = value
            first += value
            second += value * value
        middle = first / np.float32(h)
        spread = max(second / np.float32(h) - middle * middle, _ZERO)
        steep = _ONE / np.sqrt(spread + _NORM_EPS)
        for k in range(h):
            value = (row[k] - middle) * steep * norm[0, k] + norm[1, k]
            states[i, k] += max(value, _ZERO)


@njit(**FUSED)
def advance(blocks, source, target, sent, states, weights):  # type: ignore[no-untyped-def]
    """Take the (n, H) states of one frame through one layer, in place.

    Parameters
    ----------
    blocks, source, target, sent, weights
        See `pass_messages`.
    states : (n, H) ndarray of float32
    """
    own = np.empty((len(states), 2, sent.shape[2]), np.float32)
    project(states, weights.own, own.reshape(len(own), -1))
    total = np.empty_like(own)
    pass_messages(blocks, source, target, sent, own, weights, total)
    update_nodes(states, own, total, weights.node_norm)
