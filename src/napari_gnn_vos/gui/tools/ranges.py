"""Predictions of some frames of an annotator's video."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator

NEXT_FRAMES = 10


class RangeTools:
    """In and out marks, and predictions that change the labels of some frames only.

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

    def set_in(self, frame: int | None = None) -> None:
        """Set the in mark, by default at the frame on screen."""
        self._range.set_first(self._annotator.frame if frame is None else frame)

    def set_out(self, frame: int | None = None) -> None:
        """Set the out mark, by default at the frame on screen."""
        self._range.set_last(self._annotator.frame if frame is None else frame)

    def clear(self) -> None:
        """Remove both marks."""
        self._range.clear()

    def predict(self) -> None:
        """Predict the frames between the marks; the labels of others stay.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or a job is running.
        """
        self._predict(self._range.frames(self._frames))

    def predict_from_here(self) -> None:
        """Predict the frame on screen and all later ones.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or a job is running.
        """
        self._predict(range(self._annotator.frame, self._frames))

    def predict_next(self, count: int = NEXT_FRAMES) -> None:
        """Predict the frame on screen and the next `count` frames.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or a job is running.
        """
        first = self._annotator.frame
        self._predict(range(first, min(first + count + 1, self._frames)))

    @property
    def _frames(self) -> int:
        workspace = self._annotator.workspace
        return 0 if workspace is None else workspace.video.shape[0]

    def _predict(self, frames: range) -> None:
        video_open = self._annotator.workspace is not None
        self._annotator.controller.predict(frames if video_open else None)
