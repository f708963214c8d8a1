"""The graph network: gated messages over superpixels and the ties between them.

Paper, III-B, after X. Bresson and T. Laurent, "Residual Gated Graph ConvNets", 2017.
N nodes, E directed edges sorted by target, H channels throughout.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

EPS = 1e-6


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
        self, nodes: Tensor, edges: Tensor, index: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Pass one round of messages along the edges.

        Parameters
        ----------
        nodes : (N, H) float
            Node states.
        edges : (E, H) float
            Edge states.
        index : (2, E) int
            Source and target node of every directed edge.

        Returns
        -------
        nodes : (N, H) float
        edges : (E, H) float
        """
        source, target = index
        own, gate_target = self.from_target(nodes).chunk(2, dim=1)
        message, gate_source = (
            self.from_source(nodes).index_select(0, source).chunk(2, dim=1)
        )
        gate = self.from_edge(edges) + gate_target.index_select(0, target) + gate_source
        weight = torch.sigmoid(gate)
        both = torch.cat([weight * message, weight], dim=1)
        total = nodes.new_zeros(len(nodes), both.shape[1]).index_add(0, target, both)
        sent, weights = total.chunk(2, dim=1)
        update = own + sent / (weights + EPS)
        return (
            self.dropout(nodes + torch.relu(self.norm_node(update))),
            edges + torch.relu(self.norm_edge(gate)),
        )


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

    def forward(self, nodes: Tensor, edges: Tensor, index: Tensor) -> Tensor:
        """Compute the logit of every node's label against the rest.

        Parameters
        ----------
        nodes : (N, node_columns) float
        edges : (E, edge_columns) float
        index : (2, E) int
            Source and target of every directed edge.

        Returns
        -------
        logits : (N,) float
        """
        states, ties = self.embed_nodes(nodes), self.embed_edges(edges)
        for layer in self.layers:
            states, ties = layer(states, ties, index)
        out: Tensor = self.read(states)
        return out.squeeze(1)
