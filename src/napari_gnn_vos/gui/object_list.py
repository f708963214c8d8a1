"""The list of objects, each with the colour of its strokes."""

from __future__ import annotations

from contextlib import suppress

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemDelegate,
    QApplication,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QWidget,
)

from napari_gnn_vos.gui.active_label import ActiveLabel
from napari_gnn_vos.gui.palette import colour_of
from napari_gnn_vos.structures.scribbles import BACKGROUND

SWATCH = 14
ROWS_SHOWN = 6
LABEL = Qt.ItemDataRole.UserRole


class ObjectList(QListWidget):
    """Shows and chooses what is drawn next; a double click renames an object.

    Parameters
    ----------
    pen : ActiveLabel
        Followed and led.
    """

    def __init__(self, pen: ActiveLabel) -> None:
        super().__init__()
        self._pen = pen
        self._before: QWidget | None = None  # had the keys before a name was typed
        self.setObjectName("objects")
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setUniformItemSizes(True)
        across, down = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum
        self.setSizePolicy(across, down)  # the buttons below it stay where they are
        self.setToolTip(
            "What you draw next. Background tells where no object is; it is needed "
            "only where the answer is wrong. J and K step through the list. A double "
            "click renames an object."
        )
        self.currentRowChanged.connect(self._choose)
        self.itemChanged.connect(self._rename)
        pen.changed.connect(self._follow)
        self._follow()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Ask for the height of a few rows; more are scrolled to."""
        row = max(self.sizeHintForRow(0), SWATCH + 6)
        return QSize(120, ROWS_SHOWN * row + 2 * self.frameWidth())

    def edit(self, *args: object) -> bool | None:
        """Begin to type a name; remember who had the keys."""
        before = QApplication.focusWidget()
        begun = super().edit(*args)
        if begun:
            self._before = before
        return begun  # type: ignore[no-any-return]

    def closeEditor(  # noqa: N802
        self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint
    ) -> None:
        """Give the keys back when a name is typed."""
        super().closeEditor(editor, hint)
        if self._before is not None:
            with suppress(RuntimeError):  # the window is being closed
                self._before.setFocus()

    def _follow(self) -> None:
        """Make the rows those of the pen."""
        self.blockSignals(True)
        labels = self._pen.labels
        if self._labels() != labels:
            self.clear()
            for label in labels:
                self.addItem(_item(label))
        for row, label in enumerate(labels):
            self.item(row).setText(self._pen.name_of(label))
        self.setCurrentRow(labels.index(self._pen.label))
        self.blockSignals(False)

    def _labels(self) -> tuple[int, ...]:
        return tuple(self.item(row).data(LABEL) for row in range(self.count()))

    def _choose(self, row: int) -> None:
        if row >= 0:
            self._pen.choose(self._pen.labels[row])

    def _rename(self, item: QListWidgetItem) -> None:
        self._pen.rename(item.data(LABEL), item.text())


def _item(label: int) -> QListWidgetItem:
    """Make a row; every object can be given a name."""
    item = QListWidgetItem()
    item.setIcon(_swatch(label))
    item.setData(LABEL, label)
    if label != BACKGROUND:
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    return item


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
