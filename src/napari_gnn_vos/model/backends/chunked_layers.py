"""Inference in PyTorch on a CPU, in chunks of a few thousand edges.

The reference allocates ten arrays of the size of all edges per layer, and a CPU spends
most of its time on page faults and scattered sums. Chunks of edges, sorted by target,
stay in the cache.

N nodes, E directed edges sorted by target, K labels, H channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_gnn_vos.hardware import cores, single_threaded_torch
from napari_gnn_vos.model.gatedgcn import EPS, EdgeIndex, GatedGCN, GatedGCNLayer

CHUNK_EDGES = 16_384
"""Edges of a chunk, counted once per label."""


@torch.inference_mode()
def chunked_logits(
    network: GatedGCN, nodes: Tensor, edges: Tensor, edge_index: EdgeIndex
) -> Tensor:
    """Compute the logits of `GatedGCN.forward` without gradients, in chunks of edges.

    Parameters
    ----------
    network : GatedGCN
        In evaluation mode.
    nodes : (N, K, node_columns) Tensor of float
    edges : (E, edge_columns) Tensor of float
    edge_index : EdgeIndex
        All tensors are on the CPU.

    Returns
    -------
    logits : (N, K) Tensor of float
    """
    states = network.embed_nodes(nodes)
    edge_states = network.embed_edges(edges)[:, None]
    edge_states = edge_states.repeat(1, states.shape[1], 1)  # updated in place below
    for layer in network.layers:
        states = apply_layer(layer, states, edge_states, edge_index)  # type: ignore[arg-type]
    out: Tensor = network.read(states)
    return out.squeeze(-1)


@torch.inference_mode()
def apply_layer(
    layer: GatedGCNLayer, nodes: Tensor, edge_states: Tensor, edge_index: EdgeIndex
) -> Tensor:
    """Apply a layer; edge states are updated in place.

    Parameters
    ----------
    layer : GatedGCNLayer
    nodes : (N, K, H) Tensor
        Node states.
    edge_states : (E, K, H) Tensor
        Contiguous; holds the new edge states afterwards.
    edge_index : EdgeIndex

    Returns
    -------
    nodes : (N, K, H) Tensor
        New node states.
    """
    self_term, target_term = layer.from_target(nodes).chunk(2, dim=-1)
    source_terms = layer.from_source(nodes)
    mean = torch.empty_like(target_term)

    @torch.inference_mode()
    def process(chunk: tuple[slice, slice]) -> None:
        """Average the messages of a chunk in `mean`, and update its edge states."""
        targets, rows = chunk
        states = edge_states[rows]
        at_sources = source_terms.index_select(0, edge_index.source[rows])
        message, source_term = at_sources.chunk(2, dim=-1)
        logits = layer.from_edge(states)
        logits += target_term.index_select(0, edge_index.target[rows])
        logits += source_term
        gate = torch.sigmoid(logits)
        starts = edge_index.start[targets] - rows.start
        message_sum = _segment_sum(gate * message, starts)
        mean[targets] = message_sum.div_(_segment_sum(gate, starts).add_(EPS))
        states += torch.relu_(_layer_norm(logits, layer.norm_edge))

    chunks = _chunks(edge_index, max(CHUNK_EDGES // edge_states.shape[1], 1))
    with single_threaded_torch(), ThreadPoolExecutor(cores()) as pool:
        list(pool.map(process, chunks))
    return layer.update_nodes(nodes, self_term, mean)


def _chunks(edge_index: EdgeIndex, size: int) -> Iterator[tuple[slice, slice]]:
    """Yield slices of targets and of the edges into them, about `size` edges each."""
    count, nodes = len(edge_index.source), len(edge_index.start) - 1
    cuts = torch.searchsorted(edge_index.start, torch.arange(0, count, size))
    target_cuts = torch.unique(torch.cat([cuts, cuts.new_tensor([0, nodes])])).tolist()
    edge_cuts = edge_index.start[target_cuts].tolist()
    for targets, rows in zip(pairwise(target_cuts), pairwise(edge_cuts), strict=True):
        yield slice(*targets), slice(*rows)


def _segment_sum(values: Tensor, starts: Tensor) -> Tensor:
    """Sum (e, K, H) values over segments of rows with the given first rows.

    `embedding_bag` takes a third of the time of `index_add`.
    """
    rows = torch.arange(len(values))
    total = functional.embedding_bag(rows, values.flatten(1), starts, mode="sum")
    return total.view(len(starts), *values.shape[1:])


def _layer_norm(values: Tensor, norm: nn.LayerNorm) -> Tensor:
    """Apply layer norm by matrix products.

    `torch.nn.functional.layer_norm` takes twice the time on rows of 20 channels.
    """
    width = values.shape[-1]
    weight = values.new_full((width, 1), 1 / width)
    mean, square = values @ weight, (values * values) @ weight
    inverse_std = torch.rsqrt((square - mean * mean).clamp_(min=0) + norm.eps)
    return torch.addcmul(norm.bias, (values - mean).mul_(inverse_std), norm.weight)
