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


class ArchivedItems(Mapping[int, Item], Generic[Item]):
    """Frames or pairs by index, which are read from files on access.

    Parameters
    ----------
    paths : mapping of int to Path
    read : callable
        From an index and a path to the item.
    folder : TemporaryDirectory
        Folder of the files, which is not deleted before.
    """

    def __init__(
        self,
        paths: Mapping[int, Path],
        read: Callable[[int, Path], Item],
        folder: TemporaryDirectory[str],
    ) -> None:
        self._paths, self._read, self._folder = paths, read, folder

    def __getitem__(self, index: int) -> Item:
        """Read the item at an index."""
        return self._read(index, self._paths[index])

    def __iter__(self) -> Iterator[int]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class GraphArchive:
    """Write the changed frames of graphs to files, each once.

    Parameters
    ----------
    folder : TemporaryDirectory
    """

    def __init__(self, folder: TemporaryDirectory[str]) -> None:
        self._folder, self._written = folder, 0
        self._paths: WeakKeyDictionary[FrameGraph | FramePair, Path] = (
            WeakKeyDictionary()
        )

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
        read_pair = partial(_read_pair, pairs.original)
        return replace(
            graph,
            frames=self._archived(frames, FRAME_ARRAYS, _read_frame),
            pairs=self._archived(pairs, PAIR_ARRAYS, read_pair),
        )

    def _archived(
        self,
        sequence: OverlaySequence[Item],
        names: tuple[str, ...],
        read: Callable[[int, Path], Item],
    ) -> OverlaySequence[Item]:
        items = sequence.replacements
        if isinstance(items, ArchivedItems):
            return sequence
        paths = {index: self._write(item, names) for index, item in items.items()}
        archived = ArchivedItems(paths, read, self._folder)
        return OverlaySequence(sequence.original, archived)

    def _write(self, item: FrameGraph | FramePair, names: tuple[str, ...]) -> Path:
        """Write an item, unless it is written already."""
        if item not in self._paths:
            path = Path(self._folder.name) / f"graph-{self._written:06d}.npz"
            arrays: dict[str, Any] = {name: getattr(item, name) for name in names}
            np.savez(path, **arrays)
            self._written += 1
            self._paths[item] = path
        return self._paths[item]


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
