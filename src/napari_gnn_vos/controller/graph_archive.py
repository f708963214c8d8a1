"""Archive of the frames in which a graph differs from the prepared one, in files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.cached_sequence import BoundedCache
from napari_gnn_vos.structures.frame_graph import FrameGraph, FramePair
from napari_gnn_vos.structures.video_graph import OverlaySequence, VideoGraph

Item = TypeVar("Item", bound=FrameGraph | FramePair)
FRAME_ARRAYS = (
    "labels",
    "node_features",
    "appearance",
    "spatial_edges",
    "edge_features",
)
PAIR_ARRAYS = ("causal_edges", "edge_features")
"""Optical flow is that of the prepared pair."""
CACHE_BYTES = 96 * 2**20
"""Bytes of frames and pairs of an archive that stay in memory after they were read."""


class ArchivedItems(Mapping[int, Item], Generic[Item]):
    """Frames or pairs by index, which are read from files on access.

    Parameters
    ----------
    files : mapping of int to int
        Number of the file of each item.
    read : callable
        From index and number of the file to the item.
    """

    def __init__(
        self, files: Mapping[int, int], read: Callable[[int, int], Item]
    ) -> None:
        self._files, self._read = files, read

    def __getitem__(self, index: int) -> Item:
        """Return the item at an index."""
        return self._read(index, self._files[index])

    def __iter__(self) -> Iterator[int]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


class GraphArchive:
    """Write changed frames of graphs to files; shared frames are written once.

    Parameters
    ----------
    folder : TemporaryDirectory
        It is not deleted before the archived graphs.
    """

    def __init__(self, folder: TemporaryDirectory[str]) -> None:
        self._folder, self._written = folder, 0
        self._files: WeakKeyDictionary[FrameGraph | FramePair, int] = (
            WeakKeyDictionary()
        )
        self._cache: BoundedCache[FrameGraph | FramePair] = BoundedCache(CACHE_BYTES)

    def archive(self, graph: VideoGraph) -> VideoGraph:
        """Write the changed frames of a graph that are not written yet.

        Parameters
        ----------
        graph : VideoGraph

        Returns
        -------
        graph : VideoGraph
            Equal to the given one; its changed frames are read on access.
        """
        frames, pairs = graph.frames, graph.pairs
        if not isinstance(frames, OverlaySequence):
            return graph
        if not isinstance(pairs, OverlaySequence):
            return graph
        read_pair = partial(self._read, partial(_read_pair, pairs.original))
        return replace(
            graph,
            frames=self._archived(
                frames, FRAME_ARRAYS, partial(self._read, _read_frame)
            ),
            pairs=self._archived(pairs, PAIR_ARRAYS, read_pair),
        )

    def _archived(
        self,
        sequence: OverlaySequence[Item],
        names: tuple[str, ...],
        read: Callable[[int, int], Any],
    ) -> OverlaySequence[Item]:
        items = sequence.replacements
        if isinstance(items, ArchivedItems):
            return sequence
        files = {index: self._write(item, names) for index, item in items.items()}
        return OverlaySequence(sequence.original, ArchivedItems(files, read))

    def _write(self, item: FrameGraph | FramePair, names: tuple[str, ...]) -> int:
        """Write an item unless it is written; return the number of its file."""
        if item not in self._files:
            arrays: dict[str, Any] = {name: getattr(item, name) for name in names}
            np.savez(self._path(self._written), **arrays)
            self._files[item] = self._written
            self._written += 1
        return self._files[item]

    def _read(
        self,
        read: Callable[[int, Path], FrameGraph | FramePair],
        index: int,
        number: int,
    ) -> FrameGraph | FramePair:
        """Read an item that is not cached."""
        item = self._cache.get(number)
        if item is None:
            item = read(index, self._path(number))
            self._cache.put(number, item)
        return item

    def _path(self, number: int) -> Path:
        return Path(self._folder.name) / f"graph-{number:06d}.npz"


def _read_frame(_index: int, path: Path) -> FrameGraph:
    return FrameGraph(*_read(path, FRAME_ARRAYS))


def _read_pair(prepared: Any, index: int, path: Path) -> FramePair:
    return FramePair(prepared[index].flow, *_read(path, PAIR_ARRAYS))


def _read(path: Path, names: tuple[str, ...]) -> list[NDArray[Any]]:
    with np.load(path, allow_pickle=False) as file:
        return [file[name] for name in names]


def changed_size(graph: VideoGraph, newer: VideoGraph | None = None) -> int:
    """Return the bytes of changed frames and pairs that are held in memory.

    Parameters
    ----------
    graph : VideoGraph
    newer : VideoGraph, optional
        Graph of a later round; what both share is not counted.

    Returns
    -------
    nbytes : int
        Optical flow is not included, which all rounds share.
    """
    shared = set() if newer is None else {id(item) for item in _changed(newer)}
    return sum(
        item.nbytes - (item.flow.nbytes if isinstance(item, FramePair) else 0)
        for item in _changed(graph)
        if id(item) not in shared
    )


def _changed(graph: VideoGraph) -> Iterator[FrameGraph | FramePair]:
    """Yield the changed frames and pairs that are held in memory."""
    for sequence in (graph.frames, graph.pairs):
        if isinstance(sequence, OverlaySequence):
            items = sequence.replacements
            if not isinstance(items, ArchivedItems):
                yield from items.values()
