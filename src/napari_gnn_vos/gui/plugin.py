"""The dock widget with threads, keys and theme: the entry point of napari.yaml."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtGui import QShowEvent

from napari_gnn_vos.gui.scripting import annotator
from napari_gnn_vos.gui.widgets.actions import ACTIONS
from napari_gnn_vos.gui.widgets.annotate_widget import AnnotateWidget
from napari_gnn_vos.gui.worker import run_in_thread

if TYPE_CHECKING:
    import napari
    from napari.components import ViewerModel


FIT_DELAY = 50
"""Milliseconds after which Qt has changed the size of the canvas."""


class AnnotateDock(AnnotateWidget):
    """The annotation widget with the real engine in a thread.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Passed by napari, which recognises the name of the parameter.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        new_annotator = annotator(napari_viewer, run_in_thread)
        new_annotator.defer = partial(QTimer.singleShot, 0)
        new_annotator.auto_predict.schedule = new_annotator.defer
        super().__init__(new_annotator)
        self._was_shown = False
        self._fit_timer = QTimer(self, singleShot=True, interval=FIT_DELAY)
        self._fit_timer.timeout.connect(lambda: napari_viewer.reset_view())
        self._on_close = ExitStack()
        self._on_close.callback(new_annotator.close)
        self._on_close.callback(self.video.chooser.stop)
        self._on_close.callback(bind_keys(napari_viewer, self))
        theme_event = napari_viewer.events.theme
        theme_event.connect(self._on_theme)
        self._on_close.callback(theme_event.disconnect, self._on_theme)
        self.destroyed.connect(self._on_close.close)  # the window is closed

    def _on_theme(self, event: Any) -> None:
        self.apply_theme(event.value)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Fit the view into the canvas, which the dock has made narrower."""
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            self._fit_timer.start()

    def event(self, event: QEvent) -> bool:
        """Disconnect from the viewer when the closed dock releases the widget."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._on_close.close()
        return bool(super().event(event))


def bind_keys(viewer: ViewerModel, widget: AnnotateWidget) -> Callable[[], None]:
    """Bind those keys of the viewer that are still free.

    Returns
    -------
    unbind : callable
        Removes the bindings.
    """
    bound_keys = []
    for action in ACTIONS.values():
        method = getattr(widget.annotator, action.method)

        def press(_viewer: Any, method: Callable[[], object] = method) -> None:
            widget.attempt(method)

        with suppress(ValueError):  # the user's own binding is kept
            if action.key:
                viewer.bind_key(action.key, press)
                bound_keys.append(action.key)

    def unbind() -> None:
        for key in bound_keys:
            viewer.bind_key(key, None)

    return unbind
