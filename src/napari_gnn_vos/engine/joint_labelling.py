"""Predict several objects and label their pixels, with preliminary labels first.

The objects are identified in windows of frames. Before the window with the displayed
frame is predicted, the frames near the displayed one are identified among themselves:
the displayed frame first, then growing ranges of frames around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from napari_gnn_vos.engine.frame_labelling import FrameLabeller
from napari_gnn_vos.engine.joint_prediction import JointPrediction
from napari_gnn_vos.engine.outward_labelling import (
    OutwardLabelling,
    outward_spans,
    ring_between,
    ring_within,
)
from napari_gnn_vos.progress import (
    PartialResult,
    Pipeline,
    Progress,
    as_preliminary,
    map_steps,
)
from napari_gnn_vos.structures.session import Session

PRELIMINARY_SHARE = 2 / 3
"""Largest share of the frames of a window that are labelled before the window is
predicted. The other frames are labelled once, by the final prediction."""


class JointLabelling:
    """Label the frames of a joint prediction, with preliminary labels first.

    Parameters
    ----------
    session : Session
    prediction : JointPrediction
    labeller : FrameLabeller
        Preliminary labels are not decoded, because the decoder takes longer than the
        network.

    Attributes
    ----------
    final : OutwardLabelling
        Has the results of all frames after `run`.
    """

    def __init__(
        self, session: Session, prediction: JointPrediction, labeller: FrameLabeller
    ) -> None:
        self._prediction, self._count = prediction, session.graph.shape[0]
        coarse = replace(labeller, refiner=None, encoded=None)
        probabilities = prediction.frames
        self._preliminary = OutwardLabelling(
            session, probabilities, coarse, streams=True
        )
        self.final = OutwardLabelling(session, probabilities, labeller, streams=True)
        self._shown: dict[int, bytes] = {}

    def preview(self, first: int, spans: Iterable[range]) -> Pipeline[None]:
        """Label frames around frame `first` preliminarily.

        Parameters
        ----------
        first : int
        spans : iterable of range
            Each contains `first` and the one before.

        Yields
        ------
        step : Progress
            A `PartialResult` for each frame, from the nearest to the farthest. No
            progress is counted.
        """
        labelled = range(first, first)
        for span in spans:
            predict = self._prediction.preview(span)
            is_predicted = yield from map_steps(predict, self._mark_preliminary)
            if is_predicted:
                label = self._preliminary.run([ring_between(labelled, span)])
                yield from map_steps(label, self._mark_preliminary)
                labelled = span

    def run(self, first: int | None) -> Pipeline[None]:
        """Predict and label all frames.

        Parameters
        ----------
        first : int, optional
            Frame that is shown; if it is given and the prediction streams, the frames
            around it are labelled preliminarily before the rest of its window.

        Yields
        ------
        step : Progress
            A `PartialResult` for each frame, except for those whose preliminary labels
            are the final ones.
        """
        for number, (window, kept) in enumerate(self._prediction.windows()):
            if first is not None and number == 0 and self._prediction.streams:
                spans = preliminary_spans(first, window, self._count)
                yield from self.preview(first, spans)
            predict = self._prediction.run(window, kept)
            yield from map_steps(predict, self._count_labelled)
            label = self.final.run([ring_within(kept, first or 0)])
            yield from map_steps(label, self._leave_out_shown)

    def _mark_preliminary(self, step: Progress) -> Progress:
        if isinstance(step, PartialResult):
            self._shown[step.frame] = step.packed
        return as_preliminary(step, self._count)

    def _count_labelled(self, step: Progress) -> Progress:
        return Progress(step.stage, len(self.final.results), self._count)

    def _leave_out_shown(self, step: Progress) -> Progress:
        """Remove the labels of a step if they are shown already."""
        if not isinstance(step, PartialResult):
            return step
        if self._shown.get(step.frame) != step.packed:
            return step
        return Progress(step.stage, step.done, step.total)


def preliminary_spans(first: int, window: range, count: int) -> Iterator[range]:
    """Yield growing ranges of frames to label before their window is predicted.

    Parameters
    ----------
    first : int
        Frame of the first range.
    window : range
        Frames of the window, of a video of `count` frames.
    count : int

    Yields
    ------
    span : range
        Contains the one before, and up to `PRELIMINARY_SHARE` of the window.

    Examples
    --------
    >>> list(preliminary_spans(30, range(60), 60))
    [range(30, 31), range(15, 46)]
    """
    for span in outward_spans(first, count):
        inside = range(max(span.start, window.start), min(span.stop, window.stop))
        if len(inside) > PRELIMINARY_SHARE * len(window):
            return
        yield inside
