"""Gated messages as an autograd function with compiled kernels, for training on a CPU.

The reference allocates ten arrays of the size of all edges per layer, and a CPU spends
most of its time on page faults for them. These kernels allocate two. N nodes, E
directed edges sorted by target, H channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_gnn_vos.model.backends.compiled.jit import kernel
from napari_gnn_vos.model.gatedgcn import (
    EPS,
    NORM_EPS,
    EdgeIndex,
    GatedGCN,
    GatedGCNLayer,
)


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
    own, at_target = layer.from_target(nodes).chunk(2, dim=-1)
    mean, edges = GatedMessages.apply(  # type: ignore[no-untyped-call]
        layer.from_edge(edges),
        edges,
        at_target.contiguous(),
        layer.from_source(nodes),
        layer.norm_edge.weight,
        layer.norm_edge.bias,
        edge_index.start,
        edge_index.source,
    )
    return layer.update_nodes(nodes, own, mean), edges


class GatedMessages(torch.autograd.Function):
    """Mean of the gated messages of each node, and the update of the edge states."""

    @staticmethod
    def forward(  # noqa: PLR0913 - autograd passes tensors one by one
        ctx: Any,
        gate: Tensor,
        edges: Tensor,
        at_target: Tensor,
        at_source: Tensor,
        scale: Tensor,
        shift: Tensor,
        start: Tensor,
        source: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Sum gated messages per target, and update the edge states.

        Parameters
        ----------
        gate : (E, H) Tensor
            C e, the edge term of the gate logits; completed in place, since its
            memory is that of the logits saved for the backward pass.
        edges : (E, H) Tensor
            Edge states.
        at_target : (N, H) Tensor
            D h, the target term of the gate logits.
        at_source : (N, 2 H) Tensor
            B h and F h: the message, and the source term of the gate logits.
        scale, shift : (H,) Tensor
            Weight and bias of the layer norm of the edges.
        start : (N + 1,) Tensor of int64
            CSR offsets of the edges of each target.
        source : (E,) Tensor of int32
            Source of each edge.

        Returns
        -------
        mean : (N, H) Tensor
            Mean of the messages, weighted by their gates.
        edges : (E, H) Tensor
            New edge states.
        """
        ends = start.numpy(), source.numpy()
        sent = at_source.detach().numpy()
        add_end_terms(gate.detach().numpy(), at_target.detach().numpy(), sent, *ends)
        weight = torch.sigmoid(gate)
        mean, total = torch.empty_like(at_target), torch.empty_like(at_target)
        new = torch.empty_like(edges)
        sum_messages(weight.detach().numpy(), sent, mean.numpy(), total.numpy(), *ends)
        norm = scale.detach().numpy(), shift.detach().numpy()
        norm_edges(gate.detach().numpy(), edges.detach().numpy(), *norm, new.numpy())
        ctx.save_for_backward(gate, weight, at_source, mean, total, scale, shift)
        ctx.ends = start, source
        return mean, new

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients of all inputs but the edge index."""
        saved = [tensor.detach() for tensor in ctx.saved_tensors]
        gate, weight, at_source, mean, total, scale, shift = saved
        start, source = ctx.ends
        d_mean, d_new = (gradient.contiguous() for gradient in gradients)
        d_gate = torch.empty_like(gate)
        d_target = torch.empty_like(mean)
        d_source = torch.zeros_like(at_source)
        d_norm = torch.zeros(2, len(scale), dtype=scale.dtype)
        norm_edges_backward(
            gate.numpy(),
            d_new.numpy(),
            scale.numpy(),
            shift.numpy(),
            d_gate.numpy(),
            d_norm.numpy(),
        )
        sum_messages_backward(
            weight.numpy(),
            at_source.numpy(),
            mean.numpy(),
            total.numpy(),
            d_mean.numpy(),
            d_gate.numpy(),
            d_target.numpy(),
            d_source.numpy(),
            start.numpy(),
            source.numpy(),
        )
        return d_gate, d_new, d_target, d_source, d_norm[0], d_norm[1], None, None


@kernel(fastmath=True, error_model="python")
def add_end_terms(gate, at_target, at_source, start, source):  # type: ignore[no-untyped-def]
    """Add the target and source terms to the gate logits of each edge, in place."""
    n, h = at_target.shape
    for i in range(n):
        for e in range(start[i], start[i + 1]):
            s = source[e]
            for k in range(h):
                gate[e, k] += at_target[i, k] + at_source[s, h + k]


@kernel(fastmath=True, error_model="python")
def sum_messages(weight, at_source, mean, total, start, source):  # type: ignore[no-untyped-def]
    """Write the mean message and the sum of the gates of each target."""
    n, h = mean.shape
    for i in range(n):
        for k in range(h):
            mean[i, k] = 0
            total[i, k] = np.float32(EPS)
        for e in range(start[i], start[i + 1]):
            s = source[e]
            for k in range(h):
                mean[i, k] += weight[e, k] * at_source[s, k]
                total[i, k] += weight[e, k]
        for k in range(h):
            mean[i, k] /= total[i, k]


@kernel(fastmath=True, error_model="python")
def _moments(row):  # type: ignore[no-untyped-def]
    """Compute the mean of a row and the reciprocal of its standard deviation."""
    h = len(row)
    first, second = np.float32(0), np.float32(0)
    for k in range(h):
        first += row[k]
        second += row[k] * row[k]
    mean_value = first / h
    variance = np.maximum(second / h - mean_value * mean_value, np.float32(0))
    return mean_value, 1 / np.sqrt(variance + np.float32(NORM_EPS))


@kernel(fastmath=True, error_model="python")
def norm_edges(gate, edges, scale, shift, new):  # type: ignore[no-untyped-def]
    """Add the rectified layer norm of the gate logits to the edge states."""
    count, h = gate.shape
    for e in range(count):
        mean_value, inverse_std = _moments(gate[e])
        for k in range(h):
            value = (gate[e, k] - mean_value) * inverse_std * scale[k] + shift[k]
            new[e, k] = edges[e, k] + max(value, np.float32(0))


@kernel(fastmath=True, error_model="python")
def norm_edges_backward(gate, d_new, scale, shift, d_gate, d_norm):  # type: ignore[no-untyped-def]
    """Compute the gradients of `norm_edges` for the gate logits, scale and shift."""
    count, h = gate.shape
    unit = np.empty(h, np.float32)
    back = np.empty(h, np.float32)
    for e in range(count):
        mean_value, inverse_std = _moments(gate[e])
        along, across = np.float32(0), np.float32(0)
        for k in range(h):
            unit[k] = (gate[e, k] - mean_value) * inverse_std
            on = unit[k] * scale[k] + shift[k] > 0
            d = d_new[e, k] if on else np.float32(0)
            d_norm[0, k] += d * unit[k]
            d_norm[1, k] += d
            back[k] = d * scale[k]
            along += back[k]
            across += back[k] * unit[k]
        for k in range(h):
            d_gate[e, k] = inverse_std * (back[k] - along / h - unit[k] * across / h)


@kernel(fastmath=True, error_model="python")
def sum_messages_backward(  # type: ignore[no-untyped-def]  # noqa: PLR0913
    weight, at_source, mean, total, d_mean, d_gate, d_target, d_source, start, source
):
    """Compute the gradients of `sum_messages`, and sum them over both ends of edges."""
    n, h = mean.shape
    share = np.empty(h, np.float32)
    for i in range(n):
        for k in range(h):
            d_target[i, k] = 0
            share[k] = d_mean[i, k] / total[i, k]
        for e in range(start[i], start[i + 1]):
            s = source[e]
            for k in range(h):
                w = weight[e, k]
                d = share[k] * (at_source[s, k] - mean[i, k]) * w * (1 - w)
                d += d_gate[e, k]
                d_gate[e, k] = d
                d_target[i, k] += d
                d_source[s, k] += share[k] * w
                d_source[s, h + k] += d
