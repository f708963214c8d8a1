"""Find spatial edges (common border) and causal edges (optical flow) of superpixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.compiler import njit
from napari_gnn_vos.prepare.flow import FLOW_STRIDE
from napari_gnn_vos.prepare.region_adjacency import (
    region_adjacency,
    sum_duplicate_pairs,
)
from napari_gnn_vos.structures.frame_graph import Flow


@dataclass(frozen=True, slots=True, eq=False)
class SpatialEdges:
    """Pairs of superpixels of one frame that share a border.

    Parameters
    ----------
    pairs : (2, e) ndarray of int32
        Each pair once, smaller number first.
    length : (e,) ndarray of float32
        Length of the common border in pixels, 4-connected.
    """

    pairs: NDArray[np.int32]
    length: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class CausalEdges:
    """Pairs of superpixels of consecutive frames that are connected by flow.

    Parameters
    ----------
    pairs : (2, c) ndarray of int32
        Superpixel of the first frame (source) and of the next (target).
    share_source : (c,) ndarray of float32
        Fraction of the pixels of the source that forward flow maps into the target.
    share_target : (c,) ndarray of float32
        Fraction of the pixels of the target that backward flow maps into the source.
    error : (c,) ndarray of float32
        Mean forward-backward error of these pixels, in pixels.
    """

    pairs: NDArray[np.int32]
    share_source: NDArray[np.float32]
    share_target: NDArray[np.float32]
    error: NDArray[np.float32]


def spatial_edges(labels: NDArray[np.uint16]) -> SpatialEdges:
    """Find all pairs of superpixels of a frame that share a border.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16

    Returns
    -------
    spatial_edges : SpatialEdges

    Examples
    --------
    >>> spatial_edges(np.array([[0, 0, 1], [2, 2, 1]], np.uint16)).pairs
    array([[0, 0, 1],
           [1, 2, 2]], dtype=int32)
    """
    pairs, length, _ = region_adjacency(labels, np.zeros(labels.shape, np.float32))
    order = np.lexsort(pairs[::-1])
    return SpatialEdges(pairs[:, order], length[order].astype(np.float32))


def causal_edges(
    labels: NDArray[np.uint16],
    labels_next: NDArray[np.uint16],
    flow: Flow,
    least_share: float,
) -> CausalEdges:
    """Find all pairs of superpixels of consecutive frames that flow connects.

    Parameters
    ----------
    labels, labels_next : (H, W) ndarray of uint16
        Superpixels of a frame and of the next.
    flow : Flow
        Between them.
    least_share : float
        Pairs whose larger share is less are omitted.

    Returns
    -------
    causal_edges : CausalEdges

    Notes
    -----
    Pixels that flow maps outside of the frame give no edges. Most pairs have a small
    share and are unreliable. Without them the graph has half the number of edges.
    """
    n, m = int(labels.max()) + 1, int(labels_next.max()) + 1
    forward = warp_targets(labels, labels_next, flow.forward, flow.backward)
    target, source, error = warp_targets(
        labels_next, labels, flow.backward, flow.forward
    )
    forward_pairs = _sum_pairs(*forward, n, m)
    backward_pairs = _sum_pairs(source, target, error, n, m)
    key = np.union1d(forward_pairs[0], backward_pairs[0])
    forward_count, forward_error = _at_keys(forward_pairs, key)
    backward_count, backward_error = _at_keys(backward_pairs, key)
    i, j = key // m, key % m
    share_source = forward_count / np.maximum(_sampled_sizes(labels, n)[i], 1)
    share_target = backward_count / np.maximum(_sampled_sizes(labels_next, m)[j], 1)
    keep = np.maximum(share_source, share_target) >= least_share
    count = np.maximum(forward_count + backward_count, 1)
    mean_error = (forward_error + backward_error) / count
    return CausalEdges(
        np.stack([i, j])[:, keep].astype(np.int32),
        share_source[keep].astype(np.float32),
        share_target[keep].astype(np.float32),
        mean_error[keep].astype(np.float32),
    )


def _sampled_sizes(labels: NDArray[np.uint16], n: int) -> NDArray[np.int64]:
    """Count the cells of the flow grid in each superpixel, (n,)."""
    sampled = labels[::FLOW_STRIDE, ::FLOW_STRIDE]
    return np.bincount(sampled.ravel(), minlength=n)


def _sum_pairs(
    source: NDArray[np.int32],
    target: NDArray[np.int32],
    error: NDArray[np.float32],
    n: int,
    m: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Count the cells of each pair (i, j) and sum their errors; its key is i m + j."""
    pairs = np.stack([source, n + target])
    ones = np.ones(len(source), np.float32)
    pairs, count, total_error = sum_duplicate_pairs(pairs, ones, error, n + m)
    return pairs[0] * np.int64(m) + pairs[1] - n, count, total_error


def _at_keys(
    pairs: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]],
    key: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return count and error at all sorted keys, (2, c); zero for missing pairs."""
    values = np.zeros((2, len(key)))
    values[:, np.searchsorted(key, pairs[0])] = pairs[1:]
    return values


def warp_targets(
    labels: NDArray[np.uint16],
    labels_to: NDArray[np.uint16],
    flow: NDArray[np.float16],
    flow_back: NDArray[np.float16],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Look up the superpixel that each cell of the flow grid is mapped to.

    Parameters
    ----------
    labels, labels_to : (H, W) ndarray of uint16
        Superpixels of a frame and of the frame that flow points to.
    flow, flow_back : (h, w, 2) ndarray of float16
        Flow from the first frame to the second, and back, in pixels.

    Returns
    -------
    source, target : (c,) ndarray of int32
        Superpixel of each cell and of its target. Cells whose target lies outside of
        the frame are omitted.
    error : (c,) ndarray of float32
        Forward-backward error in pixels.
    """
    source, target, error, count = _warp_cells(
        labels,
        labels_to,
        flow.astype(np.float32),
        flow_back.astype(np.float32),
        FLOW_STRIDE,
    )
    return source[:count], target[:count], error[:count]


@njit(cache=True, nogil=True, error_model="numpy")
def _warp_cells(labels, labels_to, flow, flow_back, stride):  # type: ignore[no-untyped-def]
    """Compute the arrays of `warp_targets`, padded, and the number of valid cells."""
    h, w = labels.shape
    rows, cols = flow.shape[0], flow.shape[1]
    source = np.empty(rows * cols, np.int32)
    target = np.empty(rows * cols, np.int32)
    error = np.empty(rows * cols, np.float32)
    count = 0
    for y in range(rows):
        for x in range(cols):
            r, c = y * stride, x * stride
            down, right = flow[y, x, 0], flow[y, x, 1]
            to_r, to_c = int(np.rint(r + down)), int(np.rint(c + right))
            if to_r < 0 or to_c < 0 or to_r >= h or to_c >= w:
                continue
            error_r = down + flow_back[to_r // stride, to_c // stride, 0]
            error_c = right + flow_back[to_r // stride, to_c // stride, 1]
            source[count] = labels[r, c]
            target[count] = labels_to[to_r, to_c]
            error[count] = np.sqrt(error_r**2 + error_c**2)
            count += 1
    return source, target, error, count
