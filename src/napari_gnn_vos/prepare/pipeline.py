"""From a video to its superpixel graph, a batch of frames at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.prepare.describe import (
    Described,
    Embed,
    describe_frame,
    describe_pair,
)
from napari_gnn_vos.prepare.flow import FlowEstimator, flow_between
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.video import Rgb, Video
from napari_gnn_vos.vision import cv2

B = TypeVar("B")
BATCH = 8
"""Frames in memory at once."""


class Sink(Protocol):
    """Where the frames of a graph go as they are ready."""

    def ready(self, t: int) -> bool:
        """Whether frame `t` and what ties it to the next were put before."""

    def put(self, t: int, frame: FrameGraph, pair: FramePair | None) -> None:
        """Keep frame `t` and what ties it to the next; None after the last."""

    def frame(self, t: int) -> FrameGraph:
        """Frame `t` as put before."""


@dataclass(frozen=True, slots=True, eq=False)
class Callables:
    """The two networks that preparing needs, as plain functions.

    Parameters
    ----------
    flow : FlowEstimator
    embed : Embed
    """

    flow: FlowEstimator
    embed: Embed


def prepare(
    video: Video, settings: PrepareSettings, nets: Callables, sink: Sink
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

    Yields
    ------
    step : Progress
        One a frame.
    """
    count = video.shape[0]
    desk = _Desk(video, settings, nets)
    with _threads() as pool:
        for start in range(0, count, BATCH):
            stop = min(start + BATCH, count)
            if not all(sink.ready(t) for t in range(start, stop)):
                yield from desk.fill(pool, start, min(stop + 1, count))
                for t in range(start, stop):
                    sink.put(t, *desk.take(t))
            yield Progress("prepare", stop, count)


class _Desk:
    """The few frames that are being worked on, and what is known of them."""

    def __init__(
        self, video: Video, settings: PrepareSettings, nets: Callables
    ) -> None:
        self._video, self._settings, self._nets = video, settings, nets
        self._pictures: dict[int, Rgb] = {}
        self._flows: dict[int, Flow] = {}
        self._described: dict[int, Described] = {}

    def fill(self, pool: ThreadPoolExecutor, start: int, stop: int) -> Pipeline[None]:
        """Describe frames `start` up to `stop`; what is on the desk stays there."""
        count = self._video.shape[0]
        _forget(self._pictures, start - 1)
        _forget(self._flows, start - 1)
        _forget(self._described, start - 1)
        reach = range(max(start - 1, 0), min(stop + 1, count))
        new = [t for t in reach if t not in self._pictures]
        self._pictures |= _eager(pool, self._video.rgb, new)
        at = Progress("prepare", start, count)
        new = [t for t in reach[:-1] if t not in self._flows]
        for t, flow in _eager(pool, self._flow, new):
            self._flows[t] = flow
            yield at
        new = [t for t in range(start, stop) if t not in self._described]
        for t, described in _eager(pool, self._describe, new):
            self._described[t] = described
            yield at

    def take(self, t: int) -> tuple[FrameGraph, FramePair | None]:
        """Frame `t` and what ties it to the next."""
        one, other = self._described[t], self._described.get(t + 1)
        if other is None:
            return one[0], None
        share = self._settings.edges.least_share
        return one[0], describe_pair(one, other, self._flows[t], share)

    def _flow(self, t: int) -> Flow:
        return flow_between(self._pictures[t], self._pictures[t + 1], self._nets.flow)

    def _describe(self, t: int) -> Described:
        before, after = self._flows.get(t - 1), self._flows.get(t)
        return describe_frame(
            self._pictures[t], before, after, self._settings, self._nets.embed
        )


def _forget(kept: dict[int, B], before: int) -> None:
    for t in [t for t in kept if t < before]:
        del kept[t]


def _eager(
    pool: ThreadPoolExecutor, work: Callable[[int], B], items: list[int]
) -> Iterator[tuple[int, B]]:
    """Results in order, as they come; what has not begun is dropped when closed."""
    futures = [(item, pool.submit(work, item)) for item in items]
    try:
        for item, future in futures:
            yield item, future.result()
    finally:
        for _, future in futures:
            future.cancel()


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """One thread a core for whole frames, none inside OpenCV meanwhile."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            yield pool
    finally:
        cv2.setNumThreads(before)
