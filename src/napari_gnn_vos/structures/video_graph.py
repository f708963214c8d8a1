"""The superpixel graph of a video, stored per frame, and windows of it as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.arrays import freeze_arrays
from napari_gnn_vos.structures.cached_sequence import CachedSequence
from napari_gnn_vos.structures.feature_table import FeatureTable
from napari_gnn_vos.structures.frame_graph import FrameGraph, FramePair
from napari_gnn_vos.structures.incoming_edges import (
    IncomingEdges,
    gather_incoming_edges,
    window_edge_index,
)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, eq=False)
class OverlaySequence(Sequence[Item], Generic[Item]):
    """A sequence with replacements for some items; the others are not copied.

    Parameters
    ----------
    original : sequence
    replacements : mapping of int to item
        New items by index.
    """

    original: Sequence[Item]
    replacements: Mapping[int, Item]

    def __len__(self) -> int:
        return len(self.original)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        """Return an item, or a list of items for a slice."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self.original))[index]
        if index in self.replacements:
            return self.replacements[index]
        return self.original[index]

    def with_items(self, items: Mapping[int, Item]) -> OverlaySequence[Item]:
        """Return a sequence with further replacements."""
        return OverlaySequence(self.original, {**self.replacements, **items})


@dataclass(frozen=True, slots=True, eq=False)
class WindowGraph:
    """The graph of consecutive frames as arrays for a network.

    Parameters
    ----------
    node_features : (N, F) FeatureTable
        Features of the superpixels of all frames of the window, in frame order.
    edge_index : (2, E) ndarray of int32
        Source and target of each directed edge, sorted by target.
    edge_features : (E, G) FeatureTable
        Features of the edges.
    offsets : (T + 1,) ndarray of int64
        Number of the first superpixel of each frame of the window, then N.
    """

    node_features: FeatureTable
    edge_index: NDArray[np.int32]
    edge_features: FeatureTable
    offsets: NDArray[np.int64]

    def subgraph(self, start: int, stop: int) -> tuple[WindowGraph, slice]:
        """Return the subgraph of the frames ``range(start, stop)`` of this window.

        Parameters
        ----------
        start, stop : int
            Frames, counted from the first one of the window.

        Returns
        -------
        graph : WindowGraph
            Superpixels are numbered from 0; edges to other frames are removed.
        rows : slice
            Rows of these superpixels in this window.
        """
        first, end = int(self.offsets[start]), int(self.offsets[stop])
        edges = slice(*np.searchsorted(self.edge_index[1], [first, end]))
        edge_index = self.edge_index[:, edges] - np.int32(first)
        inside = (edge_index[0] >= 0) & (edge_index[0] < end - first)
        nodes, features = self.node_features, self.edge_features
        graph = WindowGraph(
            FeatureTable(nodes.values[first:end], nodes.names),
            np.ascontiguousarray(edge_index[:, inside]),
            FeatureTable(features.values[edges][inside], features.names),
            self.offsets[start : stop + 1] - first,
        )
        return graph, slice(first, end)


@dataclass(frozen=True, slots=True, eq=False)
class VideoGraph:
    """The superpixel graph of T frames of H x W pixels.

    Parameters
    ----------
    frames : sequence of T FrameGraph
        May be read from disk on access.
    pairs : sequence of T - 1 FramePair
        Flow and causal edges from frame t to frame t + 1.
    counts : (T,) ndarray of int64
        Number of superpixels of each frame.
    node_feature_names, edge_feature_names : tuple of str
        Names of the feature columns.
    shape : (int, int, int)
        T, H, W.
    fingerprint : str
        Hash of the video and the settings: the key of the cache.

    Attributes
    ----------
    incoming : sequence of T IncomingEdges
        The edges into each frame, gathered on access.
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
        freeze_arrays(self, "counts")
        # no bound method: the reference cycle would delay the release of memory
        parts = self.frames, self.pairs, self.counts, self.edge_feature_names
        incoming = CachedSequence(partial(_incoming_edges, *parts), len(self.frames))
        object.__setattr__(self, "incoming", incoming)

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Number of the first superpixel of each frame, then N, (T + 1,)."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @property
    def n(self) -> int:
        """Number of superpixels in the video, N."""
        return int(self.counts.sum())

    @property
    def replaced(self) -> frozenset[int]:
        """Frames that differ from the prepared ones, see `with_frames`."""
        frames = self.frames
        held = frames.replacements if isinstance(frames, OverlaySequence) else ()
        return frozenset(held)

    def with_frames(
        self, frames: Mapping[int, FrameGraph], pairs: Mapping[int, FramePair]
    ) -> VideoGraph:
        """Return a graph with replacements for some frames and pairs.

        All others, and the edges gathered for them, are shared with this graph.
        """
        counts = self.counts.copy()
        for t, frame in frames.items():
            counts[t] = frame.n
        new = replace(
            self,
            frames=_overlay(self.frames).with_items(frames),
            pairs=_overlay(self.pairs).with_items(pairs),
            counts=counts,
        )
        changed = {t + d for t in frames for d in (-1, 0, 1)}
        changed |= {t + d for t in pairs for d in (0, 1)}
        new.incoming.take_items_from(self.incoming, changed)
        return new

    def window(self, start: int = 0, stop: int | None = None) -> WindowGraph:
        """Gather the frames ``range(start, stop)`` into one graph.

        Parameters
        ----------
        start, stop : int
            `stop` is T by default.

        Returns
        -------
        graph : WindowGraph
            Superpixels are numbered from 0 in the first frame of the window; edges to
            frames outside are removed.
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
        return WindowGraph(
            FeatureTable(nodes, self.node_feature_names),
            np.stack([row[inside] for row in edge_index]),
            FeatureTable(np.concatenate(features), self.edge_feature_names),
            offsets.astype(np.int64),
        )


def _incoming_edges(
    frames: Sequence[FrameGraph],
    pairs: Sequence[FramePair],
    counts: NDArray[np.int64],
    names: tuple[str, ...],
    t: int,
) -> IncomingEdges:
    """Gather the edges into frame `t` of a graph with the given `counts`."""
    previous_count = int(counts[t - 1]) if t > 0 else 0
    return gather_incoming_edges(frames, pairs, names, t, previous_count)


def _overlay(items: Sequence[Item]) -> OverlaySequence[Item]:
    return items if isinstance(items, OverlaySequence) else OverlaySequence(items, {})
