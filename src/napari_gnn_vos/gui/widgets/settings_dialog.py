"""Settings page of the dock widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from magicgui.widgets import CheckBox, ComboBox, Container, FloatSlider
from qtpy.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from napari_gnn_vos.config import Quality
from napari_gnn_vos.gui.preferences import Preferences
from napari_gnn_vos.gui.widgets.sections import make_label, make_row
from napari_gnn_vos.gui.widgets.style import style_sheet

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator

MIN_WIDTH = 400


class SettingsDialog(QDialog):
    """Show and change the settings; changes are applied and stored at once.

    Parameters
    ----------
    annotator : Annotator
    parent : QWidget
    """

    def __init__(self, annotator: Annotator, parent: QWidget) -> None:
        super().__init__(parent)
        self._store = annotator.preferences
        self.setWindowTitle("Settings of Annotate")
        self.setMinimumWidth(MIN_WIDTH)
        self.setStyleSheet(style_sheet(annotator.viewer.theme))
        self.fields = _fields()
        self._form = Container(widgets=[*self.fields.values()])
        self.defaults = QPushButton("Restore defaults")
        self.defaults.setToolTip("Restore the default of every setting")
        self.defaults.clicked.connect(lambda _checked=False: self._store.reset())
        self.finish = QPushButton("Close")
        self.finish.setToolTip("Close; all changes are stored already")
        self.finish.clicked.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(self._form.native)
        column.addWidget(make_label("hint", "They are kept between starts of napari."))
        column.addWidget(make_row(self.defaults, self.finish))
        self._show(self._store.values)
        self._form.changed.connect(self._change)
        self._store.changed.connect(self._show)

    def _show(self, values: Preferences) -> None:
        with self._form.changed.blocked():
            for name, field in self.fields.items():
                field.value = getattr(values, name)

    def _change(self, _form: object) -> None:
        values = {name: field.value for name, field in self.fields.items()}
        self._store.change(**values)


def _fields() -> dict[str, Any]:
    """Return one widget for each field of `Preferences`."""
    return {
        "quality": ComboBox(
            label="Quality",
            choices=get_args(Quality),
            tooltip="Of superpixels and motion, for the next preparation",
        ),
        "auto_predict": CheckBox(
            text="Predict every stroke",
            tooltip="Predict whenever something was painted or erased",
        ),
        "contours": CheckBox(
            text="Contours instead of areas", tooltip="How predictions are shown"
        ),
        "opacity": FloatSlider(
            label="Opacity", min=0, max=1, step=0.05, tooltip="Of predictions"
        ),
        "brush_scale": FloatSlider(
            label="Brush size",
            min=0.25,
            max=4,
            step=0.25,
            tooltip="For new videos, relative to 1/60 of the shorter side",
        ),
    }
