"""Memory layout of weights and states for the compiled kernels.

n superpixels of a frame, e directed edges into them in b blocks, H channels, P channels
with padding to whole vectors; padding channels are 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from napari_gnn_vos.model.backends.compiled.intrinsics import VECTOR
from napari_gnn_vos.model.gatedgcn import GatedGCNLayer

F32 = NDArray[np.float32]
BLOCK_EDGES = 64
"""Edges of a block. Within a block, states are stored channel by channel."""


class Linear(NamedTuple):
    """Weights of a linear layer from G to M channels.

    Parameters
    ----------
    weight : (G, M) ndarray of float32
    bias : (M,) ndarray of float32
    """

    weight: F32
    bias: F32


class LayerWeights(NamedTuple):
    """Weights of a `GatedGCNLayer` in the layout of its kernel.

    Parameters
    ----------
    from_target : Linear
        From node states h to A h and D h, 2 P channels, for the edges into a node.
    from_source : Linear
        From node states h to B h and F h, 2 P channels, for the edges out of a node.
    from_edge : (H, P) ndarray of float32
        C, from input to output channels; its bias is included in that of D h.
    norm_edge, norm_node : (2, H) ndarray of float32
        Weight and bias of the layer norms.
    """

    from_target: Linear
    from_source: Linear
    from_edge: F32
    norm_edge: F32
    norm_node: F32


def layer_weights(layer: GatedGCNLayer) -> LayerWeights:
    """Copy the weights of a layer into the layout of its kernel."""
    state = {name: value.numpy(force=True) for name, value in layer.named_parameters()}
    width = len(state["norm_node.weight"])
    edge_bias = np.concatenate([np.zeros(width, np.float32), state["from_edge.bias"]])
    state["from_target.bias"] = state["from_target.bias"] + edge_bias
    from_target, from_source = (
        Linear(
            _pad(state[f"{name}.weight"].T.reshape(width, 2, -1)),
            _pad(state[f"{name}.bias"].reshape(1, 2, -1))[0],
        )
        for name in ("from_target", "from_source")
    )
    norm_edge, norm_node = (
        np.stack([state[f"{norm}.weight"], state[f"{norm}.bias"]])
        for norm in ("norm_edge", "norm_node")
    )
    from_edge = _pad(state["from_edge.weight"].T[:, None])
    return LayerWeights(from_target, from_source, from_edge, norm_edge, norm_node)


def linear(layer: nn.Linear) -> Linear:
    """Copy the weights of a linear layer, padded to P output channels."""
    weight, bias = (value.numpy(force=True) for value in (layer.weight, layer.bias))
    return Linear(_pad(weight.T[:, None]), _pad(bias[None, None])[0])


def padded(width: int) -> int:
    """Round a number of channels up to whole vectors.

    Examples
    --------
    >>> padded(20), padded(8)
    (24, 8)
    """
    return -(-width // VECTOR) * VECTOR


def _pad(values: F32) -> F32:
    """Pad (rows, parts, H) to P channels, and flatten to (rows, parts * P)."""
    rows, parts, width = values.shape
    out = np.zeros((rows, parts, padded(width)), np.float32)
    out[..., :width] = values
    return out.reshape(rows, -1)
