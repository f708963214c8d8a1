"""The dock widget *Annotate*, whose modules are loaded in a thread."""

from __future__ import annotations

import ctypes
import os
from contextlib import ExitStack, suppress
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from platformdirs import user_data_path
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_gnn_vos.gui.threads import call_in_thread, run_in_thread
from napari_gnn_vos.hardware import responsive_threads

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
UNITS_SECONDS = 10
"""Longest time to wait for another thread that loads the units of napari's layers."""


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
        from napari_gnn_vos.gui.widgets.actions import bind_keys
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


@cache
def load_widget_in_thread() -> Thread:
    """Import the dock widget and compile napari's colours of labels in a thread.

    Returns
    -------
    thread : Thread
        The thread of the first call.
    """
    thread = Thread(target=_load_widget, name="load-widget")
    thread.start()
    return thread


def _load_widget() -> None:
    """Import modules; the first labels layer also loads pandas and compiles kernels."""
    from napari_gnn_vos.gui.layers.attributes import labels_options

    with responsive_threads():
        for name in ("widgets.annotate_widget", "widgets.timeline", "scripting"):
            import_module(f"napari_gnn_vos.gui.{name}")
        import_module("magicgui.backends._qtpy")  # otherwise with the first widget
        load_units()
        Labels(np.zeros((1, 4, 4), np.uint8), **labels_options("warm-up"))
    Thread(target=load_torch_libraries, name="load-torch").start()


def load_units() -> None:
    """Load the registry of pint with the units of layers, unless it is loaded.

    The registry loads itself on first use. While it did so in this thread, layers that
    the user opens would not find their units in it. Instead, a complete registry is
    created and replaces the one that is not loaded.
    """
    import pint

    application: Any = pint.get_application_registry()  # type: ignore[no-untyped-call]
    unused = application.get()
    if isinstance(unused, pint.registry.LazyRegistry):
        loaded: Any = pint.UnitRegistry()
        if isinstance(unused, pint.registry.LazyRegistry):
            application.set(loaded)
    end = monotonic() + UNITS_SECONDS
    while "pixel" not in application and monotonic() < end:
        sleep(0.01)  # another thread is loading the registry


def load_torch_libraries() -> None:
    """Load the shared libraries of torch without the interpreter lock.

    ``import torch`` holds the lock while the system loads them, for about a second in
    which no other thread runs. On Windows, and if they are not found, nothing is done.
    """
    spec = find_spec("torch")
    if os.name != "posix" or spec is None or spec.origin is None:
        return
    system = ctypes.CDLL(None)  # calls of its functions release the lock
    for library in sorted(Path(spec.origin).parent.glob("lib/libtorch_cpu.*")):
        system.dlopen(os.fsencode(library), ctypes.c_int(os.RTLD_NOW))
