"""The list of objects, and the menu of an object."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QSize, Qt
from qtpy.QtGui import QColor, QMouseEvent
from qtpy.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QApplication,
    QColorDialog,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QSizePolicy,
    QWidget,
)

from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.elements import add_to_menu
from napari_gnn_vos.gui.widgets.object_rows import (
    LABEL,
    SWATCH,
    ObjectDelegate,
    RowIcon,
    icon_at,
    make_item,
    show_object,
)
from napari_gnn_vos.structures.scribbles import BACKGROUND

if TYPE_CHECKING:
    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

CHECKED_ACTIONS = (
    *("objects.toggle_hidden", "objects.toggle_solo"),
    *("objects.toggle_locked", "objects.toggle_absent"),
)
ROWS_SHOWN = 3
"""Smallest number of visible rows; with less height, the dock scrolls."""


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
        """Return the size of the smallest number of visible rows."""
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
            new = self._set_labels(table.labels)
            changed = {*table.labels} if shown is None else table.differing(shown)
            absent = table.absent_frames
            for row, label in enumerate(table.labels):
                if row in new or label in changed:
                    show_object(self.item(row), table, absent.get(label, []))
            self._shown = table
            self.viewport().update()
        self.setCurrentRow(table.labels.index(state.active_label))
        self.blockSignals(False)

    def _set_labels(self, labels: tuple[int, ...]) -> range:
        """Replace the rows from the first to the last that differ; return new rows."""
        present = self._labels()
        above = _common_length(present, labels)
        below = _common_length(reversed(present[above:]), reversed(labels[above:]))
        new = range(above, len(labels) - below)
        for row in reversed(range(above, len(present) - below)):
            self.takeItem(row)
        for row in new:
            self.insertItem(row, make_item(labels[row]))
        return new

    def _labels(self) -> tuple[int, ...]:
        return tuple(self.item(row).data(LABEL) for row in range(self.count()))

    def _choose(self, row: int) -> None:
        if row >= 0:
            self._annotator.active_label.choose(self.item(row).data(LABEL))

    def _choose_clicked(self, item: QListWidgetItem) -> None:
        """Activate the tool again if the user has selected another layer."""
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


def _common_length(first: Iterable[int], second: Iterable[int]) -> int:
    """Return the number of equal items at the start of two sequences."""
    equal = (a == b for a, b in zip(first, second, strict=False))
    return sum(takewhile(bool, equal))


class ObjectMenu(QMenu):
    """All actions on the active object.

    Parameters
    ----------
    objects : QListWidget
        List whose current row is the object.
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(
        self, objects: QListWidget, annotator: Annotator, attempt: Attempt
    ) -> None:
        super().__init__(objects)
        self._annotator, self._attempt = annotator, attempt
        self._label = annotator.active_label.label
        self.setToolTipsVisible(True)
        self.aboutToHide.connect(self.deleteLater)
        rename = self.addAction("Rename ...")
        rename.triggered.connect(lambda: objects.editItem(objects.currentItem()))
        self._add("Colour ...", self._ask_for_colour)
        self._add("Default colour", partial(self._recolour, ""))
        self.addSeparator()
        self._add_checked()
        self.addSeparator()
        self._add_merge()
        for method in ("split", "move_up", "move_down", "remove"):
            add_to_menu(self, f"objects.{method}", annotator, attempt)

    def _add_checked(self) -> None:
        """Add the states that are switched on and off."""
        table, label = self._annotator.objects.table, self._label
        states = (
            label in table.invisible,
            label == table.solo,
            label in table.locked,
            (self._annotator.frame, label) in table.absent,
        )
        for method, checked in zip(CHECKED_ACTIONS, states, strict=True):
            item = add_to_menu(self, method, self._annotator, self._attempt)
            item.setCheckable(True)
            item.setChecked(checked)

    def _add_merge(self) -> None:
        """Add a submenu with all other objects."""
        objects = self._annotator.objects
        menu = self.addMenu("Merge into")
        for into in objects.table.objects:
            if into != self._label:
                merge = partial(objects.merge, self._label, into)
                item = menu.addAction(objects.table.name_of(into))
                item.triggered.connect(
                    lambda _checked=False, merge=merge: self._attempt(merge)
                )
        menu.setEnabled(bool(menu.actions()))

    def _add(self, text: str, call: Callable[[], object]) -> None:
        self.addAction(text).triggered.connect(lambda _checked=False: call())

    def _ask_for_colour(self) -> None:
        present = QColor.fromRgbF(*self._annotator.objects.table.colour_of(self._label))
        chosen = QColorDialog.getColor(present, self.parentWidget(), "Colour")
        if chosen.isValid():
            self._recolour(chosen.name())

    def _recolour(self, colour: str) -> None:
        recolour = self._annotator.objects.recolour
        self._attempt(partial(recolour, self._label, colour))
