"""Storage of prepared graphs: a folder with one file per frame, read on access."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.storage import StoragePath, atomic_write, numpy_file
from napari_gnn_vos.structures.cached_sequence import CachedSequence
from napari_gnn_vos.structures.feature_names import current_names
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.video_graph import VideoGraph

METADATA_FILE = "graph.json"
VERSION = 3
"""Format version, increased when the meaning of the stored arrays changes."""
MAX_ARRAY_BYTES = 2**31
"""Largest array of a frame that is read."""
log = logging.getLogger(__name__)


class GraphStore:
    """Store the graph of one video in its own folder.

    Parameters
    ----------
    folder : Path or UPath
        Created if it does not exist.
    count : int
        Number of frames of the video, T.

    Raises
    ------
    ReadError
        Also from the other methods, if the folder cannot be written.

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
            if _read_metadata(folder)["version"] != VERSION:
                for old in folder.glob("*.npz"):
                    old.unlink()
                (folder / METADATA_FILE).unlink()
            if not (folder / METADATA_FILE).exists():
                self._write_metadata({"version": VERSION})

    def has_frame(self, t: int) -> bool:
        """Return whether frame `t` was written."""
        return self._path(t).exists()

    def put(self, t: int, frame: FrameGraph, pair: FramePair | None) -> None:
        """Write frame `t` and its pair with the next frame, None for the last frame."""
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
        """Return the number of superpixels of frame `t` without reading all arrays."""
        return len(self._load(t, ("nodes",))[0])

    def pair(self, t: int) -> FramePair:
        """Read flow and edges between frame `t` and the next."""
        forward, backward, causal_edges, edge_features = self._load(
            t, ("forward", "backward", "moving", "moving_links")
        )
        return FramePair(Flow(forward, backward), causal_edges, edge_features)

    def finish(self, graph: VideoGraph) -> None:
        """Write the metadata that marks the graph as complete."""
        metadata = {
            "version": VERSION,
            "counts": graph.counts.tolist(),
            "node_feature_names": graph.node_feature_names,
            "edge_feature_names": graph.edge_feature_names,
            "shape": graph.shape,
            "fingerprint": graph.fingerprint,
        }
        with _writing(self.folder):
            self._write_metadata(metadata)

    def _write_metadata(self, metadata: dict[str, Any]) -> None:
        text = json.dumps(metadata).encode()
        atomic_write(self.folder / METADATA_FILE, text)

    def _path(self, t: int) -> StoragePath:
        return self.folder / f"{t:06d}.npz"

    def _load(self, t: int, names: tuple[str, ...]) -> list[NDArray[Any]]:
        try:
            with np.load(numpy_file(self._path(t)), allow_pickle=False) as file:
                _check_sizes(file.zip)
                return [_array(file[name]) for name in names]
        except _DAMAGED as error:
            raise ReadError(
                f"Expected a prepared frame in {self._path(t)}, which is missing or "
                "damaged. Delete the folder and prepare the video again."
            ) from error


_DAMAGED = (
    *(OSError, EOFError, KeyError, ValueError, AttributeError),  # not a zip file
    *(MemoryError, OverflowError, NotImplementedError, RuntimeError),
    *(BadZipFile, zlib.error),
)


def _array(value: Any) -> NDArray[Any]:
    """Raise ValueError if a member of an archive is not an array."""
    if not isinstance(value, np.ndarray):
        raise ValueError("a member is not an array")  # noqa: TRY004
    return value


def _check_sizes(archive: ZipFile) -> None:
    """Raise ValueError if a member would be too large in memory."""
    largest = max((member.file_size for member in archive.infolist()), default=0)
    if largest > MAX_ARRAY_BYTES:
        raise ValueError(f"an array has {largest} bytes")


class MemoryStore:
    """Store the graph of one video in memory, with the methods of `GraphStore`."""

    def __init__(self) -> None:
        self._frames: dict[int, FrameGraph] = {}
        self._pairs: dict[int, FramePair] = {}

    def has_frame(self, t: int) -> bool:
        """Return whether frame `t` was stored."""
        return t in self._frames

    def put(self, t: int, frame: FrameGraph, pair: FramePair | None) -> None:
        """Store frame `t` and its pair with the next frame."""
        self._frames[t] = frame
        if pair is not None:
            self._pairs[t] = pair

    def frame(self, t: int) -> FrameGraph:
        """Return frame `t`."""
        return self._frames[t]

    def superpixels(self, t: int) -> int:
        """Return the number of superpixels of frame `t`."""
        return self._frames[t].n

    def pair(self, t: int) -> FramePair:
        """Return flow and edges between frame `t` and the next."""
        return self._pairs[t]


def open_graph(folder: StoragePath) -> VideoGraph | None:
    """Open a prepared graph without reading its frames.

    Parameters
    ----------
    folder : Path or UPath
        Folder of a `GraphStore`.

    Returns
    -------
    graph : VideoGraph or None
        None if the folder has no complete graph of this format version.
    """
    metadata = _read_metadata(folder)
    if metadata["version"] != VERSION or "counts" not in metadata:
        return None
    try:
        return _graph_of(folder, metadata)
    except (LookupError, TypeError, ValueError):
        _warn_damaged(folder)
        return None


def _graph_of(folder: StoragePath, metadata: dict[str, Any]) -> VideoGraph:
    """Make a graph whose frames are read on access.

    Raises
    ------
    LookupError, TypeError, ValueError
        If the metadata are damaged.
    """
    shape = tuple(int(length) for length in metadata["shape"])
    store = GraphStore(folder, len(metadata["counts"]))
    if len(shape) != 3 or shape[0] != store.count:
        raise ValueError(f"{store.count} counts do not match the shape {shape}")
    return VideoGraph(
        CachedSequence(store.frame, store.count),
        CachedSequence(store.pair, store.count - 1),
        np.array(metadata["counts"], np.int64),
        current_names(metadata.get("node_feature_names") or metadata["node_names"]),
        current_names(metadata.get("edge_feature_names") or metadata["link_names"]),
        (shape[0], shape[1], shape[2]),
        str(metadata["fingerprint"]),
    )


def _warn_damaged(folder: StoragePath) -> None:
    log.warning("%s is damaged; the video is prepared again", folder / METADATA_FILE)


@contextmanager
def _writing(folder: StoragePath) -> Iterator[None]:
    try:
        yield
    except (OSError, NotImplementedError) as error:  # http:// is read-only
        raise ReadError(
            f"The prepared graph cannot be written to {folder}: {error}. Check the "
            "free space and the permissions, or choose another folder."
        ) from error


def _read_metadata(folder: StoragePath) -> dict[str, Any]:
    """Read the metadata of a stored graph; an empty folder has the current version."""
    try:
        metadata: dict[str, Any] = {"version": None}
        metadata |= json.loads((folder / METADATA_FILE).read_text())
    except FileNotFoundError:
        return {"version": VERSION}
    except (OSError, ValueError, TypeError, RecursionError):
        _warn_damaged(folder)
        return {"version": None}
    if metadata["version"] != VERSION:
        log.info("%s has another format version; the video is prepared again", folder)
    return metadata
