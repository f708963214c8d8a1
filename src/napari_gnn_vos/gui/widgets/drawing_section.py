"""Section of the dock widget that draws: tools, objects, imports and display."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from magicgui.widgets import request_values
from napari.layers import Labels, Layer, Points, Shapes
from qtpy.QtWidgets import QMenu, QPushButton, QWidget

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.widgets.actions import Attempt, add_to_menu
from napari_gnn_vos.gui.widgets.elements import Section, make_row
from napari_gnn_vos.gui.widgets.object_list import ObjectList

if TYPE_CHECKING:
    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

THIS_FRAME, ALL_FRAMES = "this frame", "all frames with labels"
SAME_NUMBERS, NEW_OBJECTS = "numbers of the layer", "new objects"

CHECKED = {
    "display.toggle_labels": "display.labels_shown",
    "display.toggle_contours": "display.contours_shown",
    "display.toggle_neighbours": "display.neighbours_shown",
    "display.toggle_previous": "display.previous_shown",
    "superpixels.toggle_boundaries": "superpixels.shown",
}
"""Actions that are switched on and off, and attributes that say whether they are on."""


class DisplayMenu(QMenu):
    """Labels, contours, comparisons, superpixels, opacity and colours.

    Parameters
    ----------
    parent : QWidget
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, parent: QWidget, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(parent)
        self._annotator = annotator
        self.setToolTipsVisible(True)
        self._checked = [
            (add_to_menu(self, method, annotator, attempt), attribute)
            for method, attribute in CHECKED.items()
        ]
        for item, _ in self._checked:
            item.setCheckable(True)
        self.addSeparator()
        for method in ("cycle_opacity", "use_contrasting_colours"):
            add_to_menu(self, f"display.{method}", annotator, attempt)
        self.aboutToShow.connect(self._update)

    def _update(self) -> None:
        """Show what is switched on; the layers may have been changed by the user."""
        for item, attribute in self._checked:
            item.setChecked(bool(attrgetter(attribute)(self._annotator)))


class DrawingSection(Section):
    """Choose the tool and the label that is drawn next, and how labels are shown."""

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(annotator, attempt)
        self.brush, self.lines = self._button("use_brush"), self._button("use_lines")
        self.superpixels = self._button("superpixels.use_tool")
        for tool in (self.brush, self.lines, self.superpixels):
            tool.setCheckable(True)
        self.objects = ObjectList(annotator, attempt)
        self.add = self._button("objects.add")
        self.remove = self._button("objects.remove")
        self.imports, self.display = self._make_imports(), QPushButton("Display")
        self.display.setToolTip("How the labels are shown")
        self.display.setMenu(DisplayMenu(self.display, annotator, attempt))
        self._arrange(
            make_row(self.brush, self.lines, self.superpixels),
            self.objects,
            make_row(self.add, self.remove),
            make_row(self.imports, self.display),
        )
        self._column.setStretchFactor(self.objects, 1)

    def show_state(self, state: ViewState) -> None:
        """Show the list of labels, the active label and the tool."""
        self.objects.show_state(state)
        tools = (
            (self.brush, "brush"),
            (self.lines, "lines"),
            (self.superpixels, "superpixels"),
        )
        for button, tool in tools:
            button.setChecked(state.tool_active and state.tool == tool)
        self.superpixels.setEnabled(state.prepared)
        self.remove.setEnabled(state.can_remove)
        self.imports.setEnabled(state.ready)
        self.display.setEnabled(state.video_open)

    def _make_imports(self) -> QPushButton:
        button = QPushButton("Import")
        button.setToolTip("Use other layers as annotation")
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        self._add_import(
            menu,
            "Labels layer ...",
            import_labels,
            "Use masks of another layer or program as annotation of their frames",
        )
        self._add_import(
            menu,
            "Shapes or points layer ...",
            import_shapes,
            "Use lines, polygons, rectangles, ellipses or points of another layer as "
            "strokes of an object",
        )
        button.setMenu(menu)
        return button

    def _add_import(
        self, menu: QMenu, text: str, call: Callable[[Annotator], None], tooltip: str
    ) -> None:
        item = menu.addAction(text)
        item.setToolTip(tooltip)
        perform = partial(call, self._annotator)
        item.triggered.connect(lambda _checked=False: self._attempt(perform))


def import_labels(annotator: Annotator) -> None:
    """Ask for a labels layer and the frames, and use them as annotation.

    Raises
    ------
    ScribbleError
        If there is no labels layer to choose.
    """
    workspace = annotator.workspace
    if workspace is None:
        return
    choices = _layers(annotator, (Labels,))
    if not choices:
        raise ScribbleError(
            "There is no labels layer to use. Open one, or drag a mask into the window."
        )
    answer = request_values(
        title="Use labels as annotation",
        layer=_choice(choices, value=_most_likely(annotator, choices)),
        frames=_choice([THIS_FRAME, ALL_FRAMES]),
        objects=_choice([SAME_NUMBERS, NEW_OBJECTS]),
    )
    if answer:
        frame = workspace.frame if answer["frames"] == THIS_FRAME else None
        new = answer["objects"] == NEW_OBJECTS
        annotator.imports.use_labels(answer["layer"], frame, new_objects=new)


def import_shapes(annotator: Annotator) -> None:
    """Ask for a shapes or points layer and an object, and use it as strokes.

    Raises
    ------
    ScribbleError
        If there is no such layer to choose.
    """
    if annotator.workspace is None:
        return
    choices = _layers(annotator, (Shapes, Points))
    if not choices:
        raise ScribbleError(
            "There is no shapes or points layer to use. Add one with the buttons above "
            "the layer list, and draw in it."
        )
    table = annotator.objects.table
    answer = request_values(
        title="Use shapes or points as strokes",
        layer=_choice(choices, value=_most_likely(annotator, choices)),
        label=_choice(
            [(table.name_of(label), label) for label in table.labels],
            label="object",
            value=annotator.active_label.label,
        ),
        fill={
            "label": "fill areas",
            "annotation": bool,
            "value": True,
            "options": {"tooltip": "Fill polygons, rectangles and ellipses"},
        },
    )
    if answer:
        layer, label, fill = answer["layer"], answer["label"], answer["fill"]
        annotator.imports.use_shapes(layer, label, fill=fill)


def _choice(choices: Sequence[Any], **options: Any) -> dict[str, Any]:
    """Describe a combo box of a form, see `magicgui.widgets.create_widget`."""
    return {"widget_type": "ComboBox", "options": {"choices": choices}, **options}


def _most_likely(annotator: Annotator, choices: list[tuple[str, Layer]]) -> Layer:
    """Return the selected layer, or the one on top."""
    layers, active = [x for _, x in choices], annotator.viewer.layers.selection.active
    return active if active in layers else layers[-1]


def _layers(
    annotator: Annotator, kinds: tuple[type[Layer], ...]
) -> list[tuple[str, Layer]]:
    """List names and layers of some kinds, except those of the annotation."""
    workspace = annotator.workspace
    own = () if workspace is None else workspace.own_layers
    layers = annotator.viewer.layers
    return [(x.name, x) for x in layers if isinstance(x, kinds) and x not in own]
