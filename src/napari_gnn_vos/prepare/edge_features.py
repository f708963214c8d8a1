"""What the tie between two superpixels is like (paper, III-D, and how far to trust it).

Columns are the same for ties within a frame and between frames; what does not apply
is zero. `structures.video_graph.MIRRORED` names those that change places when an edge
is read the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from napari_gnn_vos.prepare.edges import Moving, Touching
from napari_gnn_vos.prepare.node_features import FAST

F32 = NDArray[np.float32]

LINK_NAMES = (
    "touches",
    "from_past",
    "from_future",
    "far_l",
    "far_a",
    "far_b",
    "far_motion_next",
    "far_motion_before",
    "far_look",
    "border_out",
    "border_back",
    "share_out",
    "share_back",
    "return_error",
)
"""Kind of the edge (3); difference of mean colour (3), motion (2) and deep features
(1); share of either one's border (2, touching); share of either one's pixels that flow
joins (2) and its return error (1, between frames). An edge comes from the past if its
source is on the frame before its target's."""
_AT = {name: k for k, name in enumerate(LINK_NAMES)}
_FAR = slice(_AT["far_l"], _AT["far_look"] + 1)

NEAR_COLOUR, NEAR_MOTION = 0.1, 0.5
"""Differences that count as 1: a tenth of the colour range, half of a fast motion."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What ties compare their n superpixels by.

    Parameters
    ----------
    means : (n, 7) ndarray of float32
        Mean colour (3, 0 to 1) and motion to the next and the previous frame (2 + 2,
        in pixels).
    appearance : (n, A) ndarray of float16
        Deep features.
    """

    means: F32
    appearance: NDArray[np.float16]


def describe_touching(ties: Touching, look: Look) -> F32:
    """Compute the features of ties within a frame.

    Parameters
    ----------
    ties : Touching
        e pairs.
    look : Look
        Of the superpixels.

    Returns
    -------
    links : (e, G) ndarray of float32
        Columns as in LINK_NAMES.
    """
    first, second = ties.pairs
    rim = np.bincount(first, ties.length, len(look.means))
    rim = np.maximum(rim + np.bincount(second, ties.length, len(look.means)), 1)
    links = np.zeros((len(first), len(LINK_NAMES)), np.float32)
    links[:, _AT["touches"]] = 1
    links[:, _FAR] = _differences(ties.pairs, look, look)
    links[:, _AT["border_out"]] = ties.length / rim[first]
    links[:, _AT["border_back"]] = ties.length / rim[second]
    return links


def describe_moving(ties: Moving, look: Look, look_next: Look) -> F32:
    """Compute the features of ties between consecutive frames, (c, G).

    As for `describe_touching`, with the look of either frame.
    """
    links = np.zeros((ties.pairs.shape[1], len(LINK_NAMES)), np.float32)
    links[:, _AT["from_past"]] = 1
    links[:, _FAR] = _differences(ties.pairs, look, look_next)
    links[:, _AT["share_out"]] = ties.share_out
    links[:, _AT["share_back"]] = ties.share_back
    links[:, _AT["return_error"]] = np.log1p(ties.error)
    return links


def _differences(pairs: NDArray[np.int32], near: Look, far: Look) -> F32:
    """Differences along pairs of superpixels, (e, 6): the columns of `_FAR`."""
    one, other = near.means[pairs[0]], far.means[pairs[1]]
    colour = np.abs(one[:, :3] - other[:, :3]) / NEAR_COLOUR
    motion = [
        np.linalg.norm(one[:, k : k + 2] - other[:, k : k + 2], axis=1) for k in (3, 5)
    ]
    moved = np.stack(motion, axis=1) / (FAST * NEAR_MOTION)
    deep = _distances(pairs, near.appearance, far.appearance)
    return np.column_stack([np.log1p(colour), np.log1p(moved), deep]).astype(np.float32)


def _distances(
    pairs: NDArray[np.int32], near: NDArray[np.float16], far: NDArray[np.float16]
) -> F32:
    """Root mean square difference of deep features along pairs, (e,)."""
    out: F32 = _along(pairs, near.astype(np.float32), far.astype(np.float32))
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _along(pairs, one, other):  # type: ignore[no-untyped-def]
    out = np.empty(pairs.shape[1], np.float32)
    for e in range(len(out)):
        a, b = one[pairs[0, e]], other[pairs[1, e]]
        total = np.float32(0)
        for k in range(len(a)):
            step = a[k] - b[k]
            total += step * step
        out[e] = np.sqrt(total / np.float32(max(len(a), 1)))
    return out
