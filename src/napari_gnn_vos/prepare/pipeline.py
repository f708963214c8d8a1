"""From a video to its superpixel graph, frame by frame on all cores."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.hardware import cores, single_threaded_opencv
from napari_gnn_vos.prepare.frame_scheduler import Callables, FrameScheduler
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.frame_graph import FrameGraph, FramePair
from napari_gnn_vos.structures.video import Video

BATCH = 8
"""Frames in the order of the video before it is the other side's turn: a film is read
forwards only."""


class Sink(Protocol):
    """Where the frames of a graph go as they are ready."""

    def ready(self, t: int) -> bool:
        """Whether frame `t` and what ties it to the next were put before."""

    def put(self, t: int, frame: FrameGraph, pair: FramePair | None) -> None:
        """Keep frame `t` and what ties it to the next; None after the last."""

    def frame(self, t: int) -> FrameGraph:
        """Frame `t` as put before."""


def prepare(
    video: Video,
    settings: PrepareSettings,
    nets: Callables,
    sink: Sink,
    around: int = 0,
) -> Pipeline[None]:
    """Prepare a video's graph, once.

    Parameters
    ----------
    video : Video
        T frames, read a few at a time.
    settings : PrepareSettings
    nets : Callables
        Flow and backbone.
    sink : Sink
        Gets every frame; those it already has are not prepared again.
    around : int
        Frame to begin at: those near it come first, the others follow outwards. The
        graph is the same wherever it is begun, stopped and gone on with.

    Yields
    ------
    step : Progress
        One a frame.
    """
    count = video.shape[0]
    todo = [t for t in outwards(count, around) if not sink.ready(t)]
    yield Progress("prepare", count - len(todo), count)
    with _threads() as pool:
        desk = FrameScheduler(video, settings, nets, pool, todo)
        for left in reversed(range(len(todo))):
            sink.put(*desk.take())
            yield Progress("prepare", count - left, count)


def outwards(count: int, around: int) -> list[int]:
    """Order the frames of a video: the batches nearest to a frame first.

    Parameters
    ----------
    count : int
        Frames of the video.
    around : int
        The frame.

    Returns
    -------
    order : list of int
        Every frame once, rising within a batch.

    Examples
    --------
    >>> outwards(20, 9)
    [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19]
    """
    batches = [range(t, min(t + BATCH, count)) for t in range(0, count, BATCH)]
    batches.sort(key=lambda batch: max(batch[0] - around, around - batch[-1]))
    return [t for batch in batches for t in batch]


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """One thread a core for whole frames, none inside OpenCV meanwhile."""
    pool = ThreadPoolExecutor(cores())
    with single_threaded_opencv():
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)
