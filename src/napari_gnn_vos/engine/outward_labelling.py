"""Predict and label frames outwards from one, with results as they arrive."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.engine.frame_labelling import FrameLabeller
from napari_gnn_vos.engine.group_prediction import in_turns
from napari_gnn_vos.hardware import worker_threads
from napari_gnn_vos.interact.uncertainty import expected_overlap
from napari_gnn_vos.progress import (
    POLL_SECONDS,
    PartialResult,
    Pipeline,
    Progress,
)
from napari_gnn_vos.structures.label_frames import Labels, pack
from napari_gnn_vos.structures.session import Session

F32 = NDArray[np.float32]
Probabilities = Callable[[range], Iterator[F32]]
"""Map a range of frames to the (n, K) probabilities per frame."""

NEAR_FRAMES = 15
"""Frames of the second ring on either side; the first is a single frame."""
MAX_RING_FRAMES = 64
"""Frames of a ring on either side. Each ring is twice as wide as the one before, up to
this width, because the network also computes the frames in the receptive field."""


class Ring(NamedTuple):
    """Frames on both sides of the frames that have been predicted.

    Parameters
    ----------
    before : range
        Descending.
    after : range
        Ascending. Either may be empty.
    """

    before: range
    after: range


def whole_video(count: int, first: int = 0) -> Ring:
    """Return one ring of all frames: `first` and the frames on both sides of it."""
    return ring_within(range(count), first)


def ring_between(inner: range, outer: range) -> Ring:
    """Return one ring of the frames by which `outer` extends `inner`."""
    before = range(inner.start - 1, outer.start - 1, -1)
    return Ring(before, range(inner.stop, outer.stop))


def ring_within(frames: range, first: int) -> Ring:
    """Return one ring of consecutive frames, from the nearest to frame `first`.

    Examples
    --------
    >>> ring_within(range(5, 9), 7)
    Ring(before=range(6, 4, -1), after=range(7, 9))
    >>> ring_within(range(5, 7), 9)
    Ring(before=range(6, 4, -1), after=range(7, 7))
    """
    start = min(max(first, frames.start), frames.stop)
    return ring_between(range(start, start), frames)


def outward_spans(first: int, count: int) -> Iterator[range]:
    """Extend a range of frames from one to the whole video.

    Parameters
    ----------
    first : int
        Index of the frame of the first range.
    count : int
        Number of frames.

    Yields
    ------
    span : range
        Contains the one before.

    Examples
    --------
    >>> list(outward_spans(1, 20))
    [range(1, 2), range(0, 17), range(0, 20)]
    """
    span, width = range(first, first + 1), NEAR_FRAMES
    yield span
    while len(span) < count:
        span = range(max(span.start - width, 0), min(span.stop + width, count))
        yield span
        width = min(2 * width, MAX_RING_FRAMES)


def outward_rings(first: int, count: int) -> Iterator[Ring]:
    """Divide the frames of a video into rings around one of them.

    Parameters
    ----------
    first, count : int
        See `outward_spans`.

    Yields
    ------
    ring : Ring
        Frames by which a span extends the one before.

    Examples
    --------
    >>> for ring in outward_rings(1, 20):
    ...     print(list(ring.before), list(ring.after))
    [] [1]
    [0] [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    [] [17, 18, 19]
    """
    spans = chain([range(first, first)], outward_spans(first, count))
    for inner, outer in pairwise(spans):
        yield ring_between(inner, outer)


class LabelledFrame(NamedTuple):
    """Result of one frame.

    Parameters
    ----------
    probability : (n, K) ndarray of float32
    refined : (n, K) ndarray of float32
        The same after the boundary decoder.
    overlap : (2, K - 1) ndarray of float64
        See `interact.uncertainty.expected_overlap`.
    packed : bytes
        The (H, W) labels, compressed.
    """

    probability: F32
    refined: F32
    overlap: NDArray[np.float64]
    packed: bytes


class OutwardLabelling:
    """Predict rings of frames, and label their pixels in threads.

    Parameters
    ----------
    session : Session
    probabilities : callable
        Runs the network on some frames.
    labeller : FrameLabeller
    streams : bool
        Whether `probabilities` also takes descending frames, and yields the first one
        before it has computed the last. Otherwise descending frames are computed in
        ascending order, and each ring should be narrow.

    Attributes
    ----------
    results : dict of int to LabelledFrame
        By frame, in the order in which they were completed.
    streams : bool
    """

    def __init__(
        self,
        session: Session,
        probabilities: Probabilities,
        labeller: FrameLabeller,
        *,
        streams: bool = False,
    ) -> None:
        self._session, self._labeller = session, labeller
        self._probabilities, self.streams = probabilities, streams
        self._count = session.graph.shape[0]
        self._jobs: deque[tuple[int, Future[tuple[LabelledFrame, Labels]]]] = deque()
        self.results: dict[int, LabelledFrame] = {}

    def run(self, rings: Iterable[Ring]) -> Pipeline[None]:
        """Label the frames of all rings, one ring after the other.

        Parameters
        ----------
        rings : iterable of Ring

        Yields
        ------
        step : Progress
            A `PartialResult` for each frame, from the nearest to the farthest.
        """
        with worker_threads(self._labeller.prepare_thread) as pool:
            for ring in rings:
                for t, probability in self._predict_ring(ring):
                    job = pool.submit(self._label, t, probability)
                    self._jobs.append((t, job))
                    # the first frame is on screen; it is yielded at once
                    yield from self._collect(wait_for_all=not self.results)
                yield from self._collect(wait_for_all=True)

    def _predict_ring(self, ring: Ring) -> Iterator[tuple[int, F32]]:
        """Run the network; yield frames of both sides in turns, the nearest first."""
        return in_turns(self._predict(ring.after), self._predict(ring.before))

    def _predict(self, frames: range) -> Iterator[tuple[int, F32]]:
        """Run the network on frames in their order."""
        if not frames:
            return
        if frames.step > 0 or self.streams:
            yield from zip(frames, self._probabilities(frames), strict=True)
        else:
            probabilities = list(self._probabilities(frames[::-1]))
            yield from zip(frames, reversed(probabilities), strict=True)

    def _label(self, t: int, probability: F32) -> tuple[LabelledFrame, Labels]:
        labels, refined = self._labeller(t, probability)
        overlap = expected_overlap(probability, self._session.graph.frames[t].sizes)
        return LabelledFrame(probability, refined, overlap, pack(labels)), labels

    def _collect(self, *, wait_for_all: bool) -> Pipeline[None]:
        """Store completed frames; yield at least once."""
        yield self._progress
        while self._jobs and (wait_for_all or self._jobs[0][1].done()):
            t, job = self._jobs[0]
            if not wait([job], POLL_SECONDS).done:
                yield self._progress
                continue
            self._jobs.popleft()
            frame, labels = job.result()
            self.results[t] = frame
            done = len(self.results)
            yield PartialResult("label", done, self._count, t, labels, frame.packed)

    @property
    def refines(self) -> bool:
        """Whether boundaries are decoded."""
        return self._labeller.refiner is not None

    @property
    def _progress(self) -> Progress:
        return Progress("label", len(self.results), self._count)
