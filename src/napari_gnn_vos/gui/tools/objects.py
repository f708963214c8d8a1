"""Objects, and ranges of frames that the next prediction may change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_gnn_vos.errors import ScribbleError

if TYPE_CHECKING:
    from napari_gnn_vos.controller.object_edits import Point
    from napari_gnn_vos.controller.object_table import ObjectTable
    from napari_gnn_vos.gui.annotator import Annotator

NEXT_FRAMES = 10
"""Frames after the displayed one that `RangeTools.predict_next` predicts."""


class ObjectTools:
    """Actions on the objects of an annotator's video; undo reverses all of them.

    Without an argument, a method acts on the active label and on the displayed frame.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._edits = annotator.controller.objects
        self._active = annotator.controller.active_label

    @property
    def table(self) -> ObjectTable:
        """Labels in the order of the list, with names, colours and states."""
        return self._active.table

    def add(self) -> int:
        """Add an object to the list, activate it, and return its label.

        Raises
        ------
        ScribbleError
            If there are 32 767 objects.
        """
        return self._edits.add()

    def select(self, label: int) -> None:
        """Activate a label of the list to paint it; 0 is background.

        The tool becomes the brush, except that the superpixel tool is kept.

        Raises
        ------
        ScribbleError
            If there is no such object.
        """
        if label:
            self.table.require(label)
        tool = self._active.tool
        self._active.choose(label, "superpixels" if tool == "superpixels" else "brush")

    def select_next(self) -> None:
        """Activate the next label of the list, cyclically."""
        self._active.step(1)

    def select_previous(self) -> None:
        """Activate the previous label of the list, cyclically."""
        self._active.step(-1)

    def rename(self, label: int, name: str) -> None:
        """Name an object; an empty name restores the default.

        Raises
        ------
        ScribbleError
            If there is no such object.
        """
        self._edits.rename(label, name)

    def recolour(self, label: int, colour: str) -> None:
        """Assign a colour to an object on all layers and in all exports.

        Parameters
        ----------
        label : int
        colour : str
            ``#rrggbb``; an empty text restores the default.

        Raises
        ------
        ScribbleError
            If there is no such object, or the colour is not valid.
        """
        self._edits.recolour(label, colour)

    def move(self, label: int, row: int) -> None:
        """Move an object to a row of the list, from 1; background is in row 0.

        Raises
        ------
        ScribbleError
            If there is no such object.
        """
        self._edits.move(label, row)

    def move_up(self) -> None:
        """Move the active object one row up."""
        self._move_by(-1)

    def move_down(self) -> None:
        """Move the active object one row down."""
        self._move_by(1)

    def toggle_locked(self, label: int | None = None) -> bool:
        """Lock an object, or unlock it; return whether it is locked now.

        Predictions change the pixels of a locked object only under strokes, and other
        objects do not overwrite them.

        Raises
        ------
        ScribbleError
            If it is not an object of the list.
        """
        label = self._object(label)
        locked = label not in self.table.locked
        self._edits.lock(label, locked)
        return locked

    def toggle_hidden(self, label: int | None = None) -> bool:
        """Hide an object, or show it; return whether it is hidden now.

        A hidden object is still predicted and exported.

        Raises
        ------
        ScribbleError
            If it is not an object of the list.
        """
        label = self._object(label)
        hidden = label not in self.table.invisible
        self._edits.hide(label, hidden)
        return hidden

    def toggle_solo(self, label: int | None = None) -> bool:
        """Show one object only, or all again; return whether others are hidden now.

        Raises
        ------
        ScribbleError
            If it is not an object of the list.
        """
        label = self._object(label)
        alone = label != self.table.solo
        self._edits.show_only(label if alone else None)
        return alone

    def toggle_absent(self, label: int | None = None, frame: int | None = None) -> bool:
        """Annotate an object as absent in a frame, or undo that; return whether it is.

        Later predictions label no pixels of it there, except under strokes.

        Raises
        ------
        GnnVosError
            If it is not an object of the list, or no video is open.
        """
        label = self._object(label)
        frame = self._annotator.frame if frame is None else frame
        absent = (frame, label) not in self.table.absent
        self._edits.set_absent(label, frame, absent)
        return absent

    def remove(self, label: int | None = None) -> None:
        """Remove an object and its strokes.

        If the object is part of the prediction, all frames are predicted again.

        Raises
        ------
        GnnVosError
            If there is no such object, it is locked, or a job is running
            that cannot be dropped.
        """
        with self._annotator.keeping_tool():
            self._edits.remove(self._object(label))

    def merge(self, label: int, into: int) -> None:
        """Merge an object into another one, which gets its strokes.

        If the object is part of the prediction, all frames are predicted again.

        Raises
        ------
        GnnVosError
            If there is no such object, one is locked, or a job is running that
            cannot be dropped.
        """
        with self._annotator.keeping_tool():
            self._edits.merge(label, into)

    def split(
        self,
        label: int | None = None,
        frame: int | None = None,
        point: Point | None = None,
    ) -> int:
        """Make a new object from a connected component of an object on a frame.

        Parameters
        ----------
        label, frame : int, optional
        point : (row, column), optional
            A pixel of the component; by default all components but the largest.

        Returns
        -------
        label : int
            Label of the new object.

        Raises
        ------
        GnnVosError
            If there is no such object or component, it is locked, or a job is running
            that cannot be dropped.
        """
        frame = self._annotator.frame if frame is None else frame
        with self._annotator.keeping_tool():
            return self._edits.split(self._object(label), frame, point)

    def split_at_cursor(self) -> int:
        """Make a new object from the component under the mouse; return its label.

        Raises
        ------
        GnnVosError
            If there is no object under the mouse, it is locked, or a job is running
            that cannot be dropped.
        """
        workspace = self._annotator.workspace
        annotation = self._annotator.controller.require_annotation()
        world = self._annotator.viewer.cursor.position
        point = None if workspace is None else workspace.pixel_at(world)
        label = 0
        if point is not None:
            labels = annotation.labels_on(annotation.read(), self._annotator.frame)
            label = int(labels[int(point[0]), int(point[1])])
        if label == 0:
            raise ScribbleError("There is no object under the mouse. Point at one.")
        return self.split(label, None, point)

    def _object(self, label: int | None) -> int:
        label = self._active.label if label is None else label
        self.table.require(label)
        return label

    def _move_by(self, rows: int) -> None:
        label = self._object(None)
        self._edits.move(label, self.table.labels.index(label) + rows)


class RangeTools:
    """In and out marks, and predictions of a range of frames.

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
        """Predict the frames between the marks; the labels of others stay.

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
        """Predict an object between the marks; the labels of all others stay.

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
