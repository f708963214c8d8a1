"""The drawing of the open video and its history, kept consistent."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from psygnal import Signal

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.drawing_changes import changes, rebase
from napari_gnn_vos.controller.history import History, HistoryEntry
from napari_gnn_vos.controller.history_cache import VideoSource
from napari_gnn_vos.controller.messages import NO_PREDICTION
from napari_gnn_vos.controller.object_table import ObjectStore, ObjectTable, Tables
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.structures.canvas import (
    Canvas,
    compact,
    labels_of,
    overlaid,
    values_of,
)
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video import Video


class Annotation:
    """Drawing of a video, and the history of the actions on it.

    Parameters
    ----------
    source : DrawingSource
        The video and the layers with strokes.
    history : History, optional
        History of an earlier annotation of the video, which is continued.

    Attributes
    ----------
    history : History
    """

    drawing_read = Signal(Drawing)

    def __init__(self, source: DrawingSource, history: History | None = None) -> None:
        self.source, self.history = source, history or History()
        self._accepted = self.history.current.drawing.accepted

    @property
    def session(self) -> Session | None:
        """Session of the current entry; None before the video is prepared."""
        return self.history.current.session

    @property
    def prepared(self) -> bool:
        """Whether the video is prepared."""
        return self.session is not None

    @property
    def accepted_frames(self) -> tuple[int, ...]:
        """Accepted frames, ascending."""
        return tuple(sorted(self._accepted))

    def require_session(self) -> Session:
        """Return the session.

        Raises
        ------
        GnnVosError
            If the video is not prepared.
        """
        if self.session is None:
            raise GnnVosError("The video is not prepared. Press Prepare.")
        return self.session

    def read(self) -> Drawing:
        """Read the drawing; unchanged frames share the arrays of the current entry."""
        drawing = self.source.read(self.history.current.drawing)
        drawing = replace(drawing, accepted=self._accepted)
        self.drawing_read.emit(drawing)
        return drawing

    def restore_drawing(self, drawing: Drawing) -> None:
        """Write the drawing of a project."""
        self._write(drawing)

    def labels_to_accept(self, drawing: Drawing, frame: int) -> Canvas:
        """Return the predicted labels of a frame with the strokes on it, (H, W).

        Raises
        ------
        GnnVosError
            If there is no prediction.
        """
        labels = self.history.labels
        if labels is None:
            raise GnnVosError(NO_PREDICTION)
        strokes = drawing.canvas(frame, self.source.video.shape)
        return compact(overlaid(values_of(labels.frame(frame)), strokes))

    def labels_on(self, drawing: Drawing, frame: int) -> Canvas:
        """Return the predicted labels of a frame below the strokes, (H, W).

        Without a prediction, only strokes are labelled; 0 is background and unpainted.
        """
        labels = self.history.labels
        strokes = drawing.canvas(frame, self.source.video.shape)
        if labels is None:
            return labels_of(strokes)
        return np.where(strokes > 0, labels_of(strokes), labels.frame(frame))

    def new_scribbles(self, drawing: Drawing) -> tuple[Scribble, ...]:
        """Compute the scribbles that the session has not been predicted from."""
        predicted = self.history.current.predicted
        return changes(predicted, drawing, self.source.video.shape)

    @property
    def table(self) -> ObjectTable:
        """The objects of the video."""
        return self.source.objects.table

    def replace_drawing(
        self, drawing: Drawing, action: str, tables: Tables | None = None
    ) -> None:
        """Replace the drawing, as an action that can be undone.

        Parameters
        ----------
        drawing : Drawing
        action : str
            Name of the action in the history.
        tables : (ObjectTable, ObjectTable), optional
            Tables of objects before and after the action, if it changes them.
        """
        before, current = self.read(), self.history.current
        self._write(drawing)
        entry = replace(
            current, drawing=drawing, action=action, before=before, tables=tables
        )
        self.history.add(entry)

    def record_strokes(self) -> None:
        """Add the strokes that were drawn since the current entry as an action."""
        drawing, current = self.read(), self.history.current
        if not self._is_drawing_of(current, drawing):
            before = current.drawing
            entry = replace(current, drawing=drawing, action="strokes", before=before)
            self.history.add(replace(entry, tables=None))

    def record_tables(self, action: str, tables: Tables) -> None:
        """Add an action that changed the table of objects only."""
        current = self.history.current
        self.history.add(replace(current, action=action, before=None, tables=tables))

    def clear(self, action: str, before: Drawing | None = None) -> None:
        """Remove the drawing and all rounds; undo restores both.

        Parameters
        ----------
        action : str
        before : Drawing, optional
            Drawing that undo restores; the current one by default.
        """
        before = self.read() if before is None else before
        if before or self.history.current.rounds:
            self._write(Drawing())
            start = self.history.start
            self.history.add(replace(start, action=action, before=before, tables=None))

    def undo(self) -> HistoryEntry:
        """Undo the latest entry and its changes of the drawing; newer strokes are kept.

        Returns
        -------
        undone : HistoryEntry

        Raises
        ------
        HistoryEndError
            If there is nothing to undo.
        """
        drawing, undone = self.read(), self.history.undo()
        before = undone.before
        target = self.history.current.drawing if before is None else before
        self._write(rebase(drawing, undone.drawing, target))
        return undone

    def redo(self) -> HistoryEntry:
        """Restore the entry that was undone last; newer strokes are kept.

        Returns
        -------
        redone : HistoryEntry

        Raises
        ------
        HistoryEndError
            If there is nothing to redo.
        """
        drawing, base = self.read(), self.history.current.drawing
        redone = self.history.redo()
        base = base if redone.before is None else redone.before
        self._write(rebase(drawing, base, redone.drawing))
        return redone

    def step_to(self, drawing: Drawing) -> HistoryEntry | None:
        """Make the previous or the next entry current if it has this drawing.

        The layers are not changed.

        Returns
        -------
        entry : HistoryEntry or None
            The current entry; None if neither neighbour has the drawing.
        """
        if self._is_drawing_of(self.history.current, drawing):
            return None
        if self._is_drawing_of(self.history.previous, drawing):
            self.history.undo()
        elif self._is_drawing_of(self.history.following, drawing):
            self.history.redo()
        else:
            return None
        return self.history.current

    def _write(self, drawing: Drawing) -> None:
        self._accepted = drawing.accepted
        self.source.write(drawing)

    def _is_drawing_of(self, entry: HistoryEntry | None, drawing: Drawing) -> bool:
        if entry is None:
            return False
        return not changes(entry.drawing, drawing, self.source.video.shape)


class DrawingSource(Protocol):
    """A video and the drawing on it; in napari, the layers of a workspace."""

    @property
    def video(self) -> Video:
        """The video."""

    @property
    def source(self) -> VideoSource:
        """Layer and slice that the video shows."""

    @property
    def summary(self) -> str:
        """Size and labelled slice of the video, in one line."""

    @property
    def objects(self) -> ObjectStore:
        """The objects of the video."""

    @property
    def frame(self) -> int:
        """Number of the displayed frame."""

    @property
    def path(self) -> str:
        """File or folder of the video; empty for an array."""

    def read(self, last: Drawing | None = None) -> Drawing:
        """Read the drawing; unchanged frames are shared with `last`."""

    def read_frame(self, frame: int) -> tuple[Canvas | None, tuple[Scribble, ...]]:
        """Read the brush strokes of one frame, and all lines."""

    def write(self, drawing: Drawing) -> None:
        """Replace the drawing."""
