"""Section of the dock widget: tools, objects, imports and display."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QMenu, QPushButton

from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.display_menu import DisplayMenu
from napari_gnn_vos.gui.widgets.layer_import_forms import import_labels, import_shapes
from napari_gnn_vos.gui.widgets.object_list import ObjectList
from napari_gnn_vos.gui.widgets.sections import Section, make_row

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.controller.view_state import ViewState


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
