"""The graph network by DGL's message passing: same weights, numbers and gradients.

For comparison with other networks in DGL, and as a second opinion on our own layers.
N nodes, E directed edges sorted by target, H channels.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.gatedgcn import EdgeIndex, GatedGCN, GatedGCNLayer
from napari_gnn_vos.model.import_dgl import import_dgl
from napari_gnn_vos.model.kernels import EPS


def dgl_logits(
    network: GatedGCN, nodes: Tensor, edges: Tensor, edge_index: EdgeIndex
) -> Tensor:
    """Compute the logit of every node as `GatedGCN.forward` does, by DGL.

    Parameters
    ----------
    network : GatedGCN
        Its own modules are run, so gradients arrive in its parameters; in training
        mode there is dropout.
    nodes : (N, node_columns) Tensor of float
    edges : (E, edge_columns) Tensor of float
    edge_index : EdgeIndex

    Returns
    -------
    logits : (N,) Tensor of float

    Raises
    ------
    SettingsError
        If DGL is not installed, or was not built for the tensors' device.
    """
    dgl = import_dgl()
    check_device(dgl, nodes.device)
    graph = as_dgl(dgl, edge_index)
    states, edge_features = network.embed_nodes(nodes), network.embed_edges(edges)
    for layer in network.layers:
        states, edge_features = pass_on(dgl, layer, graph, states, edge_features)  # type: ignore[arg-type]
    out: Tensor = network.read(states)
    return out.squeeze(1)


def check_device(dgl: ModuleType, device: torch.device) -> None:
    """Raise a SettingsError if this build of DGL does not compute on a device."""
    if dgl.get_global_func(f"device_api.{device.type}", allow_missing=True) is None:
        raise SettingsError(
            f"The DGL layers compute where DGL was built to; the tensors are on "
            f"{str(device)!r}, and dgl {dgl.__version__} here was built without it. "
            "Move network and tensors to 'cpu', install a build of DGL for the device, "
            "or use the network itself; its answers are the same."
        )


def as_dgl(dgl: ModuleType, edge_index: EdgeIndex) -> Any:
    """Make the DGLGraph of the ties, without features; edges keep their order."""
    numbers = torch.arange(
        len(edge_index.source), device=edge_index.source.device
    ).int()
    return dgl.graph(("csc", (edge_index.start.int(), edge_index.source, numbers)))


def pass_on(
    dgl: ModuleType, layer: GatedGCNLayer, graph: Any, nodes: Tensor, edges: Tensor
) -> tuple[Tensor, Tensor]:
    """Pass one round of messages along the edges, as `GatedGCNLayer.forward` does.

    Parameters
    ----------
    dgl : module
    layer : GatedGCNLayer
    graph : DGLGraph
        Of N nodes and E edges; stays as it was.
    nodes : (N, H) Tensor of float
    edges : (E, H) Tensor of float

    Returns
    -------
    nodes : (N, H) Tensor of float
    edges : (E, H) Tensor of float
    """
    fn = dgl.function
    own, at_target = layer.from_target(nodes).chunk(2, dim=1)
    message, at_source = layer.from_source(nodes).chunk(2, dim=1)
    with graph.local_scope():
        ends = {"source": at_source, "target": at_target, "message": message}
        graph.ndata.update(ends)
        graph.apply_edges(fn.u_add_v("source", "target", "ends"))
        gate = layer.from_edge(edges) + graph.edata["ends"]
        graph.edata["gate"] = torch.sigmoid(gate)
        graph.update_all(fn.u_mul_e("message", "gate", "part"), fn.sum("part", "sum"))
        graph.update_all(fn.copy_e("gate", "part"), fn.sum("part", "gates"))
        mean = graph.ndata["sum"] / (graph.ndata["gates"] + EPS)
    update = torch.relu(layer.norm_node(own + mean))
    return layer.dropout(nodes + update), edges + torch.relu(layer.norm_edge(gate))
