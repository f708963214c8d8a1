"""The superpixel graph of a whole video, a frame at a time, and windows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.arrays import frozen
from napari_gnn_vos.structures.cached_sequence import CachedSequence
from napari_gnn_vos.structures.columns import Columns
from napari_gnn_vos.structures.frame_graph import FrameGraph, FramePair
from napari_gnn_vos.structures.incoming_edges import (
    IncomingEdges,
    gather_incoming_edges,
    window_edge_index,
)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, eq=False)
class Replaced(Sequence[Item], Generic[Item]):
    """A sequence in which some items have been exchanged; the rest is left alone."""

    original: Sequence[Item]
    changed: Mapping[int, Item]

    def __len__(self) -> int:
        return len(self.original)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        """Item, or list of items."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self.original))[index]
        return self.changed[index] if index in self.changed else self.original[index]

    def exchange(self, changed: Mapping[int, Item]) -> Replaced[Item]:
        """Return the same sequence with more items exchanged."""
        return Replaced(self.original, {**self.changed, **changed})


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A window of a video's graph, as arrays for a network.

    Parameters
    ----------
    node_features : (N, F) Columns
        Features of the superpixels of all frames of the window, in frame order.
    edge_index : (2, E) ndarray of int32
        Source and target of every directed edge, sorted by target.
    edge_features : (E, G) Columns
        Features of the edges.
    offsets : (T + 1,) ndarray of int64
        Number of the first superpixel of every frame of the window, then N.
    """

    node_features: Columns
    edge_index: NDArray[np.int32]
    edge_features: Columns
    offsets: NDArray[np.int64]

    def cut(self, start: int, stop: int) -> tuple[Graph, slice]:
        """Cut out frames `start` up to, not including, `stop` of this window.

        Returns
        -------
        graph : Graph
            Numbered from 0; edges to frames outside are left out.
        rows : slice
            The superpixels of these frames among those of this window.
        """
        a, b = int(self.offsets[start]), int(self.offsets[stop])
        lo, hi = np.searchsorted(self.edge_index[1], [a, b])
        edges = self.edge_index[:, lo:hi] - np.int32(a)
        inside = (edges[0] >= 0) & (edges[0] < b - a)
        graph = Graph(
            Columns(self.node_features.values[a:b], self.node_features.names),
            np.ascontiguousarray(edges[:, inside]),
            Columns(self.edge_features.values[lo:hi][inside], self.edge_features.names),
            self.offsets[start : stop + 1] - a,
        )
        return graph, slice(a, b)


@dataclass(frozen=True, slots=True, eq=False)
class VideoGraph:
    """The superpixel graph of T frames of H x W pixels.

    Parameters
    ----------
    frames : sequence of T FrameGraph
        May be read from disk as they are asked for.
    pairs : sequence of T - 1 FramePair
        What ties frame t to frame t + 1.
    counts : (T,) ndarray of int64
        Superpixels of every frame.
    node_feature_names, edge_feature_names : tuple of str
        Names of the feature columns.
    shape : (int, int, int)
        T, H, W.
    fingerprint : str
        Of the video's pixels and the settings: the key of the cache.

    Attributes
    ----------
    incoming : sequence of T IncomingEdges
        The edges into every frame, gathered as they are asked for.
    """

    frames: Sequence[FrameGraph]
    pairs: Sequence[FramePair]
    counts: NDArray[np.int64]
    node_feature_names: tuple[str, ...]
    edge_feature_names: tuple[str, ...]
    shape: tuple[int, int, int]
    fingerprint: str
    incoming: CachedSequence[IncomingEdges] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", frozen(self.counts))
        # not from a method of this graph, which would keep itself alive by it
        parts = self.frames, self.pairs, self.counts, self.edge_feature_names
        incoming = CachedSequence(partial(_incoming_edges, *parts), len(self.frames))
        object.__setattr__(self, "incoming", incoming)

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Number of the first superpixel of every frame, then N, (T + 1,)."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @property
    def n(self) -> int:
        """Number of superpixels in the video, N."""
        return int(self.counts.sum())

    def exchange(
        self, frames: Mapping[int, FrameGraph], pairs: Mapping[int, FramePair]
    ) -> VideoGraph:
        """Return the same graph with some frames and pairs exchanged."""
        counts = self.counts.copy()
        for t, frame in frames.items():
            counts[t] = frame.n
        new = replace(
            self,
            frames=_replaced(self.frames).exchange(frames),
            pairs=_replaced(self.pairs).exchange(pairs),
            counts=counts,
        )
        changed = {t + d for t in frames for d in (-1, 0, 1)}
        changed |= {t + d for t in pairs for d in (0, 1)}
        new.incoming.adopt(self.incoming, changed)
        return new

    def window(self, start: int = 0, stop: int | None = None) -> Graph:
        """Gather frames `start` up to, not including, `stop` into one graph.

        Superpixels are numbered from 0 at the first frame of the window; edges to
        frames outside are left out.
        """
        span = range(start, self.shape[0] if stop is None else stop)
        offsets = np.concatenate([[0], np.cumsum(self.counts[span.start : span.stop])])
        incoming = [self.incoming[t] for t in span]
        edge_index, inside = window_edge_index(incoming, offsets)
        ends = np.cumsum([len(edges.source) for edges in incoming])
        features = [  # only the first and the last frame have edges to copy selectively
            edges.edge_features if kept.all() else edges.edge_features[kept]
            for edges, kept in zip(incoming, np.split(inside, ends[:-1]), strict=True)
        ]
        nodes = np.concatenate([self.frames[t].node_features for t in span])
        return Graph(
            Columns(nodes, self.node_feature_names),
            np.stack([row[inside] for row in edge_index]),
            Columns(np.concatenate(features), self.edge_feature_names),
            offsets.astype(np.int64),
        )


def _incoming_edges(
    frames: Sequence[FrameGraph],
    pairs: Sequence[FramePair],
    counts: NDArray[np.int64],
    names: tuple[str, ...],
    t: int,
) -> IncomingEdges:
    previous_count = int(counts[t - 1]) if t > 0 else 0
    return gather_incoming_edges(frames, pairs, names, t, previous_count)


def _replaced(items: Sequence[Item]) -> Replaced[Item]:
    return items if isinstance(items, Replaced) else Replaced(items, {})
