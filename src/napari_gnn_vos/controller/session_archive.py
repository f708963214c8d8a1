"""Archive of old rounds: results and changed superpixels, in files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.controller.graph_archive import GraphArchive, changed_size
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.session import Prediction, Session
from napari_gnn_vos.structures.video_graph import VideoGraph

logger = logging.getLogger(__name__)


class SessionArchive:
    """Write results and changed superpixels of sessions to files, in a thread.

    An archived session equals the original. Its probabilities and labels are mapped
    into memory, and its changed superpixels are read on access. The folder is deleted
    with the archive and its sessions.
    """

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._graphs: GraphArchive | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._written = 0
        self._pending: dict[int, tuple[Session, Future[Session]]] = {}

    def exchange(self, session: Session) -> Session:
        """Return the archived session, or the given one until it is written."""
        if id(session) not in self._pending:
            self._pending[id(session)] = session, self._start(session)
        _, future = self._pending[id(session)]
        if not future.done():
            return session
        try:
            archived = future.result()
        except OSError as error:  # the disk is full: it stays in memory
            logger.warning("A round of the history stays in memory: %s", error)
            return session
        del self._pending[id(session)]
        return archived

    def _start(self, session: Session) -> Future[Session]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "archive")
            self._folder = TemporaryDirectory(
                prefix="gnn-vos-history-", ignore_cleanup_errors=True
            )
            self._graphs = GraphArchive(self._folder)
        self._written += 1
        return self._pool.submit(self._write, session, self._written)

    def wait(self) -> None:
        """Wait until all files are written."""
        for _, future in self._pending.values():
            future.exception()

    def _write(self, session: Session, number: int) -> Session:
        assert self._folder is not None  # noqa: S101 - created before the thread
        assert self._graphs is not None  # noqa: S101 - created with the folder
        base = Path(self._folder.name) / f"{number:05d}"
        prediction, labels = session.prediction, session.packed_labels
        graph = session.graph
        if isinstance(graph, VideoGraph):
            graph = self._graphs.archive(graph)
        if prediction is not None:
            prediction = replace(
                prediction,
                probability=_map_frames(prediction.probability, f"{base}-p.npy"),
                refined=_map_frames(prediction.refined, f"{base}-r.npy"),
            )
        if labels is not None:
            labels = _map_labels(labels, Path(f"{base}-l.bin"))
        return replace(
            session, graph=graph, prediction=prediction, packed_labels=labels
        )


def held_size(session: Session, newer: Session | None = None) -> int:
    """Return the bytes of results and changed superpixels that are held in memory.

    Parameters
    ----------
    session : Session
    newer : Session, optional
        Session of a later round; superpixels that both share are not counted.

    Returns
    -------
    nbytes : int
    """
    graph, size = session.graph, _result_size(session)
    if isinstance(graph, VideoGraph):
        size += changed_size(graph, None if newer is None else newer.graph)
    return size


def _result_size(session: Session) -> int:
    prediction, labels = session.prediction, session.packed_labels
    frames: tuple[NDArray[Any], ...] = ()
    if isinstance(prediction, Prediction):
        frames = (*prediction.probability, *prediction.refined)
    size = sum(frame.nbytes for frame in frames if not _is_mapped(frame))
    if labels is not None and not _is_mapped(labels.packed[0]):
        size += labels.nbytes
    return size


def _is_mapped(frame: Any) -> bool:
    return isinstance(frame, np.memmap | memoryview)


def _map_frames(
    frames: Sequence[NDArray[np.float32]], path: str
) -> tuple[NDArray[np.float32], ...]:
    """Write (n, K) arrays to one file, and return them mapped into memory."""
    if not frames:
        return ()
    np.save(path, np.concatenate(frames))
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    ends = [*accumulate(map(len, frames))]
    return tuple(mapped[a:b] for a, b in zip([0, *ends], ends, strict=False))


def _map_labels(labels: LabelFrames, path: Path) -> LabelFrames:
    """Write compressed frames to one file, and return them mapped into memory."""
    packed = labels.packed
    path.write_bytes(b"".join(packed))
    content: Any = np.memmap(path, np.uint8, "r")
    mapped = memoryview(content)
    ends = [*accumulate(map(len, packed))]
    views: Any = (mapped[a:b] for a, b in zip([0, *ends], ends, strict=False))
    return LabelFrames(labels.shape, views, labels.label_type)
