"""Which superpixels are joined: those that touch, and those that flow joins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.prepare.flow import COARSER
from napari_gnn_vos.prepare.landings import landings
from napari_gnn_vos.structures.frame_graph import Flow


@dataclass(frozen=True, slots=True, eq=False)
class Touching:
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
class Moving:
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


def touching(labels: NDArray[np.uint16]) -> Touching:
    """Find the superpixels of a frame that share a border.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16

    Returns
    -------
    touching : Touching

    Examples
    --------
    >>> touching(np.array([[0, 0, 1], [2, 2, 1]], np.uint16)).pairs
    array([[0, 0, 1],
           [1, 2, 2]], dtype=int32)
    """
    n = int(labels.max()) + 1
    wide = labels.astype(np.int64)
    sides = [(wide[:, :-1], wide[:, 1:]), (wide[:-1], wide[1:])]
    keys = []
    for one, other in sides:
        differ = one != other
        a, b = one[differ], other[differ]
        keys.append(np.minimum(a, b) * n + np.maximum(a, b))
    key, length = np.unique(np.concatenate(keys), return_counts=True)
    pairs = np.stack([key // n, key % n]).astype(np.int32)
    return Touching(pairs, length.astype(np.float32))


def moving(
    labels: NDArray[np.uint16],
    labels_next: NDArray[np.uint16],
    flow: Flow,
    least_share: float,
) -> Moving:
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
    moving : Moving

    Notes
    -----
    Pixels that flow carries out of the frame join nothing. Pairs that share little
    are most of all pairs and carry no trust: leaving them out halves the graph.
    """
    n, m = int(labels.max()) + 1, int(labels_next.max()) + 1
    there = landings(labels, labels_next, flow.forward, flow.backward)
    back = landings(labels_next, labels, flow.backward, flow.forward)
    key, at = np.unique(
        np.concatenate([there[0] * m + there[1], back[1] * m + back[0]]),
        return_inverse=True,
    )
    out, error = _tally(at[: len(there[0])], there[2], len(key))
    into, error_back = _tally(at[len(there[0]) :], back[2], len(key))
    i, j = key // m, key % m
    size = np.bincount(labels[::COARSER, ::COARSER].ravel(), minlength=n)
    size_next = np.bincount(labels_next[::COARSER, ::COARSER].ravel(), minlength=m)
    share_out = out / np.maximum(size[i], 1)
    share_back = into / np.maximum(size_next[j], 1)
    keep = np.maximum(share_out, share_back) >= least_share
    mean = (error + error_back) / np.maximum(out + into, 1)
    return Moving(
        np.stack([i, j])[:, keep].astype(np.int32),
        share_out[keep].astype(np.float32),
        share_back[keep].astype(np.float32),
        mean[keep].astype(np.float32),
    )


def _tally(
    at: NDArray[np.int64], error: NDArray[np.float32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    cells = np.bincount(at, minlength=count).astype(np.int64)
    return cells, np.bincount(at, error, count).astype(np.float64)
