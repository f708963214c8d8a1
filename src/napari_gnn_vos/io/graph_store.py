"""A folder with one file a frame: prepared graphs on disk, read as they are needed."""

from __future__ import annotations

import json
import logging
import os
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.video_graph import VideoGraph

VERSION = 1
"""Raised whenever what is stored changes its meaning."""
KEPT = 256
"""Frames that stay in memory after they were read."""
Item = TypeVar("Item")
log = logging.getLogger(__name__)


class GraphStore:
    """The frames of one video's graph, in a folder of their own.

    Parameters
    ----------
    folder : Path
        Created if it is missing.
    count : int
        Frames of the video, T.

    Notes
    -----
    A frame is written under another name and then renamed, so that what is there is
    whole whenever work was stopped, and work goes on from there.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.count = count
        folder.mkdir(parents=True, exist_ok=True)

    def ready(self, t: int) -> bool:
        """Whether frame `t` was written."""
        return self._path(t).exists()

    def put(self, t: int, frame: FrameGraph, pair: FramePair | None) -> None:
        """Write frame `t` and what ties it to the next; None after the last."""
        arrays: dict[str, NDArray[Any]] = {
            "labels": frame.labels,
            "nodes": frame.nodes,
            "appearance": frame.appearance,
            "touching": frame.touching,
            "touching_links": frame.links,
        }
        if pair is not None:
            arrays |= {
                "forward": pair.flow.forward,
                "backward": pair.flow.backward,
                "moving": pair.moving,
                "moving_links": pair.links,
            }
        part = self._path(t).with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        part.replace(self._path(t))

    def frame(self, t: int) -> FrameGraph:
        """Read frame `t`."""
        a = self._load(
            t, ("labels", "nodes", "appearance", "touching", "touching_links")
        )
        return FrameGraph(*a)

    def pair(self, t: int) -> FramePair:
        """Read what ties frame `t` to the next."""
        forward, backward, moving, links = self._load(
            t, ("forward", "backward", "moving", "moving_links")
        )
        return FramePair(Flow(forward, backward), moving, links)

    def finish(self, about: VideoGraph) -> None:
        """Write what is known of the whole graph; the graph is complete from now on."""
        facts = {
            "version": VERSION,
            "counts": about.counts.tolist(),
            "node_names": about.node_names,
            "link_names": about.link_names,
            "shape": about.shape,
            "fingerprint": about.fingerprint,
        }
        (self.folder / "graph.json").write_text(json.dumps(facts))

    def _path(self, t: int) -> Path:
        return self.folder / f"{t:06d}.npz"

    def _load(self, t: int, names: tuple[str, ...]) -> list[NDArray[Any]]:
        try:
            with np.load(self._path(t)) as file:
                return [file[name] for name in names]
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise ReadError(
                f"Expected a prepared frame in {self._path(t)}, which is missing or "
                "broken. Delete the folder and prepare the video again."
            ) from error


class MemoryStore:
    """The same in memory, for short videos that need not be kept."""

    def __init__(self) -> None:
        self._frames: dict[int, FrameGraph] = {}
        self._pairs: dict[int, FramePair] = {}

    def ready(self, t: int) -> bool:
        """Whether frame `t` was put."""
        return t in self._frames

    def put(self, t: int, frame: FrameGraph, pair: FramePair | None) -> None:
        """Keep frame `t` and what ties it to the next."""
        self._frames[t] = frame
        if pair is not None:
            self._pairs[t] = pair

    def frame(self, t: int) -> FrameGraph:
        """Frame `t`."""
        return self._frames[t]

    def pair(self, t: int) -> FramePair:
        """What ties frame `t` to the next."""
        return self._pairs[t]


class Lazy(Sequence[Item], Generic[Item]):
    """A read-only sequence whose items are read when asked for, the last ones kept.

    Parameters
    ----------
    read : callable
        From a number to its item.
    count : int
        Length.
    """

    def __init__(self, read: Callable[[int], Item], count: int) -> None:
        self._read = read
        self._count = count
        self._kept: OrderedDict[int, Item] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        """Item, or list of items."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(self._count)[index]
        with self._lock:
            if index in self._kept:
                self._kept.move_to_end(index)
                return self._kept[index]
        item = self._read(index)
        with self._lock:
            self._kept[index] = item
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return item


def open_graph(folder: Path) -> VideoGraph | None:
    """Open a prepared graph, without reading its frames.

    Parameters
    ----------
    folder : Path
        Where a `GraphStore` has put it.

    Returns
    -------
    graph : VideoGraph or None
        None if the folder holds no complete graph of this version.
    """
    path = folder / "graph.json"
    if not path.exists():
        return None
    facts = json.loads(path.read_text())
    if facts["version"] != VERSION:
        log.info("%s was written by another version; preparing again", folder)
        return None
    store = GraphStore(folder, len(facts["counts"]))
    return VideoGraph(
        Lazy(store.frame, store.count),
        Lazy(store.pair, store.count - 1),
        np.array(facts["counts"], np.int64),
        tuple(facts["node_names"]),
        tuple(facts["link_names"]),
        tuple(facts["shape"]),
        facts["fingerprint"],
    )
