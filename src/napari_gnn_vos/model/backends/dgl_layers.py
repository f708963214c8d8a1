"""Forward pass by message passing of DGL, with the weights of the reference.

An independent implementation, for parity tests and for comparison with networks that
were written for DGL.
N nodes, E directed edges sorted by target, K labels, H channels.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.backends.import_dgl import import_dgl
from napari_gnn_vos.model.gatedgcn import EPS, EdgeIndex, GatedGCN, GatedGCNLayer


def dgl_logits(
    network: GatedGCN, nodes: Tensor, edges: Tensor, edge_index: EdgeIndex
) -> Tensor:
    """Compute the logits of `GatedGCN.forward` by message passing of DGL.

    Parameters
    ----------
    network : GatedGCN
        Differentiable in its parameters; in training mode dropout is applied.
    nodes : (N, node_columns) or (N, K, node_columns) Tensor of float
    edges : (E, edge_columns) Tensor of float
    edge_index : EdgeIndex

    Returns
    -------
    logits : (N,) or (N, K) Tensor of float

    Raises
    ------
    SettingsError
        If DGL is not installed, or was not built for the tensors' device.
    """
    if nodes.dim() == 3:
        labels = nodes.unbind(1)
        logits = [dgl_logits(network, label, edges, edge_index) for label in labels]
        return torch.stack(logits, dim=1)
    dgl = import_dgl()
    check_device(dgl, nodes.device)
    graph = to_dgl(dgl, edge_index)
    states, edge_states = network.embed_nodes(nodes), network.embed_edges(edges)
    for layer in network.layers:
        states, edge_states = apply_layer(dgl, layer, graph, states, edge_states)  # type: ignore[arg-type]
    out: Tensor = network.read(states)
    return out.squeeze(1)


def check_device(dgl: ModuleType, device: torch.device) -> None:
    """Raise a SettingsError if this build of DGL does not support a device."""
    if dgl.get_global_func(f"device_api.{device.type}", allow_missing=True) is None:
        raise SettingsError(
            f"The DGL layers need a build of DGL for the device: the tensors are on "
            f"{str(device)!r}, and dgl {dgl.__version__} here was built without it. "
            "Move network and tensors to 'cpu', install a build of DGL for the device, "
            "or use another backend; its predictions are the same."
        )


def to_dgl(dgl: ModuleType, edge_index: EdgeIndex) -> Any:
    """Convert an edge index to a DGLGraph without features; edges keep their order."""
    source = edge_index.source
    edge_numbers = torch.arange(len(source), device=source.device).int()
    return dgl.graph(("csc", (edge_index.start.int(), source, edge_numbers)))


def apply_layer(
    dgl: ModuleType, layer: GatedGCNLayer, graph: Any, nodes: Tensor, edges: Tensor
) -> tuple[Tensor, Tensor]:
    """Apply a layer as `GatedGCNLayer.forward` does.

    Parameters
    ----------
    dgl : module
    layer : GatedGCNLayer
    graph : DGLGraph
        Of N nodes and E edges; not modified.
    nodes : (N, H) Tensor of float
    edges : (E, H) Tensor of float

    Returns
    -------
    nodes : (N, H) Tensor of float
    edges : (E, H) Tensor of float
    """
    fn = dgl.function
    self_term, target_term = layer.from_target(nodes).chunk(2, dim=1)
    message, source_term = layer.from_source(nodes).chunk(2, dim=1)
    with graph.local_scope():
        terms = {"source": source_term, "target": target_term, "message": message}
        graph.ndata.update(terms)
        graph.apply_edges(fn.u_add_v("source", "target", "ends"))
        logits = layer.from_edge(edges) + graph.edata["ends"]
        graph.edata["gate"] = torch.sigmoid(logits)
        gated_message = fn.u_mul_e("message", "gate", "gated_message")
        graph.update_all(gated_message, fn.sum("gated_message", "message_sum"))
        graph.update_all(fn.copy_e("gate", "gate"), fn.sum("gate", "gate_sum"))
        mean = graph.ndata["message_sum"] / (graph.ndata["gate_sum"] + EPS)
    edges = edges + torch.relu(layer.norm_edge(logits))
    return layer.update_nodes(nodes, self_term, mean), edges
