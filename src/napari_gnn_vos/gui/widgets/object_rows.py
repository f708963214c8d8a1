"""Rows of the list of objects: items with their data, and their painting."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from qtpy.QtCore import QModelIndex, QPoint, QRect, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from qtpy.QtWidgets import (
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.controller.palette import Rgba
from napari_gnn_vos.structures.scribbles import BACKGROUND

ICON, GAP = 14, 8
"""Side of an icon, and space around it, in pixels."""
LABEL, LOCKED, HIDDEN, SWATCH_COLOUR = (Qt.ItemDataRole.UserRole + i for i in range(4))
"""Data of an item."""
FAINT = 0.4
"""Opacity of an icon that is off."""
SWATCH = 14
"""Diameter of a swatch in pixels."""
OUTLINE = "#808080"
"""Colour of the edge of a swatch."""


def make_item(label: int) -> QListWidgetItem:
    """Create a row; objects can be renamed and dragged, background cannot."""
    item = QListWidgetItem()
    item.setData(LABEL, label)
    flags = item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled
    if label == BACKGROUND:
        flags &= ~Qt.ItemFlag.ItemIsDragEnabled
    else:
        flags |= Qt.ItemFlag.ItemIsEditable
    item.setFlags(flags)
    return item


def show_object(item: QListWidgetItem, table: ObjectTable, absent: list[int]) -> None:
    """Show the properties of an object in its row.

    Parameters
    ----------
    item : QListWidgetItem
    table : ObjectTable
    absent : list of int
        Frames in which the object is absent.
    """
    label = item.data(LABEL)
    item.setData(SWATCH_COLOUR, table.colour_of(label))
    item.setText(table.name_of(label))
    item.setData(LOCKED, label in table.locked)
    item.setData(HIDDEN, table.is_invisible(label))
    numbers = ", ".join(map(str, absent))
    item.setToolTip(f"Absent in frame {numbers}" if absent else "")


class RowIcon(Enum):
    """Icons of a row, by their place from the right."""

    LOCK = 0
    EYE = 1


def icon_rect(row: QRect, icon: RowIcon) -> QRect:
    """Return the rectangle of an icon in a row."""
    right = row.right() - GAP - icon.value * (ICON + GAP)
    top = row.center().y() - ICON // 2
    return QRect(right - ICON, top, ICON, ICON)


def icon_at(row: QRect, position: QPoint) -> RowIcon | None:
    """Return the icon of a row within a few pixels of a position, or None."""
    margin = GAP // 2
    for icon in RowIcon:
        area = icon_rect(row, icon).adjusted(-margin, -margin, margin, margin)
        if area.contains(position):
            return icon
    return None


class ObjectDelegate(QStyledItemDelegate):
    """Paint the name of an object, and an eye and a lock at the right."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Paint a row; background has no icons."""
        is_object, row = index.data(LABEL) != BACKGROUND, QRect(option.rect)
        if is_object:
            space = icon_rect(row, RowIcon.EYE).left() - GAP
            option.textElideMode = Qt.TextElideMode.ElideRight
            background = QStyleOptionViewItem(option)
            self.initStyleOption(background, index)
            background.text, background.icon = "", QIcon()
            style = option.widget.style()
            element = QStyle.ControlElement.CE_ItemViewItem
            style.drawControl(element, background, painter, option.widget)
            option.rect.setRight(space)
        super().paint(painter, option, index)
        if is_object:
            selected = bool(option.state & QStyle.StateFlag.State_Selected)
            colour = QColor("white") if selected else option.palette.text().color()
            self._paint_icons(painter, row, index, colour)

    def initStyleOption(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Add the swatch of the colour, which is drawn for visible rows only."""
        super().initStyleOption(option, index)
        option.icon = swatch(index.data(SWATCH_COLOUR))
        option.decorationSize = QSize(SWATCH, SWATCH)
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration

    def _paint_icons(
        self, painter: QPainter, row: QRect, index: QModelIndex, colour: QColor
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        locked, hidden = bool(index.data(LOCKED)), bool(index.data(HIDDEN))
        painter.setPen(QPen(colour, 1.4))
        painter.setOpacity(1 if locked else FAINT)
        draw_lock(painter, QRectF(icon_rect(row, RowIcon.LOCK)), colour, locked)
        painter.setOpacity(FAINT if hidden else 1)
        draw_eye(painter, QRectF(icon_rect(row, RowIcon.EYE)), colour, hidden)
        painter.restore()


def draw_lock(painter: QPainter, area: QRectF, colour: QColor, closed: bool) -> None:
    """Draw a padlock."""
    body = QRectF(area.left() + 2, area.center().y() - 0.5, area.width() - 4, 7)
    painter.setBrush(colour if closed else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(body, 1, 1)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    shift = 0 if closed else 4
    bow = QRectF(area.center().x() - 3 + shift, area.top() + 1, 6, 10)
    painter.drawArc(bow, 0, 180 * 16)


def draw_eye(painter: QPainter, area: QRectF, colour: QColor, closed: bool) -> None:
    """Draw an eye, struck out if it is closed."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(area.adjusted(0.5, 3, -0.5, -3))
    if closed:
        painter.drawLine(area.topRight(), area.bottomLeft())
    else:
        painter.setBrush(colour)
        painter.drawEllipse(area.center(), 1.8, 1.8)


@lru_cache(maxsize=256)
def swatch(colour: Rgba) -> QIcon:
    """Draw a disc in a colour, at twice the size for high resolutions."""
    picture = QPixmap(2 * SWATCH, 2 * SWATCH)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(OUTLINE), 2))  # white is visible in the light theme
    painter.setBrush(QColor.fromRgbF(*colour))
    painter.drawEllipse(2, 2, 2 * SWATCH - 4, 2 * SWATCH - 4)
    painter.end()
    icon = QIcon(picture)
    # without a pixmap of its own, Qt tints the icon of the selected row
    icon.addPixmap(picture, QIcon.Mode.Selected)
    return icon
