"""A whole-graph network over a long video, a window of frames at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
Whole = Callable[[VideoGraph, range, F32], F32]
"""From some frames of N superpixels, and (K, N, 8) inputs, to (K, N) answers."""
log = logging.getLogger(__name__)


class Windows:
    """Asks a network about overlapping windows; exactly what it says of the whole.

    Parameters
    ----------
    whole : callable
        See `Whole`.
    reach : int
        Frames that an answer depends on to either side: the network's layers.
    length : int
        Frames of a window, without those beside it. Halved, for good, whenever the
        memory of the device does not suffice.
    """

    def __init__(self, whole: Whole, reach: int, length: int) -> None:
        self._whole, self._reach, self.length = whole, reach, length

    def __call__(
        self, graph: VideoGraph, told: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Answer some frames, see `engine.Model`."""
        begin = frames.start
        while begin < frames.stop:
            end = min(begin + self.length, frames.stop)
            try:
                answers = self._window(graph, told, range(begin, end))
            except torch.OutOfMemoryError:
                if self.length == 1:
                    raise
                self.length = max(self.length // 2, 1)
                torch.cuda.empty_cache()
                log.warning("out of memory: on in windows of %d frames", self.length)
                continue
            yield from answers
            begin = end

    def _window(
        self, graph: VideoGraph, told: Callable[[int], F32], frames: range
    ) -> list[F32]:
        around = range(
            max(frames.start - self._reach, 0),
            min(frames.stop + self._reach, graph.shape[0]),
        )
        inputs = np.concatenate([told(t) for t in around], axis=1)
        answer = self._whole(graph, around, inputs)
        ends = np.cumsum(graph.counts[around.start : around.stop])
        parts = np.split(answer, ends[:-1], axis=1)
        return parts[frames.start - around.start : frames.stop - around.start]
