"""Gated messages on a CPU, fused: gather, gate, add up, norm, and the way back.

Written out, a layer makes ten arrays of the size of all edges, and a CPU spends its
time on fetching fresh memory for them. Here two are made. N nodes, E directed edges
sorted by target, H channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import njit
from torch import Tensor

NORM_EPS = 1e-5
EPS = 1e-6


class GatedMessages(torch.autograd.Function):
    """The part of a layer that runs over the edges; see `gatedgcn.GatedGCNLayer`."""

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
        """Add up gated messages, and update the edges.

        Parameters
        ----------
        gate : (E, H) Tensor
            C e, the edges' part of the gate; overwritten by the whole gate.
        edges : (E, H) Tensor
            Edge states.
        at_target : (N, H) Tensor
            D h, the targets' part of the gate.
        at_source : (N, 2 H) Tensor
            B h and F h: message, and the sources' part of the gate.
        scale, shift : (H,) Tensor
            Of the edges' layer norm.
        start : (N + 1,) Tensor of int64
            Where the edges of every target begin.
        source : (E,) Tensor of int32
            Source of every edge.

        Returns
        -------
        mean : (N, H) Tensor
            Messages, weighted by their gates.
        edges : (E, H) Tensor
            New edge states.
        """
        ends = start.numpy(), source.numpy()
        sent = at_source.detach().numpy()
        fill_gate(gate.detach().numpy(), at_target.detach().numpy(), sent, *ends)
        weight = torch.sigmoid(gate)
        mean, total = torch.empty_like(at_target), torch.empty_like(at_target)
        new = torch.empty_like(edges)
        add_up(weight.detach().numpy(), sent, mean.numpy(), total.numpy(), *ends)
        norm = scale.detach().numpy(), shift.detach().numpy()
        norm_edges(gate.detach().numpy(), edges.detach().numpy(), *norm, new.numpy())
        ctx.save_for_backward(gate, weight, at_source, mean, total, scale, shift)
        ctx.ends = start, source
        return mean, new

    @staticmethod
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of everything but the indices."""
        saved = [tensor.detach() for tensor in ctx.saved_tensors]
        gate, weight, at_source, mean, total, scale, shift = saved
        start, source = ctx.ends
        d_mean, d_new = (one.contiguous() for one in given)
        d_gate = torch.empty_like(gate)
        d_target = torch.empty_like(mean)
        d_source = torch.zeros_like(at_source)
        d_norm = torch.zeros(2, len(scale), dtype=scale.dtype)
        norm_edges_back(
            gate.numpy(),
            d_new.numpy(),
            scale.numpy(),
            shift.numpy(),
            d_gate.numpy(),
            d_norm.numpy(),
        )
        add_up_back(
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


@njit(cache=True, nogil=True, fastmath=True)
def fill_gate(gate, at_target, at_source, start, source):  # type: ignore[no-untyped-def]
    """Complete the gates: add what target and source of every edge say, in place."""
    n, h = at_target.shape
    for i in range(n):
        for e in range(start[i], start[i + 1]):
            s = source[e]
            for k in range(h):
                gate[e, k] += at_target[i, k] + at_source[s, h + k]


@njit(cache=True, nogil=True, fastmath=True)
def add_up(weight, at_source, mean, total, start, source):  # type: ignore[no-untyped-def]
    """Sum messages and gates over the edges of every target; `mean` and `total`."""
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


@njit(cache=True, nogil=True, fastmath=True)
def _moments(row):  # type: ignore[no-untyped-def]
    """Mean of a row, and one over its standard deviation."""
    h = len(row)
    first, second = np.float32(0), np.float32(0)
    for k in range(h):
        first += row[k]
        second += row[k] * row[k]
    middle = first / h
    spread = np.maximum(second / h - middle * middle, np.float32(0))
    return middle, 1 / np.sqrt(spread + np.float32(NORM_EPS))


@njit(cache=True, nogil=True, fastmath=True)
def norm_edges(gate, edges, scale, shift, new):  # type: ignore[no-untyped-def]
    """Residual sum of edge states and the rectified layer norm of their gates."""
    count, h = gate.shape
    for e in range(count):
        middle, steep = _moments(gate[e])
        for k in range(h):
            value = (gate[e, k] - middle) * steep * scale[k] + shift[k]
            new[e, k] = edges[e, k] + max(value, np.float32(0))


@njit(cache=True, nogil=True, fastmath=True)
def norm_edges_back(gate, d_new, scale, shift, d_gate, d_norm):  # type: ignore[no-untyped-def]
    """Gradient of `norm_edges` with respect to the gate, scale and shift."""
    count, h = gate.shape
    unit = np.empty(h, np.float32)
    back = np.empty(h, np.float32)
    for e in range(count):
        middle, steep = _moments(gate[e])
        along, across = np.float32(0), np.float32(0)
        for k in range(h):
            unit[k] = (gate[e, k] - middle) * steep
            on = unit[k] * scale[k] + shift[k] > 0
            d = d_new[e, k] if on else np.float32(0)
            d_norm[0, k] += d * unit[k]
            d_norm[1, k] += d
            back[k] = d * scale[k]
            along += back[k]
            across += back[k] * unit[k]
        for k in range(h):
            d_gate[e, k] = steep * (back[k] - along / h - unit[k] * across / h)


@njit(cache=True, nogil=True, fastmath=True)
def add_up_back(  # type: ignore[no-untyped-def]  # noqa: PLR0913
    weight, at_source, mean, total, d_mean, d_gate, d_target, d_source, start, source
):
    """Gradient of `add_up`, added to that of the gates, and summed over both ends."""
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
