"""The list of labels with colours, visibility and locks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QSize, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QApplication,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QWidget,
)

from napari_gnn_vos.gui.controller.object_table import ObjectTable
from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.object_menu import ObjectMenu
from napari_gnn_vos.gui.widgets.object_row import (
    HIDDEN,
    LABEL,
    LOCKED,
    SWATCH,
    SWATCH_COLOUR,
    ObjectDelegate,
    RowIcon,
    icon_at,
)
from napari_gnn_vos.structures.scribbles import BACKGROUND

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.controller.view_state import ViewState

ROWS_SHOWN = 3
"""The list fills the height of the dock; a dock that is lower than this scrolls."""


class ObjectList(QListWidget):
    """Show the list of labels.

    A click activates a label, a double click renames it, the icons at the right hide
    and lock it, rows can be dragged, and the right button opens a menu.

    Parameters
    ----------
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__()
        self._annotator, self._attempt = annotator, attempt
        self._shown: ObjectTable | None = None  # None if rows may differ from it
        self._last_focus: QWidget | None = None  # before a name is edited
        self.setObjectName("objects")
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setUniformItemSizes(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setItemDelegate(ObjectDelegate(self))
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setToolTip(
            "The label that you draw next; keys 0 to 9 select one. Background marks "
            "where no object is; it is needed only where the prediction is wrong. A "
            "double click renames an object, the eye hides it, the lock keeps its "
            "labels, and the right button opens a menu."
        )
        self.currentRowChanged.connect(self._choose)
        self.itemClicked.connect(self._choose_clicked)
        self.itemChanged.connect(self._rename)
        self.model().rowsMoved.connect(self._move)
        self.customContextMenuRequested.connect(self._open_menu)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size for a few rows, the least that is shown."""
        row = max(self.sizeHintForRow(0), SWATCH + 6)
        return QSize(120, ROWS_SHOWN * row + 2 * self.frameWidth())

    def edit(self, *args: object) -> bool | None:
        """Start editing a name, and remember the widget that had the focus."""
        last_focus = QApplication.focusWidget()
        started = super().edit(*args)
        if started:
            self._last_focus = last_focus
        return started  # type: ignore[no-any-return]

    def closeEditor(  # noqa: N802
        self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint
    ) -> None:
        """Return the focus to the widget that had it before editing."""
        super().closeEditor(editor, hint)
        if self._last_focus is not None:
            with suppress(RuntimeError):  # the window is being closed
                self._last_focus.setFocus()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Hide or lock the object of an icon; other clicks choose a label."""
        position, tools = event.position().toPoint(), self._annotator.objects
        item, icon = self.itemAt(position), None
        if item is not None and item.data(LABEL) != BACKGROUND:
            icon = icon_at(self.visualItemRect(item), position)
        if icon is None or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        label = item.data(LABEL)
        toggle = tools.toggle_locked if icon is RowIcon.LOCK else tools.toggle_hidden
        self._attempt(lambda: toggle(label))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Rename an object; a second click on an icon is a click."""
        position = event.position().toPoint()
        item = self.itemAt(position)
        on_icon = item is not None and icon_at(self.visualItemRect(item), position)
        (self.mousePressEvent if on_icon else super().mouseDoubleClickEvent)(event)

    def show_state(self, state: ViewState) -> None:
        """Show the labels, their properties and the active label."""
        table, shown = state.table, self._shown
        self.blockSignals(True)
        if table is not shown:
            kept = self._set_labels(table.labels)
            changed = {*table.labels} if shown is None else table.differing(shown)
            absent = table.absent_frames
            for row, label in enumerate(table.labels):
                if row >= kept or label in changed:
                    _show_object(self.item(row), table, absent.get(label, []))
            self._shown = table
            self.viewport().update()
        self.setCurrentRow(table.labels.index(state.active_label))
        self.blockSignals(False)

    def _set_labels(self, labels: tuple[int, ...]) -> int:
        """Replace the rows from the first that differs; return the number of others."""
        kept = 0
        for present, label in zip(self._labels(), labels, strict=False):
            if present != label:
                break
            kept += 1
        for row in reversed(range(kept, self.count())):
            self.takeItem(row)
        for label in labels[kept:]:
            self.addItem(_item(label))
        return kept

    def _labels(self) -> tuple[int, ...]:
        return tuple(self.item(row).data(LABEL) for row in range(self.count()))

    def _choose(self, row: int) -> None:
        if row >= 0:
            self._annotator.active_label.choose(self.item(row).data(LABEL))

    def _choose_clicked(self, item: QListWidgetItem) -> None:
        """Activate the tool again if another layer was selected meanwhile."""
        self._annotator.active_label.choose(item.data(LABEL))

    def _rename(self, item: QListWidgetItem) -> None:
        label, name = item.data(LABEL), item.text()
        self._shown = None
        if label != BACKGROUND:
            self._attempt(lambda: self._annotator.objects.rename(label, name))

    def _move(self, *_args: object) -> None:
        """Move the object that was dragged to another row."""
        self._shown = None
        before, after = self._annotator.objects.table.labels, self._labels()
        label = self.currentItem().data(LABEL)
        if after != before and label != BACKGROUND:
            row = after.index(label)
            self._attempt(lambda: self._annotator.objects.move(label, row))

    def _open_menu(self, position: QPoint) -> None:
        item = self.itemAt(position)
        if item is not None and item.data(LABEL) != BACKGROUND:
            self._annotator.active_label.choose(item.data(LABEL))
            menu = ObjectMenu(self, self._annotator, self._attempt)
            menu.popup(self.viewport().mapToGlobal(position))


def _item(label: int) -> QListWidgetItem:
    """Create a row; objects can be renamed and dragged, background cannot."""
    item = QListWidgetItem()
    item.setData(LABEL, label)
    flags = item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled
    if label == BACKGROUND:
        flags &= ~Qt.ItemFlag.ItemIsDragEnabled
    else:
        flags |= Qt.ItemFlag.ItemIsEditable
    item.setFlags(flags)
    return item


def _show_object(item: QListWidgetItem, table: ObjectTable, absent: list[int]) -> None:
    """Show the properties of an object in its row; it is absent in some frames."""
    label = item.data(LABEL)
    item.setData(SWATCH_COLOUR, table.colour_of(label))
    item.setText(table.name_of(label))
    item.setData(LOCKED, label in table.locked)
    item.setData(HIDDEN, table.is_invisible(label))
    numbers = ", ".join(map(str, absent))
    item.setToolTip(f"Absent in frame {numbers}" if absent else "")
