"""The actions of the dock widget: method of the annotator, text, tooltip and key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from qtpy.QtGui import QAction, QColor
from qtpy.QtWidgets import QColorDialog, QListWidget, QMenu, QPushButton, QWidget

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator

HELP_KEY = "?"
"""Key of the overview of keys. napari cannot bind it, so Qt does."""

Attempt = Callable[[Callable[[], object]], None]
"""Calls a function and reports its errors."""


CHECKED_ACTIONS = (
    *("objects.toggle_hidden", "objects.toggle_solo"),
    *("objects.toggle_locked", "objects.toggle_absent"),
)


@dataclass(frozen=True, slots=True)
class Action:
    """A method of the annotator that a button or a key calls.

    Parameters
    ----------
    method : str
        Name of a method of `Annotator`, or of one of its attributes with a dot,
        without required parameters.
    text : str
        Text of the button.
    tooltip : str
    key : str
        Key in napari's notation, empty for none.
    question : str
        What the user is asked before the action, empty for nothing.
    """

    method: str
    text: str
    tooltip: str
    key: str = ""
    question: str = ""

    def perform(self, annotator: Annotator) -> None:
        """Call the method, after a confirmation if there is a question."""
        if not self.question or annotator.confirm(self.question):
            attrgetter(self.method)(annotator)()

    @property
    def hint(self) -> str:
        """Tooltip with the key."""
        key = self.key.replace("-", "+")
        return f"{self.tooltip} ({key})" if key else self.tooltip


ACTIONS = {
    action.method: action
    for action in (
        Action(
            "prepare",
            "Prepare",
            "Compute superpixels and motion, once per video; kept on disk",
        ),
        Action(
            "reset",
            "Reset",
            "Clear all strokes and the prediction",
            question="Clear all strokes and the prediction of this video?",
        ),
        Action(
            "use_brush", "Brush", "Paint strokes; the layer's controls have an eraser"
        ),
        Action(
            "use_lines",
            "Lines",
            "Draw thin lines with the mouse; they can be selected, moved and deleted",
        ),
        Action(
            "superpixels.use_tool",
            "Superpixels",
            "Show superpixels, and label one by a click; a second click erases it",
            "Q",
        ),
        Action(
            "superpixels.follow",
            "Follow superpixel",
            "Label the superpixel under the mouse on this frame and the next ten",
            "Shift-Q",
        ),
        Action(
            "superpixels.toggle_boundaries",
            "Superpixel boundaries",
            "Show the boundaries of the superpixels, or not",
            "Shift-B",
        ),
        Action("objects.add", "Add object", "Add an object to the list", "N"),
        Action("objects.remove", "Remove", "Remove the chosen object and its strokes"),
        Action(
            "objects.toggle_locked",
            "Lock",
            "Predictions do not change the chosen object, or do so again",
            "Shift-L",
        ),
        Action(
            "objects.toggle_hidden", "Hide", "Hide or show the chosen object", "Shift-H"
        ),
        Action(
            "objects.toggle_solo",
            "Show only this",
            "Show the chosen object only, or all objects",
            "Shift-S",
        ),
        Action(
            "objects.toggle_absent",
            "Absent in this frame",
            "Annotate that the chosen object is not in this frame, or is",
            "Shift-A",
        ),
        Action(
            "objects.split",
            "Split on this frame",
            "Make a new object from all components but the largest on this frame",
        ),
        Action(
            "objects.split_at_cursor",
            "Split component",
            "Make a new object from the component under the mouse",
            "Shift-X",
        ),
        Action("objects.move_up", "Move up", "Move the chosen object up in the list"),
        Action(
            "objects.move_down", "Move down", "Move the chosen object down in the list"
        ),
        Action("predict", "Predict", "Label the whole video from all strokes", "G"),
        Action("ranges.set_in", "In mark", "Start of the range: this frame", "Shift-I"),
        Action("ranges.set_out", "Out mark", "End of the range: this frame", "Shift-O"),
        Action("ranges.clear", "Clear marks", "Remove in and out mark"),
        Action(
            "ranges.predict",
            "Predict range",
            "Label the frames between the marks; others stay as they are",
            "Shift-G",
        ),
        Action(
            "ranges.predict_from_here",
            "Predict from here",
            "Label this frame and all later ones; others stay as they are",
        ),
        Action(
            "ranges.predict_next",
            "Predict next 10 frames",
            "Label this frame and the next ten; others stay as they are",
        ),
        Action("undo", "Undo", "Undo the last round and its strokes", "U"),
        Action("redo", "Redo", "Restore what was undone last", "Shift-U"),
        Action(
            "go_to_most_uncertain_frame",
            "Most uncertain frame",
            "Go to the frame that is most likely to be wrong, then to the next",
            "W",
        ),
        Action(
            "toggle_accepted",
            "Accept frame",
            "Accept the labels of this frame as annotation for all others, or not",
            "A",
        ),
        Action("cancel", "Cancel", "Stop the running job"),
        Action("objects.select_next", "Next", "Select the next object", "J"),
        Action(
            "objects.select_previous", "Previous", "Select the previous object", "K"
        ),
        Action(
            "window.show_export",
            "Export ...",
            "Write the labels for other programs: TIFF, PNG, COCO, CVAT, OME-Zarr, "
            "tables, videos and others",
            "Shift-E",
        ),
        Action(
            "window.show_history",
            "History",
            "List all actions; a click undoes or redoes up to one of them",
            "Shift-Y",
        ),
        Action("window.show_keys", "Keys", "Show all keys", HELP_KEY),
        Action(
            "window.start_walkthrough",
            "Guided tour",
            "Show the four steps on the real buttons",
        ),
        Action(
            "window.show_settings",
            "Settings ...",
            "Settings that are kept between starts of napari",
        ),
        Action("display.toggle_labels", "Labels", "Hide or show the labels", "H"),
        Action(
            "display.toggle_contours",
            "Contours",
            "Show the labels as contours, or as areas",
            "Shift-C",
        ),
        Action(
            "display.cycle_opacity",
            "Opacity",
            "Opacity of the labels: 25, 50, 75 or 100 %",
            "Shift-T",
        ),
        Action(
            "display.toggle_previous",
            "Previous prediction",
            "Show the labels of the round before, or the present ones again",
            "Shift-R",
        ),
        Action(
            "display.toggle_neighbours",
            "Neighbouring frames",
            "Show the contours of the frames before and after (dotted), or not",
            "Shift-N",
        ),
        Action(
            "display.use_contrasting_colours",
            "Colour-blind-safe colours",
            "Colours that differ with colour blindness, and from this frame",
        ),
    )
}


class ActionButton(QPushButton):
    """A button that calls a method of the annotator.

    Parameters
    ----------
    method : str
        Name of an action in `ACTIONS`.
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, method: str, annotator: Annotator, attempt: Attempt) -> None:
        action = ACTIONS[method]
        super().__init__(action.text)
        self.setObjectName(method)
        self.setToolTip(action.hint)
        perform = partial(action.perform, annotator)
        self.clicked.connect(lambda _checked=False: attempt(perform))

    def highlight(self, highlighted: bool) -> None:
        """Show whether this is the most likely next step."""
        if self.property("next") != highlighted:
            self.setProperty("next", highlighted)
            self.style().unpolish(self)
            self.style().polish(self)


def add_to_menu(
    menu: QMenu, method: str, annotator: Annotator, attempt: Attempt
) -> QAction:
    """Add an action of `ACTIONS` to a menu, with its tooltip and key."""
    action = ACTIONS[method]
    key = action.key.replace("-", "+")
    item = menu.addAction(f"{action.text}\t{key}" if key else action.text)
    item.setToolTip(action.tooltip)
    perform = partial(action.perform, annotator)
    item.triggered.connect(lambda _checked=False: attempt(perform))
    return item


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


def confirm_by_dialog(parent: QWidget, question: str) -> bool:
    """Ask a question in a dialog; return whether the answer is yes."""
    from qtpy.QtWidgets import QMessageBox

    answer = QMessageBox.question(parent, "Annotate", question)
    return bool(answer == QMessageBox.StandardButton.Yes)
