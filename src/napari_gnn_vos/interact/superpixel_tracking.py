"""Tracking of a superpixel to later frames along optical flow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.seed_propagation import advect
from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.video_graph import VideoGraph

MIN_COVERED = 0.5
"""Smallest share of a selected superpixel that the followed pixels cover."""
MIN_REMAINING = 0.25
"""Smallest share of the pixels that are not lost; with fewer, following ends."""


def follow_superpixel(
    graph: VideoGraph, frame: int, node: int, count: int, settings: SeedSettings
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Follow a superpixel to the next frames.

    All its pixels are advected by optical flow. On each frame, the superpixels are
    selected of which at least half is covered by these pixels; if there are none, the
    superpixel with most of them.

    Parameters
    ----------
    graph : VideoGraph
        T frames.
    frame : int
        Frame of the superpixel.
    node : int
        Its number within the frame.
    count : int
        Number of frames to follow it.
    settings : SeedSettings
        A pixel is lost where the forward-backward error of the flow exceeds both
        `return_error` and `return_share`. Following ends when three quarters are lost.

    Yields
    ------
    frame : int
        First the given frame, then at most `count` later ones.
    nodes : (n,) ndarray of int64
        Selected superpixels of the frame.
    """
    yield frame, np.array([node])
    pixels = np.nonzero(graph.frames[frame].labels == node)
    row, col = (indices.astype(np.float32) for indices in pixels)
    limits = np.float32(settings.return_error), np.float32(settings.return_share)
    min_pixels = max(MIN_REMAINING * len(row), 1)
    for t in range(frame, min(frame + count, len(graph.frames) - 1)):
        flow = graph.pairs[t].flow
        fields = flow.forward.view(np.uint16), flow.backward.view(np.uint16)
        row, col, valid = advect(row, col, *fields, *limits, graph.shape[1:])
        row, col = row[valid], col[valid]
        if len(row) < min_pixels:
            return
        yield t + 1, _covered_nodes(graph.frames[t + 1], row, col)


def _covered_nodes(
    frame: FrameGraph, row: NDArray[np.float32], col: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Select the superpixels that are covered by points to at least a half."""
    pixels = np.bincount(frame.nodes_at(row, col), minlength=frame.n)
    nodes = np.flatnonzero(pixels >= MIN_COVERED * frame.sizes)
    return nodes if len(nodes) else np.array([pixels.argmax()])
