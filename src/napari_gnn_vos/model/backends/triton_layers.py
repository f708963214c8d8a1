"""Layers of the network fused into one Triton kernel, for inference on a GPU.

The reference moves ten arrays of the size of all edges through GPU memory per layer.
Here edge states are read once and written once, in place. N nodes, E directed edges
sorted by target, K labels, H channels.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from napari_gnn_vos.model.gatedgcn import (
    EPS,
    NORM_EPS,
    EdgeIndex,
    GatedGCN,
    GatedGCNLayer,
)

NODES, EDGES = 16, 64
"""Target nodes of a program, and edges that it processes at a time."""
WARPS = 2


def triton_logits(
    network: GatedGCN,
    nodes: Tensor,
    edges: Tensor,
    edge_index: EdgeIndex,
    edge_dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Compute the logits of `GatedGCN.forward` without gradients.

    Parameters
    ----------
    network : GatedGCN
        In evaluation mode.
    nodes : (N, K, node_columns) Tensor of float32
    edges : (E, edge_columns) Tensor of float32
    edge_index : EdgeIndex
    edge_dtype : torch.dtype
        Type of the edge states between layers; float16 halves their memory. All
        arithmetic is in float32.

    Returns
    -------
    logits : (N, K) Tensor of float32
    """
    states = network.embed_nodes(nodes)
    edge_states = network.embed_edges(edges).to(edge_dtype)
    new_edges = edge_states.new_empty(len(edge_states), *states.shape[1:])
    edge_states = edge_states[:, None].expand_as(new_edges)
    for layer in network.layers:
        states = _apply_layer(layer, states, edge_states, new_edges, edge_index)  # type: ignore[arg-type]
        edge_states = new_edges
    out: Tensor = network.read(states)
    return out.squeeze(-1)


def compile_kernels(device: str) -> None:
    """Compile the kernels and run them on a graph of two nodes and one edge."""
    network = GatedGCN(1, 1, width=1, depth=1).eval().to(device)
    edge_index = EdgeIndex.of(torch.tensor([[0], [1]], device=device), 2)
    nodes, edges = (torch.ones(2, 1, 1, device=device), torch.ones(1, 1, device=device))
    with torch.inference_mode():
        triton_logits(network, nodes, edges, edge_index)


def _apply_layer(
    layer: GatedGCNLayer,
    states: Tensor,
    edge_states: Tensor,
    new_edges: Tensor,
    edge_index: EdgeIndex,
) -> Tensor:
    """Apply a layer; new edge states are written to `new_edges`.

    Parameters
    ----------
    layer : GatedGCNLayer
    states : (N, K, H) Tensor of float32
        Node states.
    edge_states, new_edges : (E, K, H) Tensor
        May be the same tensor.
    edge_index : EdgeIndex

    Returns
    -------
    states : (N, K, H) Tensor of float32
        New node states.
    """
    count, labels, width = states.shape
    target_terms = layer.from_target(states)
    if not edge_states.numel():
        return states + torch.relu(layer.norm_node(target_terms[..., :width]))
    out = torch.empty_like(states)
    grid = triton.cdiv(count, NODES), labels
    _layer[grid](
        *(states, out, edge_states, new_edges),
        *(edge_index.source, edge_index.target, edge_index.start),
        *(target_terms, layer.from_source(states)),
        *(layer.from_edge.weight, layer.from_edge.bias),
        *(layer.norm_edge.weight, layer.norm_edge.bias),
        *(layer.norm_node.weight, layer.norm_node.bias),
        *(count, labels, edge_states.stride(0), edge_states.stride(1)),
        H=width,
        P=max(triton.next_power_of_2(width), 16),
        NODES=NODES,
        EDGES=EDGES,
        EPS=EPS,
        NORM_EPS=NORM_EPS,
        num_warps=WARPS,
    )
    return out


@triton.jit  # type: ignore[untyped-decorator]
def _relu_layer_norm(  # type: ignore[no-untyped-def]
    rows, is_channel, scale, shift, H: tl.constexpr, NORM_EPS: tl.constexpr
):
    """Apply layer norm and ReLU to rows, over the H channels that are not padding."""
    rows = tl.where(is_channel, rows, 0.0)
    centred = tl.where(is_channel, rows - (tl.sum(rows, 1) / H)[:, None], 0.0)
    inverse_std = 1 / tl.sqrt(tl.sum(centred * centred, 1) / H + NORM_EPS)
    unit = centred * inverse_std[:, None]
    return tl.maximum(unit * scale[None, :] + shift[None, :], 0.0)


