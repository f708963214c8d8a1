"""One frame's superpixels and what they are like; what ties a frame to the next."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.prepare.edge_features import (
    causal_edge_features,
    spatial_edge_features,
)
from napari_gnn_vos.prepare.edges import causal_edges, spatial_edges
from napari_gnn_vos.prepare.node_features import (
    NODE_FEATURE_NAMES,
    FrameView,
    describe_nodes,
    known_motions,
    mean_moves,
)
from napari_gnn_vos.prepare.pool import pool_maps
from napari_gnn_vos.prepare.superpixels import oversegment
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.video import Rgb

Embed = Callable[[Rgb], list[NDArray[np.float32]]]
"""From a (H, W, 3) picture to feature maps (h, w, C)."""

Described = tuple[FrameGraph, NDArray[np.float32]]
"""A frame, and the (n, 7) mean looks that ties to other frames are described with."""


def describe_frame(
    picture: Rgb,
    before: Flow | None,
    after: Flow | None,
    settings: PrepareSettings,
    embed: Embed,
) -> Described:
    """Cut a frame into superpixels and describe them.

    Parameters
    ----------
    picture : (H, W, 3) ndarray of uint8
    before, after : Flow or None
        Flow that joins the frame to the one before and to the next.
    settings : PrepareSettings
    embed : Embed
        The backbone.

    Returns
    -------
    frame : FrameGraph
    means : (n, 7) ndarray of float32
        Mean colour and motion, which ties to other frames are described with.
    """
    whole = FrameView(np.zeros(picture.shape[:2], np.uint16), picture, before, after)
    how = settings.superpixels, settings.quality
    labels = oversegment(picture, whole.motions, *how)
    appearance = pool_maps(embed(picture), labels)
    return describe_labels(whole.cut(labels), appearance)


def describe_labels(view: FrameView, appearance: NDArray[np.float16]) -> Described:
    """Describe superpixels that are given; see `describe_frame`."""
    edges = spatial_edges(view.labels)
    frame = FrameGraph(
        view.labels,
        describe_nodes(view),
        appearance,
        edges.pairs,
        spatial_edge_features(edges, view.means),
    )
    return frame, view.means


def mean_look(
    frame: FrameGraph, before: Flow | None, after: Flow | None
) -> NDArray[np.float32]:
    """Tell the mean looks of a frame that was described before, without its picture.

    Parameters
    ----------
    frame : FrameGraph
    before, after : Flow or None
        Flow that joins it to the frame before and to the next.

    Returns
    -------
    means : (n, 7) ndarray of float32
        Mean colour and motion, which ties to other frames are described with.
    """
    colours = frame.node_features[
        :, [NODE_FEATURE_NAMES.index(name) for name in ("l", "a", "b")]
    ]
    motions = known_motions(before, after, frame.labels)
    moves = mean_moves(motions, before, after, frame.labels)
    return np.concatenate([colours, moves], axis=1)


def describe_pair(
    one: Described, other: Described, flow: Flow, least_share: float
) -> FramePair:
    """Tie a frame to the next.

    Parameters
    ----------
    one, other : (FrameGraph, (n, 7) ndarray of float32)
        The two frames and their mean looks.
    flow : Flow
        Between them.
    least_share : float
        See `EdgeSettings`.

    Returns
    -------
    pair : FramePair
    """
    edges = causal_edges(one[0].labels, other[0].labels, flow, least_share)
    return FramePair(flow, edges.pairs, causal_edge_features(edges, one[1], other[1]))
