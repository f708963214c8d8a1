"""Random graphs and inputs of a given size, for benchmarks without images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.prepare.node_features import NODE_FEATURE_NAMES
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.video_graph import VideoGraph

BAND = 40
"""Maximum difference of the indices of two adjacent superpixels."""


def random_video_graph(frames: int, nodes: int, edges: int) -> VideoGraph:
    """Create a graph of `nodes` superpixels and about `edges` directed edges."""
    rng = np.random.default_rng(0)
    n = nodes // frames
    within = edges // frames // 6  # one third of the edges, in both directions
    between = edges // frames // 3
    flow = Flow(*np.zeros((2, 4, 4, 2), np.float16))
    rows, cols = np.divmod(np.arange(n), 50)
    labels = np.zeros((rows.max() + 1, 50), np.uint16)
    labels[rows, cols] = np.arange(n)
    frame_graphs = [
        FrameGraph(
            labels,
            rng.random((n, len(NODE_FEATURE_NAMES)), np.float32),
            rng.random((n, 8)).astype(np.float16),
            (ends := _random_pairs(rng, n, within, same_frame=True)),
            rng.random((ends.shape[1], len(EDGE_FEATURE_NAMES)), np.float32),
        )
        for _ in range(frames)
    ]
    pairs = [
        FramePair(
            flow,
            (ends := _random_pairs(rng, n, between, same_frame=False)),
            rng.random((ends.shape[1], len(EDGE_FEATURE_NAMES)), np.float32),
        )
        for _ in range(frames - 1)
    ]
    counts = np.full(frames, n)
    shape = (frames, *labels.shape)
    return VideoGraph(
        frame_graphs,
        pairs,
        counts,
        NODE_FEATURE_NAMES,
        EDGE_FEATURE_NAMES,
        shape,
        "random",
    )


def random_node_inputs(graph: VideoGraph, labels: int = 1) -> list[NDArray[np.float32]]:
    """Create node inputs per frame for K labels, (K, n, 8) each."""
    rng = np.random.default_rng(1)
    columns = len(NODE_INPUT_NAMES)
    return [rng.random((labels, n, columns), np.float32) for n in graph.counts]


def _random_pairs(
    rng: np.random.Generator, n: int, count: int, *, same_frame: bool
) -> NDArray[np.int32]:
    """Sample distinct edges between two frames, or with rising index in one frame."""
    first = rng.integers(n, size=2 * count)
    step = rng.integers(1 if same_frame else -BAND, BAND, first.shape)
    pairs = np.unique(np.stack([first, first + step]), axis=1)
    pairs = pairs[:, (pairs[1] >= 0) & (pairs[1] < n)]
    chosen = rng.permutation(pairs.shape[1])[:count]
    return np.ascontiguousarray(pairs[:, chosen].astype(np.int32))
