"""Schedule the preparation of frames on a thread pool."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from typing import TypeVar

from napari_gnn_vos.config import PrepareSettings
from napari_gnn_vos.hardware import cores
from napari_gnn_vos.prepare.flow import FlowEstimator, flow_between
from napari_gnn_vos.prepare.graph_construction import (
    Embed,
    FrameAndMeans,
    build_frame_graph,
    build_frame_pair,
)
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.structures.video import Video

R = TypeVar("R")
Jobs = dict[int, Future[R]]
"""Submitted jobs of one stage by frame index."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameModels:
    """Optical flow estimator and backbone, as functions.

    Parameters
    ----------
    flow : FlowEstimator
    embed : Embed
    """

    flow: FlowEstimator
    embed: Embed


class FrameScheduler:
    """Schedule of the stages of frames on a thread pool.

    Frames are returned in a given order; the stages of the following frames run ahead.

    Parameters
    ----------
    video : Video
    settings : PrepareSettings
    models : FrameModels
    pool : Executor
        Must start jobs in the order of submission.
    order : sequence of int
        Frames in the order in which they are returned.

    Notes
    -----
    The stages of a frame (image, flow, description, pair) depend on each other. Each
    stage is submitted further ahead than the stages that depend on it, so a job rarely
    waits for its inputs. It never waits forever, because its inputs were submitted, and
    therefore started, before it.
    """

    def __init__(
        self,
        video: Video,
        settings: PrepareSettings,
        models: FrameModels,
        pool: Executor,
        order: Sequence[int],
    ) -> None:
        self._video, self._settings, self._models = video, settings, models
        self._pool, self._queue, self._unfinished = pool, list(order), set(order)
        self._lookahead = 2 + cores() // 3
        self._images: Jobs[Rgb] = {}
        self._flows: Jobs[Flow] = {}
        self._frame_graphs: Jobs[FrameAndMeans] = {}
        self._completed: Jobs[tuple[FrameGraph, FramePair | None]] = {}

    def wait_for_next(self, seconds: float) -> bool:
        """Wait up to `seconds` for the next frame; return whether it is complete."""
        stages = self._submit_flow, self._submit_frame_graph, self._submit_completion
        for stage, distance in zip(stages, (3, 2, 1), strict=True):
            for t in self._queue[: distance * self._lookahead]:
                stage(t)
        return bool(wait([self._completed[self._queue[0]]], seconds).done)

    def next_frame(self) -> tuple[int, FrameGraph, FramePair | None]:
        """Return the next frame, which must be complete.

        Returns
        -------
        t : int
            Index of the frame.
        frame : FrameGraph
        pair : FramePair or None
            To the frame ``t + 1``; None for the last frame of the video.
        """
        t = self._queue.pop(0)
        frame, pair = self._completed.pop(t).result()
        self._unfinished.remove(t)
        self._discard_unneeded(t)
        return t, frame, pair

    def _submit_image(self, t: int) -> Future[Rgb]:
        if t not in self._images:
            self._images[t] = self._pool.submit(self._read_image, t)
        return self._images[t]

    def _submit_flow(self, t: int) -> Future[Flow] | None:
        """Submit the flow between frame `t` and the next; None at the ends."""
        if not 0 <= t < self._video.shape[0] - 1:
            return None
        if t not in self._flows:
            images = self._submit_image(t), self._submit_image(t + 1)
            self._flows[t] = self._pool.submit(self._estimate_flow, *images)
        return self._flows[t]

    def _submit_frame_graph(self, t: int) -> Future[FrameAndMeans]:
        if t not in self._frame_graphs:
            flows = self._submit_flow(t - 1), self._submit_flow(t)
            image = self._submit_image(t)
            self._frame_graphs[t] = self._pool.submit(
                self._build_frame_graph, image, *flows
            )
        return self._frame_graphs[t]

    def _submit_completion(self, t: int) -> None:
        if t not in self._completed:
            flow = self._submit_flow(t)
            first = self._submit_frame_graph(t)
            second = self._submit_frame_graph(t + 1) if flow else None
            self._completed[t] = self._pool.submit(self._complete, first, second, flow)

    def _read_image(self, t: int) -> Rgb:
        return self._video.rgb(t, denoise=self._settings.denoise)

    def _estimate_flow(self, first: Future[Rgb], second: Future[Rgb]) -> Flow:
        return flow_between(first.result(), second.result(), self._models.flow)

    def _build_frame_graph(
        self,
        image: Future[Rgb],
        flow_previous: Future[Flow] | None,
        flow_next: Future[Flow] | None,
    ) -> FrameAndMeans:
        return build_frame_graph(
            image.result(),
            flow_previous.result() if flow_previous else None,
            flow_next.result() if flow_next else None,
            self._settings,
            self._models.embed,
        )

    def _complete(
        self,
        first: Future[FrameAndMeans],
        second: Future[FrameAndMeans] | None,
        flow: Future[Flow] | None,
    ) -> tuple[FrameGraph, FramePair | None]:
        """Compute the pair of a frame and the next one, if there is one."""
        frame, means = first.result()
        if second is None or flow is None:
            return frame, None
        least_share = self._settings.edges.least_share
        pair = build_frame_pair(
            (frame, means), second.result(), flow.result(), least_share
        )
        return frame, pair

    def _discard_unneeded(self, t: int) -> None:
        """Discard results near frame `t` that no unfinished frame depends on.

        The result of a stage for frame s is an input of the frames from ``s - after``
        to ``s + before``.
        """
        reach = (self._frame_graphs, 0, 1), (self._flows, 1, 1), (self._images, 1, 2)
        for results, before, after in reach:
            for s in range(t - before, t + after + 1):
                dependents = range(s - after, s + before + 1)
                if self._unfinished.isdisjoint(dependents):
                    results.pop(s, None)
