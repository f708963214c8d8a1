"""Buttons, menu items and keys that call the actions of the dock widget."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtGui import QAction, QKeySequence
from qtpy.QtWidgets import QMenu, QPushButton, QShortcut, QWidget

from napari_gnn_vos.gui.layers.layer_events import LABEL_KEYS
from napari_gnn_vos.gui.widgets.actions import ACTIONS, HELP_KEY

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_gnn_vos.gui.annotator import Annotator

Attempt = Callable[[Callable[[], object]], None]
"""Calls a function, and reports a `GnnVosError` to the user."""


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
        """Highlight the button if it is the recommended next action."""
        if self.property("next") != highlighted:
            self.setProperty("next", highlighted)
            self.style().unpolish(self)
            self.style().polish(self)


def add_to_menu(
    menu: QMenu, method: str, annotator: Annotator, attempt: Attempt
) -> QAction:
    """Add an action of `ACTIONS` to a menu, with its tooltip and key."""
    action = ACTIONS[method]
    key = f"\t{action.shown_key}" if action.key else ""
    item = menu.addAction(f"{action.text}{key}")
    item.setToolTip(action.tooltip)
    perform = partial(action.perform, annotator)
    item.triggered.connect(lambda _checked=False: attempt(perform))
    return item


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
