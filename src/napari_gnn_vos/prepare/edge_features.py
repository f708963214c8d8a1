"""Features of spatial and causal edges (paper, III-D; the return error is an addition).

Both kinds have the same columns; columns that do not apply are zero. The pairs of
columns that are exchanged when an edge is reversed are listed in
`structures.incoming_edges.MIRRORED`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.prepare.edges import CausalEdges, SpatialEdges
from napari_gnn_vos.prepare.node_features import MOTION_SCALE

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
"""Kind of the edge (3). Difference of mean colour (3) and motion (2). Spatial edges:
common border as a fraction of the border of source and target (2). Causal edges:
fraction of the pixels of source and target that flow maps to the other (2), and the
forward-backward error (1). ``from_past`` is 1 if the source is on the previous
frame."""

COLOUR_UNIT, MOTION_UNIT = 0.1, 0.5
"""Units of the differences: features are log(1 + difference / unit). That of colour is
in units of the colour range, that of motion in units of `MOTION_SCALE`."""


def spatial_edge_features(edges: SpatialEdges, means: F32) -> F32:
    """Compute the features of spatial edges.

    Parameters
    ----------
    edges : SpatialEdges
        e edges.
    means : (n, 7) ndarray of float32
        Mean colour (3, 0 to 1) and motion to the next and the previous frame (2 + 2,
        pixels per frame) of the superpixels.

    Returns
    -------
    edge_features : (e, G) ndarray of float32
        Columns as in EDGE_FEATURE_NAMES.
    """
    first, second = edges.pairs
    border = np.bincount(first, edges.length, len(means))
    border = np.maximum(border + np.bincount(second, edges.length, len(means)), 1)
    edge_features = np.zeros((len(first), len(EDGE_FEATURE_NAMES)), np.float32)
    edge_features[:, 0] = 1
    edge_features[:, 3:8] = _differences(means[first], means[second])
    edge_features[:, 8] = edges.length / border[first]
    edge_features[:, 9] = edges.length / border[second]
    return edge_features


def causal_edge_features(edges: CausalEdges, means: F32, means_next: F32) -> F32:
    """Compute the features of causal edges.

    Parameters
    ----------
    edges : CausalEdges
        c edges.
    means, means_next : (n, 7) and (m, 7) ndarray of float32
        Means of both frames, see `spatial_edge_features`.

    Returns
    -------
    edge_features : (c, G) ndarray of float32
    """
    first, second = edges.pairs
    edge_features = np.zeros((len(first), len(EDGE_FEATURE_NAMES)), np.float32)
    edge_features[:, 1] = 1
    edge_features[:, 3:8] = _differences(means[first], means_next[second])
    edge_features[:, 10], edge_features[:, 11] = edges.share_source, edges.share_target
    edge_features[:, 12] = np.log1p(edges.error)
    return edge_features


def _differences(first: F32, second: F32) -> F32:
    """Compute the logarithmic differences of colour (3) and motion (2), (e, 5)."""
    colour = np.abs(first[:, :3] - second[:, :3]) / COLOUR_UNIT
    motion = [
        np.linalg.norm(first[:, k : k + 2] - second[:, k : k + 2], axis=1)
        for k in (3, 5)
    ]
    motions = np.log1p(np.stack(motion, axis=1) / (MOTION_SCALE * MOTION_UNIT))
    return np.concatenate([np.log1p(colour), motions], axis=1).astype(np.float32)
