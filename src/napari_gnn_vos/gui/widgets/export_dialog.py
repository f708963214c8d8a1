"""Dialog that exports a labels layer: form with options, preview and progress."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import (
    CheckBox,
    ComboBox,
    Container,
    FileEdit,
    FloatSlider,
    Label,
    SpinBox,
    Widget,
)
from psygnal import Signal
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QDialog, QSizePolicy, QVBoxLayout, QWidget

from napari_gnn_vos.controller.export_request import ExportOptions
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
from napari_gnn_vos.io.export_preview import describe_preview
from napari_gnn_vos.io.formats.registry import FORMATS, format_named, with_suffix_of

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_gnn_vos.controller.export_request import ExportRequest
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.io.export_preview import ExportPreview

PREVIEW_DELAY = 300
"""Milliseconds after the last change of the form until the preview is computed."""
MIN_WIDTH = 480
"""Smallest width of the dialog in pixels."""
FIRST_FORMAT = "tiff"
"""Format that is selected at first."""


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


class ExportForm:
    """Form with layer, format and path, and the options that the format has.

    Parameters
    ----------
    annotator : Annotator
    """

    changed = Signal()

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._layer = ComboBox(
            label="Layer", choices=self._layers, nullable=True, tooltip="Labels layer"
        )
        self.format = ComboBox(
            label="Format",
            choices=[each.name for each in FORMATS],
            value=FIRST_FORMAT,
            tooltip="File format, with the programs that open it",
        )
        self._description = Label(label=" ")
        self._description.native.setWordWrap(True)
        self._description.native.setSizePolicy(
            QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred
        )
        self._path = FileEdit(label="Path", mode="w", tooltip="File or folder to write")
        self._path.choose_btn.tooltip = "Choose the file or folder in a dialog"
        self._first = SpinBox(label="First frame", tooltip="First frame to write")
        self._last = SpinBox(label="Last frame", tooltip="Last frame to write")
        self._options = _option_widgets()
        widgets: list[Widget] = [self._layer, self.format, self._description]
        widgets += [self._path, self._first, self._last, *self._options.values()]
        self._container = Container(widgets=widgets)
        self._layer.changed.connect(self._show_layer)
        self.format.changed.connect(self._show_format)
        self._container.changed.connect(self._emit_changed)
        self._path.value = annotator.projects.suggested_path.with_suffix("")
        self._show_format()

    @property
    def native(self) -> QWidget:
        """The Qt widget."""
        return self._container.native

    @property
    def layer(self) -> Labels | None:
        """The labels layer; None if there is none."""
        layer: Labels | None = self._layer.value
        return layer

    @property
    def format_name(self) -> str:
        """Name of the format."""
        return str(self.format.value)

    @property
    def path(self) -> Path:
        """File or folder."""
        return Path(self._path.value).expanduser()

    @path.setter
    def path(self, path: Path) -> None:
        self._path.value = path

    @property
    def options(self) -> ExportOptions:
        """The options; those that are hidden have no effect."""
        values = {name: widget.value for name, widget in self._options.items()}
        return ExportOptions(
            range(self._first.value, self._last.value + 1),
            file_names=values["frame_names"],
            image=values["image"],
            position=values["placement"],
            frame_rate=values["frame_rate"],
            opacity=values["opacity"],
        )

    def refresh(self) -> None:
        """List the labels layers of the viewer."""
        self._layer.reset_choices()
        if self._layer.value is None and self._annotator.exports.layers:
            self._layer.value = self._annotator.exports.layers[0]
        self._show_layer()

    def _layers(self, _combo: object) -> list[tuple[str, Labels]]:
        return [(layer.name, layer) for layer in self._annotator.exports.layers]

    def _show_layer(self) -> None:
        """Select all frames of the layer."""
        layer = self.layer
        count = 1 if layer is None else self._annotator.exports.frame_count(layer)
        with self._container.changed.blocked():
            for box, value in ((self._first, 0), (self._last, count - 1)):
                box.max = count - 1
                box.value = value

    def _show_format(self) -> None:
        """Show description and options of the format, and give the path its suffix."""
        chosen = format_named(self.format_name)
        self._description.value = chosen.description
        for name, widget in self._options.items():
            required = name == "image" and chosen.requires_image
            widget.visible = name in chosen.uses and not required
        self._path.mode = "d" if chosen.is_folder else "w"
        self._path.value = with_suffix_of(chosen, self.path)

    def _emit_changed(self) -> None:
        self.changed.emit()


def _option_widgets() -> dict[str, Any]:
    """Return one widget for each name that `LabelFormat.uses` may contain."""
    return {
        "frame_names": CheckBox(
            text="Names of the image files",
            value=True,
            tooltip="Store the file names of the frames, if the video is a folder",
        ),
        "image": CheckBox(
            text="Mean intensities",
            value=True,
            tooltip="Measure the intensity of each object in the video",
        ),
        "placement": CheckBox(
            text="Position in the viewer",
            value=True,
            tooltip="Store scale, position and axes of the layer",
        ),
        "frame_rate": SpinBox(
            label="Frame rate", value=25, min=1, max=240, tooltip="Frames per second"
        ),
        "opacity": FloatSlider(
            label="Opacity", value=0.5, min=0, max=1, tooltip="Opacity of the objects"
        ),
    }
