"""What the tie between two superpixels is like (paper, III-D, and how far to trust it).

Columns are the same for ties within a frame and between frames; what does not apply
is zero. `structures.video_graph.MIRRORED` names those that change places when an edge
is read the other way round.
"""

from __future__ import annotations

import numpy as np
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
    "border_out",
    "border_back",
    "share_out",
    "share_back",
    "return_error",
)
"""Kind of the edge (3); difference of mean colour (3) and motion (2); share of either
one's border (2, touching); share of either one's pixels that flow joins (2) and its
return error (1, between frames). An edge comes from the past if its source is on the
frame before its target's."""

NEAR_COLOUR, NEAR_MOTION = 0.1, 0.5
"""Differences that count as 1: a tenth of the colour range, half of a fast motion."""


def describe_touching(ties: Touching, means: F32) -> F32:
    """Compute the features of ties within a frame.

    Parameters
    ----------
    ties : Touching
        e pairs.
    means : (n, 7) ndarray of float32
        Mean colour (3, 0 to 1) and motion to the next and the previous frame (2 + 2,
        in pixels) of the superpixels.

    Returns
    -------
    links : (e, G) ndarray of float32
        Columns as in LINK_NAMES.
    """
    first, second = ties.pairs
    rim = np.bincount(first, ties.length, len(means))
    rim = np.maximum(rim + np.bincount(second, ties.length, len(means)), 1)
    links = np.zeros((len(first), len(LINK_NAMES)), np.float32)
    links[:, 0] = 1
    links[:, 3:8] = _differences(means[first], means[second])
    links[:, 8] = ties.length / rim[first]
    links[:, 9] = ties.length / rim[second]
    return links


def describe_moving(ties: Moving, means: F32, means_next: F32) -> F32:
    """Compute the features of ties between consecutive frames, (c, G).

    As for `describe_touching`, with the means of either frame.
    """
    first, second = ties.pairs
    links = np.zeros((len(first), len(LINK_NAMES)), np.float32)
    links[:, 1] = 1
    links[:, 3:8] = _differences(means[first], means_next[second])
    links[:, 10], links[:, 11] = ties.share_out, ties.share_back
    links[:, 12] = np.log1p(ties.error)
    return links


def _differences(one: F32, other: F32) -> F32:
    colour = np.abs(one[:, :3] - other[:, :3]) / NEAR_COLOUR
    motion = [
        np.linalg.norm(one[:, k : k + 2] - other[:, k : k + 2], axis=1) for k in (3, 5)
    ]
    far = np.log1p(np.stack(motion, axis=1) / (FAST * NEAR_MOTION))
    return np.concatenate([np.log1p(colour), far], axis=1).astype(np.float32)
