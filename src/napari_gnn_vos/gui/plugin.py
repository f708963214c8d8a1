"""Where everything is wired together: the widget that napari.yaml points to."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QTimer

from napari_gnn_vos.gui.annotate_widget import AnnotateWidget
from napari_gnn_vos.gui.keys import bind_keys
from napari_gnn_vos.gui.scripting import annotator
from napari_gnn_vos.gui.worker import run_in_thread

if TYPE_CHECKING:
    import napari


class AnnotateDock(AnnotateWidget):
    """The annotation widget with a real engine and real threads.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Passed in by napari, which goes by the name of the parameter.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        made = annotator(napari_viewer, run_in_thread)
        made.live.later = partial(QTimer.singleShot, 0)
        super().__init__(made)
        self._leave = ExitStack()
        self._leave.callback(made.close)
        self._leave.callback(self.video.stop)
        self._leave.callback(bind_keys(napari_viewer, self))
        napari_viewer.events.theme.connect(self._on_theme)
        self._leave.callback(napari_viewer.events.theme.disconnect, self._on_theme)
        self.destroyed.connect(self._leave.close)  # the window is closed

    def _on_theme(self, event: Any) -> None:
        self.wear(event.value)

    def event(self, event: QEvent) -> bool:
        """Let go of the viewer when the dock is closed and gives the widget back."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._leave.close()
        return bool(super().event(event))
