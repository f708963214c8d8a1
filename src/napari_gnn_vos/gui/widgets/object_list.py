"""The list of labels with the colours of their strokes."""

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

from napari_gnn_vos.gui.controller.active_label import ActiveLabel
from napari_gnn_vos.gui.controller.view_state import ViewState
from napari_gnn_vos.gui.palette import colour_of
from napari_gnn_vos.structures.scribbles import BACKGROUND

SWATCH = 14
ROWS_SHOWN = 6
LABEL = Qt.ItemDataRole.UserRole


class ObjectList(QListWidget):
    """Show the list of labels; a click activates a label, a double click renames it.

    Parameters
    ----------
    active_label : ActiveLabel
        Changed by the user's clicks.
    """

    def __init__(self, active_label: ActiveLabel) -> None:
        super().__init__()
        self._active_label = active_label
        self._last_focus: QWidget | None = None  # before a name is edited
        self.setObjectName("objects")
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setUniformItemSizes(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip(
            "The label that you draw next. Background marks where no object is; it is "
            "needed only where the prediction is wrong. J and K step through the list. "
            "A double click renames an object."
        )
        self.currentRowChanged.connect(self._choose)
        self.itemClicked.connect(self._choose_clicked)
        self.itemChanged.connect(self._rename)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size for a few rows; the list fills the height of the dock."""
        row = max(self.sizeHintForRow(0), SWATCH + 6)
        return QSize(120, ROWS_SHOWN * row + 2 * self.frameWidth())

    def edit(self, *args: object) -> bool | None:
        """Start editing a name, and remember the widget that had the focus."""
        last_focus = QApplication.focusWidget()
        started = super().edit(*args)
        if started:
            self._last_focus = last_focus
        return started  # type: ignore[no-any-return]

    def closeEditor(  # noqa: N802
        self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint
    ) -> None:
        """Return the focus to the widget that had it before editing."""
        super().closeEditor(editor, hint)
        if self._last_focus is not None:
            with suppress(RuntimeError):  # the window is being closed
                self._last_focus.setFocus()

    def show_state(self, state: ViewState) -> None:
        """Show the labels, their names and the active label."""
        self.blockSignals(True)
        labels = tuple(label for label, _ in state.labels)
        if self._labels() != labels:
            self.clear()
            for label in labels:
                self.addItem(_item(label))
        for row, (_, name) in enumerate(state.labels):
            if self.item(row).text() != name:
                self.item(row).setText(name)
        self.setCurrentRow(labels.index(state.active_label))
        self.blockSignals(False)

    def _labels(self) -> tuple[int, ...]:
        return tuple(self.item(row).data(LABEL) for row in range(self.count()))

    def _choose(self, row: int) -> None:
        if row >= 0:
            self._active_label.choose(self.item(row).data(LABEL))

    def _choose_clicked(self, item: QListWidgetItem) -> None:
        """Activate the tool again if another layer was selected meanwhile."""
        self._active_label.choose(item.data(LABEL))

    def _rename(self, item: QListWidgetItem) -> None:
        self._active_label.rename(item.data(LABEL), item.text())


def _item(label: int) -> QListWidgetItem:
    """Create a row; objects can be renamed, background cannot."""
    item = QListWidgetItem()
    item.setIcon(_swatch(label))
    item.setData(LABEL, label)
    if label != BACKGROUND:
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    return item


def _swatch(label: int) -> QIcon:
    """Draw a disc in the colour of a label, at twice the size for high resolutions."""
    picture = QPixmap(2 * SWATCH, 2 * SWATCH)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor.fromRgbF(*colour_of(label)))
    painter.drawEllipse(2, 2, 2 * SWATCH - 4, 2 * SWATCH - 4)
    painter.end()
    icon = QIcon(picture)
    # without a pixmap of its own, Qt tints the icon of the selected row
    icon.addPixmap(picture, QIcon.Mode.Selected)
    return icon
