"""The dock widgets *Annotate* and *Train a model*."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error
from platformdirs import user_data_path
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import (
    QDockWidget,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.loading import load_widget_in_thread
from napari_gnn_vos.gui.threads import call_in_thread, run_in_thread

if TYPE_CHECKING:
    import napari

    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.widgets.annotate_widget import AnnotateWidget

POLL_INTERVAL = 20
"""Milliseconds between two checks whether the widget is loaded."""

CONTENT_ATTRIBUTES = (
    *("annotator", "attempt", "project", "video", "drawing", "prediction", "status"),
    "dialogs",
)
"""Attributes of `AnnotateWidget` that `AnnotateDock` forwards."""

FIT_DELAY = 50
"""Milliseconds after which Qt has changed the size of the canvas."""
CLOSED = "The dock Annotate was closed. Close this dock, too, and open it again."
_one_training = Lock()


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
        from napari_gnn_vos.gui.widgets.action_controls import bind_keys
        from napari_gnn_vos.gui.widgets.annotate_widget import AnnotateWidget

        new_annotator = annotator(self._viewer, run_in_thread)
        new_annotator.defer = partial(QTimer.singleShot, 0)
        new_annotator.auto_predict.schedule = new_annotator.defer
        save = partial(run_in_thread, turn=Lock())
        new_annotator.exports.jobs.run = partial(run_in_thread, turn=Lock())
        new_annotator.projects.use_threads(save, call_in_thread)
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
        self._on_close.callback(widget.prediction.stop)
        unbind_keys = bind_keys(self._viewer, new_annotator, widget.attempt, widget)
        self._on_close.callback(unbind_keys)
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
        annotator.controller.statistics.enable(partial(run_in_thread, turn=Lock()))
        timeline = Timeline(annotator)
        menu = window.window_menu  # a hidden timeline is shown again from there
        window.add_dock_widget(timeline, name="Timeline", area="bottom", menu=menu)

        def remove() -> None:
            timeline.stop()
            # the user, or the window, may have closed it before
            with suppress(LookupError, RuntimeError, AttributeError):
                window.remove_dock_widget(timeline, menu=menu)

        self._on_close.callback(remove)


class FineTuneDock(QWidget):
    """Fine-tune a model on the open video and on projects.

    The dock *Annotate* is opened, too, because the model is chosen there.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Passed by napari, which recognises the name of the parameter.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        from napari_gnn_vos.gui.widgets.elements import make_scroll_area, style_sheet
        from napari_gnn_vos.gui.widgets.fine_tuning_form import FineTuningForm

        self.annotator = _annotator_of(napari_viewer)
        training = self.annotator.fine_tuning.jobs
        training.run = partial(run_in_thread, turn=_one_training)
        self.form = FineTuningForm(self.annotator, self.attempt)
        self._theme_event = napari_viewer.events.theme
        self._theme_event.connect(self._apply_theme)
        self.setStyleSheet(style_sheet(napari_viewer.theme))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        scroll = make_scroll_area(self.form)
        scroll.setMinimumWidth(self.form.minimumSizeHint().width())
        column.addWidget(scroll)
        self._tabify = QTimer(self, singleShot=True, interval=0)
        self._tabify.timeout.connect(self._share_place)
        self._tabify.start()

    def attempt(self, action: Callable[[], object]) -> None:
        """Call `action`, and report an expected error."""
        if self.annotator.closed:
            show_error(CLOSED)
            return
        try:
            action()
        except GnnVosError as error:
            show_error(str(error))

    def event(self, event: QEvent) -> bool:
        """Disconnect the form when the closed dock releases this widget."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._tabify.stop()
            self._theme_event.disconnect(self._apply_theme)
            self.form.stop()
        return bool(super().event(event))

    def _apply_theme(self, event: Any) -> None:
        from napari_gnn_vos.gui.widgets.elements import style_sheet

        self.setStyleSheet(style_sheet(event.value))

    def _share_place(self) -> None:
        """Show a tab with the dock *Annotate*, which needs the height of the window."""
        window, own = self.window(), _dock_widget_of(self)
        for widget in window.findChildren(AnnotateDock):
            other = _dock_widget_of(widget)
            if own is None or other is None or own.isFloating() or other.isFloating():
                continue
            if window.dockWidgetArea(own) == window.dockWidgetArea(other):
                window.tabifyDockWidget(other, own)
                own.raise_()


def _dock_widget_of(widget: QWidget | None) -> QDockWidget | None:
    """Return the dock that contains a widget, if there is one."""
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget


def _annotator_of(viewer: napari.Viewer) -> Annotator:
    """Return the annotator of the dock *Annotate*, which is opened if necessary."""
    window = getattr(viewer, "window", None)
    if window is not None:
        with suppress(KeyError):  # the plugin is not installed, but imported
            _, dock = window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
            if isinstance(dock, AnnotateDock):
                running: Annotator = dock.annotator
                return running
    from napari_gnn_vos.gui.scripting import annotator

    return annotator(viewer)
