"""Undo and redo, and actions that change the drawing as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_gnn_vos.controller.active_label import ActiveLabel
from napari_gnn_vos.controller.annotation import Annotation
from napari_gnn_vos.controller.auto_predict import AutoPredict
from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.drawing_conversion import (
    canvases_from_labels,
    object_numbers,
    require_labels,
)
from napari_gnn_vos.controller.history import HistoryEntry
from napari_gnn_vos.controller.messages import describe_count
from napari_gnn_vos.controller.object_table import Tables
from napari_gnn_vos.controller.rounds import Rounds
from napari_gnn_vos.controller.table_changes import rebase_table


class Edits:
    """Undo and redo, reset, accepted frames and imported labels.

    Parameters
    ----------
    annotation : callable
        Returns the annotation of the open video, or raises a `GnnVosError`.
    rounds : Rounds
        Running rounds are dropped by actions on the drawing.
    active_label : ActiveLabel
        Its table of objects is kept consistent with the history.
    auto_predict : AutoPredict
        Paused while the drawing is written.
    """

    stepped = Signal(str)  # the history has another current entry; message
    annotated = Signal(str)  # the drawing differs from the predicted one; message
    deferred = Signal(str)  # an action waits for the running round; message

    def __init__(
        self,
        annotation: Callable[[], Annotation],
        rounds: Rounds,
        active_label: ActiveLabel,
        auto_predict: AutoPredict,
    ) -> None:
        self._annotation, self._rounds = annotation, rounds
        self._active_label, self._auto_predict = active_label, auto_predict
        self._deferred: set[int] = set()  # frames to accept or release after a round
        rounds.idle.connect(self._accept_deferred)
        rounds.discarded.connect(self._forget_deferred)

    def toggle_accepted(self, frame: int) -> bool:
        """Accept the labels of a frame as they are, or release an accepted frame.

        While a round is running, this waits for its labels.

        Returns
        -------
        accepted : bool
            Whether the frame is accepted now, or will be after the running round.

        Raises
        ------
        GnnVosError
            If there is no prediction, or a job is running that is not a round.
        """
        annotation = self._annotation()
        release = frame in annotation.accepted_frames
        if self._rounds.running:
            return self._defer_acceptance(frame, release)
        self._rounds.require_idle()
        drawing = annotation.read()
        canvas = None if release else annotation.labels_to_accept(drawing, frame)
        action = f"{'release' if release else 'acceptance'} of frame {frame}"
        with self._auto_predict.paused():
            annotation.replace_drawing(drawing.accept(frame, canvas), action)
        self.annotated.emit(
            f"Frame {frame} is {'not accepted any more' if release else 'accepted'}"
        )
        return not release

    def _defer_acceptance(self, frame: int, release: bool) -> bool:
        self._deferred ^= {frame}
        accepted = (frame in self._deferred) != release
        state = "accepted" if accepted else "not accepted"
        self.deferred.emit(f"Frame {frame} is {state} after this prediction")
        return accepted

    def _accept_deferred(self) -> None:
        """Accept or release the frames that waited for a round."""
        if not self._rounds.running:
            frames, self._deferred = sorted(self._deferred), set()
            for frame in frames:
                self.toggle_accepted(frame)

    def _forget_deferred(self) -> None:
        self._deferred.clear()

    def import_labels(
        self,
        frames: Mapping[int, NDArray[Any]],
        names: Mapping[int, str],
        colours: Mapping[int, str] | None = None,
        *,
        new_objects: bool = False,
        objects: Mapping[int, int] | None = None,
    ) -> None:
        """Use labels of another program as accepted frames; undo removes them.

        Parameters
        ----------
        frames : mapping of int to (H, W) ndarray of int
            Label images by frame; see `object_numbers` for the ids.
        names : mapping of int to str
            Names of ids.
        colours : mapping of int to str, optional
            Colours of ids, ``#rrggbb``. Names and colours that were assigned to objects
            before are kept.
        new_objects : bool
            Whether the ids get numbers that are not in the list of objects.
        objects : mapping of int to int, optional
            Label of each id; other ids are background. It is used instead of
            `new_objects`.

        Raises
        ------
        GnnVosError
            If there are no labels or too many, no video is open, or a job is running
            that cannot be dropped.
        """
        self._rounds.drop_running()
        annotation = self._annotation()
        before = self._active_label.table
        if objects is None:
            ids = [np.unique(labels) for labels in frames.values()]
            objects = object_numbers(np.concatenate([np.zeros(1, int), *ids]))
            if new_objects:
                numbers = before.free_labels(len(objects))
                objects = dict(zip(objects, numbers, strict=True))
        require_labels(objects.values())
        drawing = annotation.read()
        for t, canvas in canvases_from_labels(frames, objects).items():
            drawing = drawing.accept(t, canvas)
        named, coloured = (
            {objects[value]: each[value] for value in objects if value in each}
            for each in (names, colours or {})
        )
        table = before.with_labels(objects.values()).with_defaults(named, coloured)
        with self._auto_predict.paused():
            annotation.replace_drawing(drawing, "import of labels", (before, table))
        self._active_label.table = table
        self.annotated.emit(
            f"Labels of {describe_count(len(frames), 'frame')} are used, with "
            f"{describe_count(len({*objects.values()}), 'object')}"
        )

    def undo(self) -> None:
        """Undo the last action: a round with its strokes, a removal or a reset.

        Newer strokes are kept, and their objects stay in the list. A running round is
        dropped, and its strokes are undone.

        Raises
        ------
        HistoryEndError
            If there is nothing to undo.
        GnnVosError
            If a job is running that cannot be dropped.
        """
        dropped = self._rounds.drop_running()
        annotation = self._annotation()
        with self._auto_predict.paused():
            if dropped:
                annotation.record_strokes()
            undone = self._undo(annotation)
        self.stepped.emit(f"Undone: {undone.action}")

    def redo(self) -> None:
        """Restore the action that was undone last; newer strokes are kept.

        Raises
        ------
        HistoryEndError
            If there is nothing to redo.
        GnnVosError
            If a job is running that cannot be dropped.
        """
        self._rounds.drop_running()
        annotation = self._annotation()
        with self._auto_predict.paused():
            redone = self._redo(annotation)
        self.stepped.emit(f"Redone: {redone.action}")

    def go_to(self, index: int) -> None:
        """Undo or redo until an entry of the history is the current one.

        Newer strokes are kept.

        Parameters
        ----------
        index : int
            Index into the entries of the history.

        Raises
        ------
        GnnVosError
            If there is no such entry, or a job is running that cannot be dropped.
        """
        self._rounds.drop_running()
        annotation = self._annotation()
        steps = index - annotation.history.index
        with self._auto_predict.paused():
            for _ in range(abs(steps)):
                (self._redo if steps > 0 else self._undo)(annotation)
        action = annotation.history.current.action if index else "start"
        self.stepped.emit(f"At: {action}")

    def _undo(self, annotation: Annotation) -> HistoryEntry:
        undone = annotation.undo()
        tables = undone.tables and (undone.tables[1], undone.tables[0])
        self._rebase_table(annotation, tables)
        return undone

    def _redo(self, annotation: Annotation) -> HistoryEntry:
        redone = annotation.redo()
        self._rebase_table(annotation, redone.tables)
        return redone

    def _rebase_table(self, annotation: Annotation, tables: Tables | None) -> None:
        """Apply the difference between two tables, and list all drawn objects."""
        active = self._active_label
        table = active.table if tables is None else rebase_table(active.table, *tables)
        active.table = table.with_labels(annotation.read().objects)

    def add_drawing(self, drawing: Drawing, action: str) -> None:
        """Add strokes from a source such as a shapes layer; undo removes them.

        Parameters
        ----------
        drawing : Drawing
            Brush strokes are painted over those of the drawing; lines follow its lines.
        action : str

        Raises
        ------
        GnnVosError
            If no video is open, or a job is running that cannot be dropped.
        """
        self._rounds.drop_running()
        annotation = self._annotation()
        before = present = annotation.read()
        for t, canvas in drawing.brush.items():
            present = present.painted(t, canvas)
        present = replace(present, lines=(*before.lines, *drawing.lines))
        with self._auto_predict.paused():
            annotation.replace_drawing(present, action)
        self.annotated.emit(f"Added: {action}")

    def reset(self, before: Drawing | None = None) -> None:
        """Clear the drawing and the prediction; undo restores both.

        Parameters
        ----------
        before : Drawing, optional
            Drawing that undo restores; the current one by default.

        Raises
        ------
        GnnVosError
            If no video is open, or a job is running that cannot be dropped.
        """
        self._rounds.drop_running()
        with self._auto_predict.paused():
            self._annotation().clear("reset", before)
        self.stepped.emit("Everything is cleared; Undo restores it")
