"""Dialog that exports a labels layer: format, options, preview and progress."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QDialog,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.controller.jobs import JobRunner
from napari_gnn_vos.gui.widgets.export_form import ExportForm
from napari_gnn_vos.gui.widgets.sections import make_label, make_row
from napari_gnn_vos.gui.widgets.style import style_sheet

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.tools.export_request import ExportRequest
    from napari_gnn_vos.io.export_preview import ExportPreview
    from napari_gnn_vos.progress import Progress

PREVIEW_DELAY = 300
"""Milliseconds after the last change of the form until the preview is computed."""
UNITS = ("bytes", "KB", "MB", "GB", "TB")
MIN_WIDTH = 480


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
        self.setStyleSheet(style_sheet(annotator.viewer.theme))
        self._annotator, self._exports = annotator, annotator.exports
        self._previews = JobRunner(self._exports.jobs.run)
        self._preview: ExportPreview | None = None
        self.form = ExportForm(annotator)
        self.preview = make_label("preview", lines=5)
        self.bar = QProgressBar()
        self.export = self._make("Export", self._start, "Write the labels")
        self.cancel = self._make(
            "Cancel", self._exports.cancel, "Stop; an existing file stays as it was"
        )
        self.finish = self._make("Close", self.close, "Close; an export continues")
        self._timer = QTimer(self, singleShot=True, interval=PREVIEW_DELAY)
        self._arrange()
        self._connect()

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """List the present layers, and compute the preview."""
        super().showEvent(event)
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
        jobs.progressed.connect(self._show_step)
        jobs.busy_changed.connect(self._show_busy)
        jobs.failed.connect(self._show_problem)
        jobs.stopped.connect(partial(self._show_text, "Stopped"))

    def _make(self, text: str, call: Any, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        button.clicked.connect(lambda _checked=False: call())
        return button

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
        self._show_text(describe(preview))
        self.export.setEnabled(not self._exports.jobs.busy)

    def _start(self) -> None:
        preview, exports = self._preview, self._exports
        replaced = 0 if preview is None else preview.replaced
        noun = "1 file" if replaced == 1 else f"{replaced} files"
        if replaced and not self._annotator.confirm(f"Replace {noun}?"):
            return
        try:
            exports.start(self._request(), bool(replaced), self._show_written)
        except GnnVosError as error:
            self._show_problem(str(error))

    def _show_written(self, count: int) -> None:
        self._show_text(f"{count} frames written to {self.form.path}")

    def _show_step(self, step: Progress) -> None:
        self.bar.setFormat(f"{step.stage}  %v / %m")
        self.bar.setMaximum(step.total)
        self.bar.setValue(step.done)

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


def describe(preview: ExportPreview) -> str:
    """Describe in some lines what an export will write."""
    frames, height, width = preview.shape
    examples = ", ".join(preview.examples)
    more = ", ..." if preview.files > len(preview.examples) else ""
    one = preview.files == 1
    lines = [
        str(Path(preview.path)),
        "1 file" if one else f"{preview.files} files: {examples}{more}",
        f"t, y, x: {frames} x {height} x {width}, {preview.dtype}",
        f"About {format_size(preview.size)}",
    ]
    if preview.replaced:
        count = preview.replaced
        lines.append(f"Replaces {count} existing file{'' if count == 1 else 's'}")
    return "\n".join(lines)


def format_size(size: float) -> str:
    """Return a number of bytes with a unit and at most three digits.

    Examples
    --------
    >>> format_size(17), format_size(1234), format_size(98_765_432)
    ('17 bytes', '1.2 KB', '99 MB')
    """
    unit = 0
    while size >= 999.5 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    digits = 1 if unit and size < 9.95 else 0
    return f"{size:.{digits}f} {UNITS[unit]}"
