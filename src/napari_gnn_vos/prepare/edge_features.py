"""What the tie between two superpixels is like (paper, III-D, and how far to trust it).

Columns are the same for ties within a frame and between frames; what does not apply
is zero. `structures.video_graph.MIRRORED` names those that change places when an edge
is read the other way round.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.prepare.edges import CausalEdges, SpatialEdges
from napari_gnn_vos.prepare.node_features import FAST

F32 = NDArray[np.float32]

EDGE_FEATURE_NAMES = (
    "is_spatial",
    "from_past",
    "from_future",
    "delta_l",
    "delta_a",
    "delta_b",
    "delta_motion_next",
    "delta_motion_previous",
    "border_share_source",
    "border_share_target",
    "flow_share_source",
    "flow_share_target",
    "return_error",
)
"""Kind of the edge (3); difference of mean colour (3) and motion (2); share of either
one's border (2, touching); share of either one's pixels that flow joins (2) and its
return error (1, between frames). An edge comes from the past if its source is on the
frame before its target's."""

NEAR_COLOUR, NEAR_MOTION = 0.1, 0.5
"""Differences that count as 1: a tenth of the colour range, half of a fast motion."""


def spatial_edge_features(edges: SpatialEdges, means: F32) -> F32:
    """Compute the features of ties within a frame.

    Parameters
    ----------
    edges : SpatialEdges
        e pairs.
    means : (n, 7) ndarray of float32
        Mean colour (3, 0 to 1) and motion to the next and the previous frame (2 + 2,
        in pixels) of the superpixels.

    Returns
    -------
    edge_features : (e, G) ndarray of float32
        Columns as in EDGE_FEATURE_NAMES.
    """
    first, second = edges.pairs
    rim = np.bincount(first, edges.length, len(means))
    rim = np.maximum(rim + np.bincount(second, edges.length, len(means)), 1)
    edge_features = np.zeros((len(first), len(EDGE_FEATURE_NAMES)), np.float32)
    edge_features[:, 0] = 1
    edge_features[:, 3:8] = _differences(means[first], means[second])
    edge_features[:, 8] = edges.length / rim[first]
    edge_features[:, 9] = edges.length / rim[second]
    return edge_features


def causal_edge_features(edges: CausalEdges, means: F32, means_next: F32) -> F32:
    """Compute the features of ties between consecutive frames, (c, G).

    As for `spatial_edge_features`, with the means of either frame.
    """
    first, second = edges.pairs
    edge_features = np.zeros((len(first), len(EDGE_FEATURE_NAMES)), np.float32)
    edge_features[:, 1] = 1
    edge_features[:, 3:8] = _differences(means[first], means_next[second])
    edge_features[:, 10], edge_features[:, 11] = edges.share_out, edges.share_back
    edge_features[:, 12] = np.log1p(edges.error)
    return edge_features


def _differences(one: F32, other: F32) -> F32:
    colour = np.abs(one[:, :3] - other[:, :3]) / NEAR_COLOUR
    motion = [
        np.linalg.norm(one[:, k : k + 2] - other[:, k : k + 2], axis=1) for k in (3, 5)
    ]
    far = np.log1p(np.stack(motion, axis=1) / (FAST * NEAR_MOTION))
    return np.concatenate([np.log1p(colour), far], axis=1).astype(np.float32)
