"""The graph network: gated messages over superpixels and the ties between them.

Paper, III-B, after X. Bresson and T. Laurent, "Residual Gated Graph ConvNets", 2017.
N nodes, E directed edges sorted by target, H channels throughout.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_gnn_vos.model.chunks import pass_in_chunks
from napari_gnn_vos.model.kernels import EPS, GatedMessages


class EdgeIndex(NamedTuple):
    """The ends of E directed edges between N nodes, sorted by target.

    Parameters
    ----------
    source, target : (E,) Tensor of int32
    start : (N + 1,) Tensor of int64
        Where the edges of every target begin.
    """

    source: Tensor
    target: Tensor
    start: Tensor

    @classmethod
    def of(cls, index: Tensor, count: int) -> EdgeIndex:
        """From (2, E) sources and targets, sorted by target, of `count` nodes."""
        source, target = index.int().contiguous()
        nodes = torch.arange(count + 1, device=index.device, dtype=torch.int32)
        return cls(source, target, torch.searchsorted(target, nodes))


class GatedGCNLayer(nn.Module):
    r"""One round of gated messages.

    .. math::

        e'_{ij} &= C e_{ij} + D h_i + F h_j \\
        h'_i &= A h_i + \frac{\sum_j \sigma(e'_{ij}) \odot B h_j}
                            {\sum_j \sigma(e'_{ij}) + \epsilon}

    followed, for nodes and edges alike, by layer norm, ReLU, the residual sum and
    dropout.

    Parameters
    ----------
    width : int
        Channels H, in and out.
    dropout : float
        Share of channels dropped while training.

    Notes
    -----
    The edge state carries the gate's logits, not its sigmoid. Norms are over the
    channels of one node or edge, where the paper has batch norm: so the answer for a
    frame does not depend on what else is in the graph, beyond the reach of L hops.
    """

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.from_target = nn.Linear(width, 2 * width)  # A, D in the paper
        self.from_source = nn.Linear(width, 2 * width)  # B, F
        self.from_edge = nn.Linear(width, width)  # C
        self.norm_node = nn.LayerNorm(width)
        self.norm_edge = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, nodes: Tensor, edges: Tensor, edge_index: EdgeIndex
    ) -> tuple[Tensor, Tensor]:
        """Pass one round of messages along the edges.

        Parameters
        ----------
        nodes : (N, H) float
            Node states.
        edges : (E, H) float
            Edge states. On a CPU, without gradients and of K labels, (E, K, H), the
            new ones are written over them.
        edge_index : EdgeIndex
            Which nodes the edges join.

        Returns
        -------
        nodes : (N, H) float
        edges : (E, H) float
        """
        own, at_target = self.from_target(nodes).chunk(2, dim=-1)
        sent, on_cpu = self.from_source(nodes), nodes.device.type == "cpu"
        if on_cpu and nodes.dim() == 3 and not torch.is_grad_enabled():
            edges = edges.contiguous()  # labels may share them before the first layer
            mean = pass_in_chunks(self, edges, at_target, sent, edge_index)
        else:
            pass_on = self._fused if on_cpu and nodes.dim() == 2 else self._plain
            gate = self.from_edge(edges)
            mean, edges = pass_on(gate, edges, at_target, sent, edge_index)
        update = torch.relu(self.norm_node(own + mean))
        return self.dropout(nodes + update), edges

    def _fused(
        self,
        gate: Tensor,
        edges: Tensor,
        at_target: Tensor,
        sent: Tensor,
        edge_index: EdgeIndex,
    ) -> tuple[Tensor, Tensor]:
        norm = self.norm_edge.weight, self.norm_edge.bias
        out: tuple[Tensor, Tensor] = GatedMessages.apply(  # type: ignore[no-untyped-call]
            gate,
            edges,
            at_target.contiguous(),
            sent,
            *norm,
            edge_index.start,
            edge_index.source,
        )
        return out

    def _plain(
        self,
        gate: Tensor,
        edges: Tensor,
        at_target: Tensor,
        sent: Tensor,
        edge_index: EdgeIndex,
    ) -> tuple[Tensor, Tensor]:
        message, at_source = sent.index_select(0, edge_index.source).chunk(2, dim=-1)
        gate = gate + at_target.index_select(0, edge_index.target) + at_source
        weight = torch.sigmoid(gate)
        both = torch.cat([weight * message, weight], dim=-1)
        zero = both.new_zeros(len(at_target), *both.shape[1:])
        total, weights = zero.index_add(0, edge_index.target, both).chunk(2, dim=-1)
        norm = self.norm_edge
        straight = functional.layer_norm(gate, gate.shape[-1:], norm.weight, norm.bias)
        return total / (weights + EPS), edges + torch.relu(straight)


class GatedGCN(nn.Module):
    """Label probability of every node, from features of nodes and edges.

    Parameters
    ----------
    node_columns, edge_columns : int
        Input features.
    width : int
        Channels H.
    depth : int
        Layers L, which is also the reach in hops.
    dropout : float
        Share of node channels dropped in each layer while training.
    """

    def __init__(
        self,
        node_columns: int,
        edge_columns: int,
        width: int = 20,
        depth: int = 12,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.embed_nodes = nn.Linear(node_columns, width)
        self.embed_edges = nn.Linear(edge_columns, width)
        self.layers = nn.ModuleList(GatedGCNLayer(width, dropout) for _ in range(depth))
        self.read = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 1),
        )

    def forward(self, nodes: Tensor, edges: Tensor, edge_index: EdgeIndex) -> Tensor:
        """Compute the logit of every node's label against the rest.

        Parameters
        ----------
        nodes : (N, node_columns) or (N, K, node_columns) float
            Of one label, or of K that share the edges.
        edges : (E, edge_columns) float
        edge_index : EdgeIndex
            Which nodes the edges join.

        Returns
        -------
        logits : (N,) or (N, K) float
        """
        states, edge_features = self.embed_nodes(nodes), self.embed_edges(edges)
        if states.dim() == 3:
            edge_features = edge_features[:, None].expand(-1, states.shape[1], -1)
        for layer in self.layers:
            states, edge_features = layer(states, edge_features, edge_index)
        out: Tensor = self.read(states)
        return out.squeeze(-1)
