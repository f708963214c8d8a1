"""Dialog that exports a labels layer: form, preview and progress."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QDialog, QSizePolicy, QVBoxLayout, QWidget

from napari_gnn_vos.controller.jobs import JobRunner
from napari_gnn_vos.controller.messages import describe_count
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.widgets.elements import (
    StepBar,
    align_labels,
    make_button,
    make_label,
    make_row,
)
from napari_gnn_vos.gui.widgets.export_form import ExportForm
from napari_gnn_vos.io.export_preview import describe_preview

if TYPE_CHECKING:
    from napari_gnn_vos.controller.export_request import ExportRequest
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.io.export_preview import ExportPreview

PREVIEW_DELAY = 300
"""Milliseconds after the last change of the form until the preview is computed."""
MIN_WIDTH = 480
"""Smallest width of the dialog in pixels."""


class ExportDialog(QDialog):
    """Export labels in any format, with a preview of what will be written.

    The window stays usable while the export runs in a thread.

    Parameters
    ----------
    annotator : Annotator
    parent : QWidget, optional

    Attributes
    ----------
    form : ExportForm
        Layer, format, path and options.
    """

    def __init__(self, annotator: Annotator, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export labels")
        self.setMinimumWidth(MIN_WIDTH)
        self._annotator, self._exports = annotator, annotator.exports
        self._previews = JobRunner(self._exports.jobs.run)
        self._preview: ExportPreview | None = None
        self.form = ExportForm(annotator)
        self.preview = make_label("preview", lines=5)
        self.bar = StepBar()
        self.export = make_button("Export", self._start, "Write the labels")
        self.cancel = make_button(
            "Cancel",
            self._exports.cancel,
            "Stop the export; an existing file is not changed",
        )
        self.finish = make_button(
            "Close", self.close, "Close the dialog; a running export continues"
        )
        self._timer = QTimer(self, singleShot=True, interval=PREVIEW_DELAY)
        self._arrange()
        self._connect()

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """List the labels layers, and compute the preview."""
        super().showEvent(event)
        align_labels(self.form.native)
        self.form.refresh()
        self._schedule()

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        for widget in (self.form.native, self.preview, self.bar):
            column.addWidget(widget)
        column.addWidget(make_row(self.finish, self.cancel, self.export))
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.preview.setSizePolicy(
            QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed
        )
        self._show_busy(self._exports.jobs.busy)

    def _connect(self) -> None:
        self._timer.timeout.connect(self._request_preview)
        self.form.changed.connect(self._schedule)
        self._previews.failed.connect(self._show_problem)
        jobs = self._exports.jobs
        jobs.progressed.connect(self.bar.show_step)
        jobs.busy_changed.connect(self._show_busy)
        jobs.failed.connect(self._show_problem)
        jobs.stopped.connect(partial(self._show_text, "Stopped"))

    def _schedule(self) -> None:
        """Compute the preview soon; until then, nothing can be exported."""
        self._preview = None
        self.export.setEnabled(False)
        self._timer.start()

    def _request_preview(self) -> None:
        if self._exports.jobs.busy or not self.isVisible():
            return
        try:
            request = self._request()
            request.check(overwrite=True)
        except GnnVosError as error:
            self._show_problem(str(error))
            return
        self._show_text("Preview ...")
        with self._previews.dropping():
            self._previews.start(request.preview(), self._show_preview, droppable=True)

    def _request(self) -> ExportRequest:
        form = self.form
        return self._exports.request(
            form.path, form.format_name, form.layer, form.options
        )

    def _show_preview(self, preview: ExportPreview) -> None:
        self._preview = preview
        self._show_text(describe_preview(preview))
        self.export.setEnabled(not self._exports.jobs.busy)

    def _start(self) -> None:
        preview, exports = self._preview, self._exports
        replaced = 0 if preview is None else preview.replaced
        question = f"Replace {describe_count(replaced, 'file')}?"
        if replaced and not self._annotator.confirm(question):
            return
        try:
            exports.start(self._request(), bool(replaced), self._show_written)
        except GnnVosError as error:
            self._show_problem(str(error))

    def _show_written(self, count: int) -> None:
        self._show_text(f"{count} frames written to {self.form.path}")

    def _show_busy(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        self.cancel.setEnabled(busy)
        self.form.native.setEnabled(not busy)
        self.export.setEnabled(not busy and self._preview is not None)

    def _show_problem(self, message: str) -> None:
        self._preview = None
        self.export.setEnabled(False)
        self._show_text(message)

    def _show_text(self, text: str) -> None:
        self.preview.setText(text)
        self.preview.setToolTip(text)
