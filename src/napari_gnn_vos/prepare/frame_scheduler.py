"""The few frames that are being worked on, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TypeVar

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.hardware import cores
from napari_gnn_vos.prepare.describe import (
    Described,
    Embed,
    describe_frame,
    describe_pair,
)
from napari_gnn_vos.prepare.flow import FlowEstimator, flow_between
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.video import Rgb, Video

B = TypeVar("B")
Jobs = dict[int, Future[B]]
"""What is being computed of frames, or was, by number."""


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


class FrameScheduler:
    """The few frames that are being worked on.

    Parameters
    ----------
    video : Video
    settings : PrepareSettings
    nets : Callables
    pool : Executor
        One that begins jobs in the order in which they come.
    todo : sequence of int
        The frames that will be taken, in this order.

    Notes
    -----
    Work is handed out some frames ahead, and each stage further ahead than the one
    that builds on it. So a job seldom waits for what it needs, and never for ever:
    that was begun before it.
    """

    def __init__(
        self,
        video: Video,
        settings: PrepareSettings,
        nets: Callables,
        pool: Executor,
        todo: Sequence[int],
    ) -> None:
        self._video, self._settings, self._nets = video, settings, nets
        self._pool, self._todo, self._open = pool, list(todo), set(todo)
        self._ahead = 2 + cores() // 3
        self._pictures: Jobs[Rgb] = {}
        self._flows: Jobs[Flow] = {}
        self._described: Jobs[Described] = {}
        self._ready: Jobs[tuple[FrameGraph, FramePair | None]] = {}

    def take(self) -> tuple[int, FrameGraph, FramePair | None]:
        """Take the next frame that is to do: its number, it, its ties to the next."""
        stages = self._begin_flow, self._begin_description, self._begin_pair
        for stage, times in zip(stages, (3, 2, 1), strict=True):
            for t in self._todo[: times * self._ahead]:
                stage(t)
        t = self._todo.pop(0)
        frame, pair = self._ready.pop(t).result()
        self._open.remove(t)
        self._forget(t)
        return t, frame, pair

    def _begin_picture(self, t: int) -> Future[Rgb]:
        if t not in self._pictures:
            self._pictures[t] = self._pool.submit(self._picture, t)
        return self._pictures[t]

    def _begin_flow(self, t: int) -> Future[Flow] | None:
        """Flow between frame `t` and the next, None where one of them is missing."""
        if not 0 <= t < self._video.shape[0] - 1:
            return None
        if t not in self._flows:
            two = self._begin_picture(t), self._begin_picture(t + 1)
            self._flows[t] = self._pool.submit(self._flow, *two)
        return self._flows[t]

    def _begin_description(self, t: int) -> Future[Described]:
        if t not in self._described:
            flows = self._begin_flow(t - 1), self._begin_flow(t)
            picture = self._begin_picture(t)
            self._described[t] = self._pool.submit(self._describe, picture, *flows)
        return self._described[t]

    def _begin_pair(self, t: int) -> None:
        if t not in self._ready:
            flow = self._begin_flow(t)
            one = self._begin_description(t)
            other = self._begin_description(t + 1) if flow else None
            self._ready[t] = self._pool.submit(self._tie, one, other, flow)

    def _picture(self, t: int) -> Rgb:
        return self._video.rgb(t, denoise=self._settings.denoise)

    def _flow(self, one: Future[Rgb], other: Future[Rgb]) -> Flow:
        return flow_between(one.result(), other.result(), self._nets.flow)

    def _describe(
        self,
        picture: Future[Rgb],
        before: Future[Flow] | None,
        after: Future[Flow] | None,
    ) -> Described:
        return describe_frame(
            picture.result(),
            before.result() if before else None,
            after.result() if after else None,
            self._settings,
            self._nets.embed,
        )

    def _tie(
        self,
        one: Future[Described],
        other: Future[Described] | None,
        flow: Future[Flow] | None,
    ) -> tuple[FrameGraph, FramePair | None]:
        first = one.result()
        if other is None or flow is None:
            return first[0], None
        share = self._settings.edges.least_share
        return first[0], describe_pair(first, other.result(), flow.result(), share)

    def _forget(self, t: int) -> None:
        """Drop what was kept for frame `t` and for no other that is still to do.

        A frame is made from what is known of some frames before it and after it.
        """
        reach = (self._described, 0, 1), (self._flows, 1, 1), (self._pictures, 1, 2)
        for kept, before, after in reach:
            for s in range(t - before, t + after + 1):
                users = range(s - after, s + before + 1)
                if self._open.isdisjoint(users):
                    kept.pop(s, None)
