"""In and out marks on the frames of a video, and predictions of ranges of frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

if TYPE_CHECKING:
    from napari_gnn_vos.controller.controller import Controller

RangeEnds = tuple[int | None, int | None]
"""In and out mark; None for an end of the video."""
NEXT_FRAMES = 10
"""Frames after the displayed one that `RangeTools.predict_next` predicts."""


class FrameRange:
    """In and out marks on the frames of a video; both frames belong to the range.

    Attributes
    ----------
    first, last : int or None
        Marked frames; None for the ends of the video.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None

    @property
    def marks(self) -> RangeEnds:
        """In and out mark."""
        return self.first, self.last

    def set_first(self, frame: int) -> None:
        """Set the in mark, and remove an out mark on an earlier frame."""
        self.first = frame
        if self.last is not None and self.last < frame:
            self.last = None
        self.changed.emit()

    def set_last(self, frame: int) -> None:
        """Set the out mark, and remove an in mark on a later frame."""
        self.last = frame
        if self.first is not None and self.first > frame:
            self.first = None
        self.changed.emit()

    def clear(self) -> None:
        """Remove both marks."""
        self.first = self.last = None
        self.changed.emit()

    def frames(self, count: int) -> range:
        """Return the frames between the marks, of a video of `count` frames."""
        return frames_between(self.marks, count)


def frames_between(marks: RangeEnds, count: int) -> range:
    """Return the frames between in and out mark, of a video of `count` frames.

    Examples
    --------
    >>> frames_between((5, None), 8)
    range(5, 8)
    """
    first, last = marks
    start, stop = first or 0, count if last is None else last + 1
    return range(max(start, 0), min(stop, count))


class RangeTools:
    """Set in and out marks, and predict ranges of frames.

    Parameters
    ----------
    controller : Controller
    """

    def __init__(self, controller: Controller) -> None:
        self._controller, self._range = controller, controller.frame_range

    @property
    def marks(self) -> RangeEnds:
        """In and out mark; None where there is none."""
        return self._range.marks

    @property
    def frames(self) -> range:
        """Frames between the marks; all frames without marks."""
        return self._range.frames(self._count)

    def set_in(self, frame: int | None = None) -> None:
        """Set the in mark, by default at the displayed frame."""
        self._range.set_first(self._controller.frame if frame is None else frame)
        self._report_range()

    def set_out(self, frame: int | None = None) -> None:
        """Set the out mark, by default at the displayed frame."""
        self._range.set_last(self._controller.frame if frame is None else frame)
        self._report_range()

    def clear(self) -> None:
        """Remove both marks."""
        self._range.clear()
        self._controller.report("The range is all frames")

    def predict(self) -> None:
        """Predict the frames between the marks; other frames keep their labels.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or a job is running.
        """
        self._controller.predict(self.frames)

    def predict_from_here(self) -> None:
        """Predict the displayed frame and all later ones.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or a job is running.
        """
        self._controller.predict(range(self._controller.frame, self._count))

    def predict_next(self, count: int = NEXT_FRAMES) -> None:
        """Predict the displayed frame and the next `count` frames.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or a job is running.
        """
        first = self._controller.frame
        self._controller.predict(range(first, min(first + count + 1, self._count)))

    def predict_object(self, label: int | None = None) -> None:
        """Predict an object between the marks; all others keep their labels.

        Parameters
        ----------
        label : int, optional
            By default, the active label.

        Raises
        ------
        GnnVosError
            If no video is open, there is no such object, it is locked, nothing is
            drawn, or a job is running.
        """
        active = self._controller.active_label
        label = active.label if label is None else label
        active.table.require(label)
        self._controller.predict(self.frames, label)

    def _report_range(self) -> None:
        frames = self.frames
        if frames:
            text = f"The range is frames {frames.start} to {frames.stop - 1}"
            self._controller.report(text)

    @property
    def _count(self) -> int:
        """Number of frames of the open video."""
        annotation = self._controller.annotation
        return 0 if annotation is None else annotation.source.video.shape[0]
