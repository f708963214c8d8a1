"""Dialogs that use other layers as annotation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, Container
from napari.layers import Labels, Layer, Points, Shapes
from qtpy.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from napari_gnn_vos.controller.layer_metadata import names_in
from napari_gnn_vos.controller.messages import describe_count
from napari_gnn_vos.controller.palette import LAST_OBJECT
from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.widgets.elements import align_labels, make_label, make_row
from napari_gnn_vos.structures.scribbles import BACKGROUND

if TYPE_CHECKING:
    from napari_gnn_vos.controller.object_table import ObjectTable
    from napari_gnn_vos.gui.annotator import Annotator

THIS_FRAME, ALL_FRAMES = "this frame", "all frames with labels"
SAME_NUMBERS, NEW_OBJECTS = "numbers of the layer", "new objects"
NEW = -1
"""Value of the choice *new object*."""
MAX_IDS, MAX_OBJECTS = 10, 100
"""Largest numbers of ids and of objects with which an object is chosen for each id."""
WIDTH = 380
"""Smallest width of a dialog in pixels."""


class FormDialog(QDialog):
    """A form of magicgui with a note, and buttons to accept and to cancel.

    Parameters
    ----------
    title : str
    fields : sequence of magicgui widgets
    parent : QWidget or None
    """

    def __init__(
        self, title: str, fields: Sequence[Any], parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH)
        self.form = Container(widgets=fields)
        self.note = make_label("hint", title)
        self.use, self.quit = QPushButton("Use"), QPushButton("Cancel")
        self.use.setToolTip("Use the layer as annotation; Undo removes it")
        self.quit.setToolTip("Close without changes")
        self.use.clicked.connect(self.accept)
        self.quit.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (self.note, self.form.native, make_row(self.quit, self.use)):
            column.addWidget(widget)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Align the fields."""
        super().showEvent(event)
        align_labels(self.form.native)


class LabelsDialog(FormDialog):
    """Choose a labels layer, its frames, and an object for each id.

    Parameters
    ----------
    annotator : Annotator
    layers : list of (str, Labels)
    parent : QWidget or None
    """

    def __init__(
        self,
        annotator: Annotator,
        layers: list[tuple[str, Layer]],
        parent: QWidget | None,
    ) -> None:
        self._annotator = annotator
        self.layer = _layer_field(annotator, layers)
        self.frames = ComboBox(label="Frames", choices=[THIS_FRAME, ALL_FRAMES])
        self.numbers = ComboBox(label="Objects", choices=[SAME_NUMBERS, NEW_OBJECTS])
        self.objects: dict[int, ComboBox] = {}
        fields = [self.layer, self.frames, self.numbers]
        super().__init__("Use labels as annotation", fields, parent)
        self.layer.changed.connect(self._list_ids)
        self.frames.changed.connect(self._list_ids)
        self._list_ids()

    @property
    def frame(self) -> int | None:
        """Number of the frame that is used; None for all frames with labels."""
        return self._annotator.frame if self.frames.value == THIS_FRAME else None

    @property
    def mapping(self) -> dict[int, int] | None:
        """Label of each id that becomes an object; None if they are too many."""
        if not self.objects:
            return None
        chosen = {value: int(field.value) for value, field in self.objects.items()}
        old = {value: label for value, label in chosen.items() if label > BACKGROUND}
        new = [value for value, label in chosen.items() if label == NEW]
        table = self._annotator.objects.table.with_labels(old.values())
        return old | dict(zip(new, table.free_labels(len(new)), strict=True))

    def _list_ids(self) -> None:
        """List the ids of the layer, with a field for each if there are few."""
        for field in self.objects.values():
            self.form.remove(field)
        self.objects = {}
        try:
            ids = self._annotator.imports.ids_of(self.layer.value, self.frame)
        except ScribbleError as error:
            self._show(str(error), usable=False)
            return
        table, names = self._annotator.objects.table, names_in(self._features)
        if 0 < len(ids) <= MAX_IDS and len(table.objects) <= MAX_OBJECTS:
            active = self._annotator.active_label.label
            first = active or next(iter(table.objects), NEW)
            for value in ids:
                name = names.get(value, "")
                only = first if len(ids) == 1 and not name else None
                field = _object_field(table, value, name, only)
                self.objects[value] = field
                self.form.append(field)
        self.numbers.visible = len(ids) > 0 and not self.objects
        where = "on this frame" if self.frame is not None else "on all frames"
        if ids:
            count = describe_count(len(ids), "label")
            self._show(f"{count} {where}. Choose an object for each.", usable=True)
        else:
            self._show(f"No labels {where}. Choose others.", usable=False)

    @property
    def _features(self) -> Any:
        return self.layer.value.features

    def _show(self, note: str, *, usable: bool) -> None:
        self.note.setText(note)
        self.use.setEnabled(usable)
        align_labels(self.form.native)
        self.adjustSize()


