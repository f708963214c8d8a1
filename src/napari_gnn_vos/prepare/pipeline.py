"""Prepare the superpixel graph of a video frame by frame on all cores."""

from __future__ import annotations

from typing import Protocol

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.hardware import single_threaded_opencv, worker_threads
from napari_gnn_vos.prepare.frame_scheduler import FrameModels, FrameScheduler
from napari_gnn_vos.progress import POLL_SECONDS, Pipeline, Progress
from napari_gnn_vos.structures.frame_graph import FrameGraph, FramePair
from napari_gnn_vos.structures.video import Video

BATCH_FRAMES = 8
"""Frames of a batch, which are prepared in ascending order because video files are
decoded forward."""


class FrameStore(Protocol):
    """A store for the frames of a graph."""

    def has_frame(self, t: int) -> bool:
        """Return whether frame `t` and its pair to the next are stored."""

    def put(self, t: int, frame: FrameGraph, pair: FramePair | None) -> None:
        """Store frame `t` and its pair to the next; None for the last frame."""

    def frame(self, t: int) -> FrameGraph:
        """Return the stored frame `t`."""


def prepare(
    video: Video,
    settings: PrepareSettings,
    models: FrameModels,
    store: FrameStore,
    around: int = 0,
) -> Pipeline[None]:
    """Prepare the graph of a video.

    Each frame depends only on a few frames around it, so the graph does not depend on
    the order of the frames or on interruptions.

    Parameters
    ----------
    video : Video
        T frames; a few are in memory at a time.
    settings : PrepareSettings
    models : FrameModels
        Optical flow and backbone.
    store : FrameStore
        Stores each frame. Frames that it already holds are not prepared.
    around : int
        Index of the frame to start at, see `outward_order`.

    Yields
    ------
    step : Progress
        After each frame, and every `POLL_SECONDS`.
    """
    count = video.shape[0]
    missing = [t for t in outward_order(count, around) if not store.has_frame(t)]
    yield Progress("prepare", count - len(missing), count)
    with single_threaded_opencv(), worker_threads() as pool:
        scheduler = FrameScheduler(video, settings, models, pool, missing)
        for remaining in reversed(range(len(missing))):
            while not scheduler.wait_for_next(POLL_SECONDS):
                yield Progress("prepare", count - remaining - 1, count)
            store.put(*scheduler.next_frame())
            yield Progress("prepare", count - remaining, count)


def outward_order(count: int, around: int) -> list[int]:
    """Order the frames of a video by the distance of their batch from a frame.

    Parameters
    ----------
    count : int
        Number of frames of the video.
    around : int
        Index of a frame.

    Returns
    -------
    order : list of int
        Each frame once; ascending within a batch of `BATCH_FRAMES`.

    Examples
    --------
    >>> outward_order(20, 9)
    [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19]
    """
    batches = [
        range(t, min(t + BATCH_FRAMES, count)) for t in range(0, count, BATCH_FRAMES)
    ]
    batches.sort(key=lambda batch: max(batch[0] - around, around - batch[-1]))
    return [t for batch in batches for t in batch]
