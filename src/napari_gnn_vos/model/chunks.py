"""Gated messages in plain torch on a CPU, without gradients, a chunk at a time.

Written out over all edges, a layer makes ten arrays of their size, and a CPU spends its
time on fetching fresh memory for them, and on sums that jump about in it. Chunks of
some thousand edges, sorted by target, stay in its cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_gnn_vos.hardware import cores
from napari_gnn_vos.model.kernels import EPS
from napari_gnn_vos.model.threads import single_threaded_torch

if TYPE_CHECKING:
    from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCNLayer

CHUNK = 16_384
"""Edges of a chunk, of all labels together."""


def pass_in_chunks(
    layer: GatedGCNLayer,
    edges: Tensor,
    at_target: Tensor,
    sent: Tensor,
    edge_index: EdgeIndex,
) -> Tensor:
    """Add up gated messages at N nodes, for K labels, and renew E edges in place.

    Parameters
    ----------
    layer : GatedGCNLayer
    edges : (E, K, H) Tensor
        Edge states; new ones afterwards.
    at_target : (N, K, H) Tensor
        D h, the targets' part of the gate.
    sent : (N, K, 2 H) Tensor
        B h and F h: message, and the sources' part of the gate.
    edge_index : EdgeIndex

    Returns
    -------
    mean : (N, K, H) Tensor
        Messages, weighted by their gates.
    """
    mean = torch.empty_like(at_target)

    @torch.inference_mode()
    def renew(chunk: tuple[slice, slice]) -> None:
        nodes, rows = chunk
        some = edges[rows]
        from_source = sent.index_select(0, edge_index.source[rows])
        message, at_source = from_source.chunk(2, dim=-1)
        gate = layer.from_edge(some)
        gate += at_target.index_select(0, edge_index.target[rows])
        gate += at_source
        weight = torch.sigmoid(gate)
        begins = edge_index.start[nodes] - rows.start
        passed, weights = _sums(weight * message, begins), _sums(weight, begins)
        mean[nodes] = passed.div_(weights.add_(EPS))
        some += torch.relu_(_normed(gate, layer.norm_edge))

    chunks = _chunks(edge_index, max(CHUNK // edges.shape[1], 1))
    with single_threaded_torch(), ThreadPoolExecutor(cores()) as pool:
        list(pool.map(renew, chunks))
    return mean


def _chunks(edge_index: EdgeIndex, size: int) -> Iterator[tuple[slice, slice]]:
    """Targets whose edges make up a chunk, and these edges."""
    count, nodes = len(edge_index.source), len(edge_index.start) - 1
    full = torch.searchsorted(edge_index.start, torch.arange(0, count, size))
    ends = torch.unique(torch.cat([full, full.new_tensor([0, nodes])])).tolist()
    edges = edge_index.start[ends].tolist()
    for span, rows in zip(pairwise(ends), pairwise(edges), strict=True):
        yield slice(*span), slice(*rows)


def _sums(values: Tensor, begins: Tensor) -> Tensor:
    """Add up the values of every target's edges, which follow each other."""
    each = torch.arange(len(values))
    total = functional.embedding_bag(each, values.flatten(1), begins, mode="sum")
    return total.view(len(begins), *values.shape[1:])


def _normed(gate: Tensor, norm: nn.LayerNorm) -> Tensor:
    """Layer norm, by products: torch's own is slow on rows as short as these."""
    width = gate.shape[-1]
    share = gate.new_full((width, 1), 1 / width)
    middle, square = gate @ share, (gate * gate) @ share
    steep = torch.rsqrt((square - middle * middle).clamp_(min=0) + norm.eps)
    return torch.addcmul(norm.bias, (gate - middle).mul_(steep), norm.weight)
