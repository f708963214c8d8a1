"""Actions that change the drawing or the current entry of the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_gnn_vos.gui.controller.active_label import ActiveLabel
from napari_gnn_vos.gui.controller.annotation import Annotation
from napari_gnn_vos.gui.controller.drawing import Drawing
from napari_gnn_vos.gui.controller.jobs import AutoPredict
from napari_gnn_vos.gui.controller.label_import import (
    canvases_from_labels,
    object_numbers,
)
from napari_gnn_vos.gui.controller.rounds import Rounds


class Edits:
    """Undo and redo, and the actions that can be undone, except rounds.

    Parameters
    ----------
    annotation : callable
        Returns the annotation of the open video, or raises a `GnnVosError`.
    rounds : Rounds
        Predicts again after a removal.
    active_label : ActiveLabel
        Its list is kept consistent with the history.
    auto_predict : AutoPredict
        Paused while the drawing is written.
    """

    stepped = Signal(str)  # another history entry is current; message
    annotated = Signal(str)  # the drawing has more or less than was predicted; message

    def __init__(
        self,
        annotation: Callable[[], Annotation],
        rounds: Rounds,
        active_label: ActiveLabel,
        auto_predict: AutoPredict,
    ) -> None:
        self._annotation, self._rounds = annotation, rounds
        self._active_label, self._auto_predict = active_label, auto_predict

    def toggle_accepted(self, frame: int) -> bool:
        """Accept the labels of a frame as they are, or release an accepted frame.

        Returns
        -------
        accepted : bool
            Whether the frame is accepted now.

        Raises
        ------
        GnnVosError
            If there is no prediction, or a job is running.
        """
        self._rounds.require_idle()
        annotation = self._annotation()
        release = frame in annotation.accepted_frames
        drawing = annotation.read()
        canvas = None if release else annotation.labels_to_accept(drawing, frame)
        action = f"{'release' if release else 'acceptance'} of frame {frame}"
        with self._auto_predict.paused():
            annotation.replace_drawing(drawing.accept(frame, canvas), action)
        self.annotated.emit(
            f"Frame {frame} is {'not accepted any more' if release else 'accepted'}"
        )
        return not release

    def import_labels(
        self, frames: Mapping[int, NDArray[Any]], names: Mapping[int, str]
    ) -> None:
        """Accept labels of another program on some frames; undo removes them.

        Parameters
        ----------
        frames : mapping of int to (H, W) ndarray of int
            Label images by frame; see `object_numbers` for the ids.
        names : mapping of int to str
            Names of ids.

        Raises
        ------
        GnnVosError
            If there are no labels or too many, no video is open, or a job is running.
        """
        self._rounds.require_idle()
        annotation = self._annotation()
        ids = [np.unique(labels) for labels in frames.values()]
        objects = object_numbers(np.concatenate([np.zeros(1, int), *ids]))
        drawing = annotation.read()
        for t, canvas in canvases_from_labels(frames, objects).items():
            drawing = drawing.accept(t, canvas)
        with self._auto_predict.paused():
            annotation.replace_drawing(drawing, "import of labels")
        self._active_label.list_objects(objects.values())
        for value, label in objects.items():
            if value in names:
                self._active_label.rename(label, names[value])
        count = f"{len(frames)} frame{'' if len(frames) == 1 else 's'}"
        self.annotated.emit(f"Labels of {count} are used, with {len(objects)} objects")

    def undo(self) -> None:
        """Undo the last action: a round with its strokes, a removal or a reset.

        Newer strokes are kept.

        Raises
        ------
        HistoryEndError
            If there is nothing to undo.
        GnnVosError
            If a job is running.
        """
        self._rounds.require_idle()
        with self._auto_predict.paused():
            undone = self._annotation().undo()
        self._active_label.list_objects(undone.removed)
        self.stepped.emit(f"Undone: {undone.action}")

    def redo(self) -> None:
        """Restore the action that was undone last; newer strokes are kept.

        Raises
        ------
        HistoryEndError
            If there is nothing to redo.
        GnnVosError
            If a job is running.
        """
        self._rounds.require_idle()
        with self._auto_predict.paused():
            redone = self._annotation().redo()
        for label in redone.removed:
            self._active_label.discard(label)
        self.stepped.emit(f"Redone: {redone.action}")

    def reset(self, before: Drawing | None = None) -> None:
        """Clear the drawing and the prediction; undo restores both.

        Parameters
        ----------
        before : Drawing, optional
            Drawing that undo restores; the present one by default.

        Raises
        ------
        GnnVosError
            If no video is open, or a job is running.
        """
        self._rounds.require_idle()
        with self._auto_predict.paused():
            self._annotation().clear("reset", before)
        self.stepped.emit("Everything is cleared; Undo restores it")

    def remove(self, label: int) -> None:
        """Remove an object and its strokes; undo restores them.

        If the object is part of the prediction, all frames are predicted again.

        Raises
        ------
        GnnVosError
            If there is no such object, no video is open, or a job is running.
        """
        self._rounds.require_idle()
        annotation, name = self._annotation(), self._active_label.name_of(label)
        drawing = annotation.read()
        self._active_label.remove(label)
        if label in drawing.objects:
            removal = f"removal of {name}"
            self._replace_objects(drawing.without(label), removal, label)

    def _replace_objects(self, drawing: Drawing, action: str, removed: int) -> None:
        """Replace the drawing by one without an object, and predict again."""
        annotation = self._annotation()
        was_predicted = removed in annotation.history.current.predicted.objects
        with self._auto_predict.paused():
            annotation.replace_drawing(drawing, action, (removed,))
        if was_predicted and drawing.objects:
            self._rounds.predict(annotation, drawing, amend=True)
        elif was_predicted:
            session = annotation.history.start.session
            annotation.history.amend(session, Drawing())
        self.stepped.emit("")
