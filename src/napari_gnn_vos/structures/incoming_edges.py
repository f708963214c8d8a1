"""The directed edges that end in one frame of a superpixel graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.arrays import check_shape, frozen
from napari_gnn_vos.structures.frame_graph import FrameGraph, FramePair

MIRRORED = {
    "from_past": "from_future",
    "from_future": "from_past",
    "flow_share_source": "flow_share_target",
    "flow_share_target": "flow_share_source",
    "border_share_source": "border_share_target",
    "border_share_target": "border_share_source",
}
"""Edge features that change places when an edge is read the other way round."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class IncomingEdges:
    """The e directed edges into the n superpixels of a frame, sorted by target.

    Parameters
    ----------
    before : int
        Superpixels of the frame before, 0 at the first frame.
    source : (e,) ndarray of int32
        Where an edge comes from: superpixels of the frame before, this one and the
        next are counted through.
    target : (e,) ndarray of int32
        Superpixel of this frame, rising, and the source with it.
    edge_features : (e, G) ndarray of float32
        Features, read from source to target.
    """

    before: int
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    edge_features: NDArray[np.float32]

    def __post_init__(self) -> None:
        check_shape("source", self.source, None)
        check_shape("target", self.target, *self.source.shape)
        check_shape("edge_features", self.edge_features, *self.source.shape, None)
        for name in ("source", "target", "edge_features"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def nbytes(self) -> int:
        """Memory that is taken up."""
        return self.source.nbytes + self.target.nbytes + self.edge_features.nbytes


def gather_incoming_edges(
    frames: Sequence[FrameGraph],
    pairs: Sequence[FramePair],
    names: tuple[str, ...],
    t: int,
    before: int,
) -> IncomingEdges:
    """Gather the edges into frame `t`, every tie read both ways.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    pairs : sequence of T - 1 FramePair
    names : tuple of str
        Names of the edge features.
    t : int
    before : int
        Superpixels of the frame before.

    Returns
    -------
    incoming : IncomingEdges
    """
    frame = frames[t]
    mirror = [names.index(MIRRORED.get(name, name)) for name in names]
    source = [frame.spatial_edges[0] + before, frame.spatial_edges[1] + before]
    target = [frame.spatial_edges[1], frame.spatial_edges[0]]
    edge_features = [frame.edge_features, frame.edge_features[:, mirror]]
    if t > 0:
        past = pairs[t - 1]
        source.append(past.causal_edges[0])
        target.append(past.causal_edges[1])
        edge_features.append(past.edge_features)
    if t < len(pairs):
        future = pairs[t]
        source.append(future.causal_edges[1] + (before + frame.n))
        target.append(future.causal_edges[0])
        edge_features.append(future.edge_features[:, mirror])
    starts, ends = np.concatenate(source), np.concatenate(target)
    width = int(starts.max(initial=0)) + 1
    order = np.argsort(ends.astype(np.int64) * width + starts)
    starts, ends = starts[order].astype(np.int32), ends[order].astype(np.int32)
    return IncomingEdges(before, starts, ends, np.concatenate(edge_features)[order])
