"""Form of the export dialog: layer, format, path, frames and options."""

from __future__ import annotations

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
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_gnn_vos.controller.export_request import ExportOptions
from napari_gnn_vos.io.formats.registry import FORMATS, LabelFormat, format_named

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_gnn_vos.gui.annotator import Annotator

FIRST_FORMAT = "tiff"
"""Format that is selected at first."""


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
        self._path.value = _with_suffix(self.path, chosen)

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


def _with_suffix(path: Path, chosen: LabelFormat) -> Path:
    """Replace the suffix of any format by that of the chosen one."""
    known = {suffix for each in FORMATS for suffix in each.suffixes}
    name = path.name
    for suffix in sorted(known, key=len, reverse=True):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    suffix = chosen.suffixes[0] if chosen.suffixes else ""
    return path.with_name(name + suffix) if name else path
