"""How weights and states lie in memory for the kernels of `fused`.

n superpixels, e directed edges into them, H channels, P channels with those that fill
the last vector up, which stay 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_gnn_vos.model.gatedgcn import GatedGCNLayer
from napari_gnn_vos.model.vectors import VECTOR

F32 = NDArray[np.float32]
LANES = 64
"""Edges of a block."""


class LayerWeights(NamedTuple):
    """Weights of a layer as its kernel reads them.

    Parameters
    ----------
    edge : (H, P) ndarray of float32
        C, from input to output channels; its offset is with the targets'.
    edge_norm, node_norm : (2, H) ndarray of float32
        Scale and shift.
    """

    edge: F32
    edge_norm: F32
    node_norm: F32


class Embedding(NamedTuple):
    """What makes edge states of the G features of edges.

    Parameters
    ----------
    weight : (G, P) ndarray of float32
    offset : (H,) ndarray of float32
    """

    weight: F32
    offset: F32


class Projection(NamedTuple):
    """A linear layer.

    Parameters
    ----------
    weight : (H, M) Tensor of float32
    offset : (M,) Tensor of float32
    """

    weight: Tensor
    offset: Tensor

    def __call__(self, states: F32) -> F32:
        """Apply it to (n, H) states."""
        out: F32 = torch.addmm(self.offset, torch.tensor(states), self.weight).numpy()
        return out

    def into(self, out: F32, states: F32) -> None:
        """Apply it to (n, H) states; `out`, of n M values, gets what comes of it."""
        made = torch.from_numpy(out).view(len(states), -1)
        torch.addmm(self.offset, torch.from_numpy(states), self.weight, out=made)


class Projections(NamedTuple):
    """What the linear layers of a `GatedGCNLayer` make of node states h.

    Parameters
    ----------
    own : Projection
        To A h and D h, 2 P values, for edges into a node.
    sent : Projection
        To B h and F h, for edges out of it.
    """

    own: Projection
    sent: Projection


def layer_weights(layer: GatedGCNLayer) -> tuple[Projections, LayerWeights]:
    """Lay out the weights of a layer."""
    state = {name: value.numpy(force=True) for name, value in layer.named_parameters()}
    width = len(state["norm_node.weight"])
    offset = np.concatenate([np.zeros(width, np.float32), state["from_edge.bias"]])
    state["from_target.bias"] = state["from_target.bias"] + offset
    own, sent = (
        Projection(
            torch.from_numpy(_filled(state[f"{end}.weight"].T.reshape(width, 2, -1))),
            torch.from_numpy(_filled(state[f"{end}.bias"].reshape(1, 2, -1))[0]),
        )
        for end in ("from_target", "from_source")
    )
    edge_norm, node_norm = (
        np.stack([state[f"{norm}.weight"], state[f"{norm}.bias"]])
        for norm in ("norm_edge", "norm_node")
    )
    edge = _filled(state["from_edge.weight"].T[:, None])
    return Projections(own, sent), LayerWeights(edge, edge_norm, node_norm)


def embedding(layer: nn.Linear) -> Embedding:
    """Lay out the layer that makes edge states of what edges are like."""
    weight, offset = (value.numpy(force=True) for value in (layer.weight, layer.bias))
    return Embedding(_filled(weight.T[:, None]), offset)


def linear(layer: nn.Linear) -> Projection:
    """Lay out a linear layer."""
    return Projection(layer.weight.detach().T.contiguous(), layer.bias.detach())


def filled(width: int) -> int:
    """Channels with those that fill the last vector up.

    Examples
    --------
    >>> filled(20), filled(8)
    (24, 8)
    """
    return -(-width // VECTOR) * VECTOR


def _filled(values: F32) -> F32:
    """Fill (rows, parts, H) up, and lay the parts side by side, (rows, parts * P)."""
    rows, parts, width = values.shape
    out = np.zeros((rows, parts, filled(width)), np.float32)
    out[..., :width] = values
    return out.reshape(rows, -1)
