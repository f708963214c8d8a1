"""The network's answer without gradients, in pieces that stay in the cache.

The same numbers as `GatedGCN.forward`; edges are taken some thousands at a time, cut
between targets, so that no array of the size of all edges is made in any layer.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_gnn_vos.model.gatedgcn import EPS, GatedGCN, GatedGCNLayer

PIECE = 16_384
"""Edges at a time: 20 channels of these are 1.3 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The edges of some consecutive targets.

    Parameters
    ----------
    edges, targets : slice
        Of all edges, of all nodes.
    source, target : (e,) Tensor of int
        Nodes at the ends of the edges.
    sum : (t, e) sparse Tensor
        Adds up the edges of every target.
    """

    edges: slice
    targets: slice
    source: Tensor
    target: Tensor
    sum: Tensor


def cut(edges: NDArray[np.int32], count: int, piece: int = PIECE) -> list[Piece]:
    """Cut edges that are sorted by target into pieces of whole targets.

    Parameters
    ----------
    edges : (2, E) ndarray of int
        Source and target, sorted by target.
    count : int
        Number of nodes, N.
    piece : int
        Edges a piece, about.

    Returns
    -------
    pieces : list of Piece
        That cover all nodes, those without an edge too.
    """
    start = np.searchsorted(edges[1], np.arange(count + 1))
    steps = np.arange(piece, edges.shape[1], piece)
    cuts = np.unique(np.concatenate([[0], np.searchsorted(start, steps), [count]]))
    pieces = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse")
        for a, b in zip(cuts[:-1], cuts[1:], strict=True):
            lo, hi = int(start[a]), int(start[b])
            ends = torch.from_numpy(np.ascontiguousarray(edges[:, lo:hi]))
            total = torch.sparse_csr_tensor(
                torch.from_numpy(start[a : b + 1] - lo),
                torch.arange(hi - lo),
                torch.ones(hi - lo),
                (int(b - a), hi - lo),
                check_invariants=False,
            )
            here = slice(int(a), int(b))
            pieces.append(Piece(slice(lo, hi), here, ends[0], ends[1], total))
    return pieces


@torch.inference_mode()
def logits(
    network: GatedGCN, nodes: Tensor, edges: Tensor, pieces: list[Piece]
) -> Tensor:
    """Compute the logit of every node, as `GatedGCN.forward` does.

    Parameters
    ----------
    network : GatedGCN
    nodes : (N, node_columns) Tensor of float32
    edges : (E, edge_columns) Tensor of float32
    pieces : list of Piece
        From `cut`.

    Returns
    -------
    logits : (N,) Tensor of float32
    """
    states, ties = network.embed_nodes(nodes), network.embed_edges(edges)
    for layer in network.layers:
        assert isinstance(layer, GatedGCNLayer)  # noqa: S101 - for the type checker
        states = _layer(layer, states, ties, pieces)
    out: Tensor = network.read(states)
    return out.squeeze(1)


def _layer(
    layer: GatedGCNLayer, states: Tensor, ties: Tensor, pieces: list[Piece]
) -> Tensor:
    """One layer; edge states are updated in place."""
    own, gate_target = layer.from_target(states).chunk(2, dim=1)
    sent = layer.from_source(states)
    width = states.shape[1]
    mean = torch.empty_like(states)
    for piece in pieces:
        here = ties[piece.edges]
        source = sent.index_select(0, piece.source)
        gate = torch.addmm(layer.from_edge.bias, here, layer.from_edge.weight.T)
        gate += gate_target.index_select(0, piece.target)
        gate += source[:, width:]
        weight = torch.sigmoid(gate)
        source[:, :width] *= weight
        source[:, width:] = weight
        total = piece.sum @ source
        mean[piece.targets] = total[:, :width] / (total[:, width:] + EPS)
        norm = layer.norm_edge
        here += functional.layer_norm(gate, (width,), norm.weight, norm.bias).relu_()
    update = layer.norm_node(own + mean)
    return states + torch.relu_(update)
