"""Differentiable forward pass with compiled kernels, for training on a CPU.

The reference allocates ten arrays of the size of all edges per layer, and a CPU spends
most of its time on page faults for them. These layers allocate two. N nodes, E directed
edges sorted by target, H channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_gnn_vos.model.backends.compiled.autograd_kernels import (
    add_end_terms,
    average_messages,
    average_messages_backward,
    update_edges,
    update_edges_backward,
)
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN, GatedGCNLayer


def differentiable_logits(
    network: GatedGCN, nodes: Tensor, edges: Tensor, edge_index: EdgeIndex
) -> Tensor:
    """Compute the logits of `GatedGCN.forward` for one label, with gradients.

    Parameters
    ----------
    network : GatedGCN
        In training mode dropout is applied.
    nodes : (N, node_columns) Tensor of float
    edges : (E, edge_columns) Tensor of float
    edge_index : EdgeIndex
        All tensors are on the CPU.

    Returns
    -------
    logits : (N,) Tensor of float
    """
    states, edge_states = network.embed_nodes(nodes), network.embed_edges(edges)
    for layer in network.layers:
        states, edge_states = apply_layer(layer, states, edge_states, edge_index)  # type: ignore[arg-type]
    out: Tensor = network.read(states)
    return out.squeeze(-1)


def apply_layer(
    layer: GatedGCNLayer, nodes: Tensor, edges: Tensor, edge_index: EdgeIndex
) -> tuple[Tensor, Tensor]:
    """Apply a layer as `GatedGCNLayer.forward` does, to (N, H) and (E, H) states."""
    self_term, target_term = layer.from_target(nodes).chunk(2, dim=-1)
    mean, edges = GatedMessages.apply(  # type: ignore[no-untyped-call]
        layer.from_edge(edges),
        edges,
        target_term.contiguous(),
        layer.from_source(nodes),
        layer.norm_edge.weight,
        layer.norm_edge.bias,
        edge_index.start,
        edge_index.source,
    )
    return layer.update_nodes(nodes, self_term, mean), edges


class GatedMessages(torch.autograd.Function):
    """Mean of the gated messages into each node, and the update of the edge states."""

    @staticmethod
    def forward(  # noqa: PLR0913 - autograd passes tensors one by one
        ctx: Any,
        logits: Tensor,
        edges: Tensor,
        target_term: Tensor,
        source_terms: Tensor,
        scale: Tensor,
        shift: Tensor,
        start: Tensor,
        source: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Average the gated messages per target, and update the edge states.

        Parameters
        ----------
        logits : (E, H) Tensor
            C e, the term of the edge in the gate logits. Overwritten by the gate
            logits, which the backward pass needs.
        edges : (E, H) Tensor
            Edge states.
        target_term : (N, H) Tensor
            D h, the term of the target in the gate logits.
        source_terms : (N, 2 H) Tensor
            B h and F h: the message, and the term of the source in the gate logits.
        scale, shift : (H,) Tensor
            Weight and bias of the layer norm of the edges.
        start : (N + 1,) Tensor of int64
            CSR offsets of the edges into each node.
        source : (E,) Tensor of int32
            Source of each edge.

        Returns
        -------
        mean : (N, H) Tensor
            Mean of the messages, weighted by their gates.
        edges : (E, H) Tensor
            New edge states.
        """
        index = start.numpy(), source.numpy()
        norm = scale.detach().numpy(), shift.detach().numpy()
        terms = source_terms.detach().numpy()
        logits_array, edges_array = logits.detach().numpy(), edges.detach().numpy()
        add_end_terms(logits_array, target_term.detach().numpy(), terms, *index)
        gate = torch.sigmoid(logits)
        mean, gate_sum = torch.empty_like(target_term), torch.empty_like(target_term)
        sums = mean.numpy(), gate_sum.numpy()
        average_messages(gate.detach().numpy(), terms, *sums, *index)
        new_edges = torch.empty_like(edges)
        update_edges(logits_array, edges_array, *norm, new_edges.numpy())
        ctx.save_for_backward(logits, gate, source_terms, mean, gate_sum, scale, shift)
        ctx.index = index
        return mean, new_edges

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients of all inputs but the edge index."""
        saved = [tensor.detach().numpy() for tensor in ctx.saved_tensors]
        logits, gate, source_terms, mean, gate_sum, scale, shift = saved
        d_mean, d_edges = (gradient.contiguous() for gradient in gradients)
        d_logits = np.empty_like(logits)
        d_norm = np.zeros((2, len(scale)), scale.dtype)
        norm = scale, shift
        update_edges_backward(logits, d_edges.numpy(), *norm, d_logits, d_norm)
        d_terms = np.empty_like(mean), np.zeros_like(source_terms)
        forward = gate, source_terms, mean, gate_sum
        average_messages_backward(
            forward, d_mean.numpy(), d_logits, d_terms, *ctx.index
        )
        d_target, d_source, d_scale, d_shift, d_gate_logits = (
            torch.from_numpy(array) for array in (*d_terms, *d_norm, d_logits)
        )
        return d_gate_logits, d_edges, d_target, d_source, d_scale, d_shift, None, None
