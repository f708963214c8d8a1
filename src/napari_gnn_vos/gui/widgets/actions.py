"""The actions of the dock widget: method of the annotator, text, tooltip and key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QPushButton, QWidget

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator

Attempt = Callable[[Callable[[], object]], None]
"""Calls a function and reports its errors."""


@dataclass(frozen=True, slots=True)
class Action:
    """A method of the annotator that a button or a key calls.

    Parameters
    ----------
    method : str
        Name of a method of `Annotator` without required parameters.
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
        Action("add_object", "Add object", "Add an object to the list", "N"),
        Action("remove_object", "Remove", "Remove the chosen object and its strokes"),
        Action("predict", "Predict", "Label the whole video from all strokes", "G"),
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
        Action("select_next_label", "Next", "Select the next object", "J"),
        Action("select_previous_label", "Previous", "Select the previous object", "K"),
        Action("toggle_prediction", "Hide", "Hide or show the labels", "H"),
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
        self.clicked.connect(lambda _checked=False: attempt(perform))

        def perform() -> None:
            if not action.question or annotator.confirm(action.question):
                getattr(annotator, method)()

    def highlight(self, highlighted: bool) -> None:
        """Show whether this is the most likely next step."""
        if self.property("next") != highlighted:
            self.setProperty("next", highlighted)
            self.style().unpolish(self)
            self.style().polish(self)


def confirm_by_dialog(parent: QWidget, question: str) -> bool:
    """Ask a question in a dialog; return whether the answer is yes."""
    from qtpy.QtWidgets import QMessageBox

    answer = QMessageBox.question(parent, "Annotate", question)
    return bool(answer == QMessageBox.StandardButton.Yes)
