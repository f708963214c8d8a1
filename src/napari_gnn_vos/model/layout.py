"""How weights and states lie in memory for the kernels of `fused`.

n superpixels, e directed edges into them, H channels, P channels with those that fill
the last vector up, which stay 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from napari_gnn_vos.model.gatedgcn import GatedGCNLayer
from napari_gnn_vos.model.vectors import VECTOR

F32 = NDArray[np.float32]
BLOCK_EDGES = 64
"""Edges of a block."""


class Linear(NamedTuple):
    """A linear layer from G to M channels.

    Parameters
    ----------
    weight : (G, M) ndarray of float32
    offset : (M,) ndarray of float32
    """

    weight: F32
    offset: F32


class LayerWeights(NamedTuple):
    """Weights of a `GatedGCNLayer` as its kernel reads them.

    Parameters
    ----------
    own : Linear
        Makes A h and D h, 2 P values, of node states h, for edges into a node.
    sent : Linear
        Makes B h and F h, for edges out of it.
    edge : (H, P) ndarray of float32
        C, from input to output channels; its offset is with the targets'.
    edge_norm, node_norm : (2, H) ndarray of float32
        Scale and shift.
    """

    own: Linear
    sent: Linear
    edge: F32
    edge_norm: F32
    node_norm: F32


def layer_weights(layer: GatedGCNLayer) -> LayerWeights:
    """Lay out the weights of a layer."""
    state = {name: value.numpy(force=True) for name, value in layer.named_parameters()}
    width = len(state["norm_node.weight"])
    offset = np.concatenate([np.zeros(width, np.float32), state["from_edge.bias"]])
    state["from_target.bias"] = state["from_target.bias"] + offset
    own, sent = (
        Linear(
            _filled(state[f"{end}.weight"].T.reshape(width, 2, -1)),
            _filled(state[f"{end}.bias"].reshape(1, 2, -1))[0],
        )
        for end in ("from_target", "from_source")
    )
    edge_norm, node_norm = (
        np.stack([state[f"{norm}.weight"], state[f"{norm}.bias"]])
        for norm in ("norm_edge", "norm_node")
    )
    edge = _filled(state["from_edge.weight"].T[:, None])
    return LayerWeights(own, sent, edge, edge_norm, node_norm)


def linear(layer: nn.Linear) -> Linear:
    """Lay out a linear layer, whose outcome is filled up to P channels."""
    weight, offset = (value.numpy(force=True) for value in (layer.weight, layer.bias))
    return Linear(_filled(weight.T[:, None]), _filled(offset[None, None])[0])


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
