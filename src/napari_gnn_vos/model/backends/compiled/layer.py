"""One layer of the network for one frame and label, compiled, without gradients.

Edges are processed in blocks (`edge_block`), so that no temporary array has the size of
all edges. Array sizes are those of `layout`.
"""

from __future__ import annotations

import numpy as np

from napari_gnn_vos.model.backends.compiled.edge_block import (
    gather,
    multiply,
    scatter,
    sigmoid,
    transpose,
    update_edges,
)
from napari_gnn_vos.model.backends.compiled.intrinsics import (
    NARROW_TILE,
    TILE_ROWS,
    multiply_narrow_tile,
)
from napari_gnn_vos.model.backends.compiled.jit import FINITE, kernel
from napari_gnn_vos.model.backends.compiled.layout import BLOCK_EDGES
from napari_gnn_vos.model.gatedgcn import EPS, NORM_EPS

_ONE, _ZERO = np.float32(1), np.float32(0)
_EPS, _NORM_EPS = np.float32(EPS), np.float32(NORM_EPS)


@kernel()
def project(states, projection, out):  # type: ignore[no-untyped-def]
    """Apply a linear layer to node states.

    Parameters
    ----------
    states : (n, H) ndarray of float32
    projection : Linear
        To M channels, a multiple of `NARROW_TILE`.
    out : (n, M) ndarray of float32
        Overwritten by the result.
    """
    weight, bias = projection
    (n, h), m = states.shape, len(bias)
    for i in range(n):
        for c in range(m):
            out[i, c] = bias[c]
    tiled = n // TILE_ROWS * TILE_ROWS
    for i in range(0, tiled, TILE_ROWS):
        for x in range(0, m, NARROW_TILE):
            multiply_narrow_tile(states, i * h, 1, h, weight, x, m, h, out, i * m + x)
    for i in range(tiled, n):
        for k in range(h):
            for c in range(m):
                out[i, c] += states[i, k] * weight[k, c]


@kernel()
def embed_edges(edge_features, embedding, blocks):  # type: ignore[no-untyped-def]
    """Embed edge features into the initial edge states.

    Parameters
    ----------
    edge_features : (e, G) ndarray of float32
    embedding : Linear
    blocks : (K, b, H, BLOCK_EDGES) ndarray of float32
        Overwritten by the states, the same for K labels.
    """
    (e, g), (labels, count, h, _) = edge_features.shape, blocks.shape
    flat, columns = edge_features.reshape(-1), np.zeros((g, BLOCK_EDGES), np.float32)
    states = np.empty((embedding.weight.shape[1], BLOCK_EDGES), np.float32)
    for number in range(count):
        first = number * BLOCK_EDGES
        for k in range(g):
            for x in range(min(BLOCK_EDGES, e - first)):
                columns[k, x] = flat[np.uintp((first + x) * g + k)]
        for k in range(h):
            states[k] = embedding.bias[k]
        multiply(columns, embedding.weight, states, h)
        for label in range(labels):
            blocks[label, number] = states[:h]


@kernel()
def _ends_of_block(source, target, number):  # type: ignore[no-untyped-def]
    """Slice the sources and targets of the edges of a block."""
    edges = slice(number * BLOCK_EDGES, (number + 1) * BLOCK_EDGES)
    return source[edges], target[edges]


@kernel(fastmath=FINITE)
def pass_messages(blocks, source, target, source_terms, target_terms, weights, sums):  # type: ignore[no-untyped-def]  # noqa: PLR0913
    """Sum the gated messages to the nodes of a frame, and update its edges in place.

    Parameters
    ----------
    blocks : (b, H, BLOCK_EDGES) ndarray of float32
        Edge states.
    source : (e,) ndarray of uint32
        Row of `source_terms` of the source of each edge.
    target : (e,) ndarray of uint32
        Row of `target_terms` of the target of each edge; ascending.
    source_terms : (rows, 2, P) ndarray of float32
        B h and F h of the sources.
    target_terms : (n, 2, P) ndarray of float32
        A h and D h of the targets.
    weights : LayerWeights
    sums : (n, 2, P) ndarray of float32
        Overwritten by the sums of gated messages and of gates.
    """
    h, p = weights.from_edge.shape
    rows = np.zeros((BLOCK_EDGES, p), np.float32)
    logits = np.zeros((p, BLOCK_EDGES), np.float32)
    mean = np.empty(BLOCK_EDGES, np.float32)
    inverse_std = np.empty(BLOCK_EDGES, np.float32)
    sums[:, 0] = _ZERO
    sums[:, 1] = _EPS
    for number in range(len(blocks)):
        block, following = blocks[number], min(number + 1, len(blocks) - 1)
        ends = _ends_of_block(source, target, number)
        next_source, _ = _ends_of_block(source, target, following)
        gather(*ends, source_terms, target_terms, rows)
        transpose(rows, logits)
        multiply(block, weights.from_edge, logits, h)
        update_edges(block, logits[:h], weights.norm_edge, mean, inverse_std)
        sigmoid(logits[:h], blocks[following], next_source, source_terms)
        transpose(logits, rows)
        scatter(*ends, source_terms, rows, sums)


@kernel()
def update_nodes(states, target_terms, sums, norm):  # type: ignore[no-untyped-def]
    """Add the rectified layer norm of A h plus the mean message to node states.

    Parameters
    ----------
    states : (n, H) ndarray of float32
        Updated in place.
    target_terms, sums
        See `pass_messages`.
    norm : (2, H) ndarray of float32
        Weight and bias of the layer norm.
    """
    n, h = states.shape
    row = np.empty(h, np.float32)
    for i in range(n):
        first, second = _ZERO, _ZERO
        for k in range(h):
            value = target_terms[i, 0, k] + sums[i, 0, k] / sums[i, 1, k]
            row[k] = value
            first += value
            second += value * value
        mean = first / np.float32(h)
        variance = max(second / np.float32(h) - mean * mean, _ZERO)
        inverse_std = _ONE / np.sqrt(variance + _NORM_EPS)
        for k in range(h):
            value = (row[k] - mean) * inverse_std * norm[0, k] + norm[1, k]
            states[i, k] += max(value, _ZERO)


@kernel(fastmath=FINITE)
def apply_layer(blocks, source, target, source_terms, states, weights):  # type: ignore[no-untyped-def]
    """Apply a layer to the edge and node states of a frame, in place.

    Parameters
    ----------
    blocks, source, target, source_terms, weights
        See `pass_messages`.
    states : (n, H) ndarray of float32
        Node states.
    """
    target_terms = np.empty((len(states), 2, source_terms.shape[2]), np.float32)
    project(states, weights.from_target, target_terms.reshape(len(states), -1))
    sums = np.empty_like(target_terms)
    pass_messages(blocks, source, target, source_terms, target_terms, weights, sums)
    update_nodes(states, target_terms, sums, weights.norm_node)
