"""Actions on the objects of a video; all of them can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from psygnal import Signal

from napari_gnn_vos.controller.active_label import ActiveLabel
from napari_gnn_vos.controller.annotation import Annotation
from napari_gnn_vos.controller.auto_predict import AutoPredict
from napari_gnn_vos.controller.components import Point, separate_component
from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.messages import NO_VIDEO
from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.controller.rounds import Rounds
from napari_gnn_vos.errors import GnnVosError, ScribbleError


class ObjectEdits:
    """Add, describe, hide, lock, merge, split and remove objects.

    Parameters
    ----------
    annotation : callable
        Returns the annotation of the open video, or None.
    rounds : Rounds
        Predicts again after objects were removed, merged or split.
    active_label : ActiveLabel
        Has the table of objects.
    auto_predict : AutoPredict
        Paused while the drawing is written.
    """

    stepped = Signal(str)  # another history entry is current; message
    annotated = Signal(str)  # the annotation differs from what was predicted; message
    recorded = Signal(str)  # an action on the table only was recorded; message

    def __init__(
        self,
        annotation: Callable[[], Annotation | None],
        rounds: Rounds,
        active_label: ActiveLabel,
        auto_predict: AutoPredict,
    ) -> None:
        self._annotation, self._rounds = annotation, rounds
        self._active_label, self._auto_predict = active_label, auto_predict

    @property
    def _table(self) -> ObjectTable:
        return self._active_label.table

    def add(self) -> int:
        """Add an object at the end of the list, activate it, and return its label.

        Raises
        ------
        ScribbleError
            If the list is full.
        """
        (label,) = self._table.free_labels(1)
        name = self._name(label)
        table = self._table.with_labels([label])
        self._record(table, f"new {name}", f"{name} is added")
        self._active_label.choose(label)
        return label

    def rename(self, label: int, name: str) -> None:
        """Name an object; an empty name restores the default.

        Raises
        ------
        ScribbleError
            If there is no such object.
        """
        before, table = self._name(label), self._table.renamed(label, name)
        message = f"{before} is named {table.name_of(label)}"
        self._record(table, f"name of {before}", message)

    def recolour(self, label: int, colour: str) -> None:
        """Assign a colour ``#rrggbb`` to an object; an empty one restores the default.

        Raises
        ------
        ScribbleError
            If there is no such object, or the colour is not valid.
        """
        table = self._table.recoloured(label, colour)
        name = self._name(label)
        self._record(table, f"colour of {name}", f"{name} has another colour")

    def recolour_all(self, colours: Mapping[int, str]) -> None:
        """Assign colours ``#rrggbb`` to several objects, as one action.

        Raises
        ------
        ScribbleError
            If there is no such object, or a colour is not valid.
        """
        table = self._table
        for label, colour in colours.items():
            table = table.recoloured(label, colour)
        self._record(table, "new colours", "All objects have other colours")

    def move(self, label: int, row: int) -> None:
        """Move an object to a row of the list, from 1; background is in row 0.

        Raises
        ------
        ScribbleError
            If there is no such object.
        """
        table = self._table.moved(label, row)
        name = self._name(label)
        self._record(table, f"move of {name}", f"{name} is moved in the list")

    def lock(self, label: int, locked: bool = True) -> None:
        """Lock an object, or unlock it.

        Later rounds change the pixels of a locked object only under strokes, and other
        objects do not overwrite them.

        Raises
        ------
        ScribbleError
            If there is no such object.
        """
        verb, name = "lock" if locked else "unlock", self._name(label)
        table = self._table.with_locked(label, locked)
        message = f"{name} is {'locked' if locked else 'not locked any more'}"
        self._record(table, f"{verb} of {name}", message)

    def hide(self, label: int, hidden: bool = True) -> None:
        """Hide an object, or show it; it is still predicted and exported.

        Raises
        ------
        ScribbleError
            If there is no such object.
        """
        verb, name = "hiding" if hidden else "showing", self._name(label)
        table = self._table.with_hidden(label, hidden)
        message = f"{name} is {'hidden' if hidden else 'shown'}"
        self._record(table, f"{verb} of {name}", message)

    def show_only(self, label: int | None) -> None:
        """Show one object only, or all that are not hidden (None).

        Raises
        ------
        ScribbleError
            If there is no such object.
        """
        name = "all objects" if label is None else f"only {self._name(label)}"
        message = f"{name[0].upper()}{name[1:]} {'is' if label else 'are'} shown"
        self._record(self._table.with_solo(label), f"showing of {name}", message)

    def set_absent(self, label: int, frame: int, absent: bool = True) -> None:
        """Annotate an object as absent in a frame, or remove this annotation.

        Later rounds label no pixels of it there, except under strokes.

        Raises
        ------
        GnnVosError
            If there is no such object, or no video is open.
        """
        self._require_annotation()
        table = self._table.with_absent(frame, label, absent)
        state, name = "absent" if absent else "not absent any more", self._name(label)
        message = f"{name} is {state} in frame {frame}"
        self._record(table, f"absence of {name} in frame {frame}", message)
        self.annotated.emit(message)

    def remove(self, label: int) -> None:
        """Remove an object and its strokes.

        If the object is part of the prediction, all frames are predicted again.

        Raises
        ------
        GnnVosError
            If there is no such object, it is locked, no video is open, or a job is
            running that cannot be dropped.
        """
        self._rounds.drop_running()
        annotation, name = self._require_annotation(), self._name(label)
        self._table.require_unlocked(label)
        drawing, table = annotation.read(), self._table.without(label)
        if label in drawing.objects:
            self._replace(drawing.without(label), table, f"removal of {name}", label)
        else:
            self._record(table, f"removal of {name}", f"{name} is removed")

    def merge(self, label: int, into: int) -> None:
        """Merge an object into another one, which gets its strokes.

        If the object is part of the prediction, all frames are predicted again.

        Raises
        ------
        GnnVosError
            If there is no such object, one is locked, they are equal, no video is open,
            or a job is running that cannot be dropped.
        """
        self._rounds.drop_running()
        annotation = self._require_annotation()
        for each in (label, into):
            self._table.require_unlocked(each)
        if label == into:
            raise ScribbleError("Two different objects can be merged. Choose another.")
        action = f"merging of {self._name(label)} and {self._name(into)}"
        drawing, table = annotation.read(), self._table.without(label)
        if label in drawing.objects:
            self._replace(drawing.merged(label, into), table, action, label)
        else:
            self._record(table, action, f"{self._name(label)} is merged")
        self._active_label.choose(into)

    def split(self, label: int, frame: int, point: Point | None = None) -> int:
        """Make a new object from a connected component of an object on a frame.

        All components of the frame become strokes, and if the object is part of the
        prediction, all frames are predicted again.

        Parameters
        ----------
        label : int
        frame : int
        point : (row, column), optional
            A pixel of the component; by default all components but the largest.

        Returns
        -------
        label : int
            Label of the new object.

        Raises
        ------
        GnnVosError
            If there is no such object or component, it is locked, no video is open, or
            a job is running that cannot be dropped.
        """
        self._rounds.drop_running()
        annotation = self._require_annotation()
        self._table.require_unlocked(label)
        (new,), drawing = self._table.free_labels(1), annotation.read()
        mask = annotation.labels_on(drawing, frame) == label
        component = separate_component(mask, point, self._name(label), frame)
        action = f"splitting of {self._name(label)}"
        drawing = drawing.divided(frame, label, mask, new, component)
        self._replace(drawing, self._table.with_labels([new]), action, label)
        self._active_label.choose(new)
        return new

    def _name(self, label: int) -> str:
        return self._table.name_of(label)

    def _require_annotation(self) -> Annotation:
        annotation = self._annotation()
        if annotation is None:
            raise GnnVosError(NO_VIDEO)
        return annotation

    def _record(self, table: ObjectTable, action: str, message: str) -> None:
        """Replace the table, add the action to the history, and report it."""
        before, annotation = self._table, self._annotation()
        if table == before:
            return
        self._active_label.table = table
        if annotation is not None:
            annotation.record_tables(action, (before, table))
            self.recorded.emit(message)

    def _replace(
        self, drawing: Drawing, table: ObjectTable, action: str, label: int
    ) -> None:
        """Replace drawing and table, and predict again if `label` was predicted."""
        annotation, before = self._require_annotation(), self._table
        was_predicted = label in annotation.history.current.predicted.objects
        self._active_label.table = table
        with self._auto_predict.paused():
            annotation.replace_drawing(drawing, action, (before, table))
        if was_predicted and drawing.objects:
            self._rounds.predict(annotation, drawing, amend=True)
            self.stepped.emit("")  # the message is that of the round
            return
        if was_predicted:
            history = annotation.history
            history.amend(history.current, history.start.session, Drawing())
        self.stepped.emit(f"Done: {action}")
