"""In and out marks of an annotator, and predictions of a range of frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator

NEXT_FRAMES = 10
"""Frames after the displayed one that `RangeTools.predict_next` predicts."""


class RangeTools:
    """Set in and out marks, and predict ranges of frames.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._range = annotator.controller.frame_range

    @property
    def marks(self) -> tuple[int | None, int | None]:
        """In and out mark; None where there is none."""
        return self._range.marks

    @property
    def frames(self) -> range:
        """Frames between the marks; all frames without marks."""
        return self._range.frames(self._frames)

    def set_in(self, frame: int | None = None) -> None:
        """Set the in mark, by default at the displayed frame."""
        self._range.set_first(self._annotator.frame if frame is None else frame)
        self._report_range()

    def set_out(self, frame: int | None = None) -> None:
        """Set the out mark, by default at the displayed frame."""
        self._range.set_last(self._annotator.frame if frame is None else frame)
        self._report_range()

    def clear(self) -> None:
        """Remove both marks."""
        self._range.clear()
        self._annotator.controller.report("The range is all frames")

    def _report_range(self) -> None:
        frames = self.frames
        if frames:
            text = f"The range is frames {frames.start} to {frames.stop - 1}"
            self._annotator.controller.report(text)

    def predict(self) -> None:
        """Predict the frames between the marks; other frames keep their labels.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or a job is running.
        """
        self._predict(self.frames)

    def predict_from_here(self) -> None:
        """Predict the displayed frame and all later ones.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or a job is running.
        """
        self._predict(range(self._annotator.frame, self._frames))

    def predict_next(self, count: int = NEXT_FRAMES) -> None:
        """Predict the displayed frame and the next `count` frames.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or a job is running.
        """
        first = self._annotator.frame
        self._predict(range(first, min(first + count + 1, self._frames)))

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
        objects = self._annotator.objects
        label = self._annotator.active_label.label if label is None else label
        objects.table.require(label)
        self._predict(self.frames, label)

    @property
    def _frames(self) -> int:
        workspace = self._annotator.workspace
        return 0 if workspace is None else workspace.video.shape[0]

    def _predict(self, frames: range, label: int | None = None) -> None:
        video_open = self._annotator.workspace is not None
        self._annotator.controller.predict(frames if video_open else None, label)
