"""Context menu of an object."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QListWidget, QMenu

from napari_gnn_vos.gui.widgets.actions import Attempt, add_to_menu

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator

CHECKED_ACTIONS = (
    *("objects.toggle_hidden", "objects.toggle_solo"),
    *("objects.toggle_locked", "objects.toggle_absent"),
)


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