@triton.jit  # type: ignore[untyped-decorator]
def _layer(  # type: ignore[no-untyped-def]  # noqa: PLR0913, PLR0915
    states,  # (N, K, H), node states
    out,  # (N, K, H), new node states
    edge_states,  # (E, K, H), by its strides
    new_edges,  # (E, K, H); may be the same array
    source,  # (E,)
    target,  # (E,)
    start,  # (N + 1,), CSR offsets
    target_terms,  # (N, K, 2 H): A h, D h
    source_terms,  # (N, K, 2 H): B h, F h
    edge_weight,  # (H, H): C
    edge_bias,  # (H,)
    edge_scale,  # (H,), weight of the layer norm of edges
    edge_shift,  # (H,), its bias
    node_scale,  # (H,), weight of the layer norm of nodes
    node_shift,  # (H,), its bias
    count,  # N
    labels,  # K
    edge_stride,
    label_stride,
    H: tl.constexpr,
    P: tl.constexpr,  # H, padded to a power of 2
    NODES: tl.constexpr,
    EDGES: tl.constexpr,
    EPS: tl.constexpr,
    NORM_EPS: tl.constexpr,
):
    """Apply a layer to a block of nodes and the edges into them, for one label."""
    label = tl.program_id(1)
    begin = tl.program_id(0) * NODES
    end = tl.minimum(begin + NODES, count)
    channel = tl.arange(0, P)
    is_channel = channel < H
    square = is_channel[:, None] & is_channel[None, :]
    at = channel[None, :] * H + channel[:, None]
    c = tl.load(edge_weight + at, mask=square, other=0)
    c_0 = tl.load(edge_bias + channel, mask=is_channel, other=0.0)
    scale = tl.load(edge_scale + channel, mask=is_channel, other=0.0)
    shift = tl.load(edge_shift + channel, mask=is_channel, other=0.0)
    message_sum = tl.zeros((NODES, P), tl.float32)
    gate_sum = tl.zeros((NODES, P), tl.float32)
    last = tl.load(start + end)
    for first in range(tl.load(start + begin), last, EDGES):
        edge = first + tl.arange(0, EDGES).to(tl.int64)
        is_edge = edge < last
        mask = is_edge[:, None] & is_channel[None, :]
        j = tl.load(source + edge, mask=is_edge, other=0).to(tl.int64)
        i = tl.load(target + edge, mask=is_edge, other=0).to(tl.int64)
        at = edge[:, None] * edge_stride + label * label_stride + channel[None, :]
        old = tl.load(edge_states + at, mask=mask, other=0.0).to(tl.float32)
        at = ((j * labels + label) * 2 * H)[:, None] + channel[None, :]
        message = tl.load(source_terms + at, mask=mask, other=0.0)
        logits = tl.dot(old, c, input_precision="ieee") + c_0[None, :]
        logits += tl.load(source_terms + at + H, mask=mask, other=0.0)
        at = ((i * labels + label) * 2 * H + H)[:, None] + channel[None, :]
        logits += tl.load(target_terms + at, mask=mask, other=0.0)
        gate = tl.where(mask, 1 / (1 + tl.exp(-logits)), 0.0)
        # sums over the edges into each node, as products with an incidence matrix
        incidence = i[None, :] - begin == tl.arange(0, NODES)[:, None]
        incidence = tl.where(incidence & is_edge[None, :], 1.0, 0.0)
        message_sum += tl.dot(incidence, gate * message, input_precision="ieee")
        gate_sum += tl.dot(incidence, gate, input_precision="ieee")
        new = old + _relu_layer_norm(
            logits, is_channel[None, :], scale, shift, H, NORM_EPS
        )
        at = (edge * labels + label)[:, None] * H + channel[None, :]
        tl.store(new_edges + at, new.to(new_edges.dtype.element_ty), mask=mask)
    node = begin + tl.arange(0, NODES).to(tl.int64)
    mask = (node < count)[:, None] & is_channel[None, :]
    row = (node * labels + label)[:, None]
    update = tl.load(
        target_terms + row * 2 * H + channel[None, :], mask=mask, other=0.0
    )
    update += message_sum / (gate_sum + EPS)
    scale = tl.load(node_scale + channel, mask=is_channel, other=0.0)
    shift = tl.load(node_shift + channel, mask=is_channel, other=0.0)
    at = row * H + channel[None, :]
    new = tl.load(states + at, mask=mask, other=0.0)
    new += _relu_layer_norm(update, is_channel[None, :], scale, shift, H, NORM_EPS)
    tl.store(out + at, new, mask=mask)
