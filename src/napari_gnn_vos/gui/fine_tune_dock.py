"""The dock widget that fine-tunes models beside the annotation."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error
from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.plugin import AnnotateDock

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari

    from napari_gnn_vos.gui.annotator import Annotator

_one_training = Lock()
CLOSED = "The dock Annotate was closed. Close this dock, too, and open it again."


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
        from napari_gnn_vos.gui.widgets.fine_tuning_form import FineTuningForm
        from napari_gnn_vos.gui.widgets.style import style_sheet
        from napari_gnn_vos.gui.worker import run_in_thread

        self.annotator = _annotator_of(napari_viewer)
        self.annotator.fine_tuning.run = partial(run_in_thread, turn=_one_training)
        self.form = FineTuningForm(self.annotator, self.attempt)
        self.setStyleSheet(style_sheet(napari_viewer.theme))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.form)
        column.addWidget(scroll)

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
            self.form.stop()
        return bool(super().event(event))


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
