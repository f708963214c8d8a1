"""Which superpixels are joined: those that touch, and those that flow joins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.prepare.basins import borders, gather
from napari_gnn_vos.prepare.flow import COARSER
from napari_gnn_vos.prepare.warp_targets import warp_targets
from napari_gnn_vos.structures.frame_graph import Flow


@dataclass(frozen=True, slots=True, eq=False)
class SpatialEdges:
    """Pairs of superpixels of one frame that share a border.

    Parameters
    ----------
    pairs : (2, e) ndarray of int32
        Each pair once, smaller number first.
    length : (e,) ndarray of float32
        Pixels of border, 4-connected.
    """

    pairs: NDArray[np.int32]
    length: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class CausalEdges:
    """Pairs of superpixels of consecutive frames that flow joins.

    Parameters
    ----------
    pairs : (2, c) ndarray of int32
        Superpixel of a frame, superpixel of the next.
    share_out, share_back : (c,) ndarray of float32
        Share of the first's pixels that land in the second, and the other way round.
    error : (c,) ndarray of float32
        How far pixels miss themselves when carried there and back, mean in pixels.
    """

    pairs: NDArray[np.int32]
    share_out: NDArray[np.float32]
    share_back: NDArray[np.float32]
    error: NDArray[np.float32]


def spatial_edges(labels: NDArray[np.uint16]) -> SpatialEdges:
    """Find the superpixels of a frame that share a border.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16

    Returns
    -------
    spatial_edges : SpatialEdges

    Examples
    --------
    >>> touching(np.array([[0, 0, 1], [2, 2, 1]], np.uint16)).pairs
    array([[0, 0, 1],
           [1, 2, 2]], dtype=int32)
    """
    pairs, length, _ = borders(labels, np.zeros(labels.shape, np.float32))
    order = np.lexsort(pairs[::-1])
    return SpatialEdges(pairs[:, order], length[order].astype(np.float32))


def causal_edges(
    labels: NDArray[np.uint16],
    labels_next: NDArray[np.uint16],
    flow: Flow,
    least_share: float,
) -> CausalEdges:
    """Find the superpixels of two consecutive frames that flow joins.

    Parameters
    ----------
    labels, labels_next : (H, W) ndarray of uint16
        Superpixels of a frame and of the next.
    flow : Flow
        Between them.
    least_share : float
        Pairs of which neither shares more of its pixels are left out.

    Returns
    -------
    causal_edges : CausalEdges

    Notes
    -----
    Pixels that flow carries out of the frame join nothing. Pairs that share little
    are most of all pairs and carry no trust: leaving them out halves the graph.
    """
    n, m = int(labels.max()) + 1, int(labels_next.max()) + 1
    there = warp_targets(labels, labels_next, flow.forward, flow.backward)
    back = warp_targets(labels_next, labels, flow.backward, flow.forward)
    back = back[1], back[0], back[2]  # the earlier frame's superpixel first, here too
    ways = _tally(*there, n, m), _tally(*back, n, m)
    key = np.union1d(ways[0][0], ways[1][0])
    (out, error), (into, error_back) = (_spread(way, key) for way in ways)
    i, j = key // m, key % m
    size = np.bincount(labels[::COARSER, ::COARSER].ravel(), minlength=n)
    size_next = np.bincount(labels_next[::COARSER, ::COARSER].ravel(), minlength=m)
    share_out = out / np.maximum(size[i], 1)
    share_back = into / np.maximum(size_next[j], 1)
    keep = np.maximum(share_out, share_back) >= least_share
    mean = (error + error_back) / np.maximum(out + into, 1)
    return CausalEdges(
        np.stack([i, j])[:, keep].astype(np.int32),
        share_out[keep].astype(np.float32),
        share_back[keep].astype(np.float32),
        mean[keep].astype(np.float32),
    )


def _tally(
    one: NDArray[np.int32],
    other: NDArray[np.int32],
    error: NDArray[np.float32],
    n: int,
    m: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Count equal pairs and add up their errors; a pair's key is i m + j."""
    ends = np.stack([one, n + other])
    pairs, cells, total = gather(ends, np.ones(len(one), np.float32), error, n + m)
    return pairs[0] * np.int64(m) + pairs[1] - n, cells, total


def _spread(
    way: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]],
    key: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Put counts and errors of one way at all keys, zero where it has none, (2, c)."""
    values = np.zeros((2, len(key)))
    values[:, np.searchsorted(key, way[0])] = way[1:]
    return values
