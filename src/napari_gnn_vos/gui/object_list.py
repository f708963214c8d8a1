"""The list of objects, each with the colour of its strokes."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy

from napari_gnn_vos.gui.palette import colour_of, label_name
from napari_gnn_vos.gui.pen import Pen

SWATCH = 14
ROWS_SHOWN = 6


class ObjectList(QListWidget):
    """Shows and chooses what is drawn next.

    Parameters
    ----------
    pen : Pen
        Followed and led.
    """

    def __init__(self, pen: Pen) -> None:
        super().__init__()
        self._pen = pen
        self.setObjectName("objects")
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setUniformItemSizes(True)
        across, down = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum
        self.setSizePolicy(across, down)  # the buttons below it stay where they are
        self.setToolTip(
            "What you draw next. Background tells where no object is; it is needed "
            "only where the answer is wrong. J and K step through the list."
        )
        self.currentRowChanged.connect(self._choose)
        pen.changed.connect(self._follow)
        self._follow()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Ask for the height of a few rows; more are scrolled to."""
        row = max(self.sizeHintForRow(0), SWATCH + 6)
        return QSize(120, ROWS_SHOWN * row + 2 * self.frameWidth())

    def _follow(self) -> None:
        self.blockSignals(True)
        for label in self._pen.labels[self.count() :]:
            self.addItem(QListWidgetItem(_swatch(label), label_name(label)))
        self.setCurrentRow(self._pen.label)
        self.blockSignals(False)

    def _choose(self, row: int) -> None:
        if row >= 0:
            self._pen.choose(row)


def _swatch(label: int) -> QIcon:
    """Draw a disc in the colour of a label, at twice the size for sharp screens."""
    picture = QPixmap(2 * SWATCH, 2 * SWATCH)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor.fromRgbF(*colour_of(label)))
    painter.drawEllipse(2, 2, 2 * SWATCH - 4, 2 * SWATCH - 4)
    painter.end()
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)  # or it is tinted
    return icon
