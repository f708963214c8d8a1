"""The dock widget with threads, keys and theme: the entry point of napari.yaml."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QLabel, QShortcut, QSizePolicy, QVBoxLayout, QWidget

from napari_gnn_vos.gui.warm_up import load_widget_in_thread

if TYPE_CHECKING:
    import napari
    from napari.components import ViewerModel

    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.widgets.annotate_widget import AnnotateWidget

POLL_INTERVAL = 20
"""Milliseconds between two checks whether the widget is loaded."""

CONTENT_ATTRIBUTES = (
    *("annotator", "attempt", "project", "video", "drawing", "prediction", "status"),
    "dialogs",
)
"""Attributes of `AnnotateWidget` that the dock has, too."""

FIT_DELAY = 50
"""Milliseconds after which Qt has changed the size of the canvas."""


class AnnotateDock(QWidget):
    """The annotation widget with the real engine, loaded in a thread.

    The attributes of `AnnotateWidget` can be used; the first use waits until it is
    loaded.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Passed by napari, which recognises the name of the parameter.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._content: AnnotateWidget | None = None
        self._on_close = ExitStack()
        self._placeholder = QLabel("Loading ...")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        # otherwise napari adds a stretch below, which halves the height
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._column.addWidget(self._placeholder)
        self._thread = load_widget_in_thread()
        self._poll = QTimer(self, interval=POLL_INTERVAL)
        self._poll.timeout.connect(self._show_when_loaded)
        self._poll.start()
        self._fit = QTimer(self, singleShot=True, interval=FIT_DELAY)
        self._fit.timeout.connect(self._fit_view)
        self._show_when_loaded()
        close = self._on_close.close
        # the window is closed; a bound method would be referenced weakly only
        self.destroyed.connect(lambda: close())

    @property
    def content(self) -> AnnotateWidget:
        """The widget; the first access waits until it is loaded."""
        if self._content is None:
            self._thread.join()
            self._poll.stop()
            self._content = self._create()
            self._column.replaceWidget(self._placeholder, self._content)
            self._placeholder.deleteLater()
        return self._content

    def __getattr__(self, name: str) -> Any:
        if name not in CONTENT_ATTRIBUTES:
            raise AttributeError(f"AnnotateDock has no attribute {name!r}")
        return getattr(self.content, name)

    def event(self, event: QEvent) -> bool:
        """Disconnect from the viewer when the closed dock releases the widget."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._poll.stop()
            self._fit.stop()
            self._on_close.close()
        return bool(super().event(event))

    def _fit_view(self) -> None:
        """Fit the view into the canvas, which the dock has made narrower."""
        self._viewer.reset_view()

    def _show_when_loaded(self) -> None:
        if not self._thread.is_alive():
            _ = self.content

    def _create(self) -> AnnotateWidget:
        from napari_gnn_vos.gui.scripting import annotator
        from napari_gnn_vos.gui.widgets.annotate_widget import AnnotateWidget
        from napari_gnn_vos.gui.worker import call_in_thread, run_in_thread

        new_annotator = annotator(self._viewer, run_in_thread)
        new_annotator.defer = partial(QTimer.singleShot, 0)
        new_annotator.auto_predict.schedule = new_annotator.defer
        beside = partial(run_in_thread, turn=Lock())
        new_annotator.exports.jobs.run = partial(run_in_thread, turn=Lock())
        new_annotator.projects.use_threads(beside, call_in_thread)
        folder = user_data_path("napari-gnn-vos")
        new_annotator.projects.data_folder = folder
        new_annotator.preferences.load(folder)
        widget = AnnotateWidget(new_annotator)
        theme_event = self._viewer.events.theme

        def apply_theme(event: Any) -> None:
            widget.apply_theme(event.value)

        theme_event.connect(apply_theme)
        self._on_close.callback(new_annotator.close)
        self._on_close.callback(widget.video.chooser.stop)
        self._on_close.callback(bind_keys(self._viewer, widget))
        self._on_close.callback(theme_event.disconnect, apply_theme)
        self._add_timeline(new_annotator)
        self._fit.start()
        return widget

    def _add_timeline(self, annotator: Annotator) -> None:
        """Show the timeline below the canvas, if the viewer has a window."""
        from napari_gnn_vos.gui.widgets.timeline import Timeline

        window = getattr(self._viewer, "window", None)
        if window is None:
            return
        timeline = Timeline(annotator)
        menu = window.window_menu  # a hidden timeline is shown again from there
        window.add_dock_widget(timeline, name="Timeline", area="bottom", menu=menu)

        def remove() -> None:
            timeline.stop()
            # the user, or the window, may have closed it before
            with suppress(LookupError, RuntimeError, AttributeError):
                window.remove_dock_widget(timeline, menu=menu)

        self._on_close.callback(remove)


def bind_keys(viewer: ViewerModel, widget: AnnotateWidget) -> Callable[[], None]:
    """Bind those keys of the viewer that are still free.

    Returns
    -------
    unbind : callable
        Removes the bindings.
    """
    from napari_gnn_vos.gui.layers.layer_events import LABEL_KEYS
    from napari_gnn_vos.gui.widgets.actions import ACTIONS, HELP_KEY

    annotator = widget.annotator
    calls: dict[str, tuple[str, Callable[[], object]]] = {
        action.key: (action.tooltip, partial(action.perform, annotator))
        for action in ACTIONS.values()
        if action.key not in ("", HELP_KEY)
    }
    for key in LABEL_KEYS:
        name = f"object {key}" if int(key) else "background"
        select = partial(annotator.objects.select, int(key))
        calls[key] = f"Select {name} and the brush", select
    bound_keys = []
    for key, (text, call) in calls.items():

        def press(_viewer: Any, call: Callable[[], object] = call) -> None:
            widget.attempt(call)

        press.__doc__ = text  # the overview of keys shows it
        with suppress(ValueError):  # the user's own binding is kept
            viewer.bind_key(key, press)
            bound_keys.append(key)
    shortcut = bind_help_key(widget)

    def unbind() -> None:
        for key in bound_keys:
            viewer.bind_key(key, None)
        with suppress(RuntimeError):  # the window is deleted
            shortcut.setEnabled(False)
            shortcut.deleteLater()

    return unbind


def bind_help_key(widget: AnnotateWidget) -> QShortcut:
    """Bind the key of the overview of keys in the window of a widget."""
    from napari_gnn_vos.gui.widgets.actions import ACTIONS, HELP_KEY

    action = ACTIONS["window.show_keys"]
    shortcut = QShortcut(QKeySequence(HELP_KEY), widget)
    shortcut.activated.connect(
        lambda: widget.attempt(partial(action.perform, widget.annotator))
    )
    return shortcut
