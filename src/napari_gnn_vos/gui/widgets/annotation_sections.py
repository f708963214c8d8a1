"""Sections of the dock widget that draw strokes, and predict and review labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from magicgui.widgets import CheckBox
from qtpy.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.elements import Section, add_to_menu, make_row
from napari_gnn_vos.gui.widgets.import_dialogs import import_labels, import_shapes
from napari_gnn_vos.gui.widgets.object_list import ObjectList

if TYPE_CHECKING:
    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

RANGES = ("predict", "predict_from_here", "predict_next", "predict_object")
"""Actions of the menu of ranges that predict."""
CHECKED = {
    "display.toggle_labels": "display.labels_shown",
    "display.toggle_contours": "display.contours_shown",
    "display.toggle_neighbours": "display.neighbours_shown",
    "display.toggle_previous": "display.previous_shown",
    "superpixels.toggle_boundaries": "superpixels.shown",
}
"""Actions that are switched on and off, and the attributes with their states."""


class DisplayMenu(QMenu):
    """Menu of labels, contours, comparisons, superpixels, opacity and colours.

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
        """Show the states; the user may have changed the layers."""
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
        self.display.setToolTip("Choose how labels are shown")
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
        self.imports.setEnabled(state.editable)
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
        self,
        menu: QMenu,
        text: str,
        call: Callable[[Annotator, QWidget], None],
        tooltip: str,
    ) -> None:
        item = menu.addAction(text)
        item.setToolTip(tooltip)
        perform = partial(call, self._annotator, self)
        item.triggered.connect(lambda _checked=False: self._attempt(perform))


class PredictionSection(Section):
    """Predict, undo, redo and review."""

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(annotator, attempt)
        self.predict = self._button("predict")
        self.auto_predict = CheckBox(
            text="Predict every stroke",
            tooltip="Predict automatically after every stroke",
        )
        self.auto_predict.changed.connect(self._set_auto_predict)
        self.range = self._make_range_menu()
        self.undo, self.redo = self._button("undo"), self._button("redo")
        self.history = self._button("window.show_history")
        self.most_uncertain = self._button("go_to_most_uncertain_frame")
        self.accept = self._button("toggle_accepted")
        self._accepted: tuple[int, ...] = ()
        self._editable = self._acceptable = False
        annotator.viewer.dims.events.point.connect(self._show_acceptance)
        self._arrange(
            make_row(self.predict, self.range),
            self.auto_predict.native,
            make_row(self.undo, self.redo, self.history),
            self.most_uncertain,
            self.accept,
        )

    def show_state(self, state: ViewState) -> None:
        """Enable the actions that are possible."""
        self.predict.setEnabled(state.ready)
        self.predict.highlight(state.next_action == "predict")
        self.range.setEnabled(state.ready)
        first, last = state.marks
        end = "" if last is None else f" to {last}"
        start = "" if first is None else f" {first}" if end else f" from {first}"
        self.range.setText(f"Range{start}{end}")
        self.undo.setEnabled(state.can_undo)
        self.redo.setEnabled(state.can_redo)
        self.history.setEnabled(state.video_open)
        self.most_uncertain.setEnabled(state.rounds > 0)
        self._accepted, self._editable = state.accepted, state.editable
        self._acceptable = state.rounds > 0 or state.predicting
        self._show_acceptance()
        self.most_uncertain.highlight(state.next_action == "most_uncertain")
        with self.auto_predict.changed.blocked():
            self.auto_predict.value = state.auto_predict

    def stop(self) -> None:
        """Disconnect from the viewer."""
        point = self._annotator.viewer.dims.events.point
        point.disconnect(self._show_acceptance)

    def _show_acceptance(self) -> None:
        """Show whether the displayed frame is accepted, and how many frames are."""
        count = len(self._accepted)
        release = self._annotator.frame in self._accepted
        self.accept.setEnabled(self._editable and (release or self._acceptable))
        verb = "Release" if release else "Accept"
        total = f" ({count} accepted)" if count else ""
        self.accept.setText(f"{verb} frame{total}")

    def _make_range_menu(self) -> QPushButton:
        button = QPushButton("Range")
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        button.setToolTip("Predict only some frames; the others keep their labels")
        menu = QMenu(button)
        for method in ("set_in", "set_out", "clear"):
            add_to_menu(menu, f"ranges.{method}", self._annotator, self._attempt)
        menu.addSeparator()
        for method in RANGES:
            add_to_menu(menu, f"ranges.{method}", self._annotator, self._attempt)
        button.setMenu(menu)
        return button

    def _set_auto_predict(self, enabled: bool) -> None:
        self._annotator.auto_predict.enabled = enabled
        self._annotator.preferences.change(auto_predict=enabled)
