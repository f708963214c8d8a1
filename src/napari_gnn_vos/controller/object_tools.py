"""Actions on the objects of the open video, with the active label as the default."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from napari_gnn_vos.errors import ScribbleError

if TYPE_CHECKING:
    from napari_gnn_vos.controller.components import Point
    from napari_gnn_vos.controller.controller import Controller
    from napari_gnn_vos.controller.object_table import ObjectTable


class ObjectTools:
    """Edit the objects of the open video; undo reverses all actions.

    Without an argument, a method acts on the active label and on the displayed frame.

    Parameters
    ----------
    controller : Controller
    keeping_tool : callable
        Returns a context that restores the active tool if its body replaces a layer.
    point_at_cursor : callable
        Returns row and column of the mouse; None outside the frame.
    """

    def __init__(
        self,
        controller: Controller,
        keeping_tool: Callable[[], AbstractContextManager[None]],
        point_at_cursor: Callable[[], Point | None],
    ) -> None:
        self._controller, self._edits = controller, controller.objects
        self._active = controller.active_label
        self._keeping_tool, self._point_at_cursor = keeping_tool, point_at_cursor

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
        """Mark an object as absent in a frame, or as present; return whether absent.

        Later predictions label no pixels of it there, except under strokes.

        Raises
        ------
        GnnVosError
            If it is not an object of the list, or no video is open.
        """
        label = self._object(label)
        frame = self._controller.frame if frame is None else frame
        absent = (frame, label) not in self.table.absent
        self._edits.set_absent(label, frame, absent)
        return absent

    def remove(self, label: int | None = None) -> None:
        """Remove an object and its strokes.

        If the object is part of the prediction, all frames are predicted again.

        Raises
        ------
        GnnVosError
            If there is no such object, it is locked, or a job is running that cannot be
            dropped.
        """
        with self._keeping_tool():
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
        with self._keeping_tool():
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
        frame = self._controller.frame if frame is None else frame
        with self._keeping_tool():
            return self._edits.split(self._object(label), frame, point)

    def split_at_cursor(self) -> int:
        """Make a new object from the component under the mouse; return its label.

        Raises
        ------
        GnnVosError
            If there is no object under the mouse, it is locked, or a job is running
            that cannot be dropped.
        """
        annotation = self._controller.require_annotation()
        point, label = self._point_at_cursor(), 0
        if point is not None:
            labels = annotation.labels_on(annotation.read(), self._controller.frame)
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
