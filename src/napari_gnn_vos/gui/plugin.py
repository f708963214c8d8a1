"""The dock widget with threads, keys and theme: the entry point of napari.yaml."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QTimer

from napari_gnn_vos.gui.scripting import annotator
from napari_gnn_vos.gui.widgets.annotate_widget import AnnotateWidget
from napari_gnn_vos.gui.worker import run_in_thread

if TYPE_CHECKING:
    import napari
    from napari.components import ViewerModel


class AnnotateDock(AnnotateWidget):
    """The annotation widget with the real engine in a thread.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Passed by napari, which recognises the name of the parameter.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        new_annotator = annotator(napari_viewer, run_in_thread)
        new_annotator.auto_predict.schedule = partial(QTimer.singleShot, 0)
        super().__init__(new_annotator)
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

    def event(self, event: QEvent) -> bool:
        """Disconnect from the viewer when the closed dock releases the widget."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._on_close.close()
        return bool(super().event(event))


def key_actions(widget: AnnotateWidget) -> dict[str, Callable[[], object]]:
    """Map keys to actions; napari uses none of them on these types of layers."""
    annotator, active_label = widget.annotator, widget.annotator.active_label
    return {
        "G": annotator.predict,
        "U": annotator.undo,
        "Shift-U": annotator.redo,
        "N": active_label.add_object,
        "W": annotator.go_to_most_uncertain_frame,
        "J": lambda: active_label.step(1),
        "K": lambda: active_label.step(-1),
        "H": widget.toggle_prediction,
    }


def bind_keys(viewer: ViewerModel, widget: AnnotateWidget) -> Callable[[], None]:
    """Bind those keys of the viewer that are still free.

    Returns
    -------
    unbind : callable
        Removes the bindings.
    """
    bound_keys = []
    for key, action in key_actions(widget).items():

        def press(_viewer: Any, action: Callable[[], object] = action) -> None:
            widget.attempt(action)

        with suppress(ValueError):  # the user's own binding is kept
            viewer.bind_key(key, press)
            bound_keys.append(key)

    def unbind() -> None:
        for key in bound_keys:
            viewer.bind_key(key, None)

    return unbind
