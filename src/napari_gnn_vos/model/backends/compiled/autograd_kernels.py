"""Kernels of the differentiable layer, forward and backward, on arrays of all edges.

N nodes, E directed edges sorted by target, H channels. The terms of the gate logits and
the layer norm are those of `model.gatedgcn`.
"""

from __future__ import annotations

import numpy as np

from napari_gnn_vos.model.backends.compiled.jit import kernel
from napari_gnn_vos.model.gatedgcn import EPS, NORM_EPS


@kernel(fastmath=True, error_model="python")
def add_end_terms(logits, target_term, source_terms, start, source):  # type: ignore[no-untyped-def]
    """Add the terms of target and source to the gate logits of each edge, in place.

    Parameters
    ----------
    logits : (E, H) ndarray of float32
        C e of each edge; completed to the gate logits.
    target_term : (N, H) ndarray of float32
        D h.
    source_terms : (N, 2 H) ndarray of float32
        B h and F h.
    start : (N + 1,) ndarray of int64
        CSR offsets of the edges into each node.
    source : (E,) ndarray of int32
        Source of each edge.
    """
    n, h = target_term.shape
    for i in range(n):
        for e in range(start[i], start[i + 1]):
            j = source[e]
            for k in range(h):
                logits[e, k] += target_term[i, k] + source_terms[j, h + k]


@kernel(fastmath=True, error_model="python")
def average_messages(gate, source_terms, mean, gate_sum, start, source):  # type: ignore[no-untyped-def]
    """Average the messages into each node, weighted by their gates.

    Parameters
    ----------
    gate : (E, H) ndarray of float32
    source_terms, start, source
        See `add_end_terms`.
    mean, gate_sum : (N, H) ndarray of float32
        Overwritten by the mean message and by the sum of the gates.
    """
    n, h = mean.shape
    for i in range(n):
        for k in range(h):
            mean[i, k] = 0
            gate_sum[i, k] = np.float32(EPS)
        for e in range(start[i], start[i + 1]):
            j = source[e]
            for k in range(h):
                mean[i, k] += gate[e, k] * source_terms[j, k]
                gate_sum[i, k] += gate[e, k]
        for k in range(h):
            mean[i, k] /= gate_sum[i, k]


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
def update_edges(logits, edges, scale, shift, new_edges):  # type: ignore[no-untyped-def]
    """Add the rectified layer norm of the gate logits to the edge states.

    Parameters
    ----------
    logits, edges : (E, H) ndarray of float32
    scale, shift : (H,) ndarray of float32
        Weight and bias of the layer norm.
    new_edges : (E, H) ndarray of float32
        Overwritten by the new edge states.
    """
    count, h = logits.shape
    for e in range(count):
        mean_value, inverse_std = _moments(logits[e])
        for k in range(h):
            value = (logits[e, k] - mean_value) * inverse_std * scale[k] + shift[k]
            new_edges[e, k] = edges[e, k] + max(value, np.float32(0))


@kernel(fastmath=True, error_model="python")
def update_edges_backward(logits, d_edges, scale, shift, d_logits, d_norm):  # type: ignore[no-untyped-def]
    """Compute the gradients of `update_edges` in the logits, scale and shift.

    Parameters
    ----------
    logits, scale, shift
        See `update_edges`.
    d_edges : (E, H) ndarray of float32
        Gradient in the new edge states; also that in the old ones.
    d_logits : (E, H) ndarray of float32
        Overwritten by the gradient.
    d_norm : (2, H) ndarray of float32
        The gradients in scale and shift are added.
    """
    count, h = logits.shape
    unit = np.empty(h, np.float32)
    d_unit = np.empty(h, np.float32)
    for e in range(count):
        mean_value, inverse_std = _moments(logits[e])
        total, product = np.float32(0), np.float32(0)
        for k in range(h):
            unit[k] = (logits[e, k] - mean_value) * inverse_std
            positive = unit[k] * scale[k] + shift[k] > 0
            d = d_edges[e, k] if positive else np.float32(0)
            d_norm[0, k] += d * unit[k]
            d_norm[1, k] += d
            d_unit[k] = d * scale[k]
            total += d_unit[k]
            product += d_unit[k] * unit[k]
        for k in range(h):
            centred = d_unit[k] - total / h - unit[k] * product / h
            d_logits[e, k] = inverse_std * centred


@kernel(fastmath=True, error_model="python")
def average_messages_backward(forward, d_mean, d_logits, d_terms, start, source):  # type: ignore[no-untyped-def]
    """Compute the gradients of `average_messages` and `add_end_terms`.

    Parameters
    ----------
    forward : tuple of ndarray
        ``gate``, ``source_terms``, ``mean`` and ``gate_sum`` of `average_messages`.
    d_mean : (N, H) ndarray of float32
        Gradient in the mean messages.
    d_logits : (E, H) ndarray of float32
        Gradient in the gate logits by `update_edges_backward`; the gradient by the
        messages is added.
    d_terms : tuple of (N, H) and (N, 2 H) ndarray of float32
        Gradients in the target term, overwritten, and in the source terms, added.
    start, source
        See `add_end_terms`.
    """
    gate, source_terms, mean, gate_sum = forward
    d_target_term, d_source_terms = d_terms
    n, h = mean.shape
    d_sum = np.empty(h, np.float32)
    for i in range(n):
        for k in range(h):
            d_target_term[i, k] = 0
            d_sum[k] = d_mean[i, k] / gate_sum[i, k]
        for e in range(start[i], start[i + 1]):
            j = source[e]
            for k in range(h):
                g = gate[e, k]
                d = d_sum[k] * (source_terms[j, k] - mean[i, k]) * g * (1 - g)
                d += d_logits[e, k]
                d_logits[e, k] = d
                d_target_term[i, k] += d
                d_source_terms[j, k] += d_sum[k] * g
                d_source_terms[j, h + k] += d
