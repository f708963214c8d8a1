"""Puts answers on show, as they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_gnn_vos.progress import PartialResult, Progress
from napari_gnn_vos.structures.label_frames import LabelFrames

if TYPE_CHECKING:
    from napari_gnn_vos.gui.controller import Controller
    from napari_gnn_vos.gui.workspace import Workspace


class ResultPresenter:
    """Keeps the layer of the answer in step with a controller.

    Parameters
    ----------
    controller : Controller
        Followed, until it is closed.
    workspace : callable
        The layers of the open video, or None.
    """

    def __init__(
        self, controller: Controller, workspace: Callable[[], Workspace | None]
    ) -> None:
        self._controller, self._workspace = controller, workspace
        controller.changed.connect(self._show_last)
        controller.desk.progressed.connect(self._show_step)
        for ended in (controller.desk.failed, controller.desk.stopped):
            ended.connect(self._show_last)

    def _show_last(self, _news: object = None) -> None:
        """Show the last answer; after work that came to none, too."""
        workspace, history = self._workspace(), self._controller.history
        if workspace is not None and history is not None:
            if (
                history.now.session.packed_labels is None
                and history.now.cleared is not None
            ):
                workspace.answers.forget()
            workspace.show(history.now.session.packed_labels)

    def _show_step(self, step: Progress) -> None:
        """Show the frame that is answered first, on top of the last answer."""
        workspace, history = self._workspace(), self._controller.history
        if workspace is not None and isinstance(step, PartialResult):
            last = history.now.session.packed_labels if history else None
            last = last or LabelFrames.blank(workspace.video.shape)
            workspace.show(last.exchange(step.frame, step.labels))
