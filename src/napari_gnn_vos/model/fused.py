"""A layer of the network for one frame, fused, without gradients.

Edges are taken a block at a time (`edge_block`), so that nothing of the size of all
edges is made but their states. Sizes as in `layout`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from napari_gnn_vos.model.edge_block import (
    EXACT,
    FUSED,
    gather,
    multiply,
    open_gates,
    renew_states,
    scatter,
    transpose,
)
from napari_gnn_vos.model.kernels import EPS, NORM_EPS
from napari_gnn_vos.model.layout import BLOCK_EDGES
from napari_gnn_vos.model.vectors import NARROW, TALL, multiply_narrow_tile

_ONE, _ZERO = np.float32(1), np.float32(0)
_EPS, _NORM_EPS = np.float32(EPS), np.float32(NORM_EPS)


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
def embed_edges(edge_features, embedding, blocks):  # type: ignore[no-untyped-def]
    """Make the first states of edges.

    Parameters
    ----------
    edge_features : (e, G) ndarray of float32
        What edges are like.
    embedding : Linear
    blocks : (K, b, H, BLOCK_EDGES) ndarray of float32
        Gets the states, the same for K labels.
    """
    (e, g), (labels, count, h, _) = edge_features.shape, blocks.shape
    flat, told = edge_features.reshape(-1), np.zeros((g, BLOCK_EDGES), np.float32)
    made = np.empty((embedding.weight.shape[1], BLOCK_EDGES), np.float32)
    for number in range(count):
        first = number * BLOCK_EDGES
        for k in range(g):
            for x in range(min(BLOCK_EDGES, e - first)):
                told[k, x] = flat[np.uintp((first + x) * g + k)]
        for k in range(h):
            made[k] = embedding.offset[k]
        multiply(told, embedding.weight, made, h)
        for label in range(labels):
            blocks[label, number] = made[:h]


@njit(**EXACT)
def _span(source, target, number):  # type: ignore[no-untyped-def]
    """Give the ends of the edges of a block."""
    span = slice(number * BLOCK_EDGES, (number + 1) * BLOCK_EDGES)
    return source[span], target[span]


@njit(**FUSED)
def pass_messages(blocks, source, target, sent, own, weights, total):  # type: ignore[no-untyped-def]  # noqa: PLR0913
    """Gather messages for the targets of one frame, and renew its edges in place.

    Parameters
    ----------
    blocks : (b, H, BLOCK_EDGES) ndarray of float32
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
    rows, gate = (
        np.zeros((BLOCK_EDGES, p), np.float32),
        np.zeros((p, BLOCK_EDGES), np.float32),
    )
    middle, steep = np.empty(BLOCK_EDGES, np.float32), np.empty(BLOCK_EDGES, np.float32)
    total[:, 0] = _ZERO
    total[:, 1] = _EPS
    for number in range(len(blocks)):
        block, then = blocks[number], min(number + 1, len(blocks) - 1)
        ends, near = _span(source, target, number), _span(source, target, then)
        gather(*ends, sent, own, rows)
        transpose(rows, gate)
        multiply(block, weights.edge, gate, h)
        renew_states(block, gate[:h], weights.edge_norm, middle, steep)
        open_gates(gate[:h], blocks[then], near[0], sent)
        transpose(gate, rows)
        scatter(*ends, sent, rows, total)


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
