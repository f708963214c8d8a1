"""The directed edges into each frame of a superpixel graph, and their numbering.

Superpixels are numbered within their frame. Sources of the edges into a frame lie on
three frames, and are numbered through these; the functions below renumber them for a
window of frames or for a buffer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.arrays import check_shape, freeze_arrays
from napari_gnn_vos.structures.frame_graph import FrameGraph, FramePair

MIRRORED = {
    "from_past": "from_future",
    "from_future": "from_past",
    "flow_share_source": "flow_share_target",
    "flow_share_target": "flow_share_source",
    "border_share_source": "border_share_target",
    "border_share_target": "border_share_source",
}
"""Pairs of edge features that are exchanged when an edge is reversed."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class IncomingEdges:
    """The e directed edges into the n superpixels of one frame.

    Sorted by target, then by source.

    Parameters
    ----------
    previous_count : int
        Number of superpixels of the previous frame; 0 at the first frame.
    source : (e,) ndarray of int32
        Superpixels of the previous frame are numbered from 0, those of this frame from
        `previous_count`, and those of the next frame from ``previous_count + n``.
    target : (e,) ndarray of int32
        Superpixel of this frame, 0 .. n - 1, ascending.
    edge_features : (e, G) ndarray of float32
        Features in the direction from source to target.
    """

    previous_count: int
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    edge_features: NDArray[np.float32]

    def __post_init__(self) -> None:
        check_shape("source", self.source, None)
        check_shape("target", self.target, *self.source.shape)
        check_shape("edge_features", self.edge_features, *self.source.shape, None)
        freeze_arrays(self, "source", "target", "edge_features")

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        return self.source.nbytes + self.target.nbytes + self.edge_features.nbytes


def gather_incoming_edges(
    frames: Sequence[FrameGraph],
    pairs: Sequence[FramePair],
    names: tuple[str, ...],
    t: int,
    previous_count: int,
) -> IncomingEdges:
    """Gather the directed edges into frame `t` from the undirected edges of a graph.

    Parameters
    ----------
    frames : sequence of T FrameGraph
    pairs : sequence of T - 1 FramePair
    names : tuple of str
        Names of the edge features.
    t : int
        Frame of the targets.
    previous_count : int
        Number of superpixels of frame ``t - 1``; 0 if `t` is 0.

    Returns
    -------
    incoming : IncomingEdges
    """
    frame = frames[t]
    mirror = [names.index(MIRRORED.get(name, name)) for name in names]
    source = list(frame.spatial_edges + previous_count)
    target = [frame.spatial_edges[1], frame.spatial_edges[0]]
    edge_features = [frame.edge_features, frame.edge_features[:, mirror]]
    if t > 0:
        from_previous = pairs[t - 1]
        source.append(from_previous.causal_edges[0])
        target.append(from_previous.causal_edges[1])
        edge_features.append(from_previous.edge_features)
    if t < len(pairs):
        to_next = pairs[t]
        source.append(to_next.causal_edges[1] + (previous_count + frame.n))
        target.append(to_next.causal_edges[0])
        edge_features.append(to_next.edge_features[:, mirror])
    sources, targets = np.concatenate(source), np.concatenate(target)
    width = int(sources.max(initial=0)) + 1
    order = np.argsort(targets.astype(np.int64) * width + sources)
    return IncomingEdges(
        previous_count,
        sources[order].astype(np.int32),
        targets[order].astype(np.int32),
        np.concatenate(edge_features)[order],
    )


def window_shifts(
    previous_counts: NDArray[np.int64], offsets: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Compute the offsets that renumber the edge index of each frame of a window.

    `IncomingEdges` numbers targets from 0 in their own frame and sources from 0 in the
    previous frame. In a window of consecutive frames both are numbered from 0 in the
    first frame of the window:

        target[k] += offsets[k]
        source[k] += offsets[k] - previous_counts[k]

    An edge lies within the window if ``0 <= source < offsets[-1]`` after the shift.

    Parameters
    ----------
    previous_counts : (T,) ndarray of int64
        `IncomingEdges.previous_count` of each frame of the window.
    offsets : (T + 1,) ndarray of int64
        Number of the first superpixel of each frame, from 0; last the total N.

    Returns
    -------
    shifts : (2, T) ndarray of int32
        Row 0 is added to sources, row 1 to targets.
    """
    starts = offsets[:-1]
    return np.stack([starts - previous_counts, starts]).astype(np.int32)


def window_edge_index(
    incoming: Sequence[IncomingEdges], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Concatenate the edge indices of a window of consecutive frames.

    Parameters
    ----------
    incoming : sequence of T IncomingEdges
        Edges into each frame of the window, E in total.
    offsets : (T + 1,) ndarray of int64
        Number of the first superpixel of each frame, from 0; last the total N.

    Returns
    -------
    edge_index : (2, E) ndarray of int32
        Sources and targets, sorted by target. A source outside the window is
        negative, or N or greater.
    inside : (E,) ndarray of bool
        True where the source is within the window.
    """
    edge_index = np.empty((2, sum(len(edges.source) for edges in incoming)), np.int32)
    shifts = window_shifts(np.array([e.previous_count for e in incoming]), offsets)
    begin = 0
    for edges, shift in zip(incoming, shifts.T, strict=True):
        end = begin + len(edges.source)
        np.add(edges.source, shift[0], out=edge_index[0, begin:end])
        np.add(edges.target, shift[1], out=edge_index[1, begin:end])
        begin = end
    inside = (edge_index[0] >= 0) & (edge_index[0] < offsets[-1])
    return edge_index, inside


def renumber_sources(
    incoming: IncomingEdges, count: int, starts: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Renumber sources for frames that are not stored consecutively.

    Parameters
    ----------
    incoming : IncomingEdges
        The e edges into one frame.
    count : int
        Superpixels of this frame.
    starts : (3,) ndarray of int64
        New number of the first superpixel of the previous, this and the next frame,
        for example their positions in a ring buffer.

    Returns
    -------
    source : (e,) ndarray of int32
    """
    first_own = incoming.previous_count
    first_next = first_own + count
    shifts = (starts - np.array([0, first_own, first_next])).astype(np.int32)
    shift = np.where(incoming.source < first_next, shifts[1], shifts[2])
    shift = np.where(incoming.source < first_own, shifts[0], shift)
    source: NDArray[np.int32] = incoming.source + shift
    return source
