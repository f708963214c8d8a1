"""The network's answer without gradients, in pieces that stay in the cache.

The same numbers as `GatedGCN.forward` on a CPU. Edges are taken some thousands at a
time, cut between targets, each piece by one thread; edge states are updated in place,
so that no layer makes an array of the size of all edges.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_gnn_vos.model.gatedgcn import GatedGCN, GatedGCNLayer, Ties
from napari_gnn_vos.model.kernels import add_up, fill_gate, norm_edges

PIECE = 16_384
"""Edges at a time: 20 channels of these are 1.3 MB."""
F32 = NDArray[np.float32]


def cut(start: NDArray[np.int64], piece: int = PIECE) -> list[tuple[int, int]]:
    """Cut targets into runs of about `piece` edges each.

    Parameters
    ----------
    start : (N + 1,) ndarray of int64
        Where the edges of every target begin.
    piece : int

    Returns
    -------
    runs : list of (int, int)
        First target, and the one after the last; all targets are covered.

    Examples
    --------
    >>> cut(np.array([0, 2, 4, 6, 6]), piece=4)
    [(0, 2), (2, 4)]
    """
    steps = np.searchsorted(start, np.arange(piece, start[-1], piece))
    return list(pairwise(np.unique([0, *steps, len(start) - 1]).tolist()))


@torch.inference_mode()
def logits(network: GatedGCN, nodes: Tensor, edges: Tensor, ties: Ties) -> Tensor:
    """Compute the logit of every node, as `GatedGCN.forward` does.

    Parameters
    ----------
    network : GatedGCN
    nodes : (N, node_columns) Tensor of float32
    edges : (E, edge_columns) Tensor of float32
    ties : Ties

    Returns
    -------
    logits : (N,) Tensor of float32
    """
    states, links = network.embed_nodes(nodes), network.embed_edges(edges)
    runs = cut(ties.start.numpy())
    with _threads() as pool:
        for layer in network.layers:
            states = _layer(layer, states, links, ties, runs, pool)  # type: ignore[arg-type]
    out: Tensor = network.read(states)
    return out.squeeze(1)


def _layer(
    layer: GatedGCNLayer,
    states: Tensor,
    links: Tensor,
    ties: Ties,
    runs: list[tuple[int, int]],
    pool: ThreadPoolExecutor,
) -> Tensor:
    """One layer; edge states are updated in place."""
    own, gate_target = layer.from_target(states).chunk(2, dim=1)
    at_target = gate_target.contiguous().numpy()
    sent = layer.from_source(states).numpy()
    norm = layer.norm_edge.weight.numpy(), layer.norm_edge.bias.numpy()
    mean = torch.empty_like(states)
    start, source = ties.start.numpy(), ties.source.numpy()

    def piece(run: tuple[int, int]) -> None:
        a, b = run
        lo, hi = int(start[a]), int(start[b])
        with torch.inference_mode():
            here = links[lo:hi]
            gate = layer.from_edge(here)
            ends = start[a : b + 1] - lo, source[lo:hi]
            fill_gate(gate.numpy(), at_target[a:b], sent, *ends)
            weight = torch.sigmoid(gate).numpy()
            total = np.empty((b - a, sent.shape[1] // 2), np.float32)
            add_up(weight, sent, mean[a:b].numpy(), total, *ends)
            edges = here.numpy()
            norm_edges(gate.numpy(), edges, *norm, edges)

    list(pool.map(piece, runs))
    return states + torch.relu_(layer.norm_node(own + mean))


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """One thread a core for the pieces, none inside torch meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(
            os.cpu_count() or 1, initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)
