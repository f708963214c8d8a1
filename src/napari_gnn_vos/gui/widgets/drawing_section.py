"""Section of the dock widget: tools, objects and imports."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QPushButton

from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.layer_import_forms import import_labels, import_shapes
from napari_gnn_vos.gui.widgets.object_list import ObjectList
from napari_gnn_vos.gui.widgets.sections import Section, make_label, make_row

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.controller.view_state import ViewState


class DrawingSection(Section):
    """Choose the tool and the label that is drawn next."""

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(annotator, attempt)
        self.brush, self.lines = self._button("use_brush"), self._button("use_lines")
        for tool in (self.brush, self.lines):
            tool.setCheckable(True)
        self.objects = ObjectList(annotator, attempt)
        self.add = self._button("objects.add")
        self.remove = self._button("objects.remove")
        self.import_labels = self._make_import(
            "Labels layer ...",
            import_labels,
            "Use masks of another layer or program as annotation of their frames",
        )
        self.import_shapes = self._make_import(
            "Shapes layer ...",
            import_shapes,
            "Use lines, polygons, rectangles, ellipses or points of another layer as "
            "strokes of an object",
        )
        self._arrange(
            make_label("caption", "Draw"),
            make_row(self.brush, self.lines),
            self.objects,
            make_row(self.add, self.remove),
            make_label("caption", "Use as annotation"),
            make_row(self.import_labels, self.import_shapes),
        )
        self._column.setStretchFactor(self.objects, 1)

    def show_state(self, state: ViewState) -> None:
        """Show the list of labels, the active label and the tool."""
        self.objects.show_state(state)
        self.brush.setChecked(state.tool_active and state.tool == "brush")
        self.lines.setChecked(state.tool_active and state.tool == "lines")
        self.remove.setEnabled(state.can_remove)
        self.import_labels.setEnabled(state.ready)
        self.import_shapes.setEnabled(state.ready)

    def _make_import(
        self, text: str, call: Callable[[Annotator], None], tooltip: str
    ) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        perform = partial(call, self._annotator)
        button.clicked.connect(lambda _checked=False: self._attempt(perform))
        return button
