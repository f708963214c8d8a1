"""A folder with one file a frame: prepared graphs, read as they are needed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.storage import StoragePath, atomic_write, opened
from napari_gnn_vos.structures.cached_sequence import CachedSequence
from napari_gnn_vos.structures.feature_names import current_names
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.video_graph import VideoGraph

FACTS = "graph.json"
VERSION = 3
"""Raised whenever what is stored changes its meaning."""
log = logging.getLogger(__name__)


class GraphStore:
    """The frames of one video's graph, in a folder of their own.

    Parameters
    ----------
    folder : Path or UPath
        Created if it is missing.
    count : int
        Frames of the video, T.

    Raises
    ------
    ReadError
        Here and later, if the folder cannot be written.

    Notes
    -----
    Files are written by `atomic_write`: an interrupted preparation leaves complete
    frames only and resumes from them. Frames of another version are deleted.
    """

    def __init__(self, folder: StoragePath, count: int) -> None:
        self.folder = folder
        self.count = count
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if _facts(folder)["version"] != VERSION:
                for old in folder.glob("*.npz"):
                    old.unlink()
                (folder / FACTS).unlink()
            if not (folder / FACTS).exists():
                self._write_facts({"version": VERSION})

    def ready(self, t: int) -> bool:
        """Whether frame `t` was written."""
        return self._path(t).exists()

    def put(self, t: int, frame: FrameGraph, pair: FramePair | None) -> None:
        """Write frame `t` and what ties it to the next; None after the last."""
        arrays: dict[str, NDArray[Any]] = {
            "labels": frame.labels,
            "nodes": frame.node_features,
            "appearance": frame.appearance,
            "touching": frame.spatial_edges,
            "touching_links": frame.edge_features,
        }
        if pair is not None:
            arrays |= {
                "forward": pair.flow.forward,
                "backward": pair.flow.backward,
                "moving": pair.causal_edges,
                "moving_links": pair.edge_features,
            }
        with _writing(self.folder):
            atomic_write(self._path(t), partial(np.savez, **arrays))  # type: ignore[arg-type]

    def frame(self, t: int) -> FrameGraph:
        """Read frame `t`."""
        a = self._load(
            t, ("labels", "nodes", "appearance", "touching", "touching_links")
        )
        return FrameGraph(*a)

    def superpixels(self, t: int) -> int:
        """Count the superpixels of frame `t`, without reading all of it."""
        return len(self._load(t, ("nodes",))[0])

    def pair(self, t: int) -> FramePair:
        """Read what ties frame `t` to the next."""
        forward, backward, causal_edges, edge_features = self._load(
            t, ("forward", "backward", "moving", "moving_links")
        )
        return FramePair(Flow(forward, backward), causal_edges, edge_features)

    def finish(self, about: VideoGraph) -> None:
        """Write what is known of the whole graph; the graph is complete from now on."""
        facts = {
            "version": VERSION,
            "counts": about.counts.tolist(),
            "node_feature_names": about.node_feature_names,
            "edge_feature_names": about.edge_feature_names,
            "shape": about.shape,
            "fingerprint": about.fingerprint,
        }
        with _writing(self.folder):
            self._write_facts(facts)

    def _write_facts(self, facts: dict[str, Any]) -> None:
        text = json.dumps(facts).encode()
        atomic_write(self.folder / FACTS, lambda file: file.write(text))

    def _path(self, t: int) -> StoragePath:
        return self.folder / f"{t:06d}.npz"

    def _load(self, t: int, names: tuple[str, ...]) -> list[NDArray[Any]]:
        try:
            with np.load(opened(self._path(t))) as file:
                return [file[name] for name in names]
        except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
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

    def superpixels(self, t: int) -> int:
        """Count the superpixels of frame `t`."""
        return self._frames[t].n

    def pair(self, t: int) -> FramePair:
        """Hand out what ties frame `t` to the next."""
        return self._pairs[t]


def open_graph(folder: StoragePath) -> VideoGraph | None:
    """Open a prepared graph, without reading its frames.

    Parameters
    ----------
    folder : Path or UPath
        Where a `GraphStore` has put it.

    Returns
    -------
    graph : VideoGraph or None
        None if the folder holds no complete graph of this version.
    """
    facts = _facts(folder)
    if facts["version"] != VERSION or "counts" not in facts:
        return None
    store = GraphStore(folder, len(facts["counts"]))
    return VideoGraph(
        CachedSequence(store.frame, store.count),
        CachedSequence(store.pair, store.count - 1),
        np.array(facts["counts"], np.int64),
        current_names(facts.get("node_feature_names") or facts["node_names"]),
        current_names(facts.get("edge_feature_names") or facts["link_names"]),
        tuple(facts["shape"]),
        facts["fingerprint"],
    )


@contextmanager
def _writing(folder: StoragePath) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReadError(
            f"What is prepared cannot be written to {folder}: {error}. Make room and "
            "check the permissions, or choose another folder for it."
        ) from error


def _facts(folder: StoragePath) -> dict[str, Any]:
    """Read what is known of a folder's graph; an empty folder is of this version."""
    try:
        facts: dict[str, Any] = {"version": None}
        facts |= json.loads((folder / FACTS).read_text())
    except FileNotFoundError:
        return {"version": VERSION}
    except (OSError, ValueError):
        log.warning("%s is broken; the video is prepared again", folder / FACTS)
        return {"version": None}
    if facts["version"] != VERSION:
        log.info("%s is of another version; the video is prepared again", folder)
    return facts
