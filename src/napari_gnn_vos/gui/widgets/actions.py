"""Table of the actions of the dock widget, and the keys that call them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QShortcut, QWidget

from napari_gnn_vos.gui.layers.layer_events import LABEL_KEYS

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_gnn_vos.gui.annotator import Annotator

Attempt = Callable[[Callable[[], object]], None]
"""Calls a function, and reports a `GnnVosError` to the user."""

HELP_KEY = "?"
"""Key that shows all keys. napari cannot bind it, so a Qt shortcut is used."""


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
    def shown_key(self) -> str:
        """Key in Qt's notation, empty for none."""
        return self.key.replace("-", "+")

    @property
    def hint(self) -> str:
        """Tooltip with the key."""
        return f"{self.tooltip} ({self.shown_key})" if self.key else self.tooltip


ACTIONS = {
    action.method: action
    for action in (
        Action(
            "prepare",
            "Prepare",
            "Compute superpixels and motion once per video, and keep them on disk",
        ),
        Action(
            "reset",
            "Reset",
            "Clear all strokes and the prediction",
            question="Clear all strokes and the prediction of this video?",
        ),
        Action(
            "use_brush", "Brush", "Paint strokes; the layer controls have an eraser"
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
            "Show or hide the boundaries of the superpixels",
            "Shift-B",
        ),
        Action("objects.add", "Add object", "Add an object to the list", "N"),
        Action(
            "objects.remove", "Remove", "Remove the selected object and its strokes"
        ),
        Action(
            "objects.toggle_locked",
            "Lock",
            "Lock or unlock the selected object; predictions keep its labels",
            "Shift-L",
        ),
        Action(
            "objects.toggle_hidden",
            "Hide",
            "Hide or show the selected object",
            "Shift-H",
        ),
        Action(
            "objects.toggle_solo",
            "Show only this",
            "Show the selected object only, or all objects",
            "Shift-S",
        ),
        Action(
            "objects.toggle_absent",
            "Absent in this frame",
            "Mark the selected object as absent in this frame, or as present",
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
        Action("objects.move_up", "Move up", "Move the selected object up in the list"),
        Action(
            "objects.move_down",
            "Move down",
            "Move the selected object down in the list",
        ),
        Action("predict", "Predict", "Label the whole video from all strokes", "G"),
        Action("ranges.set_in", "In mark", "Start the range at this frame", "Shift-I"),
        Action("ranges.set_out", "Out mark", "End the range at this frame", "Shift-O"),
        Action("ranges.clear", "Clear marks", "Remove the in and the out mark"),
        Action(
            "ranges.predict",
            "Predict range",
            "Label the frames between the marks; the others keep their labels",
            "Shift-G",
        ),
        Action(
            "ranges.predict_from_here",
            "Predict from here",
            "Label this frame and all later ones; the others keep their labels",
        ),
        Action(
            "ranges.predict_next",
            "Predict next 10 frames",
            "Label this frame and the next ten; the others keep their labels",
        ),
        Action(
            "ranges.predict_object",
            "Predict selected object",
            "Label the selected object between the marks; the others keep their labels",
        ),
        Action("undo", "Undo", "Undo the last round and its strokes", "U"),
        Action("redo", "Redo", "Restore what was undone last", "Shift-U"),
        Action(
            "go_to_most_uncertain_frame",
            "Most uncertain frame",
            "Go to the frame that is most likely to be wrong, then to the next one",
            "W",
        ),
        Action(
            "toggle_accepted",
            "Accept frame",
            "Accept the labels of this frame as annotation of others, or release it",
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
            "Go through the four steps of an annotation, button by button",
        ),
        Action(
            "window.show_settings",
            "Settings ...",
            "Change settings that are kept when napari is closed",
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
            "Set the opacity of the labels to 25, 50, 75 or 100 %",
            "Shift-T",
        ),
        Action(
            "display.toggle_previous",
            "Previous prediction",
            "Show the labels of the previous round, or the current ones again",
            "Shift-R",
        ),
        Action(
            "display.toggle_neighbours",
            "Neighbouring frames",
            "Show or hide the contours of the previous and the next frame (dotted)",
            "Shift-N",
        ),
        Action(
            "display.use_contrasting_colours",
            "Colour-blind-safe colours",
            "Use colours that differ from this frame, also with colour blindness",
        ),
    )
}
"""Actions by the method that they call."""


def bind_keys(
    viewer: ViewerModel, annotator: Annotator, attempt: Attempt, widget: QWidget
) -> Callable[[], None]:
    """Bind those keys of the viewer that are still free.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    widget : QWidget
        `HELP_KEY` is bound in its window.

    Returns
    -------
    unbind : callable
        Removes the bindings.
    """
    bound_keys = []
    for key, (text, call) in _calls_of_keys(annotator).items():

        def press(_viewer: Any, call: Callable[[], object] = call) -> None:
            attempt(call)

        press.__doc__ = text  # `WindowTools.keys` shows it
        with suppress(ValueError):  # the user's own binding is kept
            viewer.bind_key(key, press)
            bound_keys.append(key)
    show_keys = partial(ACTIONS["window.show_keys"].perform, annotator)
    shortcut = QShortcut(QKeySequence(HELP_KEY), widget)
    shortcut.activated.connect(lambda: attempt(show_keys))

    def unbind() -> None:
        for key in bound_keys:
            viewer.bind_key(key, None)
        with suppress(RuntimeError):  # the window is deleted
            shortcut.setEnabled(False)
            shortcut.deleteLater()

    return unbind


def _calls_of_keys(
    annotator: Annotator,
) -> dict[str, tuple[str, Callable[[], object]]]:
    """Return description and function of each key except `HELP_KEY`."""
    calls: dict[str, tuple[str, Callable[[], object]]] = {
        action.key: (action.tooltip, partial(action.perform, annotator))
        for action in ACTIONS.values()
        if action.key not in ("", HELP_KEY)
    }
    for key in LABEL_KEYS:
        name = f"object {key}" if int(key) else "background"
        select = partial(annotator.objects.select, int(key))
        calls[key] = f"Select {name} and the brush", select
    return calls
