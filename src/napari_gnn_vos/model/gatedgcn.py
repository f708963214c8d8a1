"""The residual gated graph network (GatedGCN) in plain PyTorch.

This is the reference implementation: differentiable, on any device, without operations
in place. Every execution backend (`model.backends`) computes the same numbers.

N nodes, E directed edges sorted by target, H channels, K labels.

References
----------
X. Bresson and T. Laurent, "Residual Gated Graph ConvNets", 2017; section III-B of the
paper.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

EPS = 1e-6
"""Added to the sum of the gates of a node, the denominator of its mean message."""
NORM_EPS = 1e-5
"""Added to the variance in layer norm; the default of `torch.nn.LayerNorm`."""


class EdgeIndex(NamedTuple):
    """Directed edges sorted by target: CSR offsets, and both ends of each edge.

    Parameters
    ----------
    source, target : (E,) Tensor of int32
        Nodes that each edge starts from and ends in.
    start : (N + 1,) Tensor of int64
        CSR offsets: the edges into node i are ``start[i]`` to ``start[i + 1] - 1``.
    """

    source: Tensor
    target: Tensor
    start: Tensor

    @classmethod
    def of(cls, index: Tensor, count: int) -> EdgeIndex:
        """Build the CSR edge index from sources and targets.

        Parameters
        ----------
        index : (2, E) Tensor of int
            Sources and targets, sorted by target.
        count : int
            Number of nodes N.
        """
        source, target = index.int().contiguous()
        nodes = torch.arange(count + 1, device=index.device, dtype=torch.int32)
        return cls(source, target, torch.searchsorted(target, nodes))


class GatedGCNLayer(nn.Module):
    r"""One residual layer of gated message passing.

    .. math::

        e'_{ij} &= C e_{ij} + D h_i + F h_j \\
        h'_i &= A h_i + \frac{\sum_j \sigma(e'_{ij}) \odot B h_j}
                            {\sum_j \sigma(e'_{ij}) + \epsilon}

    followed, for nodes and edges alike, by layer norm, ReLU and the residual sum;
    nodes also by dropout.

    Parameters
    ----------
    width : int
        Channels H, of input and output.
    dropout : float
        Probability of zeroing a node channel in training mode.

    Notes
    -----
    The gate is the sigmoid of e'; edge states are updated with e' itself. The paper
    uses batch norm. With layer norm, which is computed over the channels of each node
    or edge, the output for a node depends on its neighbourhood of L hops only.
    """

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.from_target = nn.Linear(width, 2 * width)  # A and D of the formula
        self.from_source = nn.Linear(width, 2 * width)  # B and F
        self.from_edge = nn.Linear(width, width)  # C
        self.norm_node = nn.LayerNorm(width)
        self.norm_edge = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, nodes: Tensor, edges: Tensor, edge_index: EdgeIndex
    ) -> tuple[Tensor, Tensor]:
        """Apply the layer.

        Parameters
        ----------
        nodes : (N, H) or (N, K, H) Tensor of float
            Node states, of one label or of K labels.
        edges : (E, H) or (E, K, H) Tensor of float
            Edge states.
        edge_index : EdgeIndex

        Returns
        -------
        nodes, edges : Tensor of float
            New states, of the same shapes.
        """
        self_term, target_term = self.from_target(nodes).chunk(2, dim=-1)
        source_terms = self.from_source(nodes).index_select(0, edge_index.source)
        message, source_term = source_terms.chunk(2, dim=-1)
        target_term = target_term.index_select(0, edge_index.target)
        logits = self.from_edge(edges) + target_term + source_term
        gate = torch.sigmoid(logits)
        terms = torch.cat([gate * message, gate], dim=-1)
        sums = terms.new_zeros(len(nodes), *terms.shape[1:])
        sums = sums.index_add(0, edge_index.target, terms)
        message_sum, gate_sum = sums.chunk(2, dim=-1)
        edges = edges + torch.relu(self.norm_edge(logits))
        return self.update_nodes(
            nodes, self_term, message_sum / (gate_sum + EPS)
        ), edges

    def update_nodes(self, nodes: Tensor, self_term: Tensor, mean: Tensor) -> Tensor:
        """Add the rectified layer norm of ``self_term + mean``, and apply dropout.

        Parameters
        ----------
        nodes : (..., H) Tensor of float
            Node states.
        self_term : (..., H) Tensor of float
            A h of each node.
        mean : (..., H) Tensor of float
            Mean of the incoming messages, weighted by their gates.

        Returns
        -------
        nodes : (..., H) Tensor of float
            New node states.
        """
        update = torch.relu(self.norm_node(self_term + mean))
        out: Tensor = self.dropout(nodes + update)
        return out


class GatedGCN(nn.Module):
    """Gated graph convolutional network: one logit per node and label.

    Parameters
    ----------
    node_columns, edge_columns : int
        Number of input features of a node and of an edge.
    width : int
        Channels H.
    depth : int
        Layers L: the output for a node depends on its neighbourhood of L hops.
    dropout : float
        Probability of zeroing a node channel, in each layer, in training mode.
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
        """Compute the logit of each label against the rest, for every node.

        Parameters
        ----------
        nodes : (N, node_columns) or (N, K, node_columns) Tensor of float
            Input features, of one label or of K labels that share the edges.
        edges : (E, edge_columns) Tensor of float
        edge_index : EdgeIndex

        Returns
        -------
        logits : (N,) or (N, K) Tensor of float
        """
        states, edge_states = self.embed_nodes(nodes), self.embed_edges(edges)
        if states.dim() == 3:
            edge_states = edge_states[:, None].expand(-1, states.shape[1], -1)
        for layer in self.layers:
            states, edge_states = layer(states, edge_states, edge_index)
        out: Tensor = self.read(states)
        return out.squeeze(-1)
