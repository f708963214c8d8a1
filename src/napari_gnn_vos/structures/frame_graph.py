"""Superpixels and spatial edges of a frame; flow and causal edges of a pair of frames.

A graph is stored per frame. Superpixels are numbered within their frame, so a frame can
be written, read or replaced independently of all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.arrays import check_shape, freeze_arrays, frozen
from napari_gnn_vos.structures.weak_cache import WeakCache


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class FrameGraph:
    """The n superpixels of one frame.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16
        Superpixel of each pixel; each of 0 .. n - 1 occurs.
    node_features : (n, F) ndarray of float32
        Node features that do not depend on strokes.
    appearance : (n, A) ndarray of float16
        Deep features for the label model.
    spatial_edges : (2, e) ndarray of int32
        Pairs of superpixels that share a border, each pair once, smaller number first.
    edge_features : (e, G) ndarray of float32
        Features of these pairs, in the direction from first to second.
    """

    labels: NDArray[np.uint16]
    node_features: NDArray[np.float32]
    appearance: NDArray[np.float16]
    spatial_edges: NDArray[np.int32]
    edge_features: NDArray[np.float32]

    def __post_init__(self) -> None:
        check_shape("labels", self.labels, None, None)
        check_shape(
            "node_features", self.node_features, int(self.labels.max()) + 1, None
        )
        check_shape("appearance", self.appearance, len(self.node_features), None)
        check_shape("spatial_edges", self.spatial_edges, 2, None)
        check_shape(
            "edge_features", self.edge_features, self.spatial_edges.shape[1], None
        )
        freeze_arrays(
            self,
            "labels",
            "node_features",
            "appearance",
            "spatial_edges",
            "edge_features",
        )

    @property
    def n(self) -> int:
        """Number of superpixels."""
        return len(self.node_features)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of pixels of each superpixel, (n,); cached."""
        return _SIZES.get(self, _count_pixels)

    def nodes_at(
        self, row: NDArray[np.number[Any]], col: NDArray[np.number[Any]]
    ) -> NDArray[np.uint16]:
        """Look up the superpixels at points rounded to the nearest pixel, (S,)."""
        nodes: NDArray[np.uint16] = self.labels[
            np.rint(row).astype(int), np.rint(col).astype(int)
        ]
        return nodes

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        numbers = self.labels.nbytes + self.spatial_edges.nbytes
        features = (
            self.node_features.nbytes
            + self.appearance.nbytes
            + self.edge_features.nbytes
        )
        return numbers + features


_SIZES: WeakCache[FrameGraph, NDArray[np.int64]] = WeakCache()


def _count_pixels(frame: FrameGraph) -> NDArray[np.int64]:
    return frozen(np.bincount(frame.labels.ravel(), minlength=frame.n))


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Forward and backward optical flow between a frame and the next.

    Parameters
    ----------
    forward, backward : (h, w, 2) ndarray of float16
        Displacement (rows, columns) in pixels of the graph's frames, from this frame to
        the next and from the next to this one, at half the resolution: h and w are half
        of H and W, rounded up.
    """

    forward: NDArray[np.float16]
    backward: NDArray[np.float16]

    def __post_init__(self) -> None:
        check_shape("forward", self.forward, None, None, 2)
        check_shape("backward", self.backward, *self.forward.shape)
        freeze_arrays(self, "forward", "backward")

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        return self.forward.nbytes + self.backward.nbytes


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class FramePair:
    """Optical flow and causal edges between a frame and the next.

    Parameters
    ----------
    flow : Flow
    causal_edges : (2, c) ndarray of int32
        Superpixel of this frame, and superpixel of the next frame that flow connects it
        with.
    edge_features : (c, G) ndarray of float32
        Features of these edges, in the direction from this frame to the next.
    """

    flow: Flow
    causal_edges: NDArray[np.int32]
    edge_features: NDArray[np.float32]

    def __post_init__(self) -> None:
        check_shape("causal_edges", self.causal_edges, 2, None)
        check_shape(
            "edge_features", self.edge_features, self.causal_edges.shape[1], None
        )
        freeze_arrays(self, "causal_edges", "edge_features")

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        return self.flow.nbytes + self.causal_edges.nbytes + self.edge_features.nbytes
