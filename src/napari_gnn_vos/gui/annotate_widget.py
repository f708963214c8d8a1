"""The dock widget: what a person asks for goes to the annotator, news come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error, show_info
from qtpy.QtWidgets import QPushButton

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.gui.controls import Controls
from napari_gnn_vos.gui.hints import hint
from napari_gnn_vos.progress import Progress

if TYPE_CHECKING:
    from napari.layers import Image


class AnnotateWidget(Controls):
    """Choose a video, draw, predict, correct.

    Parameters
    ----------
    annotator : Annotator
        Does everything. It can be driven from Python at the same time.
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__(annotator)
        self.annotator = annotator
        self._ask()
        self._listen()
        self._refresh()

    def attempt(self, action: Callable[[], object]) -> None:
        """Do something; an expected error is shown, and nothing has happened."""
        try:
            action()
        except GnnVosError as error:
            if self.annotator.controller.desk.busy:  # what is said of the work stays
                show_info(str(error))
            else:
                self._fail(str(error))
        self._refresh()

    def toggle_answer(self) -> None:
        """Hide or show the segmentation."""
        workspace = self.annotator.workspace
        layer = None if workspace is None else workspace.answer
        if layer is not None:
            layer.visible = not layer.visible

    def _ask(self) -> None:
        annotator, pen = self.annotator, self.annotator.pen
        actions: dict[QPushButton, Callable[[], object]] = {
            self.prepare: annotator.prepare,
            self.predict: annotator.predict,
            self.undo: annotator.undo,
            self.redo: annotator.redo,
            self.reset: annotator.reset,
            self.cancel: annotator.cancel,
            self.add: pen.add_object,
            self.remove: lambda: annotator.remove(pen.label),
            self.look: annotator.look,
            self.brush: lambda: pen.choose(pen.label, "brush"),
            self.lines: lambda: pen.choose(pen.label, "lines"),
        }
        for button, action in actions.items():
            button.clicked.connect(lambda _=False, do=action: self.attempt(do))
        self.live.toggled.connect(self._set_live)
        self.video.picked.connect(self._open)
        self.video.listed.connect(self._refresh)

    def _listen(self) -> None:
        controller = self.annotator.controller
        controller.said.connect(self._tell)
        controller.changed.connect(self._refresh)
        controller.desk.progressed.connect(self._show_progress)
        controller.desk.failed.connect(self._fail)
        controller.desk.busy_changed.connect(self._refresh)
        self.annotator.opened.connect(self._show_opened)
        self.annotator.pen.changed.connect(self._refresh)
        self.annotator.live.changed.connect(self._refresh)

    def _set_live(self, wanted: bool) -> None:
        self.annotator.live.on = wanted

    def _open(self, image: Image | None) -> None:
        self.attempt(lambda: self.annotator.open(image))
        self._show_video()

    def _show_opened(self) -> None:
        workspace = self.annotator.workspace
        self._show_video()
        self.status.setText("" if workspace is None else workspace.summary)
        self._refresh()

    def _show_video(self) -> None:
        workspace = self.annotator.workspace
        self.video.show_choice(workspace and workspace.image)

    def _show_progress(self, step: Progress) -> None:
        self.bar.setFormat(f"{step.stage.capitalize()}  %v / %m")
        self.bar.setMaximum(step.total)
        self.bar.setValue(step.done)  # last: it draws the bar at once

    def _tell(self, text: str) -> None:
        self.status.setText(text)

    def _fail(self, message: str) -> None:
        self.status.setText(message)
        show_error(message)

    def _refresh(self, _news: object = None) -> None:
        annotator, controller = self.annotator, self.annotator.controller
        busy, history = controller.desk.busy, controller.history
        opened = annotator.workspace is not None
        self.prepare.setEnabled(opened and not busy and history is None)
        self.prepare.setText("Prepare" if history is None else "Prepared")
        for button in (self.predict, self.reset):
            button.setEnabled(opened and not busy)
        self.undo.setEnabled(annotator.can_undo)
        self.redo.setEnabled(annotator.can_redo)
        self.remove.setEnabled(opened and not busy and annotator.pen.label > 0)
        self.look.setEnabled(history is not None and history.now.round > 0)
        self.video.setEnabled(not busy)
        for widget in (self.bar, self.cancel):
            widget.setVisible(busy)
        (self.lines if annotator.pen.tool == "lines" else self.brush).setChecked(True)
        self.live.setChecked(annotator.live.on)
        rounds = history.now.round if history is not None else 0
        prediction = history.now.session.prediction if history is not None else None
        self.model.setText("" if prediction is None else prediction.model)
        self.model.setVisible(bool(self.model.text()))
        self.hint.setText(
            hint(
                opened=opened,
                images=self.video.images,
                rounds=rounds,
                busy=busy,
                live=annotator.live.on,
            )
        )
