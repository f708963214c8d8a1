"""Construct the graph of a frame, and of a pair of frames, with all features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.hardware import raise_if_cancelled
from napari_gnn_vos.prepare.edge_features import (
    causal_edge_features,
    spatial_edge_features,
)
from napari_gnn_vos.prepare.edges import causal_edges, spatial_edges
from napari_gnn_vos.prepare.node_features import (
    NODE_FEATURE_NAMES,
    FrameView,
    compute_node_features,
    mean_motions,
    pixel_motions,
)
from napari_gnn_vos.prepare.superpixel_pooling import pool_maps
from napari_gnn_vos.prepare.superpixels import oversegment
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.rgb import Rgb

Embed = Callable[[Rgb], list[NDArray[np.float32]]]
"""Backbone: from an image (H, W, 3) to feature maps (h, w, C)."""

FrameAndMeans = tuple[FrameGraph, NDArray[np.float32]]
"""A frame, and the means (n, 7) of colour (3) and motion (2 + 2) of its superpixels.
Features of causal edges are computed from the means."""


def build_frame_graph(
    image: Rgb,
    flow_previous: Flow | None,
    flow_next: Flow | None,
    settings: PrepareSettings,
    embed: Embed,
) -> FrameAndMeans:
    """Segment a frame into superpixels and compute all features.

    Parameters
    ----------
    image : (H, W, 3) ndarray of uint8
    flow_previous, flow_next : Flow or None
        Between the frame and the previous or next one; None at the ends of the video.
    settings : PrepareSettings
    embed : Embed

    Returns
    -------
    frame : FrameGraph
    means : (n, 7) ndarray of float32
        Mean colour and motion of the superpixels.
    """
    unsegmented = np.zeros(image.shape[:2], np.uint16)
    view = FrameView(unsegmented, image, flow_previous, flow_next)
    labels = oversegment(image, view.motions, settings.superpixels, settings.quality)
    raise_if_cancelled()
    appearance = pool_maps(embed(image), labels)
    raise_if_cancelled()
    return graph_of_view(view.with_labels(labels), appearance)


def graph_of_superpixels(
    labels: NDArray[np.uint16],
    image: Rgb,
    flow_previous: Flow | None,
    flow_next: Flow | None,
    appearance: NDArray[np.float16],
) -> FrameAndMeans:
    """Compute all features of given superpixels except their appearance.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    image : (H, W, 3) ndarray of uint8
    flow_previous, flow_next : Flow or None
        See `build_frame_graph`.
    appearance : (n, A) ndarray of float16

    Returns
    -------
    frame, means
        See `build_frame_graph`.
    """
    view = FrameView(labels, image, flow_previous, flow_next)
    return graph_of_view(view, appearance)


def graph_of_view(view: FrameView, appearance: NDArray[np.float16]) -> FrameAndMeans:
    """Compute node features and spatial edges of segmented superpixels.

    Parameters
    ----------
    view : FrameView
        With n superpixels.
    appearance : (n, A) ndarray of float16

    Returns
    -------
    frame, means
        See `build_frame_graph`.
    """
    edges = spatial_edges(view.labels)
    frame = FrameGraph(
        view.labels,
        compute_node_features(view),
        appearance,
        edges.pairs,
        spatial_edge_features(edges, view.means),
    )
    return frame, view.means


def mean_features(
    frame: FrameGraph, flow_previous: Flow | None, flow_next: Flow | None
) -> NDArray[np.float32]:
    """Recompute the means of colour and motion of a prepared frame without its image.

    Parameters
    ----------
    frame : FrameGraph
    flow_previous, flow_next : Flow or None
        See `build_frame_graph`.

    Returns
    -------
    means : (n, 7) ndarray of float32
    """
    columns = [NODE_FEATURE_NAMES.index(name) for name in ("l", "a", "b")]
    motions = pixel_motions(flow_previous, flow_next, frame.labels)
    means = mean_motions(motions, flow_previous, flow_next, frame.labels)
    return np.concatenate([frame.node_features[:, columns], means], axis=1)


def build_frame_pair(
    first: FrameAndMeans, second: FrameAndMeans, flow: Flow, least_share: float
) -> FramePair:
    """Compute the causal edges between consecutive frames, with their features.

    Parameters
    ----------
    first, second : (FrameGraph, (n, 7) ndarray of float32)
        The frames with the means of colour and motion.
    flow : Flow
        Between them.
    least_share : float
        See `EdgeSettings`.

    Returns
    -------
    pair : FramePair
    """
    edges = causal_edges(first[0].labels, second[0].labels, flow, least_share)
    features = causal_edge_features(edges, first[1], second[1])
    return FramePair(flow, edges.pairs, features)
