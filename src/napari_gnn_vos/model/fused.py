"""A layer of the network for one frame, fused, without gradients.

Edges are taken `LANES` at a time and stored channel by channel within such a block, so
that every step but the gathering works on whole vectors, and what a block needs stays
in the nearest cache. n superpixels, e directed edges into them, H channels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_gnn_vos.model.gatedgcn import GatedGCNLayer
from napari_gnn_vos.model.kernels import EPS, NORM_EPS

F32 = NDArray[np.float32]
LANES = 64
"""Edges of a block."""
_ONE, _ZERO = np.float32(1), np.float32(0)
_EPS, _NORM_EPS = np.float32(EPS), np.float32(NORM_EPS)
_LOG2_E = np.float32(1.4426950408889634)
_FAR = np.float32(126)
_P1, _P2, _P3 = (np.float32(p) for p in (0.69314718, 0.24022651, 0.05550411))
_P4, _P5, _P6 = (np.float32(p) for p in (0.00961813, 0.00133336, 0.00015404))
FUSED: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "fastmath": True,
    "error_model": "numpy",  # else every division asks whether it is by zero
}
EXACT = FUSED | {"fastmath": False}
"""Rounds one way only; else sums are reordered or not by where arrays lie in memory."""


class LayerWeights(NamedTuple):
    """Weights of a layer as its kernel reads them.

    Parameters
    ----------
    edge : (H, H) ndarray of float32
        C, from input to output channels; its offset is with the targets'.
    edge_norm, node_norm : (2, H) ndarray of float32
        Scale and shift.
    """

    edge: F32
    edge_norm: F32
    node_norm: F32


class Projection(NamedTuple):
    """A linear layer; that of a `GatedGCNLayer` makes A h, D h, B h and F h of h.

    Parameters
    ----------
    weight : (H, M) Tensor of float32
    offset : (M,) Tensor of float32
    """

    weight: Tensor
    offset: Tensor


def layer_weights(layer: GatedGCNLayer) -> tuple[Projection, LayerWeights]:
    """Lay out the weights of a layer."""
    state = {name: value.numpy(force=True) for name, value in layer.named_parameters()}
    width = len(state["norm_node.weight"])
    ends = ("from_target", "from_source")
    weight = np.concatenate([state[f"{end}.weight"] for end in ends]).T
    offset = np.concatenate([state[f"{end}.bias"] for end in ends])
    offset[width : 2 * width] += state["from_edge.bias"]
    edge_norm, node_norm = (
        np.stack([state[f"{norm}.weight"], state[f"{norm}.bias"]])
        for norm in ("norm_edge", "norm_node")
    )
    edge = np.ascontiguousarray(state["from_edge.weight"].T)
    projection = Projection(
        torch.from_numpy(np.ascontiguousarray(weight)), torch.from_numpy(offset)
    )
    return projection, LayerWeights(edge, edge_norm, node_norm)


def linear(layer: nn.Linear) -> Projection:
    """Lay out a linear layer."""
    return Projection(layer.weight.detach().T.contiguous(), layer.bias.detach())


def in_blocks(rows: F32) -> F32:
    """Put (e, H) rows into blocks of `LANES`, (blocks, H, LANES), zeros at the end."""
    e, h = rows.shape
    count = -(-e // LANES)
    out = np.zeros((count, LANES, h), np.float32)
    out.reshape(-1, h)[:e] = rows
    return np.ascontiguousarray(out.transpose(0, 2, 1))


def project(states: F32, by: Projection, out: F32) -> None:
    """Apply a linear layer to (n, H) states; `out` (n, M) gets what comes of it."""
    told = torch.from_numpy(states)
    torch.addmm(by.offset, told, by.weight, out=torch.from_numpy(out))


@njit(**FUSED)
def _gate(block, weight, gate):  # type: ignore[no-untyped-def]
    """Add C e of a block of edges, (H, LANES), to their gates."""
    h = len(weight)
    whole = h - h % 4
    for k in range(h):
        for j in range(0, whole, 4):
            a, b = weight[j, k], weight[j + 1, k]
            c, d = weight[j + 2, k], weight[j + 3, k]
            for x in range(LANES):
                gate[k, x] += (
                    a * block[j, x]
                    + b * block[j + 1, x]
                    + c * block[j + 2, x]
                    + d * block[j + 3, x]
                )
        for j in range(whole, h):
            a = weight[j, k]
            for x in range(LANES):
                gate[k, x] += a * block[j, x]


@njit(**FUSED)
def _renew(block, gate, norm, middle, steep):  # type: ignore[no-untyped-def]
    """Add the rectified layer norm of the gates to the edge states of a block."""
    h = len(gate)
    share = _ONE / np.float32(h)
    for x in range(LANES):
        middle[x] = _ZERO
        steep[x] = _ZERO
    for k in range(h):
        for x in range(LANES):
            g = gate[k, x]
            middle[x] += g
            steep[x] += g * g
    for x in range(LANES):
        m = middle[x] * share
        middle[x] = m
        steep[x] = _ONE / np.sqrt(max(steep[x] * share - m * m, _ZERO) + _NORM_EPS)
    for k in range(h):
        scale, shift = norm[0, k], norm[1, k]
        for x in range(LANES):
            y = (gate[k, x] - middle[x]) * steep[x] * scale + shift
            block[k, x] += max(y, _ZERO)


@njit(**FUSED)
def _open(gate):  # type: ignore[no-untyped-def]
    """Sigmoid of the gates of a block, in place.

    2 to the power of a fraction by a polynomial, good to 1e-7, times a power of two
    that is written into the exponent of a float.
    """
    for k in range(len(gate)):
        for x in range(LANES):
            power = min(max(-gate[k, x] * _LOG2_E, -_FAR), _FAR)
            whole = np.floor(power)
            q = power - whole
            part = _P3 + q * (_P4 + q * (_P5 + q * _P6))
            part = _ONE + q * (_P1 + q * (_P2 + q * part))
            double = (np.int32(whole) + np.int32(127)) << np.int32(23)
            gate[k, x] = _ONE / (_ONE + part * np.int32(double).view(np.float32))


@njit(**FUSED)
def pass_messages(blocks, source, target, sent, own, weights, total):  # type: ignore[no-untyped-def]  # noqa: PLR0913
    """Gather messages for the targets of one frame, and renew its edges in place.

    Parameters
    ----------
    blocks : (b, H, LANES) ndarray of float32
        Edge states.
    source : (e,) ndarray of uint32
        Row of `sent` that an edge comes from.
    target : (e,) ndarray of uint32
        Row of `own` that it goes to.
    sent, own : (rows, 4 H) ndarray of float32
        Projected node states: A h, D h, B h, F h.
    weights : LayerWeights
    total : (2, n, H) ndarray of float32
        Gets the sums of messages weighted by their gates, and of gates.
    """
    h = blocks.shape[1]
    gate = np.zeros((h, LANES), np.float32)
    middle, steep = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    total[0] = _ZERO
    total[1] = _EPS
    for number in range(len(blocks)):
        begin = number * LANES
        count = min(LANES, len(source) - begin)
        for x in range(count):
            s, i = source[begin + x], target[begin + x]
            for k in range(h):
                gate[k, x] = own[i, h + k] + sent[s, 3 * h + k]
        _gate(blocks[number], weights.edge, gate)
        _renew(blocks[number], gate, weights.edge_norm, middle, steep)
        _open(gate)
        for x in range(count):
            s, i = source[begin + x], target[begin + x]
            for k in range(h):
                w = gate[k, x]
                total[0, i, k] += w * sent[s, 2 * h + k]
                total[1, i, k] += w


@njit(**EXACT)
def update_nodes(states, own, total, norm):  # type: ignore[no-untyped-def]
    """Add the rectified layer norm of what nodes keep and get to their states."""
    n, h = states.shape
    row = np.empty(h, np.float32)
    for i in range(n):
        first, second = _ZERO, _ZERO
        for k in range(h):
            value = own[i, k] + total[0, i, k] / total[1, i, k]
            row[k] = value
            first += value
            second += value * value
        middle = first / np.float32(h)
        spread = max(second / np.float32(h) - middle * middle, _ZERO)
        steep = _ONE / np.sqrt(spread + _NORM_EPS)
        for k in range(h):
            value = (row[k] - middle) * steep * norm[0, k] + norm[1, k]
            states[i, k] += max(value, _ZERO)


@njit(**FUSED)
def advance(blocks, source, target, sent, own, states, weights):  # type: ignore[no-untyped-def]  # noqa: PLR0913
    """Take the (n, H) states of one frame through one layer, in place.

    Parameters
    ----------
    blocks, source, target, sent, own, weights
        See `pass_messages`.
    states : (n, H) ndarray of float32
    """
    total = np.empty((2, *states.shape), np.float32)
    pass_messages(blocks, source, target, sent, own, weights, total)
    update_nodes(states, own, total, weights.node_norm)