def _object_field(
    table: ObjectTable, value: int, name: str, proposed: int | None
) -> ComboBox:
    """Create the field that chooses the object for an id of the layer.

    The object with the name of the id is proposed, otherwise `proposed` if it is given.
    """
    choices = [(table.name_of(label), label) for label in table.objects]
    named = [label for text, label in choices if text == name]
    if value not in table.labels and 0 < value <= LAST_OBJECT:
        choices.append((f"{name or table.name_of(value)} (new)", value))
    choices += [("new object", NEW), ("background", BACKGROUND)]
    known = [label for _, label in choices]
    default = value if value in known else NEW
    proposed = named[0] if named else proposed
    label = f"Label {value} {name}".strip()
    return ComboBox(
        label=label,
        choices=choices,
        value=default if proposed is None else proposed,
        tooltip=f"Object that the label {value} of the layer becomes",
    )


def import_labels(annotator: Annotator, parent: QWidget | None = None) -> None:
    """Ask for a labels layer, frames and objects, and use it as annotation.

    Raises
    ------
    ScribbleError
        If there is no labels layer to choose.
    """
    if annotator.workspace is None:
        return
    advice = (
        "There is no labels layer to use. Open one, or drag a mask into the window."
    )
    layers = _layers(annotator, (Labels,), advice)
    dialog = LabelsDialog(annotator, layers, parent)
    accepted = dialog.exec()
    dialog.deleteLater()
    if accepted:
        annotator.imports.use_labels(
            dialog.layer.value,
            dialog.frame,
            new_objects=dialog.numbers.value == NEW_OBJECTS,
            objects=dialog.mapping,
        )


def import_shapes(annotator: Annotator, parent: QWidget | None = None) -> None:
    """Ask for a shapes or points layer and an object, and use it as strokes.

    Raises
    ------
    ScribbleError
        If there is no such layer to choose.
    """
    if annotator.workspace is None:
        return
    advice = (
        "There is no shapes or points layer to use. Add one with the buttons above the "
        "layer list, and draw in it."
    )
    layers = _layers(annotator, (Shapes, Points), advice)
    table = annotator.objects.table
    layer = _layer_field(annotator, layers)
    label = ComboBox(
        label="Object",
        choices=[(table.name_of(label), label) for label in table.labels],
        value=annotator.active_label.label,
    )
    fill = CheckBox(
        text="Fill areas", value=True, tooltip="Fill polygons, rectangles and ellipses"
    )
    title = "Use shapes or points as strokes"
    dialog = FormDialog(title, [layer, label, fill], parent)
    accepted = dialog.exec()
    dialog.deleteLater()
    if accepted:
        annotator.imports.use_shapes(layer.value, label.value, fill=bool(fill.value))


def _layer_field(annotator: Annotator, choices: list[tuple[str, Layer]]) -> ComboBox:
    """Create the field of a layer; the selected or topmost one is proposed."""
    layers, active = [x for _, x in choices], annotator.viewer.layers.selection.active
    value = active if active in layers else layers[-1]
    return ComboBox(name="layer", label="Layer", choices=choices, value=value)


def _layers(
    annotator: Annotator, kinds: tuple[type[Layer], ...], advice: str
) -> list[tuple[str, Layer]]:
    """List layers of the given kinds by name, except those of the annotation.

    Raises
    ------
    ScribbleError
        With the advice, if there are none.
    """
    workspace = annotator.workspace
    own = () if workspace is None else workspace.own_layers
    layers = annotator.viewer.layers
    listed = [(x.name, x) for x in layers if isinstance(x, kinds) and x not in own]
    if not listed:
        raise ScribbleError(advice)
    return listed
