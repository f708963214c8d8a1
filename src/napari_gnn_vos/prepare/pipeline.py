"""From a video to its superpixel graph, a batch of frames at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.prepare.edge_features import (
    describe_moving,
    describe_touching,
)
from napari_gnn_vos.prepare.edges import moving, touching
from napari_gnn_vos.prepare.flow import FlowEstimator, flow_between
from napari_gnn_vos.prepare.node_features import FrameView, describe_nodes
from napari_gnn_vos.prepare.pool import pool_maps, pool_mean
from napari_gnn_vos.prepare.superpixels import oversegment
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.video import Rgb, Video
from napari_gnn_vos.vision import cv2

B = TypeVar("B")
BATCH = 8
"""Frames in memory at once."""

Embed = Callable[[Rgb], list[NDArray[np.float32]]]
"""From a (H, W, 3) picture to feature maps (h, w, C)."""

Described = tuple[FrameGraph, NDArray[np.float32]]
"""A frame, and the (n, 7) mean looks that ties to other frames are described with."""


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
        for kept in (self._pictures, self._flows, self._described):
            for t in [t for t in kept if t < start - 1]:
                del kept[t]  # type: ignore[attr-defined]
        reach = range(max(start - 1, 0), min(stop + 1, count))
        new = [t for t in reach if t not in self._pictures]
        self._pictures |= _eager(pool, self._video.rgb, new)
        for work, kept, wanted in (
            (self._flow, self._flows, reach[:-1]),
            (self._describe, self._described, range(start, stop)),
        ):
            new = [t for t in wanted if t not in kept]
            for t, result in _eager(pool, work, new):
                kept[t] = result  # type: ignore[index]
                yield Progress("prepare", min(t, start), count)

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


def describe_frame(
    picture: Rgb,
    before: Flow | None,
    after: Flow | None,
    settings: PrepareSettings,
    embed: Embed,
) -> Described:
    """Cut a frame into superpixels and describe them.

    Parameters
    ----------
    picture : (H, W, 3) ndarray of uint8
    before, after : Flow or None
        Flow that joins the frame to the one before and to the next.
    settings : PrepareSettings
    embed : Embed
        The backbone.

    Returns
    -------
    frame : FrameGraph
    means : (n, 7) ndarray of float32
        Mean colour and motion, which ties to other frames are described with.
    """
    view = FrameView(np.zeros(picture.shape[:2], np.uint16), picture, before, after)
    motions = [view.motion(True)] if after else []
    motions += [view.motion(False)] if before else []
    labels = oversegment(picture, motions, settings.superpixels)
    appearance = pool_maps(embed(picture), labels)
    return describe_labels(FrameView(labels, picture, before, after), appearance)


def describe_labels(view: FrameView, appearance: NDArray[np.float16]) -> Described:
    """Describe superpixels that are given; see `describe_frame`."""
    ties = touching(view.labels)
    means = mean_look(view)
    frame = FrameGraph(
        view.labels,
        describe_nodes(view),
        appearance,
        ties.pairs,
        describe_touching(ties, means),
    )
    return frame, means


def mean_look(view: FrameView) -> NDArray[np.float32]:
    """Mean colour and motion to the next and the previous frame, (n, 7)."""
    look = [view.colours(), view.motion(True), view.motion(False)]
    return pool_mean(np.concatenate(look, axis=2), view.labels)


def describe_pair(
    one: Described, other: Described, flow: Flow, least_share: float
) -> FramePair:
    """Tie a frame to the next.

    Parameters
    ----------
    one, other : (FrameGraph, (n, 7) ndarray of float32)
        The two frames and their mean looks.
    flow : Flow
        Between them.
    least_share : float
        See `EdgeSettings`.

    Returns
    -------
    pair : FramePair
    """
    ties = moving(one[0].labels, other[0].labels, flow, least_share)
    return FramePair(flow, ties.pairs, describe_moving(ties, one[1], other[1]))


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
